"""Where a terminal keeps its files, and what it is made of. Nothing of its work: see `identity`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.reader.chip import DEFAULT_GAIN_DB, GAINS_DB

VERSION = "0.1.0"
"""Of this program, as the panel shows it."""
FOLDER_VARIABLE = "CUBBY_EDGE_DIR"
GAIN_VARIABLE = "CUBBY_EDGE_GAIN"
SYSTEM_FOLDER = Path("/var/lib/cubby-terminal")
IDENTITY = "identity.json"
PICTURE = "display.png"
SOCKET = "control.sock"
LOCK = "lock"


class BadSetting(ValueError):
    """Something was chosen that can't be had. The text says what can."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen when a terminal is started."""

    folder: Path
    reader: str = "auto"
    display: str = "auto"
    relays: str = "auto"
    cap: int = 5_000
    """Facts that the outbox keeps at most."""
    gain_db: int = DEFAULT_GAIN_DB
    """Of the reader's receiver: one of `edge.reader.chip.GAINS_DB`."""


def folder_for(
    chosen: str | None, environment: Mapping[str, str], system: Path = SYSTEM_FOLDER
) -> Path:
    """The folder that was chosen, else the system's if it can be written to, else one at home."""
    if named := chosen or environment.get(FOLDER_VARIABLE):
        return Path(named).expanduser().absolute()
    if system.is_dir() and os.access(system, os.W_OK):
        return system
    return Path.home() / ".cubby-terminal"


def gain_for(chosen: int | None, environment: Mapping[str, str]) -> int:
    """The reader's gain in dB that was chosen, else the environment's, else the usual one.

    Raises BadSetting when the environment's is none that the reader has.
    """
    if chosen is not None:
        return chosen
    said = environment.get(GAIN_VARIABLE, "").strip()
    if not said:
        return DEFAULT_GAIN_DB
    if said not in map(str, GAINS_DB):
        *most, last = GAINS_DB
        known = f"{', '.join(map(str, most))} or {last}"
        raise BadSetting(f"{GAIN_VARIABLE} is the reader's gain in dB: {known}, not {said!r}.")
    return int(said)
