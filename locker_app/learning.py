"""Keeps the forecasts of charging spots warm: learns each site's past when the server starts, and
then what is new.

Beside everything else: commands get what is known, and never wait for it. Each process does it for
itself, as what it learns is in its memory.
"""

import asyncio
import logging
from datetime import UTC, datetime

from locker_app.db.database import Database
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.queries.forecasts import keep_up, sites_to_learn

EVERY_SECONDS = 20.0

logger = logging.getLogger(__name__)


async def keep_learning(db: Database) -> None:
    """Until cancelled. A fault is logged when it begins."""
    failing = False
    while True:
        try:
            await learn_once(db)
            failing = False
        except OUTAGES as error:
            outages.failed(error)
        except Exception:
            if not failing:
                logger.exception("learning from past stays failed; it is tried again")
            failing = True
        await asyncio.sleep(EVERY_SECONDS)


async def learn_once(db: Database) -> None:
    """All sites, one after the other."""
    for site_id in await db.aread(sites_to_learn):
        await db.aread(lambda conn, one=site_id: keep_up(conn, one, datetime.now(UTC)))
