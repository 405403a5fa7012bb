"""Lockers: a bank as everybody sees it, who has its doors, and one door, for staff."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.lockers import LockerStatus
from locker_app.live.projections.events import event_row
from locker_app.live.projections.wire import Vars, millis
from locker_app.queries.events import events_page
from locker_app.queries.lockers import bank_holders, bank_view, door_view, locker_ids
from locker_app.queries.setup import site_of_any_bank
from locker_app.queries.sites import site_of_bank, sites

DOOR_EVENTS = 10
"""How many of a door's events are sent with it, the newest first."""


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
        **counts,
    }


def holders(conn: Connection, bank_id: int, now: datetime) -> Vars | None:
    """Who has which door of a bank, for staff."""
    ids = locker_ids(conn, bank_id)
    if not ids and site_of_bank(conn, bank_id) is None:
        return None
    rows = [
        [
            holder.locker_id,
            holder.assignment_id or 0,
            holder.person_name or "",
            holder.person_number or "",
            millis(holder.since),
            millis(holder.until),
            holder.service_reason or "",
        ]
        for holder in bank_holders(conn, bank_id, now)
    ]
    return {"bank_id": bank_id, "locker_ids": ids, "rows": rows}


def door(conn: Connection, locker_id: int, now: datetime) -> Vars | None:
    """One door with who has it and its last events, for staff."""
    view = door_view(conn, locker_id, now)
    if view is None:
        return None
    events = events_page(conn, None, limit=DOOR_EVENTS, locker_id=locker_id)
    return {
        "locker_id": view.locker_id,
        "label": view.label,
        "status": view.status.value,
        "time_zone": view.time_zone,
        "assignment_id": view.assignment_id or 0,
        "person_name": view.person_name or "",
        "person_number": view.person_number or "",
        "since": millis(view.since),
        "until": millis(view.until),
        "service_reason": view.service_reason or "",
        "rows": [event_row(event) for event in events],
    }
