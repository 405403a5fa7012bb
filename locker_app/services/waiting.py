"""Commands of those who wait for a locker: join the list, leave it, take the locker held."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import assignment, locker, wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.errors import (
    AlreadyWaiting,
    HoldLapsed,
    LockersFree,
    NotHolding,
    NotWaiting,
)
from locker_app.domain.facts import LockerAssigned, WaitJoined
from locker_app.domain.lockers import (
    ReleaseCause,
    WaitOutcome,
    due_at,
    free_slot,
    label,
    remind_at,
)
from locker_app.queries.lockers import is_free
from locker_app.services.claims import door, open_claims, refuse_more, rules_for
from locker_app.services.holds import (
    OWN_WAIT,
    WAIT_OF_HOLD,
    end_hold,
    end_wait,
    lapse_holds,
    lock_bank,
)
from locker_app.services.ids import Flag, Id
from locker_app.services.opening import require_open
from locker_app.services.visit_rows import require_inside

_A = assignment.c


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
        SiteClosed: it is outside the site's hours.
        NotFound: no such bank.
    """
    person_id = actor.require_person()
    lapse_holds(tx, now)
    lock_bank(tx.conn, bank_id)
    rules = rules_for(tx.conn, bank_id, person_id)
    require_open(tx, now, rules)
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
    place = end_wait(tx, actor, now, WaitOutcome.LEFT, OWN_WAIT, this_id=wait_id, who=person_id)
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
        SiteClosed: it is outside the site's hours, in which that time stands still.
        VisitNeeded: the site gives lockers only to who is inside.
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
    require_open(tx, now, rules)
    if rules.visit_needed:
        require_inside(tx, now, person_id, rules.site_id)
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
