"""What terminals show about taps fits their display, whatever it is about."""

import pytest

from locker_app.domain import tap_words as words
from locker_app.domain.taps import TapVerdict

ANSWERS = [
    words.assigned("A1", 1),
    words.assigned("VeryLong12345", None),
    words.yours("A17", 17),
    words.yours_elsewhere("A17", "The lockers on the second floor"),
    words.released("A17"),
    words.welcome(),
    words.goodbye(),
    words.goodbye(["A17"]),
    words.goodbye(["A17", "B2"]),
    words.linked(),
    words.confirm(),
    words.full("none_free"),
    words.full("none_accessible_free"),
    words.stale(),
    words.denied("never_heard_of"),
    *(words.denied(code) for code in words._REFUSED),
    *(words.denied(code, at_exit=True) for code in words._REFUSED),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.headline)
def test_it_fits(answer: words.TapAnswer) -> None:
    assert 1 <= len(answer.headline) <= words.HEADLINE
    assert len(answer.lines) <= 2
    assert all(1 <= len(line) <= words.LINE for line in answer.lines)
    assert 0 < answer.ttl_ms <= 60_000


def test_all_verdicts_have_words() -> None:
    assert {answer.verdict for answer in ANSWERS} == set(TapVerdict)


def test_nobody_is_kept_from_going_out() -> None:
    assert words.denied("unknown_card", at_exit=True).lines[0] == "Exit is free."
