"""Somebody with a page open who gets a locker and gives it back, by the buttons of that page."""

import asyncio
import re
import time
import uuid
from dataclasses import dataclass

from bench.screens import Screen

PAGE = "/lockers"
_HANDLERS = "reflex___state____state.locker_app___web___pages___bank____bank_page."
_ANSWER = b"____feedback"
_REFUSED = b'"bad"'
_CLAIMS = re.compile(rb'"claims_rx_state_":\[(?:\{"assignment_id":(\d+))?')
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A command that was answered: under which key, how long it took, whether it was done."""

    key: str
    seconds: float
    done: bool


class Person:
    """Acts on a screen of `/lockers/<bank>`."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._loop = asyncio.get_running_loop()
        self._then = screen.on_frame
        screen.on_frame = self._on_frame
        self._answer: asyncio.Future[tuple[float, bool]] | None = None
        self._claim: int | None = None
        self._shown = asyncio.Event()

    async def take(self) -> Answered:
        """Get a locker, and wait until the page says so."""
        answered = await self._command("take")
        if answered.done:
            await self.until_shown(True)
        return answered

    async def give_back(self) -> Answered:
        """Give it back."""
        return await self._command("give_back", assignment_id=self._claim)

    async def until_shown(self, mine: bool) -> None:
        """Wait until the page shows a locker as mine, or none."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (self._claim is not None) is not mine:
                self._shown.clear()
                await self._shown.wait()

    def close(self) -> None:
        """Close the page."""
        self.screen.close()

    async def _command(self, name: str, **payload: object) -> Answered:
        key = uuid.uuid4().hex
        self._answer = self._loop.create_future()
        began = time.perf_counter()
        self.screen.event(_HANDLERS + name, request_id=key, **payload)
        async with asyncio.timeout(PATIENCE_SECONDS):
            at, done = await self._answer
        return Answered(key, at - began, done)

    def _on_frame(self, frame: bytes) -> None:
        self._then(frame)
        if self._answer is not None and not self._answer.done() and _ANSWER in frame:
            self._answer.set_result((time.perf_counter(), _REFUSED not in frame))
        elif (claims := _CLAIMS.search(frame)) is not None:
            self._claim = int(claims[1]) if claims[1] else None
            self._shown.set()
