"""The tickets of one holder: a person, or a visitor's browser."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.queries.tickets import MyTicket, tickets_of


def tickets(conn: Connection, key: int, now: datetime) -> Vars:
    """Somebody's tickets, by a key as `topics.tickets_topic` makes it."""
    holder = f"person:{key}" if key > 0 else f"visitor:{-key}"
    return {"rows": [_mine(ticket) for ticket in tickets_of(conn, holder, now)]}


def _mine(ticket: MyTicket) -> Vars:
    values = {**flat(ticket), "status": ticket.status.value}
    for name in ("joined_at", "called_at", "ended_at"):
        values[name] = millis(values[name])
    return values
