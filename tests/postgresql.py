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
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
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

    def create(self, *, template: str = "template0") -> str:
        """Make a database; its name."""
        name = f"test_{next(self._names)}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self._connect() as conn:
            conn.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever still uses it."""
        dropped = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        with self._connect() as conn:
            conn.execute(dropped.format(sql.Identifier(name)))

    def empty(self, name: str) -> None:
        """Take all rows out of a database, whoever still uses it. Much faster than a new one."""
        with self._connect(name) as conn:
            conn.execute(_SEND_OTHERS_AWAY)
            conn.execute(_EMPTY)

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
