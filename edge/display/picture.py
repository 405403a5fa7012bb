"""A display without hardware: the picture as a PNG file, for the simulator and its visitors."""

import logging
import os
from contextlib import suppress
from pathlib import Path

from edge.display.draw import png
from edge.display.screen import Screen

log = logging.getLogger(__name__)


class PictureDisplay:
    """Keeps the picture of what is shown in the file `path`; without a path only in `shown`.

    Whoever reads the file sees a whole picture, the one before or the new one. A full disk is told
    once in the log; the file then stays as it was until there is room.
    """

    name = "picture"

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = None if path is None else Path(path)
        self.shown: Screen | None = None
        self.fault = ""
        """Why the file is not up to date, or empty."""
        self._written: Screen | None = None

    def show(self, screen: Screen) -> None:
        """Writes the picture if it differs from the last."""
        self.shown = screen
        if self.path is None or screen == self._written:
            return
        try:
            self._write(self.path, png(screen))
        except OSError as error:
            if not self.fault:
                log.warning("The display's picture can't be written: %s", error)
            self.fault = str(error)
        else:
            self._written, self.fault = screen, ""

    @staticmethod
    def _write(path: Path, picture: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            beside.write_bytes(picture)
            beside.replace(path)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Leaves the last picture where it is."""
