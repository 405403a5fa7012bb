"""Rules about bookings of charging spots, and about the line for one.

Times are half-open: who leaves at 14:00 and who comes at 14:00 do not meet. Days and weeks are
those of the site's calendar, also when its clocks are changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from locker_app.domain.chargers import AtEnd, ChargingRules, Priority
from locker_app.domain.days import begins, today
from locker_app.domain.errors import BadInput, LimitReached, SpotTaken, StayTooLong, TooShort
from locker_app.domain.hours import check_time_of_day

USEFUL = timedelta(minutes=15)
"""A spot that is free for less than this before the next booking is not offered to the line."""
MAX_SHOWN_AS_LENGTH = 20


class BookingStatus(StrEnum):
    """Where a booking stands. `ended` is final."""

    OFFERED = "offered"
    """Not theirs yet: held for the next in line until `leaves_at`."""
    BOOKED = "booked"
    """For later, or its begin has come and somebody is still there."""
    ACTIVE = "active"
    OVERSTAYED = "overstayed"
    ENDED = "ended"


class EndCause(StrEnum):
    """Why a booking, or an offer, ended."""

    STOPPED = "stopped"
    """By its holder, there."""
    CANCELLED = "cancelled"
    """By its holder, before it began."""
    TIME_UP = "time_up"
    OVERSTAYED = "overstayed"
    """It was overstayed for as long as that is shown."""
    FOUND_FREE = "found_free"
    """It was overstayed, and somebody at the spot found it free."""
    NO_SHOW = "no_show"
    BLOCKED = "blocked"
    """Its holder found the spot taken by somebody without a booking, or it never came free."""
    FAULT = "fault"
    """The charger was taken out of service."""
    FORCED = "forced"
    """By staff, with a reason."""
    LAPSED = "lapsed"
    """An offer that nobody answered."""
    DECLINED = "declined"
    """An offer that was snoozed, or left with the line."""


UNASKED = frozenset(
    {
        *(EndCause.TIME_UP, EndCause.OVERSTAYED, EndCause.FOUND_FREE, EndCause.NO_SHOW),
        *(EndCause.BLOCKED, EndCause.FAULT, EndCause.FORCED),
    }
)
"""How a booking ends without its holder, who is told."""


class LineOutcome(StrEnum):
    """How a place in the line ended."""

    TOOK = "took"
    """With a spot: the one offered, or another one."""
    LEFT = "left"
    LAPSED = "lapsed"
    """The offer was not answered in time."""
    REMOVED = "removed"
    """By staff, or the session is over."""


REPORT_LASTS = timedelta(minutes=60)
"""For how long a spot that is said to be taken is given to nobody, unless staff clear it before."""
MAX_REPORTS = 2
"""How many spots one holder may report on one day."""
EARLY = timedelta(minutes=15)
"""How long before the begin one may say that one is there."""
URGENT = timedelta(hours=1)
"""Whose booking begins within this time, or has begun, is first in line when it is taken away."""
LEFT_OF_OFFER = timedelta(minutes=5)
"""How much at least is left of a spot, before the next booking, when an offer lapses."""


class Step(StrEnum):
    """What the clock does with a booking."""

    BEGIN = "begin"
    GIVE_UP = "give_up"
    """Its time is over, and it could never begin, as somebody was still there."""
    NO_SHOW = "no_show"
    REMIND = "remind"
    GRACE_OVER = "grace_over"
    OVERSTAY_OVER = "overstay_over"
    LAPSE = "lapse"
    """The offer is over."""


class Standing(Protocol):
    """What the clock goes by: a row of `booking`."""

    @property
    def status(self) -> str:
        """`BookingStatus`."""
        ...

    @property
    def starts_at(self) -> datetime:
        """When the stay begins or began."""
        ...

    @property
    def leaves_at(self) -> datetime:
        """Until when it is theirs."""
        ...

    @property
    def came_at(self) -> datetime | None:
        """Since when its holder is known to be there."""
        ...

    @property
    def reminded_at(self) -> datetime | None:
        """When its holder was reminded to leave."""
        ...

    @property
    def overstayed_at(self) -> datetime | None:
        """Since when it is overstayed."""
        ...

    @property
    def due_at(self) -> datetime | None:
        """When the clock does something with it next."""
        ...


def next_step(row: Standing, rules: ChargingRules) -> tuple[datetime, Step] | None:
    """What the clock does next with a booking, and when; None with one that has ended.

    A booking whose begin has come while somebody was still there is due when its time is over:
    `due_at` tells it from one that is still to begin.
    """
    match BookingStatus(row.status):
        case BookingStatus.OFFERED:
            return row.leaves_at, Step.LAPSE
        case BookingStatus.BOOKED if is_blocked(row):
            return row.leaves_at, Step.GIVE_UP
        case BookingStatus.BOOKED:
            return row.starts_at, Step.BEGIN
        case BookingStatus.ACTIVE:
            return min(_steps_of_stay(row, rules), key=lambda step: step[0])
        case BookingStatus.OVERSTAYED:
            since = row.overstayed_at or row.leaves_at
            return since + _minutes(rules.overstay_minutes), Step.OVERSTAY_OVER
        case BookingStatus.ENDED:
            return None


def is_blocked(row: Standing) -> bool:
    """Whether its begin has come while somebody was still there."""
    return (
        row.status == BookingStatus.BOOKED.value
        and row.due_at is not None
        and row.due_at > row.starts_at
    )


def _steps_of_stay(row: Standing, rules: ChargingRules) -> Iterator[tuple[datetime, Step]]:
    if rules.check_in_minutes is not None and row.came_at is None:
        yield row.starts_at + _minutes(rules.check_in_minutes), Step.NO_SHOW
    if rules.reminder_minutes and row.reminded_at is None:
        yield row.leaves_at - _minutes(rules.reminder_minutes), Step.REMIND
    yield row.leaves_at + _minutes(rules.grace_minutes), Step.GRACE_OVER


def told_already(leaves_at: datetime, now: datetime, rules: ChargingRules) -> datetime | None:
    """When the holder of a stay that is said now to end then counts as reminded: at once if it is
    so near that they know."""
    return now if leaves_at - _minutes(rules.reminder_minutes) <= now else None


def status_at(
    row: Standing, rules: ChargingRules, now: datetime, *, blocked: bool = False
) -> BookingStatus:
    """Where a booking stands now, also when the clock is late. `blocked` says that somebody else
    is on its spot."""
    status = BookingStatus(row.status)
    if status is BookingStatus.BOOKED:
        if row.starts_at > now:
            return status
        if row.leaves_at <= now and (blocked or is_blocked(row)):
            return BookingStatus.ENDED
        return status if blocked or is_blocked(row) else _stay_at(row, rules, now)
    if status is BookingStatus.OFFERED:
        return status if now < row.leaves_at else BookingStatus.ENDED
    if status is BookingStatus.ACTIVE:
        return _stay_at(row, rules, now)
    step = next_step(row, rules)
    return status if step is not None and now < step[0] else BookingStatus.ENDED


def _stay_at(row: Standing, rules: ChargingRules, now: datetime) -> BookingStatus:
    """Of a stay that has begun and that the clock did not know as overstayed yet."""
    absent = rules.check_in_minutes is not None and row.came_at is None
    if absent and row.starts_at + _minutes(rules.check_in_minutes or 0) <= now:
        return BookingStatus.ENDED
    grace_over = row.leaves_at + _minutes(rules.grace_minutes)
    if now < grace_over:
        return BookingStatus.ACTIVE
    if rules.at_end is AtEnd.END or grace_over + _minutes(rules.overstay_minutes) <= now:
        return BookingStatus.ENDED
    return BookingStatus.OVERSTAYED


class Bound(StrEnum):
    """Why one has to leave by a time at the latest."""

    LONGEST = "longest"
    """The longest stay that the site allows."""
    NEXT = "next"
    """The next booking of the spot begins."""
    DAY = "day"
    """The holder has no more on that day."""
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Latest:
    """Until when one may stay, and why not longer."""

    at: datetime
    bound: Bound


Span = tuple[datetime, datetime]
"""From when to when; the end is not in it."""


def latest_leave(
    starts_at: datetime,
    rules: ChargingRules,
    zone: str,
    *,
    next_at: datetime | None = None,
    used: Sequence[Span] = (),
) -> Latest:
    """Until when a stay that begins then may last at most. `next_at` is the begin of the next
    booking of the spot, `used` are the holder's other stays. When nothing is left the time is not
    after the begin."""
    found = Latest(starts_at + _minutes(rules.max_stay_minutes), Bound.LONGEST)
    limits = ((rules.day_minutes, 1, Bound.DAY), (rules.week_minutes, 7, Bound.WEEK))
    for minutes, days, bound in limits:
        if minutes is not None:
            at = _limit(starts_at, found.at, _minutes(minutes), days, zone, used)
            found = Latest(at, bound) if at < found.at else found
    if next_at is not None and next_at < found.at:
        return Latest(next_at, Bound.NEXT)
    return found


def _limit(
    starts_at: datetime,
    end: datetime,
    most: timedelta,
    days: int,
    zone: str,
    used: Sequence[Span],
) -> datetime:
    """Until when a stay may last if in each period of so many days only so much is left; not
    after `end`. A stay over midnight counts for both days."""
    at = starts_at
    while at < end:
        period = period_of(at, zone, days)
        left = most - used_in(period, used)
        until = min(end, period[1])
        if until - at > left:
            return at + max(left, timedelta())
        at = until
    return end


def period_of(at: datetime, zone: str, days: int) -> Span:
    """The site's calendar day (1) or week from Monday (7) in which this moment is."""
    first = today(at, zone)
    if days == 7:
        first -= timedelta(days=first.weekday())
    return begins(first, zone), begins(first + timedelta(days=days), zone)


def used_in(period: Span, used: Iterable[Span]) -> timedelta:
    """How much of these stays is in the period."""
    low, high = period
    parts = (min(end, high) - max(start, low) for start, end in used)
    return sum((part for part in parts if part > timedelta()), timedelta())


def check_leave(
    starts_at: datetime,
    leaves_at: datetime,
    now: datetime,
    latest: Latest,
    rules: ChargingRules,
    zone: str,
) -> None:
    """Let pass only a time to leave that is still to come, and not after the latest one.

    Raises:
        TooShort: it is not after now and the begin.
        StayTooLong, SpotTaken, LimitReached: the latest is earlier, for its reason.
    """
    if leaves_at <= max(now, starts_at):
        raise TooShort
    if leaves_at <= latest.at:
        return
    until = clock_time(latest.at, now, zone)
    match latest.bound:
        case Bound.LONGEST:
            raise StayTooLong(until)
        case Bound.NEXT:
            raise SpotTaken(until)
        case Bound.DAY:
            raise _limit_reached(rules.day_minutes, "day", latest.at > starts_at, until)
        case Bound.WEEK:
            raise _limit_reached(rules.week_minutes, "week", latest.at > starts_at, until)


def _limit_reached(minutes: int | None, period: str, some: bool, until: str) -> LimitReached:
    most = f"You may book {duration(minutes or 0)} in one {period} here."
    rest = f"Leave by {until}." if some else "You have used that up for now."
    return LimitReached(f"{most} {rest}", period)


def duration(minutes: int) -> str:
    """So many minutes in words: `45 min`, `4 h`, `1 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    words = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return " ".join(words)


def overlap(one: Span, other: Span) -> bool:
    """Whether two stays have any time in common: one may begin when the other ends."""
    return one[0] < other[1] and other[0] < one[1]


def longest_while_waiting(stated_at: datetime | None, rules: ChargingRules) -> datetime | None:
    """Until when a stay may be extended at most while others wait; None when not at all."""
    if stated_at is None or not rules.extend_while_waiting_minutes:
        return None
    return stated_at + _minutes(rules.extend_while_waiting_minutes)


def leave_time(text: str, now: datetime, zone: str) -> datetime:
    """The next moment after now at which the site's clocks show this time, such as `14:30`: today
    or tomorrow. A time that the clocks skip is the moment to which they jump; of one that they
    show twice it is the first that is still to come.

    Raises:
        BadInput: it is no time of day.
    """
    shown = check_time_of_day(text, "leaves_at")
    if not shown:
        raise BadInput("Write a time of day like 14:30.", field="leaves_at")
    where = ZoneInfo(zone)
    first = now.astimezone(where).date()
    for day in (first, first + timedelta(days=1), first + timedelta(days=2)):
        found = [at for at in _moments(day, shown, where) if at > now]
        if found:
            return found[0]
    raise AssertionError("a day has no such time")


def _moments(day: date, shown: str, zone: ZoneInfo) -> list[datetime]:
    """When the clocks show this time on that day: once, twice, or the moment they jump over it."""
    wall = datetime.combine(day, time.fromisoformat(shown))
    both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    first, second = both
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return sorted(set(both))
    # skipped: fold 1 is before the jump, fold 0 after it, and the jump is in between
    low, high = second, first
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (
            (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
        )
    return [high]


def clock_time(at: datetime, now: datetime, zone: str) -> str:
    """How a message says a time: `14:20`, `00:30 tomorrow`, `14:20 on Tue 3 Mar`; by the site's
    clocks."""
    where = ZoneInfo(zone)
    local, day = at.astimezone(where), now.astimezone(where).date()
    shown = f"{local:%H:%M}"
    match (local.date() - day).days:
        case 0:
            return shown
        case 1:
            return f"{shown} tomorrow"
        case _:
            return f"{shown} on {local:%a} {local.day} {local:%b}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One place in the line, as far as the order goes."""

    wait_id: int
    holder: str
    first: bool
    signed_in: bool
    joined_at: datetime


def in_order(
    line: Iterable[Waiting], priority: Priority, used: Mapping[str, timedelta] | None = None
) -> list[Waiting]:
    """Who is offered a spot first. `used` says how long each holder has charged in the last seven
    days; who is missing there has not."""
    known = used or {}

    def place(one: Waiting) -> tuple[object, ...]:
        by_rule: object = 0
        if priority is Priority.SIGNED_IN:
            by_rule = not one.signed_in
        elif priority is Priority.LEAST_USED:
            by_rule = known.get(one.holder, timedelta())
        return (not one.first, by_rule, one.joined_at, one.wait_id)

    return sorted(line, key=place)


def _minutes(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)
