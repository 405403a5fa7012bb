"""Holds: a free locker kept for whoever is first in the waiting list.

A hold is an open claim without `assigned_at`, so no door is ever held for one and given to
another. Outside a site's hours none is made, and the time of those there are stands still.
Whoever frees a door calls `offer_next` in the same transaction: between the two nobody
can walk up and take it. On PostgreSQL joining the list excludes freeing a door by a lock on the
bank's row, or somebody could join just when the last look for waiting people has passed.

The commands of those who wait are in `services.waiting`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, locker, wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.facts import HoldEnded, LockerReserved, WaitEnded
from locker_app.domain.hours import after_open_time, is_open_at
from locker_app.domain.lockers import ReleaseCause, WaitOutcome, free_slot
from locker_app.queries.lockers import is_free
from locker_app.services.claims import (
    claim_door,
    claim_lowest_free,
    door,
    end_claim,
    open_claims,
)

BATCH = 200
"""How many lapsed holds one transaction passes on at most."""

_A, _W = assignment.c, wait.c

_FIRST_WAITING = Statement(
    select(_W.id, _W.person_id)
    .where(_W.bank_id == bindparam("bank_id"), _W.ended_at.is_(None), _W.assignment_id.is_(None))
    .where(or_(_W.accessible.is_(False), bindparam("low", type_=_W.accessible.type)))
    .order_by(_W.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ANYBODY_WAITS = (
    select(_W.id)
    .where(_W.bank_id == bindparam("bank_id"), _W.ended_at.is_(None), _W.assignment_id.is_(None))
    .limit(1)
)
_END_HOLD = end_claim(_A.id == bindparam("hold_id"), _A.assigned_at.is_(None))
_END_HOLD_ON_DOOR = end_claim(_A.locker_id == bindparam("door_id"), _A.assigned_at.is_(None))


def _end_wait(*conditions: ColumnElement[bool]) -> Statement:
    return Statement(
        update(wait)
        .where(_W.ended_at.is_(None), *conditions)
        .values(ended_at=bindparam("now", type_=_W.ended_at.type), outcome=bindparam("how"))
        .returning(_W.id.label("wait_id"), _W.site_id, _W.bank_id, _W.person_id, _W.assignment_id)
    )


WAIT_OF_HOLD = _end_wait(_W.assignment_id == bindparam("hold_id"))
WAIT_AT_SITE = _end_wait(
    _W.person_id == bindparam("who"), _W.site_id == bindparam("at"), _W.assignment_id.is_(None)
)
_THIS_WAIT = _end_wait(_W.id == bindparam("this_id"))
OWN_WAIT = _end_wait(_W.id == bindparam("this_id"), _W.person_id == bindparam("who"))


def gives_lockers(place: Any, now: datetime) -> bool:
    """Whether a site gives lockers out now; `place` is any row with its hours and time zone."""
    return not place.hours or is_open_at(place.hours, now, place.time_zone)


def held_until(place: Any, now: datetime) -> datetime:
    """Until when a hold lasts that begins now: only time counts in which it could be taken."""
    lasts = timedelta(minutes=place.hold_minutes)
    return after_open_time(place.hours or (), now, lasts, place.time_zone)


def offer_free_doors(tx: Tx, now: datetime, bank_id: int) -> None:
    """Hold doors of a bank that may have become free for those who wait."""
    lock_bank(tx.conn, bank_id)
    if tx.conn.execute(_ANYBODY_WAITS, {"bank_id": bank_id}).first() is None:
        return
    doors = select(locker.c.id).where(is_free(bank_id, accessible=False)).order_by(locker.c.number)
    for locker_id in tx.conn.scalars(doors).all():
        offer_next(tx, now, locker_id)


def offer_next(tx: Tx, now: datetime, locker_id: int) -> None:
    """Hold a door that may have become free for the first who waits and can use it."""
    _lock_bank_of(tx.conn, locker_id)
    place = door(tx.conn, locker_id)
    if place.out_of_service_at is not None or not gives_lockers(place, now):
        return
    this_door = partial(claim_door, locker_id=locker_id)
    while (first := _first_waiting(tx.conn, place)) is not None:
        slot = _slot_for(tx.conn, place, first.person_id)
        if slot is None:  # has all they may have from elsewhere, and so waits no more
            end_wait(tx, SYSTEM, now, WaitOutcome.TOOK_LOCKER, _THIS_WAIT, this_id=first.id)
        elif _hold_for(tx, now, place, first, slot, this_door):
            return
        elif _slot_for(tx.conn, place, first.person_id) == slot:
            return  # it is not free after all, e.g. back in service while somebody has it


def end_hold(
    tx: Tx,
    actor: Actor,
    now: datetime,
    cause: ReleaseCause,
    assignment_id: int,
    reason: str | None = None,
) -> bool:
    """End a hold that was not taken and offer the door to the next; false if there is none."""
    row = _END_HOLD.first(tx.conn, now=now, cause=cause.value, hold_id=assignment_id)
    if row is None:
        return False
    tx.record(HoldEnded(cause=cause, reason=reason, **row._asdict()), actor, now)
    offer_next(tx, now, row.locker_id)
    return True


def lapse_holds(tx: Tx, now: datetime) -> int:
    """End holds whose time is over and pass their doors on; how many, at most a batch.

    Commands that find no free door call this: a passed deadline counts as passed even when the
    timer is late.
    """
    lapsed = (
        tx.conn.execute(
            select(_A.id)
            .where(_A.released_at.is_(None), _A.held_until <= now)
            .order_by(_A.held_until, _A.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        .scalars()
        .all()
    )
    for hold_id in lapsed:
        end_wait(tx, SYSTEM, now, WaitOutcome.LAPSED, WAIT_OF_HOLD, hold_id=hold_id)
        end_hold(tx, SYSTEM, now, ReleaseCause.LAPSED, hold_id)
    return len(lapsed)


def move_hold(tx: Tx, actor: Actor, now: datetime, place: Any, reason: str) -> None:
    """End the hold on a door that can't be used; whoever had it gets another door held if one
    is free, else is first in the list again. The caller has the bank locked."""
    cause = ReleaseCause.FORCED
    row = _END_HOLD_ON_DOOR.first(tx.conn, now=now, cause=cause.value, door_id=place.id)
    if row is None:
        return
    fact = HoldEnded(cause=cause, reason=reason, **row._asdict())
    tx.record(fact, actor, now)
    first = tx.conn.execute(
        update(wait)
        .where(_W.assignment_id == row.assignment_id, _W.ended_at.is_(None))
        .values(assignment_id=None)
        .returning(_W.id, _W.person_id, _W.accessible)
    ).one()
    slot = _slot_for(tx.conn, place, first.person_id)
    assert slot is not None  # the one of the hold that has just ended
    _hold_for(tx, now, place, first, slot, partial(claim_lowest_free, accessible=first.accessible))


def end_wait(
    tx: Tx, actor: Actor, now: datetime, outcome: WaitOutcome, which: Statement, **values: int
) -> Any | None:
    """End the one open place in the list that `which` names; its row, or None."""
    row = which.first(tx.conn, now=now, how=outcome.value, **values)
    if row is not None:
        fact = WaitEnded(
            site_id=row.site_id,
            bank_id=row.bank_id,
            person_id=row.person_id,
            wait_id=row.wait_id,
            outcome=outcome,
        )
        tx.record(fact, actor, now)
    return row


def lock_bank(conn: Connection, bank_id: int) -> None:
    """On PostgreSQL, hold off whoever joins, passes a door on or changes one of this bank until
    this transaction ends. SQLite has one writer anyway."""
    if conn.dialect.name != "sqlite":
        this = select(bank.c.id).where(bank.c.id == bank_id)
        conn.execute(this.with_for_update(key_share=True))


def _lock_bank_of(conn: Connection, locker_id: int) -> None:
    """Likewise, but side by side with others who pass doors on."""
    if conn.dialect.name != "sqlite":
        this = select(bank.c.id).join(locker, locker.c.bank_id == bank.c.id)
        conn.execute(this.where(locker.c.id == locker_id).with_for_update(read=True, of=bank))


def _first_waiting(conn: Connection, place: Any) -> Any | None:
    return _FIRST_WAITING.first(conn, bank_id=place.bank_id, low=place.accessible)


def _slot_for(conn: Connection, place: Any, person_id: int) -> int | None:
    claims = open_claims(conn, person_id, place.site_id)
    return free_slot([c.slot for c in claims], place.lockers_per_person)


def _hold_for(
    tx: Tx, now: datetime, place: Any, first: Any, slot: int, claim: Callable[..., Any | None]
) -> bool:
    """Hold what `claim` gets for one who waits; false when it gets nothing."""
    until = held_until(place, now)
    held = claim(
        tx.conn,
        site_id=place.site_id,
        bank_id=place.bank_id,
        person_id=first.person_id,
        slot=slot,
        held_until=until,
    )
    if held is None:
        return False
    tx.conn.execute(update(wait).where(_W.id == first.id).values(assignment_id=held.id))
    fact = LockerReserved(
        site_id=place.site_id,
        bank_id=place.bank_id,
        locker_id=held.locker_id,
        person_id=first.person_id,
        assignment_id=held.id,
        wait_id=first.id,
        held_until=until,
    )
    tx.record(fact, SYSTEM, now)
    return True
