"""Queues: one as everybody may see it, and what is only said in its room."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.queries.queues import line_view, room_pin_of
from locker_app.queries.waits import pace_of


def queue(conn: Connection, queue_id: int, now: datetime) -> Vars | None:
    """One queue as everybody may see it: numbers, no people."""
    view = line_view(conn, queue_id, now)
    if view is None:
        return None
    same = {
        name: getattr(view, name)
        for name in (
            *("code", "name", "place", "site_name", "time_zone", "paused", "announcement"),
            *("round", "given", "shown", "sign_in_needed", "wants_room_pin", "groups"),
            *("tickets_per_person", "steps_back", "serve_at_once", "line", "done"),
        )
    }
    return {
        **same,
        "queue_id": view.id,
        "mode": view.mode.value,
        "announced_at": millis(view.announced_at),
        "capacity": view.capacity or 0,
        "serving": [list(row) for row in view.serving],
        "opens_at": millis(view.opens_at),
        "pace": _pace(conn, queue_id, now),
    }


def _pace(conn: Connection, queue_id: int, now: datetime) -> Vars:
    pace = pace_of(conn, queue_id, now)
    return {**flat(pace), "called_at": millis(pace.called_at)}


def room(conn: Connection, queue_id: int, _now: datetime) -> Vars | None:
    """What is only said in the room where a queue is served, for staff to show there."""
    room_pin = room_pin_of(conn, queue_id)
    return None if room_pin is None else {"queue_id": queue_id, "room_pin": room_pin}
