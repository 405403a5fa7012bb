"""Days and hours by the clocks on the site's walls."""

from datetime import UTC, date, datetime, timedelta

import pytest

from locker_app.domain.days import MAX_DAYS, begins, offsets, piece, span, today
from locker_app.domain.errors import BadInput

BERLIN = "Europe/Berlin"


def test_a_day_begins_at_midnight_there() -> None:
    assert begins(date(2026, 3, 2), BERLIN) == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert begins(date(2026, 7, 2), BERLIN) == datetime(2026, 7, 1, 22, tzinfo=UTC)
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert today(late, BERLIN) == date(2026, 3, 2)


def test_the_day_of_the_change_has_23_or_25_hours() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        start, end = span(day, day, BERLIN)
        assert end - start == timedelta(hours=hours)


def test_days_in_the_wrong_order_or_too_many_are_refused() -> None:
    day = date(2026, 3, 2)
    with pytest.raises(BadInput):
        span(day, day - timedelta(days=1), BERLIN)
    span(day, day + timedelta(days=MAX_DAYS - 1), BERLIN)
    with pytest.raises(BadInput):
        span(day, day + timedelta(days=MAX_DAYS), BERLIN)


def test_offsets_name_every_change_to_the_minute() -> None:
    start, end = span(date(2026, 1, 1), date(2026, 12, 31), BERLIN)
    assert offsets(start, end, BERLIN) == [
        (start, 3600),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), 7200),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), 3600),
    ]
    assert offsets(start, end, "Asia/Kolkata") == [(start, 19_800)]


def test_a_change_after_the_end_is_none_of_it() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    start = change - timedelta(hours=5)
    assert offsets(start, change, BERLIN) == [(start, 3600)]
    assert len(offsets(start, change + timedelta(minutes=1), BERLIN)) == 2


@pytest.mark.parametrize(
    ("zone", "seconds"),
    [
        (BERLIN, 3600),
        ("Asia/Kolkata", 1800),
        ("Asia/Kathmandu", 900),
        ("Australia/Lord_Howe", 1800),
        ("America/St_Johns", 1800),
    ],
)
def test_a_piece_of_time_is_within_one_hour_of_the_site(zone: str, seconds: int) -> None:
    start, end = span(date(2026, 1, 1), date(2026, 12, 31), zone)
    assert piece(start, end, zone) == seconds
