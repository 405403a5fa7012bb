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
        for _ in range(100):
            if self._versions:
                break
            self.screen.page.wait_for_timeout(50)
        told = {
            "origin": server.url,
            "registrationId": self._versions[-1]["registrationId"],
            "data": json.dumps(message),
        }
        self._tools.send("ServiceWorker.deliverPushMessage", told)

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
        for _ in range(100):
            shown = self.shown()
            if [one["title"] for one in shown] == titles:
                return shown
            self.screen.page.wait_for_timeout(50)
        raise AssertionError(f"{titles} expected, {self.shown()} shown")


def _keeps(answer: Response) -> bool:
    return answer.url.endswith("/auth/push") and answer.request.method == "POST"


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
    before = library.rows(push_subscription)
    with screen.page.expect_response(_keeps):
        screen.press("Turn on alerts").sees("also when this page is closed")
    (row,) = library.rows(push_subscription)[len(before) :]
    assert row.endpoint == ENDPOINT
    assert screen.page.evaluate("window.asked") == {"visible": True, "key": 65}
    screen.reload().is_live()
    screen.page.wait_for_timeout(300)
    assert [one.id for one in library.rows(push_subscription)][len(before) :] == [row.id]


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
