"""The steps in which the server works off an import of people: each a short transaction, but for
the one in which everything changes. `services.import_work` takes them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import people_import, people_import_row, person
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.errors import NotAllowed
from locker_app.domain.facts import PeopleImported
from locker_app.domain.people_import import OPEN, WORKING, ImportStatus, RowKind
from locker_app.services.ids import Id, Text
from locker_app.services.people_import import finish_import, lock_import

PIECE = 1000
"""Rows that one transaction writes or deletes at most, so that nobody waits for long."""
DROP_AFTER = timedelta(days=1)
"""How long a file lies that nobody decides on."""
KEEP_REPORT = timedelta(days=30)
"""How long one can read what was wrong with a file."""
BEAT_LOST_AFTER = timedelta(seconds=5)
"""Without a sign for so long, the process that worked on an import is taken for gone."""

_I, _R, _P = people_import.c, people_import_row.c, person.c
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_ONE_AFTER_THE_OTHER = 7234
"""PostgreSQL's lock that two imports take before they change people."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What was read in one go."""

    rows: list[dict[str, Any]]
    progress: int
    tally: dict[str, int]


def take_over(tx: Tx, actor: Actor, now: datetime, *, import_id: Id, process: Text) -> bool:
    """Have this process work on the import; false when there is nothing to do, or another one
    works on it and has said so lately."""
    _system(actor)
    mine = update(people_import).where(
        _I.id == import_id,
        _I.status.in_([status.value for status in WORKING]),
        or_(
            _I.process.in_(["", process]),
            _I.beat_at.is_(None),
            _I.beat_at < now - BEAT_LOST_AFTER,
        ),
    )
    return tx.conn.execute(mine.values(process=process, beat_at=now)).rowcount == 1


def let_go(tx: Tx, actor: Actor, now: datetime, *, import_id: Id, process: Text) -> bool:
    """Let another process work on the import: this one stops."""
    _system(actor)
    mine = update(people_import).where(_I.id == import_id, _I.process == process)
    return tx.conn.execute(mine.values(process="", beat_at=None)).rowcount == 1


def keep_rows(
    tx: Tx, actor: Actor, now: datetime, *, import_id: Id, attempt: int, piece: Piece
) -> bool:
    """Keep what was read, and count it; false when it is read anew meanwhile, or discarded."""
    _system(actor)
    goes_on = (
        update(people_import)
        .where(_I.id == import_id, _I.attempt == attempt)
        .where(_I.status == ImportStatus.READING.value)
        .values(beat_at=now, progress=piece.progress, **piece.tally)
    )
    if not tx.conn.execute(goes_on).rowcount:
        return False
    if piece.rows:
        tx.conn.execute(insert(people_import_row), piece.rows)
    return True


def begin_again(tx: Tx, actor: Actor, now: datetime, *, import_id: Id) -> bool:
    """Read the file from its beginning: whoever has begun is gone."""
    _system(actor)
    anew = (
        update(people_import)
        .where(_I.id == import_id, _I.status == ImportStatus.READING.value)
        .values(attempt=_I.attempt + 1, progress=0, beat_at=now)
    )
    return tx.conn.execute(anew).rowcount == 1


def end_reading(
    tx: Tx, actor: Actor, now: datetime, *, import_id: Id, attempt: int, total: int
) -> bool:
    """Say that the whole file was read; false as for `keep_rows`."""
    _system(actor)
    read = (
        update(people_import)
        .where(_I.id == import_id, _I.attempt == attempt)
        .where(_I.status == ImportStatus.READING.value)
        .values(status=ImportStatus.READY.value, total=total, progress=total, process="")
    )
    return tx.conn.execute(read).rowcount == 1


def keep_hashes(
    tx: Tx, actor: Actor, now: datetime, *, import_id: Id, attempt: int, hashes: dict[int, str]
) -> bool:
    """Keep the hashes of PINs by their lines, and no longer the PINs; false when it is over."""
    _system(actor)
    goes_on = (
        update(people_import)
        .where(_I.id == import_id, _I.status == ImportStatus.HASHING.value)
        .values(beat_at=now, progress=_I.progress + len(hashes))
    )
    if not tx.conn.execute(goes_on).rowcount:
        return False
    for line, pin_hash in hashes.items():
        this = (_R.import_id == import_id, _R.attempt == attempt, _R.line == line)
        tx.conn.execute(update(people_import_row).where(*this).values(pin=None, pin_hash=pin_hash))
    return True


def end_hashing(tx: Tx, actor: Actor, now: datetime, *, import_id: Id) -> bool:
    """Go on to the import itself."""
    _system(actor)
    hashed = update(people_import).where(
        _I.id == import_id, _I.status == ImportStatus.HASHING.value
    )
    then = {"status": ImportStatus.APPLYING.value, "beat_at": now}
    return tx.conn.execute(hashed.values(**then)).rowcount == 1


def apply_import(tx: Tx, actor: Actor, now: datetime, *, import_id: Id) -> bool:
    """Change all people of the file at once, in this transaction; false when that is done, or
    somebody discarded it.

    Rows are compared with the people as they are now, not as they were when the file was read:
    who was added meanwhile is changed and not added.
    """
    _system(actor)
    if tx.conn.dialect.name == "postgresql":
        tx.conn.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AFTER_THE_OTHER})"))
    row = lock_import(tx.conn, import_id)
    if row.status != ImportStatus.APPLYING.value:
        return False
    rows = and_(
        _R.import_id == import_id,
        _R.attempt == row.attempt,
        _R.kind.in_([RowKind.NEW.value, RowKind.CHANGED.value]),
    )
    changed = _change_known(tx.conn, rows)
    added = _add_unknown(tx.conn, rows, now)
    by = actor if row.staff_id is None else Actor(ActorKind.STAFF, row.staff_id)
    counts = {"new": added, "changed": changed}
    finish_import(tx, by, now, import_id, (ImportStatus.APPLYING,), ImportStatus.DONE, **counts)
    fact = PeopleImported(
        site_id=None, import_id=import_id, added=added, changed=changed, left_out=row.wrong
    )
    tx.record(fact, by, now)
    return True


def _change_known(conn: Connection, rows: Any) -> int:
    """Names and heights as the file has them; a PIN for those only who have none."""
    accessible = func.coalesce(_R.accessible, _P.accessible)
    differs = or_(
        _P.name != _R.name,
        _P.accessible != accessible,
        _P.archived_at.is_not(None),
        and_(_P.pin_hash.is_(None), _R.pin_hash.is_not(None)),
    )
    change = (
        update(person)
        .where(_P.number == _R.number, rows, differs)
        .values(
            name=_R.name,
            name_key=_R.name_key,
            accessible=accessible,
            archived_at=None,
            pin_hash=func.coalesce(_P.pin_hash, _R.pin_hash),
        )
    )
    return conn.execute(change).rowcount


def _add_unknown(conn: Connection, rows: Any, now: datetime) -> int:
    values = {
        "number": _R.number,
        "name": _R.name,
        "name_key": _R.name_key,
        "pin_hash": _R.pin_hash,
        "accessible": func.coalesce(_R.accessible, False),
        "near_last": literal(False),
        "failed_tries": literal(0),
        "created_at": select(_I.created_at).where(_I.id == _R.import_id).scalar_subquery(),
    }
    unknown = (
        select(*values.values())
        .where(rows, ~exists().where(_P.number == _R.number))
        .order_by(_R.number)
    )
    add = (
        _INSERT[conn.dialect.name](person)
        .from_select([*values], unknown, include_defaults=False)
        .on_conflict_do_nothing()
    )
    return conn.execute(add, execution_options={"preserve_rowcount": True}).rowcount


def stop_import(tx: Tx, actor: Actor, now: datetime, *, import_id: Id, why: Text) -> bool:
    """Give an import up that can't go on; nobody was changed by it."""
    _system(actor)
    lock_import(tx.conn, import_id)
    finish_import(tx, actor, now, import_id, OPEN, ImportStatus.STOPPED, why=why)
    return True


def drop_forgotten(tx: Tx, actor: Actor, now: datetime) -> int:
    """Discard the files that nobody has decided on for a day; how many."""
    _system(actor)
    waiting = (ImportStatus.CHOOSING, ImportStatus.READY)
    old = select(_I.id).where(
        _I.finished_at.is_(None),
        _I.created_at < now - DROP_AFTER,
        _I.status.in_([status.value for status in waiting]),
    )
    forgotten = tx.conn.scalars(old.with_for_update(skip_locked=True)).all()
    for import_id in forgotten:
        finish_import(tx, actor, now, import_id, waiting, ImportStatus.DISCARDED)
    return len(forgotten)


def sweep(tx: Tx, actor: Actor, now: datetime) -> int:
    """Delete rows that nobody needs any more, a piece of them; how many. What was wrong with a file
    that was imported can be read for a month."""
    _system(actor)
    for row in tx.conn.execute(select(_I.id, _I.attempt, _I.status, _I.finished_at)).all():
        gone = _R.attempt < row.attempt
        if row.finished_at is not None:
            good = [RowKind.NEW.value, RowKind.CHANGED.value, RowKind.SAME.value]
            read = row.status == ImportStatus.DONE.value and row.finished_at > now - KEEP_REPORT
            gone = or_(gone, _R.kind.in_(good)) if read else true()
        found = tx.conn.execute(
            select(_R.attempt, _R.line).where(_R.import_id == row.id, gone).limit(PIECE)
        ).all()
        for attempt in {one.attempt for one in found}:
            lines = [one.line for one in found if one.attempt == attempt]
            these = (_R.import_id == row.id, _R.attempt == attempt, _R.line.in_(lines))
            tx.conn.execute(delete(people_import_row).where(*these))
        if found:
            return len(found)
    return 0


def _system(actor: Actor) -> None:
    """What only the server itself does."""
    if actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed
