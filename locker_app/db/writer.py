"""SQLite's one writer: a thread that commits the commands waiting for it as one group.

SQLite allows one writer at a time and a durable commit costs a disk sync. While one group is
being committed the next collects, so that many people share one sync. Each command has its own
savepoint: a refusal or a fault undoes that command alone.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

from locker_app.db.engine import run_plain
from locker_app.db.log import Logged
from locker_app.db.transaction import Tx, Work
from locker_app.domain.errors import DomainError

T = TypeVar("T")
MAX_GROUP = 64


class _Job(Generic[T]):
    """Work with who waits for it: a thread, or a task on an event loop."""

    def __init__(self, work: Work[T], loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.work = work
        self.loop = loop
        self.future = Future[T]() if loop is None else loop.create_future()
        self.result: T | None = None
        self.error: BaseException | None = None
        self.events: list[Logged] = []

    def begins(self) -> bool:
        """Whether anybody still waits for it. A thread can no longer go away afterwards."""
        if isinstance(self.future, Future):
            return self.future.set_running_or_notify_cancel()
        return not self.future.cancelled()

    def settle(self, failure: BaseException | None) -> None:
        """Tell who waits what became of it."""
        error = failure or self.error
        if self.future.cancelled():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(self.result)  # pyright: ignore[reportArgumentType]


class Writer:
    """Runs work on one connection of its own, in order, durable when the future is done."""

    def __init__(self, engine: Engine, on_commit: Callable[[list[Logged]], None]) -> None:
        self._engine = engine
        self._on_commit = on_commit
        self._conn: Connection | None = None
        """Kept: taking it from the pool and giving it back was a quarter of its time."""
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> Future[T]:
        """Queue the work; the future is done once it is committed, or refused.

        Raises:
            RuntimeError: the writer was closed.
        """
        job = _Job(work)
        self._put(job)
        assert isinstance(job.future, Future)
        return job.future

    async def arun(self, work: Work[T]) -> T:
        """As `submit`, and wait for it on the event loop, which is woken once for each group.

        Raises:
            RuntimeError: the writer was closed.
        """
        job = _Job(work, asyncio.get_running_loop())
        self._put(job)
        assert isinstance(job.future, asyncio.Future)
        return await job.future

    def _put(self, job: _Job[Any]) -> None:
        with self._closing:
            if self._closed:
                raise RuntimeError("the database was closed")
            self._jobs.put(job)

    def close(self) -> None:
        """Finish what is queued, then end the thread."""
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            group = [first]
            while len(group) < MAX_GROUP:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    self._jobs.put(None)  # the last in the queue: seen again once this is done
                    break
                group.append(job)
            self._commit(group)
        self._let_go()

    def _commit(self, group: list[_Job[Any]]) -> None:
        # Whoever has gone away meanwhile is not waited for; from here on nobody can go.
        group = [job for job in group if job.begins()]
        failure: BaseException | None = None
        try:
            if self._conn is None:
                self._conn = self._engine.connect()
            with self._conn.begin():
                for job in group:
                    _attempt(self._conn, job)
        except Exception as error:  # the disk is full, the lock was not to be had: nobody's is kept
            failure = error
            self._let_go()
        events = [logged for job in group for logged in job.events]
        if failure is None and events:
            self._on_commit(events)  # before the answers: everybody's screens begin to follow
        _settle(group, failure)

    def _let_go(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(Exception):  # it failed, and so does this
                conn.close()


def _settle(group: list[_Job[Any]], failure: BaseException | None) -> None:
    waiting: dict[asyncio.AbstractEventLoop | None, list[_Job[Any]]] = {}
    for job in group:
        waiting.setdefault(job.loop, []).append(job)
    for loop, jobs in waiting.items():
        if loop is None:
            _settle_each(jobs, failure)
        else:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(_settle_each, jobs, failure)


def _settle_each(jobs: list[_Job[Any]], failure: BaseException | None) -> None:
    for job in jobs:
        job.settle(failure)


def _attempt(conn: Connection, job: _Job[Any]) -> None:
    tx = Tx(conn, job.work.trace)
    try:
        with _savepoint(conn):
            job.result = job.work.attempt(tx)
        job.events = tx.events
    except DomainError as refusal:
        job.error = refusal
        _record_refusal(conn, job, refusal)
    except Exception as error:
        job.error = error


def _record_refusal(conn: Connection, job: _Job[Any], refusal: DomainError) -> None:
    if job.work.on_refusal is None:
        return
    tx = Tx(conn, job.work.trace)
    try:
        with _savepoint(conn):
            job.work.on_refusal(tx, refusal)
        job.events = tx.events
    except Exception as error:
        job.error = error


@contextlib.contextmanager
def _savepoint(conn: Connection):
    run_plain(conn, "SAVEPOINT command")
    try:
        yield
    except BaseException:
        run_plain(conn, "ROLLBACK TO command")
        run_plain(conn, "RELEASE command")
        raise
    run_plain(conn, "RELEASE command")
