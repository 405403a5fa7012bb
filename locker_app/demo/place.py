"""What the demo adds to the sample library: three terminals, and a card for each student."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from edge.cards import card_ids, format_uid
from locker_app.db.database import Database
from locker_app.db.tables import assignment, bank, person, terminal, visit
from locker_app.db.transaction import Tx
from locker_app.demo.story import GATE, Has
from locker_app.domain.actors import Actor, ActorKind, Role
from locker_app.domain.terminals import PINS, TAKEN_PINS, TapMode, TerminalKind, TerminalPlan
from locker_app.services import card_rows, cards
from locker_app.services.command import Call, command
from locker_app.services.sealing import Seal
from locker_app.services.setup import SAMPLE_STUDENTS
from locker_app.services.terminals import add_terminal

LINES = [pin for pin in PINS if pin not in TAKEN_PINS]
"""As many relays as a terminal can have."""
BANKS = {"entrance": "Entrance hall", "reading-room": "Reading room"}
"""Short names of the terminals of lockers, and the banks of the sample library they are at."""
VISITORS = [number for number, _ in SAMPLE_STUDENTS[2:]]
"""The first two are left to whoever looks."""
NAMES = dict(SAMPLE_STUDENTS)
STRANGER = "nobody"
WHOEVER_RUNS_IT = Actor(ActorKind.SYSTEM, roles=((None, Role.ADMIN),))
"""They may set up all of it."""


class NoSample(Exception):
    """The sample library is not there any more, or not as it was. The text is for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """What there is to tap at."""

    site_id: int
    terminals: dict[str, int]
    """By short name."""
    banks: dict[int, str]
    """The short name of the terminal at a bank."""
    people: dict[int, str]
    """The numbers of the visitors."""


def uid_of(number: str) -> bytes:
    """The number of a student's card, of seven bytes as most have."""
    return b"\x04" + hashlib.sha256(f"demo {number}".encode()).digest()[:6]


def shown_uid(number: str) -> str:
    """The same as people type it."""
    return format_uid(uid_of(number))


def set_up(db: Database, seal: Seal, now: datetime) -> Place:
    """See to it that terminals and cards are there, as far as they are not yet.

    Raises:
        NoSample: there is no place for them.
    """
    return db.run(command(Call(now, "setup", actor=WHOEVER_RUNS_IT), _set_up_by(seal)))


def have(db: Database, place: Place) -> dict[str, Has]:
    """How it stands with each visitor now."""
    a, v = assignment.c, visit.c
    held = select(a.person_id, a.bank_id).where(a.released_at.is_(None), a.assigned_at.is_not(None))
    inside = select(v.person_id).where(v.site_id == place.site_id, v.left_at.is_(None))
    lockers, there = db.read(
        lambda conn: (
            {row.person_id: place.banks.get(row.bank_id) for row in conn.execute(held)},
            set(conn.scalars(inside)),
        )
    )
    return {
        number: Has(person_id in there, lockers.get(person_id))
        for person_id, number in place.people.items()
    }


def _set_up_by(seal: Seal):
    def set_up_demo(tx: Tx, actor: Actor, now: datetime) -> Place:
        banks = {
            row.name: row
            for row in tx.conn.execute(select(bank).where(bank.c.archived_at.is_(None)))
        }
        missing = [name for name in BANKS.values() if name not in banks]
        if missing:
            raise NoSample(f"The demo needs the sample library: there is no bank “{missing[0]}”.")
        at = {short: banks[name] for short, name in BANKS.items()}
        site_id = next(iter(at.values())).site_id
        plans = {short: _at_bank(row) for short, row in at.items()}
        plans[GATE] = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE, place="Main door")
        terminals = {
            short: _terminal(tx, actor, now, site_id, plan) for short, plan in plans.items()
        }
        return Place(
            site_id,
            terminals,
            {row.id: short for short, row in at.items()},
            _people_with_cards(tx, actor, now, seal),
        )

    return set_up_demo


def _at_bank(row: object) -> TerminalPlan:
    name, bank_id, place = (getattr(row, column) for column in ("name", "id", "place"))
    doors = dict(enumerate(LINES, 1))
    return TerminalPlan(f"{name}: terminal", bank_id=bank_id, place=place, relays=doors)


def _terminal(tx: Tx, actor: Actor, now: datetime, site_id: int, plan: TerminalPlan) -> int:
    t = terminal.c
    there = select(t.id).where(
        t.site_id == site_id, t.name == plan.name, t.kind == plan.kind, t.archived_at.is_(None)
    )
    found = tx.conn.scalar(there)
    return found or add_terminal(tx, actor, now, site_id=site_id, plan=plan)


def _people_with_cards(tx: Tx, actor: Actor, now: datetime, seal: Seal) -> dict[int, str]:
    """Link the cards that were never seen; one that somebody revoked stays so."""
    cards.first_key(tx, actor, now, seal)
    keys = dict(cards.card_keys(tx.conn, seal))
    this = select(person.c.id, person.c.number).where(
        person.c.number.in_(NAMES), person.c.archived_at.is_(None)
    )
    people = {row.number: row.id for row in tx.conn.execute(this)}
    for number, person_id in people.items():
        numbers = card_ids(keys, uid_of(number))
        if card_rows.find(tx.conn, numbers) is None:
            card_rows.add(tx.conn, now, numbers[0])
            row = card_rows.find(tx.conn, numbers)
            assert row is not None
            cards.link_card(tx, actor, now, card_id=row.id, person_id=person_id, label="Demo card")
    return {people[number]: number for number in VISITORS if number in people}
