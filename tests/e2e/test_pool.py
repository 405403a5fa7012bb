"""A page that tests use again is as new for each of them."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import DESKTOP
from tests.e2e.pool import Pool
from tests.running import Server

LEAVE = """async () => {
  document.cookie = "left=1";
  localStorage.setItem("left", "1");
  sessionStorage.setItem("left", "1");
  window.name = "left";
  await caches.open("left");
  history.pushState({}, "", "/left");
}"""
FIND = """async () => ({
  cookies: document.cookie,
  local: localStorage.length,
  session: sessionStorage.length,
  name: window.name,
  caches: await caches.keys(),
  back: navigation.canGoBack,
  wide: innerWidth,
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
  print: matchMedia("print").matches,
  still: matchMedia("(prefers-reduced-motion: reduce)").matches,
  online: navigator.onLine,
})"""
QUIET = "/logo.svg"


def found(page: Page) -> dict[str, Any]:
    page.goto(QUIET)
    return page.evaluate(FIND)


def test_nothing_is_left_of_the_test_before(browser: Browser, server: Server) -> None:
    pool, options = Pool(browser), {"base_url": server.url} | DESKTOP
    heard: list[str] = []

    def tab() -> tuple[BrowserContext, Page]:
        context = pool.take(options)
        return context, pool.page(context)

    context, page = tab()
    as_new = found(page)
    page.on("response", lambda answer: heard.append(answer.url))
    page.evaluate(LEAVE)
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme="dark", media="print", reduced_motion="reduce")
    pool.page(context).goto(QUIET)  # a second tab
    context.set_offline(True)
    left = page.evaluate(FIND)
    assert [what for what, value in as_new.items() if left[what] == value] == []
    pool.give_back(context, well=True)

    heard.clear()
    again, same = tab()
    assert same is page
    assert found(same) == as_new
    assert again.pages == [page]
    assert heard == []
    pool.give_back(again, well=False)


def test_what_cannot_be_undone_ends_a_browser(browser: Browser, server: Server) -> None:
    pool, options = Pool(browser), {"base_url": server.url} | DESKTOP
    ways: list[Callable[[BrowserContext, Page], Any]] = [
        lambda _, page: page.add_init_script("0"),
        lambda _, page: page.route("**/x", lambda route: route.abort()),
        lambda context, _: context.grant_permissions(["notifications"]),
        lambda context, _: context.close(),
    ]
    for spoils in ways:
        context = pool.take(options)
        page = pool.page(context)
        spoils(context, page)
        pool.give_back(context, well=True)
        assert page.is_closed()
