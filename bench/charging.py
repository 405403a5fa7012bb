"""Charging spots on both databases: bookings as fast as they are taken, and the forecasts of a site
with a long past."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text, update

from bench.check import Broken
from bench.figures import median, ms, p95
from bench.server import new_folder
from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.migrate import upgrade
from locker_app.db.tables import booking
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import SYSTEM, Actor, ActorKind
from locker_app.domain.chargers import ChargerPlan
from locker_app.domain.days import begins
from locker_app.domain.errors import DomainError
from locker_app.domain.forecast import Going
from locker_app.queries.forecasts import forecasts_of, keep_up, promise
from locker_app.services.bookings import book, stop
from locker_app.services.chargers import new_chargers
from locker_app.services.command import Call, command
from locker_app.services.people import add_person
from locker_app.services.setup import create_site
from tests.postgresql import Cluster

ZONE = "Europe/Berlin"
DAY = date(2026, 3, 2)
MIDNIGHT = begins(DAY, ZONE)
SPOTS, A_DAY = 500, 20
"""Of the site that is booked: as many spots as one may have, each booked for so many times on the
day; in between is as much time."""
PAST_SPOTS = 50
_SLOT = timedelta(minutes=30)
_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Lot:
    """A site with charging spots in a database."""

    name: str
    """Of the kind of database."""
    db: Database
    site_id: int
    spots: list[int]


def on_both(spots: int) -> Iterator[Lot]:
    """A site with so many spots on SQLite, and on a PostgreSQL that keeps what it answered."""
    with _closing(Database(f"sqlite:///{new_folder('charging') / 'cubby.db'}")) as db:
        yield _lot("SQLite", db, spots)
    cluster = Cluster(durable=True)
    try:
        with _closing(Database(cluster.url(cluster.create()))) as db:
            yield _lot("PostgreSQL", db, spots)
    finally:
        cluster.stop()


def measure_bookings(holders: int, seconds: float) -> list[dict[str, object]]:
    """A row for each database: so many holders at once who book for later and cancel, at a site
    with 10,000 open bookings.

    Raises:
        Broken: two bookings overlap, or an answered one is not there.
    """
    rows: list[dict[str, object]] = []
    for lot in on_both(SPOTS):
        write_bookings(lot.db, list(_booked(lot)))
        rows.append(_race(lot, _people(lot.db, holders), seconds))
    return rows


def measure_live_forecasts(stays: int, times: int) -> list[dict[str, object]]:
    """A row for each database: forecasts for 50 spots of a site with so many past stays, as the
    pages ask for them."""
    return [_live(lot, stays, times) for lot in on_both(PAST_SPOTS)]


def write_bookings(db: Database, rows: list[dict[str, Any]]) -> None:
    """Write them into the table, without commands."""

    def write(tx: Tx) -> None:
        for at in range(0, len(rows), 5000):
            tx.conn.execute(insert(booking), rows[at : at + 5000])

    db.run(Work(write, Trace("setup")))
    if not db.is_sqlite:
        db.run(Work(lambda tx: tx.conn.execute(text("ANALYZE")), Trace("setup")))


def past_bookings(
    site_id: int, spots: list[int], count: int, last: datetime, *, days: int = 365, seed: int = 1
) -> Iterator[dict[str, Any]]:
    """Stays of these days, evenly spread, as rows: regulars and others, with forecasts."""
    chance = random.Random(seed)
    first = last - timedelta(days=days)
    for number in range(count):
        began = first + timedelta(days=days * number / count)
        long = timedelta(hours=chance.lognormvariate(1.2, 0.6))
        ended = min(began + long, last)
        stated = began + long * chance.uniform(0.7, 1.6)
        cause = "no_show" if chance.random() < 0.03 else "stopped"
        late = {"overstayed_at": stated, "leaves_at": stated} if stated < ended else {}
        yield (
            _row(site_id, spots[number % len(spots)], f"person:{chance.randrange(600)}", began)
            | {
                "status": "ended",
                "ended_at": ended,
                "end_cause": cause,
                "leaves_at": max(stated, began + timedelta(minutes=1)),
                "stated_at": max(stated, began + timedelta(minutes=1)),
                "overstayed_at": None,
                "likely_at": stated,
                "low_at": began + long * 0.6,
                "high_at": began + long * 1.3,
            }
            | late
        )


def _row(site_id: int, spot: int, holder: str, began: datetime) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "charger_id": spot,
        "holder": holder,
        "slot": 1,
        "shown_as": "",
        "status": "active",
        "made_at": began,
        "starts_at": began,
        "here_at": began,
        "leaves_at": began + timedelta(hours=3),
        "stated_at": began + timedelta(hours=3),
        "came_at": began,
    }


def _booked(lot: Lot) -> Iterator[dict[str, Any]]:
    """The open bookings of the day, each by somebody else."""
    for number in range(SPOTS * A_DAY):
        begins_at = MIDNIGHT + _EVERY * (1 + number % A_DAY)
        row = _row(lot.site_id, lot.spots[number // A_DAY], f"person:{10**6 + number}", begins_at)
        row |= {"status": "booked", "made_at": MIDNIGHT, "leaves_at": begins_at + _SLOT}
        yield row | {"came_at": None, "due_at": begins_at}


def _race(lot: Lot, people: list[Actor], seconds: float) -> dict[str, object]:
    took: list[float] = []
    answered: set[int] = set()
    refused, lock = [0], threading.Lock()
    until = time.perf_counter() + seconds

    def in_turns(who: Actor, seed: int) -> None:
        chance = random.Random(seed)
        call = Call(MIDNIGHT + timedelta(minutes=5), "bench", actor=who)
        while time.perf_counter() < until:
            starts_at = MIDNIGHT + _EVERY * (1 + chance.randrange(A_DAY)) + _SLOT
            began = time.perf_counter()
            try:
                booked = lot.db.run(
                    command(
                        call,
                        book,
                        charger_id=chance.choice(lot.spots),
                        starts_at=starts_at,
                        leaves_at=starts_at + _SLOT,
                    )
                )
            except DomainError:
                with lock:
                    refused[0] += 1
                continue
            with lock:
                took.append(time.perf_counter() - began)
                answered.add(booked.booking_id)
            lot.db.run(command(call, stop, booking_id=booked.booking_id))

    began = time.perf_counter()
    threads = [threading.Thread(target=in_turns, args=(who, n)) for n, who in enumerate(people, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - began
    _check(lot.db, answered)
    return {
        "database": lot.name,
        "open bookings": SPOTS * A_DAY,
        "holders": len(people),
        "bookings/s": round(len(took) / lasted),
        "p50, ms": ms(median(took)),
        "p95, ms": ms(p95(took)),
        "refused": refused[0],
        "checked": len(answered),
    }


def _check(db: Database, answered: set[int]) -> None:
    one, other = booking.alias("one"), booking.alias("other")
    overlaps = select(func.count()).where(
        *(one.c.charger_id == other.c.charger_id, one.c.id < other.c.id),
        *(one.c.ended_at.is_(None), other.c.ended_at.is_(None)),
        *(one.c.here_at < other.c.leaves_at, other.c.here_at < one.c.leaves_at),
    )
    if found := db.read(lambda conn: conn.scalar(overlaps)):
        raise Broken(f"{found} bookings of a spot overlap")
    there = db.read(lambda conn: set(conn.scalars(select(booking.c.id))))
    if lost := answered - there:
        raise Broken(f"{len(lost)} answered bookings are not in the database")


def _live(lot: Lot, stays: int, times: int) -> dict[str, object]:
    now = MIDNIGHT + timedelta(hours=14)
    write_bookings(lot.db, list(past_bookings(lot.site_id, lot.spots, stays, now, days=700)))
    going = [
        _row(lot.site_id, spot, f"person:{n}", now - timedelta(minutes=7 * n))
        for n, spot in enumerate(lot.spots)
    ]
    write_bookings(lot.db, going)

    def timed(fn: Any) -> float:
        began = time.perf_counter()
        lot.db.read(fn)
        return time.perf_counter() - began

    warming = timed(lambda conn: keep_up(conn, lot.site_id, now))
    one = Going(now, "person:7", now + timedelta(hours=2))
    said = lot.db.read(lambda conn: forecasts_of(conn, lot.site_id, now))
    if len(said) != len(lot.spots):
        raise Broken(f"{len(said)} of {len(lot.spots)} stays have a forecast")
    warm = [timed(lambda conn: forecasts_of(conn, lot.site_id, now)) for _ in range(times)]
    promised = [timed(lambda conn: promise(conn, lot.site_id, one, now)) for _ in range(times)]
    later = now + timedelta(minutes=1)
    ended = {"status": "ended", "ended_at": later, "end_cause": "stopped"}
    end = update(booking).where(booking.c.ended_at.is_(None)).values(**ended)
    lot.db.run(Work(lambda tx: tx.conn.execute(end), Trace("setup")))
    caught_up = timed(lambda conn: keep_up(conn, lot.site_id, later))
    return {
        "database": lot.name,
        "past stays": stays,
        "spots": len(lot.spots),
        "warming, once, ms": ms(warming),
        "forecasts of all, ms": ms(median(warm)),
        "of one, in a command, ms": ms(median(promised), 2),
        "catching up with 50 ends, ms": ms(caught_up),
    }


def _people(db: Database, many: int) -> list[Actor]:
    call = Call(MIDNIGHT, "setup", actor=SYSTEM)
    ids = [
        db.run(command(call, add_person, number=f"B{n:04}", name=f"Holder {n}"))
        for n in range(many)
    ]
    return [Actor(ActorKind.PERSON, person_id) for person_id in ids]


@contextmanager
def _closing(db: Database) -> Iterator[Database]:
    try:
        yield db
    finally:
        db.close()


def _lot(name: str, db: Database, spots: int) -> Lot:
    upgrade(db.url)
    call = Call(datetime(2024, 1, 1, tzinfo=UTC), "setup", actor=SYSTEM)
    site_id = db.run(command(call, create_site, name="Car park", time_zone=ZONE))
    plans = [ChargerPlan(str(n)) for n in range(1, spots + 1)]

    def fill(tx: Tx) -> list[int]:
        return new_chargers(tx, SYSTEM, call.now, site_id, plans)

    return Lot(name, db, site_id, db.run(Work(fill, Trace("setup"))))
