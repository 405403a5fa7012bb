"""Sites: buildings with a time zone, and the rules that hold for all of one."""

from datetime import datetime

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
    created_at: datetime = Field(sa_type=UtcDateTime)
