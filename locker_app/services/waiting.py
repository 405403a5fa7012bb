"""The waiting list of a bank: join, leave, and the next free locker held for whoever is first.

A hold is an open claim without `assigned_at`, so no door is ever held for one and given to
another. Whoever frees a door calls `offer_next` in the same transaction: between the two nobody
can walk up and take it. On PostgreSQL joining excludes freeing by a lock on the bank's row, or
somebody could join just when the last look for waiting people has passed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, locker, wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.errors import (
    AlreadyWaiting,
    HoldLapsed,
    LockersFree,
    NotHolding,
    NotWaiting,
)
from locker_app.domain.facts import HoldEnded, LockerAssigned, LockerReserved, WaitEnded, WaitJoined
from locker_app.domain.lockers import (
    ReleaseCause,
    WaitOutcome,
    due_at,
    free_slot,
    label,
    remind_at,
)
from locker_app.queries.lockers import is_free
from locker_app.services.claims import (
    claim_door,
    claim_lowest_free,
    door,
    end_claim,
    open_claims,
    rules_for,
)
from locker_app.services.ids import Flag, Id
from locker_app.services.limits import refuse_more

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
_OWN_WAIT = _end_wait(_W.id == bindparam("this_id"), _W.person_id == bindparam("who"))


@dataclass(frozen=True, slots=True)
class Taken:
    """The locker that a person has just got."""

    assignment_id: int
    locker_id: int
    bank_id: int
    label: str
    due_at: datetime | None


def join_waiting(
    tx: Tx, actor: Actor, now: datetime, *, bank_id: Id, accessible: Flag = False
) -> int:
    """Join the bank's waiting list; the id of the place in it.

    Raises:
        AlreadyHolds, HoldWaiting: the person has all the lockers that the site allows.
        LockersFree: one could be had at once.
        AlreadyWaiting: here or at another bank of the site.
        NotFound: no such bank.
    """
    person_id = actor.require_person()
    lapse_holds(tx, now)
    lock_bank(tx.conn, bank_id)
    rules = rules_for(tx.conn, bank_id, person_id)
    claims = open_claims(tx.conn, person_id, rules.site_id)
    if free_slot([c.slot for c in claims], rules.lockers_per_person) is None:
        refuse_more(claims)
    accessible = accessible or rules.accessible
    free = select(locker.c.id).where(is_free(bank_id, accessible=accessible)).limit(1)
    if tx.conn.execute(free).first() is not None:
        raise LockersFree
    wait_id = _insert_wait(tx.conn, now, rules.site_id, bank_id, person_id, accessible)
    if wait_id is None:
        raise AlreadyWaiting
    tx.record(
        WaitJoined(
            site_id=rules.site_id,
            bank_id=bank_id,
            person_id=person_id,
            wait_id=wait_id,
            accessible=accessible,
        ),
        actor,
        now,
    )
    return wait_id


def leave_waiting(tx: Tx, actor: Actor, now: datetime, *, wait_id: Id) -> bool:
    """Leave the waiting list, or decline the locker held; true when one had been held.

    Raises:
        NotWaiting: this place is not the person's, or not any more.
    """
    person_id = actor.require_person()
    place = end_wait(tx, actor, now, WaitOutcome.LEFT, _OWN_WAIT, this_id=wait_id, who=person_id)
    if place is None:
        raise NotWaiting
    if place.assignment_id is None:
        return False
    end_hold(tx, actor, now, ReleaseCause.DECLINED, place.assignment_id)
    return True


def take_held(tx: Tx, actor: Actor, now: datetime, *, assignment_id: Id) -> Taken:
    """Take the locker that is held for the person who asks.

    Raises:
        NotHolding: no such hold, or somebody else's.
        HoldLapsed: the time to take it is over.
    """
    person_id = actor.require_person()
    hold = tx.conn.execute(
        select(_A.bank_id, _A.locker_id, _A.site_id).where(
            _A.id == assignment_id, _A.person_id == person_id, _A.assigned_at.is_(None)
        )
    ).one_or_none()
    if hold is None:
        raise NotHolding
    rules = door(tx.conn, hold.locker_id)
    due = due_at(now, rules.limit_minutes)
    taken = tx.conn.execute(
        update(assignment)
        .where(_A.id == assignment_id, _A.released_at.is_(None), _A.assigned_at.is_(None))
        .where(_A.held_until > now)
        .values(
            assigned_at=now,
            held_until=None,
            due_at=due,
            remind_at=remind_at(now, due, rules.reminder_minutes),
        )
    )
    if taken.rowcount == 0:
        raise HoldLapsed
    end_wait(tx, actor, now, WaitOutcome.TOOK_LOCKER, WAIT_OF_HOLD, hold_id=assignment_id)
    fact = LockerAssigned(
        site_id=hold.site_id,
        bank_id=hold.bank_id,
        locker_id=hold.locker_id,
        person_id=person_id,
        assignment_id=assignment_id,
        due_at=due,
    )
    tx.record(fact, actor, now)
    shown = label(rules.prefix, rules.number)
    return Taken(assignment_id, hold.locker_id, hold.bank_id, shown, due)


def offer_next(tx: Tx, now: datetime, locker_id: int) -> None:
    """Hold a door that may have become free for the first who waits and can use it."""
    _lock_bank_of(tx.conn, locker_id)
    place = door(tx.conn, locker_id)
    if place.out_of_service_at is not None:
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
            .order_by(_A.held_until)
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


def _insert_wait(
    conn: Connection, now: datetime, site_id: int, bank_id: int, person_id: int, accessible: bool
) -> int | None:
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    return conn.execute(
        insert(wait)
        .values(
            site_id=site_id,
            bank_id=bank_id,
            person_id=person_id,
            accessible=accessible,
            joined_at=now,
        )
        .on_conflict_do_nothing()
        .returning(wait.c.id)
    ).scalar_one_or_none()


def _first_waiting(conn: Connection, place: Any) -> Any | None:
    return _FIRST_WAITING.first(conn, bank_id=place.bank_id, low=place.accessible)


def _slot_for(conn: Connection, place: Any, person_id: int) -> int | None:
    claims = open_claims(conn, person_id, place.site_id)
    return free_slot([c.slot for c in claims], place.lockers_per_person)


def _hold_for(
    tx: Tx, now: datetime, place: Any, first: Any, slot: int, claim: Callable[..., Any | None]
) -> bool:
    """Hold what `claim` gets for one who waits; false when it gets nothing."""
    until = now + timedelta(minutes=place.hold_minutes)
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
