"""People from the shell: `cubby people import FILE`, `export`, `add` and so on.

For the operator without a browser. Whoever can run this can write the database, so nobody is asked
for a password; what is done stands in the history as done by the system.
"""

import argparse
import csv
import io
import json
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from locker_app.db.database import Database
from locker_app.db.tables import people_import, people_import_row
from locker_app.domain.actors import SYSTEM
from locker_app.domain.csv_text import harmless
from locker_app.domain.errors import DomainError
from locker_app.domain.headings import Field
from locker_app.domain.people import normalise_number
from locker_app.domain.people_import import ENCODINGS, ImportStatus, RowKind, encoding_name
from locker_app.domain.spreadsheets import BYTE_ORDER_MARK
from locker_app.queries.people_file import people_file
from locker_app.queries.people_list import PersonRow, id_of_number, people_page
from locker_app.queries.person_data import person_data
from locker_app.services.command import Call, Command, command
from locker_app.services.import_work import HASH_SECONDS, Worker, look_at
from locker_app.services.leaving import archive_person, erase_person, unarchive_person
from locker_app.services.people import add_person, reset_pin
from locker_app.services.people_import import (
    choose_columns,
    confirm_import,
    discard_import,
    open_import,
)
from locker_app.services.sealing import Seal
from locker_app.settings import Settings, SettingsError

R = TypeVar("R")
_SHOWN = 50
_ABOUT_COLUMNS = (
    "which column has what, by its heading or its place from 1, where it isn't found by itself: "
    f"number=Matrikel,name=2; one can be {', '.join(Field)}"
)


def add_to(commands: Any) -> None:
    """Add `people` and what it can do to the parser of the command line."""
    about = "import, export, add, find, archive and erase people, reset a PIN"
    people = commands.add_parser("people", help=about, description=f"From the shell: {about}.")
    doing = people.add_subparsers(dest="doing", required=True, metavar="WHAT")

    def one(name: str, about: str, **more: Any) -> argparse.ArgumentParser:
        return doing.add_parser(name, help=about, description=about, **more)

    read = one(
        "import",
        "add and change the people of a CSV file: all of them at one moment, or nobody",
        epilog="People are known by their number: who is there already gets the name of the file, "
        "and a PIN only if they have none. Who isn't in the file stays as they are. A PIN takes "
        f"about {HASH_SECONDS * 1000:.0f} ms each to be kept safely, so 50,000 take most of an "
        "hour; without PINs it is a matter of seconds, and people choose theirs themselves.",
    )
    read.add_argument("file", type=Path, metavar="FILE", help="CSV; its encoding is recognised")
    read.add_argument("--good-rows", action="store_true", help="leave out rows that are wrong")
    read.add_argument(
        "--dry-run",
        action="store_true",
        help="only say what it would do; fails where the import would: rows are wrong",
    )
    read.add_argument("--columns", metavar="WHAT=WHERE,…", default="", help=_ABOUT_COLUMNS)
    read.add_argument("--no-head", action="store_true", help="the first line is a person already")
    read.add_argument("--encoding", choices=list(ENCODINGS), help="where the guess was wrong")
    read.add_argument("--report", type=Path, metavar="FILE", help="write what is wrong to a CSV")
    out = one("export", "write all people as CSV, which can be imported again")
    out.add_argument("file", type=Path, nargs="?", metavar="FILE", help="else it is printed")
    out.add_argument("--archived", action="store_true", help="those in the archive instead")
    add = one("add", "make one person known")
    add.add_argument("number", metavar="NUMBER", help="the enrolment number")
    add.add_argument("--name", required=True, help="how they are called")
    add.add_argument("--accessible", action="store_true", help="wants lockers at low height only")
    find = one("find", f"the first {_SHOWN} whose number or name begins so")
    find.add_argument("text", metavar="TEXT", help="of a number, or of words of a name")
    find.add_argument("--archived", action="store_true", help="among those in the archive")
    reset = one("reset-pin", "let somebody choose a new PIN: the old one and all sessions end")
    reset.add_argument("number", metavar="NUMBER")
    reset.add_argument("--reason", required=True, help="kept in the history")
    data = one("data", "write all that there is of one person, as JSON")
    data.add_argument("number", metavar="NUMBER")
    for name, about in (
        ("archive", "let somebody sign in no more; the history stays"),
        ("erase", "take name, number and all that says who it was out of the database, for good"),
    ):
        leave = one(name, about)
        leave.add_argument("number", metavar="NUMBER")
        leave.add_argument("--release", metavar="REASON", help="take back what they still have")
        if name == "erase":
            leave.add_argument(
                "--yes", action="store_true", required=True, help="it can't be undone"
            )
    back = one("unarchive", "let somebody sign in again")
    back.add_argument("number", metavar="NUMBER")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do it; what to tell whoever typed it.

    Raises:
        SettingsError: it can't be done; in words for them.
    """
    db = Database(settings.database)
    try:
        return _DOING[asked.doing](
            _Shell(db, Seal(tuple(settings.signing_key().split(",")))), asked
        )
    except DomainError as refusal:
        raise SettingsError(str(refusal)) from None
    except OSError as error:
        raise SettingsError(f"{error.filename}: {error.strerror}") from None
    finally:
        db.close()


class _Shell:
    """The database, for the operator."""

    def __init__(self, db: Database, seal: Seal) -> None:
        self.db, self.seal = db, seal

    def do(self, fn: Command[..., R], **arguments: Any) -> R:
        """Run a command as the system."""
        return self.db.run(command(Call(_now(), "shell", actor=SYSTEM), fn, **arguments))

    def person(self, number: str) -> int:
        """Whose number it is."""
        normal = normalise_number(number)
        found = self.db.read(lambda conn: id_of_number(conn, normal))
        if found is None:
            raise SettingsError(f"Nobody here has the number {normal}.")
        return found


def _now() -> datetime:
    return datetime.now(UTC)


def _import(shell: _Shell, asked: argparse.Namespace) -> str:
    upload = look_at(asked.file.name, asked.file.read_bytes(), shell.seal)
    import_id = shell.do(open_import, upload=upload)
    try:
        said = _read_and_apply(shell, asked, import_id, upload)
    except BaseException:
        _give_up(shell, import_id)
        raise
    return said


def _read_and_apply(shell: _Shell, asked: argparse.Namespace, import_id: int, upload: Any) -> str:
    if asked.columns or asked.no_head or asked.encoding or not upload.complete:
        columns = _columns(asked.columns, upload)
        encoding = {"encoding": asked.encoding} if asked.encoding else {}
        has_head = upload.has_head and not asked.no_head
        shell.do(
            choose_columns, import_id=import_id, columns=columns, has_head=has_head, **encoding
        )
    worker = Worker(shell.db, shell.seal, f"shell {uuid.uuid4().hex}", _now, moved=_bar(shell))
    worker.work_off(import_id)
    row = _state(shell, import_id)
    if row.status == ImportStatus.STOPPED.value:
        raise SettingsError(f"Nothing was changed. {row.why}")
    wrong = shell.db.read(lambda conn: _wrong(conn, import_id))
    if asked.report is not None:
        asked.report.write_text(_csv([("line", "column", "why", "said"), *wrong]), "utf-8-sig")
    lines = [f"  line {line}: {field or 'row'}: {why}" for line, field, why, _ in wrong[:20]]
    more = [f"  and {len(wrong) - 20} more"] if len(wrong) > 20 else []
    found = (
        f"{row.new} new, {row.changed} changed, {row.same} as they are, {row.wrong} wrong "
        f"({encoding_name(upload.encoding)})"
    )
    if asked.dry_run or (row.wrong and not asked.good_rows) or not row.new + row.changed:
        _give_up(shell, import_id)
        why = "" if asked.dry_run or not row.wrong else " Mend the file, or say --good-rows."
        said = "\n".join([f"Nothing was changed: {found}.{why}", *lines, *more])
        if row.wrong and not asked.good_rows:
            raise SettingsError(said)
        return said
    shell.do(confirm_import, import_id=import_id, good_only=asked.good_rows)
    worker.work_off(import_id)
    done = _state(shell, import_id)
    if done.status != ImportStatus.DONE.value:
        raise SettingsError(f"Nothing was changed. {done.why}")
    left = f", {done.wrong} rows left out" if done.wrong else ""
    return "\n".join([f"{done.new} added, {done.changed} changed{left}.", *lines, *more])


def _columns(text: str, upload: Any) -> dict[str, int]:
    """The columns by what was typed, upon those that were recognised."""
    heads = [heading.casefold() for heading in upload.head]
    columns = dict(upload.columns)
    for pair in filter(None, text.split(",")):
        what, _, where = pair.partition("=")
        where = where.strip().casefold()
        if where in heads:
            columns[what.strip()] = heads.index(where)
        elif where.isdecimal() and 1 <= int(where) <= len(heads):
            columns[what.strip()] = int(where) - 1
        else:
            shown = ", ".join(f"{n} “{heading}”" for n, heading in enumerate(upload.head, 1))
            raise SettingsError(f"There is no column “{where}”. There are {shown}")
    return columns


def _give_up(shell: _Shell, import_id: int) -> None:
    if _state(shell, import_id).finished_at is None:
        shell.do(discard_import, import_id=import_id)


def _state(shell: _Shell, import_id: int) -> Any:
    this = select(people_import).where(people_import.c.id == import_id)
    return shell.db.read(lambda conn: conn.execute(this).one())


def _wrong(conn: Connection, import_id: int) -> list[tuple[int, str, str, str]]:
    r = people_import_row.c
    rows = conn.execute(
        select(r.line, r.field, r.why, r.said)
        .where(r.import_id == import_id, r.kind == RowKind.WRONG.value)
        .order_by(r.line)
    )
    return [(row.line, row.field, row.why, row.said) for row in rows]


def _bar(shell: _Shell) -> Callable[[int], None]:
    """Shows how far it is, where somebody looks."""

    def show(import_id: int) -> None:
        row = _state(shell, import_id)
        of = row.pins if row.status == ImportStatus.HASHING.value else row.total
        print(f"\r{row.status} {row.progress:,} of {of:,}   ", end="", file=sys.stderr, flush=True)

    return show if sys.stderr.isatty() else lambda _import_id: None


def _export(shell: _Shell, asked: argparse.Namespace) -> str:
    text = shell.db.read(
        lambda conn: "".join(t for _, t in people_file(conn, archived=asked.archived).pieces)
    )
    if asked.file is None:
        return text.removeprefix(BYTE_ORDER_MARK)
    asked.file.write_text(text, "utf-8", newline="")
    return f"{len(text.splitlines()) - 1} people are in {asked.file}"


def _csv(rows: Any) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[harmless(str(cell)) for cell in row] for row in rows])
    return text.getvalue()


def _add(shell: _Shell, asked: argparse.Namespace) -> str:
    shell.do(add_person, number=asked.number, name=asked.name, accessible=asked.accessible)
    return f"{normalise_number(asked.number)} is known here, and chooses a PIN when signing in."


def _find(shell: _Shell, asked: argparse.Namespace) -> str:
    found = shell.db.read(
        lambda conn: people_page(conn, asked.text, archived=asked.archived, limit=_SHOWN)
    )
    return "\n".join(map(_line, found)) or "Nobody."


def _line(row: PersonRow) -> str:
    return f"{row.number:<20} {row.name}{'' if row.has_pin else '  (no PIN yet)'}"


def _reset_pin(shell: _Shell, asked: argparse.Namespace) -> str:
    shell.do(reset_pin, number=asked.number, reason=asked.reason)
    return "The PIN is reset. It is chosen anew at the next sign-in."


def _data(shell: _Shell, asked: argparse.Namespace) -> str:
    person_id = shell.person(asked.number)
    data = shell.db.read(lambda conn: person_data(conn, person_id, _now()))
    return json.dumps(data, indent=2, ensure_ascii=False)


def _leave(shell: _Shell, asked: argparse.Namespace) -> str:
    fn = erase_person if asked.doing == "erase" else archive_person
    release = {"release": True, "reason": asked.release} if asked.release else {}
    done = shell.do(fn, person_id=shell.person(asked.number), **release)
    if not done:
        return "That is so already."
    if asked.doing == "erase":
        return "Erased. What happened is still counted, and nobody's."
    return f"{normalise_number(asked.number)} signs in no more."


def _unarchive(shell: _Shell, asked: argparse.Namespace) -> str:
    done = shell.do(unarchive_person, person_id=shell.person(asked.number))
    return "Signs in again." if done else "That is so already."


_DOING: dict[str, Callable[[_Shell, argparse.Namespace], str]] = {
    "import": _import,
    "export": _export,
    "add": _add,
    "find": _find,
    "reset-pin": _reset_pin,
    "data": _data,
    "archive": _leave,
    "erase": _leave,
    "unarchive": _unarchive,
}
