"""What a site's days that are over come to, so that a year is not counted again by each look back.

Made from the other tables by `queries.day_reckoning`; `services.day_sums` keeps them. Whoever
changes what a sum means empties both tables by a migration: they fill themselves again.
"""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime


class DaySum(SQLModel, table=True):
    """One sum of one day. What the columns say for each kind of sum: `domain.day_sums`."""

    __tablename__ = "day_sum"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"sqlite_with_rowid": False},)

    site_id: int = Field(primary_key=True, foreign_key="site.id")
    what: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    """As `date.toordinal`."""
    of: int = Field(primary_key=True)
    at: int = Field(primary_key=True)
    name: str = Field(primary_key=True)
    many: int
    seconds: int = Field(sa_type=BigInteger)


class Summed(SQLModel, table=True):
    """Which days of a site are kept: from the first one to `up_to`, which is not."""

    site_id: int = Field(primary_key=True, foreign_key="site.id")
    time_zone: str
    """By whose clocks: after another was set, all is summed up anew."""
    up_to: int
    kept_at: datetime = Field(sa_type=UtcDateTime)
    """When the last one was kept."""
