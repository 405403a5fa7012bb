"""Web push in a browser. Chromium reaches no push service here, so `PushManager` alone is a stub,
and what a service would deliver is given to the real service worker by the developer tools."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, CDPSession, Response, expect

from locker_app.db.tables import push_subscription, queue
from tests.e2e.library import Library
from tests.e2e.screens import Screen
from tests.push.browsers import ENDPOINT, Phone
from tests.running import Server

pytestmark = pytest.mark.usefixtures("whole_browser")

STUB = """(subscription) => {
  let kept = null;
  const make = (key) => ({
    endpoint: subscription.endpoint,
    options: { applicationServerKey: key },
    toJSON: () => subscription,
    unsubscribe: async () => ((kept = null), true),
  });
  PushManager.prototype.getSubscription = async () => kept;
  PushManager.prototype.subscribe = async (options) => {
    window.asked = { visible: options.userVisibleOnly, key: options.applicationServerKey.length };
    return (kept = make(options.applicationServerKey.buffer));
  };
}"""

CLICK = """async (data) => {
  const opened = [], focused = [];
  Clients.prototype.openWindow = async (path) => { opened.push(path); };
  WindowClient.prototype.focus = async function () { focused.push(new URL(this.url).pathname); };
  await self.registration.showNotification("Your turn", { data });
  const [notification] = await self.registration.getNotifications();
  const event = new NotificationEvent("notificationclick", { notification });
  let work = null;
  event.waitUntil = (promise) => { work = promise; };
  self.dispatchEvent(event);
  await work;
  return { opened, focused, left: (await self.registration.getNotifications()).length };
}"""
"""A tap on a notification. Only a real one lets a worker open or focus a window: what it would do
with these is noted instead."""

CHANGE = """async ([old, fresh, given]) => {
  const asked = [];
  const made = (one) => ({
    endpoint: one.endpoint,
    options: { userVisibleOnly: true, applicationServerKey: "key" },
    toJSON: () => one,
  });
  PushManager.prototype.subscribe = async (options) => { asked.push(options); return made(fresh); };
  const event = new ExtendableEvent("pushsubscriptionchange");
  event.oldSubscription = made(old);
  event.newSubscription = given ? made(fresh) : null;
  let work = null;
  event.waitUntil = (promise) => { work = promise; };
  self.dispatchEvent(event);
  await work;
  return asked;
}"""
"""The push service has another address for this browser, which is given, or has to be asked for."""


class Worker:
    """The page's service worker, as the developer tools see it."""

    def __init__(self, context: BrowserContext, screen: Screen) -> None:
        self.screen = screen
        self._tools: CDPSession = context.new_cdp_session(screen.page)
        self._versions: list[dict[str, Any]] = []
        self._tools.on("ServiceWorker.workerVersionUpdated", self._note)
        self._tools.send("ServiceWorker.enable")

    def _note(self, told: dict[str, Any]) -> None:
        self._versions += told["versions"]

    def push(self, server: Server, message: dict[str, str]) -> None:
        """What a push service would deliver, decrypted."""
        for _ in range(600):
            if self._versions:
                break
            self.screen.page.wait_for_timeout(50)
        told = {
            "origin": server.url,
            "registrationId": self._versions[-1]["registrationId"],
            "data": json.dumps(message),
        }
        self._tools.send("ServiceWorker.deliverPushMessage", told)

    def run(self, script: str, given: Any) -> Any:
        """Run a function in the worker; what it returns."""
        (worker,) = self.screen.page.context.service_workers
        return worker.evaluate(script, given)

    def shown(self) -> list[dict[str, Any]]:
        """The notifications that stand there."""
        return self.screen.page.evaluate(
            """async () => {
              const worker = await navigator.serviceWorker.getRegistration();
              const shown = await worker.getNotifications();
              return shown.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
            }"""
        )

    def until_shown(self, titles: list[str]) -> list[dict[str, Any]]:
        for _ in range(600):
            shown = self.shown()
            if [one["title"] for one in shown] == titles:
                return shown
            self.screen.page.wait_for_timeout(50)
        raise AssertionError(f"{titles} expected, {self.shown()} shown")


def _keeps(answer: Response) -> bool:
    return answer.url.endswith("/auth/push") and answer.request.method == "POST"


def _kept(library: Library) -> Any:
    """The subscription that was made last: its session has no other."""
    rows = library.rows(push_subscription)
    (row,) = [one for one in rows if one.session_id == rows[-1].session_id]
    return row


@pytest.fixture
def in_line(
    library: Library, new_context: Callable[..., BrowserContext], new_tab: Any, server: Server
) -> tuple[Screen, str, int]:
    """A browser that allows notifications, with a ticket behind two others."""
    queue_id = library.queue()
    library.tickets(queue_id, 2)
    context = new_context()
    context.grant_permissions(["notifications"], origin=server.url)
    screen: Screen = new_tab(context)
    subscription = {"endpoint": ENDPOINT, "expirationTime": None, "keys": Phone().keys}
    screen.page.add_init_script(f"({STUB})({json.dumps(subscription)})")
    path = f"/q/{library.row(queue, queue_id).code}"
    screen.open(path)
    screen.page.get_by_label("Group number").fill("1")
    with screen.page.expect_response(_keeps):  # or it might come after what a test does next
        screen.press("Take a ticket")
    expect(screen.page.get_by_test_id("my-number")).to_have_text("3")
    return screen, path, queue_id


def test_the_worker_is_served_for_all_pages_and_never_kept_stale(server: Server) -> None:
    answer = httpx.get(f"{server.url}/sw.js")
    assert answer.status_code == 200
    assert "javascript" in answer.headers["content-type"]
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy


def test_a_page_with_alerts_subscribes_its_session(
    in_line: tuple[Screen, str, int], library: Library
) -> None:
    screen, *_ = in_line
    with screen.page.expect_response(_keeps):
        screen.press("Turn on alerts").sees("also when this page is closed")
    row = _kept(library)
    assert row.endpoint == ENDPOINT
    assert screen.page.evaluate("window.asked") == {"visible": True, "key": 65}
    with screen.page.expect_response(_keeps):
        screen.reload()
    assert _kept(library).id == row.id


def test_a_message_is_shown_when_no_page_of_the_line_is_looked_at(
    in_line: tuple[Screen, str, int], server: Server
) -> None:
    screen, path, _ = in_line
    screen.press("Turn on alerts").sees("also when this page is closed")
    worker = Worker(screen.page.context, screen)
    message = {
        "phase": "turn",
        "title": "Your turn: number 3",
        "body": "Physics lab",
        "tag": "cubby-3",
        "path": path,
    }
    worker.push(server, message)  # the page is open, and looked at
    screen.page.wait_for_timeout(500)
    assert worker.shown() == []

    screen.page.goto("/")
    worker.push(server, message)
    (shown,) = worker.until_shown(["Your turn: number 3"])
    assert shown["body"] == "Physics lab"
    assert shown["data"] == {"phase": "turn", "path": path}
    worker.push(server, {**message, "title": "Your turn: number 3!"})
    worker.until_shown(["Your turn: number 3!"])  # in its place


def test_an_address_elsewhere_is_not_opened(
    in_line: tuple[Screen, str, int], server: Server
) -> None:
    screen, *_ = in_line
    screen.press("Turn on alerts").sees("also when this page is closed")
    worker = Worker(screen.page.context, screen)
    screen.page.goto("/staff/sign-in")
    message = {"phase": "turn", "title": "Hello", "tag": "x", "path": "https://example.org/"}
    worker.push(server, message)
    (shown,) = worker.until_shown(["Hello"])
    assert shown["data"]["path"] == "/"


def test_a_tap_opens_the_line_or_the_page_that_shows_it(in_line: tuple[Screen, str, int]) -> None:
    screen, path, _ = in_line
    screen.press("Turn on alerts").sees("also when this page is closed")
    worker = Worker(screen.page.context, screen)
    there = {"opened": [], "focused": [path], "left": 0}
    assert worker.run(CLICK, {"phase": "turn", "path": path}) == there
    assert worker.run(CLICK, {"phase": "turn", "path": path.lower()}) == there
    screen.open("/")
    assert worker.run(CLICK, {"phase": "turn", "path": path}) == {
        **there,
        "opened": [path],
        "focused": [],
    }
    assert worker.run(CLICK, None)["focused"] == ["/"]


@pytest.mark.parametrize("given", [True, False])
def test_another_address_of_the_browser_takes_the_place_of_the_last(
    in_line: tuple[Screen, str, int], library: Library, given: bool
) -> None:
    screen, *_ = in_line
    with screen.page.expect_response(_keeps):
        screen.press("Turn on alerts").sees("also when this page is closed")
    row = _kept(library)
    fresh = {"endpoint": f"{ENDPOINT}-{given}", "expirationTime": None, "keys": Phone().keys}
    worker = Worker(screen.page.context, screen)
    asked = worker.run(CHANGE, [{"endpoint": row.endpoint}, fresh, given])
    assert asked == ([] if given else [{"userVisibleOnly": True, "applicationServerKey": "key"}])
    renewed = _kept(library)
    assert renewed.session_id == row.session_id
    assert (renewed.endpoint, renewed.p256dh) == (fresh["endpoint"], fresh["keys"]["p256dh"])
