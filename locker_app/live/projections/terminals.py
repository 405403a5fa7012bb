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
from locker_app.domain.alert_words import alert_text
from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.live.seen_terminals import Seen, seen
from locker_app.queries.terminal_panel import PanelView, inside_view, panel
from locker_app.queries.terminals import AlertRow, CommandRow, TerminalRow


def terminals(conn: Connection, site_id: int, now: datetime) -> Vars | None:
    """The terminals of a site with what they show."""
    view = panel(conn, site_id, now)
    if view is None:
        return None
    broker = seen.broker_for(site_id)
    known = {row.id: seen.of(row.id) for row in view.terminals}
    return {
        "site_id": site_id,
        "site_name": view.name,
        "time_zone": view.time_zone,
        "broker": broker.kind,
        "connected": broker.connected,
        "broker_why": broker.why,
        "terminals": [_terminal(row, view) for row in view.terminals],
        "pictures": {
            str(terminal_id): picture(screen_of(one.shown.model_dump()))
            for terminal_id, one in known.items()
            if one.shown is not None
        },
        "nobodys": [{**flat(one), "seen_at": millis(one.seen_at)} for one in view.nobodys],
    }


def inside(conn: Connection, site_id: int, now: datetime) -> Vars | None:
    """Who is inside a site."""
    view = inside_view(conn, site_id, now)
    if view is None:
        return None
    return {
        "site_id": site_id,
        "zone": view.time_zone,
        "has_gate": view.has_gate,
        "count": view.count,
        "people": [
            {
                **flat(one),
                "came_at": millis(one.came_at),
                "due_at": millis(one.due_at),
                "gate": one.gate or "",
            }
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


def _terminal(row: TerminalRow, view: PanelView) -> Vars:
    known = seen.of(row.id)
    told = known.telemetry
    heard = max(filter(None, (row.seen_at, known.heard_at)), default=None)
    waits = view.waits_for.get(row.id)
    return {
        "id": row.id,
        "name": row.name,
        "place": row.place,
        "kind": row.kind.value,
        "mode": row.mode.value,
        "state": "revoked" if row.revoked_at and not row.provisioned else row.state.value,
        "version": row.program,
        "reader": row.reader,
        "bank_id": row.bank_id or 0,
        "bank_name": row.bank,
        "state_at": millis(row.state_at),
        "seen_at": millis(heard),
        "simulated": row.simulated,
        "provisioned": row.provisioned,
        "pending": row.provisioned and row.cfg_seen < row.cfg_version,
        "doors": len(row.plan.relays),
        "served": len(row.served),
        "says": said(known),
        "outbox": told.outbox if told else 0,
        "oldest_s": told.oldest_s if told else 0,
        "warm": "" if told is None or told.temperature is None else f"{told.temperature:.0f} °C",
        "signal": "" if told is None or told.signal is None else f"{told.signal} dBm",
        "waits_for": waits.name if waits else "",
        "waits_for_id": waits.person_id if waits else 0,
        "waits_until": millis(waits.until) if waits else 0,
        "alerts": [_alert(alert, view) for alert in reversed(row.alerts)],
        "commands": [command_row(one) for one in row.commands],
    }


def _alert(alert: AlertRow, view: PanelView) -> Vars:
    here = {row.id: row.name for row in view.terminals}
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "subject": alert.subject,
        "label": alert.door,
        "person_id": alert.person_id or 0,
        "who": view.names.get(alert.person_id or 0, ""),
        "text": alert_text(alert.kind, alert.details, zone=view.time_zone, terminals=here),
        "count": alert.count,
        "at": millis(alert.at),
        "last_at": millis(alert.last_at),
    }


def command_row(told: CommandRow) -> Vars:
    """Something that a terminal was told, and how far it has come."""
    return {
        "id": told.id,
        "kind": told.kind.value,
        "status": told.status.value,
        "label": told.door,
        "note": told.note,
        "made_at": millis(told.made_at),
        "sent_at": millis(told.sent_at),
        "accepted_at": millis(told.accepted_at),
        "ended_at": millis(told.ended_at),
    }
