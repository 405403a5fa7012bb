"""What terminals show and how they are: kept, and told to screens not too often."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from edge.protocol import Shown, Telemetry
from locker_app.live.seen_terminals import EVERY_SECONDS, HEARD_EVERY, Broker, SeenTerminals
from locker_app.live.topics import Topic
from tests.live import virtual

AT = datetime(2026, 3, 2, tzinfo=UTC)
READY = Shown(headline="Tap your card")


class Touches:
    """Which topics were touched, and when."""

    def __init__(self) -> None:
        self.all: list[tuple[Topic, float]] = []

    def __call__(self, topics: Collection[Topic]) -> None:
        now = asyncio.get_running_loop().time()
        self.all += [(topic, now) for topic in topics]

    @property
    def sites(self) -> list[int]:
        assert all(topic.kind == "terminals" for topic, _ in self.all)
        return [topic.key for topic, _ in self.all]


def test_it_keeps_what_was_said_last_of_each() -> None:
    seen = SeenTerminals()
    assert seen.of(1).shown is None
    seen.shown(7, 1, READY, AT)
    seen.telemetry(7, 1, Telemetry(outbox=3), AT + timedelta(seconds=1))
    seen.heard(7, 1, AT + timedelta(seconds=2))
    known = seen.of(1)
    assert (known.shown, known.shown_at) == (READY, AT)
    assert known.telemetry is not None and known.telemetry.outbox == 3
    assert known.heard_at == AT + timedelta(seconds=2)
    assert seen.of(2).heard_at is None
    seen.forget(7, 1)
    seen.forget(7, 1)
    assert seen.of(1).heard_at is None


def test_many_changes_at_once_are_one_or_two_touches_of_their_site() -> None:
    async def story() -> Touches:
        seen, touches = SeenTerminals(), Touches()
        with seen.telling(touches):
            for number in range(50):
                seen.shown(7, number, READY, AT)
            seen.shown(8, 99, READY, AT)
            await asyncio.sleep(5)
        return touches

    touches = virtual.run(story())
    assert sorted(touches.sites) == [7, 7, 8]
    first, second = [at for topic, at in touches.all if topic.key == 7]
    assert first < 0.01
    assert EVERY_SECONDS <= second - first < 2 * EVERY_SECONDS


def test_what_nobody_could_see_touches_nothing() -> None:
    async def story() -> tuple[int, int, int, int]:
        seen, touches = SeenTerminals(), Touches()
        with seen.telling(touches):
            seen.shown(7, 1, READY, AT)
            seen.telemetry(7, 1, Telemetry(outbox=0, temperature=41.2, up_s=1), AT)
            await asyncio.sleep(1)
            first = len(touches.all)
            seen.shown(7, 1, READY, AT)
            seen.telemetry(7, 1, Telemetry(outbox=0, temperature=41.4, up_s=31), AT)
            seen.heard(7, 1, AT + HEARD_EVERY / 2)
            await asyncio.sleep(1)
            same = len(touches.all)
            seen.heard(7, 1, AT + HEARD_EVERY)
            await asyncio.sleep(1)
            heard = len(touches.all)
            seen.shown(7, 1, Shown(headline="Reading"), AT + HEARD_EVERY)
            await asyncio.sleep(1)
        return first, same, heard, len(touches.all)

    first, same, heard, shown = virtual.run(story())
    assert same == first
    assert (heard, shown) == (first + 1, first + 2)


def test_another_thread_may_tell_and_nobody_needs_to_listen() -> None:
    async def story() -> Touches:
        seen, touches = SeenTerminals(), Touches()
        seen.shown(7, 1, READY, AT)
        heard = asyncio.Event()

        def touch(topics: Collection[Topic]) -> None:
            touches(topics)
            heard.set()

        with seen.telling(touch):
            await asyncio.to_thread(seen.shown, 7, 1, Shown(headline="Offline"), AT)
            await heard.wait()
        seen.shown(7, 1, READY, AT)
        return touches

    assert asyncio.run(story()).sites == [7]


def test_screens_that_say_how_the_broker_is_hear_when_that_changes() -> None:
    async def story() -> Touches:
        seen, touches = SeenTerminals(), Touches()
        with seen.telling(touches):
            assert not seen.broker_for(7).connected
            for _ in range(2):
                seen.broker(Broker("mosquitto", connected=True))
            await asyncio.sleep(1)
        assert seen.broker_for(7).connected
        return touches

    assert virtual.run(story()).sites == [7]
