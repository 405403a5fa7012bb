"""Banks and lockers, who holds them, and who waits. The partial unique indexes are the law."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime

_OPEN = text("released_at IS NULL")
_WAITING = text("ended_at IS NULL")
_OFFERED = text("ended_at IS NULL AND assignment_id IS NOT NULL")
_IN_USE = text("archived_at IS NULL")
_THERE = text("retired_at IS NULL")
_BROKEN = text("out_of_service_at IS NOT NULL")
_HELD = text("released_at IS NULL AND held_until IS NOT NULL")
_DUE = text("released_at IS NULL AND overdue_at IS NULL AND due_at IS NOT NULL")
_NAMED = text("released_at IS NOT NULL AND person_id IS NOT NULL")
_NAMED_WAIT = text("ended_at IS NOT NULL AND person_id IS NOT NULL")
_TO_REMIND = text("released_at IS NULL AND reminded_at IS NULL AND remind_at IS NOT NULL")


def _partial(name: str, *columns: str, where: object, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class Bank(SQLModel, table=True):
    """A cabinet of lockers."""

    __table_args__ = (
        _partial("one_bank_of_a_name", "site_id", "name", where=_IN_USE, unique=True),
        UniqueConstraint("code"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    name: str
    place: str
    prefix: str = ""
    """Stands before the number on each door, e.g. `A` for A17."""
    limit_minutes: int | None = None
    """How long a locker may be kept; without it, as long as wanted."""
    reminder_minutes: int = 15
    overdue_action: str = "notify"
    code: str
    """In the short address, `/go/<code>`, as a queue's: no other bank or queue has it."""
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Locker(SQLModel, table=True):
    """One numbered door. Those that were removed stay as rows: the past is about them too."""

    __table_args__ = (
        _partial("one_door_of_a_number", "bank_id", "number", where=_THERE, unique=True),
        _partial("lockers_out_of_service", "bank_id", where=_BROKEN),
    )

    id: int | None = Field(default=None, primary_key=True)
    bank_id: int = Field(foreign_key="bank.id")
    number: int
    accessible: bool = False
    """At a height that can be reached from a wheelchair."""
    size: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """S, M or L, or empty where sizes don't matter."""
    out_of_service_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    out_of_service_reason: str | None = None
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the door was removed. Nothing that gives, counts or lists doors knows it any more."""
    note: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """What staff should know of this door. Never sent to others."""
    noted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    noted_by: int | None = Field(default=None, foreign_key="staff.id")


class Assignment(SQLModel, table=True):
    """A person's claim on a locker: held for them until a time, or theirs since a time.

    A hold for the next in the waiting list is an assignment that has no `assigned_at` yet, so
    that one index guards both: no door is ever claimed twice.
    """

    __table_args__ = (
        _partial("one_open_claim_per_locker", "locker_id", where=_OPEN, unique=True),
        _partial(
            "open_claims_per_person", "person_id", "site_id", "slot", where=_OPEN, unique=True
        ),
        _partial("open_claims_of_bank", "bank_id", where=_OPEN),
        _partial("claims_held_until", "held_until", where=_HELD),
        _partial("claims_remind_at", "remind_at", where=_TO_REMIND),
        _partial("claims_due_at", "due_at", where=_DUE),
        Index("claims_of_person", "person_id", "id"),
        _partial("claims_to_forget", "site_id", "released_at", where=_NAMED),
        # of statistics, which read nothing else of a year's claims
        Index("claims_begun_at_site", "site_id", "assigned_at", "bank_id", "released_at"),
        Index("claims_ended_at_site", "site_id", "released_at", "bank_id", "assigned_at"),
        CheckConstraint("assigned_at IS NOT NULL OR held_until IS NOT NULL", name="held_or_given"),
        CheckConstraint("slot >= 1", name="slot_from_one"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    bank_id: int = Field(foreign_key="bank.id")
    locker_id: int = Field(foreign_key="locker.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """Empty only when it has ended and the site keeps names no longer."""
    slot: int = 1
    """Which of the lockers that a person may hold at the site: 1 up to the site's setting."""
    assigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    overdue_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    release_cause: str | None = None


class Wait(SQLModel, table=True):
    """A person's place in a bank's waiting list, from `joined_at` to `ended_at`."""

    __table_args__ = (
        _partial("one_open_wait_per_person", "person_id", "site_id", where=_WAITING, unique=True),
        _partial("open_waits_of_bank", "bank_id", "id", where=_WAITING),
        _partial("one_wait_per_hold", "assignment_id", where=_OFFERED, unique=True),
        _partial("waits_to_forget", "site_id", "ended_at", where=_NAMED_WAIT),
        Index("waits_ended_at_site", "site_id", "ended_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    bank_id: int = Field(foreign_key="bank.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """Empty as that of an assignment."""
    accessible: bool = False
    joined_at: datetime = Field(sa_type=UtcDateTime)
    assignment_id: int | None = Field(default=None, foreign_key="assignment.id")
    """The hold that was offered, once it is this person's turn."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
