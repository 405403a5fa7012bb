"""What becomes of charging spots, and of places in the line for one, when their holder leaves: is
archived or erased, is taken out of the line, or has no session any more."""

from datetime import datetime
from typing import Any

from sqlalchemy import Table, select

from locker_app.db.tables import booking, charger, charger_wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.bookings import BookingStatus, EndCause, LineOutcome
from locker_app.services import spots
from locker_app.services.offers import decline, leave_wait, pass_on
from locker_app.services.spot_rows import Ground, wait_of_id
from locker_app.services.stays import end


def take_off(
    tx: Tx, actor: Actor, now: datetime, ground: Ground, row: Any, reason: str | None
) -> bool:
    """Take an open place out of the line; whether a spot was offered to it."""
    charger_id = decline(tx, actor, now, row) if row.booking_id is not None else None
    leave_wait(tx, actor, now, row, LineOutcome.REMOVED, reason)
    pass_on(tx, now, ground, charger_id)
    return charger_id is not None


def drop_place(tx: Tx, actor: Actor, now: datetime, wait_id: int, site_id: int) -> bool:
    """Take a place out of the line with whom nobody can come any more; whether it was there."""
    ground = spots.lock(tx, now, site_id)
    row = wait_of_id(tx.conn, wait_id)
    if row is None or row.ended_at is not None:
        return False
    take_off(tx, actor, now, ground, row, None)
    return True


def spots_of_person(tx: Tx, now: datetime, person_id: int) -> list[str]:
    """The names of the spots that a person has, or has booked, at all sites, which are held until
    this is done. Of a site that is archived nobody has any."""
    for site_id in _sites_of(tx, person_id):
        spots.lock(tx, now, site_id)
    return list(
        tx.conn.scalars(
            select(charger.c.name)
            .join(booking, booking.c.charger_id == charger.c.id)
            .where(*_open_of(booking, person_id), booking.c.status != BookingStatus.OFFERED.value)
            .order_by(booking.c.id)
        )
    )


def let_go(tx: Tx, actor: Actor, now: datetime, person_id: int, reason: str) -> None:
    """End all that a person who leaves has and waits for at charging spots."""
    for site_id in _sites_of(tx, person_id):
        ground = spots.lock(tx, now, site_id)
        for row in _rows_of(tx, charger_wait, person_id, site_id):
            if row.booking_id is not None:
                decline(tx, actor, now, row)
            leave_wait(tx, actor, now, row, LineOutcome.LEFT)
        mine = _rows_of(tx, booking, person_id, site_id)
        for row in mine:
            end(tx, actor, now, row, EndCause.FORCED, reason)
        for row in mine:
            pass_on(tx, now, ground, row.charger_id)
        pass_on(tx, now, ground)


def _sites_of(tx: Tx, person_id: int) -> list[int]:
    """Where a person has or waits for a spot."""
    found: set[int] = set()
    for table in (booking, charger_wait):
        found |= set(tx.conn.scalars(select(table.c.site_id).where(*_open_of(table, person_id))))
    return sorted(found)


def _rows_of(tx: Tx, table: Table, person_id: int, site_id: int) -> list[Any]:
    mine = select(table).where(*_open_of(table, person_id), table.c.site_id == site_id)
    return list(tx.conn.execute(mine.order_by(table.c.id)).all())


def _open_of(table: Table, person_id: int) -> tuple[Any, ...]:
    return table.c.holder == f"person:{person_id}", table.c.ended_at.is_(None)
