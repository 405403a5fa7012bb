"""Files that are too long to keep in memory: made in a thread in one snapshot, sent as they grow.

The database is read as fast as it can be, into a file on disk without a name, and the connection
gets what is in it. So a slow connection holds no snapshot open, which would keep either database
from tidying up, and a file is what was true at one moment.
"""

import asyncio
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.types import Receive, Scope, Send

from locker_app.api.refusals import TooManyFiles
from locker_app.db.database import Database
from locker_app.domain.spreadsheets import MEDIA_TYPE

MOST = 4
"""How many files are made or sent at once."""
ROWS_HEADER = "x-rows"
"""How many rows the file will have: a browser shows by it how far it is."""
_PIECE = 1 << 18
_PAUSE = 0.5
"""For how long we rest after each piece, as a share of the time it took: screens are served by the
same processor, and must not wait for files."""
_threads = ThreadPoolExecutor(2, thread_name_prefix="exports")
_free = threading.BoundedSemaphore(MOST)


class Long(Protocol):
    """A file as a query gives it."""

    @property
    def rows(self) -> int:
        """How many rows it will have."""
        ...

    @property
    def pieces(self) -> Iterator[tuple[int, str]]:
        """How many rows were read so far, with the next piece of the text."""
        ...


async def send_file(
    db: Database, ask: Callable[[Connection], Long], name: str
) -> StreamingResponse:
    """The file as an answer, once it is known that whoever asks may have it.

    Raises:
        TooManyFiles: others are being sent.
        DomainError: what `ask` raises.
    """
    if not _free.acquire(blocking=False):
        raise TooManyFiles
    making = _Making(asyncio.get_running_loop())
    try:
        _threads.submit(making.make, db, ask)
        rows = await making.known
    except BaseException:
        making.stop()
        raise
    return _Sent(
        making,
        media_type=MEDIA_TYPE,
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            ROWS_HEADER: str(rows),
        },
    )


class _Sent(StreamingResponse):
    """The answer, which lets go of the file however it ends: even before its first piece."""

    def __init__(self, making: "_Making", **options: Any) -> None:
        super().__init__(making.read(), **options)
        self._making = making

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._making.stop()


class _Making:
    """A file that one thread writes while the event loop reads it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.known: asyncio.Future[int] = loop.create_future()
        self._loop = loop
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever is last
        self._size = 0
        self._grown = asyncio.Event()
        self._done = self._stopped = False
        self._failed: BaseException | None = None
        self._users = 2
        self._lock = threading.Lock()

    def make(self, db: Database, ask: Callable[[Connection], Long]) -> None:
        """Write the file. In a thread of its own."""
        try:
            db.read(lambda conn: self._write(ask(conn)))
        except BaseException as error:
            self._failed = error
        self._done = True
        self._leave()
        self._tell(self._settle)

    def stop(self) -> None:
        """Nobody reads it any more."""
        if not self._stopped:
            self._stopped = True
            self._leave()
            _free.release()

    async def read(self) -> AsyncIterator[bytes]:
        """What has been written, until there is no more.

        Raises:
            Exception: whatever stopped it from being written to its end. The connection breaks
                off, so that nobody takes a part for the whole.
        """
        at = 0
        try:
            while True:
                self._grown.clear()
                done = self._done  # before the size: what is written last is read as well
                while at < self._size:
                    piece = os.pread(self._file.fileno(), min(_PIECE, self._size - at), at)
                    at += len(piece)
                    yield piece
                if done:
                    if self._failed is not None:
                        raise self._failed
                    return
                await self._grown.wait()
        finally:
            self.stop()

    def _write(self, file: Long) -> None:
        self._tell(lambda: self.known.done() or self.known.set_result(file.rows))
        began = time.monotonic()
        for _, text in file.pieces:
            if self._stopped:
                return
            data = text.encode()
            self._file.write(data)
            self._file.flush()
            self._size += len(data)
            self._tell(self._grown.set)
            time.sleep(_PAUSE * (time.monotonic() - began))
            began = time.monotonic()

    def _settle(self) -> None:
        if not self.known.done() and self._failed is not None:
            self.known.set_exception(self._failed)
        self._grown.set()

    def _tell(self, what: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and so is who asked
            self._loop.call_soon_threadsafe(what)

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._file.close()
