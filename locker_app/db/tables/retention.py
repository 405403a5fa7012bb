"""How far names have left the history of each site."""

from datetime import date

from sqlalchemy import BigInteger, text
from sqlmodel import Field, SQLModel


class Retention(SQLModel, table=True):
    """The nightly work of letting names go, for one site, or, as site 0, for what is of none."""

    site_id: int = Field(primary_key=True)
    began_on: date
    """The day at the site on which it last began."""
    running: bool = False
    """Whether that is still going on: it is done in pieces, and outlives a restart."""
    up_to_event: int = Field(default=0, sa_type=BigInteger)
    """Up to which event there are no names any more."""
    events: int = 0
    """How many rows it has been on that day, of each kind."""
    assignments: int = 0
    waits: int = 0
    tickets: int = 0
    bookings: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    places: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """In lines for charging spots."""
    visits: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    sessions: int = 0
