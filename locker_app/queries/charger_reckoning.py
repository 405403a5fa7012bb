"""What one day comes to at a site's charging spots, reckoned from bookings, the line and the log.

A stay counts on the day on which it ended, and what it used in the hours in which it did. One that
moved counts for the spot where it was last.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from locker_app.db.seconds import seconds_between, seconds_of
from locker_app.db.tables import booking, charger_wait, event
from locker_app.domain.day_sums import Sum, What
from locker_app.domain.days import piece
from locker_app.queries.event_filter import REFUSED
from locker_app.queries.minutes import BY_FIVE, by_minute
from locker_app.queries.past_stays import IS_STAY, WAS_STAY

_B, _W, _E = booking.c, charger_wait.c, event.c
_LONGEST = timedelta(days=15)
"""No stay lasts longer: a week may be allowed, and a week may be overstayed."""
IN, OUT = "in", "out"
"""Whether a stay ended within the range that was forecast."""


def reckon_chargers(
    conn: Connection, site_id: int, zone: str, day: date, start: datetime, until: datetime
) -> Iterator[Sum]:
    """All sums of the charging spots of a day, from when to when it has gone."""
    n = day.toordinal()
    yield from _used(conn, site_id, zone, n, start, until)
    yield from _ended(conn, site_id, n, start, until)
    yield from _forecasts(conn, site_id, n, start, until)
    waited = seconds_between(_W.joined_at, _W.ended_at)
    here = (_W.site_id == site_id, _W.ended_at >= start, _W.ended_at < until)
    for row in by_minute(conn, waited, *here, name=func.coalesce(_W.outcome, "")):
        yield Sum(What.SPOT_WAIT, n, 0, row.minute, row.name, row.many, int(row.seconds))
    code = _E.details["code"].as_string()
    refused = select(code.label("code"), func.count().label("many")).where(
        *(_E.site_id == site_id, _E.kind == REFUSED, _E.at >= start, _E.at < until),
        *(_E.charger_id.is_not(None), _E.actor_kind != "staff"),
    )
    for row in conn.execute(refused.group_by("code")):
        yield Sum(What.SPOT_REFUSED, n, 0, 0, row.code or "", row.many, 0)


def _used(
    conn: Connection, site_id: int, zone: str, n: int, start: datetime, until: datetime
) -> Iterator[Sum]:
    """How long the spots were used, in each hour and each of them; how many stays began."""
    begin, stop = int(start.timestamp()), int(until.timestamp())
    step, here = piece(start, until, zone), ZoneInfo(zone)
    hours: Counter[int] = Counter()
    spots: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for spot, is_new, since, to in _stays(conn, site_id, start, until):
        both = spots[spot]
        both[0] += is_new
        at, end = max(begin, since), stop if to is None else min(stop, to)
        both[1] += max(0, end - at)
        while at < end:
            number = at // step
            edge = min(end, (number + 1) * step)
            hours[datetime.fromtimestamp(number * step, here).hour] += edge - at
            at = edge
    for hour, seconds in hours.items():
        yield Sum(What.SPOT_HOUR, n, 0, hour, "", 0, seconds)
    for spot, (many, seconds) in spots.items():
        yield Sum(What.SPOT, n, spot, 0, "", many, seconds)


def _stays(
    conn: Connection, site_id: int, start: datetime, until: datetime
) -> list[tuple[int, int, int, int | None]]:
    """The stays that had any of this time: on which spot, whether they began in it (1), and from
    when to when in seconds, which are rounded."""
    is_new = case((_B.starts_at >= start, 1), else_=0)
    times = seconds_of(_B.starts_at), seconds_of(_B.ended_at)
    rows = select(_B.charger_id, is_new, *times).where(
        *(_B.site_id == site_id, _B.starts_at >= start - _LONGEST, _B.starts_at < until),
        or_(IS_STAY, and_(WAS_STAY, _B.ended_at > start)),
    )
    return [(spot, new, since, to) for spot, new, since, to in conn.execute(rows)]


def _ended(
    conn: Connection, site_id: int, n: int, start: datetime, until: datetime
) -> Iterator[Sum]:
    here = (_B.site_id == site_id, _B.ended_at >= start, _B.ended_at < until)
    # offers have never said when they leave
    ways = select(_B.end_cause, func.count().label("many")).where(*here, _B.stated_at.is_not(None))
    for row in conn.execute(ways.group_by(_B.end_cause)):
        yield Sum(What.SPOT_ENDED, n, 0, 0, row.end_cause or "", row.many, 0)
    took = seconds_between(_B.starts_at, _B.ended_at)
    for row in by_minute(conn, took, *here, WAS_STAY, steps=BY_FIVE):
        yield Sum(What.SPOT_STAY, n, 0, row.minute, "", row.many, int(row.seconds))
    late = seconds_between(_B.leaves_at, _B.ended_at)
    over = (*here, WAS_STAY, _B.overstayed_at.is_not(None))
    for row in by_minute(conn, late, *over, steps=BY_FIVE):
        yield Sum(What.SPOT_OVER, n, 0, row.minute, "", row.many, int(row.seconds))


def _forecasts(
    conn: Connection, site_id: int, n: int, start: datetime, until: datetime
) -> Iterator[Sum]:
    here = (_B.site_id == site_id, _B.ended_at >= start, _B.ended_at < until, WAS_STAY)
    said = (_B.likely_at.is_not(None), _B.low_at.is_not(None), _B.high_at.is_not(None))
    off = seconds_between(_B.likely_at, _B.ended_at)
    inside: ColumnElement[Any] = case(
        (and_(_B.ended_at >= _B.low_at, _B.ended_at <= _B.high_at), IN), else_=OUT
    )
    for row in by_minute(conn, func.abs(off), *here, *said, name=inside, steps=BY_FIVE):
        yield Sum(What.SPOT_FORECAST, n, 0, row.minute, row.name, row.many, int(row.seconds))
