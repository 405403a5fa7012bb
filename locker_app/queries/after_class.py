"""What a queue's staff look back on: waits, times of service, by hour, by group, by who helped.

All sums are made by the database, in four passes over the tickets. Tickets count on the day on
which they ended, by the clocks of the site; hours are those in which they were taken.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    case,
    func,
    literal,
    select,
)

from locker_app.db.seconds import seconds_between, seconds_of
from locker_app.db.tables import staff, ticket
from locker_app.domain.days import offsets, span
from locker_app.domain.queues import TicketStatus

MAX_GROUPS = 200
"""How many groups a page shows, those that came most often first; the file has all."""
BUCKETS = (5, 10, 20, 30, 60)
"""Where the bars of the waits end, in minutes; the last bar has no end."""
_T = ticket.c
_DAY = 86_400

Spread = list[tuple[int, int]]
"""Seconds, and how many took as long; the shortest first."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds; all 0 when `count` is."""

    count: int
    mean: int
    median: int
    p90: int
    """Nine of ten took no longer."""
    longest: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the tickets: those of one hour, day, group or staff member."""

    key: str
    tickets: int
    done: int
    no_show: int
    mean_wait: int
    mean_service: int


@dataclass(frozen=True, slots=True)
class AfterClass:
    """What became of the tickets that ended on some days."""

    queue_id: int
    name: str
    time_zone: str
    first: date
    last: date
    counts: dict[str, int]
    """How many ended in each way, by the value of `TicketStatus`."""
    waits: Times
    services: Times
    wait_bars: list[int]
    """How many waited up to each of `BUCKETS`, and longer than all of them."""
    by_hour: list[Part]
    by_day: list[Part]
    by_group: list[Part]
    groups: int
    """How many groups there were; `by_group` may have fewer."""
    by_staff: list[Part]

    @property
    def tickets(self) -> int:
        """How many ended."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many were helped."""
        return self.counts.get(TicketStatus.DONE.value, 0)

    @property
    def no_shows(self) -> int:
        """How many were called and did not come."""
        return self.counts.get(TicketStatus.NO_SHOW.value, 0)


def after_class(conn: Connection, head: Any, first: date, last: date) -> AfterClass:
    """What became of the tickets that ended from the first day to the last, of the queue whose
    row (`helm.queue_head`) is given.

    Raises:
        BadInput: as `days.span`.
    """
    start, end = span(first, last, head.time_zone)
    rows = _rows(head.id, start, end, head.time_zone)
    by_time = _sums(conn, rows, rows.c.day, rows.c.hour)
    by_whom = _sums(conn, rows, rows.c.group_number, rows.c.staff_id, rows.c.status)
    waits, services = _spread(conn, rows, rows.c.wait), _spread(conn, rows, rows.c.service)
    groups = sorted(_parts(by_whom, lambda row: row.group_number), key=_most_first)
    helpers = [row for row in by_whom if row.staff_id is not None]
    names = {row.id: row.name for row in conn.execute(select(staff.c.id, staff.c.name))}
    return AfterClass(
        queue_id=head.id,
        name=head.name,
        time_zone=head.time_zone,
        first=first,
        last=last,
        counts=_counts(by_whom),
        waits=_times(waits),
        services=_times(services),
        wait_bars=_bars(waits),
        by_hour=_parts(by_time, lambda row: f"{row.hour:02}:00"),
        by_day=_parts(by_time, lambda row: _day(row.day)),
        by_group=groups[:MAX_GROUPS],
        groups=len(groups),
        by_staff=[
            replace(part, key=names.get(int(part.key), ""))
            for part in sorted(_parts(helpers, lambda row: str(row.staff_id)), key=_most_first)
        ],
    )


def _rows(queue_id: int, start: datetime, end: datetime, zone: str) -> Subquery:
    """The tickets that ended in this time, with what is reckoned of each."""
    shift = _shift(start, end, zone)
    done = _T.status == TicketStatus.DONE.value
    return (
        select(
            _T.status,
            _T.group_number,
            _T.staff_id,
            seconds_between(_T.joined_at, _T.called_at).label("wait"),
            case((done, seconds_between(_T.called_at, _T.ended_at))).label("service"),
            ((seconds_of(_T.joined_at) + shift(_T.joined_at)) // 3600 % 24).label("hour"),
            ((seconds_of(_T.ended_at) + shift(_T.ended_at)) // _DAY).label("day"),
        )
        .where(ended_between(queue_id, start, end))
        .subquery()
    )


def ended_between(queue_id: int, start: datetime, end: datetime) -> ColumnElement[bool]:
    """Whether a ticket of the queue ended in this time."""
    return and_(_T.queue_id == queue_id, _T.ended_at >= start, _T.ended_at < end)


def _shift(start: datetime, end: datetime, zone: str) -> Any:
    """By how many seconds the site's clocks were ahead of UTC when a time in a column was."""
    (_, before), *changes = offsets(start, end, zone)

    def ahead(column: ColumnElement[datetime]) -> ColumnElement[int]:
        if not changes:
            return literal(before)
        newest_first = [(column >= since, literal(by)) for since, by in reversed(changes)]
        return case(*newest_first, else_=literal(before))

    return ahead


def _sums(conn: Connection, rows: Subquery, *keys: ColumnElement[Any]) -> list[Any]:
    """Counts and sums for each combination of the keys."""
    sums = select(
        *keys,
        func.count().label("tickets"),
        _how_many(rows, TicketStatus.DONE).label("done"),
        _how_many(rows, TicketStatus.NO_SHOW).label("no_show"),
        func.count(rows.c.wait).label("waited"),
        func.coalesce(func.sum(rows.c.wait), 0).label("wait"),
        func.count(rows.c.service).label("served"),
        func.coalesce(func.sum(rows.c.service), 0).label("service"),
    )
    return list(conn.execute(sums.group_by(*keys)))


def _how_many(rows: Subquery, status: TicketStatus) -> ColumnElement[int]:
    return func.sum(case((rows.c.status == status.value, 1), else_=0))


def _spread(conn: Connection, rows: Subquery, seconds: ColumnElement[int]) -> Spread:
    """How many took how long."""
    known = select(seconds, func.count()).where(seconds.is_not(None))
    found = conn.execute(known.group_by(seconds).order_by(seconds))
    return [(max(0, row[0]), row[1]) for row in found]


def _counts(sums: list[Any]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in sums:
        counts[row.status] += row.tickets
    return dict(counts)


def _times(spread: Spread) -> Times:
    count = sum(many for _, many in spread)
    if not count:
        return Times(0, 0, 0, 0, 0)
    mean = round(sum(seconds * many for seconds, many in spread) / count)
    median, p90 = _ranked(spread, (count + 1) // 2), _ranked(spread, -(-count * 9 // 10))
    return Times(count, mean, median, p90, spread[-1][0])


def _ranked(spread: Spread, rank: int) -> int:
    """How long the one took that comes at this place, the shortest being at 1."""
    return next(
        seconds
        for (seconds, _), place in zip(spread, accumulate(many for _, many in spread), strict=True)
        if place >= rank
    )


def _bars(waits: Spread) -> list[int]:
    bars = [0] * (len(BUCKETS) + 1)
    for seconds, many in waits:
        bars[bisect_right(BUCKETS, seconds / 60)] += many
    return bars


def _parts(sums: list[Any], key: Callable[[Any], str]) -> list[Part]:
    """The sums put together by a key, in its order."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in sums:
        found[key(row)].append(row)
    return [_part(name, found[name]) for name in sorted(found)]


def _part(key: str, rows: list[Any]) -> Part:
    tickets, done, no_show, waited, wait, served, service = (
        int(sum(column)) for column in zip(*(row[-7:] for row in rows), strict=True)
    )
    mean_wait = round(wait / waited) if waited else 0
    return Part(key, tickets, done, no_show, mean_wait, round(service / served) if served else 0)


def _day(number: int) -> str:
    return datetime.fromtimestamp(int(number) * _DAY, UTC).date().isoformat()


def _most_first(part: Part) -> tuple[int, int, str]:
    """Those with equally many tickets in the order of numbers: 2 before 10."""
    return -part.tickets, len(part.key), part.key


def bar_names() -> Iterator[str]:
    """What the bars of the waits are called."""
    low = 0
    for edge in BUCKETS:
        yield f"{low}–{edge} min"
        low = edge
    yield f"over {low} min"
