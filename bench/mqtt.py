"""The client's side of MQTT 3.1.1, as cheap as Python allows: dozens of these share two cores with
the server and the broker that are measured."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import cast

_CONNECT, _PUBLISH, _PUBACK, _SUBSCRIBE = 0x10, 0x32, b"\x40\x02", 0x82
_CONNACK, _SUBACK = 2, 9
_CLEAN, _KEEPALIVE_S = 0xC2, 600
_QUICK = getattr(socket, "TCP_QUICKACK", None)


class Refused(Exception):
    """The broker doesn't let it in."""


class Client(asyncio.Protocol):
    """A connection that hands each message to `heard`: the end of its topic, and its body."""

    def __init__(self, name: str, password: str, heard: Callable[[str, bytes], None]) -> None:
        self._name, self._password, self._heard = name, password, heard
        self._rest = b""
        self._next = 0
        self._granted: asyncio.Future[None] | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the broker has let it in."""
        self._transport: asyncio.Transport

    async def subscribe(self, *topics: str) -> None:
        """Subscribe, and wait until it is granted."""
        self._granted = asyncio.get_running_loop().create_future()
        body = b"\x00\x01" + b"".join(_text(topic) + b"\x01" for topic in topics)
        self._transport.write(_packet(_SUBSCRIBE, body))
        await asyncio.wait_for(self._granted, 20)

    def publish(self, topic: str, body: bytes) -> None:
        """Say something, at least once."""
        self._next = self._next % 65_000 + 1
        head = _text(topic) + self._next.to_bytes(2)
        self._transport.write(_packet(_PUBLISH, head + body))
        self._quick()

    def close(self) -> None:
        """Leave."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who it is."""
        self._transport = cast(asyncio.Transport, transport)
        body = _text("MQTT") + bytes((4, _CLEAN)) + _KEEPALIVE_S.to_bytes(2)
        body += _text(self._name) + _text(self._name) + _text(self._password)
        self._transport.write(_packet(_CONNECT, body))

    def connection_lost(self, exc: Exception | None) -> None:
        """One that was never ready was refused."""
        if not self.ready.done():
            self.ready.set_exception(exc or Refused())

    def data_received(self, data: bytes) -> None:
        """Take the whole packets; keep what is left of the last."""
        data = self._rest + data if self._rest else data
        at, end = 0, len(data)
        while end - at >= 2:
            size, start, shift = 0, at + 1, 0
            while start < end:
                byte = data[start]
                size |= (byte & 127) << shift
                start, shift = start + 1, shift + 7
                if byte < 128:
                    break
            else:
                break
            if start + size > end:
                break
            self._packet(data[at], data[start : start + size])
            at = start + size
        self._rest = data[at:]
        self._quick()

    def _packet(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == _PUBLISH >> 4:
            length = int.from_bytes(body[:2])
            topic, body = body[2 : 2 + length].decode(), body[2 + length :]
            if first & 6:
                self._transport.write(_PUBACK + body[:2])
                body = body[2:]
            self._heard(topic, body)
        elif kind == _CONNACK and not self.ready.done():
            if body[1]:
                self.ready.set_exception(Refused())
            else:
                self.ready.set_result(None)
        elif kind == _SUBACK and self._granted is not None and not self._granted.done():
            self._granted.set_result(None)

    def _quick(self) -> None:
        """As the program of a terminal does; the embedded broker waits for it."""
        if _QUICK is not None:
            with contextlib.suppress(OSError):
                sock = self._transport.get_extra_info("socket")
                sock.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)


async def connected(
    port: int, name: str, password: str, heard: Callable[[str, bytes], None]
) -> Client:
    """A client that was let in, as soon as it is: its account may just be on its way.

    Raises:
        Refused: it is not, for long.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + 30
    while True:
        client = Client(name, password, heard)
        try:
            await loop.create_connection(lambda one=client: one, "127.0.0.1", port)
            await asyncio.wait_for(client.ready, 5)
        except (Refused, OSError, TimeoutError):
            if loop.time() > end:
                raise Refused(f"the broker does not let {name} in") from None
            await asyncio.sleep(0.1)
        else:
            return client


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2) + raw


def _packet(first: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, byte = size >> 7, size & 127
        length += bytes((byte | (128 if size else 0),))
        if not size:
            return bytes((first,)) + length + body
