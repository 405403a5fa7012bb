"""A running server with people of every kind in it, and sessions for all of them."""

import itertools
import secrets
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.migrate import upgrade
from locker_app.db.tables import (
    bank,
    card,
    charger,
    locker,
    metadata,
    queue,
    session,
    staff,
    terminal,
    terminal_alert,
    visit,
)
from locker_app.db.transaction import Work
from locker_app.domain.actors import SYSTEM, Actor, ActorKind, Role
from locker_app.domain.terminals import TapMode, TerminalKind, TerminalPlan
from locker_app.services.bookings import book
from locker_app.services.charger_line import join_line
from locker_app.services.import_work import Worker, look_at
from locker_app.services.lockers import force_release, take_out_of_service
from locker_app.services.people import add_person
from locker_app.services.people_import import open_import
from locker_app.services.sealing import Seal
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import key_of, open_session
from locker_app.services.terminals import add_terminal
from locker_app.services.tickets import join_queue
from tests import running
from tests.running import Server
from tests.security.wire import Screen
from tests.world import Clock, World

SIGNING_KEY = "a signing key of the tests that is long enough"
REASON = "cheese left inside"
RELEASED_BECAUSE = "evacuated at midnight"
QUESTION = "why is my cheese inside"
GROUP = "GRUYERE"
READER = "Reader behind the cheese"
"""A terminal, where somebody's card was tapped."""
NUMBER_ABROAD = "QF700009"
"""Of the one person who holds a locker at the other site."""

Row = tuple[Any, ...]
Tables = dict[str, set[Row]]

DATABASE = "cubby.db"
COLUMNS = {
    name: [column.name for column in table.columns] for name, table in metadata.tables.items()
}
_READ = {name: f"SELECT {', '.join(columns)} FROM {name}" for name, columns in COLUMNS.items()}
GROWING = frozenset({"event", "request", "session"})
"""Tables that nearly every request adds to: reading them whole each time takes longer than all
that is tried."""


@dataclass
class House:
    """The server, its database, and who is who in it."""

    server: Server
    world: World
    keys: TokenKeys = field(default_factory=lambda: TokenKeys((SIGNING_KEY,)))
    people: dict[str, Actor] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    _addresses: Iterator[int] = field(default_factory=itertools.count)

    def address(self) -> str:
        """An address on this machine that nobody has come from yet: rate limits count by it."""
        number = next(self._addresses)
        return f"127.1.{number // 250}.{number % 250 + 1}"

    def screen(self, who: str | None = None, **options: Any) -> Screen:
        """A screen of one of the people, or of nobody, from an address of its own."""
        if who is not None:
            options["session"] = self.session(who)
        return Screen(self.server.port, **{"source": self.address(), **options})

    def session(self, who: str, *, lasts: timedelta = timedelta(hours=9)) -> str:
        """A new session of theirs; its token."""
        actor, opaque_id, now = self.people[who], secrets.token_urlsafe(), datetime.now(UTC)
        column = "person_id" if actor.kind is ActorKind.PERSON else "staff_id"
        assert actor.id is not None
        owner = {column: actor.id}
        work = Work(lambda tx: open_session(tx, now, key_of(opaque_id), **owner), Trace("test"))
        session_id = self.world.db.run(work)
        until = update(session).where(session.c.id == session_id).values(expires_at=now + lasts)
        self.world.change(until)
        return self.keys.sign(opaque_id, now, now + timedelta(days=1))

    @property
    def tomorrow(self) -> datetime:
        """A time when nothing of today has ended."""
        return datetime.now(UTC) + timedelta(days=1)

    def ended_session(self, who: str, *, by_time: bool) -> str:
        """A genuine token of a session that is over: its own time has passed, or it was ended."""
        token = self.session(who, lasts=timedelta(seconds=-1) if by_time else timedelta(hours=9))
        if by_time:
            opaque_id = self.keys.read(token)
            assert opaque_id is not None
            return self.keys.sign(opaque_id, self.world.clock.now, datetime.now(UTC))
        self.end(token)
        return token

    def end(self, token: str) -> None:
        """End a session behind the server's back: no event says so."""
        opaque_id = self.keys.read(token)
        assert opaque_id is not None
        ended = update(session).where(session.c.key == key_of(opaque_id))
        self.world.change(ended.values(ended_at=datetime.now(UTC)))

    @cached_property
    def code(self) -> str:
        """In the short address of the queue."""
        return self.world.row(queue, self.ids["queue"]).code

    @cached_property
    def spot(self) -> str:
        """In the short address of the charging spot that somebody has."""
        return self.world.row(charger, self.ids["charger"]).code

    @cached_property
    def site_of_locker(self) -> dict[Any, int]:
        """The site of each locker, by the locker's id."""
        sites = {row.id: row.site_id for row in self.world.rows(bank)}
        return {row.id: sites[row.bank_id] for row in self.world.rows(locker)}

    @cached_property
    def site_of_bank(self) -> dict[Any, int]:
        """The site of each bank, by the bank's id."""
        return {row.id: row.site_id for row in self.world.rows(bank)}

    @cached_property
    def site_of_queue(self) -> dict[Any, int]:
        """The site of each queue, by the queue's id."""
        return {row.id: row.site_id for row in self.world.rows(queue)}

    @cached_property
    def site_of_ticket(self) -> dict[Any, int]:
        """The site of each ticket that was there at first, by the ticket's id."""
        return {row.id: row.site_id for row in self.world.rows(metadata.tables["ticket"])}

    @cached_property
    def site_of_charger(self) -> dict[Any, int]:
        """The site of each charging spot that was there at first, by the spot's id."""
        return {row.id: row.site_id for row in self.world.rows(charger)}

    @cached_property
    def site_of_booking(self) -> dict[Any, int]:
        """The site of each booking that was there at first, by the booking's id."""
        return {row.id: row.site_id for row in self.world.rows(metadata.tables["booking"])}

    @cached_property
    def site_of_place(self) -> dict[Any, int]:
        """The site of each place in line for a spot that was there at first, by its id."""
        return {row.id: row.site_id for row in self.world.rows(metadata.tables["charger_wait"])}

    @cached_property
    def site_of_terminal(self) -> dict[Any, int]:
        """The site of each card terminal that was there at first, by its id."""
        return {row.id: row.site_id for row in self.world.rows(terminal)}

    @cached_property
    def site_of_alert(self) -> dict[Any, int]:
        """The site of each alert that was there at first, by its id."""
        return {row.id: row.site_id for row in self.world.rows(terminal_alert)}

    @cached_property
    def site_of_visit(self) -> dict[Any, int]:
        """The site of each visit that was there at first, by its id."""
        return {row.id: row.site_id for row in self.world.rows(visit)}

    @cached_property
    def _reader(self) -> sqlite3.Connection:
        """Kept open: to learn the schema anew takes longer than to read most tables."""
        return sqlite3.connect(self.server.data / DATABASE)

    def close(self) -> None:
        """Look no more."""
        self._reader.close()

    def tables(self, above: dict[str, int] | None = None) -> Tables:
        """Everything in the database, as it is stored: read past all that makes rows handy, since
        it is read often. Of the tables that grow, only rows `above` these, if any are given."""
        parts = {name: f" WHERE rowid > {top}" for name, top in (above or {}).items()}
        with self._reader as conn:
            conn.execute("BEGIN")  # one state of them all
            return {
                name: set(conn.execute(read + parts.get(name, ""))) for name, read in _READ.items()
            }

    def tops(self) -> dict[str, int]:
        """Above which rows of the tables that grow will come."""
        read = {name: f"SELECT coalesce(max(rowid), 0) FROM {name}" for name in GROWING}
        return {name: self._reader.execute(asked).fetchone()[0] for name, asked in read.items()}

    def secrets_from(self, *known: str) -> list[str]:
        """What nobody but staff may see: names, numbers and reasons, but for those of `known`."""
        mine = {self.people[who].id for who in known}
        rows = self.world.rows(metadata.tables["person"])
        words = [word for row in rows if row.id not in mine for word in (row.name, row.number)]
        mates = [row.name for row in self.world.rows(staff) if row.id not in mine]
        return [*words, *mates, REASON, RELEASED_BECAUSE, QUESTION, GROUP, READER]

    def hidden_from(self, who: str | None) -> list[str]:
        """What somebody may see no word of. Staff see whoever did something at a site of theirs,
        or tried to, so what is hidden from them are people who did not, and numbers."""
        if who == "admin":
            return []
        quiet = {self.people[name].id for name in ("victim", "waiter", "offered")}
        rows = self.world.rows(metadata.tables["person"])
        if who == "other_admin":
            numbers = [row.number for row in rows if row.number != NUMBER_ABROAD]
            return [*numbers, *(row.name for row in rows if row.id in quiet), REASON, READER]
        if who == "site_admin":
            return [NUMBER_ABROAD]
        if who == "professor":  # who serves the line sees those in it
            seen = {QUESTION, GROUP}
            secret = self.secrets_from(who, "victim", "waiter")
            return [word for word in secret if word not in seen]
        return self.secrets_from(*([who] if who in self.people else []))


def request_id() -> str:
    """An idempotency key that nobody has used."""
    return uuid.uuid4().hex


@contextmanager
def running_house(folder: Path, **settings: str) -> Iterator[House]:
    """A house, open for the length of a block."""
    database = folder / DATABASE
    upgrade(f"sqlite:///{database}")
    db = Database(f"sqlite:///{database}")
    clock = Clock()
    clock.now = datetime.now(UTC) - timedelta(minutes=5)
    world = World(db, clock)
    people, ids = _furnish(world)
    clock.now = datetime.now(UTC)
    settings = {"CUBBY_SECRET_KEY": SIGNING_KEY, "CUBBY_SAMPLE": "false", **settings}
    try:
        with (
            running.running(folder, None, anew=False, **settings) as server,
            closing(House(server, world, people=people, ids=ids)) as house,
        ):
            yield house
    finally:
        db.close()


def _furnish(world: World) -> tuple[dict[str, Actor], dict[str, int]]:
    """Two sites; at the first a bank with a holder, a broken door, a full bank with a line."""
    here, there = world.site(hold_minutes=600), world.site()
    hall = world.bank(here, count=8, accessible=2, name="Hall", prefix="H")
    full = world.bank(here, count=2, name="Attic", prefix="T")
    elsewhere = world.bank(there, count=3, name="Depot", prefix="D")
    people = {
        name: _person(world, number)
        for number, name in enumerate(("victim", "student", "waiter", "offered", "gone"), 1)
    }
    people |= {
        "viewer": _staff(world, "Vilma Viewer", Role.VIEWER, here),
        "professor": _staff(world, "Prosper Professor", Role.PROFESSOR, here),
        "other_admin": _staff(world, "Otto Elsewhere", Role.ADMIN, there),
        "site_admin": _staff(world, "Sandra Here", Role.ADMIN, here),
        "admin": _staff(world, "Agatha Everywhere", Role.ADMIN, None),
    }
    held = world.take(people["victim"], hall)
    gone = world.take(people["gone"], hall)
    admin = people["admin"]
    world.run(admin, force_release, locker_id=gone.locker_id, reason=RELEASED_BECAUSE)
    broken = world.locker_ids(hall)[-1]
    world.run(admin, take_out_of_service, locker_id=broken, reason=REASON)
    (_, first), _ = world.fill(full)
    offered = world.join(people["offered"], full)
    wait = world.join(people["waiter"], full)
    world.run(admin, force_release, locker_id=first.locker_id, reason=RELEASED_BECAUSE)
    hold = next(claim for claim in world.open_claims() if claim.assigned_at is None)
    abroad = world.take(_person(world, 9), elsewhere)  # NUMBER_ABROAD
    line = world.queue(here, name="Lab", tickets_per_group=9)
    (first, ticket) = (
        world.run(people[name], join_queue, queue_id=line, group=GROUP, question=QUESTION)
        for name in ("victim", "waiter")
    )
    assert first.ticket_id == 1
    spots = world.chargers(here, 2)
    until = world.clock.now + timedelta(hours=10)
    booked, _ = (
        world.run(people[name], book, charger_id=spot, leaves_at=until)
        for name, spot in zip(("victim", "offered"), spots, strict=True)
    )
    ids = {
        **_gate(world, admin, people["victim"], here),
        "charger": booked.charger_id,
        "booking": booked.booking_id,
        "place": world.run(people["waiter"], join_line, site_id=here),
        "import": _import(world, people["admin"]),
        "queue": line,
        "ticket": ticket.ticket_id,
        "site": here,
        "bank": hall,
        "full": full,
        "elsewhere": elsewhere,
        "locker": held.locker_id,
        "assignment": held.assignment_id,
        "broken": broken,
        "free": gone.locker_id,
        "wait": wait,
        "offered": offered,
        "hold": hold.id,
        "abroad": abroad.assignment_id,
        "locker_abroad": abroad.locker_id,
    }
    return people, ids


def _gate(world: World, admin: Actor, victim: Actor, site_id: int) -> dict[str, int]:
    """A simulated terminal that is there, with an alert; somebody inside, whose card it knows, and
    a card of nobody."""
    plan = TerminalPlan(READER, TerminalKind.GATE, TapMode.GATE)
    gate = world.run(admin, add_terminal, site_id=site_id, plan=plan)
    there = {"state": "online", "simulated": True, "password_hash": "x"}
    now = world.clock.now
    seen = {"created_at": now, "seen_at": now, "terminal_id": gate, "label": "", "verdict": ""}
    world.change(update(terminal).where(terminal.c.id == gate).values(**there, provisioned_at=now))
    for number, whose in (("A", victim.id), ("B", None)):
        own = {"number": f"k1.{number * 26}", "person_id": whose, "answer": {}}
        world.change(insert(card).values(**seen, **own, linked_at=now if whose else None))
    world.change(insert(visit).values(site_id=site_id, person_id=victim.id, came_at=now))
    about = {"site_id": site_id, "terminal_id": gate, "kind": "gap", "subject": "", "details": {}}
    world.change(insert(terminal_alert).values(**about, count=1, at=now, last_at=now))
    (own_card, stray), (inside,), (alert,) = (
        world.rows(table) for table in (card, visit, terminal_alert)
    )
    ids = {"terminal": gate, "card": own_card, "stray": stray, "visit": inside, "alert": alert}
    return {name: getattr(one, "id", one) for name, one in ids.items()}


def _import(world: World, admin: Actor) -> int:
    """A file of people that waits for somebody to confirm it."""
    seal = Seal((SIGNING_KEY,))
    upload = look_at("people.csv", b"number,name\nQF799999,Zarniwoop Vann Harl", seal)
    import_id = world.run(admin, open_import, upload=upload)
    Worker(world.db, seal, "house", lambda: world.clock.now).work_off(import_id)
    return import_id


def _person(world: World, number: int) -> Actor:
    name = f"Zaphira Quillfeather the {number}."
    person_id = world.run(SYSTEM, add_person, number=f"QF70000{number}", name=name)
    return Actor(ActorKind.PERSON, person_id)


def _staff(world: World, name: str, role: Role, site_id: int | None) -> Actor:
    actor = world.staff(role, site_id)
    world.change(update(staff).where(staff.c.id == actor.id).values(name=name))
    return actor
