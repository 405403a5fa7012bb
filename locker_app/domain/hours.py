"""Opening hours by the clock on the wall: is it open, when does that change, when does a day begin.

Hours are rows of weekday (0 is Monday), beginning and end: `(0, "09:00", "12:30")`; an end of
`24:00` is midnight. They follow the wall clock of the site. On the nights when clocks change, an
hour that the wall clock skips is skipped, and one that it shows twice counts both times.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from locker_app.domain.errors import BadInput

Hours = Sequence[Sequence[int | str]]

MAX_SPANS = 50
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_WRITTEN = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?")
_INSTANT = timedelta(microseconds=1)
_DAYS_AHEAD = 16
"""Two weeks and a bit: hours that fall into the hour that a clock skips come a week later."""
_MOST_CHANGES = 200
"""How many openings and closings are looked at, at most, to add up time: months of them."""


def check_hours(hours: Hours) -> list[list[int | str]]:
    """The hours, sorted, as they are stored.

    Raises:
        BadInput: a row can't be read, ends before it begins, or overlaps with another of its day.
    """
    if len(hours) > MAX_SPANS:
        raise BadInput("That is too many opening hours.", field="hours")
    spans = sorted((_check_span(span) for span in hours), key=lambda span: (span[0], str(span[1])))
    for (day, begins, ends), (same_day, later, later_ends) in pairwise(spans):
        if day == same_day and str(later) < str(ends):
            both = f"{begins}-{ends} and {later}-{later_ends}"
            raise BadInput(f"Opening hours of one day can't overlap: {both}.", field="hours")
    return spans


def check_time_of_day(text: str, field: str) -> str:
    """A time of day such as `04:00`, tidied, as `4:00` and `4` are; empty for none.

    Raises:
        BadInput: it is neither.
    """
    text = text.strip()
    written = _WRITTEN.fullmatch(text)
    if written is not None:
        text = f"{written[1]:0>2}:{written[2] or '00'}"
    if text and not _CLOCK.fullmatch(text):
        raise BadInput("Write a time of day like 04:00.", field=field)
    return text


def _check_span(span: Sequence[int | str]) -> list[int | str]:
    if len(span) != 3:
        raise BadInput("Opening hours are a day, a beginning and an end.", field="hours")
    day, begins, ends = span
    if not isinstance(day, int) or isinstance(day, bool) or not 0 <= day <= 6:
        raise BadInput("A day is a number from 0, Monday, to 6, Sunday.", field="hours")
    if not _CLOCK.fullmatch(str(begins)) or not (ends == "24:00" or _CLOCK.fullmatch(str(ends))):
        raise BadInput("Write opening hours like 09:00 and 12:30.", field="hours")
    if str(ends) <= str(begins):
        raise BadInput("Opening hours end after they begin, by 24:00 at the latest.", field="hours")
    return [day, str(begins), str(ends)]


def is_open(hours: Hours, local: datetime) -> bool:
    """Whether the hours include this moment of the wall clock."""
    shown = local.strftime("%H:%M")
    return any(
        day == local.weekday() and str(begins) <= shown < str(ends) for day, begins, ends in hours
    )


def is_open_at(hours: Hours, at: datetime, zone: str) -> bool:
    """Whether it is open at this instant, in the site's time zone."""
    return is_open(hours, at.astimezone(ZoneInfo(zone)))


def next_change(hours: Hours, after: datetime, zone: str) -> datetime | None:
    """The first instant after this one when it opens or closes; None when it never does."""
    where = ZoneInfo(zone)
    first = after.astimezone(where).date() - timedelta(days=1)
    days = [first + timedelta(days=n) for n in range(_DAYS_AHEAD + 2)]
    changes = {*_edges(hours, days, where), *_jumps(days, where)}
    for at in sorted(at for at in changes if at > after):
        if is_open_at(hours, at, zone) != is_open_at(hours, at - _INSTANT, zone):
            return at
    return None


def next_opening(hours: Hours, after: datetime, zone: str) -> datetime | None:
    """The first instant after this one when it opens; None when it never does."""
    at = next_change(hours, after, zone)
    if at is not None and not is_open_at(hours, at, zone):
        at = next_change(hours, at, zone)
    return at


def next_closing(hours: Hours, after: datetime, zone: str) -> datetime | None:
    """The first instant after this one when it closes; None when it never does."""
    at = next_change(hours, after, zone)
    if at is not None and is_open_at(hours, at, zone):
        at = next_change(hours, at, zone)
    return at


def after_open_time(hours: Hours, since: datetime, length: timedelta, zone: str) -> datetime:
    """When so much time has passed while it was open; without hours it always is."""
    at, left = since, length
    for _ in range(_MOST_CHANGES if hours else 0):
        change = next_change(hours, at, zone)
        if change is None:
            break
        if is_open_at(hours, at, zone):
            if change - at >= left:
                break
            left -= change - at
        at = change
    return at + left


def next_time_of_day(shown: str, after: datetime, zone: str) -> datetime:
    """When the wall clock shows this time next, once a day: a time that the clock skips is as long
    after midnight as on other days, and of one that it shows twice the first counts."""
    where = ZoneInfo(zone)
    today = after.astimezone(where).date()
    days = (today + timedelta(days=n) for n in range(-1, 4))
    return next(at for day in days if (at := _instant(day, shown, where)) > after)


def day_began(now: datetime, zone: str) -> datetime:
    """The midnight with which the site's present day began."""
    where = ZoneInfo(zone)
    return _instant(now.astimezone(where).date(), "00:00", where)


def _edges(hours: Hours, days: Iterable[date], zone: ZoneInfo) -> Iterator[datetime]:
    for day in days:
        for weekday, begins, ends in hours:
            if weekday == day.weekday():
                for shown in (str(begins), str(ends)):
                    yield from (_instant(day, shown, zone, fold=fold) for fold in (0, 1))


def _instant(day: date, shown: str, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    if shown == "24:00":
        day, shown = day + timedelta(days=1), "00:00"
    wall = datetime.combine(day, time.fromisoformat(shown), zone).replace(fold=fold)
    return wall.astimezone(UTC)


def _jumps(days: Sequence[date], zone: ZoneInfo) -> Iterator[datetime]:
    """The instants when the clocks are changed in these days."""
    at, end = (_instant(day, "00:00", zone) for day in (days[0], days[-1]))
    while at < end:
        later = at + timedelta(hours=12)
        if _offset(at, zone) != _offset(later, zone):
            yield _jump(at, later, zone)
        at = later


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    old = _offset(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
