"""What is tidied up by itself: names that leave the history when their time is over."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from locker_app.db.tables import assignment, event, site
from locker_app.nightly import tidy_up
from locker_app.services.lockers import force_release
from tests.world import World

PATIENCE = 30


def test_names_leave_by_themselves_and_the_log_says_so(world: World) -> None:
    """The process's own clock is the real one, so what happened did so long ago."""
    world.clock.now = datetime.now(UTC) - timedelta(days=60)
    site_id = world.site()
    world.change(update(site).where(site.c.id == site_id).values(names_kept_days=30))
    bank_id = world.bank(site_id)
    gone, stays = world.people(2)
    taken = world.take(gone, bank_id)
    reason = "left its things, says Gone"
    world.run(world.staff(), force_release, locker_id=taken.locker_id, reason=reason)
    world.clock.now = datetime.now(UTC) - timedelta(days=2)
    world.give_back(stays, world.take(stays, bank_id))

    asyncio.run(_until_done(world))

    ended = world.rows(assignment, bank_id=bank_id)
    assert [row.person_id for row in ended] == [None, stays.id]
    (old,) = [row for row in world.rows(event, kind="LockerReleased") if row.reason is None][:1]
    assert old.person_id is None
    (told,) = world.rows(event, kind="NamesForgotten", site_id=site_id)
    assert (told.origin, told.actor_kind, told.details["assignments"]) == ("timer", "system", 1)


async def _until_done(world: World) -> None:
    """As the server runs it, until the log says that it was done."""
    said = asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen(events) -> None:
        if any(one.kind == "NamesForgotten" and one.site_id is not None for one in events):
            loop.call_soon_threadsafe(said.set)

    world.db.listen(listen)
    running = asyncio.create_task(tidy_up(world.db))
    try:
        await asyncio.wait_for(said.wait(), PATIENCE)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
