"""Screens without a browser: Reflex's protocol over Socket.IO over Engine.IO, spoken by hand.

A screen connects as the compiled pages do, with the hydration in the connect packet, and so runs
the page's own `on_load`: it really watches. A crowd of them notes when the last has heard.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from bench.wire import Wire

HYDRATE = "reflex___state____state.hydrate_and_load"
PAGES = "reflex___state____state.locker_app___web___pages___"
DOORS = b'"doors_rx_state_"'
"""Stands in each frame that shows the doors of a bank."""


class Screen(Wire):
    """One open page."""

    def __init__(
        self,
        page: str,
        about: int | str,
        token: str | None = None,
        *,
        segment: str = "bank",
        tab: str | None = None,
    ) -> None:
        client = tab or uuid.uuid4()
        cookie = [("Cookie", f"cubby_session={token}")] if token else []
        super().__init__(f"/_event/?token={client}&EIO=4&transport=websocket", cookie)
        address = f"{page}/{about}"
        self._router = {"pathname": address, "query": {segment: str(about)}, "asPath": address}
        self.on_frame: Callable[[bytes], None] = _ignore

    def opened(self) -> None:
        """Engine.IO speaks next."""

    def event(self, name: str, **payload: Any) -> None:
        """Send an event, as a click does."""
        said = {"name": name, "payload": payload, "router_data": self._router}
        self.send(b"42/_event," + json.dumps(["event", said]).encode())

    def heard(self, text: bytes) -> None:
        """Answer the protocol, pass on the rest."""
        if text.startswith(b"42"):
            self.on_frame(text)
        elif text == b"2":
            self.send(b"3")
        elif text.startswith(b"0"):
            boot = {"name": HYDRATE, "payload": {}, "router_data": self._router}
            self.send(b"40/_event," + json.dumps({"event": boot}).encode())
        elif text.startswith(b"40/_event") and not self.ready.done():
            self.ready.set_result(None)


class Crowd:
    """Connections that are to hear the same; says when the last of them has."""

    def __init__(self, mark: bytes) -> None:
        self.members: list[Wire] = []
        self._mark = mark
        self._waiting: set[Wire] = set()
        self._all: asyncio.Future[float] | None = None
        self.heard_at: list[float] = []
        """When each of them has heard what was expected last."""

    def add(self, member: Wire) -> None:
        """Count this one from now on."""
        self.members.append(member)

    def hear(self, member: Wire, frame: bytes) -> None:
        """A frame has come for a member."""
        if self._mark in frame and member in self._waiting:
            self._waiting.discard(member)
            self.heard_at.append(time.perf_counter())
            if not self._waiting and self._all is not None and not self._all.done():
                self._all.set_result(self.heard_at[-1])

    def expect(self) -> "asyncio.Future[float]":
        """The moment at which each member will have heard the mark once more."""
        self._waiting = set(self.members)
        self.heard_at = []
        self._all = asyncio.get_running_loop().create_future()
        return self._all

    def close(self) -> None:
        """Send everybody home."""
        for member in self.members:
            member.close()


async def connect(port: int, wires: Iterable[Wire], at_once: int = 20) -> None:
    """Open the connections, a few at a time, and wait until each is ready."""
    loop = asyncio.get_running_loop()
    turns = asyncio.Semaphore(at_once)

    async def one(wire: Wire) -> None:
        async with turns:
            await loop.create_connection(lambda: wire, "127.0.0.1", port)
            await asyncio.wait_for(wire.ready, 30)

    await asyncio.gather(*(one(wire) for wire in wires))


async def open_crowd(port: int, screens: list[Screen], mark: bytes) -> Crowd:
    """Open pages and wait until each shows what the mark stands for.

    Raises:
        TimeoutError: some never did.
    """
    crowd = Crowd(mark)
    for screen in screens:
        crowd.add(screen)
        screen.on_frame = _hearing(crowd, screen)
    shown = crowd.expect()
    await connect(port, screens)
    await asyncio.wait_for(shown, 60)
    return crowd


def _hearing(crowd: Crowd, screen: Screen) -> Callable[[bytes], None]:
    return lambda frame: crowd.hear(screen, frame)


def _ignore(_frame: bytes) -> None:
    """Nobody listens yet."""
