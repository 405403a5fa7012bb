"""What those who stand before a spot say of it: that it is taken though it is theirs, or empty
though it is shown as overstayed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from locker_app.db.tables import booking, charger
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.bookings import MAX_REPORTS, BookingStatus, EndCause
from locker_app.domain.errors import (
    BadInput,
    BookingOver,
    NothingBooked,
    NotOverstayed,
    ReportedOften,
)
from locker_app.domain.facts import ChargerReported
from locker_app.domain.hours import day_began
from locker_app.services import spots
from locker_app.services.ids import Id
from locker_app.services.lines import check_in_use, holder_of
from locker_app.services.offers import pass_on, put_first
from locker_app.services.spot_rows import THERE, Ground, free_until, open_on, wait_of_holder
from locker_app.services.stays import end

_B = booking.c


@dataclass(frozen=True, slots=True)
class Reported:
    """What comes of a report."""

    wait_id: int
    """The place in line, before all others."""
    offered: int | None
    """The booking by which another spot is offered already."""


def report_taken(tx: Tx, actor: Actor, now: datetime, *, booking_id: Id) -> Reported:
    """Say that one's spot is taken by somebody else. It is given to nobody until staff have looked,
    or for a while; its holder is the first in line, and is offered another one that is free.

    Raises:
        NotSignedIn, NotAllowed, NotYourBooking, BookingOver: as the words say.
        BadInput: it has not begun.
        ReportedOften: as often as one may on one day.
    """
    ground, row = spots.lock_own_offer(tx, actor, now, booking_id)
    if row.ended_at is not None or row.status == BookingStatus.OVERSTAYED.value:
        raise BookingOver
    if row.starts_at > now:
        raise BadInput("Your booking has not begun. Look again then.", field="booking_id")
    if _reports_today(tx, ground, row.holder, now) >= MAX_REPORTS:
        raise ReportedOften
    end(tx, actor, now, row, EndCause.BLOCKED)
    if not any(one.status in THERE for one in open_on(tx.conn, row.charger_id)):
        _report(tx, actor, now, row)
    wait_id = put_first(tx, actor, now, row)
    pass_on(tx, now, ground, row.charger_id)
    mine = wait_of_holder(tx.conn, ground.site_id, row.holder)
    return Reported(wait_id, None if mine is None else mine.booking_id)


def report_free(tx: Tx, actor: Actor, now: datetime, *, charger_id: Id) -> bool:
    """Say that a spot is empty that is shown as overstayed; whether it is free now for whoever
    comes. If not, it was for somebody who waits.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        NothingBooked, NotOverstayed: nobody has it, or the time is not over.
    """
    holder_of(actor)
    check_in_use(tx.conn, actor)
    ground, _ = spots.lock_charger(tx, now, charger_id)
    there = [row for row in open_on(tx.conn, charger_id) if row.status in THERE]
    if not there:
        raise NothingBooked
    if there[0].status != BookingStatus.OVERSTAYED.value:
        raise NotOverstayed
    end(tx, actor, now, there[0], EndCause.FOUND_FREE)
    pass_on(tx, now, ground, charger_id)
    return free_until(open_on(tx.conn, charger_id), now, now) is not None


def _reports_today(tx: Tx, ground: Ground, holder: str, now: datetime) -> int:
    """What ends as blocked before its time was reported; the clock gives up later."""
    return tx.conn.execute(
        select(func.count())
        .select_from(booking)
        .where(
            _B.holder == holder,
            _B.site_id == ground.site_id,
            _B.ended_at >= day_began(now, ground.zone),
            _B.end_cause == EndCause.BLOCKED.value,
            _B.ended_at < _B.leaves_at,
        )
    ).scalar_one()


def _report(tx: Tx, actor: Actor, now: datetime, row: Any) -> None:
    spot = update(charger).where(charger.c.id == row.charger_id)
    tx.conn.execute(spot.values(reported_at=now))
    fact = ChargerReported(
        site_id=row.site_id,
        charger_id=row.charger_id,
        person_id=row.person_id,
        visitor_id=row.visitor_id,
    )
    tx.record(fact, actor, now)
