"""The line for charging spots, from inside: who is offered what comes free.

While somebody waits who may have a spot, no spot is simply free: whatever makes one free, or lets
somebody have one, calls `pass_on` before it is done. The site is locked (`services.spots.lock`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from locker_app.db.tables import charger_wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.bookings import (
    LEFT_OF_OFFER,
    BookingStatus,
    EndCause,
    LineOutcome,
    Waiting,
    in_order,
)
from locker_app.domain.chargers import Priority
from locker_app.domain.facts import LineJoined, LineLeft, SpotOffered
from locker_app.services.spot_rows import (
    Ground,
    about,
    about_wait,
    booking_of_id,
    charged_since,
    cools_until,
    free_slot,
    free_spots,
    limited_until,
    line_of,
    wait_of_holder,
)
from locker_app.services.stays import add, begin_blocked, end

_W = charger_wait.c
_LATELY = timedelta(days=7)


def put_first(tx: Tx, actor: Actor, now: datetime, row: Any) -> int:
    """Put a holder, whose spot could not be used, before all others in the line; the id of the
    place. `row` is their booking."""
    mine = wait_of_holder(tx.conn, row.site_id, row.holder)
    if mine is None:
        added = tx.conn.execute(
            insert(charger_wait)
            .values(
                site_id=row.site_id,
                holder=row.holder,
                person_id=row.person_id,
                visitor_id=row.visitor_id,
                first=True,
                joined_at=now,
                snoozes=0,
            )
            .returning(charger_wait)
        ).one()
    else:
        added = tx.conn.execute(
            update(charger_wait)
            .where(_W.id == mine.id)
            .values(first=True, snoozed_until=None)
            .returning(charger_wait)
        ).one()
    tx.record(LineJoined(first=True, **about_wait(added)), actor, now)
    return added.id


def decline(tx: Tx, actor: Actor, now: datetime, row: Any) -> int:
    """End what is offered to a place in the line, which goes on; on which spot that was. It has
    still to be passed on."""
    offer = booking_of_id(tx.conn, row.booking_id)
    assert offer is not None
    end(tx, actor, now, offer, EndCause.DECLINED)
    return offer.charger_id


def leave_wait(
    tx: Tx,
    actor: Actor,
    now: datetime,
    row: Any,
    outcome: LineOutcome,
    reason: str | None = None,
) -> None:
    """End a place in the line; an offer that there is has been dealt with."""
    tx.conn.execute(
        update(charger_wait)
        .where(_W.id == row.id)
        .values(ended_at=now, outcome=outcome.value, booking_id=None, snoozed_until=None)
    )
    tx.record(LineLeft(outcome=outcome, reason=reason, **about_wait(row)), actor, now)


def pass_on(tx: Tx, now: datetime, ground: Ground, charger_id: int | None = None) -> list[int]:
    """After a spot came free, or somebody may want one: begin the booking that waits for this
    spot, then offer what is free to those in line, in their order. The ids of the offers made."""
    if charger_id is not None:
        begin_blocked(tx, now, ground, charger_id)
    line = line_of(tx.conn, ground.site_id)
    if not any(_may_be_offered(row, now) for row in line):
        return []
    return list(_offer(tx, now, ground, line))


def _may_be_offered(row: Any, now: datetime) -> bool:
    snoozed = row.snoozed_until is not None and row.snoozed_until > now
    return row.booking_id is None and not snoozed


def eligible(tx: Tx, now: datetime, ground: Ground, row: Any) -> bool:
    """Whether a spot can be offered to a place in the line now. Who has used up what one may book,
    or has to let others have a turn, is not asked before that is over."""
    if not _may_be_offered(row, now):
        return False
    if free_slot(tx.conn, ground, row.holder) is None:
        return False
    later = cools_until(tx.conn, ground, row.holder, now) or limited_until(
        tx.conn, ground, row.holder, now
    )
    if later is None:
        return True
    tx.conn.execute(update(charger_wait).where(_W.id == row.id).values(snoozed_until=later))
    return False


def _offer(tx: Tx, now: datetime, ground: Ground, line: list[Any]) -> Iterator[int]:
    free = free_spots(tx.conn, ground, now)
    if not free:
        return
    by_id = {row.id: row for row in line}
    for one in in_order(map(_waiting, line), ground.rules.priority, _lately(tx.conn, now, ground)):
        if not free:
            return
        if eligible(tx, now, ground, by_id[one.wait_id]):
            charger_id, until = free.pop(0)
            yield _hold(tx, now, ground, by_id[one.wait_id], charger_id, until)


def _waiting(row: Any) -> Waiting:
    return Waiting(row.id, row.holder, row.first, row.person_id is not None, row.joined_at)


def _lately(conn: Connection, now: datetime, ground: Ground) -> dict[str, timedelta]:
    """How long each holder has charged in the last seven days, where the order goes by that."""
    if ground.rules.priority is not Priority.LEAST_USED:
        return {}
    return charged_since(conn, ground.site_id, now - _LATELY, now)


def _hold(
    tx: Tx, now: datetime, ground: Ground, wait: Any, charger_id: int, until: datetime
) -> int:
    """Offer a free spot to a place in the line; the id of the offer."""
    slot = free_slot(tx.conn, ground, wait.holder)
    assert slot is not None
    ends = min(now + timedelta(minutes=ground.rules.offer_minutes), until - LEFT_OF_OFFER)
    offer = add(
        tx,
        ground,
        charger_id=charger_id,
        holder=wait.holder,
        slot=slot,
        person_id=wait.person_id,
        visitor_id=wait.visitor_id,
        status=BookingStatus.OFFERED.value,
        made_at=now,
        starts_at=now,
        here_at=now,
        leaves_at=ends,
    )
    tx.conn.execute(
        update(charger_wait).where(_W.id == wait.id).values(booking_id=offer.id, snoozed_until=None)
    )
    tx.record(SpotOffered(wait_id=wait.id, held_until=ends, **about(offer)), SYSTEM, now)
    return offer.id
