"""Commands of staff about charging spots as they are used: take one out of service and put it back,
end or move somebody's booking, see to a report, take somebody out of the line.

Whoever loses something by it gets another spot where there is one, or is the first in line, and is
told why.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, update

from locker_app.db.tables import booking, charger, charger_wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, Right
from locker_app.domain.bookings import (
    URGENT,
    BookingStatus,
    EndCause,
    LineOutcome,
    clock_time,
)
from locker_app.domain.errors import (
    BadInput,
    BookingOver,
    ChargerMoved,
    NotFound,
    NotInLine,
    NotReported,
    SpotOut,
    SpotTaken,
)
from locker_app.domain.facts import (
    ChargerBackInService,
    ChargerCleared,
    ChargerTakenOutOfService,
)
from locker_app.domain.people import check_reason
from locker_app.services import spots
from locker_app.services.charger_leaving import take_off
from locker_app.services.ids import Id, Text, Version
from locker_app.services.offers import leave_wait, pass_on, put_first
from locker_app.services.spot_rows import (
    THERE,
    Ground,
    booking_of_id,
    free_until,
    open_on,
    spot_free_for,
    usable,
    wait_of_id,
    wait_of_offer,
)
from locker_app.services.stays import end, move_to


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of the bookings of a spot that was taken out of service."""

    moved: int
    """How many are on another spot now."""
    cancelled: int
    """How many have ended, as there was none."""


def take_out(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    charger_id: Id,
    reason: Text,
    seen: Version | None = None,
) -> Moved:
    """Take a spot out of service. Who has it, or has booked it, gets another spot that is free for
    as long; who doesn't and needed one now is the first in line.

    Args:
        seen: the booking that was seen there, 0 for none; then only while that is so.

    Raises:
        NotSignedIn, NotAllowed, NotFound, ReasonNeeded: as the words say.
        ChargerMoved: it is out of service already, or somebody else is there by now.
    """
    ground, row = _lock_charger(tx, actor, now, charger_id)
    reason = check_reason(reason)
    if row.out_of_service_at is not None:
        raise ChargerMoved("This spot is out of service already.")
    here = open_on(tx.conn, charger_id)
    there = next((one.id for one in here if one.status in THERE), 0)
    if seen is not None and seen != there:
        raise ChargerMoved
    out = {"out_of_service_at": now, "out_of_service_reason": reason, "reported_at": None}
    _write(tx, charger_id, out)
    fact = ChargerTakenOutOfService(site_id=ground.site_id, charger_id=charger_id, reason=reason)
    tx.record(fact, actor, now)
    kept = [_rescue(tx, actor, now, ground, one, reason) for one in here]
    pass_on(tx, now, ground)
    theirs = [moved for moved in kept if moved is not None]
    return Moved(sum(theirs), len(theirs) - sum(theirs))


def put_back(tx: Tx, actor: Actor, now: datetime, *, charger_id: Id) -> bool:
    """Put a spot back into service; whether that changes anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    ground, row = _lock_charger(tx, actor, now, charger_id)
    if row.out_of_service_at is None:
        return False
    _write(tx, charger_id, {"out_of_service_at": None, "out_of_service_reason": None})
    tx.record(ChargerBackInService(site_id=ground.site_id, charger_id=charger_id), actor, now)
    pass_on(tx, now, ground, charger_id)
    return True


def end_booking(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    booking_id: Id,
    reason: Text,
    charger_id: Id | None = None,
) -> str:
    """End somebody's stay, or a booking for later; the name of the spot. A spot that is only
    offered is taken back with the place in line that it was offered to.

    Args:
        charger_id: where it was seen; then only while it is there.

    Raises:
        NotSignedIn, NotAllowed, NotFound, ReasonNeeded: as the words say.
        BookingOver: it has ended.
        ChargerMoved: it is on another spot by now.
    """
    ground, row = _lock_booking(tx, actor, now, booking_id)
    reason = check_reason(reason)
    if charger_id is not None and row.charger_id != charger_id:
        raise ChargerMoved
    wait = wait_of_offer(tx.conn, booking_id)
    end(tx, actor, now, row, EndCause.FORCED, reason)
    if wait is not None:
        leave_wait(tx, actor, now, wait, LineOutcome.REMOVED, reason)
    pass_on(tx, now, ground, row.charger_id)
    return spots.charger_of_id(tx, row.charger_id).name


def move_booking(
    tx: Tx, actor: Actor, now: datetime, *, booking_id: Id, charger_id: Id, reason: Text
) -> str:
    """Move somebody's booking to another spot of the site that is free for as long; its name.

    Raises:
        NotSignedIn, NotAllowed, NotFound, ReasonNeeded: as the words say.
        BookingOver: it has ended, or its time is over.
        ChargerMoved: it is only offered, and not theirs yet.
        BadInput: it is on that spot.
        SpotOut, SpotTaken: that spot can't be used, or is not free for as long.
    """
    ground, row = _lock_booking(tx, actor, now, booking_id)
    reason = check_reason(reason)
    if row.status == BookingStatus.OFFERED.value:
        raise ChargerMoved("This spot is only offered. Remove the place in line instead.")
    if row.leaves_at <= now:
        raise BookingOver("The time of this stay is over, so it can't be moved. End it instead.")
    target = spots.charger_here(tx, ground, charger_id)
    if target.id == row.charger_id:
        raise BadInput("That is the spot where they are.", field="charger_id")
    if not usable(target, now):
        raise SpotOut
    until = free_until(open_on(tx.conn, charger_id), max(now, row.starts_at), now)
    if until is None:
        raise SpotTaken
    if until < row.leaves_at:
        raise SpotTaken(clock_time(until, now, ground.zone))
    move_to(tx, actor, now, ground, row, charger_id, row.leaves_at, reason)
    pass_on(tx, now, ground, row.charger_id)
    return target.name


def clear_report(tx: Tx, actor: Actor, now: datetime, *, charger_id: Id) -> bool:
    """Say that a report was seen to: the spot is given again.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        NotReported: nothing is reported, or not any more.
    """
    ground, row = _lock_charger(tx, actor, now, charger_id)
    if row.reported_at is None:
        raise NotReported
    _write(tx, charger_id, {"reported_at": None})
    tx.record(ChargerCleared(site_id=ground.site_id, charger_id=charger_id), actor, now)
    pass_on(tx, now, ground, charger_id)
    return True


def remove_waiting(tx: Tx, actor: Actor, now: datetime, *, wait_id: Id, reason: Text) -> bool:
    """Take somebody out of the line; whether a spot was offered, which the next one has now.

    Raises:
        NotSignedIn, NotAllowed, ReasonNeeded: as the words say.
        NotFound: no such place in a line.
        NotInLine: it is over.
    """
    ground = _lock(tx, actor, now, charger_wait, wait_id, "This place in line does not exist.")
    row = wait_of_id(tx.conn, wait_id)
    reason = check_reason(reason)
    if row is None or row.ended_at is not None:
        raise NotInLine("They are not in line any more.")
    return take_off(tx, actor, now, ground, row, reason)


def _rescue(
    tx: Tx, actor: Actor, now: datetime, ground: Ground, row: Any, reason: str
) -> bool | None:
    """Move what is on a spot that can't be used to another one, or end it; whether it was moved.
    None of what was only offered: the place in line goes on."""
    if row.status == BookingStatus.OFFERED.value:
        end(tx, actor, now, row, EndCause.FAULT, reason)
        return None
    over = row.leaves_at <= now
    span = max(now, row.starts_at), row.leaves_at
    other = None if over else spot_free_for(tx.conn, ground, span, now, besides=row.charger_id)
    if other is not None:
        move_to(tx, actor, now, ground, row, other, row.leaves_at, reason)
        return True
    end(tx, actor, now, row, EndCause.FAULT, reason)
    if not over and row.starts_at <= now + URGENT:
        put_first(tx, actor, now, row)
    return False


def _lock_charger(tx: Tx, actor: Actor, now: datetime, charger_id: int) -> tuple[Ground, Any]:
    gone = "This charging spot does not exist, or no longer."
    ground = _lock(tx, actor, now, charger, charger_id, gone)
    return ground, spots.charger_here(tx, ground, charger_id)


def _lock_booking(tx: Tx, actor: Actor, now: datetime, booking_id: int) -> tuple[Ground, Any]:
    """The site and the booking, which is open.

    Raises:
        BookingOver: it is not.
    """
    ground = _lock(tx, actor, now, booking, booking_id, "This booking does not exist.")
    row = booking_of_id(tx.conn, booking_id)
    if row is None or row.ended_at is not None:
        raise BookingOver
    return ground, row


def _lock(tx: Tx, actor: Actor, now: datetime, table: Table, row_id: int, gone: str) -> Ground:
    """Hold off all others at the site of a row, for those who run its spots."""
    site_id = tx.conn.scalar(select(table.c.site_id).where(table.c.id == row_id))
    if site_id is None:
        raise NotFound(gone)
    actor.require(Right.RUN_CHARGERS, site_id)
    return spots.lock(tx, now, site_id)


def _write(tx: Tx, charger_id: int, values: dict[str, Any]) -> None:
    tx.conn.execute(update(charger).where(charger.c.id == charger_id).values(values))
