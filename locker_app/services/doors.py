"""Commands of staff at one door, besides releasing it and its service: notes, longer times, and
opening it from afar."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, Field
from sqlalchemy import Connection, select, update

from locker_app.db.tables import assignment, locker
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.domain.doors import MAX_EXTENSION_MINUTES, MAX_NOTE_LENGTH, extended
from locker_app.domain.errors import DoorChanged, NothingHeld, NoTimeLimit
from locker_app.domain.facts import HoldExtended, LimitExtended, LockerNoted, LockerNoteRemoved
from locker_app.domain.lockers import label, remind_at
from locker_app.domain.people import check_reason
from locker_app.domain.queues import check_line
from locker_app.services.claims import claim_on, door
from locker_app.services.commands import open_remotely
from locker_app.services.ids import Id, Text, Version

Minutes = Annotated[int, Field(strict=True, ge=1, le=MAX_EXTENSION_MINUTES)]

_A, _L = assignment.c, locker.c


def note_locker(
    tx: Tx, actor: Actor, now: datetime, *, locker_id: Id, note: Text, seen: Text | None = None
) -> str:
    """Write, change or remove the note that staff keep on a door; its label.

    With `seen` only if that is still the note.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        BadInput: longer than a note may be.
        DoorChanged: somebody else has changed the note meanwhile.
    """
    place = door(tx.conn, locker_id)
    actor.require(Right.NOTE_LOCKERS, place.site_id)
    note = check_line(note, MAX_NOTE_LENGTH, "note")
    shown = label(place.prefix, place.number)
    before = tx.conn.scalar(select(_L.note).where(_L.id == locker_id).with_for_update())
    if before == note:
        return shown
    if seen not in (None, before):
        raise DoorChanged("Somebody else has changed this note meanwhile. Look again.")
    who = actor.id if actor.kind is ActorKind.STAFF else None
    written = {"noted_at": now, "noted_by": who} if note else {"noted_at": None, "noted_by": None}
    tx.conn.execute(update(locker).where(_L.id == locker_id).values(note=note, **written))
    fact = LockerNoted if note else LockerNoteRemoved
    tx.record(fact(site_id=place.site_id, bank_id=place.bank_id, locker_id=locker_id), actor, now)
    return shown


def extend_time(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    locker_id: Id,
    minutes: Minutes,
    assignment_id: Id | None = None,
    seen_until: AwareDatetime | None = None,
) -> str:
    """Give whoever has the door longer, or more time to take the one held for them; its label.

    From its deadline, or from now when that has passed. With `assignment_id` and `seen_until` only
    if these are still the claim and its deadline: two who press at once extend it once.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        NothingHeld: nobody has it, or the time to take it is over.
        NoTimeLimit: it may be kept as long as wanted.
        DoorChanged: it is another claim, or has another deadline by now.
        BadInput: more than a year ahead.
    """
    place = door(tx.conn, locker_id)
    actor.require(Right.EXTEND_TIME, place.site_id)
    claim = claim_on(tx.conn, locker_id)
    if claim is None or (claim.held_until is not None and claim.held_until <= now):
        raise NothingHeld
    deadline = claim.due_at if claim.held_until is None else claim.held_until
    if assignment_id not in (None, claim.id):
        raise DoorChanged
    if deadline is None:
        raise NoTimeLimit
    if seen_until is not None and not _same(seen_until, deadline):
        raise DoorChanged("Somebody else has changed its time meanwhile. Look again.")
    later = extended(deadline, now, minutes)
    about = {
        "site_id": place.site_id,
        "bank_id": place.bank_id,
        "locker_id": locker_id,
        "person_id": claim.person_id,
        "assignment_id": claim.id,
    }
    if claim.held_until is None:
        changed = _move_due(tx.conn, claim, later, remind_at(now, later, place.reminder_minutes))
        fact: Any = LimitExtended(due_at=later, **about)
    else:
        changed = _move(tx.conn, claim, _A.held_until == deadline, held_until=later)
        fact = HoldExtended(held_until=later, **about)
    if not changed:
        raise DoorChanged
    tx.record(fact, actor, now)
    return label(place.prefix, place.number)


def open_door(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    locker_id: Id,
    reason: Text = "",
    assignment_id: Version | None = None,
) -> str:
    """Have a door opened from afar, with a reason when it is somebody's; its label. Whether it was
    opened is known later: `queries.terminals.last_opening`.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        NoTerminal: nothing at this bank could open it.
        TerminalAway: what could is not connected.
        DoorChanged: somebody else has it than the screen showed, or nobody any more.
        ReasonNeeded: it is somebody's, and no reason was given.
    """
    place = door(tx.conn, locker_id)
    actor.require(Right.OPEN_DOORS, place.site_id)
    claim = claim_on(tx.conn, locker_id)
    if assignment_id not in (None, claim.id if claim else 0):
        raise DoorChanged
    reason = check_reason(reason) if claim is not None else reason.strip()
    whose = None if claim is None else claim.person_id
    open_remotely(tx, actor, now, place, person_id=whose, reason=reason)
    return label(place.prefix, place.number)


def _same(seen: datetime, at: datetime) -> bool:
    """Whether it is the same time: screens know it to the millisecond."""
    return abs(seen - at) < timedelta(milliseconds=1)


def _move_due(conn: Connection, claim: Any, due: datetime, remind: datetime | None) -> bool:
    anew = {"remind_at": remind, "reminded_at": None, "overdue_at": None}
    return _move(conn, claim, _A.due_at == claim.due_at, due_at=due, **anew)


def _move(conn: Connection, claim: Any, as_seen: Any, **values: Any) -> bool:
    """Change the claim while it is open and as it was read; whether it was."""
    this = update(assignment).where(_A.id == claim.id, _A.released_at.is_(None), as_seen)
    return conn.execute(this.values(values)).rowcount == 1
