"""Opening hours on ordinary days, and on the two nights when the clocks are changed."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locker_app.domain.errors import BadInput
from locker_app.domain.hours import (
    check_hours,
    check_time_of_day,
    day_began,
    is_open_at,
    next_change,
    next_closing,
    next_opening,
    next_time_of_day,
)

BERLIN = "Europe/Berlin"
QUARTER = timedelta(minutes=15)
WEEK_ENDS_WITH_CHANGES = (
    (BERLIN, datetime(2026, 3, 27, tzinfo=UTC)),
    (BERLIN, datetime(2026, 10, 23, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 3, tzinfo=UTC)),  # by half an hour
    ("America/Santiago", datetime(2026, 9, 4, tzinfo=UTC)),  # at midnight, which is skipped
    ("Asia/Kolkata", datetime(2026, 3, 27, tzinfo=UTC)),  # never
)


def at(text: str, zone: str = BERLIN) -> datetime:
    """The instant at which a wall clock shows this; the first of two."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def clock(quarters: int) -> str:
    return f"{quarters // 4:02}:{quarters % 4 * 15:02}"


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, str, str]:
    begins = draw(st.integers(0, 95))
    return draw(st.integers(0, 6)), clock(begins), clock(draw(st.integers(begins + 1, 96)))


def without_overlaps(drawn: list[Any]) -> list[Any]:
    """As many of them as can be on one plan."""
    kept: list[Any] = []
    for span in drawn:
        with contextlib.suppress(BadInput):
            kept = check_hours([*kept, span])
    return kept


SOME_HOURS = st.lists(spans(), max_size=5).map(without_overlaps)
MOMENTS = st.tuples(st.sampled_from(WEEK_ENDS_WITH_CHANGES), st.integers(0, 5 * 96)).map(
    lambda drawn: (drawn[0][0], drawn[0][1] + drawn[1] * QUARTER)
)


def test_open_from_the_beginning_until_just_before_the_end() -> None:
    hours = [[0, "09:00", "12:00"]]
    for shown, expected in (("08:59", False), ("09:00", True), ("11:59", True), ("12:00", False)):
        assert is_open_at(hours, at(f"2026-03-02T{shown}"), BERLIN) == expected
        assert not is_open_at(hours, at(f"2026-03-03T{shown}"), BERLIN)


def test_the_next_change() -> None:
    hours = [[0, "09:00", "12:00"], [2, "14:00", "24:00"], [3, "00:00", "01:00"]]
    steps = ["2026-03-02T09:00", "2026-03-02T12:00", "2026-03-04T14:00", "2026-03-05T01:00"]
    now = at("2026-03-02T08:00")
    for step in [*steps, "2026-03-09T09:00"]:
        now = next_change(hours, now, BERLIN) or now
        assert now == at(step), "midnight between two of them is no change"
    assert next_opening(hours, at("2026-03-02T10:00"), BERLIN) == at("2026-03-04T14:00")
    assert next_closing(hours, at("2026-03-02T10:00"), BERLIN) == at("2026-03-02T12:00")
    assert next_closing(hours, at("2026-03-02T12:00"), BERLIN) == at("2026-03-05T01:00")
    assert next_closing([], at("2026-03-02T12:00"), BERLIN) is None
    assert next_opening(hours, at("2026-03-02T08:00"), BERLIN) == at("2026-03-02T09:00")


def test_no_hours_never_change() -> None:
    always = [[day, "00:00", "24:00"] for day in range(7)]
    for hours in ([], always):
        assert next_change(hours, at("2026-03-28T12:00"), BERLIN) is None
        assert next_opening(hours, at("2026-03-28T12:00"), BERLIN) is None


def test_an_hour_that_is_skipped() -> None:
    """On 29 March 2026 the clock goes from 02:00 to 03:00, at 01:00 UTC."""
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    before = at("2026-03-28T12:00")
    across = [[6, "02:30", "10:00"]]
    assert next_change(across, before, BERLIN) == jump
    assert next_change(across, jump, BERLIN) == at("2026-03-29T10:00")
    within = [[6, "02:00", "03:00"]]
    assert next_change(within, before, BERLIN) == at("2026-04-05T02:00"), "a week later"
    a_week_before = at("2026-03-22T03:00")
    assert next_change(within, a_week_before, BERLIN) == at("2026-04-05T02:00")


def test_an_hour_that_comes_twice() -> None:
    """On 25 October 2026 it goes from 03:00 back to 02:00, at 01:00 UTC."""
    hours = [[6, "02:15", "02:45"]]
    now, changes = at("2026-10-24T12:00"), []
    for _ in range(4):
        now = next_change(hours, now, BERLIN) or now
        changes.append((now.hour, now.minute))
    assert changes == [(0, 15), (0, 45), (1, 15), (1, 45)]


@settings(max_examples=75)
@given(hours=SOME_HOURS, moment=MOMENTS)
def test_nothing_changes_before_the_next_change(hours: Any, moment: Any) -> None:
    """Beside a walk from quarter to quarter of an hour."""
    zone, now = moment
    change, opening = next_change(hours, now, zone), next_opening(hours, now, zone)
    first = is_open_at(hours, now, zone)
    walk = (now + n * QUARTER for n in range(1, 8 * 96))
    expected = next((step for step in walk if is_open_at(hours, step, zone) != first), None)
    if expected is not None:
        assert change == expected
    else:
        assert change is None or change > now + timedelta(days=7)
    if opening is not None:
        assert is_open_at(hours, opening, zone)
        assert not is_open_at(hours, opening - QUARTER / 15, zone)


@settings(max_examples=75)
@given(moment=MOMENTS, quarter=st.integers(0, 95))
def test_a_time_of_day_comes_once_a_day(moment: Any, quarter: int) -> None:
    zone, now = moment
    shown, where = clock(quarter), ZoneInfo(zone)
    times = [next_time_of_day(shown, now, zone)]
    for _ in range(4):
        times.append(next_time_of_day(shown, times[-1], zone))
    assert times[0] > now
    days = [time.astimezone(where).date() for time in times]
    assert days == [days[0] + timedelta(days=n) for n in range(5)]
    for time in times:
        wall = time.astimezone(where)
        skipped = wall.utcoffset() != (time - timedelta(hours=3)).astimezone(where).utcoffset()
        assert wall.strftime("%H:%M") == shown or skipped
        assert wall.fold == 0
    assert now < times[0] <= now + timedelta(hours=25)


@settings(max_examples=50)
@given(moment=MOMENTS)
def test_a_day_began_at_its_first_moment(moment: Any) -> None:
    zone, now = moment
    began, where = day_began(now, zone), ZoneInfo(zone)
    assert began <= now
    today = now.astimezone(where).date()
    assert began.astimezone(where).date() == today
    assert (began - timedelta(seconds=1)).astimezone(where).date() < today


@pytest.mark.parametrize(
    "span",
    [
        [0, "09:00"],
        [7, "09:00", "10:00"],
        [-1, "09:00", "10:00"],
        [True, "09:00", "10:00"],
        ["0", "09:00", "10:00"],
        [0, "9:00", "10:00"],
        [0, "09:00", "09:00"],
        [0, "22:00", "02:00"],
        [0, "24:00", "24:00"],
        [0, "09:00", "24:30"],
        [0, "09:00", 10],
        [0, "٠9:00", "10:00"],
    ],
)
def test_hours_that_cannot_be(span: list[Any]) -> None:
    with pytest.raises(BadInput) as refused:
        check_hours([span])
    assert refused.value.field == "hours"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("09:00", "12:00"), ("11:59", "14:00")),
        (("09:00", "12:00"), ("10:00", "11:00")),
        (("09:00", "12:00"), ("09:00", "12:00")),
        (("09:00", "24:00"), ("23:59", "24:00")),
    ],
)
def test_hours_of_a_day_do_not_overlap(first: Any, second: Any) -> None:
    with pytest.raises(BadInput) as refused:
        check_hours([[2, *second], [1, *first], [2, *first]])
    assert refused.value.field == "hours"
    said = f"can't overlap: {'-'.join(first)} and {'-'.join(second)}."
    assert str(refused.value).endswith(said)
    assert len(check_hours([[1, *first], [2, *second]])) == 2


def test_hours_of_a_day_may_follow_at_once() -> None:
    assert len(check_hours([[0, "09:00", "12:00"], [0, "12:00", "14:00"]])) == 2


def test_hours_are_sorted_and_not_too_many() -> None:
    assert check_hours([(1, "09:00", "10:00"), (0, "14:00", "24:00"), (0, "09:00", "10:00")]) == [
        [0, "09:00", "10:00"],
        [0, "14:00", "24:00"],
        [1, "09:00", "10:00"],
    ]
    with pytest.raises(BadInput):
        check_hours(
            [[0, f"{n // 60:02}:{n % 60:02}", f"{n // 60:02}:{n % 60 + 1:02}"] for n in range(51)]
        )


def test_a_time_of_day() -> None:
    assert [check_time_of_day(text, "reset_at") for text in ("", " 04:00 ", "23:59")] == [
        "",
        "04:00",
        "23:59",
    ]
    for text in ("24:00", "04:60", "four", "04:00:00"):
        with pytest.raises(BadInput) as refused:
            check_time_of_day(text, "reset_at")
        assert refused.value.field == "reset_at"


@pytest.mark.parametrize("text", ["4:00", "04:00", " 4 ", "4.00", "04"])
def test_a_time_of_day_is_tidied(text: str) -> None:
    assert check_time_of_day(text, "reset_at") == "04:00"


@pytest.mark.parametrize("text", ["24:00", "4:60", "4:0", "four", "004:00", "٤:00"])
def test_no_time_of_day(text: str) -> None:
    with pytest.raises(BadInput):
        check_time_of_day(text, "reset_at")
