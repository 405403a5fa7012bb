"""The timer: what is due by time is done, whether or not anybody looks.

It sleeps until the next deadline, and looks every second in case another process made an earlier
one. Everything it does is idempotent, so several processes may run it side by side.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from locker_app.db.database import Database
from locker_app.domain.actors import SYSTEM
from locker_app.services import expiry, push, staff
from locker_app.services.command import Call, command

LONGEST_SLEEP_SECONDS = 1.0
HOUSEKEEPING_EVERY = timedelta(hours=1)

logger = logging.getLogger(__name__)


async def keep_time(db: Database) -> None:
    """Do what becomes due, until cancelled. An outage is logged when it begins and when it ends."""
    failing = False
    housekeeping_at = datetime.now(UTC)
    while True:
        try:
            now = datetime.now(UTC)
            next_at = await db.aread(expiry.next_deadline)
            if next_at is not None and next_at <= now:
                await db.arun(command(Call(now, "timer", actor=SYSTEM), expiry.run_due))
                next_at = await db.aread(expiry.next_deadline)
            if housekeeping_at <= now:
                housekeeping_at = now + HOUSEKEEPING_EVERY
                await db.arun(command(Call(now, "timer", actor=SYSTEM), expiry.forget_old_answers))
                await db.arun(command(Call(now, "timer", actor=SYSTEM), push.drop_ended))
                await db.arun(command(Call(now, "timer", actor=SYSTEM), staff.forget_old_sign_ins))
            if failing:
                logger.warning("the timer works again")
            failing = False
        except Exception:
            if not failing:
                logger.exception("the timer failed; it goes on trying")
            failing, next_at = True, None
        await asyncio.sleep(_pause_seconds(next_at))


def _pause_seconds(next_at: datetime | None) -> float:
    if next_at is None:
        return LONGEST_SLEEP_SECONDS
    left = (next_at - datetime.now(UTC)).total_seconds()
    return min(max(left, 0.01), LONGEST_SLEEP_SECONDS)
