"""The database as the rest of Cubby sees it: commands in, rows out, events on commit."""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from locker_app.db.engine import is_sqlite, make_engines
from locker_app.db.log import Logged
from locker_app.db.transaction import Tx, Work
from locker_app.db.writer import Writer
from locker_app.domain.errors import DomainError

logger = logging.getLogger(__name__)

T = TypeVar("T")
Listener = Callable[[list[Logged]], None]

_RETRIED_STATES = frozenset({"40001", "40P01"})
"""PostgreSQL: serialization failure and deadlock; the loser is to try again."""
_MAX_ATTEMPTS = 10
_THREADS = 8
CHANNEL = "cubby_events"
MAX_NOTIFIED = 500
"""PostgreSQL takes payloads of up to 8,000 bytes; who writes more events than this at once, as
an import does, names the first ones, and their topics are the same."""


class Database:
    """Runs work in transactions and tells listeners, after the commit, which events it wrote."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.process = uuid.uuid4().hex
        self.is_sqlite = is_sqlite(url)
        self._listeners: list[Listener] = []
        self._read_engine, self._write_engine = make_engines(url)
        self._writer = Writer(self._write_engine, self._tell) if self.is_sqlite else None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="database")

    def submit(self, work: Work[T]) -> Future[T]:
        """Start the work; the future is done once it is committed, or refused."""
        if self._writer is not None:
            return self._writer.submit(work)
        return self._threads.submit(self._transact, work)

    def run(self, work: Work[T]) -> T:
        """Do the work and wait for its commit. Not for the event loop: see `arun`."""
        return self.submit(work).result()

    async def arun(self, work: Work[T]) -> T:
        """Do the work without holding up the event loop."""
        if self._writer is not None:
            return await self._writer.arun(work)
        return await asyncio.wrap_future(self.submit(work))

    def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on one consistent snapshot. Not for the event loop: see `aread`."""
        with self._read_engine.connect() as conn, conn.begin():
            return query(conn)

    async def aread(self, query: Callable[[Connection], T]) -> T:
        """Run a query without holding up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read, query)

    def listen(self, listener: Listener) -> None:
        """Call the listener after each commit, from a thread of the database's own."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Finish what is queued and let go of all connections."""
        if self._writer is not None:
            self._writer.close()
        self._threads.shutdown()
        self._write_engine.dispose()
        self._read_engine.dispose()

    def _tell(self, events: list[Logged]) -> None:
        """A listener's fault is not the command's, which is done."""
        for listener in self._listeners:
            try:
                listener(events)
            except Exception:
                logger.exception("a listener failed on %d events", len(events))

    def _transact(self, work: Work[T]) -> T:
        """The PostgreSQL way: a transaction of its own for each command, tried again when the
        database says that it lost against another."""
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            try:
                return self._once(work)
            except (OperationalError, psycopg.OperationalError) as error:
                state = getattr(getattr(error, "orig", error), "sqlstate", None)
                if state not in _RETRIED_STATES or attempt == _MAX_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _once(self, work: Work[T]) -> T:
        try:
            with self._write_engine.begin() as conn:
                tx = Tx(conn, work.trace)
                result = work.attempt(tx)
                self._notify(tx)
        except DomainError as refusal:
            if work.on_refusal is not None:
                with self._write_engine.begin() as conn:
                    tx = Tx(conn, work.trace)
                    work.on_refusal(tx, refusal)
                    self._notify(tx)
                self._tell(tx.events)
            raise
        if tx.events:
            self._tell(tx.events)
        return result

    def _notify(self, tx: Tx) -> None:
        """Tell other processes on PostgreSQL, at the commit, which events this one wrote."""
        if tx.events:
            ids = [event.id for event in tx.events[:MAX_NOTIFIED]]
            payload = json.dumps([self.process, ids])
            tx.conn.exec_driver_sql("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
