"""Working off an import of people: read the file piece by piece, hash its PINs, then change all of
them at once.

It runs in a thread beside the event loop, and in small pieces, so that commands of others get in
between: SQLite has one writer, Python runs one thread at a time. Killed anywhere, it goes on from
what is in the database, by whoever takes it over.
"""

import hashlib
import logging
import re
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from charset_normalizer import from_bytes
from sqlalchemy import Connection, select

from locker_app.db.database import Database
from locker_app.db.tables import people_import, people_import_row, person
from locker_app.domain.actors import SYSTEM
from locker_app.domain.csv_text import certain_encoding, decode, delimiter_of, records
from locker_app.domain.errors import BadInput
from locker_app.domain.headings import MAX_COLUMNS, Columns, known_headings, recognise
from locker_app.domain.people import search_key
from locker_app.domain.people_import import (
    ENCODINGS,
    MAX_BYTES,
    MAX_ROWS,
    ImportStatus,
    Row,
    RowKind,
    Wrong,
    read_row,
)
from locker_app.services import import_steps as steps
from locker_app.services.command import Call, Command, command
from locker_app.services.people_import import Upload
from locker_app.services.sealing import Seal
from locker_app.services.secrets import hash_secret

ROWS_AT_ONCE = 400
HASHES_AT_ONCE = 10
HASH_SECONDS = 0.05
"""About how long one PIN takes to hash here; one after the other, as signing in needs the other
cores."""
_REST = {True: 1.0, False: 0.25}
"""How long it rests after a piece, as a share of how long that took; by whether it is SQLite, where
nobody else writes meanwhile."""

_I, _R, _P = people_import.c, people_import_row.c, person.c

logger = logging.getLogger(__name__)


def look_at(file_name: str, data: bytes, seal: Seal) -> Upload:
    """What a file is by its bytes and its first record, and the file sealed. Takes a moment: not
    for the event loop.

    Raises:
        BadInput: it is empty, too large, or no text.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"The file is larger than {MAX_BYTES // 2**20} MB.", field="file")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise BadInput(
            "This is no text file. Save the spreadsheet as CSV, and send that.", field="file"
        )
    certain = certain_encoding(data)
    encoding = certain or _guessed(data)
    text = decode(data, encoding)
    delimiter = delimiter_of(text, known_headings)
    head = next((cells for _, cells in records(text, delimiter)), None)
    if head is None:
        raise BadInput("This file is empty.", field="file")
    if len(head) > MAX_COLUMNS:
        raise BadInput(f"The file has more than {MAX_COLUMNS} columns.", field="file")
    columns = recognise(head)
    return Upload(
        file_name="".join(c for c in file_name if c.isprintable())[:200] or "people.csv",
        data=seal.close(zlib.compress(data)),
        encoding=encoding,
        guessed=certain is None,
        delimiter=delimiter,
        head=[cell.replace("\0", "")[:100] for cell in head],
        columns=dict(columns.where),
        has_head=columns.head,
        complete=columns.complete,
        digest=hashlib.sha256(data).hexdigest(),
    )


def _guessed(data: bytes) -> str:
    """By the letters there are, among the encodings that programs still write. Those of Western and
    of Central Europe have letters at the same places, and a few signs that no name has."""
    told = [line for line in data.splitlines() if not line.isascii()][:_LINES_GUESSED_BY]
    found = from_bytes(b"\n".join(told), cp_isolation=_GUESSED, preemptive_behaviour=False)
    best = found.best()
    if best is None:
        return "cp1252"
    alike = {match.encoding for match in found if match.chaos <= best.chaos + 0.01}
    if best.encoding not in _LATIN or not alike >= set(_LATIN):
        # one reading of those few bytes may stand for several encodings
        could = set(best.could_be_from_charset)
        return "cp1252" if best.encoding in _LATIN and "cp1252" in could else best.encoding
    western = b"\n".join(told).decode("cp1252", errors="replace")
    return "cp1250" if _SIGN_IN_A_WORD.search(western) else "cp1252"


_LINES_GUESSED_BY = 300
_LATIN = ("cp1250", "cp1252")
_GUESSED = [name for name in ENCODINGS if not name.startswith("utf")]
_SIGN_IN_A_WORD = re.compile("[^\\W\\d_][\xa1-\xbf\xd7\xf7]|[\xa1-\xbf\xd7\xf7][^\\W\\d_]")


@dataclass(slots=True)
class Worker:
    """Works imports off, in the name of one process."""

    db: Database
    seal: Seal
    process: str
    clock: Callable[[], datetime]
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set, it stops after the piece it is at, and whoever comes next goes on."""
    moved: Callable[[int], None] = lambda _import_id: None
    """Called after each piece, with the import."""

    def work_off(self, import_id: int) -> None:
        """Do what is to be done on this import, unless another process does."""
        if not self._run(steps.take_over, import_id=import_id, process=self.process):
            return
        try:
            for status, work in (
                (ImportStatus.READING, self._read),
                (ImportStatus.HASHING, self._hash),
                (ImportStatus.APPLYING, self._apply),
            ):
                job = self.db.read(lambda conn: _job(conn, import_id))
                if job.status == status.value and not self.stopping.is_set():
                    work(import_id, job)
                    self.moved(import_id)
        except BadInput as refusal:
            self._run(steps.stop_import, import_id=import_id, why=str(refusal))
        finally:
            self._run(steps.let_go, import_id=import_id, process=self.process)
            self.moved(import_id)

    def _run(self, fn: Command[..., Any], **arguments: Any) -> Any:
        return self.db.run(command(Call(self.clock(), "import", actor=SYSTEM), fn, **arguments))

    def _rest(self, since: float) -> None:
        self.stopping.wait((time.perf_counter() - since) * _REST[self.db.is_sqlite])

    def _read(self, import_id: int, job: Any) -> None:
        if job.progress:  # by somebody who is gone: from the beginning
            self._run(steps.begin_again, import_id=import_id)
            job = self.db.read(lambda conn: _job(conn, import_id))
        text = decode(self._file(import_id), job.encoding)
        reading = _Reading(import_id, job, self.seal, total=text.count("\n") + 1)
        source = records(text, job.delimiter)
        if job.has_head:
            next(source, None)
        while piece := list(islice(source, ROWS_AT_ONCE)):
            if self.stopping.is_set():
                return
            began = time.perf_counter()
            read = reading.piece(self.db, piece)
            if not self._keep(import_id, job, reading.kept(read)):
                return
            self._rest(began)
        self._run(
            steps.end_reading, import_id=import_id, attempt=job.attempt, total=reading.progress
        )

    def _keep(self, import_id: int, job: Any, piece: steps.Piece) -> bool:
        kept = self._run(steps.keep_rows, import_id=import_id, attempt=job.attempt, piece=piece)
        self.moved(import_id)
        return kept

    def _file(self, import_id: int) -> bytes:
        sealed = self.db.read(lambda c: c.scalar(select(_I.data).where(_I.id == import_id)))
        data = None if sealed is None else self.seal.open(sealed)
        if data is None:
            raise BadInput("The server was started with another key since. Send the file again.")
        return zlib.decompress(data)

    def _hash(self, import_id: int, job: Any) -> None:
        while not self.stopping.is_set():
            rows = self.db.read(lambda conn: _unhashed(conn, import_id, job.attempt))
            if not rows:
                self._run(steps.end_hashing, import_id=import_id)
                return
            hashes = {row.line: hash_secret(self._pin(row.pin)) for row in rows}
            if not self._run(
                steps.keep_hashes, import_id=import_id, attempt=job.attempt, hashes=hashes
            ):
                return
            self.moved(import_id)

    def _pin(self, sealed: str) -> str:
        pin = self.seal.open_text(sealed)
        if pin is None:
            raise BadInput("The server was started with another key since. Send the file again.")
        return pin

    def _apply(self, import_id: int, _job: Any) -> None:
        self._run(steps.apply_import, import_id=import_id)
        self.moved(import_id)
        while self._run(steps.sweep) and not self.stopping.is_set():
            self.stopping.wait(0.01)


class _Reading:
    """A file in the middle of being read: which numbers there were, and how many of each kind."""

    def __init__(self, import_id: int, job: Any, seal: Seal, total: int) -> None:
        self._import_id, self._attempt, self._seal = import_id, job.attempt, seal
        self._columns = Columns(job.columns, job.has_head)
        self._width = len(job.head)
        self._lines: dict[str, int] = {}
        self.progress = 0
        self.tally: dict[str, int] = {
            **{kind.value: 0 for kind in RowKind},
            "back": 0,
            "pins": 0,
            "total": total,
        }

    def piece(self, db: Database, found: list[tuple[int, list[str]]]) -> list[dict[str, Any]]:
        """The rows to keep of these records."""
        self.progress += len(found)
        if self.progress > MAX_ROWS:
            raise BadInput(f"The file has more than {MAX_ROWS:,} rows.")
        read = [read_row(line, cells, self._columns, self._width) for line, cells in found]
        meant = [one.row if isinstance(one, Wrong) else one for one in read]
        numbers = [row.number for row in meant if row is not None]
        known = db.read(lambda conn: _known(conn, numbers))
        return [self._as_kept(self._once(_or_known(row, known)), known) for row in read]

    def kept(self, rows: list[dict[str, Any]]) -> steps.Piece:
        """These rows with what is known of the file by now."""
        return steps.Piece(rows, self.progress, dict(self.tally))

    def _once(self, row: Row | Wrong) -> Row | Wrong:
        if isinstance(row, Wrong):
            return row
        first = self._lines.setdefault(row.number, row.line)
        if first == row.line:
            return row
        return Wrong(row.line, "number", f"The same number is on line {first} already.", row.number)

    def _as_kept(self, row: Row | Wrong, known: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {
            "import_id": self._import_id,
            "attempt": self._attempt,
            "line": row.line,
            **_EMPTY,
        }
        if isinstance(row, Wrong):
            self.tally[RowKind.WRONG.value] += 1
            wrong = {"field": row.column, "why": row.why, "said": row.said.replace("\0", "")}
            return kept | {"kind": RowKind.WRONG.value, **wrong}
        person = known.get(row.number)
        pin = row.pin if person is None or not person.has_pin else ""
        kind = _kind(row, person, pin)
        self.tally[kind.value] += 1
        self.tally["back"] += person is not None and person.archived_at is not None
        self.tally["pins"] += bool(pin)
        return kept | {
            "kind": kind.value,
            "number": row.number,
            "name": row.name,
            "name_key": search_key(row.name),
            "accessible": row.accessible,
            "pin": self._seal.close_text(pin) if pin else None,
        }


def _or_known(read: Row | Wrong, known: dict[str, Any]) -> Row | Wrong:
    """The row also where its name is wrong by now, if they are called that way already."""
    if isinstance(read, Row) or read.row is None:
        return read
    person = known.get(read.row.number)
    return read.row if person is not None and person.name == read.row.name else read


_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("number", "name", "name_key", "field", "why", "said"), ""),
    **dict.fromkeys(("accessible", "pin", "pin_hash")),
}


def _kind(row: Row, person: Any, pin: str) -> RowKind:
    if person is None:
        return RowKind.NEW
    same = (
        person.name == row.name
        and row.accessible in (None, person.accessible)
        and person.archived_at is None
        and not pin
    )
    return RowKind.SAME if same else RowKind.CHANGED


def _known(conn: Connection, numbers: list[str]) -> dict[str, Any]:
    """Those of these numbers that somebody has."""
    rows = conn.execute(
        select(
            *(_P.number, _P.name, _P.accessible, _P.archived_at),
            _P.pin_hash.is_not(None).label("has_pin"),
        ).where(_P.number.in_(numbers))
    )
    return {row.number: row for row in rows}


def _job(conn: Connection, import_id: int) -> Any:
    return conn.execute(
        select(
            *(_I.status, _I.encoding, _I.delimiter, _I.head, _I.columns, _I.has_head, _I.attempt),
            _I.progress,
        ).where(_I.id == import_id)
    ).one()


def _unhashed(conn: Connection, import_id: int, attempt: int) -> list[Any]:
    return list(
        conn.execute(
            select(_R.line, _R.pin)
            .where(_R.import_id == import_id, _R.attempt == attempt, _R.pin.is_not(None))
            .order_by(_R.line)
            .limit(HASHES_AT_ONCE)
        )
    )


def open_work(conn: Connection) -> list[int]:
    """The imports on which something is to be done, the oldest first."""
    working = [status.value for status in steps.WORKING]
    return list(
        conn.scalars(
            select(_I.id).where(_I.finished_at.is_(None), _I.status.in_(working)).order_by(_I.id)
        )
    )
