"""Charging spots on screens: what a change costs on the wire, and what moves on with time."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from locker_app.live.hub import Hub
from locker_app.live.kinds import KINDS
from locker_app.live.projections.wire import Vars
from locker_app.live.topics import ALL, Topic
from locker_app.services.bookings import book
from tests.world import World


class Screens:
    """Those who watch some topics, and what they were sent."""

    def __init__(self, *topics: Topic) -> None:
        self.topics, self.sent = set(topics), list[tuple[Topic, Vars]]()
        self._came = asyncio.Event()

    def watched(self, topic: Topic) -> bool:
        return topic in self.topics

    def send(self, topic: Topic, values: Vars) -> None:
        self.sent.append((topic, values))
        self._came.set()

    def beat(self, at: Any) -> None:
        """Nobody listens."""

    def sessions(self) -> set[int]:
        return set()

    def evict(self, session_id: int) -> None:
        raise AssertionError(session_id)

    async def until_sent(self, how_many: int) -> None:
        async with asyncio.timeout(30):
            while len(self.sent) < how_many:
                self._came.clear()
                await self._came.wait()


def take(world: World, charger_id: int, minutes: int = 60) -> None:
    """Somebody books a spot."""
    leaves = world.clock.now + timedelta(minutes=minutes)
    world.run(world.person(), book, charger_id=charger_id, leaves_at=leaves, shown_as="B-AB 1234")


@pytest.mark.parametrize("count", [8, 50, 500])
def test_a_change_costs_as_much_with_many_spots(world: World, count: int) -> None:
    site = world.site()
    ids = world.chargers(site, count)
    project = KINDS["chargers"].project
    for one in ids[:40:2]:
        take(world, one)

    def sent() -> Vars:
        values = world.db.read(lambda conn: project(conn, site, world.clock.now))
        assert values is not None
        return values

    before = sent()
    take(world, ids[1])
    after = sent()
    changed = {name: value for name, value in after.items() if before[name] != value}
    assert set(changed) == {"now_0"}
    assert len(json.dumps(changed, separators=(",", ":"))) < 800


def test_what_is_likely_moves_on_with_time(world: World) -> None:
    site = world.site()
    (charger_id,) = world.chargers(site, 1)
    take(world, charger_id, 10)
    chargers, home = Topic("chargers", site), Topic("home", ALL)
    screens = Screens(chargers, home, Topic("places", ALL))

    async def run() -> None:
        async with Hub(world.db, screens, lambda: world.clock.now).running() as hub:
            for topic in screens.topics:
                hub.snapshot(topic)
            await screens.until_sent(3)
            world.clock.now += timedelta(minutes=10, seconds=30)
            hub.move_on()
            await screens.until_sent(5)

    asyncio.run(run())
    moved = dict(screens.sent[3:])
    assert set(moved) == {chargers, home}
    assert moved[chargers]["now_0"][0][1] == "leaving"
    assert set(moved[chargers]) == {"now_0"}
