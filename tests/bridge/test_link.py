"""The connection to the broker itself."""

import asyncio

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
