"""A real server with its pages, a browser, and screens for as many people as a test needs.

One server serves all tests. Each test has a bank and people of its own, so that none sees what
another does.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from locker_app.domain.actors import Actor
from locker_app.serving import frontend
from tests import browser as chromium
from tests import running
from tests.e2e.library import SECRET_KEY, Library
from tests.e2e.pool import Pool
from tests.e2e.screens import PATIENCE, HeldBack, Screen, Troubles
from tests.running import Server

NewScreen = Callable[..., Screen]


@pytest.fixture(scope="session")
def _built_pages() -> None:
    """The pages as the sources are now."""
    frontend.ensure_built(lambda: None)


@pytest.fixture(scope="package")
def server(_built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The running server, with the sample library."""
    folder = tmp_path_factory.mktemp("e2e")
    with running.running(folder, CUBBY_SECRET_KEY=SECRET_KEY) as started:
        health = httpx.get(f"{started.url}/health").json()
        assert health["status"] == "ok", health
        yield started
        assert "Traceback" not in started.output, started.output


@pytest.fixture(scope="package")
def library(server: Server) -> Iterator[Library]:
    """The library that the server shows."""
    opened = Library(server.data)
    yield opened
    opened.db.close()


# Not for the session: as long as it runs, Playwright's event loop runs in this thread, and other
# tests could start none.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The browser that all screens are in."""
    started = chromium.launch(playwright)
    yield started
    started.close()


@pytest.fixture(scope="package")
def whole_browser(playwright: Playwright) -> Iterator[Browser]:
    """The browser with all that it has for people, such as notifications."""
    started = chromium.launch(playwright, whole=True)
    yield started
    started.close()


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """Errors of the test's screens; those it doesn't allow make it fail."""
    noted = Troubles()
    yield noted
    noted.check()


@pytest.fixture(scope="package")
def pool(browser: Browser) -> Pool:
    """Browsers of people, which one test uses after the other."""
    return Pool(browser)


@pytest.fixture
def new_context(
    request: pytest.FixtureRequest, library: Library, server: Server, pool: Pool
) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers of their own: cookies and storage are not shared between them. A test that is
    marked with `usefixtures("whole_browser")` gets them of that one."""
    failed = request.session.testsfailed
    whole = "whole_browser" in request.fixturenames
    of_pool: list[BrowserContext] = []
    others: list[BrowserContext] = []

    def make(actor: Actor | None = None, **options: Any) -> BrowserContext:
        wanted: dict[str, Any] = {"base_url": server.url} | options
        if whole or wanted["base_url"] != server.url:
            browser = request.getfixturevalue("whole_browser" if whole else "browser")
            context = cast(Browser, browser).new_context(**wanted)
            context.set_default_timeout(PATIENCE)
            others.append(context)
        else:
            context = pool.take(wanted)
            of_pool.append(context)
        if actor is not None:
            library.signs_in(actor, context, wanted["base_url"])
        return context

    yield make
    for context in others:
        context.close()
    for context in of_pool:
        pool.give_back(context, well=request.session.testsfailed == failed)


@pytest.fixture
def new_tab(troubles: Troubles, pool: Pool) -> Callable[[BrowserContext], Screen]:
    """Opens another tab in a browser."""

    def make(context: BrowserContext) -> Screen:
        page = pool.page(context)
        troubles.watch(page)
        return Screen(page)

    return make


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext], new_tab: Any) -> NewScreen:
    """Makes phones: `phone(person)` is signed in, `phone()` is nobody's."""

    def make(actor: Actor | None = None, **options: Any) -> Screen:
        return new_tab(new_context(actor, **(chromium.PHONE | options)))

    return make


@pytest.fixture
def desktop(new_context: Callable[..., BrowserContext], new_tab: Any) -> NewScreen:
    """Makes laptops: `desktop(admin)` is signed in, `desktop()` is nobody's."""

    def make(actor: Actor | None = None, **options: Any) -> Screen:
        return new_tab(new_context(actor, **(chromium.DESKTOP | options)))

    return make


@pytest.fixture
def hold_back() -> Callable[[Screen], HeldBack]:
    """Takes a screen, before it opens anything, whose news can then be held back."""
    return lambda screen: HeldBack(screen.page)
