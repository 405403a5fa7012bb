"""A small library for tests: makes sites, banks, queues and people, and acts for them at a set
time."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import ClauseElement, Table, select, update

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import (
    assignment,
    booking,
    charger,
    charging,
    event,
    locker,
    queue,
    site,
    ticket,
    wait,
)
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Role
from locker_app.domain.chargers import ChargerPlan
from locker_app.queries.lockers import BankView, bank_view
from locker_app.services.bookings import Booked, book
from locker_app.services.charger_line import accept, join_line
from locker_app.services.chargers import new_chargers
from locker_app.services.command import Call, command
from locker_app.services.expiry import run_due
from locker_app.services.lockers import give_back, take_locker
from locker_app.services.people import add_person, add_staff
from locker_app.services.presses import Pressed
from locker_app.services.queues import QueueRules, new_queue
from locker_app.services.secrets import hash_secret
from locker_app.services.serving import complete_and_call_next
from locker_app.services.setup import BankPlan, create_bank, create_site
from locker_app.services.tickets import TicketGiven, join_queue
from locker_app.services.visitors import open_visit
from locker_app.services.waiting import Taken, join_waiting

P = ParamSpec("P")
R = TypeVar("R")
Command = Callable[Concatenate[Tx, Actor, datetime, P], R]

PASSWORD = "correct horse battery"


def where_it_is_noon(now: datetime) -> str:
    """A time zone where the day neither begins nor ends soon: for limits of a day in tests that go
    by the real clock."""
    return f"Etc/GMT{now.hour - 12:+}"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def advance(self, **by: float) -> datetime:
        """Move on, e.g. by `minutes=5`; the new time."""
        self.now += timedelta(**by)
        return self.now


class World:
    """What a test does in a library; times come from the clock.

    Commands are run as the pages and the API run them, except that the actor is given and needs
    no session: `world.run(person, take_locker, bank_id=1)`.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.db = database
        self.clock = clock
        self._numbers = count(1)

    def run(self, actor: Actor, fn: Command[P, R], *args: P.args, **arguments: P.kwargs) -> R:
        """Run a command for the actor; its answer, or its refusal raised."""
        return self.db.run(command(self.call(actor), fn, *args, **arguments))

    def repeat(
        self, key: str, actor: Actor, fn: Command[P, R], *args: P.args, **arguments: P.kwargs
    ) -> R:
        """Run a command under an idempotency key."""
        call = replace(self.call(actor), request_id=key)
        return self.db.run(command(call, fn, *args, **arguments))

    def start(
        self, actor: Actor, fn: Command[P, R], *args: P.args, **arguments: P.kwargs
    ) -> Future[R]:
        """Begin a command and don't wait for it."""
        return self.db.submit(command(self.call(actor), fn, *args, **arguments))

    def call(self, actor: Actor = NOBODY) -> Call:
        """A call from outside, now."""
        return Call(self.clock.now, "test", actor=actor)

    def site(
        self,
        *,
        lockers_per_person: int = 1,
        hold_minutes: int = 10,
        time_zone: str = "Europe/Berlin",
    ) -> int:
        """A site with these rules; its id."""
        site_id = self.run(SYSTEM, create_site, name="Library", time_zone=time_zone)
        self.change(
            update(site)
            .where(site.c.id == site_id)
            .values(lockers_per_person=lockers_per_person, hold_minutes=hold_minutes)
        )
        return site_id

    def bank(self, site_id: int | None = None, count: int = 3, **plan: Any) -> int:
        """A bank of `count` lockers, at a site of its own if none is given; its id.

        Further arguments are those of `BankPlan`.
        """
        number = next(self._numbers)
        defaults = {"name": f"Bank {number}", "place": "Hall", "prefix": "A", "accessible": 0}
        return self.run(
            SYSTEM,
            create_bank,
            site_id=site_id or self.site(),
            plan=BankPlan(count=count, **{**defaults, **plan}),
        )

    def queue(self, site_id: int | None = None, **rules: Any) -> int:
        """A queue with these rules, at a site of its own if none is given; its id."""
        plan = QueueRules(**{"name": f"Queue {next(self._numbers)}", **rules})

        def attempt(tx: Tx) -> int:
            return new_queue(tx, SYSTEM, self.clock.now, site_id or new_site, plan)

        new_site = 0 if site_id else self.site()
        return self.db.run(Work(attempt, Trace("test")))

    def chargers(self, site_id: int | None = None, count: int = 3, **rules: Any) -> list[int]:
        """That many charging spots, at a site of their own if none is given, which gets these
        rules if any are; their ids."""
        here = site_id or self.site()
        there = len(self.rows(charger, site_id=here))
        plans = [ChargerPlan(str(there + n)) for n in range(1, count + 1)]

        def attempt(tx: Tx) -> list[int]:
            return new_chargers(tx, SYSTEM, self.clock.now, here, plans)

        made = self.db.run(Work(attempt, Trace("test")))
        if rules:
            self.change(update(charging).where(charging.c.site_id == here).values(rules))
        return made

    def site_of(self, charger_id: int) -> int:
        """Where the charging spot is."""
        return self.row(charger, charger_id).site_id

    def book(self, who: Actor, charger_id: int, minutes: float = 60, *, after: float = 0) -> Booked:
        """They book a charging spot for so many minutes, from now or from so many minutes on."""
        begins = self.clock.now + timedelta(minutes=after)
        return self.run(
            who,
            book,
            charger_id=charger_id,
            leaves_at=begins + timedelta(minutes=minutes),
            starts_at=begins if after else None,
        )

    def wait_for_charger(self, who: Actor, site_id: int) -> int:
        """They join the line for a charging spot; the id of the place in it."""
        return self.run(who, join_line, site_id=site_id)

    def accept(self, who: Actor, booking_id: int, minutes: float = 60) -> Booked:
        """They accept the charging spot that is offered to them."""
        leaves_at = self.clock.now + timedelta(minutes=minutes)
        return self.run(who, accept, booking_id=booking_id, leaves_at=leaves_at)

    def offers(self) -> list[Any]:
        """All charging spots that are held for somebody in line."""
        return self.rows(booking, ended_at=None, status="offered")

    def stays(self, charger_id: int) -> list[tuple[str, str | None]]:
        """All bookings of a charging spot, oldest first: status, and why they ended."""
        return [(row.status, row.end_cause) for row in self.rows(booking, charger_id=charger_id)]

    def person(self) -> Actor:
        """A person nobody has seen yet."""
        number = f"CS{next(self._numbers):07}"
        person_id = self.run(SYSTEM, add_person, number=number, name=f"Person {number}")
        return Actor(ActorKind.PERSON, person_id)

    def people(self, how_many: int) -> list[Actor]:
        """That many new persons."""
        return [self.person() for _ in range(how_many)]

    def visitor(self) -> Actor:
        """A browser that nobody signed in at."""
        key = f"visitor {next(self._numbers)}"
        session_id = self.run(NOBODY, open_visit, session_key=key)
        return Actor(ActorKind.VISITOR, session_id, session_id)

    def visitors(self, how_many: int) -> list[Actor]:
        """That many of them."""
        return [self.visitor() for _ in range(how_many)]

    def staff(self, role: Role = Role.ADMIN, site_id: int | None = None) -> Actor:
        """A staff member with this role, at one site or at all; the password is `PASSWORD`."""
        staff_id = self.run(
            SYSTEM,
            add_staff,
            login=f"staff{next(self._numbers)}",
            name="Staff",
            password_hash=hash_secret(PASSWORD),
            role=role,
            site_id=site_id,
        )
        return Actor(ActorKind.STAFF, staff_id, roles=((site_id, role),))

    def take(self, person: Actor, bank_id: int, *, accessible: bool = False) -> Taken:
        """The person gets a locker."""
        return self.run(person, take_locker, bank_id=bank_id, accessible=accessible)

    def give_back(self, person: Actor, taken: Taken) -> str:
        """The person gives the locker back."""
        return self.run(person, give_back, assignment_id=taken.assignment_id)

    def join(self, person: Actor, bank_id: int, *, accessible: bool = False) -> int:
        """The person joins the waiting list; the id of the place in it."""
        return self.run(person, join_waiting, bank_id=bank_id, accessible=accessible)

    def ticket(self, who: Actor, queue_id: int, group: str | None = None) -> TicketGiven:
        """They take a ticket, for a group of their own if none is given."""
        group = f"G{next(self._numbers)}" if group is None else group
        return self.run(who, join_queue, queue_id=queue_id, group=group)

    def tickets(self, queue_id: int, how_many: int) -> list[TicketGiven]:
        """That many visitors take a ticket, one after the other."""
        return [self.ticket(who, queue_id) for who in self.visitors(how_many)]

    def press(self, staff: Actor, queue_id: int) -> Pressed:
        """Staff complete what they serve and call the next."""
        return self.run(staff, complete_and_call_next, queue_id=queue_id)

    def line(self, queue_id: int) -> dict[int, str]:
        """The tickets of the queue's present round: status by number."""
        rows = self.rows(ticket, queue_id=queue_id, round=self.row(queue, queue_id).round)
        return {row.number: row.status for row in rows}

    def shown(self, queue_id: int) -> int:
        """The number that was called last."""
        return self.row(queue, queue_id).shown_number

    def run_due(self) -> int:
        """Let time do its work; how many things were done."""
        return self.run(SYSTEM, run_due)

    def fill(self, bank_id: int) -> list[tuple[Actor, Taken]]:
        """New persons take all that is free in the bank, lowest first; who got what."""
        free = self.view(bank_id).doors.count("f")
        return [(person, self.take(person, bank_id)) for person in self.people(free)]

    def view(self, bank_id: int) -> BankView:
        """The bank as everybody sees it now."""
        view = self.db.read(lambda conn: bank_view(conn, bank_id, self.clock.now))
        assert view is not None
        return view

    def doors(self, bank_id: int) -> str:
        """The status letters of the bank's doors now."""
        return self.view(bank_id).doors

    def locker_ids(self, bank_id: int) -> list[int]:
        """The ids of the bank's lockers, by number."""
        return self.view(bank_id).locker_ids

    def rows(self, table: Table, **equal: Any) -> list[Any]:
        """The table's rows where these columns have these values, oldest first."""
        which = [table.c[name] == value for name, value in equal.items()]
        statement = select(table).where(*which).order_by(table.primary_key.columns.values()[0])
        return list(self.db.read(lambda conn: conn.execute(statement).all()))

    def row(self, table: Table, row_id: int) -> Any:
        """The row with this id."""
        (row,) = self.rows(table, id=row_id)
        return row

    def change(self, statement: ClauseElement) -> None:
        """Change the tables behind the commands' back, for what has no command yet."""

        def attempt(tx: Tx) -> None:
            tx.conn.execute(statement)  # pyright: ignore[reportCallIssue, reportArgumentType]

        self.db.run(Work(attempt, Trace("test")))

    def kinds(self, after: int = 0) -> list[str]:
        """The kinds of the events with higher ids than `after`, oldest first."""
        return [row.kind for row in self.rows(event) if row.id > after]

    def mark(self) -> int:
        """The id of the newest event, to see later what came after it."""
        return max((row.id for row in self.rows(event)), default=0)

    def refusals(self) -> list[tuple[str, str]]:
        """The refusals in the log: command and code, oldest first."""
        return [
            (row.details["command"], row.details["code"])
            for row in self.rows(event, kind="Refused")
        ]

    def open_claims(self) -> list[Any]:
        """All claims that nobody has ended."""
        return self.rows(assignment, released_at=None)

    def open_waits(self) -> list[Any]:
        """All places in waiting lists that nobody has ended."""
        return self.rows(wait, ended_at=None)

    def number_of(self, locker_id: int) -> int:
        """What number the locker has."""
        return self.row(locker, locker_id).number
