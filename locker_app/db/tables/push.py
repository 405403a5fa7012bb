"""Web push: where browsers want to be told, and who was told to be next."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime


class PushSubscription(SQLModel, table=True):
    """An address at a browser's push service, and the keys to encrypt for that browser."""

    __tablename__ = "push_subscription"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("session_id", "endpoint"),
        Index("push_subscription_of_endpoint", "endpoint"),
    )

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="session.id")
    endpoint: str
    p256dh: str
    auth: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class PushNext(SQLModel, table=True):
    """The ticket of a queue whose holder was told last to be next: so it is told once, whichever
    process saw it."""

    __tablename__ = "push_next"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("queue_id"),)

    id: int | None = Field(default=None, primary_key=True)
    queue_id: int = Field(foreign_key="queue.id")
    ticket_id: int = Field(foreign_key="ticket.id")
