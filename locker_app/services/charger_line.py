"""Commands of those who wait for a charging spot: join the line, leave it, accept what is offered,
or let it go by."""

from datetime import datetime, timedelta

from sqlalchemy import insert, update

from locker_app.db.tables import charger_wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.bookings import MAX_SHOWN_AS_LENGTH, BookingStatus, LineOutcome, clock_time
from locker_app.domain.errors import (
    CoolingOff,
    HasBooking,
    InLineAlready,
    LimitReached,
    NoSnoozesLeft,
    OfferOver,
    SpotsFree,
)
from locker_app.domain.facts import LineJoined, LineSnoozed
from locker_app.domain.queues import check_line
from locker_app.services import spots
from locker_app.services.bookings import Booked, take_offer
from locker_app.services.ids import Id, Text, When
from locker_app.services.lines import check_in_use, holder_of
from locker_app.services.offers import decline, leave_wait, pass_on
from locker_app.services.spot_rows import (
    about_wait,
    cools_until,
    free_slot,
    free_spots,
    limited_until,
    wait_of_holder,
    wait_of_offer,
)

_W = charger_wait.c


def join_line(tx: Tx, actor: Actor, now: datetime, *, site_id: Id) -> int:
    """Wait for the next spot of a site that comes free; the id of the place in line.

    Raises:
        NotFound: there are no charging spots.
        NotSignedIn, NotAllowed: the site asks for that, or the actor is none who waits.
        InLineAlready, HasBooking, SpotsFree: there is no need to.
        CoolingOff, LimitReached: the holder may have no spot for now.
    """
    holder = holder_of(actor)
    check_in_use(tx.conn, actor)
    ground = spots.lock(tx, now, site_id)
    spots.check_may_book(ground, actor)
    if wait_of_holder(tx.conn, site_id, holder) is not None:
        raise InLineAlready
    if free_slot(tx.conn, ground, holder) is None:
        raise HasBooking
    cools = cools_until(tx.conn, ground, holder, now)
    if cools is not None:
        raise CoolingOff(clock_time(cools, now, ground.zone))
    limited = limited_until(tx.conn, ground, holder, now)
    if limited is not None:
        again = clock_time(limited, now, ground.zone)
        raise LimitReached(f"You have used up what one may book here. You can again at {again}.")
    if free_spots(tx.conn, ground, now):
        raise SpotsFree
    added = tx.conn.execute(
        insert(charger_wait)
        .values(
            site_id=site_id,
            holder=holder,
            person_id=actor.id if actor.kind is ActorKind.PERSON else None,
            visitor_id=actor.id if actor.kind is ActorKind.VISITOR else None,
            joined_at=now,
            snoozes=0,
            first=False,
        )
        .returning(charger_wait)
    ).one()
    tx.record(LineJoined(first=False, **about_wait(added)), actor, now)
    return added.id


def leave_line(tx: Tx, actor: Actor, now: datetime, *, wait_id: Id) -> bool:
    """Wait no more; whether a spot was offered, which the next in line has now.

    Raises:
        NotSignedIn, NotAllowed, NotInLine: as the words say.
    """
    ground, row = spots.lock_own_wait(tx, actor, now, wait_id)
    offered = row.booking_id is not None
    charger_id = decline(tx, actor, now, row) if offered else None
    leave_wait(tx, actor, now, row, LineOutcome.LEFT)
    pass_on(tx, now, ground, charger_id)
    return offered


def accept(
    tx: Tx, actor: Actor, now: datetime, *, booking_id: Id, leaves_at: When, shown_as: Text = ""
) -> Booked:
    """Take the spot that is offered, from now until one leaves. The place in line ends.

    Raises:
        NotSignedIn, NotAllowed, NotYourBooking: as the words say.
        OfferOver: the time to accept it is over.
        HasBooking: it was accepted before.
        BadInput: what neighbours are to see.
        TooShort, StayTooLong, SpotTaken, LimitReached: the time to leave.
    """
    shown_as = check_line(shown_as, MAX_SHOWN_AS_LENGTH, "shown_as")
    ground, row = spots.lock_own_offer(tx, actor, now, booking_id)
    spots.check_may_book(ground, actor)
    if row.ended_at is not None:
        raise OfferOver
    if row.status != BookingStatus.OFFERED.value:
        raise HasBooking
    wait = wait_of_offer(tx.conn, booking_id)
    assert wait is not None
    return take_offer(tx, actor, now, ground, row, wait, leaves_at, shown_as)


def snooze(tx: Tx, actor: Actor, now: datetime, *, wait_id: Id) -> datetime:
    """Let what is offered go by and keep the place; until when nothing is offered.

    Raises:
        NotSignedIn, NotAllowed, NotInLine: as the words say.
        OfferOver: nothing is offered now.
        NoSnoozesLeft: it was done as often as the site allows.
    """
    ground, row = spots.lock_own_wait(tx, actor, now, wait_id)
    if row.booking_id is None:
        raise OfferOver("Nothing is offered to you now.")
    if row.snoozes >= ground.rules.snoozes:
        raise NoSnoozesLeft
    charger_id = decline(tx, actor, now, row)
    until = now + timedelta(minutes=ground.rules.snooze_minutes)
    tx.conn.execute(
        update(charger_wait)
        .where(_W.id == row.id)
        .values(snoozes=row.snoozes + 1, snoozed_until=until)
    )
    tx.record(LineSnoozed(until=until, **about_wait(row)), actor, now)
    pass_on(tx, now, ground, charger_id)
    return until
