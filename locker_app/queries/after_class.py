"""What a queue's staff look back on: waits, times of service, by hour, by group, by who helped.

Tickets count on the day on which they ended, by the clocks of the site; hours are those in which
they were taken. What the database has summed up (`queries.ticket_sums`) is put together here.

All figures are exact to the second: a median, or what nine of ten did not exceed, is how long one
of them took.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import accumulate
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from locker_app.db.tables import staff
from locker_app.domain.days import piece, span
from locker_app.domain.queues import TicketStatus
from locker_app.domain.waits import Pace
from locker_app.queries.ticket_sums import sums_of
from locker_app.queries.waits import pace_of

MAX_GROUPS = 200
"""How many groups a page shows, those that came most often first; the file has all."""
BUCKETS = (5, 10, 20, 30, 60)
"""Where the bars of the waits end, in minutes; the last bar has no end."""
_BY_STAFF = frozenset({TicketStatus.DONE.value, TicketStatus.NO_SHOW.value})
"""What staff do with a ticket: one that was left or cleared nobody has helped."""
_SUMMED = attrgetter("tickets", "done", "no_show", "waited", "wait", "served", "service")

Spread = list[tuple[int, int]]
"""Seconds, and how many took so long; the shortest first."""


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
    """Of whom each helped, and who did not come to them: nothing that was left or cleared."""
    pace: Pace
    """How good the last estimates of the queue were, whatever days are looked back on."""

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


def after_class(conn: Connection, head: Any, now: datetime, first: date, last: date) -> AfterClass:
    """What became of the tickets that ended from the first day to the last, of the queue whose
    row (`helm.queue_head`) is given.

    Raises:
        BadInput: as `days.span`.
    """
    start, end = span(first, last, head.time_zone)
    step, at = piece(start, end, head.time_zone), wall_clock(head.time_zone)
    by_time, by_wait, by_service, by_whom = sums_of(conn, head.id, start, end, step)
    waits = spread_of(by_wait)
    groups = sorted(_parts(by_whom, lambda row: row.text), key=_most_first)
    helped = [row for row in by_whom if row.first is not None and row.status in _BY_STAFF]
    names = {row.id: row.name for row in conn.execute(select(staff.c.id, staff.c.name))}
    return AfterClass(
        queue_id=head.id,
        name=head.name,
        time_zone=head.time_zone,
        first=first,
        last=last,
        counts=counts_of(by_whom),
        waits=times_of(waits),
        services=times_of(spread_of(by_service)),
        wait_bars=_bars(waits),
        by_hour=_parts(by_time, lambda row: f"{at(row.first * step).hour:02}:00"),
        by_day=_parts(by_time, lambda row: at(row.second * step).date().isoformat()),
        by_group=groups[:MAX_GROUPS],
        groups=len(groups),
        by_staff=[
            replace(part, key=names.get(int(part.key), ""))
            for part in sorted(_parts(helped, lambda row: str(row.first)), key=_most_first)
        ],
        pace=pace_of(conn, head.id, now),
    )


def wall_clock(zone: str) -> Callable[[int], datetime]:
    """What the clocks of the site show at a time, given in seconds since 1970."""
    here = ZoneInfo(zone)
    return lru_cache(maxsize=None)(lambda seconds: datetime.fromtimestamp(seconds, here))


def spread_of(sums: list[Any]) -> Spread:
    """How many took how long. A clock that was set back in between makes it no time at all."""
    many: Counter[int] = Counter()
    for row in sums:
        many[max(0, row.first)] += row.tickets
    return sorted(many.items())


def counts_of(sums: list[Any]) -> dict[str, int]:
    """How many ended in each way."""
    counts: Counter[str] = Counter()
    for row in sums:
        counts[row.status] += row.tickets
    return dict(counts)


def times_of(spread: Spread) -> Times:
    """What there is to say of so many times."""
    count = sum(many for _, many in spread)
    if not count:
        return Times(0, 0, 0, 0, 0)
    total = sum(seconds * many for seconds, many in spread)
    median, p90 = _ranked(spread, (count + 1) // 2), _ranked(spread, -(-count * 9 // 10))
    return Times(count, round(total / count), median, p90, spread[-1][0])


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
        sum(map(int, column)) for column in zip(*map(_SUMMED, rows), strict=True)
    )
    mean_wait = round(wait / waited) if waited else 0
    return Part(key, tickets, done, no_show, mean_wait, round(service / served) if served else 0)


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
