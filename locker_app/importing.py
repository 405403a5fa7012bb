"""Works off the imports of people, beside everything else: one after the other, in a thread.

Any number of processes may run it side by side: each import is taken over by one of them, and
whoever takes over from one that is gone goes on (`services.import_steps`). The others only say how
far it is.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from locker_app.db.database import Database
from locker_app.db.log import Logged
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.services.import_work import Worker, open_work
from locker_app.services.sealing import Seal

LOOK_EVERY_SECONDS = 0.5
RETRY_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Importer:
    """Works off what there is. `moved` is called on the event loop with each import that may have
    gone on, here or in another process."""

    def __init__(self, db: Database, seal: Seal, moved: Callable[[int], None]) -> None:
        self._db, self._moved = db, moved
        self._wake = asyncio.Event()
        self._seen: set[int] = set()
        self._failing: set[int] = set()
        self._loop = asyncio.get_running_loop()
        self._worker = Worker(db, seal, uuid.uuid4().hex, _now, moved=self._tell)
        db.listen(self._committed)

    async def run(self) -> None:
        """Until cancelled; what is being done then ends with the piece it is at."""
        try:
            while True:
                try:
                    await self._work_off_all()
                except OUTAGES as error:
                    outages.failed(error)
                    await asyncio.sleep(RETRY_SECONDS)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_SECONDS)
                self._wake.clear()
        finally:
            self._worker.stopping.set()

    async def _work_off_all(self) -> None:
        there = await self._db.aread(open_work)
        for import_id in self._seen | set(there):
            self._moved(import_id)
        self._seen = set(there)
        for import_id in there:
            await self._work_off(import_id)

    async def _work_off(self, import_id: int) -> None:
        """A fault is logged when it begins; the import is tried again, after the others."""
        work = asyncio.create_task(asyncio.to_thread(self._worker.work_off, import_id))
        try:
            await asyncio.shield(work)
            self._failing.discard(import_id)
        except asyncio.CancelledError:
            self._worker.stopping.set()
            with contextlib.suppress(Exception):
                await work  # until the piece it is at: the database is closed after us
            raise
        except OUTAGES:
            raise
        except Exception:
            if import_id not in self._failing:
                logger.exception("import %d of people failed; it is tried again", import_id)
            self._failing.add(import_id)
            await asyncio.sleep(RETRY_SECONDS)

    def _tell(self, import_id: int) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is just closing
            self._loop.call_soon_threadsafe(self._moved, import_id)

    def _committed(self, events: list[Logged]) -> None:
        """Called in a database thread: what was just sent or confirmed need not wait."""
        if any(event.import_id is not None for event in events):
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)


def _now() -> datetime:
    return datetime.now(UTC)
