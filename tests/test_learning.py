"""The forecasts are warm soon after the start, at every site."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from locker_app import learning
from locker_app.domain.forecast import Going
from locker_app.queries.forecasts import promise
from tests.bookings import a_booking, a_charger
from tests.world import World


def test_all_sites_are_learnt_and_one_failure_does_not_end_it(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    sites = [world.site(), world.site()]
    for site_id in sites:
        spot = a_charger(world, site_id)
        a_booking(world, spot, now - timedelta(hours=2), now - timedelta(hours=1))
    failed: list[int] = []
    keep_up = learning.keep_up

    def at_first_not(conn: object, site_id: int, at: datetime) -> None:
        if not failed:
            failed.append(site_id)
            raise RuntimeError("at first")
        keep_up(conn, site_id, at)  # pyright: ignore[reportArgumentType]

    def known(site_id: int) -> bool:
        return world.db.read(lambda conn: promise(conn, site_id, Going(now), now)) is not None

    def until_known(conn: object, site_id: int, at: datetime) -> None:
        at_first_not(conn, site_id, at)
        if all(known(one) for one in sites):
            raise asyncio.CancelledError

    async def learn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await learning.keep_learning(world.db)

    monkeypatch.setattr(learning, "keep_up", until_known)
    monkeypatch.setattr(learning, "EVERY_SECONDS", 0.01)
    asyncio.run(asyncio.wait_for(learn(), 30))
    assert failed == sites[:1]
    assert [record.message for record in caplog.records if "learning" in record.message] == [
        "learning from past stays failed; it is tried again"
    ]
