"""The letters of the display: two hand-drawn bitmap fonts, and both at twice their size.

They are drawn in `letters/*.txt`, in rows of `#` and `.`, so that every Pillow draws the same
pixels. A letter with an accent is put together from the letter and its mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from edge.display.text import clusters, decompose

Pixels = frozenset[tuple[int, int]]
REPLACEMENT = "▯"
_FOLDER = Path(__file__).with_name("letters")
_ABOVE = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "circumflex", "\u0303": "tilde",
    "\u0304": "macron", "\u0306": "breve", "\u0307": "dot", "\u0308": "diaeresis",
    "\u030a": "ring", "\u030b": "doubleacute", "\u030c": "caron",
}  # fmt: skip
_BELOW = {"\u0327": "cedilla", "\u0328": "ogonek", "\u0326": "comma", "\u0323": "dotbelow"}
_DOTLESS = {"i": "ı", "j": "ȷ"}
# Here a caron is written as an apostrophe, as there is no room above.
_CARON_BESIDE = frozenset("dtlL")
_TOUCHING = frozenset({"ring"})


@dataclass(frozen=True, slots=True)
class Glyph:
    """A drawn letter. Row 0 is the top of a capital, so marks above it have negative rows."""

    width: int
    pixels: Pixels

    @property
    def top(self) -> int:
        """The first row with ink, or 0 without ink."""
        return min((y for _, y in self.pixels), default=0)

    @property
    def bottom(self) -> int:
        """The last row with ink, or 0 without ink."""
        return max((y for _, y in self.pixels), default=0)


def _moved(pixels: Pixels, right: int, down: int) -> Pixels:
    return frozenset((x + right, y + down) for x, y in pixels)


def glyph_of(rows: Sequence[str]) -> Glyph:
    """What is drawn in `rows` of `#` and `.`."""
    inked = (
        (x, y) for y, row in enumerate(rows) for x, character in enumerate(row) if character == "#"
    )
    return Glyph(len(rows[0]), frozenset(inked))


def _read(path: Path) -> dict[str, Glyph]:
    """The glyphs of a drawing: bands of a line of names and lines of their rows, side by side."""
    glyphs = {}
    for band in path.read_text(encoding="utf-8").strip().split("\n\n"):
        names, *rows = (line.split() for line in band.splitlines())
        for name, *drawn in zip(names, *rows, strict=True):
            if len(set(map(len, drawn))) != 1:
                raise ValueError(f"The rows of {name} in {path.name} are not equally long")
            glyphs[name] = glyph_of(drawn)
    return glyphs


@dataclass(frozen=True, eq=False)
class Font:
    """Letters of one size, in pixels: `cap` is the height of a capital, `pitch` of a row."""

    name: str
    cap: int
    pitch: int
    space: int
    base: "Font | None" = field(default=None, repr=False)
    """For what it lacks itself: drawn smaller, on the same baseline."""

    @cached_property
    def _drawn(self) -> dict[str, Glyph]:
        return _read(_FOLDER / f"{self.name}.txt")

    @property
    def gap(self) -> int:
        """Free columns between two letters."""
        return 1

    def has(self, letter: str) -> bool:
        """Whether `letter` is in the drawing itself."""
        return letter in self._drawn

    @lru_cache(maxsize=512)  # noqa: B019 - there are four fonts, for as long as the program runs
    def glyph(self, cluster: str) -> Glyph:
        """The picture of a letter with its marks; a box where there is none."""
        if cluster == " ":
            return Glyph(self.space, frozenset())
        letter, marks = (cluster, ()) if self.has(cluster) else decompose(cluster)
        if self.has(letter):
            return self._marked(letter, marks)
        if self.base is not None and self.base.has(letter):
            lent = self.base.glyph(cluster)
            return Glyph(lent.width, _moved(lent.pixels, 0, self.cap - self.base.cap))
        return self._drawn[REPLACEMENT]

    def _marked(self, letter: str, marks: tuple[str, ...]) -> Glyph:
        above = next((_ABOVE[mark] for mark in marks if mark in _ABOVE), "")
        below = next((_BELOW[mark] for mark in marks if mark in _BELOW), "")
        if above == "caron" and letter in _CARON_BESIDE:
            return self._beside(self._drawn[letter], self._drawn["'"])
        if below and letter == "g":
            above, below = "comma", ""  # there is no room below a g: Latvian writes it above
        glyph = self._drawn[_DOTLESS.get(letter, letter) if above else letter]
        if above:
            glyph = self._above(glyph, self._drawn[above], 0 if above in _TOUCHING else 1)
        return self._below(glyph, self._drawn[below], below) if below else glyph

    @staticmethod
    def _above(letter: Glyph, mark: Glyph, gap: int) -> Glyph:
        width = max(letter.width, mark.width)
        base = _moved(letter.pixels, (width - letter.width) // 2, 0)
        down = letter.top - gap - 1 - mark.bottom
        return Glyph(width, base | _moved(mark.pixels, (width - mark.width) // 2, down))

    def _below(self, letter: Glyph, mark: Glyph, name: str) -> Glyph:
        right = letter.width - mark.width
        over = right if name == "ogonek" else right // 2
        down = self.cap + (1 if name == "dotbelow" else 0)
        return Glyph(letter.width, letter.pixels | _moved(mark.pixels, max(over, 0), down))

    @staticmethod
    def _beside(letter: Glyph, mark: Glyph) -> Glyph:
        ink = max(x for x, y in letter.pixels if y <= mark.bottom) + 2
        width = max(letter.width, ink + mark.width)
        return Glyph(width, letter.pixels | _moved(mark.pixels, ink, 0))

    def width(self, text: str) -> int:
        """Columns that `text` takes."""
        glyphs = [self.glyph(cluster) for cluster in clusters(text)]
        return sum(glyph.width + self.gap for glyph in glyphs) - self.gap if glyphs else 0

    def pixels(self, text: str) -> Pixels:
        """The ink of `text` in one row, its first letter at column 0 and its capitals at row 0."""
        inked: set[tuple[int, int]] = set()
        right = 0
        for cluster in clusters(text):
            glyph = self.glyph(cluster)
            inked |= _moved(glyph.pixels, right, 0)
            right += glyph.width + self.gap
        return frozenset(inked)


class Doubled(Font):
    """A font at twice its size, with corners cut so that slopes stay smooth."""

    @property
    def gap(self) -> int:
        """Free columns between two letters."""
        return 2

    def has(self, letter: str) -> bool:
        """Whether `letter` is in the drawing itself."""
        return self.base is not None and self.base.has(letter)

    @lru_cache(maxsize=512)  # noqa: B019 - as above
    def glyph(self, cluster: str) -> Glyph:
        """The picture of a letter with its marks; a box where there is none."""
        if cluster == " ":
            return Glyph(self.space, frozenset())
        assert self.base is not None
        small = self.base.glyph(cluster)
        return Glyph(2 * small.width, _doubled(small.pixels))


def _doubled(pixels: Pixels) -> Pixels:
    """Each pixel as four; of those in a corner, the one that two neighbours agree on (Scale2x)."""
    around = {
        (x + right, y + down) for x, y in pixels for right in (-1, 0, 1) for down in (-1, 0, 1)
    }
    inked = set()
    for x, y in around:
        here = (x, y) in pixels
        up, down = (x, y - 1) in pixels, (x, y + 1) in pixels
        left, right = (x - 1, y) in pixels, (x + 1, y) in pixels
        corners = (
            (0, 0, left, up, down, right),
            (1, 0, up, right, left, down),
            (0, 1, down, left, right, up),
            (1, 1, right, down, up, left),
        )
        for column, row, first, second, third, fourth in corners:
            agreed = first == second and first != third and second != fourth
            if first if agreed else here:
                inked.add((2 * x + column, 2 * y + row))
    return frozenset(inked)


SMALL = Font("small", cap=7, pitch=9, space=2)
MEDIUM = Font("medium", cap=10, pitch=14, space=3, base=SMALL)
LARGE = Doubled("large", cap=14, pitch=17, space=4, base=SMALL)
HUGE = Doubled("huge", cap=20, pitch=23, space=6, base=MEDIUM)
