"""Which reader a terminal has: the chip on a Raspberry Pi, a simulated one elsewhere."""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from edge.reader.chip import DEFAULT_GAIN_DB, ChipReader
from edge.reader.sightings import Reader
from edge.reader.simulated import SimulatedReader

KINDS = ("auto", "mfrc522", "simulated")


class NoReader(Exception):
    """The reader that was asked for can't be had here. The message says what to do."""


class Opened(NamedTuple):
    """A reader, and a sentence that says why it is this one."""

    reader: Reader
    why: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides whether there can be a chip."""

    model_file: Path = Path("/proc/device-tree/model")
    spi_device: Path = Path("/dev/spidev0.0")
    has_module: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None
    home: Callable[[str], Path | None] = lambda package: _home(package)
    """Where a package is installed, if it is."""

    @property
    def model(self) -> str:
        """Such as "Raspberry Pi 5 Model B Rev 1.0"; empty where nothing says so."""
        try:
            return self.model_file.read_text(errors="replace").strip("\0\n ")
        except OSError:
            return ""

    def hindrance(self) -> str:
        """Why the chip can't be used here, or nothing."""
        if "Raspberry Pi" not in self.model:
            return "this machine is no Raspberry Pi"
        if not self.spi_device.exists():
            return "SPI is switched off (sudo raspi-config nonint do_spi 0)"
        missing = [name for name in ("spidev", "RPi", "mfrc522") if not self.has_module(name)]
        if missing:
            return f"Python modules are missing: {', '.join(missing)} (see edge/README.md)"
        old, new = self.home("RPi.GPIO"), self.home("rpi-lgpio")
        if old and old == new:
            return "RPi.GPIO and rpi-lgpio lie in one folder, and one spoils the other: remove both"
        if "Raspberry Pi 5" in self.model and not new:
            return "RPi.GPIO can't drive the pins of a Pi 5: install rpi-lgpio in its place"
        return ""


def open_reader(
    kind: str = "auto", *, gain_db: int = DEFAULT_GAIN_DB, machine: Machine | None = None
) -> Opened:
    """The reader of this machine, for `auto`, `mfrc522` or `simulated`.

    A chip that doesn't answer is opened all the same: it says so when it is polled, and comes back
    by itself. Raises NoReader when `mfrc522` can't be had, ValueError for other kinds and gains.
    """
    if kind not in KINDS:
        raise ValueError(f"A reader is one of {', '.join(KINDS)}, not {kind!r}.")
    if kind == "simulated":
        return Opened(SimulatedReader(), "A simulated reader, as asked for.")
    hindrance = (machine or Machine()).hindrance()
    if not hindrance:
        asked = ", as asked for" if kind == "mfrc522" else ""
        return Opened(ChipReader(gain_db=gain_db), f"The MFRC522 at SPI 0, CE0{asked}.")
    if kind == "mfrc522":
        raise NoReader(f"The MFRC522 can't be used: {hindrance}.")
    return Opened(SimulatedReader(), f"A simulated reader: {hindrance}.")


def _home(package: str) -> Path | None:
    try:
        return Path(str(metadata.distribution(package).locate_file("")))
    except metadata.PackageNotFoundError:
        return None
