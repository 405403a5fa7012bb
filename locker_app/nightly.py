"""What is tidied up now and then: names that leave the history at night, days that are over and
summed up, places in lines that nobody can come with any more, files that nobody has decided on.

Beside the timer, and not in it: a night's work on a long history must not hold up a deadline. All
of it is done in pieces, is idempotent, and may be done by several processes side by side.
"""

import asyncio
import logging
from datetime import UTC, datetime

from locker_app.db.database import Database
from locker_app.domain.actors import SYSTEM
from locker_app.services import day_sums, import_steps, retention
from locker_app.services.command import Call, Command, command

EVERY_SECONDS = 600.0
PAUSE_SECONDS = 0.05
"""Between two pieces, so that others come in between."""

logger = logging.getLogger(__name__)


async def tidy_up(db: Database) -> None:
    """Do it every ten minutes, until cancelled. A fault is logged when it begins."""
    failing = False
    while True:
        try:
            await tidy_once(db)
            failing = False
        except Exception:
            if not failing:
                logger.exception("tidying up failed; it is tried again")
            failing = True
        await asyncio.sleep(EVERY_SECONDS)


async def tidy_once(db: Database) -> None:
    """All that is to be done now."""
    for site_id in await db.aread(lambda conn: retention.sites_due(conn, datetime.now(UTC))):
        await _until_done(db, retention.forget_names, site_id=site_id)
    for site_id in await db.aread(lambda conn: day_sums.sites_to_sum_up(conn, datetime.now(UTC))):
        await _until_done(db, day_sums.keep_day, site_id=site_id)
    await _until_done(db, retention.withdraw_orphans)
    await _until_done(db, retention.drop_orphans)
    await _until_done(db, import_steps.drop_forgotten)
    await _until_done(db, import_steps.sweep)


async def _until_done(db: Database, fn: Command[..., int], **arguments: int) -> None:
    more = 1
    while more:
        more = await db.arun(
            command(Call(datetime.now(UTC), "timer", actor=SYSTEM), fn, **arguments)
        )
        await asyncio.sleep(PAUSE_SECONDS if more else 0)
