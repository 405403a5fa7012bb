"""A screen without a browser: Socket.IO by hand, as anybody can speak it to the server.

Every frame that comes is kept, as text, so that a test can look for what must not be in any.
"""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

from locker_app.services.runtime import SESSION_COOKIE
from locker_app.web import live_states

ROOT = "reflex___state____state"
HYDRATE = f"{ROOT}.hydrate_and_load"
MARKER = "_rx_state_"
PATIENCE_SECONDS = 20.0
"""How long the answer to the last event may take in coming."""


def state(place: str) -> str:
    """The name of a State class on the wire: `pages.board.BoardPage`, `live_states.Bank`."""
    module, _, name = place.rpartition(".")
    if module == "live_states":
        module = getattr(live_states, name).__module__.removeprefix("locker_app.web.")
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    return f"{ROOT}.locker_app___web___{module.replace('.', '___')}____{snake}"


def handler(place: str) -> str:
    """The name of a handler on the wire: `pages.board.BoardPage.open_door`."""
    owner, _, name = place.rpartition(".")
    return f"{state(owner)}.{name}"


ECHO = handler("pages.board.BoardPage.act")
"""It says which request it answers, also when it is none that it knows."""


class Screen:
    """One connection to the server, as a tab with this token and a browser with this cookie."""

    def __init__(
        self,
        port: int,
        *,
        session: str | None = None,
        tab: str | None = None,
        source: str = "127.0.0.1",
        host: str | None = None,
        headers: dict[str, str] | None = None,
        hello: Any = None,
    ) -> None:
        self.tab = tab or str(uuid.uuid4())
        self.frames: list[str] = []
        self.vars: dict[str, dict[str, Any]] = {}
        sent = dict(headers or {})
        if session is not None:
            sent["Cookie"] = f"{SESSION_COOKIE}={session}"
        query = urlencode({"token": self.tab, "EIO": "4", "transport": "websocket"})
        self.socket: ClientConnection = connect(
            f"ws://{host or '127.0.0.1'}:{port}/_event/?{query}",
            additional_headers=sent,
            source_address=(source, 0),
            max_size=None,
            legacy=True,
        )
        self._give_up_at = time.monotonic() + PATIENCE_SECONDS
        self.greeting = self.socket.recv(PATIENCE_SECONDS)
        self.say("40/_event," + json.dumps(hello or {}))
        self.until(lambda frame: frame.startswith(("40/_event,", "44/_event,")))

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Go away."""
        self.socket.close()

    def say(self, text: str | bytes) -> None:
        """Send a frame as it is."""
        self.socket.send(text)

    def send(self, name: str, payload: Any = None, at: str = "/", **more: Any) -> None:
        """Send an event by its full name, from a page."""
        path, _, search = at.partition("?")
        query = dict(pair.split("=") for pair in search.split("&") if pair)
        parts = path.strip("/").split("/")
        if len(parts) > 1 and parts[-1].isdecimal():
            query["bank"] = query["queue"] = parts[-1]
        if len(parts) == 2 and parts[0] == "q":
            query["line_code"] = parts[1]
        where = {"pathname": path, "asPath": at, "query": query}
        event = {"name": name, "payload": {} if payload is None else payload, "router_data": where}
        self._give_up_at = time.monotonic() + PATIENCE_SECONDS
        self.say("42/_event," + json.dumps(["event", {**event, **more}]))

    def do(self, place: str, at: str = "/", /, **payload: Any) -> None:
        """Send an event of ours: `screen.do("pages.bank.BankPage.take", request_id="1")`."""
        self.send(handler(place), payload, at)

    def open(self, at: str) -> "Screen":
        """Open a page as its front end does, and wait until it has loaded."""
        self.send(HYDRATE, {}, at)
        self.vars.clear()
        return self.wait_for(ROOT, "is_hydrated", True)

    def wait_for(self, owner: str, name: str, value: Any) -> "Screen":
        """Wait until a var has been sent with this value, or one that it says yes to."""
        good = value if callable(value) else lambda got: got == value
        missing = object()
        got = self.vars.get(owner, {}).get(name, missing)
        while got is missing or not good(got):
            self._receive()
            got = self.vars.get(owner, {}).get(name, missing)
        return self

    def until(self, good: Callable[[str], bool]) -> str:
        """Wait for a frame; it."""
        while not good(frame := self._receive()):
            pass
        return frame

    def settle(self) -> "Screen":
        """Wait until all that was sent before has been handled, and what came of it is here."""
        nonce = uuid.uuid4().hex
        nothing = {"act": "", "doors": [], "reason": "", "minutes": 0}
        self.send(ECHO, {**nothing, "request_id": nonce})
        self.until(lambda frame: nonce in frame)
        return self

    def of(self, place: str) -> dict[str, Any]:
        """The vars of a State class as this screen has them now."""
        return self.vars.get(state(place), {})

    @property
    def heard(self) -> str:
        """All that ever came."""
        return "\n".join(self.frames)

    def _receive(self) -> str:
        while True:
            left = self._give_up_at - time.monotonic()
            frame = str(self.socket.recv(max(left, 0)))
            if frame != "2":
                break
            self.say("3")
        self.frames.append(frame)
        if frame.startswith('42/_event,["event"'):
            for owner, values in (json.loads(frame[10:])[1].get("delta") or {}).items():
                known = self.vars.setdefault(owner, {})
                known.update({name.removesuffix(MARKER): v for name, v in values.items()})
        return frame
