"""Cards, whose they are, and the visits that begin and end with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, false, text, true
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime

_OPEN = text("ended_at IS NULL")
_INSIDE = text("left_at IS NULL")
_NAMED = text("left_at IS NOT NULL AND person_id IS NOT NULL")
_NOBODYS = text("person_id IS NULL")
_DUE = text("left_at IS NULL AND due_at IS NOT NULL")


def _partial(name: str, *columns: str, where: object, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class CardKey(SQLModel, table=True):
    """A key by which the numbers of cards are hashed, at all terminals of this installation."""

    __tablename__ = "card_key"  # pyright: ignore[reportAssignmentType]

    kid: str = Field(primary_key=True)
    sealed: str
    """The key itself, sealed: with the table alone nobody tries out the numbers of cards."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Card(SQLModel, table=True):
    """A card that was seen at a terminal: somebody's, or, without a person, nobody's yet."""

    __table_args__ = (
        UniqueConstraint("number"),
        Index("cards_of_person", "person_id"),
        _partial("cards_of_nobody", "seen_at", where=_NOBODYS),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str
    """The keyed hash, `kid.` and 26 letters. The number on the card is kept nowhere."""
    person_id: int | None = Field(default=None, foreign_key="person.id")
    label: str = ""
    linked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was tapped last, as of that tap."""
    terminal_id: int | None = Field(default=None, foreign_key="terminal.id")
    """Where that was."""
    verdict: str = ""
    """What came of it: a second tap soon after may mean something else."""
    answer: dict[str, Any] = Field(sa_type=JSON)
    """What was said of it: the same tap once more gets the same."""
    assignment_id: int | None = Field(default=None, foreign_key="assignment.id")
    """The locker that it was about."""


class CardLink(SQLModel, table=True):
    """Staff wait for a person's card at a terminal: the next tap there links it."""

    __tablename__ = "card_link"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        _partial("one_link_per_terminal", "terminal_id", where=_OPEN, unique=True),
        _partial("one_link_per_person", "person_id", where=_OPEN, unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    terminal_id: int = Field(foreign_key="terminal.id")
    person_id: int = Field(foreign_key="person.id")
    label: str = ""
    made_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    card_id: int | None = Field(default=None, foreign_key="card.id")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None


class TapConfirm(SQLModel, table=True):
    """A tap that its holder has yet to confirm with the PIN, on the phone."""

    __tablename__ = "tap_confirm"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (_partial("one_confirm_per_person", "person_id", where=_OPEN, unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    terminal_id: int = Field(foreign_key="terminal.id")
    person_id: int = Field(foreign_key="person.id")
    card_id: int = Field(foreign_key="card.id")
    made_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None


class Visiting(SQLModel, table=True):
    """The rules of visits to a site: `domain.visits.VisitRules` says what each means."""

    site_id: int = Field(sa_column_args=[ForeignKey("site.id")], primary_key=True)
    visit_needed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    leaving_releases: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    anti_passback: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    max_minutes: int | None = None


class Visit(SQLModel, table=True):
    """Somebody was inside a site, from `came_at` to `left_at`."""

    __table_args__ = (
        _partial("one_visit_per_person", "person_id", "site_id", where=_INSIDE, unique=True),
        _partial("visits_inside", "site_id", "came_at", where=_INSIDE),
        _partial("visits_due", "due_at", where=_DUE),
        _partial("visits_to_forget", "site_id", "left_at", where=_NAMED),
        Index("visits_of_person", "person_id", "id"),
        Index("visits_begun_at_site", "site_id", "came_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """Empty as that of an assignment."""
    came_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it is taken to be over, if nobody taps out."""
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_cause: str | None = None
    in_terminal_id: int | None = Field(default=None, foreign_key="terminal.id")
    out_terminal_id: int | None = Field(default=None, foreign_key="terminal.id")
