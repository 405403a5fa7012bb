"""The terminal's database: one SQLite file, made anew when it is damaged.

`edge.outbox` keeps the facts in it. Here is what opens it, counts starts and facts, and remembers
what the server said and which commands were done.
"""

import contextlib
import errno
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge import floor
from edge.floor import BLOCK, Floor

log = logging.getLogger(__name__)

DATABASE = "terminal.db"
FLOOR = "floor.json"
KEPT_COMMANDS = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tail TEXT NOT NULL, data TEXT NOT NULL,
    re TEXT, boot INTEGER NOT NULL, ts INTEGER NOT NULL, ts_q TEXT NOT NULL, mono REAL NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS command (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('seq', 0);
"""
BEGUN = "begun"
_COMMANDS = "SELECT id, status FROM command ORDER BY n"
_SELECTS = (
    "SELECT seq, id, tail, data, re, boot, ts, ts_q, mono FROM fact LIMIT 1",
    "SELECT name, value FROM counter LIMIT 1",
    "SELECT name, body FROM kept LIMIT 1",
    "SELECT n, id, status FROM command LIMIT 1",
)
"""What must be there. A file whose tables are others is no database of ours."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DISK_ERRORS = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


class StorageTrouble(Exception):
    """Nothing can be written now: the disk is full or broken. The text says which."""


class Store:
    """The database of one terminal, for one thread. Opening it never fails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged = ""
        """What was wrong with a database that was moved aside."""
        self.lives = 0
        """Goes up when the database is another one than before."""
        self._floor_path = folder / FLOOR
        known = floor.read(self._floor_path)
        self._connection: sqlite3.Connection | None = None
        self._floor = known or Floor(0, 0)
        boot, seq = self._counted()
        if known is None and not boot:
            known = floor.first()
        self.boot = max(boot, known.boot if known else 0) + 1
        """Goes up with each start."""
        self._floor = known or Floor(boot, seq)
        with contextlib.suppress(StorageTrouble):
            self._count_start()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk at its end.

        Raises StorageTrouble, and then nothing of it was done.
        """
        connection = self._connected()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            _roll_back(connection)
            self._judge(error)
            raise StorageTrouble(_said(error)) from error
        except BaseException:
            _roll_back(connection)
            raise

    def reading(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows. Raises StorageTrouble."""
        try:
            return self._connected().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            self._judge(error)
            raise StorageTrouble(_said(error)) from error

    def next_seq(self, transaction: sqlite3.Connection) -> int:
        """The number of the next fact, which is taken only if the transaction ends well.

        Raises OSError when the floor can't be raised.
        """
        transaction.execute("UPDATE counter SET value = value + 1 WHERE name = 'seq'")
        (seq,) = transaction.execute("SELECT value FROM counter WHERE name = 'seq'").fetchone()
        if seq > self._floor.seq or self._floor.boot < self.boot:
            self._raise_floor(seq)
        return seq

    def keep(self, name: str, body: bytes | None) -> None:
        """Remember what the server said last about this; None forgets. Raises StorageTrouble."""
        with self.writing() as transaction:
            if body is None:
                transaction.execute("DELETE FROM kept WHERE name = ?", (name,))
            else:
                transaction.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, body))

    def kept(self, name: str) -> bytes | None:
        """What the server said last about this."""
        try:
            rows = self.reading("SELECT body FROM kept WHERE name = ?", name)
        except StorageTrouble:
            return None
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else None

    def mark_command(self, command: str, status: str) -> None:
        """Remember how a command ended, or that it was begun. Raises StorageTrouble."""
        with self.writing() as transaction:
            transaction.execute(
                "INSERT INTO command (id, status) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET status = excluded.status",
                (command, status),
            )
            transaction.execute(
                "DELETE FROM command WHERE n <= (SELECT max(n) FROM command) - ?",
                (KEPT_COMMANDS,),
            )

    def commands(self) -> list[tuple[str, str]]:
        """The last commands and how they ended, the oldest first."""
        try:
            return [(one, how) for one, how in self.reading(_COMMANDS)]
        except StorageTrouble:
            return []

    def clear(self) -> None:
        """Forget all but the counts. Raises StorageTrouble."""
        with self.writing() as transaction:
            for table in ("fact", "kept", "command"):
                transaction.execute(f"DELETE FROM {table}")  # noqa: S608 - one of three names

    def probe(self) -> None:
        """Try whether something can be written. Raises StorageTrouble."""
        self._count_start()

    def close(self) -> None:
        """Give it back."""
        if self._connection is not None:
            self._connection.close()

    def _count_start(self) -> None:
        """Keep the number of this start in both places, where a block of facts fits as well."""
        with self.writing() as transaction:
            _, seq = _counters(transaction)
            transaction.execute("INSERT OR REPLACE INTO counter VALUES ('boot', ?)", (self.boot,))
            transaction.execute("INSERT OR REPLACE INTO kept VALUES ('probe', zeroblob(32768))")
            transaction.execute("DELETE FROM kept WHERE name = 'probe'")
            if self._floor.boot < self.boot or self._floor.seq <= seq:
                self._raise_floor(seq)

    def _raise_floor(self, seq: int) -> None:
        raised = Floor(self.boot, max(self._floor.seq, seq + BLOCK))
        floor.write(self._floor_path, raised)
        self._floor = raised

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        if self._connection is None:
            raise StorageTrouble(self.damaged or "it can't be opened")
        return self._connection

    def _open(self) -> sqlite3.Connection | None:
        """The database; a new one that counts on from the floor if it can't be read."""
        path = self.folder / DATABASE
        self.lives += 1
        new = not path.exists()
        try:
            try:
                connection = _opened(path)
            except (sqlite3.Error, OSError) as error:
                if not _is_damage(error):
                    raise
                log.error("The terminal's database is damaged and moved aside: %s", error)
                self.damaged, new = str(error), True
                _move_aside(path)
                connection = _opened(path)
            if new:
                _count_on(connection, self._floor.seq)
        except (sqlite3.Error, OSError) as error:
            log.error("The terminal's database can't be opened: %s", error)
            return None
        return connection

    def _counted(self) -> tuple[int, int]:
        try:
            return _counters(self._connected())
        except (StorageTrouble, sqlite3.Error):
            return 0, 0

    def _judge(self, error: Exception) -> None:
        """After an error that will not go away by itself begin with the file anew."""
        if _is_damage(error) or _code(error) in _DISK_ERRORS:
            self.close()
            self._connection = None


def _opened(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.Error, also when what is there is no whole database."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 1048576")
        connection.execute("PRAGMA wal_autocheckpoint = 200")
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found is None or found[0] != "ok":
            raise _Damaged(str(found and found[0]))
        _check_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_tables(connection: sqlite3.Connection) -> None:
    """Have the tables. Raises _Damaged when others are there."""
    try:
        connection.executescript(_SCHEMA)
        for wanted in _SELECTS:
            connection.execute(wanted)
    except sqlite3.OperationalError as error:
        if _code(error) == sqlite3.SQLITE_ERROR:
            raise _Damaged(str(error)) from error
        raise


class _Damaged(sqlite3.DatabaseError):
    """The file is a database, and not a whole one, or not this one."""


def _count_on(connection: sqlite3.Connection, seq: int) -> None:
    """Go on after this number. Raises sqlite3.Error, and the database is closed then."""
    try:
        connection.execute("UPDATE counter SET value = ? WHERE name = 'seq'", (seq,))
    except BaseException:
        connection.close()
        raise


def _counters(connection: sqlite3.Connection) -> tuple[int, int]:
    """Starts and facts."""
    found = dict(connection.execute("SELECT name, value FROM counter").fetchall())
    return found.get("boot", 0), found.get("seq", 0)


def _move_aside(path: Path) -> None:
    """Keep a damaged database for whoever wants to look at it, but not many of them."""
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.replace(path.with_name(f"damaged-{path.name}{suffix}"))


def _roll_back(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 if it is another error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_damage(error: Exception) -> bool:
    return isinstance(error, _Damaged) or _code(error) in _DAMAGE


def _said(error: Exception) -> str:
    no_space = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "disk full" if no_space or _code(error) == sqlite3.SQLITE_FULL else str(error)[:150]
