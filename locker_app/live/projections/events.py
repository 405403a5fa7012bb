"""The history: the newest events of a site, or of all, for staff."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from locker_app.live.projections.wire import Vars, millis
from locker_app.live.topics import ALL
from locker_app.queries.events import EventView, code_of, events_page


def events(conn: Connection, site_id: int, _now: datetime) -> Vars:
    """The newest events of a site, or of all sites."""
    only = None if site_id == ALL else frozenset({site_id})
    return {"rows": [event_row(event) for event in events_page(conn, only)]}


def event_row(event: EventView) -> list[Any]:
    """An event as a row for the screen."""
    details = event.details
    code = code_of(event.kind, details)
    ticket = f"no. {event.ticket_number}" if event.ticket_number else ""
    charger = f"Charger {event.charger_name}" if event.charger_name else ""
    terminal = "Terminal" if event.terminal_name else ""
    return [
        event.id,
        millis(event.at),
        event.kind,
        event.actor,
        event.bank_name or event.queue_name or charger or terminal,
        event.locker_label or ticket or event.terminal_name or "",
        event.person_name or "",
        event.person_number or "",
        event.reason or details.get("text") or details.get("label") or "",
        event.details.get("command", ""),
        code,
        event.origin,
        event.time_zone,
    ]
