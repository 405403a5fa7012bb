"""Commands of those who charge: book a spot, stay longer or shorter, stop, move, say that one is
there. Who waits for a spot: `charger_line`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.bookings import (
    EARLY,
    MAX_SHOWN_AS_LENGTH,
    BookingStatus,
    Bound,
    EndCause,
    Latest,
    LineOutcome,
    check_leave,
    clock_time,
    told_already,
)
from locker_app.domain.days import today
from locker_app.domain.errors import (
    BadInput,
    HasBooking,
    NoLater,
    SpotOut,
    SpotTaken,
    StayTooLong,
    TooShort,
)
from locker_app.domain.facts import BookingBegun, BookingMade, HolderCame, LeaveChanged
from locker_app.domain.queues import check_line
from locker_app.services import spots
from locker_app.services.ids import Id, Text, When
from locker_app.services.leave_times import check_longer, check_new, check_offered
from locker_app.services.lines import check_in_use, holder_of
from locker_app.services.offers import decline, leave_wait, pass_on
from locker_app.services.spot_rows import (
    Ground,
    about,
    free_slot,
    free_until,
    open_on,
    other_bookings,
    usable,
    wait_of_holder,
)
from locker_app.services.stays import add, change, end, foreseen, move_to


@dataclass(frozen=True, slots=True)
class Booked:
    """What somebody has just booked."""

    booking_id: int
    charger_id: int
    name: str
    """Of the spot."""
    status: BookingStatus
    starts_at: datetime
    leaves_at: datetime


def book(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    charger_id: Id,
    leaves_at: When,
    starts_at: When | None = None,
    shown_as: Text = "",
) -> Booked:
    """Book a spot from now, or for later today, until one leaves. A place in line ends with it;
    what is offered there is accepted when it is this spot, and passed on when it is not.

    Raises:
        NotFound: no such spot.
        NotSignedIn, NotAllowed: the site asks for that, or the actor is none who has bookings.
        BadInput: what neighbours are to see.
        NoLater: it is not to begin today, or the site has no bookings for later.
        SpotOut, SpotTaken: it can't be used; it is not free, or not for as long.
        HasBooking, CoolingOff, LimitReached: the holder may have no more, now or at all.
        TooShort, StayTooLong: the time to leave.
    """
    holder = holder_of(actor)
    check_in_use(tx.conn, actor)
    shown_as = check_line(shown_as, MAX_SHOWN_AS_LENGTH, "shown_as")
    ground, spot = spots.lock_charger(tx, now, charger_id)
    spots.check_may_book(ground, actor)
    if starts_at is not None:
        _check_later(ground, starts_at, now)
    wait = wait_of_holder(tx.conn, ground.site_id, holder)
    if wait is not None and wait.booking_id is not None and starts_at is None:
        offer = spots.booking_here(tx, wait.booking_id)
        if offer.charger_id == charger_id:
            return take_offer(tx, actor, now, ground, offer, wait, leaves_at, shown_as)
    if not usable(spot, now):
        raise SpotOut
    slot = _slot(tx, actor, now, ground, holder, wait, later=starts_at is not None)
    begins = now if starts_at is None else starts_at
    check_new(tx, ground, holder, charger_id, begins, leaves_at, now)
    status = BookingStatus.ACTIVE if starts_at is None else BookingStatus.BOOKED
    row = add(
        tx,
        ground,
        charger_id=charger_id,
        holder=holder,
        slot=slot,
        person_id=actor.id if actor.kind is ActorKind.PERSON else None,
        visitor_id=actor.id if actor.kind is ActorKind.VISITOR else None,
        shown_as=shown_as,
        status=status.value,
        made_at=now,
        starts_at=begins,
        here_at=begins,
        leaves_at=leaves_at,
        stated_at=leaves_at,
        came_at=now if starts_at is None else None,
        reminded_at=told_already(leaves_at, now, ground.rules) if starts_at is None else None,
    )
    tx.record(BookingMade(starts_at=begins, leaves_at=leaves_at, **about(row)), actor, now)
    if starts_at is None:
        tx.record(BookingBegun(**about(row)), actor, now)
        row = foreseen(tx, ground, row, now)
    if wait is not None and (starts_at is None or free_slot(tx.conn, ground, holder) is None):
        _out_of_line(tx, actor, now, ground, holder)
    if wait is not None:
        pass_on(tx, now, ground)
    return booked(row, spot.name)


def set_leave(tx: Tx, actor: Actor, now: datetime, *, booking_id: Id, leaves_at: When) -> datetime:
    """Say another time to leave; it. Shorter is always possible; longer as far as nobody else is
    kept from a spot by it, and as the site allows. A stay that was overstayed goes on.

    Raises:
        NotSignedIn, NotAllowed, NotYourBooking, BookingOver: as the words say.
        TooShort: it is not still to come.
        StayTooLong, SpotTaken, LimitReached, OthersWait: it is too late.
    """
    ground, row = spots.lock_own(tx, actor, now, booking_id)
    if leaves_at <= max(now, row.starts_at):
        raise TooShort
    if leaves_at == row.leaves_at:
        return leaves_at
    if leaves_at > row.leaves_at:
        check_longer(tx, ground, row, leaves_at, now)
    begun = row.status != BookingStatus.BOOKED.value
    row = change(
        tx,
        row,
        ground,
        leaves_at=leaves_at,
        status=(BookingStatus.ACTIVE if begun else BookingStatus.BOOKED).value,
        overstayed_at=None,
        reminded_at=told_already(leaves_at, now, ground.rules) if begun else None,
    )
    tx.record(LeaveChanged(leaves_at=leaves_at, **about(row)), actor, now)
    return leaves_at


def stop(tx: Tx, actor: Actor, now: datetime, *, booking_id: Id) -> str:
    """End one's stay, or cancel it before it begins; the name of the spot.

    Raises:
        NotSignedIn, NotAllowed, NotYourBooking, BookingOver: as the words say.
    """
    ground, row = spots.lock_own(tx, actor, now, booking_id)
    begun = row.status != BookingStatus.BOOKED.value
    end(tx, actor, now, row, EndCause.STOPPED if begun else EndCause.CANCELLED)
    pass_on(tx, now, ground, row.charger_id)
    return spots.charger_of_id(tx, row.charger_id).name


def move(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    booking_id: Id,
    charger_id: Id,
    leaves_at: When | None = None,
) -> str:
    """Move to another spot of the site that is free, in one step; its name. With `leaves_at` one
    leaves earlier than said, as another one has it booked from then on.

    Raises:
        NotSignedIn, NotAllowed, NotYourBooking, BookingOver: as the words say.
        NotFound, SpotOut, SpotTaken: no such spot here; it can't be used; it is not free, or not
            for as long.
        HasBooking: it is on that spot.
        TooShort, StayTooLong: the time to leave is over, or later than it was.
    """
    ground, row = spots.lock_own(tx, actor, now, booking_id)
    spot = spots.charger_here(tx, ground, charger_id)
    if spot.id == row.charger_id:
        raise HasBooking("That is the spot you have.")
    if not usable(spot, now):
        raise SpotOut
    leaves = row.leaves_at if leaves_at is None else leaves_at
    if leaves > row.leaves_at:
        raise StayTooLong(clock_time(row.leaves_at, now, ground.zone))
    begins = max(now, row.starts_at)
    until = free_until(open_on(tx.conn, charger_id), begins, now)
    if until is None:
        raise SpotTaken
    check_leave(begins, leaves, now, Latest(until, Bound.NEXT), ground.rules, ground.zone)
    move_to(tx, actor, now, ground, row, charger_id, leaves)
    pass_on(tx, now, ground, row.charger_id)
    return spot.name


def check_in(tx: Tx, actor: Actor, now: datetime, *, booking_id: Id) -> bool:
    """Say that one is there, from a while before the begin; whether that is news.

    Raises:
        NotSignedIn, NotAllowed, NotYourBooking, BookingOver: as the words say.
        BadInput: it begins later than that.
    """
    ground, row = spots.lock_own(tx, actor, now, booking_id)
    if row.came_at is not None:
        return False
    if now < row.starts_at - EARLY:
        first = clock_time(row.starts_at - EARLY, now, ground.zone)
        raise BadInput(f"You can say that you are there from {first} on.", field="booking_id")
    row = change(tx, row, ground, came_at=max(now, row.starts_at))
    tx.record(HolderCame(**about(row)), actor, now)
    return True


def take_offer(
    tx: Tx,
    actor: Actor,
    now: datetime,
    ground: Ground,
    offer: Any,
    wait: Any,
    leaves_at: datetime,
    shown_as: str,
) -> Booked:
    """Make an open offer, and the place in line that it is for, the holder's stay from now on.

    Raises:
        HasBooking: the holder has all that is allowed; they have signed in since.
        TooShort, StayTooLong, SpotTaken, LimitReached: the time to leave.
    """
    if other_bookings(tx.conn, offer) >= ground.rules.bookings_per_holder:
        raise HasBooking
    check_offered(tx, ground, offer, leaves_at, now)
    row = change(
        tx,
        offer,
        ground,
        status=BookingStatus.ACTIVE.value,
        shown_as=shown_as,
        starts_at=now,
        here_at=now,
        leaves_at=leaves_at,
        stated_at=leaves_at,
        reminded_at=told_already(leaves_at, now, ground.rules),
    )
    tx.record(BookingMade(starts_at=now, leaves_at=leaves_at, **about(row)), actor, now)
    tx.record(BookingBegun(**about(row)), actor, now)
    leave_wait(tx, actor, now, wait, LineOutcome.TOOK)
    row = foreseen(tx, ground, row, now)
    return booked(row, spots.charger_of_id(tx, row.charger_id).name)


def booked(row: Any, name: str) -> Booked:
    """What a holder is told of a booking."""
    return Booked(
        row.id, row.charger_id, name, BookingStatus(row.status), row.starts_at, row.leaves_at
    )


def _check_later(ground: Ground, starts_at: datetime, now: datetime) -> None:
    if not ground.rules.book_later:
        raise NoLater("Spots can be booked here from now on only.")
    if starts_at <= now:
        raise NoLater("Choose a time that is still to come, or book from now on.")
    if today(starts_at, ground.zone) != today(now, ground.zone):
        raise NoLater("Spots can be booked here for later today, not for another day.")


def _slot(
    tx: Tx, actor: Actor, now: datetime, ground: Ground, holder: str, wait: Any, *, later: bool
) -> int:
    """A slot for one more booking. What is offered to the holder is let go for it, if they may not
    have both, or want another spot now.

    Raises:
        HasBooking: they have all that is allowed.
    """
    slot = free_slot(tx.conn, ground, holder)
    if wait is not None and wait.booking_id is not None and (slot is None or not later):
        decline(tx, actor, now, wait)
        slot = free_slot(tx.conn, ground, holder)
    if slot is None:
        raise HasBooking
    return slot


def _out_of_line(tx: Tx, actor: Actor, now: datetime, ground: Ground, holder: str) -> None:
    wait = wait_of_holder(tx.conn, ground.site_id, holder)
    if wait is None:
        return
    if wait.booking_id is not None:
        decline(tx, actor, now, wait)
    leave_wait(tx, actor, now, wait, LineOutcome.TOOK)
