"""Looking back on a year of a library: its statistics, and pages of its history."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from bench.check import Broken
from bench.figures import median, ms
from bench.year import DAYS, FIRST, NOW, ZONE, Lived, Year, on_both
from locker_app.db.database import Database
from locker_app.db.tables import event
from locker_app.domain.actors import SYSTEM, Actor, Role
from locker_app.domain.day_sums import What
from locker_app.domain.days import begins
from locker_app.queries import scoped
from locker_app.queries.day_reckoning import reckon
from locker_app.queries.days_summed import Days
from locker_app.queries.event_filter import Asked
from locker_app.queries.events import PAGE
from locker_app.queries.sites import sites
from locker_app.services.command import Call, command
from locker_app.services.day_sums import keep_day

ADMIN = Actor(SYSTEM.kind, roles=((None, Role.ADMIN),))
LAST = FIRST + timedelta(days=DAYS - 1)
THOUSAND = 1000
_BY = {
    What.HOUR: ("weekday", "at"),
    What.STAY: ("at",),
    What.BANK: ("day",),
    What.REFUSED: ("day", "of"),
    What.LINE_WAIT: ("of", "at"),
    What.TICKET: ("day", "of", "name"),
    What.SPOT_HOUR: ("weekday", "at"),
    What.SPOT_FORECAST: ("week", "at", "name"),
}
"""The statements that read most, and by what they sum up."""
Query = Callable[[Any], Any]


def measure_statistics(year: Year, times: int) -> list[dict[str, object]]:
    """A row for each thing that is asked for, with milliseconds on both databases."""
    return _side_by_side([_statistics(lived, times) for lived in on_both(year)])


def measure_history(year: Year, times: int) -> list[dict[str, object]]:
    """Likewise for pages of the history."""
    return _side_by_side([_history(lived, times) for lived in on_both(year)])


def _side_by_side(columns: list[tuple[str, dict[str, float]]]) -> list[dict[str, object]]:
    return [
        {"what": what, **{f"{name}, ms": found[what] for name, found in columns}}
        for what in columns[0][1]
    ]


def _statistics(lived: Lived, times: int) -> tuple[str, dict[str, float]]:
    db, found = lived.db, {}
    month, today = LAST - timedelta(days=29), LAST
    found["a year, before any day is kept"] = _ms(db, _page(lived, FIRST), 1)
    kept = _keep(db, lived.site_id)
    if len(kept) != DAYS - 1:
        raise Broken(f"{len(kept)} of {DAYS - 1} days were kept")
    found["keep a day, at night: median"] = ms(median(kept))
    found["keep a day, at night: longest"] = ms(max(kept))
    found["a year: all of the page"] = _ms(db, _page(lived, FIRST), times)
    found["30 days: all of the page"] = _ms(db, _page(lived, month), times)
    found["today: all of the page"] = _ms(db, _page(lived, today), times)
    found["today, reckoned"] = _ms(
        db, lambda conn: reckon(conn, lived.site_id, ZONE, today, NOW), times
    )
    for what, by in _BY.items():
        found[f"a year, statement: {what.value} by {', '.join(by)}"] = _ms(
            db, lambda days, what=what, by=by: days.sums(what, *by), times, _days
        )
    found["event loop held up by a year: longest"] = asyncio.run(_held_up(db, _page(lived, FIRST)))
    return lived.name, found


def _page(lived: Lived, first: Any) -> Query:
    return lambda conn: scoped.site_statistics(
        conn, ADMIN, NOW, site_id=lived.site_id, first=first, last=LAST
    )


def _days(conn: Connection) -> Days:
    """The year's days without the one that it is: of what is kept alone."""
    return Days(conn, sites(conn)[0], NOW, FIRST, LAST - timedelta(days=1))


def _keep(db: Database, site_id: int) -> list[float]:
    """Sum up all days that are over; how long each took."""
    took = []
    while True:
        began = time.perf_counter()
        if not db.run(command(Call(NOW, "timer", actor=SYSTEM), keep_day, site_id=site_id)):
            return took
        took.append(time.perf_counter() - began)


async def _held_up(db: Database, query: Query) -> float:
    """For how long the event loop could do nothing else, at most, while the query ran thrice."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - began)

    ticking = asyncio.create_task(tick())
    for _ in range(3):
        await db.aread(query)
    ticking.cancel()
    return ms(longest)


def _history(lived: Lived, times: int) -> tuple[str, dict[str, float]]:
    db, found = lived.db, {}
    everything = select(event.c.id).order_by(event.c.at.desc(), event.c.id.desc())
    middle = begins(FIRST + timedelta(days=180), ZONE)
    asked = {
        "everything": Asked(),
        "one site": Asked(site_id=lived.site_id),
        "refused": Asked(refused=True),
        "not refused, all sites": Asked(refused=False),
        "not refused, one site": Asked(refused=False, site_id=lived.site_id),
        "one kind": Asked(kinds=("WaitEnded",)),
        "one bank": Asked(bank_id=3),
        "one bank, up to a day in the middle": Asked(bank_id=3, until=middle),
        "one person": Asked(who="P000007"),
        "one door": Asked(door="2-17"),
        "done by staff": Asked(by="desk"),
    }
    deep = db.read(lambda conn: conn.scalar(everything.offset(THOUSAND * PAGE).limit(1)))
    for name, what in asked.items():
        found[f"{name}: first page"] = _ms(db, _of_history(what, None), times)
        found[f"{name}: page after {THOUSAND * PAGE} events"] = _ms(
            db, _of_history(what, deep), times
        )
    return lived.name, found


def _of_history(what: Asked, before: int | None) -> Query:
    return lambda conn: scoped.history(conn, ADMIN, NOW, asked=what, before=before)


def _ms(db: Database, query: Query, times: int, of: Query | None = None) -> float:
    """How long a query of the connection takes, or of what `of` makes of it, in the middle of so
    many times."""

    def timed(conn: Connection) -> float:
        subject = conn if of is None else of(conn)
        began = time.perf_counter()
        query(subject)
        return time.perf_counter() - began

    return ms(median([db.read(timed) for _ in range(times)]))
