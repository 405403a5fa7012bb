"""Pages that are open on real websockets, hundreds of them, each knowing what it shows."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from bench.screens import Screen, connect
from tests.security.wire import MARKER, handler, state

PATIENCE_SECONDS = 60.0
_FRAME = b'42/_event,["event",'


class Phone:
    """A tab on a page of a queue, with somebody's session. It can lose its connection and come
    back, as browsers do by themselves."""

    page, segment = "/q", "line_code"

    def __init__(self, about: int | str, token: str) -> None:
        self.vars: dict[str, dict[str, Any]] = {}
        self._about, self._token, self._tab = about, token, str(uuid.uuid4())
        self._changed = asyncio.Event()
        self.screen: Screen

    def appear(self) -> Screen:
        """A new connection of the same tab, which is to be opened."""
        self.screen = Screen(
            self.page, self._about, self._token, segment=self.segment, tab=self._tab
        )
        self.screen.on_frame = self._on_frame
        return self.screen

    def of(self, place: str) -> dict[str, Any]:
        """The vars of a State class, as they are shown."""
        return self.vars.get(state(place), {})

    def do(self, place: str, **payload: Any) -> None:
        """Press something."""
        self.screen.event(handler(place), **payload)

    async def until(self, good: Callable[[], Any]) -> None:
        """Wait until something is shown."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not good():
                self._changed.clear()
                await self._changed.wait()

    def _on_frame(self, frame: bytes) -> None:
        if not frame.startswith(_FRAME):
            return
        for owner, values in (json.loads(frame[len("42/_event,") :])[1].get("delta") or {}).items():
            shown = self.vars.setdefault(owner, {})
            shown.update({name.removesuffix(MARKER): value for name, value in values.items()})
        self._changed.set()


class Student(Phone):
    """Somebody who wants help."""

    def __init__(self, code: str, token: str, group: str) -> None:
        super().__init__(code, token)
        self._form = {"group": group, "question": "", "room_pin": ""}
        self._key = uuid.uuid4().hex

    def join(self) -> None:
        """Take a ticket; again, when it is not known whether that was heard."""
        self.do("pages.queue.QueuePage.join", form=self._form, request_id=self._key)

    @property
    def ticket(self) -> dict[str, Any]:
        """The ticket that is shown; empty when there is none."""
        rows = self.of("live_states.Tickets").get("rows") or [{}]
        return rows[0]

    async def joined(self) -> int:
        """Wait for the ticket; its number."""
        await self.until(lambda: self.ticket)
        return self.ticket["number"]


class Professor(Phone):
    """Somebody who helps."""

    page, segment = "/staff/queues", "queue"

    def __init__(self, queue_id: int, token: str) -> None:
        super().__init__(queue_id, token)
        self._queue_id = queue_id
        self._key = ""

    def press(self, *, again: bool = False) -> None:
        """Complete and call next; `again` when it is not known whether the last was heard."""
        self._key = self._key if again else uuid.uuid4().hex
        self.do("pages.helm.HelmPage.press", queue_id=self._queue_id, request_id=self._key)

    @property
    def open_tickets(self) -> int:
        """How many tickets the dashboard shows that wait or are served."""
        shown = self.of("live_states.Helm")
        return len(shown.get("line", [])) + len(shown.get("serving", []))


async def appear(port: int, phones: Iterable[Phone]) -> None:
    """Let all of them connect, and wait until each shows its queue."""
    phones = list(phones)
    for phone in phones:
        phone.vars.clear()
    await connect(port, [phone.appear() for phone in phones])
    for phone in phones:
        await phone.until(lambda phone=phone: phone.of(_shown(phone)).get("queue_id"))


def _shown(phone: Phone) -> str:
    return "live_states.Helm" if isinstance(phone, Professor) else "live_states.Line"
