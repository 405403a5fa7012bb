"""Small drawn signs: how a screen is meant, told by shape as well as by colour, and the link's."""

from edge.display.fonts import Glyph, glyph_of
from edge.display.screen import Tone

_DRAWN = """
.......#. ######### ........# ....#.... ##...##.. ..###.#..
...#....# .#.....#. .......## ...###... ###.###.. .#...#...
#...#...# ..#...#.. #.....##. ...#.#... .#####... #...#.#..
.#..#...# ...#.#... ##...##.. ..##.##.. ..###.... #..#..#..
#...#...# ..#.#.#.. .##.##... ..##.##.. .#####... #.#...#..
...#....# .#.###.#. ..###.... .#######. ###.###.. .#...#...
.......#. ######### ...#..... ####.#### ##...##.. #.###....
"""
_LINKED = """
......#
......#
...#..#
...#..#
#..#..#
#..#..#
#..#..#
"""
_UNLINKED = """
#...#..
.#.#...
..#....
.#.#...
#...#..
.......
#..#..#
"""


def _side_by_side(drawn: str) -> list[Glyph]:
    rows = [line.split() for line in drawn.split("\n") if line]
    return [glyph_of(sign) for sign in zip(*rows, strict=True)]


SIGNS: dict[Tone, Glyph] = dict(zip(Tone, _side_by_side(_DRAWN), strict=True))
"""Waves of a card, an hourglass, a tick, a warning triangle, a cross, a struck circle."""
LINKED: Glyph = glyph_of(_LINKED.split())
UNLINKED: Glyph = glyph_of(_UNLINKED.split())
