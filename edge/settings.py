"""Where a terminal keeps its files, and what it is made of. Nothing of its work: see `identity`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "0.1.0"
"""Of this program, as the panel shows it."""
FOLDER_VARIABLE = "CUBBY_EDGE_DIR"
SYSTEM_FOLDER = Path("/var/lib/cubby-terminal")
IDENTITY = "identity.json"
PICTURE = "display.png"
SOCKET = "control.sock"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen when a terminal is started."""

    folder: Path
    reader: str = "auto"
    display: str = "auto"
    relays: str = "auto"
    cap: int = 5_000
    """Facts that the outbox keeps at most."""


def folder_for(
    chosen: str | None, environment: Mapping[str, str], system: Path = SYSTEM_FOLDER
) -> Path:
    """The folder that was chosen, else the system's if it can be written to, else one at home."""
    if named := chosen or environment.get(FOLDER_VARIABLE):
        return Path(named).expanduser().absolute()
    if system.is_dir() and os.access(system, os.W_OK):
        return system
    return Path.home() / ".cubby-terminal"
