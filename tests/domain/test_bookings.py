"""When a stay may begin and end, what the clock does with it, and who is first in line."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from locker_app.domain.bookings import (
    BookingStatus,
    Bound,
    Latest,
    Span,
    Step,
    Waiting,
    check_leave,
    clock_time,
    duration,
    in_order,
    is_blocked,
    latest_leave,
    leave_time,
    longest_while_waiting,
    next_step,
    overlap,
    period_of,
    status_at,
    told_already,
    used_in,
)
from locker_app.domain.chargers import AtEnd, ChargingRules, Priority
from locker_app.domain.errors import BadInput, LimitReached, SpotTaken, StayTooLong, TooShort

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)
LEAP = datetime(2028, 2, 28, 12, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday, 9:00 in Berlin
RULES = ChargingRules()
TWICE = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

moments = st.one_of(
    *(
        st.integers(0, 2 * 24 * 60).map(lambda n, day=day: day + n * MINUTE)
        for day in (SPRING, AUTUMN, LEAP, datetime(2026, 12, 30, 20, tzinfo=UTC))
    ),
    st.datetimes(datetime(2001, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
zones = st.sampled_from(ZONES)
times = st.integers(0, 24 * 60 - 1).map(lambda n: f"{n // 60:02}:{n % 60:02}")
spans = st.tuples(moments, st.integers(1, 3000)).map(lambda s: (s[0], s[0] + s[1] * MINUTE))


@dataclass(frozen=True)
class Row:
    status: str = "active"
    starts_at: datetime = NOW
    leaves_at: datetime = NOW + HOUR
    came_at: datetime | None = NOW
    reminded_at: datetime | None = None
    overstayed_at: datetime | None = None
    due_at: datetime | None = None


@given(times, moments, zones)
@settings(max_examples=200)
def test_a_time_to_leave_is_the_next_moment_at_which_clocks_show_it(
    shown: str, now: datetime, zone: str
) -> None:
    at = leave_time(shown, now, zone)
    assert now < at <= now + timedelta(hours=26)
    local = at.astimezone(ZoneInfo(zone))
    if f"{local:%H:%M}" != shown:  # the clocks jump over it, to just here
        before = (at - MINUTE).astimezone(ZoneInfo(zone))
        assert local.utcoffset() != before.utcoffset()
        assert f"{before:%H:%M}" < shown < f"{local:%H:%M}"
    # no minute between shows it, other than now itself
    first = now.replace(second=0, microsecond=0) + MINUTE
    while first < at - MINUTE:
        there = first.astimezone(ZoneInfo(zone))
        assert f"{there:%H:%M}" != shown
        first += MINUTE * 7 if abs(at - first) > 20 * MINUTE else MINUTE


@pytest.mark.parametrize(
    ("shown", "now", "expected"),
    [
        ("14:30", NOW, NOW + timedelta(hours=5, minutes=30)),
        ("9:00", NOW, NOW + timedelta(hours=24)),  # this minute has come: tomorrow's
        ("00:00", NOW, NOW + timedelta(hours=15)),
        # on 29 March 2026 the clocks go from 2:00 to 3:00
        ("02:30", datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("03:00", datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        # and on 25 October they show 2:30 twice
        ("02:30", TWICE - 90 * MINUTE, TWICE),
        ("02:30", TWICE, TWICE + HOUR),
        ("12:00", datetime(2028, 2, 28, 12, tzinfo=UTC), datetime(2028, 2, 29, 11, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_times_to_leave_by_example(shown: str, now: datetime, expected: datetime) -> None:
    assert leave_time(shown, now, "Europe/Berlin") == expected


@pytest.mark.parametrize("text", ["", " ", "25:00", "noon", "12:60", "-1:00", "1e2"])
def test_what_is_no_time_to_leave(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        leave_time(text, NOW, "Europe/Berlin")
    assert caught.value.field == "leaves_at"


@given(spans, spans)
def test_stays_overlap_when_they_have_a_moment_in_common(one: Span, other: Span) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one)
    assert not overlap(one, (one[1], one[1] + HOUR))
    assert not overlap((one[0] - HOUR, one[0]), one)
    in_common = min(one[1], other[1]) - max(one[0], other[0])
    assert overlap(one, other) == (in_common > timedelta())


@given(moments, zones, st.sampled_from([1, 7]))
def test_each_moment_is_in_one_day_and_one_week_of_the_site(
    at: datetime, zone: str, days: int
) -> None:
    start, end = period_of(at, zone, days)
    assert start <= at < end
    first, then = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    assert (then.date() - first.date()).days == days
    assert first.timetz().replace(tzinfo=None) == time()
    assert days == 1 or first.weekday() == 0
    assert period_of(end, zone, days)[0] == end  # the end is the next one's begin


@given(moments, zones, st.lists(spans, max_size=3), st.integers(15, 1440), st.integers(15, 4000),
       st.integers(15, 5000))  # fmt: skip
@example(SPRING, "Europe/Berlin", [], 1440, 4000, 5000)
def test_nobody_is_given_more_than_a_day_or_a_week_allows(
    starts_at: datetime, zone: str, used: list[Span], day: int, week: int, longest: int
) -> None:
    rules = replace(RULES, max_stay_minutes=longest, day_minutes=day, week_minutes=week)
    latest = latest_leave(starts_at, rules, zone, used=used)
    assert starts_at <= latest.at <= starts_at + longest * MINUTE
    if latest.at > starts_at:
        everything = [*used, (starts_at, latest.at)]
        for days, most in ((1, day), (7, week)):
            period = period_of(starts_at, zone, days)
            while period[0] < latest.at:
                in_it = used_in(period, everything)
                assert in_it <= max(most * MINUTE, used_in(period, used))
                period = period_of(period[1], zone, days)
    longer = [*used, (starts_at, latest.at + MINUTE)]
    if latest.bound is Bound.LONGEST:
        assert latest.at == starts_at + longest * MINUTE
    else:  # a minute more would be too much
        days, most = (1, day) if latest.bound is Bound.DAY else (7, week)
        assert used_in(period_of(latest.at, zone, days), longer) > most * MINUTE


def test_a_day_may_be_longer_or_shorter_by_an_hour() -> None:
    zone, rules = "Europe/Berlin", replace(RULES, max_stay_minutes=3000, day_minutes=1440)
    spring = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight; the day has 23 hours
    assert latest_leave(spring, rules, zone).at == spring + 3000 * MINUTE
    autumn = datetime(2026, 10, 24, 22, tzinfo=UTC)  # and this one 25
    assert latest_leave(autumn, rules, zone) == Latest(autumn + timedelta(hours=24), Bound.DAY)


def test_a_stay_over_midnight_counts_for_both_days() -> None:
    rules = replace(RULES, day_minutes=120)
    evening = datetime(2026, 3, 2, 22, tzinfo=UTC)  # 23:00 there
    assert latest_leave(evening, rules, "Europe/Berlin").at == evening + 3 * HOUR
    used = [(evening + 2 * HOUR, evening + 3 * HOUR)]  # another one, after midnight
    assert latest_leave(evening, rules, "Europe/Berlin", used=used).at == evening + 2 * HOUR


def test_the_next_booking_is_a_limit_too() -> None:
    found = latest_leave(NOW, RULES, "UTC", next_at=NOW + HOUR)
    assert found == Latest(NOW + HOUR, Bound.NEXT)
    far = latest_leave(NOW, RULES, "UTC", next_at=NOW + 30 * HOUR)
    assert far == Latest(NOW + 12 * HOUR, Bound.LONGEST)


@pytest.mark.parametrize(
    ("bound", "how", "words"),
    [
        (Bound.LONGEST, StayTooLong, "10:00"),
        (Bound.NEXT, SpotTaken, "from 10:00"),
        (Bound.DAY, LimitReached, "1 h 30 min in one day here. Leave by 10:00"),
        (Bound.WEEK, LimitReached, "45 min in one week here. Leave by 10:00"),
    ],
)
def test_each_limit_is_refused_with_its_reason(bound: Bound, how: type, words: str) -> None:
    rules, latest = replace(RULES, day_minutes=90, week_minutes=45), Latest(NOW + HOUR, bound)
    check_leave(NOW, NOW + HOUR, NOW, latest, rules, "Europe/Berlin")
    with pytest.raises(how) as caught:
        check_leave(NOW, NOW + HOUR + MINUTE, NOW, latest, rules, "Europe/Berlin")
    assert words in str(caught.value)
    with pytest.raises(TooShort):
        check_leave(NOW, NOW, NOW, latest, rules, "Europe/Berlin")
    with pytest.raises(TooShort):
        check_leave(NOW + HOUR, NOW + HOUR, NOW, latest, rules, "Europe/Berlin")


def test_times_are_said_with_the_day_when_it_is_another_one() -> None:
    said = [clock_time(NOW + n * HOUR, NOW, "Europe/Berlin") for n in (0, 15, 40)]
    assert said == ["09:00", "00:00 tomorrow", "01:00 on Wed 4 Mar"]
    assert [duration(n) for n in (0, 45, 60, 90)] == ["0 min", "45 min", "1 h", "1 h 30 min"]


rows = st.builds(
    Row,
    status=st.sampled_from([status.value for status in BookingStatus]),
    leaves_at=st.integers(1, 300).map(lambda n: NOW + n * MINUTE),
    came_at=st.sampled_from([None, NOW]),
    reminded_at=st.sampled_from([None, NOW]),
    overstayed_at=st.integers(1, 300).map(lambda n: NOW + n * MINUTE),
    due_at=st.sampled_from([None, NOW, NOW + 20 * MINUTE]),
)
some_rules = st.builds(
    ChargingRules,
    at_end=st.sampled_from(AtEnd),
    grace_minutes=st.sampled_from([0, 10]),
    reminder_minutes=st.sampled_from([0, 15]),
    check_in_minutes=st.sampled_from([None, 10]),
    overstay_minutes=st.sampled_from([5, 60]),
)


@given(rows, some_rules, st.integers(-10, 900))
def test_until_its_next_step_a_booking_is_what_the_table_says(
    row: Row, rules: ChargingRules, minutes: int
) -> None:
    now, step = NOW + minutes * MINUTE, next_step(row, rules)
    seen = status_at(row, rules, now)
    if step is None:
        assert (row.status, seen) == ("ended", "ended")
    elif now < step[0]:
        assert seen.value == row.status
    elif step[1] in (Step.NO_SHOW, Step.OVERSTAY_OVER, Step.LAPSE, Step.GIVE_UP):
        assert seen is BookingStatus.ENDED
    elif step[1] is Step.GRACE_OVER:
        assert seen is not BookingStatus.ACTIVE
    elif step[1] is Step.BEGIN:
        assert seen is not BookingStatus.BOOKED


@pytest.mark.parametrize(
    ("row", "rules", "minutes", "what"),
    [
        (Row("offered"), RULES, 60, Step.LAPSE),
        (Row("booked"), RULES, 0, Step.BEGIN),
        (Row("booked", due_at=NOW), RULES, 0, Step.BEGIN),
        (Row("booked", due_at=NOW + HOUR), RULES, 60, Step.GIVE_UP),
        (Row(), RULES, 45, Step.REMIND),
        (Row(reminded_at=NOW), RULES, 70, Step.GRACE_OVER),
        (Row(), replace(RULES, reminder_minutes=0), 70, Step.GRACE_OVER),
        (Row(), replace(RULES, check_in_minutes=20), 45, Step.REMIND),
        (Row(came_at=None), RULES, 45, Step.REMIND),
        (Row(came_at=None), replace(RULES, check_in_minutes=20), 20, Step.NO_SHOW),
        (Row("overstayed", overstayed_at=NOW + 2 * HOUR), RULES, 14 * 60, Step.OVERSTAY_OVER),
    ],
)
def test_what_the_clock_does_next(row: Row, rules: ChargingRules, minutes: int, what: Step) -> None:
    assert next_step(row, rules) == (NOW + minutes * MINUTE, what)


def test_who_cannot_begin_is_not_there_and_gives_up_in_the_end() -> None:
    row = Row("booked", due_at=NOW + HOUR)
    assert is_blocked(row) and not is_blocked(Row("booked", due_at=NOW))
    assert status_at(row, RULES, NOW + MINUTE) is BookingStatus.BOOKED
    assert status_at(Row("booked"), RULES, NOW, blocked=True) is BookingStatus.BOOKED
    assert status_at(row, RULES, NOW + HOUR) is BookingStatus.ENDED


def test_whoever_says_a_time_that_is_near_needs_no_reminder() -> None:
    assert told_already(NOW + 15 * MINUTE, NOW, RULES) == NOW
    assert told_already(NOW + 16 * MINUTE, NOW, RULES) is None


def test_how_far_a_stay_is_extended_while_others_wait() -> None:
    assert longest_while_waiting(NOW, RULES) is None
    rules = replace(RULES, extend_while_waiting_minutes=30)
    assert longest_while_waiting(NOW, rules) == NOW + HOUR / 2
    assert longest_while_waiting(None, rules) is None


def test_the_order_of_the_line() -> None:
    a, b, c, d = (
        Waiting(n, f"person:{n}", n == 4, n in (3, 4), NOW + n * MINUTE) for n in (1, 2, 3, 4)
    )
    line = [d, c, b, a]

    def order(priority: Priority, **used: int) -> list[int]:
        lately = {f"person:{who[1:]}": n * MINUTE for who, n in used.items()}
        return [one.wait_id for one in in_order(line, priority, lately)]

    assert order(Priority.FIRST_COME) == [4, 1, 2, 3]
    assert order(Priority.SIGNED_IN) == [4, 3, 1, 2]
    assert order(Priority.LEAST_USED, p1=60, p2=30, p4=90) == [4, 3, 2, 1]
    twins = [replace(a, wait_id=2), a]
    assert [one.wait_id for one in in_order(twins, Priority.FIRST_COME)] == [1, 2]
