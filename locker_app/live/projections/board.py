"""What the staff board is sent: the doors of a bank and who has them, one door, the latest events.

A board shows many banks at once, so the vars of these topics carry the id of their bank in their
names (`letters_3_0`), and the doors of a bank go in blocks. The hub sends only vars that differ,
so what a change costs on the wire is the same for 150 doors and for 2,000.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from locker_app.live.projections.events import event_row
from locker_app.live.projections.terminals import command_row
from locker_app.live.projections.wire import Vars, millis
from locker_app.queries.events import events_page
from locker_app.queries.lockers import (
    DoorView,
    Holder,
    bank_holders,
    bank_view,
    door_view,
    locker_ids,
)
from locker_app.queries.setup import was_locker
from locker_app.queries.sites import site_of_bank, sites
from locker_app.queries.terminals import last_opening, opener_of

BLOCK = 50
"""How many doors are sent together."""
DOOR_EVENTS = 10
FEED_EVENTS = 12
OPENING_TOLD = timedelta(hours=1)
"""How long it is told that a door was opened from afar, and how that went."""


def doors(conn: Connection, bank_id: int, now: datetime) -> Vars | None:
    """A bank as everybody may see it: what it is, and its doors in blocks."""
    view = bank_view(conn, bank_id, now)
    if view is None:
        return None
    zone = next(site.time_zone for site in sites(conn) if site.id == view.site_id)
    head = [view.name, view.place, view.prefix, zone, len(view.numbers), len(view.line)]
    low = set(view.accessible)
    pairs = zip(view.locker_ids, view.numbers, strict=True)
    fixed = [[locker_id, number, int(number in low)] for locker_id, number in pairs]
    return {
        "ready": True,
        f"head_{bank_id}": head,
        **{f"fixed_{bank_id}_{k}": block for k, block in enumerate(_blocks(fixed))},
        **{f"letters_{bank_id}_{k}": block for k, block in enumerate(_blocks(view.doors))},
    }


def holders(conn: Connection, bank_id: int, now: datetime) -> Vars | None:
    """Who has which door of a bank, and what there is to know of it, in the same blocks."""
    ids = locker_ids(conn, bank_id)
    if not ids and site_of_bank(conn, bank_id) is None:
        return None
    known = {holder.locker_id: _holder(holder) for holder in bank_holders(conn, bank_id, now)}
    rows = ([known[one] for one in block if one in known] for block in _blocks(ids))
    return {"ready": True, **{f"rows_{bank_id}_{k}": block for k, block in enumerate(rows)}}


def _blocks(all_of_them: Any) -> Iterator[Any]:
    """Of a list or a text, as many of it as go together; what is empty has one empty block."""
    for begin in range(0, max(1, len(all_of_them)), BLOCK):
        yield all_of_them[begin : begin + BLOCK]


def _holder(holder: Holder) -> list[Any]:
    return [
        holder.locker_id,
        holder.assignment_id or 0,
        holder.person_name or "",
        holder.person_number or "",
        millis(holder.since),
        millis(holder.until),
        holder.service_reason or "",
        holder.note,
    ]


def door(conn: Connection, locker_id: int, now: datetime) -> Vars | None:
    """One door with who has it and its last events."""
    view = door_view(conn, locker_id, now)
    if view is None:  # those who look at one that has just been removed are told
        return {"locker_id": locker_id, "gone": True} if was_locker(conn, locker_id) else None
    events = events_page(conn, None, limit=DOOR_EVENTS, locker_id=locker_id)
    return {
        "locker_id": view.locker_id,
        "gone": False,
        "label": view.label,
        "bank_id": view.bank_id,
        "bank_name": view.bank_name,
        "status": view.status.value,
        "time_zone": view.time_zone,
        "assignment_id": view.assignment_id or 0,
        "person_name": view.person_name or "",
        "person_number": view.person_number or "",
        "since": millis(view.since),
        "until": millis(view.until),
        "service_reason": view.service_reason or "",
        "note": view.note,
        "noted_at": millis(view.noted_at),
        "noted_by": view.noted_by or "",
        "rows": [event_row(event) for event in events],
        **_opening(conn, view, now),
    }


def _opening(conn: Connection, view: DoorView, now: datetime) -> Vars:
    """Which terminal opens the door, and how far what it was told last has come."""
    row = opener_of(conn, view.bank_id, view.number)
    told = last_opening(conn, view.locker_id)
    lately = told is not None and now - told.made_at < OPENING_TOLD
    return {
        "terminal": row.name if row else "",
        "terminal_state": row.state if row else "",
        "told": [command_row(told)] if told and lately else [],
    }


def feed(conn: Connection, site_id: int, now: datetime) -> Vars:
    """The latest events of a site."""
    events = events_page(conn, frozenset({site_id}), limit=FEED_EVENTS)
    return {"rows": [event_row(event) for event in events]}
