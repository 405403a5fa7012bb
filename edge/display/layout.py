"""Where words go: the largest letters in which they fit a box, in whole words if possible."""

from dataclasses import dataclass
from functools import lru_cache

from edge.display.fonts import HUGE, LARGE, MEDIUM, SMALL, Font, Pixels
from edge.display.text import clusters

_ELLIPSIS = "…"
_SIZES = (HUGE, LARGE, MEDIUM, SMALL)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the display, in pixels."""

    left: int
    top: int
    width: int
    height: int


def wrapped(text: str, width: int, font: Font) -> list[str] | None:
    """`text` in rows of whole words of at most `width` pixels, or None if a word is wider."""
    rows: list[str] = []
    for word in text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and font.width(longer) <= width:
            rows[-1] = longer
        elif font.width(word) <= width:
            rows.append(word)
        else:
            return None
    return rows


def shortened(text: str, width: int, font: Font) -> str:
    """`text`, or as much of its start as fits `width` pixels with "…" behind it."""
    if font.width(text) <= width:
        return text
    return _cut(text, width, font)


def _cut(text: str, width: int, font: Font) -> str:
    kept = clusters(text)
    while kept and font.width("".join(kept).rstrip() + _ELLIPSIS) > width:
        kept.pop()
    return "".join(kept).rstrip() + _ELLIPSIS


def split(text: str, width: int, font: Font) -> list[str]:
    """`text` in rows of at most `width` pixels, words broken where they are wider than a row."""
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if font.width(longer) <= width:
            rows[-1] = longer
            continue
        if rows[-1]:
            rows.append("")
        for cluster in clusters(word):
            if font.width(rows[-1] + cluster) > width:
                rows.append("")
            rows[-1] += cluster
    return rows


def at_most(count: int, rows: list[str], width: int, font: Font) -> list[str]:
    """The first `count` of `rows`; the last of them ends in "…" if there were more."""
    if len(rows) <= count:
        return rows
    return [*rows[: count - 1], _cut(rows[count - 1], width, font)]


def row(text: str, left: int, width: int, font: Font) -> Pixels:
    """`text` in one row, in the middle of `width` pixels from `left`; its capitals at row 0."""
    shown = shortened(text, width, font)
    start = left + (width - font.width(shown)) // 2
    return frozenset((x + start, y) for x, y in font.pixels(shown))


@lru_cache(maxsize=256)
def fitted(text: str, box: Box) -> Pixels:
    """`text` as large as it fits `box`, in its middle; cut by "…" if even small is too long."""
    for font in _SIZES:
        rows = wrapped(text, box.width, font)
        inked = None if rows is None else _stacked(rows, box, font)
        if inked is not None and _height(inked) <= box.height:
            return _in_the_middle(inked, box)
    rows = split(text, box.width, SMALL)
    most = max(box.height // SMALL.pitch, 1)
    inked = _stacked(at_most(most, rows, box.width, SMALL), box, SMALL, may_touch=True)
    return _in_the_middle(inked or frozenset(), box)


def _stacked(rows: list[str], box: Box, font: Font, may_touch: bool = False) -> Pixels | None:
    """`rows` below each other; None if what hangs from one touches what rises from the next."""
    inked: Pixels = frozenset()
    for number, text in enumerate(rows):
        down = number * font.pitch
        below = frozenset((x, y + down) for x, y in row(text, box.left, box.width, font))
        reached = {(x + aside, y + 1) for x, y in inked if y + 1 >= down for aside in (-1, 0, 1)}
        if not may_touch and not below.isdisjoint(reached | inked):
            return None
        inked |= below
    return inked


def _height(pixels: Pixels) -> int:
    rows = [y for _, y in pixels]
    return max(rows, default=0) - min(rows, default=0) + 1


def _in_the_middle(pixels: Pixels, box: Box) -> Pixels:
    first = min((y for _, y in pixels), default=0)
    down = box.top + max(box.height - _height(pixels), 0) // 2 - first
    return frozenset((x, y + down) for x, y in pixels)
