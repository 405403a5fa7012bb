"""The event log, append-only by trigger, and the answers kept for idempotency keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime

_REFUSED = text("kind = 'Refused'")


class Event(SQLModel, table=True):
    """One past fact: who, what, on what, why, when, from where."""

    __table_args__ = (
        Index("event_of_site", "site_id", "id"),
        Index("event_of_locker", "locker_id", "id"),
        Index("event_of_person", "person_id", "id"),
        Index("event_of_queue", "queue_id", "id"),
        Index("event_refused", "site_id", "id", sqlite_where=_REFUSED, postgresql_where=_REFUSED),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    actor_kind: str
    actor_id: int | None = None
    origin: str
    """By what way it came: web, api, cli or timer."""
    site_id: int | None = None
    bank_id: int | None = None
    locker_id: int | None = None
    queue_id: int | None = None
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
