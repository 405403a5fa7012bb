"""A queue as those see it who work it off: groups, names, questions, desks, and its rules."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from locker_app.domain.hours import next_closing, next_opening, next_time_of_day
from locker_app.domain.hours_text import written
from locker_app.domain.queues import UNDO_FOR, QueueMode, version_of
from locker_app.live.projections.wire import Vars, millis
from locker_app.queries.helm import DeskView, TicketView, helm_view
from locker_app.queries.queues import mode_shown

_RULES = (
    *("tickets_per_person", "tickets_per_group", "groups", "sign_in_needed", "room_pin"),
    *("capacity", "steps_back", "serve_at_once", "fresh_groups_first", "reset_at"),
)


def helm(conn: Connection, queue_id: int, now: datetime) -> Vars | None:
    """One queue for its staff."""
    view = helm_view(conn, queue_id, now)
    if view is None:
        return None
    head = view.head
    mode = mode_shown(head.mode, len(view.line) + len(view.serving))
    becomes, becomes_at = _next(
        json.dumps(head.hours or []),
        head.reset_at,
        head.time_zone,
        mode is QueueMode.OPEN,
        now.replace(second=0, microsecond=0),
    )
    return {
        "queue_id": head.id,
        "name": head.name,
        "place": head.place,
        "code": head.code,
        "site_name": head.site_name,
        "time_zone": head.time_zone,
        "mode": mode.value,
        "paused": head.paused_at is not None,
        "announcement": head.announcement,
        "shown": head.shown_number,
        "becomes": becomes,
        "becomes_at": millis(becomes_at),
        "line": [_ticket_row(ticket) for ticket in view.line],
        "serving": [_ticket_row(ticket) for ticket in view.serving],
        "ended": [_ticket_row(ticket) for ticket in view.ended],
        "desks": [_desk_row(desk) for desk in view.desks],
        "rules": {
            **{name: getattr(head, name) for name in _RULES},
            "hours": written(head.hours),
            "version": version_of(head),
        },
    }


@lru_cache(maxsize=256)
def _next(
    hours: str, reset_at: str, zone: str, is_open: bool, since: datetime
) -> tuple[str, datetime | None]:
    """What the clock does next with a queue that is open or not, and when. It is reckoned once a
    minute, as clocks do things at whole ones: looking for an opening takes longer than a press."""
    spans = json.loads(hours)
    turn = (next_closing if is_open else next_opening)(spans, since, zone) if spans else None
    reset = next_time_of_day(reset_at, since, zone) if reset_at else None
    if turn is not None and (reset is None or turn <= reset):
        return ("closes" if is_open else "opens"), turn
    return ("resets" if reset else ""), reset


def _ticket_row(ticket: TicketView) -> list[Any]:
    return [
        ticket.ticket_id,
        ticket.number,
        ticket.group,
        ticket.status,
        ticket.who,
        ticket.question,
        millis(ticket.joined_at),
        millis(ticket.called_at),
        ticket.staff_id or 0,
        ticket.staff_name,
        ticket.note,
        ticket.steps,
        ticket.visits,
        millis(ticket.ended_at),
    ]


def _desk_row(desk: DeskView) -> list[Any]:
    until = desk.pressed_at + UNDO_FOR if desk.pressed_at else None
    return [
        *(desk.staff_id, desk.name, desk.label, desk.number),
        *(millis(until), desk.ended_number, desk.called_number),
    ]
