"""People who sign in: persons by enrolment number and PIN, staff by login and password."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from locker_app.db.types import InByteOrder, UtcDateTime


class Person(SQLModel, table=True):
    """Someone known by an enrolment number."""

    __table_args__ = (Index("person_by_name", "name_key", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, sa_type=InByteOrder)
    """Upper case without spaces, see `domain.people.normalise_number`. Of who was erased
    `domain.people.tombstone`."""
    name: str
    name_key: str = Field(
        default="", sa_type=InByteOrder, sa_column_kwargs={"server_default": text("''")}
    )
    """What a name is looked for and ordered by: `domain.people.search_key`."""
    pin_hash: str | None = None
    """argon2id; empty until the person chooses a PIN."""
    failed_tries: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accessible: bool = False
    """Wants lockers at accessible height only."""
    near_last: bool = False
    """Wants the free locker nearest to the last one held."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when this person signs in no more and is not among those who are shown."""
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when nothing here says who this was. Who is erased is archived as well."""


class Staff(SQLModel, table=True):
    """A staff account."""

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(unique=True)
    name: str
    password_hash: str
    """argon2id; empty until an invited one chooses a password."""
    failed_tries: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Invitation(SQLModel, table=True):
    """A link by which a staff member chooses a password: it works once, and not for ever."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    """SHA-256 of what the link has, so that the table alone lets nobody in."""
    staff_id: int = Field(foreign_key="staff.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was used, or taken back."""


class SignIn(SQLModel, table=True):
    """When and from where a staff member signed in. Only the last few are kept."""

    __tablename__ = "sign_in"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    address: str


class StaffRole(SQLModel, table=True):
    """A role that a staff member has at one site, or, without a site, at all of them."""

    __tablename__ = "staff_role"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    site_id: int | None = Field(default=None, foreign_key="site.id")
    role: str


class Session(SQLModel, table=True):
    """One browser or API client: signed in as a person or as staff, or a visitor's, which only
    holds tickets. Its id is never a secret: the signed token is."""

    __table_args__ = (
        CheckConstraint("person_id IS NULL OR staff_id IS NULL", name="session_of_one"),
        Index("session_key", "key", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str
    """SHA-256 of the opaque id in the token, so that the table alone signs nobody in."""
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    staff_id: int | None = Field(default=None, foreign_key="staff.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
