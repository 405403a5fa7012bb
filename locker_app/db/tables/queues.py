"""Queues, tickets, and the desks where they are served. The partial unique indexes are the law."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime

_OPEN = text("ended_at IS NULL")
_VISITORS = text("visitor_id IS NOT NULL")
_NAMED = text("ended_at IS NOT NULL AND holder <> ''")
_SERVING = text("status = 'serving' AND staff_id IS NOT NULL")


def _partial(name: str, *columns: str, where: object, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class Queue(SQLModel, table=True):
    """A line for help, with its rules and where it stands."""

    __table_args__ = (
        UniqueConstraint("site_id", "name"),
        Index("one_queue_of_a_name", "site_id", text("lower(name)"), unique=True),
        UniqueConstraint("code"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    name: str
    place: str
    code: str
    """In the short address, `/q/<code>`: upper case letters and digits that can't be confused."""

    mode: str = "open"
    """open, draining (those in line are still served) or closed: `domain.queues.QueueMode`."""
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    announcement: str = ""
    announced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    round: int = 1
    """Rises with each reset; numbers begin at 1 in each."""
    last_number: int = 0
    """The highest number given in this round."""
    shown_number: int = 0
    """The number that was called last; stays when nobody is left. 0 before the first."""

    # The rules; see `domain.queues.QueueRules`, which says what each means and allows.
    tickets_per_person: int = 1
    tickets_per_group: int = 1
    groups: str = ""
    sign_in_needed: bool = False
    room_pin: str = ""
    capacity: int | None = None
    steps_back: int = 2
    serve_at_once: bool = False
    fresh_groups_first: bool = False
    hours: list[Any] | None = Field(default=None, sa_type=JSON)
    reset_at: str = ""

    changes_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """When hours open or close it next, or the night resets it."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class Ticket(SQLModel, table=True):
    """A numbered place in a queue.

    `holder` is who took it, as `person:7` or `visitor:12` (a session); empty when it has ended and
    the site keeps names no longer. The slots make the limits
    of open tickets the database's to keep: the first free one below the limit is taken.
    """

    __table_args__ = (
        UniqueConstraint("queue_id", "round", "number"),
        _partial("open_tickets_per_holder", "queue_id", "holder", "slot", where=_OPEN, unique=True),
        _partial(
            "open_tickets_per_group",
            "queue_id",
            "group_number",
            "group_slot",
            where=_OPEN,
            unique=True,
        ),
        _partial("open_tickets_of_queue", "queue_id", "place", where=_OPEN),
        Index("tickets_of_holder", "holder", "ended_at"),
        _partial("one_ticket_per_desk", "queue_id", "staff_id", where=_SERVING, unique=True),
        Index("ended_tickets_of_queue", "queue_id", "ended_at"),
        _partial("tickets_of_visitor", "visitor_id", where=_VISITORS),
        _partial("tickets_to_forget", "site_id", "ended_at", where=_NAMED),
        CheckConstraint(
            "(status IN ('waiting', 'serving')) = (ended_at IS NULL)", name="ticket_open_or_ended"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    queue_id: int = Field(foreign_key="queue.id")
    round: int
    number: int
    place: int = Field(sa_type=BigInteger)
    """The order in the line: the number at first times `domain.queues.SPACING`."""
    status: str
    """`domain.queues.TicketStatus`."""
    holder: str
    slot: int
    group_number: str
    group_slot: int
    person_id: int | None = Field(default=None, foreign_key="person.id")
    visitor_id: int | None = Field(default=None, foreign_key="session.id")
    question: str = ""
    note: str = ""
    """By staff, for staff."""
    steps: int = 0
    """How often the holder has stepped back."""
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    """Who serves, or served, it; empty when it was served before anybody called it."""
    joined_at: datetime = Field(sa_type=UtcDateTime)
    called_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ahead_at_join: int = 0
    low_seconds: int | None = None
    """The wait that was promised when joining, with the next two: low, likely and high."""
    likely_seconds: int | None = None
    high_seconds: int | None = None


class Desk(SQLModel, table=True):
    """A staff member at a queue: what the room is told, and the last press, while it can be
    undone."""

    __table_args__ = (UniqueConstraint("queue_id", "staff_id"),)

    id: int | None = Field(default=None, primary_key=True)
    queue_id: int = Field(foreign_key="queue.id")
    staff_id: int = Field(foreign_key="staff.id")
    label: str = ""
    pressed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the last press was made; empty when there is none to undo."""
    ended_ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    """The ticket that the press ended, if any."""
    called_ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    """The ticket that the press called, if any."""
