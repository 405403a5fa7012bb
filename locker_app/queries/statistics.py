"""How a site was used on some days: who looks sees figures, and nobody's name.

The database counts claims by pieces of time in which they began and ended, and sums up when in the
piece that was. From that follows how many lockers were held at each moment, exactly: who comes in
a piece holds one for the rest of it, who goes leaves that rest free. Days and hours are those of
the clocks at the site, so the pieces never lie on both sides of a full hour there.

Days that are not over count up to now. Claims that go on are held, and their length is not known.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from locker_app.db.seconds import seconds_of
from locker_app.db.tables import assignment, bank, event, queue, wait
from locker_app.domain.days import piece, span
from locker_app.domain.lockers import WaitOutcome
from locker_app.queries.after_class import (
    Spread,
    Times,
    counts_of,
    spread_of,
    times_of,
    wall_clock,
)
from locker_app.queries.event_filter import REFUSED
from locker_app.queries.sites import BankCounts, SiteView, bank_counts
from locker_app.queries.ticket_sums import sums_of

STAYS = (15, 30, 60, 120, 240, 480, 1440)
"""Where the bars of the stays end, in minutes; the last bar has no end."""
WAITS = (5, 15, 30, 60, 120)
_A = assignment.c


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day, or of a weekday: how many lockers were held in it, on average."""

    weekday: int | None
    """From 0, Monday; None for all days together."""
    hour: int
    held: float


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
    assigned: int
    held: float
    """How many of its lockers were held, on average, day and night."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a line for help was used."""

    queue_id: int
    name: str
    tickets: int
    done: int
    no_show: int
    waits: Times
    services: Times


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

    @property
    def held(self) -> float:
        """How many lockers were held on average."""
        return sum(bank.held for bank in self.banks)


def statistics(
    conn: Connection, site: SiteView, now: datetime, first: date, last: date
) -> Statistics:
    """How the site was used from the first day to the last.

    Raises:
        BadInput: as `days.span`.
    """
    start, end = span(first, last, site.time_zone)
    until = max(start, min(end, now))
    step = piece(start, end, site.time_zone)
    begun, ended = (_by_piece(conn, site.id, at, start, until, step) for at in _BEGIN_AND_END)
    refused, why = _refusals(conn, site.id, start, until, step)
    hours = _hours(site, begun, ended, _open_at(conn, site.id, start), start, until, step)
    days = (begun, ended, refused)
    stays = list(_stays(conn, site.id, start, until))
    waited, outcomes = _waits(conn, site.id, start, until)
    stay_spread, wait_spread = _spread(stays), _spread(waited)
    counts = bank_counts(conn, site.id, now)
    return Statistics(
        site_id=site.id,
        name=site.name,
        time_zone=site.time_zone,
        first=first,
        last=last,
        now=counts,
        by_hour=list(_mean(hours, lambda weekday, hour: (None, hour))),
        by_weekday=list(_mean(hours, lambda weekday, hour: (weekday, hour))),
        by_day=list(_days(site, first, _last_day(site, last, until), days, step)),
        assigned=sum(row.many for row in begun.values()),
        refused=sum(refused.values()),
        refusals=dict(why.most_common()),
        stays=times_of(stay_spread),
        stay_bars=_bars(stay_spread, STAYS),
        open=_open_at(conn, site.id, until),
        banks=list(_banks(conn, site, counts, start, until)),
        waits=times_of(wait_spread),
        wait_bars=_bars(wait_spread, WAITS),
        wait_outcomes=outcomes,
        lines=list(_lines(conn, site, start, until, step)),
    )


_BEGIN_AND_END = (_A.assigned_at, _A.released_at)
Pieces = dict[int, Any]


def _by_piece(
    conn: Connection, site_id: int, at: Any, start: datetime, until: datetime, step: int
) -> Pieces:
    """How many claims began, or ended, in each piece of time, and the sum of the seconds."""
    read = (
        select(seconds_of(at).label("at"))
        .where(_A.site_id == site_id, at >= start, at < until, _A.assigned_at.is_not(None))
        .subquery()
    )
    rows = select(
        (read.c.at // step).label("piece"),
        func.count().label("many"),
        func.sum(read.c.at % step).label("into"),
    ).group_by("piece")
    return {row.piece: row for row in conn.execute(rows)}


def _open_at(conn: Connection, site_id: int, at: datetime) -> int:
    """How many claims there were at a moment."""
    still = or_(_A.released_at >= at, _A.released_at.is_(None))
    mine = and_(_A.site_id == site_id, _A.assigned_at < at)
    return conn.scalar(select(func.count()).select_from(assignment).where(mine, still)) or 0


_Hours = dict[tuple[int, int], list[float]]


def _hours(
    site: SiteView,
    begun: Pieces,
    ended: Pieces,
    held: int,
    start: datetime,
    until: datetime,
    step: int,
) -> _Hours:
    """For how many seconds lockers were held in each hour of each weekday, and how many seconds
    it had."""
    clock, found = wall_clock(site.time_zone), defaultdict[tuple[int, int], list[float]](_nothing)
    first, stop = int(start.timestamp()) // step, until.timestamp()
    for number in range(first, -(-int(stop) // step)):
        length = min(step, stop - number * step)
        seconds = held * length
        for rows, sign in ((begun, 1), (ended, -1)):
            if (row := rows.get(number)) is not None:
                seconds += sign * max(0, row.many * length - int(row.into))
                held += sign * row.many
        at = clock(number * step)
        sums = found[at.weekday(), at.hour]
        sums[0] += max(0.0, seconds)
        sums[1] += length
    return found


def _nothing() -> list[float]:
    return [0.0, 0.0]


def _mean(hours: _Hours, key: Any) -> Iterator[Hour]:
    sums: dict[Any, list[float]] = defaultdict(_nothing)
    for (weekday, hour), (held, time) in sorted(hours.items()):
        both = sums[key(weekday, hour)]
        both[0] += held
        both[1] += time
    for (weekday, hour), (held, time) in sorted(sums.items()):
        yield Hour(weekday, hour, round(held / time, 2) if time else 0.0)


def _days(
    site: SiteView, first: date, last: date, counted: tuple[Any, ...], step: int
) -> Iterator[Day]:
    clock = wall_clock(site.time_zone)
    by_day: list[Counter[date]] = [Counter(), Counter(), Counter()]
    for counts, pieces in zip(by_day, counted, strict=True):
        for number, row in pieces.items():
            counts[clock(number * step).date()] += row if isinstance(row, int) else row.many
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        yield Day(day, *(counts[day] for counts in by_day))


def _last_day(site: SiteView, last: date, until: datetime) -> date:
    """Days that have not come yet are no days without visitors."""
    return min(last, wall_clock(site.time_zone)(int(until.timestamp())).date())


def _refusals(
    conn: Connection, site_id: int, start: datetime, until: datetime, step: int
) -> tuple[Counter[int], Counter[str]]:
    """How often somebody was refused a locker, by piece of time and by code."""
    e = event.c
    code = e.details["code"].as_string()
    rows = select(
        (seconds_of(e.at) // step).label("piece"), code.label("code"), func.count().label("many")
    ).where(
        *(e.site_id == site_id, e.kind == REFUSED, e.at >= start, e.at < until),
        func.coalesce(e.bank_id, 0) > 0,
    )
    by_piece: Counter[int] = Counter()
    by_code: Counter[str] = Counter()
    for row in conn.execute(rows.group_by("piece", "code")):
        by_piece[row.piece] += row.many
        by_code[row.code or ""] += row.many
    return by_piece, by_code


def _stays(conn: Connection, site_id: int, start: datetime, until: datetime) -> Iterable[Any]:
    took = (seconds_of(_A.released_at) - seconds_of(_A.assigned_at)).label("took")
    ended = and_(_A.released_at >= start, _A.released_at < until, _A.assigned_at.is_not(None))
    return _by_minute(conn, select(took).where(_A.site_id == site_id, ended).subquery())


def _by_minute(conn: Connection, of: Any, *also: Any) -> Iterable[Any]:
    rows = select(
        (of.c.took // 60).label("minute"),
        func.count().label("many"),
        func.sum(of.c.took).label("took"),
        func.max(of.c.took).label("longest"),
        *also,
    )
    return conn.execute(rows.group_by("minute", *also)).all()


def _waits(
    conn: Connection, site_id: int, start: datetime, until: datetime
) -> tuple[list[Any], dict[str, int]]:
    """The waits in waiting lists that ended: by minute those until a locker was taken, and how
    many ended in which way."""
    w = wait.c
    of = (
        select((seconds_of(w.ended_at) - seconds_of(w.joined_at)).label("took"), w.outcome)
        .where(w.site_id == site_id, w.ended_at >= start, w.ended_at < until)
        .subquery()
    )
    rows = list(_by_minute(conn, of, of.c.outcome))
    outcomes: Counter[str] = Counter()
    for row in rows:
        outcomes[row.outcome or ""] += row.many
    return [row for row in rows if row.outcome == WaitOutcome.TOOK_LOCKER.value], dict(outcomes)


def _spread(rows: Iterable[Any]) -> Spread:
    many: Counter[int] = Counter()
    for row in rows:
        many[max(0, round(row.took / row.many))] += row.many
    return sorted(many.items())


def _bars(spread: list[tuple[int, int]], edges: tuple[int, ...]) -> list[int]:
    bars = [0] * (len(edges) + 1)
    for seconds, many in spread:
        bars[bisect_right(edges, seconds / 60)] += many
    return bars


def _banks(
    conn: Connection, site: SiteView, counts: list[BankCounts], start: datetime, until: datetime
) -> Iterator[Bank]:
    """The banks, those that were held most first. What is held is clipped to these days."""
    begin, stop = int(start.timestamp()), int(until.timestamp())
    since = case((_A.assigned_at < start, begin), else_=seconds_of(_A.assigned_at))
    going_on = or_(_A.released_at.is_(None), _A.released_at >= until)
    of = (
        select(
            _A.bank_id,
            (case((going_on, stop), else_=seconds_of(_A.released_at)) - since).label("held"),
            case((_A.assigned_at >= start, 1), else_=0).label("begun"),
        )
        .where(
            *(_A.site_id == site.id, _A.assigned_at < until),
            or_(_A.released_at > start, _A.released_at.is_(None)),
        )
        .subquery()
    )
    sums = select(of.c.bank_id, func.sum(of.c.held).label("held"), func.sum(of.c.begun).label("n"))
    found = {row.bank_id: row for row in conn.execute(sums.group_by(of.c.bank_id))}
    names = {row.id: row.name for row in conn.execute(select(bank.c.id, bank.c.name))}
    doors = {count.id: count.total for count in counts}
    made = []
    for bank_id in {*found, *doors}:
        row = found.get(bank_id)
        held = float(row.held) / (stop - begin) if row and stop > begin else 0.0
        many = int(row.n) if row else 0
        name = names.get(bank_id, "")
        made.append(Bank(bank_id, name, doors.get(bank_id, 0), many, round(held, 2)))
    return iter(sorted(made, key=lambda one: (-one.held, -one.assigned, one.bank_id)))


def _lines(
    conn: Connection, site: SiteView, start: datetime, until: datetime, step: int
) -> Iterator[Line]:
    """The lines for help, as they are set up."""
    q = queue.c
    for row in conn.execute(select(q.id, q.name).where(q.site_id == site.id).order_by(q.id)):
        sums = sums_of(conn, row.id, start, until, step)
        counts = counts_of(sums.by_whom)
        waits, services = (times_of(spread_of(of)) for of in (sums.by_wait, sums.by_service))
        yield Line(
            row.id,
            row.name,
            sum(counts.values()),
            counts.get("done", 0),
            counts.get("no_show", 0),
            waits,
            services,
        )


def bars_of(edges: tuple[int, ...]) -> list[str]:
    """What bars that end at so many minutes are called."""
    names = [_length(edge) for edge in edges]
    lows = ["0", *names]
    return [f"{low} – {name}" for low, name in zip(lows, names, strict=False)] + [
        f"over {names[-1]}"
    ]


def _length(minutes: int) -> str:
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
