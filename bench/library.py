"""Libraries to measure: made in the database before the server starts.

Banks come from the application's own commands; people, their sessions and a long history are
written straight into the tables, because thousands of PINs would take minutes to hash.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text

from bench.server import SECRET_KEY, url_of
from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.migrate import upgrade
from locker_app.db.tables import assignment, event, locker, person, request, session, staff
from locker_app.db.tables import staff_role as role_table
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import SYSTEM, Role
from locker_app.services.command import Call, command
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import key_of
from locker_app.services.setup import BankPlan, create_bank, create_site

LOCKERS_PER_BANK = 150
HELD = 75
"""How many doors of the first bank others hold, so that boards have something to show."""
BANK = 1
_KEYS = TokenKeys((SECRET_KEY,))


@dataclass(frozen=True)
class Plan:
    """How large a library to make."""

    people: int
    banks: int = 1
    lockers: int = LOCKERS_PER_BANK
    """In each bank."""
    past_events: int = 0


@dataclass(frozen=True)
class Library:
    """Who can act in it: a token for each person, and one for a staff member."""

    people: list[str]
    staff: str


def database_of(folder: Path) -> Database:
    """The database of a server's data folder."""
    return Database(url_of(folder))


def make_library(folder: Path, plan: Plan) -> Library:
    """Fill the folder's database by the plan."""
    now = datetime.now(UTC)
    upgrade(url_of(folder))
    db = database_of(folder)
    try:
        call = Call(now, "setup", actor=SYSTEM)
        site = db.run(command(call, create_site, name="Library", time_zone="Europe/Berlin"))
        for number in range(1, plan.banks + 1):
            bank = BankPlan(f"Bank {number}", "Hall", f"B{number}-", plan.lockers, 10)
            db.run(command(call, create_bank, site_id=site, plan=bank))
        made: list[Library] = []
        db.run(Work(lambda tx: made.append(_fill(tx, now, plan, site)), Trace("setup")))
        return made[0]
    finally:
        db.close()


def _fill(tx: Tx, now: datetime, plan: Plan, site: int) -> Library:
    first = HELD + 1  # those before hold a locker throughout
    people = range(1, HELD + plan.people + 1)
    tx.conn.execute(
        insert(person),
        [{"id": i, "number": f"P{i:06}", "name": f"Person {i}", "created_at": now} for i in people],
    )
    _write_history(tx.conn, now, plan, site)
    doors = tx.conn.scalars(select(locker.c.id).where(locker.c.bank_id == BANK)).all()
    claims = [
        claim_of(site, BANK, door, holder + 1, assigned_at=now)
        for holder, door in enumerate(doors[-HELD:])
    ]
    tx.conn.execute(insert(assignment), claims)
    tx.conn.execute(
        insert(staff),
        {"id": 1, "login": "desk", "name": "Desk", "password_hash": "", "created_at": now},
    )
    tx.conn.execute(insert(role_table), {"staff_id": 1, "site_id": site, "role": Role.ADMIN.value})
    if tx.conn.dialect.name == "postgresql":
        for table in ("person", "staff"):  # whose ids were given by hand
            highest = f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"
            tx.conn.execute(text(highest))
    tokens = [_sign_in(tx.conn, now, person_id=i) for i in people if i >= first]
    return Library(tokens, _sign_in(tx.conn, now, staff_id=1))


def _sign_in(conn: Connection, now: datetime, **who: int) -> str:
    opaque, end = secrets.token_urlsafe(32), now + timedelta(hours=12)
    values = {"key": key_of(opaque), "created_at": now, "expires_at": end, **who}
    conn.execute(insert(session).values(**values))
    return _KEYS.sign(opaque, now, end)


def _write_history(conn: Connection, now: datetime, plan: Plan, site: int) -> None:
    """Lockers that were taken and given back: two events and two answers for each."""
    doors = conn.execute(select(locker.c.id, locker.c.bank_id).order_by(locker.c.id)).all()
    begin = now - timedelta(days=5)
    step = (now - begin) / (plan.past_events + 1)
    claims: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for i in range(plan.past_events // 2):
        who, (door, bank) = HELD + 1 + i % plan.people, doors[i % len(doors)]
        taken, given = begin + 2 * i * step, begin + (2 * i + 1) * step
        claims.append(
            claim_of(site, bank, door, who, assigned_at=taken, released_at=given)
            | {"release_cause": "given_back"}
        )
        about = {"site_id": site, "bank_id": bank, "locker_id": door, "person_id": who}
        details = {"assignment_id": i + 1}
        events.append(_event(taken, "LockerAssigned", about, details | {"due_at": None}))
        events.append(_event(given, "LockerReleased", about, details | {"cause": "given_back"}))
    if claims:
        conn.execute(insert(assignment), claims)
        conn.execute(insert(event), events)
        conn.execute(insert(request), [_answer(row) for row in events])


def claim_of(site: int, bank: int, door: int, who: int, **times: datetime) -> dict[str, Any]:
    """The row of a claim."""
    place = {"site_id": site, "bank_id": bank, "locker_id": door, "person_id": who, "slot": 1}
    return place | {"assigned_at": None, "released_at": None} | times


def _event(
    at: datetime, kind: str, about: dict[str, int], details: dict[str, Any]
) -> dict[str, Any]:
    actor = {"actor_kind": "person", "actor_id": about["person_id"], "origin": "web"}
    key = {"request_id": secrets.token_hex(16), "at": at, "kind": kind, "details": details}
    return about | actor | key


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "actor": f"person:{row['actor_id']}",
        "key": row["request_id"],
        "fingerprint": secrets.token_hex(32),
        "answer": json.dumps(row["details"]),
        "at": row["at"],
    }
