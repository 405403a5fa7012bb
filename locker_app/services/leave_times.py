"""Until when one may stay at a charging spot: what the domain's rule says of the rows that there
are, for a new booking, an offer that is accepted, and a stay that is made longer."""

from datetime import datetime, timedelta
from typing import Any

from locker_app.db.transaction import Tx
from locker_app.domain.bookings import (
    Latest,
    check_leave,
    clock_time,
    latest_leave,
    longest_while_waiting,
)
from locker_app.domain.errors import CoolingOff, OthersWait, SpotTaken
from locker_app.services.spot_rows import (
    Ground,
    cools_until,
    free_until,
    line_of,
    open_on,
    used_by,
)

_WEEK_AND_DAY = timedelta(days=8)


def check_new(
    tx: Tx,
    ground: Ground,
    holder: str,
    charger_id: int,
    begins: datetime,
    leaves_at: datetime,
    now: datetime,
) -> None:
    """Let pass only a new booking of a spot that is free for that time, by who may have it.

    Raises:
        SpotTaken, CoolingOff, TooShort, StayTooLong, LimitReached: as the words say.
    """
    until = free_until(open_on(tx.conn, charger_id), begins, now)
    if until is None:
        raise SpotTaken
    cools = cools_until(tx.conn, ground, holder, now)
    if cools is not None:
        raise CoolingOff(clock_time(cools, now, ground.zone))
    used = used_by(tx.conn, ground, holder, now - _WEEK_AND_DAY)
    latest = latest_leave(begins, ground.rules, ground.zone, next_at=until, used=used)
    check_leave(begins, leaves_at, now, latest, ground.rules, ground.zone)


def check_offered(tx: Tx, ground: Ground, offer: Any, leaves_at: datetime, now: datetime) -> None:
    """As for a new booking from now on, on a spot that is held for the holder.

    Raises:
        SpotTaken, TooShort, StayTooLong, LimitReached: as the words say.
    """
    others = [one for one in open_on(tx.conn, offer.charger_id) if one.id != offer.id]
    next_at = min((one.here_at for one in others), default=None)
    used = used_by(tx.conn, ground, offer.holder, now - _WEEK_AND_DAY, besides=offer.id)
    latest = latest_leave(now, ground.rules, ground.zone, next_at=next_at, used=used)
    check_leave(now, leaves_at, now, latest, ground.rules, ground.zone)


def check_longer(tx: Tx, ground: Ground, row: Any, leaves_at: datetime, now: datetime) -> None:
    """Let pass only as much more time for an open booking as the rules, the next booking and those
    who wait leave.

    Raises:
        SpotTaken, StayTooLong, LimitReached, OthersWait: as the words say.
    """
    latest = _latest(tx, ground, row, now)
    check_leave(row.starts_at, leaves_at, now, latest, ground.rules, ground.zone)
    _check_others(tx, ground, row, leaves_at, now)


def _latest(tx: Tx, ground: Ground, row: Any, now: datetime) -> Latest:
    """Until when an open booking may last on its spot."""
    others = [one for one in open_on(tx.conn, row.charger_id) if one.id != row.id]
    next_at = min((one.here_at for one in others if one.here_at >= row.here_at), default=None)
    return latest_leave(
        row.starts_at,
        ground.rules,
        ground.zone,
        next_at=next_at,
        used=used_by(tx.conn, ground, row.holder, now - _WEEK_AND_DAY, besides=row.id),
    )


def _check_others(tx: Tx, ground: Ground, row: Any, leaves_at: datetime, now: datetime) -> None:
    """Let a stay be extended only as far as those who wait have to bear.

    Raises:
        OthersWait: too far, or at all.
    """
    if not any(_waits(one, row) for one in line_of(tx.conn, ground.site_id)):
        return
    late = row.leaves_at <= now
    longest = None if late else longest_while_waiting(row.stated_at, ground.rules)
    if longest is None or longest <= row.leaves_at:
        raise OthersWait
    if leaves_at > longest:
        raise OthersWait(clock_time(longest, now, ground.zone))


def _waits(place: Any, row: Any) -> bool:
    """Whether a place in line is somebody else's, who is offered nothing. Who wants a pause waits
    all the same: they keep their place."""
    return place.booking_id is None and place.holder != row.holder
