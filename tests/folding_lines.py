"""The tables of queues, tickets and desks, rebuilt from the event log alone.

What the log lacks is not compared: questions and notes, which people wrote; rules; what was
promised to who joined; and the last press at a desk.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.statement import Statement
from locker_app.db.tables import desk, queue, ticket
from locker_app.domain.queues import first_free

Row = dict[str, Any]
_PROMISED = {"ahead_at_join", "low_seconds", "likely_seconds", "high_seconds"}
_NOT_LOGGED = {"question", "note", *_PROMISED}
_OF_QUEUES = (
    *("id", "site_id", "mode", "paused_at", "announcement", "announced_at"),
    *("round", "last_number", "shown_number"),
)


@dataclass
class Lines:
    """Rows by id; labels of desks by queue and staff member."""

    queues: dict[int, Row] = field(default_factory=dict)
    tickets: dict[int, Row] = field(default_factory=dict)
    labels: dict[tuple[int, int], str] = field(default_factory=dict)


_ALL = [Statement(select(table).order_by(table.c.id)) for table in (queue, ticket, desk)]


def stored_lines(conn: Connection) -> Lines:
    """What the tables say."""
    queues, tickets, desks = (all_rows.rows(conn) for all_rows in _ALL)
    return Lines(
        {row.id: {name: getattr(row, name) for name in _OF_QUEUES} for row in queues},
        {
            row.id: {k: v for k, v in row._asdict().items() if k not in _NOT_LOGGED}
            for row in tickets
        },
        {(row.queue_id, row.staff_id): row.label for row in desks if row.label},
    )


def fold_lines(events: Iterable[Any], lines: Lines | None = None) -> Lines:
    """The tables after these events, oldest first, upon those that are given."""
    lines = lines or Lines()
    for row in events:
        step = _STEPS.get(row.kind)
        if step is not None:
            step(lines, row, row.details)
    return lines


def _created(lines: Lines, row: Any, details: Row) -> None:
    lines.queues[row.queue_id] = {
        "id": row.queue_id,
        "site_id": row.site_id,
        "mode": "open",
        "paused_at": None,
        "announcement": "",
        "announced_at": None,
        "round": 1,
        "last_number": 0,
        "shown_number": 0,
    }


def _changed(change: Callable[[Any, Row], Row]) -> Callable[[Lines, Any, Row], None]:
    def step(lines: Lines, row: Any, details: Row) -> None:
        lines.queues[row.queue_id].update(change(row, details))

    return step


def _reset(lines: Lines, row: Any, details: Row) -> None:
    begin = {"round": details["round"], "last_number": 0, "shown_number": 0}
    lines.queues[row.queue_id].update(begin)


def _labelled(lines: Lines, row: Any, details: Row) -> None:
    desk_at = (row.queue_id, row.staff_id)
    if details["label"]:
        lines.labels[desk_at] = details["label"]
    else:
        lines.labels.pop(desk_at, None)


def _slot(lines: Lines, queue_id: int, of: str, whose: str, slot: str) -> int | None:
    """The slots are not in the log, but the rule for them is simple."""
    return first_free(
        {
            one[slot]
            for one in lines.tickets.values()
            if one["ended_at"] is None and (one["queue_id"], one[of]) == (queue_id, whose)
        }
    )


def _slots(lines: Lines, queue_id: int, holder: str, group: str) -> Row:
    return {
        "slot": _slot(lines, queue_id, "holder", holder, "slot"),
        "group_slot": _slot(lines, queue_id, "group_number", group, "group_slot"),
    }


def _taken(lines: Lines, row: Any, details: Row) -> None:
    visitor_id, group = details["visitor_id"], details["group_number"]
    holder = f"visitor:{visitor_id}" if row.person_id is None else f"person:{row.person_id}"
    lines.tickets[details["ticket_id"]] = {
        "id": details["ticket_id"],
        "site_id": row.site_id,
        "queue_id": row.queue_id,
        "round": details["round"],
        "number": details["ticket_number"],
        "place": details["place"],
        "status": "waiting",
        "holder": holder,
        "group_number": group,
        **_slots(lines, row.queue_id, holder, group),
        "person_id": row.person_id,
        "visitor_id": visitor_id,
        "steps": 0,
        "staff_id": None,
        "joined_at": row.at,
        "called_at": None,
        "ended_at": None,
    }
    lines.queues[row.queue_id]["last_number"] = details["ticket_number"]


def _called(lines: Lines, row: Any, details: Row) -> None:
    one = lines.tickets[details["ticket_id"]]
    if one["status"] == "waiting":  # else it is only taken over
        one.update(status="serving", called_at=row.at)
        lines.queues[row.queue_id]["shown_number"] = one["number"]
    one["staff_id"] = details["server_id"]


def _ended(status: str) -> Callable[[Lines, Any, Row], None]:
    def step(lines: Lines, row: Any, details: Row) -> None:
        one = lines.tickets[details["ticket_id"]]
        one.update(status=status, ended_at=row.at)
        if "server_id" in details:
            one["staff_id"] = details["server_id"]

    return step


def _reopen(lines: Lines, one: Row) -> None:
    if one["ended_at"] is not None:
        one.update(_slots(lines, one["queue_id"], one["holder"], one["group_number"]))
        one["ended_at"] = None


def _put_back(lines: Lines, row: Any, details: Row) -> None:
    one = lines.tickets[details["ticket_id"]]
    _reopen(lines, one)
    one.update(status="waiting", place=details["place"], staff_id=None, called_at=None)
    _show_before(lines, one)


def _restored(lines: Lines, row: Any, details: Row) -> None:
    one = lines.tickets[details["ticket_id"]]
    _reopen(lines, one)
    one.update(status=details["status"], staff_id=details["server_id"], place=details["place"])
    if details["status"] == "waiting":
        one["called_at"] = None
        _show_before(lines, one)


def _show_before(lines: Lines, back: Row) -> None:
    """Show a number no longer that waits again."""
    queue = lines.queues[back["queue_id"]]
    if queue["shown_number"] == back["number"]:
        called = [
            (one["called_at"], one["number"])
            for one in lines.tickets.values()
            if (one["queue_id"], one["round"]) == (queue["id"], queue["round"])
            and one["called_at"] is not None
        ]
        queue["shown_number"] = max(called)[1] if called else 0


def _stepped(lines: Lines, row: Any, details: Row) -> None:
    one = lines.tickets[details["ticket_id"]]
    one.update(place=details["place"], steps=one["steps"] + 1)


def _spaced(lines: Lines, row: Any, details: Row) -> None:
    lines.tickets[details["ticket_id"]]["place"] = details["place"]


def _claimed(lines: Lines, row: Any, details: Row) -> None:
    one, holder = lines.tickets[details["ticket_id"]], f"person:{row.person_id}"
    slot = _slot(lines, row.queue_id, "holder", holder, "slot")
    one.update(holder=holder, slot=slot, person_id=row.person_id, visitor_id=None)


_STEPS: dict[str, Callable[[Lines, Any, Row], None]] = {
    "QueueCreated": _created,
    "QueueModeChanged": _changed(lambda row, details: {"mode": details["mode"]}),
    "QueuePaused": _changed(lambda row, details: {"paused_at": row.at}),
    "QueueResumed": _changed(lambda row, details: {"paused_at": None}),
    "QueueAnnounced": _changed(
        lambda row, details: {
            "announcement": details["text"],
            "announced_at": row.at if details["text"] else None,
        }
    ),
    "QueueReset": _reset,
    "DeskLabelled": _labelled,
    "TicketTaken": _taken,
    "TicketCalled": _called,
    "TicketCompleted": _ended("done"),
    "TicketNoShow": _ended("no_show"),
    "TicketWithdrawn": _ended("withdrawn"),
    "TicketRemoved": _ended("removed"),
    "TicketCleared": _ended("cleared"),
    "TicketPutBack": _put_back,
    "TicketRestored": _restored,
    "TicketSteppedBack": _stepped,
    "TicketSpaced": _spaced,
    "TicketClaimed": _claimed,
}
