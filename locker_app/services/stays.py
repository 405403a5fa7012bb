"""Stays on charging spots: to begin, end and move one. Inner functions of commands and of the
clock, which have locked the site (`services.spots.lock`), and which pass on the spot
(`services.offers.pass_on`) that comes free by it.

What the database refuses all the same (an overlap, a second one on a spot, more bookings than
allowed) is a refusal, and undoes the command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from locker_app.db.tables import booking, charger_wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.bookings import (
    BookingStatus,
    EndCause,
    next_step,
    told_already,
)
from locker_app.domain.errors import HasBooking, SpotTaken
from locker_app.domain.facts import (
    BookingBegun,
    BookingBlocked,
    BookingEnded,
    BookingMoved,
    BookingOverstayed,
    LeaveChanged,
    OfferEnded,
)
from locker_app.domain.forecast import Going
from locker_app.queries.forecasts import promise
from locker_app.services.spot_rows import THERE, Ground, about, booking_of_id, open_on

_B, _W = booking.c, charger_wait.c


_OF_HOLDER = ("open_bookings_per_holder", "booking.site_id, booking.holder, booking.slot")
_OF_SPOT = (
    *("bookings_do_not_overlap", "one_there_per_charger"),
    *("bookings of a spot overlap", "UNIQUE constraint failed: booking.charger_id"),
)
"""By what words each database says which rule of the table it is."""


@contextmanager
def guarded() -> Iterator[None]:
    """Make a refusal of what the database refuses.

    Raises:
        SpotTaken, HasBooking: it would overlap; the holder has all that is allowed.
    """
    try:
        yield
    except IntegrityError as error:
        refused = str(error.orig)
        if any(name in refused for name in _OF_HOLDER):
            raise HasBooking from error
        if any(name in refused for name in _OF_SPOT):
            raise SpotTaken from error
        raise


def change(tx: Tx, row: Any, ground: Ground, **values: Any) -> Any:
    """Change an open booking, with what the clock does next; as it stands then."""
    with guarded():
        tx.conn.execute(update(booking).where(_B.id == row.id).values(**values))
    now_is = booking_of_id(tx.conn, row.id)
    assert now_is is not None
    step = next_step(now_is, ground.rules)
    due_at = None if step is None else step[0]
    if due_at == now_is.due_at:
        return now_is
    tx.conn.execute(update(booking).where(_B.id == row.id).values(due_at=due_at))
    return now_is._replace(due_at=due_at)


_FORECAST = ("likely_at", "low_at", "high_at")


def forecast(tx: Tx, ground: Ground, row: Any, now: datetime) -> dict[str, Any]:
    """When it is likely that a spot comes free with which a stay has begun; nothing while that is
    not known."""
    going = Going(row.starts_at, row.holder, row.stated_at, str(row.charger_id))
    said = promise(tx.conn, ground.site_id, going, now)
    if said is None:
        return {}
    return dict(zip(_FORECAST, (said.likely, said.low, said.high), strict=True))


def add(tx: Tx, ground: Ground, **values: Any) -> Any:
    """Add a booking; the row.

    Raises:
        SpotTaken, HasBooking: as the words say.
    """
    row = {
        "slot": 1,
        "shown_as": "",
        "stated_at": None,
        "came_at": None,
        "reminded_at": None,
        "overstayed_at": None,
        "due_at": None,
        "ended_at": None,
        "end_cause": None,
        **dict.fromkeys(_FORECAST),
        **values,
        "site_id": ground.site_id,
    }
    step = next_step(_Row(**{name: row[name] for name in _Row.__slots__}), ground.rules)
    row["due_at"] = None if step is None else step[0]
    with guarded():
        booking_id = tx.conn.execute(insert(booking).values(**row).returning(_B.id)).scalar_one()
    added = booking_of_id(tx.conn, booking_id)
    assert added is not None
    return added


@dataclass(frozen=True, slots=True)
class _Row:
    status: str
    starts_at: datetime
    leaves_at: datetime
    came_at: datetime | None
    reminded_at: datetime | None
    overstayed_at: datetime | None
    due_at: datetime | None


def begin(tx: Tx, actor: Actor, at: datetime, ground: Ground, row: Any, **values: Any) -> Any:
    """Let a booked stay begin, now or late; the row."""
    late = {"starts_at": at, "here_at": at} if at > row.here_at else {}
    told = told_already(row.leaves_at, at, ground.rules)
    row = change(
        tx,
        row,
        ground,
        status=BookingStatus.ACTIVE.value,
        reminded_at=told,
        due_at=None,
        **late,
        **values,
    )
    tx.record(BookingBegun(**about(row)), actor, at)
    return foreseen(tx, ground, row, at)


def foreseen(tx: Tx, ground: Ground, row: Any, now: datetime) -> Any:
    """Write down, as a stay begins, when its spot is likely to come free; the row."""
    values = forecast(tx, ground, row, now)
    if values:
        tx.conn.execute(update(booking).where(_B.id == row.id).values(**values))
        return row._replace(**values)
    return row


def end(
    tx: Tx,
    actor: Actor,
    at: datetime,
    row: Any,
    cause: EndCause,
    reason: str | None = None,
) -> None:
    """End an open booking or an offer. The spot has still to be passed on; the place in line of an
    offer has none any more, and goes on."""
    offered = row.status == BookingStatus.OFFERED.value
    tx.conn.execute(
        update(booking)
        .where(_B.id == row.id)
        .values(status=BookingStatus.ENDED.value, ended_at=at, end_cause=cause.value, due_at=None)
    )
    if not offered:
        tx.record(BookingEnded(cause=cause, reason=reason, **about(row)), actor, at)
        return
    tx.conn.execute(
        update(charger_wait)
        .where(_W.booking_id == row.id, _W.ended_at.is_(None))
        .values(booking_id=None)
    )
    tx.record(OfferEnded(cause=cause, reason=reason, **about(row)), actor, at)


def overstay(tx: Tx, at: datetime, ground: Ground, row: Any) -> None:
    """Show a stay as overstayed whose time is over."""
    change(tx, row, ground, status=BookingStatus.OVERSTAYED.value, overstayed_at=at)
    tx.record(BookingOverstayed(**about(row)), SYSTEM, at)


def block(tx: Tx, at: datetime, ground: Ground, row: Any) -> None:
    """Let a booking wait whose begin has come while somebody is still there."""
    tx.conn.execute(update(booking).where(_B.id == row.id).values(due_at=row.leaves_at))
    tx.record(BookingBlocked(**about(row)), SYSTEM, at)


def move_to(
    tx: Tx,
    actor: Actor,
    at: datetime,
    ground: Ground,
    row: Any,
    charger_id: int,
    leaves_at: datetime,
    reason: str | None = None,
) -> Any:
    """Put an open booking on another spot that is free, in one step; the row. One that waits for
    somebody to leave begins there. The spot it was on has still to be passed on.

    Raises:
        SpotTaken: it is not free.
    """
    begun = row.starts_at <= at
    here_at = max(at, row.starts_at)
    waited = begun and row.status == BookingStatus.BOOKED.value
    values: dict[str, Any] = {
        "charger_id": charger_id,
        "here_at": here_at,
        "leaves_at": leaves_at,
    }
    if waited:
        values |= {
            "starts_at": at,
            "status": BookingStatus.ACTIVE.value,
            "reminded_at": told_already(leaves_at, at, ground.rules),
            "due_at": None,
        }
    moved = change(tx, row, ground, **values)
    tx.record(
        BookingMoved(from_charger_id=row.charger_id, reason=reason, **about(moved)), actor, at
    )
    if leaves_at != row.leaves_at:
        tx.record(LeaveChanged(leaves_at=leaves_at, **about(moved)), actor, at)
    if waited:
        tx.record(BookingBegun(**about(moved)), actor, at)
        moved = foreseen(tx, ground, moved, at)
    return moved


def begin_blocked(tx: Tx, at: datetime, ground: Ground, charger_id: int) -> None:
    """Begin the booking whose time has come on a spot where nobody is any more."""
    rows = open_on(tx.conn, charger_id)
    if any(row.status in THERE for row in rows):
        return
    for row in rows:
        if row.here_at <= at < row.leaves_at:
            begin(tx, SYSTEM, at, ground, row)
