"""Claims on lockers, the part that commands share: make one, end one, and what stands around it.

Which locker a claim gets is decided by one statement: an insert from the lowest free number,
guarded by the unique indexes on open claims. Nobody selects first and updates later.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    exists,
    false,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, locker, person, site, visiting, wait
from locker_app.domain.errors import AlreadyHolds, HoldWaiting, NotFound, NotSignedIn
from locker_app.domain.lockers import label
from locker_app.queries.lockers import IN_USE, THERE, is_free

_MAX_LOST_RACES = 100
"""Each lost race means that somebody else got a locker, so this bounds a bug, not a crowd."""

_A = assignment.c
_BANK_RULES = (
    bank.c.id.label("bank_id"),
    bank.c.site_id,
    bank.c.prefix,
    bank.c.limit_minutes,
    bank.c.reminder_minutes,
    site.c.lockers_per_person,
    site.c.hold_minutes,
    site.c.hours,
    site.c.time_zone,
    site.c.changes_at,
    func.coalesce(visiting.c.visit_needed, false()).label("visit_needed"),
)

_DOOR = Statement(
    select(
        locker.c.id,
        locker.c.number,
        locker.c.accessible,
        locker.c.out_of_service_at,
        *_BANK_RULES,
    )
    .join(bank, bank.c.id == locker.c.bank_id)
    .join(site, site.c.id == bank.c.site_id)
    .outerjoin(visiting, visiting.c.site_id == bank.c.site_id)
    .where(locker.c.id == bindparam("locker_id"), THERE)
)

_CLAIM_ON = Statement(
    select(_A.id, _A.person_id, _A.assigned_at, _A.due_at, _A.held_until).where(
        _A.locker_id == bindparam("locker_id"), _A.released_at.is_(None)
    )
)

_RULES_FOR_PERSON = Statement(
    select(
        *_BANK_RULES,
        person.c.accessible,
        person.c.near_last,
        person.c.archived_at,
        exists()
        .where(
            wait.c.person_id == person.c.id,
            wait.c.site_id == bank.c.site_id,
            wait.c.ended_at.is_(None),
        )
        .label("waits"),
    )
    .join_from(bank, site, site.c.id == bank.c.site_id)
    .outerjoin(visiting, visiting.c.site_id == bank.c.site_id)
    .join(person, person.c.id == bindparam("person_id"))
    .where(bank.c.id == bindparam("bank_id"), IN_USE)
    .with_for_update(read=True, key_share=True, of=person)
)
"""On PostgreSQL it waits for whoever is just archiving this person, and keeps others from it."""

_OPEN_CLAIMS = Statement(
    select(
        *(_A.id, _A.slot, _A.bank_id, _A.locker_id, _A.assigned_at, _A.held_until),
        *(locker.c.number, bank.c.prefix, bank.c.name),
    )
    .join(locker, locker.c.id == _A.locker_id)
    .join(bank, bank.c.id == _A.bank_id)
    .where(
        _A.person_id == bindparam("person_id"),
        _A.site_id == bindparam("site_id"),
        _A.released_at.is_(None),
    )
    .order_by(_A.slot)  # by the index on open claims; by id it would be that on all there were
)

_CLAIMED = (
    "site_id",
    "bank_id",
    "person_id",
    "slot",
    "assigned_at",
    "held_until",
    "due_at",
    "remind_at",
)


def door(conn: Connection, locker_id: int) -> Any:
    """A locker with the rules of its bank and site.

    Raises:
        NotFound: no such locker.
    """
    row = _DOOR.first(conn, locker_id=locker_id)
    if row is None:
        raise NotFound("This locker does not exist, or no longer.")
    return row


def claim_on(conn: Connection, locker_id: int) -> Any | None:
    """The open claim on a door, of whoever has it or has it held for them; None without one."""
    return _CLAIM_ON.first(conn, locker_id=locker_id)


def rules_for(conn: Connection, bank_id: int, person_id: int) -> Any:
    """A bank with the rules of its site, what the person prefers, and whether they wait there.

    Raises:
        NotFound: no such bank.
        NotSignedIn: the person has just been archived.
    """
    row = _RULES_FOR_PERSON.first(conn, bank_id=bank_id, person_id=person_id)
    if row is None:
        raise NotFound("This bank of lockers does not exist, or no longer.")
    if row.archived_at is not None:
        raise NotSignedIn
    return row


def door_label(conn: Connection, locker_id: int) -> str:
    """What stands on the door."""
    row = door(conn, locker_id)
    return label(row.prefix, row.number)


def open_claims(conn: Connection, person_id: int, site_id: int) -> list[Any]:
    """What a person has or has held for them at a site."""
    return _OPEN_CLAIMS.rows(conn, person_id=person_id, site_id=site_id)


def claim_lowest_free(
    conn: Connection, *, accessible: bool = False, near: int | None = None, **claim: Any
) -> Any | None:
    """Claim the lowest free locker of a bank, or the one nearest to number `near`.

    `claim` has the values of the new claim's columns. On PostgreSQL two transactions can reach
    for the same door: rows that another is just claiming are skipped, and who still loses by the
    unique index tries again. When only such rows are left, it waits to see what becomes of them.

    Returns:
        The claim's `id` and `locker_id`; None when there is nothing to claim.
    """
    return _claim(conn, ("near" if near is not None else "low", accessible), claim, near=near)


def claim_door(conn: Connection, locker_id: int, **claim: Any) -> Any | None:
    """Claim just this locker; as `claim_lowest_free`."""
    return _claim(conn, ("door", False), claim, locker_id=locker_id)


def _claim(conn: Connection, how: tuple[str, bool], claim: dict[str, Any], **which: Any) -> Any:
    values = {name: claim.get(name) for name in _CLAIMED}
    values |= {name: value for name, value in which.items() if value is not None}
    insert = (_INSERT_SQLITE if conn.dialect.name == "sqlite" else _INSERT_POSTGRESQL)[how]
    for _ in range(_MAX_LOST_RACES):
        row = insert.first(conn, **values)
        if row is not None or conn.dialect.name == "sqlite":
            return row
        perhaps_free = _AWAIT_FREE[how].first(conn, **{"bank_id": claim["bank_id"], **which})
        if perhaps_free is None or _slot_taken(conn, claim):
            return None
    raise AssertionError("a claim was lost more often than a bank has doors")


def _slot_taken(conn: Connection, claim: dict[str, Any]) -> bool:
    claims = open_claims(conn, claim["person_id"], claim["site_id"])
    return any(open_claim.slot == claim["slot"] for open_claim in claims)


def _free(how: tuple[str, bool]) -> Any:
    kind, accessible = how
    free = select(locker.c.id).where(is_free(bindparam("bank_id"), accessible=accessible))
    if kind == "door":
        free = free.where(locker.c.id == bindparam("locker_id"))
    return free


def _insert(dialect: Any, how: tuple[str, bool]) -> Statement:
    order: list[Any] = [locker.c.number]
    if how[0] == "near":
        order.insert(0, func.abs(locker.c.number - bindparam("near", type_=Integer)))
    values = [bindparam(name, type_=_A[name].type) for name in _CLAIMED]
    pick = _free(how).with_only_columns(locker.c.id, *values, maintain_column_froms=True)
    pick = pick.order_by(*order).limit(1).with_for_update(of=locker, skip_locked=True)
    return Statement(
        dialect.insert(assignment)
        .from_select(["locker_id", *_CLAIMED], pick, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(_A.id, _A.locker_id)
    )


_WAYS = [("low", False), ("low", True), ("near", False), ("near", True), ("door", False)]
_INSERT_SQLITE = {how: _insert(sqlite, how) for how in _WAYS}
_INSERT_POSTGRESQL = {how: _insert(postgresql, how) for how in _WAYS}
_AWAIT_FREE = {
    how: Statement(_free(how).order_by(locker.c.number).limit(1).with_for_update(of=locker))
    for how in _WAYS
}
"""A door that looks free, once whoever has it in hand is done with it, one way or the other."""


def end_claim(*conditions: ColumnElement[bool]) -> Statement:
    """A statement that ends the open claim that meets the conditions.

    Its values are those of the conditions, `now` and `cause`. It returns what a fact about the
    claim says of it.
    """
    return Statement(
        update(assignment)
        .where(_A.released_at.is_(None), *conditions)
        .values(
            released_at=bindparam("now", type_=_A.released_at.type),
            release_cause=bindparam("cause"),
        )
        .returning(_A.id.label("assignment_id"), _A.site_id, _A.bank_id, _A.locker_id, _A.person_id)
    )


def refuse_more(claims: Sequence[Any]) -> NoReturn:
    """Refuse another locker to somebody whose open claims are these.

    Raises:
        AlreadyHolds: with the locker that the person has.
        HoldWaiting: when it is only held for them yet.
    """
    held = next((claim for claim in claims if claim.assigned_at is not None), None)
    if held is None:
        raise HoldWaiting
    raise AlreadyHolds(label(held.prefix, held.number))
