"""The charging spots that one holder has and waits for: a person, or a visitor's browser."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection

from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.queries.bookings import Allowance, stays_of


def stays(conn: Connection, key: int, now: datetime) -> Vars:
    """All about charging that is somebody's, by a key as `topics.stays_topic` makes it."""
    mine = stays_of(conn, f"person:{key}" if key > 0 else f"visitor:{-key}", now)
    return {
        "rows": [_sent(row) for row in mine.bookings],
        "waits": [_sent(row) for row in mine.waits],
        "news": [_sent(row) for row in mine.news],
        "allow": {str(one.site_id): _allowance(one) for one in mine.allowances},
    }


def _sent(row: Any) -> Vars:
    return {name: _plain(name, value) for name, value in flat(row).items()}


def _plain(name: str, value: Any) -> Any:
    if name == "at" or name.endswith(("_at", "_by", "_until")):
        return millis(value)
    return value.value if isinstance(value, Enum) else value


def _allowance(one: Allowance) -> Vars:
    return {
        "cooling_until": millis(one.cooling_until),
        "days": [[millis(begin), int(left)] for begin, left in one.days],
        "weeks": [[millis(begin), int(left)] for begin, left in one.weeks],
    }
