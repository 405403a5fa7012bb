"""The event log: facts go in with the transaction that made them true, and nothing comes out."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, bindparam, insert

from locker_app.db.statement import Statement
from locker_app.db.tables import event
from locker_app.domain.actors import Actor
from locker_app.domain.facts import Fact

_COLUMNS = frozenset(
    {
        *("site_id", "bank_id", "locker_id", "queue_id", "charger_id", "terminal_id"),
        *("person_id", "staff_id", "reason"),
    }
)
_IN_DETAILS = (
    *("session_id", "visitor_id", "ticket_id", "import_id", "booking_id"),
    *("command_id", "visit_id"),
)


@dataclass(frozen=True, slots=True)
class Logged:
    """An event row as the hub needs it: what kind of fact, about what."""

    id: int
    kind: str
    site_id: int | None
    bank_id: int | None = None
    locker_id: int | None = None
    queue_id: int | None = None
    charger_id: int | None = None
    terminal_id: int | None = None
    person_id: int | None = None
    staff_id: int | None = None
    session_id: int | None = None
    visitor_id: int | None = None
    ticket_id: int | None = None
    import_id: int | None = None
    booking_id: int | None = None
    command_id: int | None = None
    visit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """By what way a command came, and under which idempotency key."""

    origin: str
    request_id: str | None = None


LOGGED_COLUMNS = (
    event.c.id,
    event.c.kind,
    event.c.site_id,
    event.c.bank_id,
    event.c.locker_id,
    event.c.queue_id,
    event.c.charger_id,
    event.c.terminal_id,
    event.c.person_id,
    event.c.staff_id,
    event.c.details,
)


_APPEND = Statement(
    insert(event)
    .values({column.name: bindparam(column.name) for column in event.c if column.name != "id"})
    .returning(event.c.id)
)


def append(conn: Connection, fact: Fact, *, actor: Actor, at: datetime, trace: Trace) -> Logged:
    """Add the fact to the log, in the caller's transaction, and return it for the hub."""
    subject: dict[str, Any] = dict.fromkeys(_COLUMNS)
    details: dict[str, Any] = {}
    for field in fields(fact):
        value = getattr(fact, field.name)
        if field.name in _COLUMNS:
            subject[field.name] = value
        else:
            details[field.name] = _plain(value)
    subject["terminal_id"] = subject["terminal_id"] or actor.at_terminal
    kind = type(fact).__name__
    event_id = _APPEND.value(
        conn,
        **subject,
        at=at,
        kind=kind,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        origin=trace.origin,
        request_id=trace.request_id,
        details=details,
    )
    assert event_id is not None
    del subject["reason"]
    return Logged(id=event_id, kind=kind, **_named(details), **subject)


def logged(row: Any) -> Logged:
    """An event row, selected by `LOGGED_COLUMNS`, as the hub needs it."""
    *columns, details = row
    return Logged(*columns, **_named(details))


def _named(details: dict[str, Any]) -> dict[str, int | None]:
    return {name: details.get(name) for name in _IN_DETAILS}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.value if isinstance(value, Enum) else value
