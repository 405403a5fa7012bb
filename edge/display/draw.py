"""From a screen to its picture, 96 by 64, the same on the display, in the simulator and the panel.

Needs Pillow and nothing of the hardware. Every colour is one that the display's 65,536 can show.
"""

from functools import lru_cache
from io import BytesIO

from PIL import Image

from edge.display.fonts import SMALL, Pixels
from edge.display.layout import Box, at_most, fitted, row, split
from edge.display.qr import modules
from edge.display.screen import Screen, Tone
from edge.display.signs import LINKED, SIGNS, UNLINKED

WIDTH, HEIGHT = 96, 64
Colour = tuple[int, int, int]

_BLACK, _TONE, _TEXT, _QUIET, _ALARM, _WHITE = range(6)
_COLOURS: dict[Tone, Colour] = {
    Tone.READY: (248, 252, 248),
    Tone.BUSY: (128, 196, 248),
    Tone.GOOD: (96, 252, 120),
    Tone.WARN: (248, 228, 72),
    Tone.BAD: (248, 128, 112),
    Tone.OFFLINE: (248, 172, 0),
}
_OTHERS: tuple[Colour, ...] = ((216, 216, 216), (152, 160, 152), (248, 172, 0), (248, 252, 248))
# How much of the light is left when nobody has tapped for a while.
_DIMMED = 0.5

_RULE = 8
# Where the capitals of the two lines begin; a single one takes the lower place.
_LINES = (46, 55)


def palette(screen: Screen) -> list[Colour]:
    """The colours of a screen's picture, by their number in it."""
    colours = [(0, 0, 0), _COLOURS[screen.tone], *_OTHERS]
    return [_dimmed(colour) for colour in colours] if screen.dim else colours


def _dimmed(colour: Colour) -> Colour:
    red, green, blue = (int(part * _DIMMED) for part in colour)
    return red & 0xF8, green & 0xFC, blue & 0xF8


class _Canvas:
    """The picture while it is drawn: a palette's number for each pixel; nothing outside counts."""

    def __init__(self) -> None:
        self.cells = bytearray(WIDTH * HEIGHT)

    def ink(self, pixels: Pixels, colour: int, left: int = 0, top: int = 0) -> None:
        for x, y in pixels:
            if 0 <= x + left < WIDTH and 0 <= y + top < HEIGHT:
                self.cells[(y + top) * WIDTH + x + left] = colour

    def fill(self, box: Box, colour: int) -> None:
        for y in range(box.top, box.top + box.height):
            start = y * WIDTH + box.left
            self.cells[start : start + box.width] = bytes([colour]) * box.width


def _status(canvas: _Canvas, screen: Screen, width: int) -> None:
    """The bar on top: the tone's sign, the link; if it is long, taps that wait and the time."""
    canvas.ink(SIGNS[screen.tone].pixels, _TONE, left=1)
    sign, colour = (LINKED, _QUIET) if screen.link else (UNLINKED, _ALARM)
    canvas.ink(sign.pixels, colour, left=15)
    if width == WIDTH:
        waiting = f"↑{screen.outbox}" if screen.outbox < 1000 else "↑999+"
        canvas.ink(SMALL.pixels(waiting if screen.outbox else ""), _ALARM, left=26)
        canvas.ink(SMALL.pixels(screen.clock), _TEXT, left=width - 1 - SMALL.width(screen.clock))
    canvas.fill(Box(0, _RULE, width, 1), _TONE)


def _words(canvas: _Canvas, screen: Screen) -> None:
    """The headline as large as it can be above the lines; a single long line takes two rows."""
    lines = screen.lines
    if len(lines) == 1 and SMALL.width(lines[0]) > WIDTH:
        lines = tuple(at_most(2, split(lines[0], WIDTH, SMALL), WIDTH, SMALL))
    end = HEIGHT
    for text, top in zip(lines, _LINES[2 - len(lines) :], strict=True):
        inked = row(text, 0, WIDTH, SMALL)
        canvas.ink(inked, _TEXT, top=top)
        end = min(end, top + min((y for _, y in inked if y < 0), default=0) - 1)
    top = _RULE + 2
    # A column is left free at each side: the frame of a display may hide the last.
    canvas.ink(fitted(screen.headline, Box(1, top, WIDTH - 2, end - top)), _TONE)


def _code(canvas: _Canvas, screen: Screen, code: list[list[bool]]) -> None:
    """A QR code as large as fits on the right, on white to its edge, and few words beside it."""
    scale = HEIGHT // (len(code) + 2)
    margin = (HEIGHT - scale * len(code)) // 2
    left = WIDTH - HEIGHT
    canvas.fill(Box(left, 0, HEIGHT, HEIGHT), _WHITE)
    for y, cells in enumerate(code):
        for x, dark in enumerate(cells):
            corner = (left + margin + x * scale, margin + y * scale)
            if dark:
                canvas.fill(Box(*corner, scale, scale), _BLACK)
    _status(canvas, screen, left - 2)
    canvas.ink(fitted(screen.headline, Box(0, _RULE + 2, left - 1, HEIGHT - _RULE - 2)), _TONE)


@lru_cache(maxsize=64)
def _drawn(screen: Screen) -> Image.Image:
    canvas = _Canvas()
    code = modules(screen.qr) if screen.qr else None
    if code is not None:
        _code(canvas, screen, code)
    else:
        _status(canvas, screen, WIDTH)
        _words(canvas, screen)
    picture = Image.frombytes("P", (WIDTH, HEIGHT), bytes(canvas.cells))
    picture.putpalette([part for colour in palette(screen) for part in colour])
    return picture


def draw(screen: Screen) -> Image.Image:
    """The picture of `screen`, RGB; the caller's own, to do with as they like."""
    return _drawn(screen).convert("RGB")


@lru_cache(maxsize=256)
def png(screen: Screen) -> bytes:
    """The picture of `screen` as a PNG file of a few hundred bytes."""
    file = BytesIO()
    # A copy: what Pillow notes down while it saves must not meet that of another thread.
    _drawn(screen).copy().save(file, "PNG", optimize=True)
    return file.getvalue()
