"""Rules about queues and tickets: who may become what, which groups may join, who is next.

The predecessor's rules, kept: numbers rise by one; the first ticket of a round is served at once;
the staff's press ends the current one and calls the next; with nobody waiting the number called
last stays shown, and a ticket taken then waits for the next press. A number that waits again, as a
press was undone or staff put it back, is shown no longer, but the one called last before it.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum
from itertools import count
from typing import Any, ClassVar

from locker_app.domain.errors import BadInput, GroupNotAllowed
from locker_app.domain.hours import Hours, check_hours, check_time_of_day
from locker_app.domain.limits import Limits, check_limits
from locker_app.domain.people import is_line

UNDO_FOR = timedelta(seconds=10)
SPACING = 1_000_000
"""Between the places of two tickets that were taken one after the other, so that others fit."""
MAX_GROUP_LENGTH = 20
MAX_QUESTION_LENGTH = 200
MAX_NOTE_LENGTH = 500
MAX_ANNOUNCEMENT_LENGTH = 200
MAX_LABEL_LENGTH = 20
MAX_GROUPS_LENGTH = 500
MAX_NAME_LENGTH = 60
MAX_PLACE_LENGTH = 100

_GROUP = re.compile(r"[A-Z0-9](?:[A-Z0-9 ._/-]*[A-Z0-9])?")
_RANGE = re.compile(r"([0-9]{1,6})\s*-\s*([0-9]{1,6})")


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    SERVING = "serving"
    DONE = "done"
    NO_SHOW = "no_show"
    WITHDRAWN = "withdrawn"
    """Its holder left the line."""
    REMOVED = "removed"
    """Staff took it out of the line."""
    CLEARED = "cleared"
    """The queue was reset."""


class QueueMode(StrEnum):
    """Whether tickets are given."""

    OPEN = "open"
    DRAINING = "draining"
    """No new tickets; those in line are served."""
    CLOSED = "closed"


class CallCause(StrEnum):
    """Why it is a ticket's turn."""

    FIRST = "first"
    """It came into an idle queue."""
    NEXT = "next"
    """Staff called the next one."""
    CHOSEN = "chosen"
    """Staff called this one, out of order."""


class Move(StrEnum):
    """What can be done with a ticket."""

    CALL = "call"
    COMPLETE = "complete"
    NO_SHOW = "no_show"
    PUT_BACK = "put_back"
    REMOVE = "remove"
    LEAVE = "leave"
    STEP_BACK = "step_back"
    ASK = "ask"
    NOTE = "note"
    CLEAR = "clear"


class Part(StrEnum):
    """Who somebody is to a ticket."""

    HOLDER = "holder"
    STAFF = "staff"


_S = TicketStatus

MOVES: dict[Move, tuple[Part, dict[TicketStatus, TicketStatus]]] = {
    Move.CALL: (Part.STAFF, {_S.WAITING: _S.SERVING}),
    Move.COMPLETE: (Part.STAFF, {_S.SERVING: _S.DONE}),
    Move.NO_SHOW: (Part.STAFF, {_S.SERVING: _S.NO_SHOW}),
    Move.PUT_BACK: (Part.STAFF, {_S.SERVING: _S.WAITING, _S.NO_SHOW: _S.WAITING}),
    Move.REMOVE: (Part.STAFF, {_S.WAITING: _S.REMOVED}),
    Move.LEAVE: (Part.HOLDER, {_S.WAITING: _S.WITHDRAWN, _S.SERVING: _S.WITHDRAWN}),
    Move.STEP_BACK: (Part.HOLDER, {_S.WAITING: _S.WAITING}),
    Move.ASK: (Part.HOLDER, {_S.WAITING: _S.WAITING, _S.SERVING: _S.SERVING}),
    Move.NOTE: (Part.STAFF, {status: status for status in TicketStatus}),
    Move.CLEAR: (Part.STAFF, {_S.WAITING: _S.CLEARED, _S.SERVING: _S.CLEARED}),
}
"""The one table of transitions: by whom, and from which status to which. Undoing a press is not
in it: that restores what was, while nothing else has happened to the tickets."""


def after(move: Move, status: TicketStatus) -> TicketStatus | None:
    """The status after the move; None when it can't be made from this one."""
    return MOVES[move][1].get(status)


def normalise_group(text: str) -> str:
    """The group number as it is stored: upper case, single spaces, no leading zeros.

    Raises:
        BadInput: it can't be one.
    """
    group = " ".join(text.split()).upper()
    if not group:
        raise BadInput("Enter your group number.", field="group")
    if len(group) > MAX_GROUP_LENGTH or not _GROUP.fullmatch(group):
        raise BadInput(
            f"A group number has up to {MAX_GROUP_LENGTH} letters and digits.", field="group"
        )
    return (group.lstrip("0") or "0") if group.isdigit() else group


def check_groups(text: str) -> str:
    """Which groups may join, tidied: numbers, ranges and names, such as `1-40, 51, LAB A`. Empty
    lets all.

    Raises:
        BadInput: a part of it can't be read.
    """
    parts = [part for part in (" ".join(p.split()) for p in text.split(",")) if part]
    tidy: list[str] = []
    for part in parts:
        span = _RANGE.fullmatch(part)
        if span is not None:
            low, high = int(span[1]), int(span[2])
            if low > high:
                raise BadInput(f"“{part}” is no range: the smaller number first.", field="groups")
            tidy.append(f"{low}-{high}")
        else:
            try:
                tidy.append(normalise_group(part))
            except BadInput:
                raise BadInput(
                    f"“{part}” can't be read. Write groups like 1-40, 51, LAB A.", field="groups"
                ) from None
    return ", ".join(tidy)


def check_group_allowed(group: str, groups: str) -> str:
    """The group (normalised), when the queue's list (tidied) has it.

    Raises:
        GroupNotAllowed: it has not.
    """
    if groups and not any(_covers(part, group) for part in groups.split(", ")):
        raise GroupNotAllowed(groups)
    return group


def _covers(part: str, group: str) -> bool:
    span = _RANGE.fullmatch(part)
    if span is None:
        return part == group
    return group.isdigit() and int(span[1]) <= int(group) <= int(span[2])


def check_line(text: str, longest: int, field: str) -> str:
    """A text of one line with outer and double spaces removed.

    Raises:
        BadInput: it is longer than allowed, or has characters that can't stand in a line.
    """
    line = " ".join(text.split())
    if not is_line(line):
        raise BadInput("These characters can't be kept.", field=field)
    if len(line) > longest:
        raise BadInput(f"Keep it under {longest} characters.", field=field)
    return line


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What staff decide about a queue."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }
    """Commands are given these from outside: each value has to be of its type."""
    LIMITS: ClassVar[Limits] = {
        "tickets_per_person": (1, 20),
        "tickets_per_group": (1, 1000),
        "capacity": (1, 10_000),
        "steps_back": (0, 20),
    }

    name: str
    place: str = ""
    tickets_per_person: int = 1
    """How many open tickets one person, or one browser, may have."""
    tickets_per_group: int = 1
    groups: str = ""
    """Which groups may join, as `check_groups` reads it; empty lets all."""
    sign_in_needed: bool = False
    room_pin: str = ""
    """What is shown in the room, against joining from afar; empty asks for none."""
    capacity: int | None = None
    """How many may wait."""
    steps_back: int = 2
    """How often the holder of a ticket may let the next one by."""
    serve_at_once: bool = False
    """A ticket taken while nobody waits or is served is served, also after the first one."""
    fresh_groups_first: bool = False
    """Groups that were helped today come after the others."""
    hours: Hours = ()
    """When it opens and closes by itself; none leaves that to staff."""
    reset_at: str = ""
    """When it is reset at night, such as `04:00`; empty leaves that to staff."""


_ROOM_PIN = re.compile(r"[A-Z0-9]{3,12}")


def version_of(rules: Any) -> str:
    """What stands for these rules, or those of a queue's row: another as soon as one is another."""
    values = {field.name: getattr(rules, field.name) or None for field in fields(QueueRules)}
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_rules(rules: QueueRules) -> QueueRules:
    """The rules, tidied, when all of them can be.

    Raises:
        BadInput: one can't; its `field` says which.
    """
    check_limits(rules)
    name = check_line(rules.name, MAX_NAME_LENGTH, "name")
    if not name:
        raise BadInput("Give the queue a name.", field="name")
    if len(rules.groups) > MAX_GROUPS_LENGTH:
        raise BadInput(f"Keep it under {MAX_GROUPS_LENGTH} characters.", field="groups")
    return replace(
        rules,
        name=name,
        place=check_line(rules.place, MAX_PLACE_LENGTH, "place"),
        groups=check_groups(rules.groups),
        room_pin=_check_room_pin(rules.room_pin),
        hours=check_hours(rules.hours),
        reset_at=check_time_of_day(rules.reset_at, "reset_at"),
    )


def _check_room_pin(text: str) -> str:
    pin = same_pin(text)
    if pin and not _ROOM_PIN.fullmatch(pin):
        raise BadInput("The code of the room has 3 to 12 letters and digits.", field="room_pin")
    return pin


def same_pin(text: str) -> str:
    """The code of a room without what doesn't count: spaces, and small or capital letters."""
    return "".join(text.split()).upper()


@dataclass(frozen=True, slots=True)
class InLine:
    """A waiting ticket, as far as the order of the line goes."""

    ticket_id: int
    number: int
    place: int
    group: str


def line_order(waiting: Iterable[InLine], helped: frozenset[str] = frozenset()) -> list[InLine]:
    """The waiting in the order in which they are called. Groups in `helped`, where a queue puts
    fresh groups first, come after all others."""
    return sorted(waiting, key=lambda t: (t.group in helped, t.place, t.number))


def place_between(before: int | None, behind: int | None) -> int:
    """A place in the line after one and before another; either may be missing."""
    if before is None:
        return 0 if behind is None else behind - SPACING
    return before + SPACING if behind is None else (before + behind) // 2


def first_free(taken: Collection[int], limit: int | None = None) -> int | None:
    """The lowest slot below the limit, if there is one, that is not taken; None when all are."""
    slots = count() if limit is None else iter(range(limit))
    return next((slot for slot in slots if slot not in taken), None)
