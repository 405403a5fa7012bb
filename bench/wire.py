"""The client's side of one websocket, as cheap as Python allows.

Hundreds of these share two cores with the server that is measured, so frames are taken from the
bytes as they come and nothing in them is looked at here.
"""

import asyncio
import struct
from collections.abc import Sequence
from typing import cast

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_FINAL = 0x80
_NO_MASK = bytes(4)
"""Clients must mask what they send; by this mask nothing changes."""


class Wire(asyncio.Protocol):
    """A websocket that hands each text frame to `heard`."""

    def __init__(self, path: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        self._path = path
        self._headers = headers
        self._rest = b""
        self._open = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the other side has taken the connection as far as its protocol goes."""
        self.transport: asyncio.Transport

    def heard(self, text: bytes) -> None:
        """A text frame has come. For subclasses."""

    def opened(self) -> None:
        """The websocket is open. For subclasses with more to agree on."""
        self.ready.set_result(None)

    def send(self, text: bytes) -> None:
        """Send a text frame."""
        self._send(TEXT, text)

    def keep(self, data: bytes) -> None:
        """Send a binary frame: the bare server keeps it, to broadcast it later."""
        self._send(BINARY, data)

    def close(self) -> None:
        """Leave without ceremony."""
        self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the websocket."""
        self.transport = cast(asyncio.Transport, transport)
        host, port = transport.get_extra_info("peername")[:2]
        lines = [
            f"GET {self._path} HTTP/1.1",
            f"Host: {host}:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
            *(f"{name}: {value}" for name, value in self._headers),
        ]
        self.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that was never ready was refused."""
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Take the whole frames; keep what is left of the last."""
        if self._rest:
            data = self._rest + data
        if not self._open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(ConnectionError(head.decode("latin-1").split("\r\n")[0]))
                return
            self._open = True
            self.opened()
        at, end = 0, len(data)
        while end - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2]), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[start : start + 8]), at + 10
            if start + length > end:
                break
            self._frame(data[at] & 15, data[start : start + length])
            at = start + length
        self._rest = data[at:]

    def _frame(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            self.heard(payload)
        elif kind == PING:
            self._send(PONG, payload)
        elif kind == CLOSE:
            self.transport.close()

    def _send(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = bytes((_FINAL | kind, 0x80 | length))
        else:
            head = struct.pack("!BBH", _FINAL | kind, 0x80 | 126, length)
        self.transport.write(head + _NO_MASK + payload)
