"""Screens are cleaned on the way in, whatever they are made of."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.display.screen import (
    HEADLINE_LIMIT,
    LINE_LIMIT,
    LINES,
    OUTBOX_LIMIT,
    Screen,
    Tone,
    fields_of,
    screen_of,
)
from edge.display.text import clean, clusters

ANYTHING: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def test_what_is_in_order_stays_as_it_is() -> None:
    screen = Screen(
        "Locker 17", ("yours", "since 9:30"), Tone.GOOD, False, "14:03", 7, True, "https://x.org/1"
    )
    assert (screen.headline, screen.lines) == ("Locker 17", ("yours", "since 9:30"))
    assert (screen.tone, screen.link, screen.clock) == (Tone.GOOD, False, "14:03")
    assert (screen.outbox, screen.dim, screen.qr) == (7, True, "https://x.org/1")


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from([*Screen.__dataclass_fields__, "other"]), ANYTHING))
def test_any_message_makes_a_screen(shown: dict[str, Any]) -> None:
    screen = screen_of(shown)
    assert screen.headline
    assert len(clusters(screen.headline)) <= HEADLINE_LIMIT
    assert len(screen.lines) <= LINES
    assert all(0 < len(clusters(line)) <= LINE_LIMIT for line in screen.lines)
    assert 0 <= screen.outbox <= OUTBOX_LIMIT
    assert hash(screen) == hash(screen_of(json.loads(json.dumps(fields_of(screen)))))
    assert screen == screen_of(fields_of(screen)), "cleaning twice is cleaning once"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_clean_text_has_nothing_that_steers(text: str) -> None:
    cleaned = clean(text, 40)
    assert len(clusters(cleaned)) <= 40
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert cleaned == cleaned.strip()
    assert clean(cleaned, 40) == cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("two\nlines\tand\x00more", "two lines and more"),
        ("\u202elocker\u202c \u200fx\u2066", "locker x"),
        ("no\u00a0break", "no break"),
        ("“it’s” – fine…", '"it\'s" – fine…'),
        ("ＦＵＬＬ ½ № ﬁ", "FULL 1/2 No fi"),
        ("u\u0308ber", "über"),
        ("STRAẞE", "STRASSE"),
        ("a" + "\u0336\u0301" * 20, "á\u0336\u0336"),
        ("\u0301\u0301", ""),
        ("´¨¸", "'"),
        ("\ud800x", "▯x"),
        (None, ""),
        (17, "17"),
    ],
)
def test_text_is_made_plain(written: object, read: str) -> None:
    assert clean(written, 40) == unicodedata.normalize("NFC", read)


def test_too_long_text_says_that_it_goes_on() -> None:
    assert clean("x" * 41, 40) == "x" * 39 + "…"
    assert clean("x" * 40, 40) == "x" * 40


def test_an_empty_headline_is_taken_from_the_lines_or_the_tone() -> None:
    assert Screen(" ", ("", "Locker 17", "yours")) == Screen("Locker 17", ("yours",))
    assert len({Screen("\u202e", tone=tone).headline for tone in Tone}) == len(Tone)
    assert Screen("", tone=Tone.OFFLINE).headline == "Offline"


@pytest.mark.parametrize("clock", ["24:00", "9:30", "14:3", "noon", "14:03:07", "１4:03"])
def test_a_clock_that_is_none_is_not_shown(clock: str) -> None:
    assert Screen("x", clock=clock).clock == ""


@pytest.mark.parametrize("qr", ["x" * 36, "é", "a\nb", "\ud800"])
def test_what_is_no_code_is_none(qr: str) -> None:
    assert Screen("x", qr=qr).qr == ""
    assert Screen("x", qr="x" * 35).qr == "x" * 35


def test_an_unknown_tone_is_an_ordinary_screen() -> None:
    assert screen_of({"headline": "x", "tone": "festive"}).tone is Tone.READY


def test_a_message_may_be_short_or_of_a_newer_version() -> None:
    assert screen_of({"headline": "Hello", "sparkles": 3}) == Screen("Hello")
