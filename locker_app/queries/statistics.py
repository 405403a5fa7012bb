"""How a site was used on some days: who looks sees figures, and nobody's name.

Days that are over are kept as sums (`db.tables.day_sums`), which the database adds up; the day
that it is, and days that are not kept yet, are reckoned from what is there (`day_reckoning`).

Days that are not over count up to now, and days before there was anything don't count at all.
Claims that go on are held, and their length is not known. Lengths are counted by the minute, from
an hour on by five and from half a day on by thirty: a median is the mean of those counted with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from locker_app.db.tables import bank, locker, queue
from locker_app.domain.day_sums import What
from locker_app.domain.days import check_past, span
from locker_app.domain.lockers import WaitOutcome
from locker_app.domain.queues import TicketStatus
from locker_app.queries.after_class import Times
from locker_app.queries.charging_use import Charging, charging_of
from locker_app.queries.days_summed import (
    Days,
    Hour,
    Sums,
    bars_in,
    lengths_of,
    mean_held,
)
from locker_app.queries.sites import BankCounts, SiteView, bank_counts

STAYS = (15, 30, 60, 120, 240, 480, 1440)
"""Where the bars of the stays end, in minutes; the last bar has no end."""
WAITS = (5, 15, 30, 60, 120)


@dataclass(frozen=True, slots=True)
class Day:
    """A day at the site."""

    day: date
    assigned: int
    given_back: int
    refused: int


@dataclass(frozen=True, slots=True)
class Bank:
    """How much a bank was used."""

    bank_id: int
    name: str
    doors: int
    """Those that it has now: none, when it was taken out of use."""
    archived: bool
    assigned: int
    held: float
    """How many of its lockers were held, on average, day and night."""
    percent: float
    """Of the doors that it had in this time."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a line for help was used."""

    queue_id: int
    name: str
    joined: int
    """Tickets that were taken in this time; what follows is of those that ended in it."""
    done: int
    no_show: int
    left: int
    """By themselves, or because the line was cleared."""
    waits: Times
    services: Times


@dataclass(frozen=True, slots=True)
class LineDay:
    """A day in a line for help on which anybody joined or was helped."""

    day: date
    queue_id: int
    name: str
    joined: int
    done: int
    no_show: int
    left: int
    mean_wait: int
    """In seconds, of those called that day."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """How a site was used."""

    site_id: int
    name: str
    time_zone: str
    first: date
    last: date
    now: list[BankCounts]
    by_hour: list[Hour]
    """The 24 hours, of those that there were."""
    by_weekday: list[Hour]
    by_day: list[Day]
    assigned: int
    refused: int
    refusals: dict[str, int]
    """Why, by code; the commonest first."""
    stays: Times
    """Of claims that ended on these days."""
    stay_bars: list[int]
    open: int
    """How many claims went on at the end of these days, or go on now."""
    banks: list[Bank]
    waits: Times
    """In waiting lists, until the locker was taken."""
    wait_bars: list[int]
    wait_outcomes: dict[str, int]
    lines: list[Line]
    line_days: list[LineDay]
    charging: Charging

    @property
    def held(self) -> float:
        """How many lockers were held on average."""
        return round(sum(bank.held for bank in self.banks), 2)


def statistics(
    conn: Connection, site: SiteView, now: datetime, first: date, last: date
) -> Statistics:
    """How the site was used from the first day to the last.

    Raises:
        BadInput: as `days.span` and `days.check_past`.
    """
    span(first, last, site.time_zone)
    check_past(last, now, site.time_zone)
    of = Days(conn, site, now, first, last)
    hours = of.sums(What.HOUR, "weekday", "at")
    banks = of.sums(What.BANK, "of")
    refusals: Counter[str] = Counter()
    for (queue_id, code), (many, _) in of.sums(What.REFUSED, "of", "name").items():
        if not queue_id:
            refusals[code] += many
    waits = of.sums(What.WAIT, "at", "name")
    took = {(at,): sums for (at, how), sums in waits.items() if how == WaitOutcome.TOOK_LOCKER}
    outcomes: Counter[str] = Counter()
    for (_, how), (many, _) in waits.items():
        outcomes[how] += many
    stays = of.sums(What.STAY, "at")
    lines = list(_lines(conn, site, of))
    return Statistics(
        site_id=site.id,
        name=site.name,
        time_zone=site.time_zone,
        first=first,
        last=last,
        now=bank_counts(conn, site.id, now),
        by_hour=list(mean_held(hours, lambda weekday, hour: (None, hour))),
        by_weekday=list(mean_held(hours, lambda weekday, hour: (weekday, hour))),
        by_day=list(_days(of)),
        assigned=sum(many for many, _ in banks.values()),
        refused=refusals.total(),
        refusals=dict(refusals.most_common()),
        stays=lengths_of(stays),
        stay_bars=bars_in(stays, STAYS),
        open=of.open(),
        banks=list(_banks(conn, site, of, banks)),
        waits=lengths_of(took),
        wait_bars=bars_in(took, WAITS),
        wait_outcomes=dict(outcomes),
        lines=lines,
        line_days=list(_line_days(of, {line.queue_id: line.name for line in lines})),
        charging=charging_of(conn, site.id, of, hours),
    )


def _days(of: Days) -> Iterator[Day]:
    begun, ended = of.sums(What.BANK, "day"), of.sums(What.ENDED, "day")
    refused = {
        day: sums for (day, of_), sums in of.sums(What.REFUSED, "day", "of").items() if not of_
    }
    for day in of.days():
        n = day.toordinal()
        yield Day(
            day,
            begun.get((n,), (0, 0))[0],
            ended.get((n,), (0, 0))[0],
            refused.get(n, (0, 0))[0],
        )


def _banks(conn: Connection, site: SiteView, of: Days, sums: Sums) -> Iterator[Bank]:
    """The banks, those that were held most first; those out of use only if they were used."""
    seconds = int(of.until.timestamp()) - int(of.start.timestamp())
    had, has = _doors(conn, site.id, of)
    b = bank.c
    made = []
    for row in conn.execute(select(b.id, b.name, b.archived_at).where(b.site_id == site.id)):
        many, held = sums.get((row.id,), (0, 0))
        if row.archived_at is not None and not held and not many:
            continue
        mean = held / seconds if seconds else 0.0
        percent = min(100.0, round(100 * held / had[row.id], 1)) if had[row.id] else 0.0
        archived = row.archived_at is not None
        made.append(Bank(row.id, row.name, has[row.id], archived, many, round(mean, 2), percent))
    return iter(sorted(made, key=lambda one: (-one.percent, -one.assigned, one.bank_id)))


def _doors(conn: Connection, site_id: int, of: Days) -> tuple[Counter[int], Counter[int]]:
    """For how many seconds each bank had doors in this time, and how many it has now."""
    start, until = of.start.timestamp(), of.until.timestamp()
    rows = select(locker.c.bank_id, locker.c.retired_at, func.count().label("doors"))
    rows = rows.join(bank, bank.c.id == locker.c.bank_id).where(bank.c.site_id == site_id)
    had: Counter[int] = Counter()
    has: Counter[int] = Counter()
    for row in conn.execute(rows.group_by(locker.c.bank_id, locker.c.retired_at)):
        end = until if row.retired_at is None else min(until, row.retired_at.timestamp())
        had[row.bank_id] += int(row.doors * max(0.0, end - start))
        has[row.bank_id] += row.doors if row.retired_at is None else 0
    return had, has


def _lines(conn: Connection, site: SiteView, of: Days) -> Iterator[Line]:
    """The lines for help, as they are set up."""
    joined, ended = of.sums(What.JOINED, "of"), of.sums(What.TICKET, "of", "name")
    waits, services = (of.sums(what, "of", "at") for what in (What.LINE_WAIT, What.LINE_HELP))
    q = queue.c
    for row in conn.execute(select(q.id, q.name).where(q.site_id == site.id).order_by(q.id)):
        done, no_show, left = _ways(
            {how: n for (of_, how), (n, _) in ended.items() if of_ == row.id}
        )
        yield Line(
            row.id,
            row.name,
            joined.get((row.id,), (0, 0))[0],
            *(done, no_show, left),
            *(
                lengths_of({(at,): two for (of_, at), two in sums.items() if of_ == row.id})
                for sums in (waits, services)
            ),
        )


def _line_days(of: Days, names: dict[int, str]) -> Iterator[LineDay]:
    joined, waits = of.sums(What.JOINED, "day", "of"), of.sums(What.LINE_WAIT, "day", "of")
    ended: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for (day, queue_id, how), (many, _) in of.sums(What.TICKET, "day", "of", "name").items():
        ended[day, queue_id][how] = many
    for day, queue_id in sorted({*joined, *ended}):
        called, seconds = waits.get((day, queue_id), (0, 0))
        yield LineDay(
            date.fromordinal(day),
            queue_id,
            names.get(queue_id, ""),
            joined.get((day, queue_id), (0, 0))[0],
            *_ways(ended[day, queue_id]),
            round(seconds / called) if called else 0,
        )


def _ways(ended: dict[str, int]) -> tuple[int, int, int]:
    done, no_show = (ended.get(way.value, 0) for way in (TicketStatus.DONE, TicketStatus.NO_SHOW))
    return done, no_show, sum(ended.values()) - done - no_show
