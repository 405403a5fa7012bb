"""Somebody who gets a locker and gives it back by the HTTP API, over one connection kept open."""

import asyncio
import json
import time
import uuid
from typing import Any, cast

from bench.library import BANK
from bench.person import PATIENCE_SECONDS, Answered


class Caller(asyncio.Protocol):
    """A client of `/api/v1` with a bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._claim = 0
        self._rest = b""
        self._answer: asyncio.Future[tuple[int, bytes]]
        self._transport: asyncio.Transport

    async def take(self) -> Answered:
        """Get a locker."""
        answered, body = await self._post(f"/api/v1/banks/{BANK}/take")
        if answered.done:
            self._claim = body["assignment_id"]
        return answered

    async def give_back(self) -> Answered:
        """Give it back."""
        return (await self._post(f"/api/v1/assignments/{self._claim}/give-back"))[0]

    async def join(self, queue_id: int, group: str) -> tuple[Answered, int]:
        """Take a ticket; its number."""
        path = f"/api/v1/queues/{queue_id}/tickets"
        answered, body = await self._post(path, {"group": group})
        return answered, body.get("number", 0)

    async def reset(self, queue_id: int) -> Answered:
        """Clear the line."""
        return (await self._post(f"/api/v1/queues/{queue_id}/reset"))[0]

    async def until_shown(self, mine: bool) -> None:
        """The answer says it all."""

    def close(self) -> None:
        """Leave."""
        self._transport.close()

    async def _post(
        self, path: str, asked: dict[str, Any] | None = None
    ) -> tuple[Answered, dict[str, Any]]:
        key = uuid.uuid4().hex
        sent = b"" if asked is None else json.dumps(asked).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(sent)}\r\n"
            "Content-Type: application/json\r\n"
            f"Authorization: Bearer {self._token}\r\nIdempotency-Key: {key}\r\n\r\n"
        )
        self._answer = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._transport.write(head.encode() + sent)
        async with asyncio.timeout(PATIENCE_SECONDS):
            status, body = await self._answer
        took = time.perf_counter() - began
        return Answered(key, took, status == 200), json.loads(body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Nothing to agree on first."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer waits in vain."""
        if hasattr(self, "_answer") and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Answer once head and body are here."""
        self._rest += data
        head, found, body = self._rest.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) >= length:
            self._rest = b""
            self._answer.set_result((int(head.split(b" ", 2)[1]), body))
