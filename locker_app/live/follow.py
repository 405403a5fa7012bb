"""Events that other processes wrote: another worker, or the operator's shell.

PostgreSQL notifies of them at the commit. SQLite has nothing of the kind; there the log is asked
twice a second for what is new, which costs one look at the end of an index.
"""

import asyncio
import json
import logging

import psycopg
from sqlalchemy import make_url

from locker_app.db.database import CHANNEL, Database
from locker_app.live.hub import Hub
from locker_app.queries.events import last_event_id, logged_after, logged_by_id

POLL_SECONDS = 0.5
RETRY_SECONDS = 2.0
_BATCH = 1000

logger = logging.getLogger(__name__)


async def follow(db: Database, hub: Hub) -> None:
    """Give the hub what other processes commit, until cancelled."""
    await (_follow_sqlite(db, hub) if db.is_sqlite else _follow_postgresql(db, hub))


async def _follow_sqlite(db: Database, hub: Hub) -> None:
    own: set[int] = set()
    db.listen(lambda events: own.update(event.id for event in events))
    seen = await db.aread(last_event_id)
    while True:
        await asyncio.sleep(POLL_SECONDS)
        newest = await db.aread(last_event_id)
        mine = {event_id for event_id in own if event_id <= newest}
        own -= mine
        if newest - seen > len(mine):
            events = await db.aread(lambda conn, seen=seen: logged_after(conn, seen, _BATCH))
            hub.publish([event for event in events if event.id not in mine])
            newest = events[-1].id
        seen = newest


async def _follow_postgresql(db: Database, hub: Hub) -> None:
    url = make_url(db.url).set(drivername="postgresql").render_as_string(hide_password=False)
    lost = False
    while True:
        try:
            conn = await psycopg.AsyncConnection.connect(url, autocommit=True)
            async with conn:
                await conn.execute(f"LISTEN {CHANNEL}")
                if lost:
                    logger.info("the database's notifications are back")
                    lost = False
                hub.touch_all()  # whatever was written while nobody listened
                async for notification in conn.notifies():
                    process, ids = json.loads(notification.payload)
                    if process != db.process:
                        hub.publish(await db.aread(lambda c, ids=ids: logged_by_id(c, ids)))
        except psycopg.OperationalError:
            if not lost:
                logger.warning("the database's notifications are lost; trying again")
                lost = True
            await asyncio.sleep(RETRY_SECONDS)
