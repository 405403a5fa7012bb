"""Pages that tests use one after the other, as if each had a new browser.

Most of what a page costs in a new browser is a new process, which knows no script yet: half a
second of a processor. So each page stays where it is, and all is undone that a test did to it. What
can't be undone closes its browser.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.e2e.screens import PATIENCE

_KEPT = 4
"""Browsers of one kind at most that wait for the next test."""
_NO_SCRIPTS = "/logo.svg"
"""A page of the same server, so of the same process, on which nothing runs."""
_FORGET = "() => { sessionStorage.clear(); window.name = ''; }"
_USUAL_MEDIA: Any = dict.fromkeys(
    ("media", "color_scheme", "reduced_motion", "forced_colors", "contrast"), "null"
)
_STAYS_IN_A_PAGE = (
    *("add_init_script", "expose_binding", "expose_function", "once", "route", "route_from_har"),
    *("route_web_socket", "set_default_navigation_timeout", "set_default_timeout"),
    "set_extra_http_headers",
)
_STAYS_IN_A_CONTEXT = (
    *_STAYS_IN_A_PAGE,
    *("grant_permissions", "new_cdp_session", "on", "set_geolocation"),
)
"""What nobody here can undo, or hears of."""


class Used:
    """A browser of one person, with its first page."""

    def __init__(self, browser: Browser, options: dict[str, Any]) -> None:
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.is_given = False
        """Whether the test has the page already."""
        self._address, self._size = options["base_url"], options["viewport"]
        self._tools = self.context.new_cdp_session(self.page)
        self._listeners: list[tuple[Any, Callable[..., Any]]] = []
        self._is_spoilt = False
        for one, names in ((self.page, _STAYS_IN_A_PAGE), (self.context, _STAYS_IN_A_CONTEXT)):
            for name in names:
                setattr(one, name, self._spoilt_by(getattr(one, name)))
        setattr(self.page, "on", self._noting(self.page.on))  # noqa: B010 - it has overloads

    def is_as_new(self) -> bool:
        """Undo what a test did; whether that could be done."""
        if self._is_spoilt:
            return False
        with suppress(Error):
            self._undo()
            return True
        return False

    def _undo(self) -> None:
        for other in self.context.pages:
            if other is not self.page:
                other.close()
        for heard in self._listeners:
            self.page.remove_listener(*heard)
        self._listeners.clear()
        self.context.set_offline(False)
        self.page.goto(_NO_SCRIPTS)
        self.page.evaluate(_FORGET)
        self._tools.send(
            "Storage.clearDataForOrigin", {"origin": self._address, "storageTypes": "all"}
        )
        self._tools.send("Page.resetNavigationHistory")
        self.context.clear_cookies()
        self.page.emulate_media(**_USUAL_MEDIA)
        self.page.set_viewport_size(self._size)
        self.is_given = False

    def _spoilt_by(self, does: Callable[..., Any]) -> Callable[..., Any]:
        def spoil(*args: Any, **options: Any) -> Any:
            self._is_spoilt = True
            return does(*args, **options)

        return spoil

    def _noting(self, on: Callable[..., Any]) -> Callable[..., Any]:
        def note(event: Any, heard: Callable[..., Any]) -> None:
            self._listeners.append((event, heard))
            on(event, heard)

        return note


class Pool:
    """Browsers that no test uses just now, and those that were taken."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[Used]] = defaultdict(list)
        self._taken: dict[BrowserContext, tuple[str, Used]] = {}

    def take(self, options: dict[str, Any]) -> BrowserContext:
        """One with these options, that knows nobody and shows nothing."""
        kind = repr(sorted(options.items()))
        used = self._free[kind].pop() if self._free[kind] else Used(self._browser, options)
        self._taken[used.context] = (kind, used)
        return used.context

    def page(self, context: BrowserContext) -> Page:
        """A new tab, or what is one."""
        _, used = self._taken.get(context, ("", None))
        if used is None or used.is_given:
            return context.new_page()
        used.is_given = True
        return used.page

    def give_back(self, context: BrowserContext, *, well: bool) -> None:
        """A test is done with it; it went `well`, or who knows what it has left."""
        kind, used = self._taken.pop(context)
        if well and len(self._free[kind]) < _KEPT and used.is_as_new():
            self._free[kind].append(used)
        else:
            context.close()
