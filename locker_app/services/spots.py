"""Charging spots for commands: lock a site's, and find what a command is about.

Whoever changes anything about the spots of a site locks the site's rules first, and what is due
there by time is done with that. So commands at one site come one after the other. `stays` (begin,
end, move), `offers` (pass on what is free) and `spot_rows` (look) are what they are made of.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait, charging, site
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.bookings import BookingStatus
from locker_app.domain.errors import BookingOver, NotFound, NotInLine, NotSignedIn, NotYourBooking
from locker_app.services.booking_clock import run_site
from locker_app.services.lines import check_in_use, holder_of
from locker_app.services.spot_rows import Ground, booking_of_id, ground_of, wait_of_id

_LOCK = Statement(
    select(charging, site.c.time_zone)
    .join(site, site.c.id == charging.c.site_id)
    .where(charging.c.site_id == bindparam("site_id"), site.c.archived_at.is_(None))
    .with_for_update(of=charging, key_share=True)
)
_CHARGER = Statement(select(charger).where(charger.c.id == bindparam("charger_id")))
_SITE_OF = {
    table: Statement(select(table.c.site_id).where(table.c.id == bindparam("row_id")))
    for table in (charger, booking, charger_wait)
}


def lock(tx: Tx, now: datetime, site_id: int) -> Ground:
    """Hold off all others who would change something about the charging spots of a site, and do
    what is due there; where it is and its rules.

    Raises:
        NotFound: no such site, or it has no charging spots.
    """
    row = _LOCK.first(tx.conn, site_id=site_id)
    if row is None:
        raise NotFound("There are no charging spots here.")
    ground = ground_of(row)
    run_site(tx, now, ground)
    return ground


def lock_charger(tx: Tx, now: datetime, charger_id: int) -> tuple[Ground, Any]:
    """As `lock`, of the site of this spot; the site and the spot.

    Raises:
        NotFound: no such spot, or it is in use no more.
    """
    site_id = _SITE_OF[charger].value(tx.conn, row_id=charger_id)
    if site_id is None:
        raise NotFound("This charger does not exist, or no longer.")
    ground = lock(tx, now, site_id)
    row = charger_of_id(tx, charger_id)
    if row.archived_at is not None:
        raise NotFound("This charger does not exist, or no longer.")
    return ground, row


def charger_of_id(tx: Tx, charger_id: int) -> Any:
    """A spot as it stands."""
    row = _CHARGER.first(tx.conn, charger_id=charger_id)
    assert row is not None
    return row


def charger_here(tx: Tx, ground: Ground, charger_id: int) -> Any:
    """A spot of a site that is locked.

    Raises:
        NotFound: the site has no such spot, or it is in use no more.
    """
    row = _CHARGER.first(tx.conn, charger_id=charger_id)
    if row is None or row.site_id != ground.site_id or row.archived_at is not None:
        raise NotFound("This charger does not exist here, or no longer.")
    return row


def booking_here(tx: Tx, booking_id: int) -> Any:
    """A booking that is known to be there, as it stands."""
    row = booking_of_id(tx.conn, booking_id)
    assert row is not None
    return row


def lock_booking(tx: Tx, now: datetime, booking_id: int) -> tuple[Ground, Any]:
    """As `lock`, of the site of this booking; the site and the booking, open or not.

    Raises:
        NotFound: no such booking.
    """
    site_id = _SITE_OF[booking].value(tx.conn, row_id=booking_id)
    if site_id is None:
        raise NotFound("This booking does not exist.")
    ground = lock(tx, now, site_id)
    return ground, booking_of_id(tx.conn, booking_id)


def lock_own_offer(tx: Tx, actor: Actor, now: datetime, booking_id: int) -> tuple[Ground, Any]:
    """As `lock_booking`, of what the actor has, or was offered.

    Raises:
        NotSignedIn, NotAllowed: the actor is none who has bookings.
        NotYourBooking: no such booking, or somebody else's.
    """
    holder = holder_of(actor)
    check_in_use(tx.conn, actor)
    try:
        ground, row = lock_booking(tx, now, booking_id)
    except NotFound:
        raise NotYourBooking from None
    if row.holder != holder:
        raise NotYourBooking
    return ground, row


def lock_own(tx: Tx, actor: Actor, now: datetime, booking_id: int) -> tuple[Ground, Any]:
    """As `lock_own_offer`, and it is open and has been accepted.

    Raises:
        BookingOver: it has ended.
        NotYourBooking: it is only offered, or not the actor's.
    """
    ground, row = lock_own_offer(tx, actor, now, booking_id)
    if row.ended_at is not None:
        raise BookingOver
    if row.status == BookingStatus.OFFERED.value:
        raise NotYourBooking("This spot is offered to you. Accept it first.")
    return ground, row


def lock_own_wait(tx: Tx, actor: Actor, now: datetime, wait_id: int) -> tuple[Ground, Any]:
    """As `lock`, of the site where the actor has this place in the line; the site and the place.

    Raises:
        NotSignedIn, NotAllowed: the actor is none who waits.
        NotInLine: no such place, or somebody else's, or it is over.
    """
    holder = holder_of(actor)
    check_in_use(tx.conn, actor)
    site_id = _SITE_OF[charger_wait].value(tx.conn, row_id=wait_id)
    if site_id is None:
        raise NotInLine
    ground = lock(tx, now, site_id)
    row = wait_of_id(tx.conn, wait_id)
    if row is None or row.holder != holder or row.ended_at is not None:
        raise NotInLine
    return ground, row


def check_may_book(ground: Ground, actor: Actor) -> None:
    """Let pass only those who may have a spot at the site.

    Raises:
        NotSignedIn: nobody has signed in, and the site asks for that.
    """
    if ground.rules.sign_in_needed and actor.is_anonymous:
        raise NotSignedIn
