"""Lockers: a bank as everybody sees it."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.lockers import LockerStatus
from locker_app.live.projections.wire import Vars, millis
from locker_app.queries.lockers import bank_view
from locker_app.queries.setup import site_of_any_bank
from locker_app.queries.sites import sites
from locker_app.queries.terminal_panel import bank_has_terminal


def bank(conn: Connection, bank_id: int, now: datetime) -> Vars | None:
    """One bank as everybody may see it: doors, no people."""
    view = bank_view(conn, bank_id, now)
    if view is None:  # those who look at one that has just been archived are told
        gone = site_of_any_bank(conn, bank_id) is not None
        return {"bank_id": bank_id, "archived": True} if gone else None
    site = next(site for site in sites(conn) if site.id == view.site_id)
    counts = {status.name.lower(): view.count(status) for status in LockerStatus}
    return {
        "bank_id": view.id,
        "archived": False,
        "is_open": site.is_open(now),
        "opens_at": millis(site.opens_at(now)),
        "closes_at": millis(site.closes_at(now)),
        "site_name": site.name,
        "time_zone": site.time_zone,
        "hold_minutes": site.hold_minutes,
        "name": view.name,
        "place": view.place,
        "prefix": view.prefix,
        "limit_minutes": view.limit_minutes or 0,
        "numbers": view.numbers,
        "accessible_numbers": view.accessible,
        "doors": view.doors,
        "total": len(view.numbers),
        "free_accessible": view.free_accessible,
        "line": view.line,
        "has_terminal": bank_has_terminal(conn, bank_id),
        **counts,
    }
