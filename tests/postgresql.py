"""A PostgreSQL server of the tests' own: started once, a copy of the migrated schema for each test.

It speaks only on a socket in a temporary folder, and ends with the process that started it.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

_USER = "cubby"
_PR_SET_PDEATHSIG = 1
_FAST_AND_FORGETFUL = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "150",
    "deadlock_timeout": "100ms",
    "log_min_messages": "fatal",
}
_DURABLE = {
    **dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "on"),
    "log_min_messages": "panic",
}
"""For figures that are to mean something."""
_SEND_OTHERS_AWAY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT pid = ANY(%s)
"""
_MAX_KEPT = 4
_BARE = "template0"
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;  -- the log is append-only by a trigger
    FOR name IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        PERFORM setval(format('%I', name)::regclass, 1, false);
    END LOOP;
END $$
"""


def _programs() -> Path:
    """The folder of the server's programs, which Debian keeps off the path."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise RuntimeError(
            "The tests need PostgreSQL's server programs (on Debian the package `postgresql`); "
            "`make test` installs them."
        )
    return found[-1].parent


def _as_server_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root, so root starts it as the package's user."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if _is_root() else {}


def _is_root() -> bool:
    return os.geteuid() == 0


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


class Cluster:
    """A running server."""

    def __init__(self, *, durable: bool = False) -> None:
        self._settings = _FAST_AND_FORGETFUL | (_DURABLE if durable else {})
        self._home = Path(
            tempfile.mkdtemp(prefix="cubby-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
        )
        self._names = count(1)
        self._emptying: dict[str, psycopg.Connection[Any]] = {}
        self._let_go: dict[str, list[psycopg.Connection[Any]]] = {}
        self._kept: dict[str, list[psycopg.Connection[Any]]] = {}
        if _is_root():
            shutil.chown(self._home, "postgres", "postgres")
        self._init()
        self._server = self._start()

    def url(self, name: str) -> str:
        """The address of the database with this name."""
        return f"postgresql://{_USER}@/{name}?host={self._home}"

    def name_in(self, url: str) -> str:
        """The name of the database that the address names."""
        return url.split("/")[3].split("?")[0]

    def create(self, *, template: str = _BARE) -> str:
        """Make a database; its name."""
        name = f"test_{next(self._names)}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self._connect() as conn:
            conn.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        if template != _BARE:  # a copy is used again; what is copied can't be while it is in use
            self._kept[name] = []
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever still uses it."""
        dropped = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        with self._connect() as conn:
            conn.execute(dropped.format(sql.Identifier(name)))

    def empty(self, name: str) -> None:
        """Take all rows out of a database, whoever still uses it. Much faster than a new one.

        What has been let go of its connections is as new, and to be had by `kept` from now on.
        """
        free = self._kept[name] + self._let_go.pop(name, [])
        self._kept[name] = [conn for conn in free if _is_as_new(conn)]
        pids = [conn.info.backend_pid for conn in self._kept[name]]
        if name not in self._emptying or not _is_as_new(self._emptying[name]):
            self._emptying[name] = self._connect(name)
        conn = self._emptying[name]
        conn.execute(_SEND_OTHERS_AWAY, [pids])
        conn.execute(_EMPTY)

    def kept(self, name: str) -> psycopg.Connection[Any] | None:
        """A connection to the database that an earlier test has had. What a new one has to learn
        about the tables takes longer than most tests."""
        kept = self._kept.get(name, [])
        while kept:
            conn = kept.pop()
            if _is_as_new(conn):  # a test may have sent all away
                return conn
        return None

    def let_go(self, conn: psycopg.Connection[Any]) -> None:
        """Be done with a connection: the next test may have it, if nothing has come of it."""
        if conn.closed or conn.info.transaction_status is not TransactionStatus.IDLE:
            conn.close()
            return
        name = conn.info.dbname
        others = self._let_go.setdefault(name, [])
        if name in self._kept and len(others) + len(self._kept[name]) < _MAX_KEPT:
            others.append(conn)
        else:
            conn.close()

    def stop(self) -> None:
        """End the server at once and remove its files."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait()
        shutil.rmtree(self._home)

    def _init(self) -> None:
        command = [_programs() / "initdb", "-D", self._home / "data", "-U", _USER]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **_as_server_user())

    def _start(self) -> subprocess.Popen[Any]:
        command: list[Any] = [_programs() / "postgres", "-D", self._home / "data"]
        command += ["-k", self._home]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        server = subprocess.Popen(
            command, cwd="/", preexec_fn=_end_with_parent, **_as_server_user()
        )
        ready = [_programs() / "pg_isready", "-q", "-h", self._home, "-U", _USER, "-d", "postgres"]
        while subprocess.run(ready, check=False).returncode != 0:
            if server.poll() is not None:
                raise RuntimeError("PostgreSQL ended instead of starting")
        return server

    def _connect(self, name: str = "postgres") -> psycopg.Connection[Any]:
        where = f"host={self._home} user={_USER} dbname={name}"
        return psycopg.connect(where, autocommit=True)


def _is_as_new(conn: psycopg.Connection[Any]) -> bool:
    """Make a connection as it was at first, but for what it knows; False when it is dead."""
    try:
        conn.execute("RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all()")
        if not conn.autocommit:
            conn.commit()
            conn.isolation_level = conn.read_only = None
    except psycopg.Error:
        conn.close()
        return False
    return True
