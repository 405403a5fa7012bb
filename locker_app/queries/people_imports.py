"""Reads of imports of people: which there are, how far they are, and what their rows would do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from locker_app.db.tables import people_import, people_import_row, staff
from locker_app.domain.csv_text import harmless
from locker_app.domain.people_import import WORKING, ImportStatus, RowKind
from locker_app.domain.spreadsheets import BYTE_ORDER_MARK, written

LISTED = 20
PAGE = 50
MAX_PAGE = 200
CHUNK = 1000
REPORT_HEAD = ("line", "column", "why", "said")

_I, _R = people_import.c, people_import_row.c


@dataclass(frozen=True, slots=True)
class ImportCard:
    """An import among others."""

    id: int
    file_name: str
    status: str
    by: str
    """Who has sent it; empty for the operator at the shell."""
    created_at: datetime
    finished_at: datetime | None
    total: int
    new: int
    changed: int
    wrong: int


_CARD = (
    *(_I.id, _I.file_name, _I.status, func.coalesce(staff.c.name, "").label("by")),
    *(_I.created_at, _I.finished_at, _I.total, _I.new, _I.changed, _I.wrong),
)


def imports(conn: Connection, limit: int = LISTED) -> list[ImportCard]:
    """The last imports, the newest first; not those that the operator at the shell only tried."""
    tried = _I.staff_id.is_(None) & (_I.status == ImportStatus.DISCARDED.value)
    statement = (
        select(*_CARD)
        .outerjoin(staff, staff.c.id == _I.staff_id)
        .where(~tried)
        .order_by(_I.id.desc())
        .limit(limit)
    )
    return [ImportCard(*row) for row in conn.execute(statement)]


@dataclass(frozen=True, slots=True)
class ImportView:
    """One import with all that is known of it but its rows."""

    id: int
    file_name: str
    status: str
    by: str
    created_at: datetime
    finished_at: datetime | None
    total: int
    progress: int
    """Of what it is worked on now: records, or PINs."""
    new: int
    changed: int
    same: int
    wrong: int
    back: int
    pins: int
    good_only: bool
    why: str
    encoding: str
    guessed: bool
    delimiter: str
    head: list[str]
    columns: dict[str, int]
    has_head: bool
    attempt: int
    before: int
    """How many imports are worked on before it."""


def import_view(conn: Connection, import_id: int) -> ImportView | None:
    """The import; None when there is none."""
    others = people_import.alias("others")
    before = (
        select(func.count())
        .where(others.c.id < _I.id, others.c.finished_at.is_(None))
        .where(others.c.status.in_([status.value for status in WORKING]))
        .scalar_subquery()
    )
    row = conn.execute(
        select(
            *_CARD[:7],
            *(_I.progress, _I.new, _I.changed, _I.same, _I.wrong, _I.back, _I.pins, _I.good_only),
            *(_I.why, _I.encoding, _I.guessed, _I.delimiter, _I.head, _I.columns, _I.has_head),
            *(_I.attempt, before),
        )
        .outerjoin(staff, staff.c.id == _I.staff_id)
        .where(_I.id == import_id)
    ).one_or_none()
    return None if row is None else ImportView(*row)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row of a file: what it says, or what is wrong with it."""

    line: int
    kind: str
    number: str
    name: str
    accessible: bool | None
    has_pin: bool
    field: str
    why: str
    said: str


def import_rows(
    conn: Connection, import_id: int, kind: RowKind, *, after: int = 0, limit: int = PAGE
) -> list[ImportRow]:
    """Rows of one kind in the order of their lines, those behind the line `after`."""
    attempt = select(_I.attempt).where(_I.id == import_id).scalar_subquery()
    statement = (
        select(
            *(_R.line, _R.kind, _R.number, _R.name, _R.accessible),
            *(_R.pin.is_not(None) | _R.pin_hash.is_not(None), _R.field, _R.why, _R.said),
        )
        .where(_R.import_id == import_id, _R.attempt == attempt)
        .where(_R.kind == kind.value, _R.line > after)
        .order_by(_R.line)
        .limit(max(0, min(limit, MAX_PAGE)))
    )
    return [ImportRow(*row) for row in conn.execute(statement)]


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What is wrong with a file, as a file."""

    rows: int
    pieces: Iterator[tuple[int, str]]


def report_file(conn: Connection, import_id: int) -> ReportFile:
    """The report of an import, to be read in this snapshot."""
    attempt = select(_I.attempt).where(_I.id == import_id).scalar_subquery()
    wrong = (_R.import_id == import_id) & (_R.attempt == attempt) & (_R.kind == RowKind.WRONG.value)
    count = conn.scalar(select(func.count()).where(wrong)) or 0
    return ReportFile(count, _report(conn, wrong))


def _report(conn: Connection, wrong: Any) -> Iterator[tuple[int, str]]:
    yield 0, BYTE_ORDER_MARK + written([REPORT_HEAD])
    columns = select(_R.line, _R.field, _R.why, _R.said).order_by(_R.line).limit(CHUNK)
    done, last = 0, 0
    while rows := conn.execute(columns.where(wrong, _R.line > last)).all():
        done, last = done + len(rows), rows[-1].line
        yield done, written([row.line, *map(harmless, row[1:])] for row in rows)
