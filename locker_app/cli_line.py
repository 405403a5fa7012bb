"""A line from the shell: who is in it, and all that staff do with tickets, as on the dashboard."""

import argparse
from datetime import UTC, datetime
from typing import Any

from locker_app.cli_desk import Desk, Doings, table
from locker_app.queries.helm import TicketView
from locker_app.services import desks, presses, serving

QUEUE: dict[str, dict[str, Any]] = {"queue": {"metavar": "QUEUE", "help": "its code, or its name"}}
_TICKET = {**QUEUE, "number": {"type": int, "metavar": "N", "help": "the ticket's number"}}
_ENDED_SHOWN = 5


def _show(desk: Desk, asked: argparse.Namespace) -> str:
    """show who is helped, who waits in which order, and who was last"""
    card = desk.queue(asked.queue)
    line = desk.line(card)
    state = f"{card.mode}, paused" if card.paused else card.mode
    head = f"{card.name}: {state}, shows {card.shown}, {len(line.line)} waiting"
    labels = {one.staff_id: one.label or one.name for one in line.desks}
    rows = [
        *(_row(one, f"at {labels.get(one.staff_id or 0, 'no desk')}") for one in line.serving),
        *(_row(one, f"waiting {place}") for place, one in enumerate(line.line, 1)),
        *(_row(one, one.status.replace("_", " ")) for one in line.ended[:_ENDED_SHOWN]),
    ]
    return f"{head}\n{table(rows)}" if rows else head


def _row(one: TicketView, where: str) -> tuple[Any, ...]:
    minutes = int((datetime.now(UTC) - (one.called_at or one.joined_at)).total_seconds() // 60)
    since = "" if one.ended_at else f"{minutes} min"
    said = [one.who, f"“{one.question}”" if one.question else "", one.note and f"({one.note})"]
    return one.number, where, f"group {one.group}", since, " ".join(text for text in said if text)


def _next(desk: Desk, asked: argparse.Namespace) -> str:
    """complete one's current ticket and call the next one"""
    card = desk.queue(asked.queue)
    return _pressed(card.name, desk.run(serving.complete_and_call_next, queue_id=card.id))


def _complete(desk: Desk, asked: argparse.Namespace) -> str:
    """complete one's current ticket and call nobody"""
    card = desk.queue(asked.queue)
    pressed = desk.run(serving.complete, queue_id=card.id)
    return f"{card.name}: " + (
        f"{pressed.ended} is done." if pressed.ended else "nobody is helped."
    )


def _call(desk: Desk, asked: argparse.Namespace) -> str:
    """call this number, out of order"""
    card = desk.queue(asked.queue)
    pressed = desk.run(serving.call, ticket_id=desk.ticket(card, asked.number))
    return _pressed(card.name, pressed)


def _no_show(desk: Desk, asked: argparse.Namespace) -> str:
    """note that this number was called and did not come, and call the next one"""
    card = desk.queue(asked.queue)
    pressed = desk.run(serving.no_show, ticket_id=desk.ticket(card, asked.number))
    return _pressed(card.name, pressed, "did not come")


def _put_back(desk: Desk, asked: argparse.Namespace) -> str:
    """put this number, which was called, back to the front of the line"""
    card = desk.queue(asked.queue)
    number = desk.run(serving.put_back, ticket_id=desk.ticket(card, asked.number))
    return f"{card.name}: {number} is at the front of the line again."


def _remove(desk: Desk, asked: argparse.Namespace) -> str:
    """take this number, which waits, out of the line; that can't be undone"""
    card = desk.queue(asked.queue)
    number = desk.run(serving.remove, ticket_id=desk.ticket(card, asked.number))
    return f"{card.name}: {number} is out of the line."


def _undo(desk: Desk, asked: argparse.Namespace) -> str:
    """take back one's last next, complete, call or no-show, for ten seconds"""
    card = desk.queue(asked.queue)
    pressed = desk.run(presses.undo, queue_id=card.id)
    parts = [
        f"{pressed.called} waits again." if pressed.called else "",
        f"{pressed.ended} is helped again." if pressed.ended else "",
    ]
    return f"{card.name}: taken back. " + " ".join(part for part in parts if part)


def _note(desk: Desk, asked: argparse.Namespace) -> str:
    """keep a note on a number, for staff; an empty text takes it away"""
    card = desk.queue(asked.queue)
    ticket_id = desk.ticket(card, asked.number)
    changed = desk.run(serving.note, ticket_id=ticket_id, note=asked.text)
    return f"{card.name}: noted." if changed else f"{card.name}: nothing to change."


def _desk(desk: Desk, asked: argparse.Namespace) -> str:
    """say at which desk one serves, such as “Desk 2”, for the room to read"""
    card = desk.queue(asked.queue)
    changed = desk.run(desks.label_desk, queue_id=card.id, label=asked.label)
    where = f"people are sent to “{asked.label}”." if asked.label else "no desk is named."
    return f"{card.name}: {where}" if changed else f"{card.name}: nothing to change."


def _pressed(name: str, pressed: presses.Pressed, how: str = "is done") -> str:
    ended = f"{pressed.ended} {how}. " if pressed.ended else ""
    called = f"It is {pressed.called}'s turn." if pressed.called else "Nobody was called."
    return f"{name}: {ended}{called}"


DOINGS: Doings = {
    "show": (_show, QUEUE),
    "next": (_next, QUEUE),
    "complete": (_complete, QUEUE),
    "call": (_call, _TICKET),
    "no-show": (_no_show, _TICKET),
    "put-back": (_put_back, _TICKET),
    "remove": (_remove, _TICKET),
    "undo": (_undo, QUEUE),
    "note": (_note, {**_TICKET, "text": {"metavar": "TEXT"}}),
    "desk": (_desk, {**QUEUE, "label": {"metavar": "LABEL", "help": "up to 20 characters"}}),
}
