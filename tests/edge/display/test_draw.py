"""The picture of a screen: as it was found good, the same each time, and readable."""

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from edge.display.draw import HEIGHT, WIDTH, draw, palette, png
from edge.display.fonts import SMALL
from edge.display.layout import Box, fitted, split
from edge.display.qr import modules
from edge.display.screen import Screen, Tone
from tests.edge.display.golden import FOLDER, SCREENS, kept

# Text of all planes, lone surrogates included, and what is known to break screens.
ODD = st.text(max_size=120) | st.text(
    st.sampled_from("aÄ \n\t\x00\x1b\u202e\u2066\u200d\ufe0f\u0301\u0336\ud800\U0001f600日ﷺ<>&W"),
    max_size=120,
)
SCREEN = st.builds(
    Screen,
    headline=ODD,
    lines=st.lists(ODD, max_size=4).map(tuple),
    tone=st.sampled_from(Tone),
    link=st.booleans(),
    clock=st.sampled_from(["", "14:03", "99:99", "\u202e"]) | ODD,
    outbox=st.integers(),
    dim=st.booleans(),
)


@pytest.mark.parametrize("name", SCREENS)
def test_it_looks_as_it_was_found_good(name: str) -> None:
    drawn, good = draw(SCREENS[name]), kept(name)
    assert drawn.tobytes() == good.tobytes(), (
        "look at it, then: python -m tests.edge.display.golden"
    )


def test_no_picture_is_kept_of_what_is_no_more() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(SCREENS)


@settings(max_examples=40, deadline=None)
@given(SCREEN)
@example(Screen("\u0301" * 500, ("\u202e",)))
@example(Screen("a" + "\u0301" * 500))
@example(Screen("ﷺ" * 500, ("﷽" * 500, "\ud800")))
@example(Screen("", ("", "")))
def test_whatever_the_text_there_is_a_readable_picture(screen: Screen) -> None:
    picture = draw(screen)
    assert (picture.mode, picture.size) == ("RGB", (WIDTH, HEIGHT))
    words = picture.crop((0, 9, WIDTH, HEIGHT))
    assert words.getbbox() is not None, "the display always says something"
    lit = sum(words.convert("1", dither=Image.Dither.NONE).histogram()[1:])
    assert lit < WIDTH * HEIGHT / 2, "mostly black"
    assert palette(screen)[0] == (0, 0, 0)


def test_it_is_the_same_in_another_process() -> None:
    # Sets and hashes differ between processes; the picture must not.
    script = (
        "import hashlib\n"
        "from edge.display.draw import png\n"
        "from tests.edge.display.golden import SCREENS\n"
        "print(hashlib.sha256(b''.join(map(png, SCREENS.values()))).hexdigest())\n"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_the_caller_may_draw_on_it() -> None:
    mine = draw(SCREENS["ready"])
    mine.paste((255, 0, 0), (0, 0, WIDTH, HEIGHT))
    assert draw(SCREENS["ready"]).tobytes() == kept("ready").tobytes()


@pytest.mark.parametrize("name", SCREENS)
def test_the_file_is_the_picture_and_small(name: str, tmp_path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(png(SCREENS[name]))
    with Image.open(file) as picture:
        assert picture.convert("RGB").tobytes() == draw(SCREENS[name]).tobytes()
    assert file.stat().st_size < 1024


def test_the_tone_is_told_without_colour_too() -> None:
    signs = {
        draw(Screen("Words", tone=tone)).crop((0, 0, 13, 8)).convert("L").point(bool).tobytes()
        for tone in Tone
    }
    assert len(signs) == len(Tone)


def test_the_tone_is_told_by_colour() -> None:
    assert len({palette(Screen("x", tone=tone))[1] for tone in Tone}) == len(Tone)


def _luminance(colour: tuple[int, int, int]) -> float:
    parts = [value / 255 for value in colour]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("tone", Tone)
@pytest.mark.parametrize(("dim", "least"), [(False, 7.0), (True, 2.5)])
def test_every_colour_stands_out_from_black(tone: Tone, dim: bool, least: float) -> None:
    for colour in palette(Screen("x", tone=tone, dim=dim))[1:]:
        assert (_luminance(colour) + 0.05) / 0.05 >= least


@pytest.mark.parametrize("dim", [False, True])
def test_the_display_can_show_every_colour_exactly(dim: bool) -> None:
    for tone in Tone:
        for red, green, blue in palette(Screen("x", tone=tone, dim=dim)):
            assert (red & 7, green & 3, blue & 7) == (0, 0, 0)


@pytest.mark.parametrize("changed", ["link", "clock", "outbox", "dim", "tone"])
def test_each_thing_that_is_told_changes_the_picture(changed: str) -> None:
    values = {"link": False, "clock": "14:04", "outbox": 1, "dim": True, "tone": Tone.WARN}
    plain = Screen("Tap your card", clock="14:03")
    other = Screen("Tap your card", **{"clock": "14:03", changed: values[changed]})
    assert draw(plain).tobytes() != draw(other).tobytes()


@pytest.mark.parametrize(
    ("headline", "least"),
    [
        ("Tap your card", 20), ("Locker 17", 10), ("Unknown card", 20), ("Goodbye", 10),
        ("No lockers free", 20), ("Outside hours", 20), ("Welcome", 10), ("Locker stuck", 20),
    ],
)  # fmt: skip
def test_headlines_are_large_whatever_stands_below(headline: str, least: int) -> None:
    box = Box(1, 10, WIDTH - 2, 35)
    rows = [y for _, y in fitted(headline, box)]
    assert max(rows) - min(rows) + 1 >= least
    assert box.top <= min(rows) and max(rows) < box.top + box.height


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("aWÄgÅ Ǻj,.日"), min_size=1, max_size=48), st.integers(20, 54))
def test_a_headline_stays_in_its_box_from_side_to_side(text: str, height: int) -> None:
    inked = fitted(text, Box(1, 10, 94, height))
    assert all(1 <= x < 95 for x, _ in inked)


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("aWil "), max_size=60))
def test_breaking_rows_loses_no_letter_and_makes_none_too_wide(text: str) -> None:
    rows = split(text, 40, SMALL)
    assert "".join("".join(rows).split()) == "".join(text.split())
    assert all(SMALL.width(row) <= 40 for row in rows)


def test_a_code_is_drawn_module_by_module_with_a_light_edge() -> None:
    text = "https://cubby.example.org/go/AB2CD"
    code = modules(text)
    assert code is not None
    square = draw(Screen("Scan", qr=text)).crop((WIDTH - HEIGHT, 0, WIDTH, HEIGHT)).convert("L")
    margin = (HEIGHT - 2 * len(code)) // 2
    assert margin >= 3
    for y in range(HEIGHT):
        for x in range(HEIGHT):
            row, column = (y - margin) // 2, (x - margin) // 2
            inside = 0 <= row < len(code) and 0 <= column < len(code)
            assert (square.getpixel((x, y)) == 0) == (inside and code[row][column])


def test_35_characters_of_any_kind_fit_as_a_code() -> None:
    assert modules("a" * 35) is not None
    assert modules("https://[fe80::1]:3000/terminals/é~"[:35]) is not None


def test_without_the_library_for_codes_the_words_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "qrcode", None)
    monkeypatch.setitem(sys.modules, "qrcode.main", None)
    modules.cache_clear()
    words = Screen("Scan to set up", ("or type the address",), tone=Tone.BUSY)
    code = Screen(words.headline, words.lines, words.tone, qr="https://cubby.example.org/x")
    try:
        assert draw(code).tobytes() == draw(words).tobytes()
    finally:
        modules.cache_clear()


def test_drawing_needs_nothing_of_the_hardware() -> None:
    script = "import sys, edge.display.draw; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "PIL.Image" in loaded
    assert not {name.partition(".")[0] for name in loaded} & {"luma", "spidev", "RPi", "qrcode"}
