"""Calendar days at a site: when they begin, and by how much its clocks differ from UTC.

Whatever is counted by day or by hour is counted by the clocks on the site's walls, also on the two
days of a year on which they are changed.
"""

from datetime import UTC, date, datetime, time, timedelta
from math import gcd
from zoneinfo import ZoneInfo

from locker_app.domain.errors import BadInput

MAX_DAYS = 400
"""How many days one look back may cover."""
YEARS = range(2000, 2200)


def today(now: datetime, zone: str) -> date:
    """Which day it is at the site."""
    return now.astimezone(ZoneInfo(zone)).date()


def begins(day: date, zone: str) -> datetime:
    """The moment at which the day begins at the site, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def span(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """From when to when the days from the first to the last are, in UTC; the end is not in it.

    Raises:
        BadInput: the last is before the first, they are too many, or of another century.
    """
    if first.year not in YEARS or last.year not in YEARS:
        raise BadInput(f"Choose days from {YEARS[0]} on.", field="first")
    if last < first:
        raise BadInput("The last day is before the first.", field="last")
    if (last - first).days >= MAX_DAYS:
        raise BadInput(f"Choose up to {MAX_DAYS} days.", field="last")
    return begins(first, zone), begins(last + timedelta(days=1), zone)


def check_past(last: date, now: datetime, zone: str) -> None:
    """Look back on days that have come.

    Raises:
        BadInput: the last of them has not.
    """
    if last > today(now, zone):
        raise BadInput("Choose days up to today: later ones are still to come.", field="last")


def piece(start: datetime, end: datetime, zone: str) -> int:
    """How many seconds a piece of time has, counted from 1970 in UTC, if none is to lie on both
    sides of a full hour at the site: an hour in most zones, half or a quarter of one in some."""
    found = offsets(start, end, zone)
    changes = (int(change.timestamp()) for change, _ in found[1:])
    return gcd(3600, *(ahead for _, ahead in found), *changes)


def offsets(start: datetime, end: datetime, zone: str) -> list[tuple[datetime, int]]:
    """By how many seconds the site's clocks are ahead of UTC, from when on: one entry at `start`
    and one for each change before `end`."""
    here = ZoneInfo(zone)
    found = [(start, _offset(start, here))]
    while found[-1][0] < end:
        since, offset = found[-1]
        change = _next_change(since, end, offset, here)
        if change is None:
            break
        found.append((change, _offset(change, here)))
    return found


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _next_change(since: datetime, end: datetime, offset: int, zone: ZoneInfo) -> datetime | None:
    """The first minute after `since` with another offset: found by the day, then by halves."""
    before, after = since, since
    while after < end and _offset(after, zone) == offset:
        before, after = after, after + timedelta(days=1)
    if _offset(after, zone) == offset:
        return None
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    changed = after.replace(second=0, microsecond=0)
    return changed if changed < end else None
