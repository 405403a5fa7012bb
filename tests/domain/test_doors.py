"""Longer times, and how far opening from afar has come."""

from datetime import UTC, datetime, timedelta

import pytest

from locker_app.domain.doors import (
    ANSWER_WITHIN,
    MAX_EXTENSION_MINUTES,
    OPENINGS,
    Opening,
    extended,
    opening_after,
    opening_at,
)
from locker_app.domain.errors import BadInput

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_longer_is_from_the_deadline_or_from_now() -> None:
    assert extended(NOW + HOUR, NOW, 30) == NOW + HOUR + HOUR / 2
    assert extended(NOW - HOUR, NOW, 30) == NOW + HOUR / 2


def test_longer_ends_somewhere() -> None:
    with pytest.raises(BadInput):
        extended(NOW + timedelta(days=350), NOW, MAX_EXTENSION_MINUTES)


@pytest.mark.parametrize(
    ("heard", "becomes"),
    [
        ([Opening.ACKNOWLEDGED, Opening.OPENED], Opening.OPENED),
        ([Opening.OPENED, Opening.ACKNOWLEDGED], Opening.OPENED),
        ([Opening.ACKNOWLEDGED, Opening.TIMED_OUT, Opening.OPENED], Opening.TIMED_OUT),
        ([Opening.OPENED, Opening.TIMED_OUT], Opening.OPENED),
        ([Opening.SENT], Opening.SENT),
    ],
)
def test_what_is_heard_moves_it_on_and_never_back(heard: list[Opening], becomes: Opening) -> None:
    state = Opening.SENT
    for word in heard:
        state = opening_after(state, word)
    assert state is becomes


def test_every_state_says_what_may_follow() -> None:
    assert set(OPENINGS) == set(Opening)


def test_without_an_answer_in_time_it_has_timed_out() -> None:
    just_before = NOW + ANSWER_WITHIN - timedelta(microseconds=1)
    assert opening_at(Opening.SENT, NOW, just_before) is Opening.SENT
    for state in (Opening.SENT, Opening.ACKNOWLEDGED):
        assert opening_at(state, NOW, NOW + ANSWER_WITHIN) is Opening.TIMED_OUT
    assert opening_at(Opening.OPENED, NOW, NOW + ANSWER_WITHIN) is Opening.OPENED
