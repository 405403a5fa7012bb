"""Subscribing to web push by HTTP: for browsers on our own pages, by their cookie."""

from typing import Any

import pytest

from locker_app.db.tables import push_subscription
from locker_app.domain.actors import Actor, ActorKind
from locker_app.push.post import public_key
from tests.api.clients import Client, Library, code
from tests.push.browsers import ENDPOINT, PUSH_KEY, a_subscription


@pytest.fixture
def browser(library: Library) -> Client:
    return library.browser(Actor(ActorKind.VISITOR))


def kept(library: Library) -> list[Any]:
    return library.world.rows(push_subscription)


def test_the_public_key(library: Library) -> None:
    answer = library.browser().get("/auth/push")
    assert answer.json() == {"key": public_key(PUSH_KEY)}
    assert answer.headers["cache-control"] == "no-store"
    assert "PRIVATE" not in answer.text


def test_subscribing_and_its_end(library: Library, browser: Client) -> None:
    sent = a_subscription()
    assert browser.post("/auth/push", json=sent).status_code == 204
    (row,) = kept(library)
    assert (row.endpoint, row.p256dh, row.auth) == (ENDPOINT, *sent["keys"].values())
    assert browser.request("DELETE", "/auth/push", json={"endpoint": ENDPOINT}).status_code == 204
    assert kept(library) == []


def test_a_page_of_another_site_can_not(library: Library, browser: Client) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for method in ("GET", "POST", "DELETE"):
        answer = browser.request(method, "/auth/push", json=a_subscription(), headers=foreign)
        assert (answer.status_code, code(answer)) == (403, "cross_site")
    assert kept(library) == []


def test_a_token_is_no_cookie(library: Library) -> None:
    answer = library.visitor().post("/auth/push", json=a_subscription())
    assert (answer.status_code, code(answer)) == (401, "not_signed_in")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"endpoint": ENDPOINT},
        {"endpoint": 5, "keys": a_subscription()["keys"]},
        {"endpoint": ENDPOINT, "keys": {"p256dh": "x", "auth": "y"}},
        {"endpoint": ENDPOINT, "keys": {"p256dh": "x" * 5000, "auth": "y"}},
        a_subscription("https://push.example.org/x"),
        a_subscription("http://localhost/x"),
        a_subscription(ENDPOINT + "x" * 2000),
        a_subscription(ENDPOINT + "\x00"),
    ],
)
def test_what_is_no_subscription(library: Library, browser: Client, body: Any) -> None:
    answer = browser.post("/auth/push", json=body)
    assert answer.status_code in (400, 422)
    assert code(answer)
    assert kept(library) == []
