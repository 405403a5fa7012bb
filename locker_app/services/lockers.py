"""Commands on lockers: get, give back, force release, out of service and back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, locker
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, Right
from locker_app.domain.errors import (
    AlreadyInService,
    AlreadyOutOfService,
    DoorChanged,
    NoneAccessibleFree,
    NoneFree,
    NothingHeld,
    NotHolding,
)
from locker_app.domain.facts import (
    LockerAssigned,
    LockerBackInService,
    LockerReleased,
    LockerTakenOutOfService,
)
from locker_app.domain.lockers import (
    ReleaseCause,
    WaitOutcome,
    due_at,
    free_slot,
    label,
    remind_at,
)
from locker_app.domain.people import check_reason
from locker_app.services import holds, opening, visit_rows, waiting
from locker_app.services.claims import (
    claim_lowest_free,
    claim_on,
    door,
    door_label,
    end_claim,
    open_claims,
    refuse_more,
    rules_for,
)
from locker_app.services.ids import Flag, Id, Text, Version
from locker_app.services.waiting import Taken

_A = assignment.c
_END_ANY = end_claim(_A.id == bindparam("this_id"), _A.assigned_at.is_not(None))
_END_OWN = end_claim(
    _A.id == bindparam("this_id"), _A.person_id == bindparam("who"), _A.assigned_at.is_not(None)
)


def take_locker(
    tx: Tx, actor: Actor, now: datetime, *, bank_id: Id, accessible: Flag = False
) -> Taken:
    """Give the person who asks the lowest free locker of the bank, or the one held for them.

    Raises:
        AlreadyHolds, HoldWaiting: the person has all the lockers that the site allows.
        NoneFree, NoneAccessibleFree: there is none to give.
        SiteClosed: it is outside the site's hours.
        VisitNeeded: the site gives lockers only to who is inside.
        NotFound: no such bank.
    """
    person_id = actor.require_person()
    rules = rules_for(tx.conn, bank_id, person_id)
    opening.require_open(tx, now, rules)
    if rules.visit_needed:
        visit_rows.require_inside(tx, now, person_id, rules.site_id)
    claims = _live_claims(tx, now, person_id, rules.site_id)
    held_here = next((c for c in claims if c.assigned_at is None and c.bank_id == bank_id), None)
    if held_here is not None:
        return waiting.take_held(tx, actor, now, assignment_id=held_here.id)
    slot = free_slot([c.slot for c in claims], rules.lockers_per_person)
    if slot is None:
        refuse_more(claims)
    accessible = accessible or rules.accessible
    due = due_at(now, rules.limit_minutes)
    claimed = _claim(
        tx,
        now,
        accessible=accessible,
        near=_last_number(tx.conn, person_id, bank_id) if rules.near_last else None,
        site_id=rules.site_id,
        bank_id=bank_id,
        person_id=person_id,
        slot=slot,
        assigned_at=now,
        due_at=due,
        remind_at=remind_at(now, due, rules.reminder_minutes),
    )
    if claimed is None:
        if any(c.slot == slot for c in open_claims(tx.conn, person_id, rules.site_id)):
            # The same person was quicker elsewhere: look again at what they may have.
            return take_locker(tx, actor, now, bank_id=bank_id, accessible=accessible)
        raise NoneAccessibleFree if accessible else NoneFree
    if rules.waits:
        mine = {"who": person_id, "at": rules.site_id}
        holds.end_wait(tx, actor, now, WaitOutcome.TOOK_LOCKER, holds.WAIT_AT_SITE, **mine)
    fact = LockerAssigned(
        site_id=rules.site_id,
        bank_id=bank_id,
        locker_id=claimed.locker_id,
        person_id=person_id,
        assignment_id=claimed.id,
        due_at=due,
    )
    tx.record(fact, actor, now)
    shown = door_label(tx.conn, claimed.locker_id)
    return Taken(claimed.id, claimed.locker_id, bank_id, shown, due)


def give_back(tx: Tx, actor: Actor, now: datetime, *, assignment_id: Id) -> str:
    """Give back one's own locker; its label. The next in the waiting list gets it held.

    Raises:
        NotHolding: it is not this person's, or not any more.
    """
    person_id = actor.require_person()
    given_back = ReleaseCause.GIVEN_BACK
    locker_id = _release(tx, actor, now, given_back, _END_OWN, this_id=assignment_id, who=person_id)
    if locker_id is None:
        raise NotHolding
    return door_label(tx.conn, locker_id)


def force_release(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    locker_id: Id,
    reason: Text,
    assignment_id: Id | None = None,
) -> str:
    """Take a locker, or a hold on one, from whoever has it; its label.

    With `assignment_id` only if that claim is still the one: a dialog that was opened on a door
    which has changed hands since releases nobody.

    Raises:
        NotFound, NotSignedIn, NotAllowed, ReasonNeeded: as the words say.
        NothingHeld: nobody has it.
        DoorChanged: somebody has it, but not with the claim that was named.
    """
    place = door(tx.conn, locker_id)
    actor.require(Right.FORCE_RELEASE, place.site_id)
    reason = check_reason(reason)
    claim = claim_on(tx.conn, locker_id)
    if claim is None:
        raise NothingHeld
    if assignment_id not in (None, claim.id):
        raise DoorChanged
    if claim.assigned_at is None:
        holds.end_wait(tx, actor, now, WaitOutcome.LEFT, holds.WAIT_OF_HOLD, hold_id=claim.id)
        released = holds.end_hold(tx, actor, now, ReleaseCause.FORCED, claim.id, reason)
    else:
        forced = ReleaseCause.FORCED
        released = _release(tx, actor, now, forced, _END_ANY, reason=reason, this_id=claim.id)
    if not released:
        raise NothingHeld
    return label(place.prefix, place.number)


def take_out_of_service(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    locker_id: Id,
    reason: Text,
    assignment_id: Version | None = None,
) -> str:
    """Give this door to nobody until it is back; its label.

    Whoever holds it keeps it until giving it back. Who only had it held for them gets another
    held, or goes back to the head of the waiting list. With `assignment_id` only if that is still
    the claim on it; 0 stands for none.

    Raises:
        NotFound, NotSignedIn, NotAllowed, ReasonNeeded: as the words say.
        AlreadyOutOfService: it is.
        DoorChanged: somebody else has it, or nobody any more.
    """
    place = door(tx.conn, locker_id)
    actor.require(Right.SERVICE_LOCKERS, place.site_id)
    reason = check_reason(reason)
    holds.lock_bank(tx.conn, place.bank_id)
    holds.lapse_holds(tx, now)
    changed = tx.conn.execute(
        update(locker)
        .where(locker.c.id == locker_id, locker.c.out_of_service_at.is_(None))
        .values(out_of_service_at=now, out_of_service_reason=reason)
    )
    if changed.rowcount == 0:
        raise AlreadyOutOfService
    claim = claim_on(tx.conn, locker_id)  # with the door locked: nobody is just getting it
    if assignment_id not in (None, claim.id if claim else 0):
        raise DoorChanged
    fact = LockerTakenOutOfService(
        site_id=place.site_id, bank_id=place.bank_id, locker_id=locker_id, reason=reason
    )
    tx.record(fact, actor, now)
    holds.move_hold(tx, actor, now, place, reason)
    return label(place.prefix, place.number)


def put_back_in_service(tx: Tx, actor: Actor, now: datetime, *, locker_id: Id) -> str:
    """Let this door be given again, first to whoever waits; its label.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        AlreadyInService: it is.
    """
    place = door(tx.conn, locker_id)
    actor.require(Right.SERVICE_LOCKERS, place.site_id)
    holds.lock_bank(tx.conn, place.bank_id)
    changed = tx.conn.execute(
        update(locker)
        .where(locker.c.id == locker_id, locker.c.out_of_service_at.is_not(None))
        .values(out_of_service_at=None, out_of_service_reason=None)
    )
    if changed.rowcount == 0:
        raise AlreadyInService
    fact = LockerBackInService(site_id=place.site_id, bank_id=place.bank_id, locker_id=locker_id)
    tx.record(fact, actor, now)
    holds.offer_next(tx, now, locker_id)
    return label(place.prefix, place.number)


def release_claim(
    tx: Tx, actor: Actor, now: datetime, assignment_id: int, *, given: bool, reason: str
) -> bool:
    """Take a locker, or, where it was not `given` yet, a hold on one, from whoever has it; false
    when that is over."""
    forced = ReleaseCause.FORCED
    if not given:
        holds.end_wait(tx, actor, now, WaitOutcome.LEFT, holds.WAIT_OF_HOLD, hold_id=assignment_id)
        return holds.end_hold(tx, actor, now, forced, assignment_id, reason)
    locker_id = _release(tx, actor, now, forced, _END_ANY, reason=reason, this_id=assignment_id)
    return locker_id is not None


def release_left(
    tx: Tx, actor: Actor, now: datetime, assignment_id: int, person_id: int
) -> str | None:
    """Give back the locker of somebody who has gone out; its label, or None when it is not theirs
    any more."""
    left = ReleaseCause.LEFT_SITE
    locker_id = _release(tx, actor, now, left, _END_OWN, this_id=assignment_id, who=person_id)
    return None if locker_id is None else door_label(tx.conn, locker_id)


def release_overdue(tx: Tx, actor: Actor, now: datetime, assignment_id: int) -> None:
    """Take back a locker whose time is over, in a bank that says so."""
    _release(tx, actor, now, ReleaseCause.OVERDUE, _END_ANY, this_id=assignment_id)


def _release(
    tx: Tx,
    actor: Actor,
    now: datetime,
    cause: ReleaseCause,
    which: Statement,
    *,
    reason: str | None = None,
    **values: int,
) -> int | None:
    """End an assignment and pass the door on; its locker, or None when there is none to end."""
    row = which.first(tx.conn, now=now, cause=cause.value, **values)
    if row is None:
        return None
    tx.record(LockerReleased(cause=cause, reason=reason, **row._asdict()), actor, now)
    holds.offer_next(tx, now, row.locker_id)
    return row.locker_id


def _live_claims(tx: Tx, now: datetime, person_id: int, site_id: int) -> list[Any]:
    """The person's open claims, after a hold whose time is over was passed on."""
    claims = open_claims(tx.conn, person_id, site_id)
    if any(claim.held_until is not None and claim.held_until <= now for claim in claims):
        holds.lapse_holds(tx, now)
        return open_claims(tx.conn, person_id, site_id)
    return claims


def _claim(tx: Tx, now: datetime, **claim: Any) -> Any | None:
    """Claim a free locker, if need be one whose hold lapsed without the timer having run yet."""
    claimed = claim_lowest_free(tx.conn, **claim)
    if claimed is None and holds.lapse_holds(tx, now):
        return claim_lowest_free(tx.conn, **claim)
    return claimed


def _last_number(conn: Connection, person_id: int, bank_id: int) -> int | None:
    """The number of the locker that the person held last in this bank."""
    return conn.scalar(
        select(locker.c.number)
        .join(assignment, assignment.c.locker_id == locker.c.id)
        .where(assignment.c.person_id == person_id, assignment.c.bank_id == bank_id)
        .where(assignment.c.assigned_at.is_not(None))
        .order_by(assignment.c.id.desc())
        .limit(1)
    )
