"""A year of a library on both databases: what its statistics and its history are measured on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, insert, select, text

from bench.charging import past_bookings, write_bookings
from bench.past import Past, write_log, write_past
from bench.server import new_folder
from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.migrate import upgrade
from locker_app.db.tables import assignment, event, locker, person, staff
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import SYSTEM
from locker_app.domain.chargers import ChargerPlan
from locker_app.domain.days import begins
from locker_app.services.chargers import new_chargers
from locker_app.services.command import Call, command
from locker_app.services.queues import QueuePlan, new_queue
from locker_app.services.setup import BankPlan, create_bank, create_site
from tests.postgresql import Cluster

ZONE = "Europe/Berlin"
FIRST = date(2025, 1, 1)
DAYS = 365
NOW = begins(FIRST + timedelta(days=DAYS), ZONE) - timedelta(hours=9)
"""The afternoon of the last day."""
PEOPLE = 5000
QUEUES = ("Physics lab", "Chemistry lab")


@dataclass(frozen=True)
class Year:
    """How much of everything."""

    banks: int = 6
    doors: int = 50
    """In each bank."""
    visits: int = 720
    """Each day, of which some find no free locker: two for each door get one."""
    spots: int = 50
    """For charging."""
    stays: int = 50_000
    """On those, in the year."""
    events: int = 1_000_000
    """In the log; those of the visits are the beginning of it."""


@dataclass(frozen=True)
class Lived:
    """A database with a year in it."""

    name: str
    """Of the kind of database."""
    db: Database
    site_id: int


def on_both(year: Year) -> Iterator[Lived]:
    """The same year on SQLite and on PostgreSQL, one after the other."""
    with _closing(Database(f"sqlite:///{new_folder('year') / 'cubby.db'}")) as db:
        yield Lived("SQLite", db, live(db, year))
    cluster = Cluster()
    try:
        with _closing(Database(cluster.url(cluster.create()))) as db:
            yield Lived("PostgreSQL", db, live(db, year))
    finally:
        cluster.stop()


@contextmanager
def _closing(db: Database) -> Iterator[Database]:
    try:
        yield db
    finally:
        db.close()


def _drop_indexes(tx: Tx) -> None:
    """Made afterwards, all at once, which takes a third of the time."""
    for table in (assignment, event):
        for index in table.indexes:
            index.drop(tx.conn)


def _make_indexes(tx: Tx) -> None:
    for table in (assignment, event):
        for index in table.indexes:
            index.create(tx.conn)


def live(db: Database, year: Year) -> int:
    """Fill an empty database; the id of the site."""
    upgrade(db.url)
    call = Call(begins(FIRST, ZONE), "setup", actor=SYSTEM)
    site_id = db.run(command(call, create_site, name="Library", time_zone=ZONE))
    banks = [
        db.run(
            command(
                call,
                create_bank,
                site_id=site_id,
                plan=BankPlan(f"Bank {n}", "Hall", f"{n}-", year.doors, 0),
            )
        )
        for n in range(1, year.banks + 1)
    ]
    past = Past(site_id, ZONE, {}, list(range(1, PEOPLE + 1)), staff=[1])

    def fill(tx: Tx) -> None:
        at = call.now
        people = [
            {"id": n, "number": f"P{n:06}", "name": f"Person {n}", "created_at": at}
            for n in past.people
        ]
        tx.conn.execute(insert(person), people)
        one = {"id": 1, "login": "desk", "name": "Desk", "password_hash": "", "created_at": at}
        tx.conn.execute(insert(staff), one)
        for name in QUEUES:
            past.queues.append(new_queue(tx, SYSTEM, at, site_id, QueuePlan(name=name, place="")))
        for bank_id in banks:
            doors = select(locker.c.id).where(locker.c.bank_id == bank_id).order_by(locker.c.id)
            past.banks[bank_id] = list(tx.conn.scalars(doors))

    db.run(Work(fill, Trace("setup")))
    plans = [ChargerPlan(str(n)) for n in range(1, year.spots + 1)]
    spots = db.run(
        Work(lambda tx: new_chargers(tx, SYSTEM, call.now, site_id, plans), Trace("setup"))
    )
    write_bookings(db, list(past_bookings(site_id, spots, year.stays, NOW, days=DAYS - 1)))
    db.run(Work(_drop_indexes, Trace("setup")))
    written = write_past(db, past, FIRST, DAYS, year.visits * DAYS, until=NOW)
    rest = year.events - db.read(lambda conn: conn.scalar(select(func.count(event.c.id))) or 0)
    if rest > 0:
        write_log(db, past, datetime(2025, 1, 1, tzinfo=UTC), DAYS - 1, rest)
    assert written
    db.run(Work(_make_indexes, Trace("setup")))
    if not db.is_sqlite:  # what PostgreSQL does by itself after a minute
        db.run(Work(lambda tx: tx.conn.execute(text("ANALYZE")), Trace("setup")))
    return site_id
