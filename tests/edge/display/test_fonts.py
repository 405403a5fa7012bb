"""The letters: what Europe writes can be read, and no two letters look the same."""

import pytest

from edge.display.fonts import HUGE, LARGE, MEDIUM, REPLACEMENT, SMALL, Font

ALPHABETS = {
    "English": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "signs": "!\"#%&'()*+,-./:;<=>?@[\\]^_`{|}~·…→←↑↓✓€£§°«»¡¿–",
    "German, Dutch": "ÄÖÜäöüßëï",
    "Nordic": "ÅÆØåæøÞðþ",
    "French": "ÀÂÇÈÉÊËÎÏÔŒÙÛÜŸàâçèéêëîïôœùûüÿ",
    "Iberian, Italian": "ÁÉÍÑÓÚÜÃÕáéíñóúüãõàìòù",
    "Polish": "ĄĆĘŁŃÓŚŹŻąćęłńóśźż",
    "Czech, Slovak": "ČĎĚŇŘŠŤŮŽĹĽŔčďěňřšťůžĺľŕ",
    "Hungarian, Romanian": "ŐŰőűĂÂÎȘȚăâîșț",
    "Croatian, Slovenian": "ČĆŠŽĐčćšžđ",
    "Baltic": "ĀĒĢĪĶĻŅŖŪĖĮŲāēģīķļņŗūėįų",
    "Turkish, Maltese, Welsh": "ĞİŞğışĊĠŻċġżŴŶŵŷ",
}
FONTS = [SMALL, MEDIUM, LARGE, HUGE]


@pytest.mark.parametrize("font", FONTS, ids=lambda font: f"{font.name}-{font.cap}")
def test_every_letter_of_europe_can_be_told_from_every_other(font: Font) -> None:
    box = font.glyph(REPLACEMENT)
    seen: dict[object, str] = {}
    for letter in sorted(set("".join(ALPHABETS.values()))):
        glyph = font.glyph(letter)
        assert glyph != box, letter
        assert glyph.pixels, letter
        assert glyph not in seen, f"{letter} looks as {seen.get(glyph)}"
        seen[glyph] = letter


@pytest.mark.parametrize("font", FONTS, ids=lambda font: f"{font.name}-{font.cap}")
@pytest.mark.parametrize("letter", ["日", "😀", "Ж", "א", "\u0e01", "\ue000"])
def test_another_letter_is_a_box(font: Font, letter: str) -> None:
    assert font.glyph(letter) == font.glyph(REPLACEMENT)


@pytest.mark.parametrize("font", FONTS, ids=lambda font: f"{font.name}-{font.cap}")
def test_letters_stand_on_the_line_and_stay_in_their_row(font: Font) -> None:
    for letter in ALPHABETS["English"]:
        glyph = font.glyph(letter)
        assert glyph.top >= 0, letter
        assert glyph.bottom <= font.cap * 4 // 3, letter
        assert all(0 <= x < glyph.width for x, _ in glyph.pixels), letter
    for letter in "AEHIKLMNTXZ0127":
        assert (font.glyph(letter).top, font.glyph(letter).bottom) == (0, font.cap - 1), letter


def test_an_unknown_mark_leaves_its_letter() -> None:
    assert SMALL.glyph("a\u0336") == SMALL.glyph("a")
    assert SMALL.glyph("ế").pixels == SMALL.glyph("ê").pixels


def test_an_accented_i_loses_its_dot() -> None:
    assert SMALL.glyph("ï").pixels & SMALL.glyph("i").pixels < SMALL.glyph("i").pixels


def test_width_is_where_the_ink_ends() -> None:
    for font in FONTS:
        for text in ("Locker 17", "Ťž", "", "i"):
            inked = font.pixels(text)
            assert max((x for x, _ in inked), default=-1) < max(font.width(text), 1)
