"""Card terminals for those who run them: how each is, what it shows, and who is inside.

What stands in the database and what the terminals said last (`live.seen_terminals`) come together
here. The pictures of the displays are a var of their own: they change most often.
"""

from base64 import b64encode
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from edge.display.draw import png
from edge.display.screen import Screen, fields_of, screen_of
from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.live.seen_terminals import Seen, seen
from locker_app.queries.terminal_panel import (
    PanelAlert,
    PanelCommand,
    PanelTerminal,
    inside_view,
    panel,
)


def terminals(conn: Connection, site_id: int, now: datetime) -> Vars | None:
    """The terminals of a site with what they show."""
    view = panel(conn, site_id, now)
    if view is None:
        return None
    broker = seen.broker_for(site_id)
    known = {one.row.id: seen.of(one.row.id) for one in view.terminals}
    return {
        "site_id": site_id,
        "site_name": view.name,
        "time_zone": view.time_zone,
        "broker": broker.kind,
        "connected": broker.connected,
        "broker_why": broker.why,
        "terminals": [_terminal(one, known[one.row.id]) for one in view.terminals],
        "pictures": {
            str(terminal_id): picture(screen_of(one.shown.model_dump()))
            for terminal_id, one in known.items()
            if one.shown is not None
        },
        "nobodys": [{**flat(one), "seen_at": millis(one.seen_at)} for one in view.nobodys],
    }


def inside(conn: Connection, site_id: int, _now: datetime) -> Vars | None:
    """Who is inside a site."""
    view = inside_view(conn, site_id)
    if view is None:
        return None
    return {
        "site_id": site_id,
        "zone": view.time_zone,
        "has_gate": view.has_gate,
        "count": view.count,
        "people": [
            {**flat(one), "came_at": millis(one.came_at), "due_at": millis(one.due_at)}
            for one in view.people
        ],
    }


@lru_cache(512)
def picture(screen: Screen) -> str:
    """What a display shows, as an address of a picture that has it in itself."""
    return "data:image/png;base64," + b64encode(png(screen)).decode()


def said(one: Seen) -> str:
    """The same in words."""
    if one.shown is None:
        return ""
    fields = fields_of(screen_of(one.shown.model_dump()))
    return ". ".join([fields["headline"], *fields["lines"]])


def _terminal(one: PanelTerminal, known: Seen) -> Vars:
    row, told = one.row, known.telemetry
    heard = max(filter(None, (row.seen_at, known.heard_at)), default=None)
    return {
        **{
            name: getattr(row, name)
            for name in ("id", "name", "place", "kind", "mode", "state", "version", "reader")
        },
        "bank_id": row.bank_id or 0,
        "bank_name": one.bank_name,
        "state_at": millis(row.state_at),
        "seen_at": millis(heard),
        "simulated": row.simulated,
        "provisioned": row.provisioned_at is not None,
        "revoked_at": millis(row.revoked_at),
        "pending": row.provisioned_at is not None and row.cfg_seen < row.cfg_version,
        "doors": len(row.relays or {}),
        "served": len(row.served or []),
        "says": said(known),
        "outbox": told.outbox if told else 0,
        "oldest_s": told.oldest_s if told else 0,
        "warm": "" if told is None or told.temperature is None else f"{told.temperature:.0f} °C",
        "signal": "" if told is None or told.signal is None else f"{told.signal} dBm",
        "waits_for": one.waits_for,
        "waits_for_id": one.waits_for_id,
        "waits_until": millis(one.waits_until),
        "alerts": [_alert(alert) for alert in one.alerts],
        "commands": [command_row(told) for told in one.commands],
    }


def _alert(alert: PanelAlert) -> Vars:
    return {**flat(alert), "at": millis(alert.at), "last_at": millis(alert.last_at)}


def command_row(told: PanelCommand) -> Vars:
    """Something that a terminal was told, and how far it has come."""
    return {
        "id": told.id,
        "kind": told.kind,
        "status": told.status,
        "label": told.label,
        "note": told.note,
        "made_at": millis(told.made_at),
        "sent_at": millis(told.sent_at),
        "accepted_at": millis(told.accepted_at),
        "ended_at": millis(told.ended_at),
    }
