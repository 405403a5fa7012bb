"""Events that other processes wrote: another worker, or the operator's shell.

PostgreSQL notifies of them at the commit. SQLite has nothing of the kind; there the log is asked
twice a second for what is new, which costs one look at the end of an index.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection

import psycopg
from sqlalchemy import make_url

from locker_app.db.database import CHANNEL, Database
from locker_app.db.log import Logged
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.live.hub import Hub
from locker_app.queries.events import last_event_id, logged_after, logged_by_id

POLL_SECONDS = 0.5
RETRY_SECONDS = 2.0
_BATCH = 1000
_NOTICE_SILENCE = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}
"""A connection that only listens would not notice that the other end has gone."""

logger = logging.getLogger(__name__)


Other = Callable[[Collection[Logged] | None], None]
"""Somebody else who wants to know what other processes commit; None when some may be missed."""


async def follow(db: Database, hub: Hub, *others: Other) -> None:
    """Give the hub, and others, what other processes commit, until cancelled; an outage only
    interrupts it."""

    def tell(events: Collection[Logged]) -> None:
        hub.publish(events)
        for other in others:
            other(events)

    async def catch_up() -> None:
        await hub.catch_up()
        for other in others:
            other(None)

    follower = _Poller(db, tell) if db.is_sqlite else _Listener(db, tell, catch_up)
    while True:
        try:
            await follower.follow()
        except OUTAGES as error:
            outages.failed(error)
        except Exception:
            logger.exception("following the event log failed; it goes on")
        await asyncio.sleep(RETRY_SECONDS)


class _Poller:
    """Asks SQLite's log for events that this process has not heard of from itself."""

    def __init__(self, db: Database, tell: Callable[[Collection[Logged]], None]) -> None:
        self._db, self._tell = db, tell
        self._own: set[int] = set()
        self._seen: int | None = None
        db.listen(lambda events: self._own.update(event.id for event in events))

    async def follow(self) -> None:
        """Until something fails; then again from where it was."""
        if self._seen is None:
            self._seen = await self._db.aread(last_event_id)
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self._look(self._seen)

    async def _look(self, seen: int) -> None:
        newest = await self._db.aread(last_event_id)
        while seen < newest:
            own = {event_id for event_id in self._own.copy() if seen < event_id <= newest}
            if len(own) < newest - seen:
                events = await self._db.aread(
                    lambda conn, seen=seen: logged_after(conn, seen, _BATCH)
                )
                self._tell([event for event in events if event.id not in own])
                self._seen = seen = events[-1].id
            else:
                self._seen = seen = newest
        self._own = {event_id for event_id in self._own.copy() if event_id > seen}


class _Listener:
    """Hears PostgreSQL's notifications."""

    def __init__(
        self,
        db: Database,
        tell: Callable[[Collection[Logged]], None],
        catch_up: Callable[[], Awaitable[None]],
    ) -> None:
        self._db, self._tell, self._catch_up = db, tell, catch_up
        url = make_url(db.url).set(drivername="postgresql").update_query_dict(_NOTICE_SILENCE)
        self._address = url.render_as_string(hide_password=False)

    async def follow(self) -> None:
        """Until the connection is lost."""
        conn = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
        async with conn:
            await conn.execute(f"LISTEN {CHANNEL}")
            await self._catch_up()  # whatever was written while nobody listened
            async for notification in conn.notifies():
                process, ids = json.loads(notification.payload)
                if process != self._db.process:
                    self._tell(await self._db.aread(lambda c, ids=ids: logged_by_id(c, ids)))
