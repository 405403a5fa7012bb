"""Sites: buildings with a time zone, and the rules that hold for all of one."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, false
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime


class Site(SQLModel, table=True):
    """A building or facility: a library, a pool, a car park."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    time_zone: str
    """IANA name; times are shown in it, whatever the phone's zone."""
    lockers_per_person: int = 1
    hold_minutes: int = 10
    """How long a locker is held for the next in the waiting list."""
    hours: list[Any] | None = Field(default=None, sa_type=JSON)
    """When lockers are given out, as `domain.hours` has them; always without any."""
    changes_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """When the hours open or close it next."""
    viewers_see_names: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    names_kept_days: int | None = None
    """After how many days names leave the history; without it, never."""
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ShortCode(SQLModel, table=True):
    """A code that some short address, `/go/<code>`, has: no two things ever have the same."""

    __tablename__ = "short_code"  # pyright: ignore[reportAssignmentType]

    code: str = Field(primary_key=True)
    kind: str
    """What has it: `domain.codes.CodeKind`."""
