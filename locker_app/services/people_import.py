"""Commands of importing people: send a file, choose its columns, have it done, discard it.

What the server does with it is in `services.import_steps`, and who takes the steps in
`services.import_work`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from locker_app.db.tables import people_import
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.csv_text import DELIMITERS
from locker_app.domain.errors import (
    BadInput,
    ImportHasErrors,
    ImportMoved,
    NotFound,
    NothingToImport,
)
from locker_app.domain.facts import (
    PeopleImportConfirmed,
    PeopleImportEnded,
    PeopleImportOpened,
    PeopleImportReread,
)
from locker_app.domain.headings import check_columns
from locker_app.domain.people_import import (
    ENCODINGS,
    OPEN,
    ImportStatus,
    RowKind,
)
from locker_app.services.ids import Flag, Id, Text
from locker_app.services.people import check_manages

MAX_OPEN = 5
"""Imports that nobody has finished: each keeps its file."""

_I = people_import.c


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of people as it was sent, and what was found out about it."""

    file_name: str
    data: bytes = field(repr=False)
    """Sealed."""
    encoding: str
    delimiter: str
    head: list[str]
    columns: dict[str, int]
    guessed: bool = False
    has_head: bool = True
    complete: bool = True
    """Whether the columns are known."""
    digest: str = ""
    """Of the file: sealed anew it is other bytes, but sent again it is the same request."""

    def __str__(self) -> str:
        return f"{self.file_name} {self.digest}"


def open_import(tx: Tx, actor: Actor, now: datetime, *, upload: Upload) -> int:
    """Keep a file of people to look through it; the import's id. It changes nobody yet.

    Raises:
        NotSignedIn, NotAllowed: people belong to all sites, so it needs the right at all.
        BadInput: too many files wait for somebody to decide.
    """
    check_manages(actor)
    waiting = select(func.count()).where(_I.finished_at.is_(None))
    if (tx.conn.scalar(waiting) or 0) >= MAX_OPEN:
        raise BadInput("There are imports that nobody has finished. Finish or discard them first.")
    status = ImportStatus.READING if upload.complete else ImportStatus.CHOOSING
    import_id = tx.conn.execute(
        insert(people_import)
        .values(
            staff_id=actor.id if actor.kind is ActorKind.STAFF else None,
            created_at=now,
            file_name=upload.file_name[:200],
            status=status.value,
            data=upload.data,
            encoding=upload.encoding,
            guessed=upload.guessed,
            delimiter=upload.delimiter,
            head=upload.head,
            columns=upload.columns,
            has_head=upload.has_head,
        )
        .returning(_I.id)
    ).scalar_one()
    tx.record(PeopleImportOpened(site_id=None, import_id=import_id), actor, now)
    return import_id


def choose_columns(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    import_id: Id,
    columns: dict[str, int],
    has_head: Flag,
    encoding: Text = "",
    delimiter: Text = "",
) -> bool:
    """Read the file anew, with these columns.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
        ImportMoved: it is being done, or it is over.
    """
    check_manages(actor)
    row = lock_import(tx.conn, import_id)
    if encoding and encoding not in {*ENCODINGS, row.encoding}:
        raise BadInput("Choose one of the encodings.", field="encoding")
    if delimiter and delimiter not in {*DELIMITERS, row.delimiter}:
        raise BadInput("Choose one of the separators.", field="delimiter")
    check_columns(columns, len(row.head), head=has_head)
    move_import(
        tx.conn,
        import_id,
        (ImportStatus.READING, ImportStatus.CHOOSING, ImportStatus.READY),
        status=ImportStatus.READING.value,
        columns=columns,
        has_head=has_head,
        encoding=encoding or row.encoding,
        delimiter=delimiter or row.delimiter,
        guessed=row.guessed and not encoding,
        attempt=row.attempt + 1,
        process="",
        beat_at=None,
        progress=0,
        **_NOTHING,
    )
    tx.record(PeopleImportReread(site_id=None, import_id=import_id), actor, now)
    return True


def confirm_import(
    tx: Tx, actor: Actor, now: datetime, *, import_id: Id, good_only: Flag = False
) -> bool:
    """Have the import done. It takes some time; everything changes at one moment.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        ImportMoved: it is not read yet, or it is over, or being done.
        ImportHasErrors: rows are wrong, and it is not said that they are to be left out.
        NothingToImport: it would change nothing.
    """
    check_manages(actor)
    row = lock_import(tx.conn, import_id)
    if row.status != ImportStatus.READY.value:
        raise ImportMoved
    if row.wrong and not good_only:
        raise ImportHasErrors
    if not row.new + row.changed:
        raise NothingToImport
    then = ImportStatus.HASHING if row.pins else ImportStatus.APPLYING
    fields = {"good_only": good_only, "progress": 0, "process": "", "beat_at": None}
    move_import(tx.conn, import_id, (ImportStatus.READY,), status=then.value, **fields)
    fact = PeopleImportConfirmed(site_id=None, import_id=import_id, good_only=good_only)
    tx.record(fact, actor, now)
    return True


def discard_import(tx: Tx, actor: Actor, now: datetime, *, import_id: Id) -> bool:
    """Forget the file; nobody was changed by it.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        ImportMoved: it is over.
    """
    check_manages(actor)
    lock_import(tx.conn, import_id)
    finish_import(tx, actor, now, import_id, OPEN, ImportStatus.DISCARDED)
    return True


_NOTHING: dict[str, int] = {
    **{kind.value: 0 for kind in RowKind},
    "back": 0,
    "pins": 0,
    "total": 0,
}


def lock_import(conn: Connection, import_id: int) -> Any:
    """The import, which nobody else changes until this transaction ends.

    Raises:
        NotFound: no such import.
    """
    row = conn.execute(
        select(
            *(_I.status, _I.staff_id, _I.encoding, _I.delimiter, _I.guessed, _I.head, _I.attempt),
            *(_I.new, _I.changed, _I.wrong, _I.pins),
        )
        .where(_I.id == import_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("This import does not exist, or no longer.")
    return row


def move_import(
    conn: Connection, import_id: int, since: tuple[ImportStatus, ...], **to: Any
) -> None:
    """Change an import that is in one of these states.

    Raises:
        ImportMoved: it is in another.
    """
    states = [status.value for status in since]
    moved = update(people_import).where(_I.id == import_id, _I.status.in_(states)).values(**to)
    if conn.execute(moved).rowcount == 0:
        raise ImportMoved


def finish_import(
    tx: Tx,
    actor: Actor,
    now: datetime,
    import_id: int,
    since: tuple[ImportStatus, ...],
    status: ImportStatus,
    **more: Any,
) -> None:
    """End an import that is in one of these states; its file is gone then.

    Raises:
        ImportMoved: it is in another.
    """
    over = {"status": status.value, "finished_at": now, "data": None, "process": "", **more}
    move_import(tx.conn, import_id, since, **over)
    if status is not ImportStatus.DONE:
        fact = PeopleImportEnded(site_id=None, import_id=import_id, outcome=status.value)
        tx.record(fact, actor, now)
