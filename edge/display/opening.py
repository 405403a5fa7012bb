"""Which display a terminal has: the one on the wall if there is one, else a picture."""

import logging
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from edge.display.oled import OledDisplay
from edge.display.picture import PictureDisplay
from edge.display.screen import Screen

log = logging.getLogger(__name__)

KINDS = ("auto", "ssd1331", "picture")
_LIBRARIES = ("luma.oled", "spidev", "RPi")


class Display(Protocol):
    """Where a terminal shows its screens. Neither method raises when the hardware fails.

    `show` is cheap when nothing changed: call it at least once a second, always from the same
    thread, as a display that failed is tried again then.
    """

    name: str
    fault: str
    """Why what was shown last can't be seen, or empty."""

    def show(self, screen: Screen) -> None:
        """Makes `screen` what can be seen."""
        ...

    def close(self) -> None:
        """Ends it; nothing is shown after that."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The display that is taken, "ssd1331" or "picture", and why, as a sentence."""

    kind: str
    why: str


def choose(kind: str, root: Path = Path("/")) -> Choice:
    """What `kind` means on this machine, of which `root` is the file system.

    Raises ValueError for a kind that isn't one of `KINDS`.
    """
    if kind not in KINDS:
        raise ValueError(f"The display is one of {', '.join(KINDS)}, not {kind!r}.")
    if kind != "auto":
        return Choice(kind, f"The display is {kind}, as the configuration says.")
    lacking = _lacking(root)
    if lacking:
        return Choice("picture", f"The display is a picture, as {lacking}.")
    return Choice("ssd1331", "The display is the SSD1331, as this is a Raspberry Pi with SPI.")


def _lacking(root: Path) -> str:
    """Why there can't be an SSD1331 here, or empty if there can."""
    try:
        model = (root / "proc/device-tree/model").read_text(encoding="utf-8", errors="replace")
    except OSError:
        model = ""
    if "Raspberry Pi" not in model:
        return "this machine is no Raspberry Pi"
    if not (root / "dev/spidev0.1").exists():
        return "SPI is switched off on this Raspberry Pi (no /dev/spidev0.1)"
    missing = [name for name in _LIBRARIES if not _installed(name)]
    return f"{' and '.join(missing)} can't be imported" if missing else ""


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:  # what it is a part of isn't there
        return False


def open_display(kind: str, picture_path: Path | str | None = None) -> Display:
    """The display `kind` ("auto", "ssd1331" or "picture"); the log says which one, and why.

    A picture is kept in `picture_path`. Raises ValueError for another kind; a display on the wall
    that doesn't answer is tried again later, by `show`.
    """
    choice = choose(kind)
    log.info("%s", choice.why)
    return OledDisplay() if choice.kind == "ssd1331" else PictureDisplay(picture_path)
