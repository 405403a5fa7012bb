"""Charging spots and bookings of long ago, written into the tables without commands."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert

from locker_app.db.tables import booking, charger
from tests.world import World

_numbers = count(1)


def a_charger(world: World, site_id: int, **more: Any) -> int:
    """A charging spot; its id."""
    number = next(_numbers)
    values = {"site_id": site_id, "name": f"Spot {number}", "place": "", "details": ""}
    values |= {"position": number, "code": f"C{number}", "created_at": world.clock.now, **more}
    world.change(insert(charger).values(**values))
    return world.rows(charger)[-1].id


def row_of(
    site_id: int, charger_id: int, starts_at: datetime, ended_at: datetime | None, **more: Any
) -> dict[str, Any]:
    """A booking, stopped by its holder if it has ended; else it goes on."""
    over = ended_at is not None
    values = {"site_id": site_id, "charger_id": charger_id, "holder": f"person:{next(_numbers)}"}
    values |= {"slot": 1, "shown_as": "", "status": "ended" if over else "active"}
    values |= {"made_at": starts_at, "starts_at": starts_at, "here_at": starts_at}
    values |= {"leaves_at": starts_at + timedelta(hours=2), "came_at": starts_at}
    values |= {"ended_at": ended_at, "end_cause": "stopped" if over else None}
    return values | more


def a_booking(
    world: World, charger_id: int, starts_at: datetime, ended_at: datetime | None, **more: Any
) -> int:
    """A booking as `row_of` has it; its id."""
    site_id = world.row(charger, charger_id).site_id
    world.change(insert(booking).values(**row_of(site_id, charger_id, starts_at, ended_at, **more)))
    return world.rows(booking)[-1].id
