"""Imports of people: the file while it is worked on, and what each of its rows would do."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from locker_app.db.types import InByteOrder, UtcDateTime

_OPEN = text("finished_at IS NULL")
_UNHASHED = text("pin IS NOT NULL")


class PeopleImport(SQLModel, table=True):
    """A file of people, from its upload until it is done, discarded or stopped."""

    __tablename__ = "people_import"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("open_people_imports", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    """Who has sent it; empty for the operator at the shell."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    file_name: str
    status: str
    """`domain.people_import.ImportStatus`."""
    data: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The file, sealed: there may be PINs in it. Gone when it is finished."""
    encoding: str
    guessed: bool = False
    """Whether the encoding is a guess."""
    delimiter: str
    head: list[Any] = Field(default=[], sa_type=JSON)
    """The cells of the first record."""
    columns: dict[str, Any] = Field(default={}, sa_type=JSON)
    """Which column has what: `domain.headings.Columns.where`."""
    has_head: bool = True
    attempt: int = 0
    """Rises when it is read anew: rows of an earlier reading count no more."""

    total: int = 0
    """Records in the file, once they are counted."""
    progress: int = 0
    """Of what it is worked on now: records, or PINs."""
    new: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    back: int = 0
    """Of the changed, who comes back from the archive."""
    pins: int = 0
    """PINs to hash."""
    good_only: bool = False
    """Whether wrong rows are left out; else any wrong one means that nothing is done."""
    why: str = ""
    """Why it was stopped."""

    process: str = ""
    """Which process works on it,"""
    beat_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """and when it last said so."""
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PeopleImportRow(SQLModel, table=True):
    """A record of the file, and what it would do."""

    __tablename__ = "people_import_row"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "pins_to_hash", "import_id", "line", sqlite_where=_UNHASHED, postgresql_where=_UNHASHED
        ),
        Index("import_rows_by_kind", "import_id", "attempt", "kind", "line"),
    )

    import_id: int = Field(foreign_key="people_import.id", primary_key=True)
    attempt: int = Field(primary_key=True)
    line: int = Field(primary_key=True)
    kind: str
    """`domain.people_import.RowKind`."""
    number: str = Field(default="", sa_type=InByteOrder)
    name: str = ""
    name_key: str = ""
    accessible: bool | None = None
    pin: str | None = None
    """Sealed, until it is hashed."""
    pin_hash: str | None = None
    field: str = ""
    """Of a wrong one: which field,"""
    why: str = ""
    """why,"""
    said: str = ""
    """and what stands there."""
