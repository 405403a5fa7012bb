"""Reflex as it is pinned, with connections that are made by hand: no server, no browser."""

import asyncio
import itertools
import json
from typing import Any

import reflex as rx
from engineio.async_socket import AsyncSocket
from reflex_base.registry import RegistrationContext

from locker_app.live.frames import offer
from locker_app.live.rooms import NAMESPACE, Rooms
from locker_app.web.live_states import bind_topics

HEADERS = [(b"cookie", b"a=b"), (b"host", b"localhost")]


class Connection:
    """One websocket as Engine.IO and Socket.IO see it."""

    def __init__(self, server: Any, name: str) -> None:
        self.server, self.eio_sid = server, name
        self.socket = AsyncSocket(server.eio, name)
        self.written: list[bytes] = []
        self.scope: dict[str, Any] = {"headers": HEADERS, "client": ("10.0.0.9", 1)}
        self.scope["extensions"] = {}
        server.eio.sockets[name] = self.socket

    async def connect(self, token: str) -> str:
        """Connect to Reflex's namespace with a tab's token; the Socket.IO id."""
        environ = {"QUERY_STRING": f"token={token}", "asgi.scope": self.scope}
        self.server.environ[self.eio_sid] = environ
        await self.server._handle_connect(self.eio_sid, NAMESPACE, {})
        sid = self.server.manager.sid_from_eio_sid(self.eio_sid, NAMESPACE)
        assert sid is not None
        self.queued()
        return sid

    async def leave(self) -> None:
        """End the connection, as its client or the network does."""
        await self.socket.close(wait=False, abort=True)

    def take_whole_frames(self) -> None:
        """Be a connection of our own server."""
        offer(self.scope, self.written.append)

    def queued(self) -> list[str]:
        """What is in Engine.IO's queue for it, as text; taken out."""
        texts = []
        while not self.socket.queue.empty():
            texts.append(str(self.socket.queue.get_nowait().encode()))
        return texts

    def deltas(self) -> list[dict[str, Any]]:
        """The state updates in the queue."""
        return [json.loads(text.removeprefix("42/_event,"))[1]["delta"] for text in self.queued()]


class ReflexApp:
    """An app of Reflex's with its websocket side set up, and our rooms on it."""

    def __init__(self) -> None:
        RegistrationContext.set(RegistrationContext.ensure_context().fork())
        self.app = rx.App()
        self.app._enable_state()
        assert self.app.sio is not None
        self.server = self.app.sio
        self.namespace: Any = self.app.event_namespace
        self.rooms = Rooms(self.app)
        bind_topics(self.rooms)
        self._names = (f"connection-{number}" for number in itertools.count(1))

    async def connect(self, token: str | None = None) -> tuple[Connection, str]:
        """A new connection and its Socket.IO id."""
        connection = Connection(self.server, next(self._names))
        return connection, await connection.connect(token or connection.eio_sid)

    async def forgets(self) -> None:
        """Wait until Reflex has forgotten who left: it does so in tasks of its own."""
        while self.namespace.sid_to_token:  # noqa: ASYNC110
            await asyncio.sleep(0)


def run(main: Any) -> None:
    """Run a test with an app of its own."""
    asyncio.run(main(ReflexApp()))
