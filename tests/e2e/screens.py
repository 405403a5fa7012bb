"""Somebody's screen: a page of a browser, what went wrong on it, and what it was sent."""

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import (
    ConsoleMessage,
    Locator,
    Page,
    Request,
    WebSocket,
    WebSocketRoute,
    expect,
)

PATIENCE = 30_000  # milliseconds: this machine may be busy with other things

expect.set_options(timeout=PATIENCE)


@dataclass
class Troubles:
    """What no test may have on its screens, unless it says so: messages of failure."""

    found: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note errors in scripts and on the console, and requests that fail. Of answers with an
        error the console tells; to hear of all answers costs a third of what a page costs here."""
        page.on("pageerror", lambda error: self.found.append(f"page error: {error}"))
        page.on("console", self._console)
        page.on("requestfailed", self._failed)

    def allow(self, *patterns: str) -> None:
        """Let messages pass that contain one of these regular expressions."""
        self.allowed += patterns

    def check(self) -> None:
        """Fail when there were any."""
        left = [text for text in self.found if not any(re.search(p, text) for p in self.allowed)]
        assert not left, "\n".join(left)

    def _console(self, message: ConsoleMessage) -> None:
        """The browsers of the tests are in incognito mode, where no push service is to be had."""
        kind, text = message.type, message.text
        if kind in {"error", "warning"} and "Push API in incognito mode" not in text:
            self.found.append(f"console {kind}: {text} {message.location['url']}")

    def _failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # given up when the page is left
            self.found.append(f"failed: {request.url} {request.failure}")


class Screen:
    """A page with what a person does on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[str] = []
        """All text that the server has sent over the websocket, hidden or shown."""
        page.on("websocket", self._listen)

    def open(self, path: str) -> "Screen":
        """Go to a page and wait until it is live."""
        self.page.goto(path)
        return self.is_live()

    def reload(self) -> "Screen":
        """Load the page anew and wait until it is live."""
        self.page.reload()
        return self.is_live()

    def is_live(self) -> "Screen":
        """Wait until the freshness mark says so."""
        expect(self.page.locator(".freshness")).to_have_attribute("data-state", "live")
        return self

    def button(self, name: str, **options: Any) -> Locator:
        """The button with this name."""
        return self.page.get_by_role("button", name=name, **options)

    def press(self, name: str, **options: Any) -> "Screen":
        """Click the button with this name."""
        self.button(name, **options).click()
        return self

    def sees(self, *texts: str) -> "Screen":
        """Wait until each of the texts can be read."""
        for text in texts:
            shown = self.page.get_by_text(text).filter(visible=True)
            expect(shown.first).to_be_visible()
        return self

    def sees_no(self, *texts: str) -> "Screen":
        """Wait until none of the texts can be read."""
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True)).to_have_count(0)
        return self

    def sees_refusal(self, text: str) -> "Screen":
        """Wait until an alert says this."""
        alert = self.page.get_by_role("alert").filter(has_text=text, visible=True)
        expect(alert.first).to_be_visible()
        return self

    @property
    def number(self) -> Locator:
        """The large number of one's own locker."""
        return self.page.get_by_test_id("my-locker")

    @property
    def held(self) -> Locator:
        """The large number of the locker that is held for one."""
        return self.page.get_by_test_id("held-locker")

    @property
    def place(self) -> Locator:
        """The large number of one's place in the waiting list."""
        return self.page.get_by_test_id("my-place")

    @property
    def doors(self) -> Locator:
        """All doors of the cabinet."""
        return self.page.locator(".door")

    def door(self, number: int) -> Locator:
        """One door of the cabinet."""
        return self.doors.nth(number - 1)

    def shows_door(self, number: int, letter: str) -> "Screen":
        """Wait until the door shows the status with this letter."""
        expect(self.door(number)).to_have_attribute("data-status", letter)
        return self

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    @property
    def panel(self) -> Locator:
        """The panel of the door that is open on the board."""
        return self.page.locator("dialog.panel[open]")

    @property
    def question(self) -> Locator:
        """What the board asks before it does something to doors."""
        return self.page.locator("dialog.ask[open]")

    def chip(self, word: str) -> Locator:
        """What filters the board by this status."""
        return self.page.locator(".chip").filter(has_text=word)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: self.frames.append(str(data)))


class HeldBack:
    """Keeps from a screen what the server says, between `begin` and `end`; what the screen says
    still gets through. So a person can press what is no longer true."""

    def __init__(self, page: Page) -> None:
        self._holding = False
        self._only = ""
        self._kept: list[str | bytes] = []
        self._socket: WebSocketRoute | None = None
        page.route_web_socket(re.compile("/_event"), self._connect)

    def begin(self, only: str = "") -> None:
        """Hold back from now on; with `only`, no more than what has this in it."""
        self._holding, self._only = True, only

    def end(self) -> None:
        """Let the screen hear what it has missed, in order, and all that follows."""
        self._holding = False
        assert self._socket is not None
        for message in self._kept:
            self._socket.send(message)
        self._kept.clear()

    def _connect(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.connect_to_server().on_message(self._hear)

    def _hear(self, message: str | bytes) -> None:
        assert self._socket is not None
        pings = message == "2"  # which keeps the connection
        if self._holding and not pings and self._only in str(message):
            self._kept.append(message)
        else:
            self._socket.send(message)
