from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.lockers import LockerStatus, due_at, free_slot, label, remind_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_without_a_limit_nothing_is_ever_due() -> None:
    assert due_at(NOON, None) is None
    assert remind_at(NOON, None, 15) is None


def test_due_after_the_limit() -> None:
    assert due_at(NOON, 240) == NOON + timedelta(hours=4)


@pytest.mark.parametrize(
    ("limit", "reminder", "minutes_after_start"),
    [(60, 15, 45), (16, 15, 1), (15, 15, None), (10, 15, None), (60, 0, 60)],
)
def test_the_reminder_is_before_the_end_and_after_the_start(
    limit: int, reminder: int, minutes_after_start: int | None
) -> None:
    expected = (
        None if minutes_after_start is None else NOON + timedelta(minutes=minutes_after_start)
    )
    assert remind_at(NOON, due_at(NOON, limit), reminder) == expected


@given(taken=st.sets(st.integers(1, 6)), limit=st.integers(1, 6))
def test_the_free_slot_is_the_lowest_that_is_not_taken(taken: set[int], limit: int) -> None:
    slot = free_slot(taken, limit)
    free = set(range(1, limit + 1)) - taken
    assert slot == (min(free) if free else None)


def test_the_label_is_what_stands_on_the_door() -> None:
    assert label("A", 17) == "A17"
    assert label("", 17) == "17"


def test_status_letters_are_one_each_and_different() -> None:
    """Screens that are open while the server is updated still read them."""
    letters = {status.name: status.value for status in LockerStatus}
    assert letters == {
        "FREE": "f",
        "HELD": "h",
        "RESERVED": "r",
        "OVERDUE": "o",
        "OUT_OF_SERVICE": "x",
    }
