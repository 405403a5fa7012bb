"""The event log, append-only by trigger, and the answers kept for idempotency keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime

_BESIDES = text("actor_kind <> 'person' OR person_id IS NULL OR person_id <> actor_id")


def _partial(name: str, *columns: str, where: object) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


class Event(SQLModel, table=True):
    """One past fact: who, what, on what, why, when, from where.

    Each index is a stretch of the log in the order in which it is read, for what history can be
    filtered by (`queries.event_filter`). That by actor leaves out what people did to what is
    theirs, which is most of the log and in the index by person, and has in it what filters it
    further: the system acts hundreds of thousands of times.
    """

    __table_args__ = (
        Index("event_of_site", "site_id", "at", "id"),
        Index("event_of_kind", "site_id", "kind", "at", "id"),
        _partial("event_of_bank", "bank_id", "kind", "at", "id", where=text("bank_id IS NOT NULL")),
        _partial(
            "event_of_queue", "queue_id", "kind", "at", "id", where=text("queue_id IS NOT NULL")
        ),
        _partial(
            "event_of_charger",
            "charger_id",
            "kind",
            "at",
            "id",
            where=text("charger_id IS NOT NULL"),
        ),
        _partial(
            "event_of_terminal",
            "terminal_id",
            "kind",
            "at",
            "id",
            where=text("terminal_id IS NOT NULL"),
        ),
        _partial("event_of_locker", "locker_id", "at", "id", where=text("locker_id IS NOT NULL")),
        _partial("event_of_person", "person_id", "at", "id", where=text("person_id IS NOT NULL")),
        _partial(
            "event_of_actor",
            *("actor_kind", "actor_id", "at", "id"),
            *("kind", "site_id", "bank_id", "queue_id", "person_id"),
            where=_BESIDES,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    actor_kind: str
    actor_id: int | None = None
    origin: str
    """By what way it came: web, api, cli, mqtt or timer."""
    site_id: int | None = None
    bank_id: int | None = None
    locker_id: int | None = None
    queue_id: int | None = None
    charger_id: int | None = None
    terminal_id: int | None = None
    person_id: int | None = None
    staff_id: int | None = None
    reason: str | None = None
    details: dict[str, Any] = Field(sa_type=JSON)
    request_id: str | None = None


class Request(SQLModel, table=True):
    """What was answered to an idempotency key: the same key gets the same answer again."""

    actor: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    """Command and arguments; the same key with others is refused."""
    answer: str | None = None
    """JSON of the result; empty for a refusal."""
    refusal: str | None = None
    """JSON of the refusal's code and message."""
    at: datetime = Field(sa_type=UtcDateTime, index=True)
