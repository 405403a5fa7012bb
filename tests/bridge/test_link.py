"""The connection to the broker itself."""

import asyncio

import pytest
import uvloop

from locker_app.bridge.link import Incoming, Link
from tests.broker import PATIENCE, Client, TestBroker, lets_in, wait_until


def test_what_is_taken_in_any_order_is_acknowledged_in_that_of_its_coming(
    real_embedded: TestBroker,
) -> None:
    """The embedded broker ends a connection that does otherwise, as MQTT allows it to."""
    password = real_embedded.add("door-1")
    wait_until(lambda: lets_in(real_embedded.broker, "door-1", password), "the account")
    asyncio.run(_take_backwards(real_embedded, password))


async def _take_backwards(broker: TestBroker, password: str) -> None:
    came: asyncio.Queue[Incoming] = asyncio.Queue()
    lost: list[str] = []
    ready = asyncio.Event()
    link = Link(
        broker.broker,
        ["cubby/1/+/srv/state", "cubby/1/+/+/avail"],
        on_message=came.put_nowait,
        on_connected=ready.set,
        on_lost=lost.append,
    )
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
            with Client(broker, "door-1", password) as client:
                for _ in range(2):
                    for number in range(5):
                        await asyncio.to_thread(client.publish, _TOPIC, b"%d" % number)
                    waiting = [await came.get() for _ in range(5)]
                    assert [one.body for one in waiting] == [b"%d" % n for n in range(5)]
                    for one in reversed(waiting):
                        one.taken()
                        one.taken()  # which counts once
        assert lost == []
    finally:
        running.cancel()
        await asyncio.wait([running])


_TOPIC = "cubby/1/1/door-1/avail"


@pytest.mark.parametrize("which", ["real_mosquitto", "real_embedded"])
def test_much_that_is_said_at_once_comes_whole(which: str, request: pytest.FixtureRequest) -> None:
    """More than the system takes in one go, and small ones between."""
    said = [b"%d" % n * (5_000 if n % 3 == 0 else 1) for n in range(400)]
    came, lost = uvloop.run(_say_at_once(request.getfixturevalue(which), said))
    assert (came, lost) == (said, [])


async def _say_at_once(broker: TestBroker, said: list[bytes]) -> tuple[list[bytes], list[str]]:
    came: asyncio.Queue[Incoming] = asyncio.Queue()
    lost: list[str] = []
    ready = asyncio.Event()
    link = Link(
        broker.broker,
        ["cubby/1/nowhere/srv/state", _TOPIC],
        on_message=came.put_nowait,
        on_connected=ready.set,
        on_lost=lost.append,
    )
    running = asyncio.create_task(link.run())
    heard = []
    try:
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
            for body in said:
                assert link.publish(_TOPIC, body)
            while len(heard) < len(said):
                one = await came.get()
                one.taken()
                heard.append(one.body)
    finally:
        running.cancel()
        await asyncio.wait([running])
    return heard, lost
