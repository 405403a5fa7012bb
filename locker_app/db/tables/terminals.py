"""Card terminals, what they were told to do, and what about them wants somebody's attention."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint, false, text, true
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime

_OPEN = text("ended_at IS NULL")
_STANDS = text("cleared_at IS NULL")
_IN_USE = text("archived_at IS NULL")


def _partial(name: str, *columns: str, where: object, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class Terminal(SQLModel, table=True):
    """A card terminal on a wall: of a bank's doors, or of a gate."""

    __table_args__ = (
        _partial("one_terminal_of_a_name", "site_id", "name", where=_IN_USE, unique=True),
        UniqueConstraint("login"),
        CheckConstraint("(kind = 'locker') = (bank_id IS NOT NULL)", name="lockers_have_a_bank"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    name: str
    place: str = ""
    login: str
    """Its name on the wire: user name, client id and part of each topic. Never given again."""
    kind: str
    """`domain.terminals.TerminalKind`."""
    mode: str
    """What a tap asks for: `domain.terminals.TapMode`."""
    bank_id: int | None = Field(default=None, foreign_key="bank.id", index=True)
    relays: dict[str, Any] = Field(sa_type=JSON)
    """Number of a door to the GPIO line of its relay."""
    active_low: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    open_ms: int = 3000
    dim_after_s: int = 60
    offline: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """Whether holders open the own door while the server is away."""
    pin_needed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """A tap has to be confirmed with the PIN, on the phone."""
    cfg_version: int = 1
    grants_version: int = 0
    password_hash: str | None = None
    """As Mosquitto's password file has it; none before it was provisioned or since revoked."""
    grant_key: str | None = None
    """Signs its grants. Sealed."""
    code_hash: str | None = Field(default=None, index=True)
    """SHA-256 of the code by which it is provisioned, once."""
    code_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provisioned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str = "new"
    """`domain.terminals.TerminalState`, as its messages and its last will say."""
    state_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    boot: int = Field(default=0, sa_type=BigInteger)
    seq: int = Field(default=0, sa_type=BigInteger)
    """The highest number of its facts that was applied."""
    version: str = ""
    """Of its program."""
    reader: str = ""
    display: str = ""
    simulated: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    served: list[Any] = Field(sa_type=JSON)
    """Numbers of the doors that it says it can open."""
    cfg_seen: int = 0
    """The version of the configuration that it says it works by."""
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was heard of last; written at most every few seconds."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TerminalCommand(SQLModel, table=True):
    """Something a terminal was told to do: given, sent, accepted, done, or not."""

    __tablename__ = "terminal_command"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("uid"),
        _partial("commands_due", "due_at", where=_OPEN),
        _partial("open_commands_of_terminal", "terminal_id", "id", where=_OPEN),
        Index("commands_of_locker", "locker_id", "id"),
        Index("commands_of_terminal", "terminal_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    uid: str
    """Its id on the wire."""
    site_id: int = Field(foreign_key="site.id")
    terminal_id: int = Field(foreign_key="terminal.id")
    kind: str
    """`domain.terminals.CommandKind`."""
    locker_id: int | None = Field(default=None, foreign_key="locker.id")
    arguments: dict[str, Any] = Field(sa_type=JSON)
    status: str
    """`domain.terminals.CommandStatus`."""
    note: str = ""
    """What the terminal said of it."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    """When it is too late to begin with it."""
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the clock ends it, if nothing more is heard."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TerminalAlert(SQLModel, table=True):
    """Something about a terminal that somebody should look at, until it is cleared."""

    __tablename__ = "terminal_alert"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        _partial(
            "one_alert_of_a_subject",
            "terminal_id",
            "kind",
            "subject",
            where=_STANDS,
            unique=True,
        ),
        _partial("alerts_of_site", "site_id", "id", where=_STANDS),
        Index("alerts_of_person", "person_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    terminal_id: int = Field(foreign_key="terminal.id")
    kind: str
    """`domain.terminals.AlertKind`."""
    subject: str = ""
    """Which of the kind; the same again counts, and is no other alert."""
    locker_id: int | None = Field(default=None, foreign_key="locker.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    details: dict[str, Any] = Field(sa_type=JSON)
    count: int = 1
    at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
