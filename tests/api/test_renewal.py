"""Who keeps coming back stays signed in; and opening a page does nothing else."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from locker_app.api.app import in_front_of
from locker_app.db.log import Trace
from locker_app.db.tables import event, session
from locker_app.db.transaction import Work
from locker_app.domain.actors import Actor
from locker_app.services.runtime import SESSION_COOKIE
from locker_app.services.sessions import PERSON_SESSION, key_of, open_session
from tests.api.clients import Client, Library, code

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def pages(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for Reflex."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4000})
    elif scope["path"] == "/unchanged":
        await PlainTextResponse(status_code=304)(scope, receive, send)
    else:
        headers = {"cache-control": "public, max-age=60"}
        await HTMLResponse("<h1>page</h1>", headers=headers)(scope, receive, send)


@pytest.fixture(scope="module")
def site() -> ASGIApp:
    """The API in front of those pages. Made once: that takes longer than a test."""
    return in_front_of(pages)


@pytest.fixture
def visit(library: Library, site: ASGIApp) -> Any:
    """Opens a page with a token; the answer."""

    def visit(token: str, path: str = "/", method: str = "GET", **headers: str) -> Any:
        client = Client(site, {}, "10.0.0.1")
        sent = {**HTML, **headers, "Cookie": f"{SESSION_COOKIE}={token}"}
        return client.request(method, path, headers=sent)

    return visit


def session_of(library: Library, age: timedelta, *, actor: Actor | None = None) -> str:
    """The token of a person's session that was opened so long ago."""
    actor = actor or library.world.person()
    opened = datetime.now(UTC) - age
    library.world.clock.now = opened
    opaque_id = f"opened {age} ago"
    library.world.db.run(
        Work(lambda tx: open_session(tx, opened, key_of(opaque_id), person_id=actor.id), Trace("t"))
    )
    return library.keys.sign(opaque_id, opened, opened + PERSON_SESSION)


def ends_at(library: Library) -> datetime:
    """When the only session ends."""
    (row,) = library.world.rows(session)
    return row.expires_at


def test_a_young_session_is_left_alone(library: Library, visit: Any) -> None:
    token = session_of(library, timedelta(days=3))
    before = ends_at(library)

    assert "set-cookie" not in visit(token).headers
    assert ends_at(library) == before


def test_after_a_quarter_of_its_life_it_is_renewed(library: Library, visit: Any) -> None:
    token = session_of(library, timedelta(days=4))

    answer = visit(token)

    assert answer.text == "<h1>page</h1>"
    assert timedelta(days=13) < ends_at(library) - datetime.now(UTC) <= PERSON_SESSION
    attributes = answer.headers["set-cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert answer.headers["cache-control"] == "no-store"
    fresh = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
    assert fresh != token
    assert "set-cookie" not in visit(fresh).headers
    who = library.program().get("/api/v1/me", headers={"Authorization": f"Bearer {fresh}"})
    assert who.status_code == 200


def test_also_where_the_page_has_not_changed(library: Library, visit: Any) -> None:
    answer = visit(session_of(library, timedelta(days=4)), "/unchanged")

    assert answer.status_code == 304
    assert "set-cookie" in answer.headers


def test_it_is_secure_under_tls(library: Library, visit: Any) -> None:
    answer = visit(session_of(library, timedelta(days=4)), "https://testserver/")

    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_nothing_else_changes(library: Library, visit: Any) -> None:
    token = session_of(library, timedelta(days=4))
    mark = library.world.mark()

    visit(token)

    assert [row for row in library.world.rows(event) if row.id > mark] == []


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/", {}),
        ("HEAD", "/", {}),
        ("GET", "/", {"Accept": "image/webp,*/*"}),
        ("GET", "/api/v1/me", {}),
        ("GET", "/health", {}),
    ],
)
def test_only_by_opening_a_page(
    library: Library, visit: Any, method: str, path: str, headers: dict[str, str]
) -> None:
    token = session_of(library, timedelta(days=4))
    before = ends_at(library)

    assert "set-cookie" not in visit(token, path, method, **headers).headers
    assert ends_at(library) == before


def test_a_session_that_is_over_stays_over(library: Library, visit: Any) -> None:
    token = session_of(library, timedelta(days=4))
    library.world.change(update(session).values(ended_at=datetime.now(UTC)))
    before = ends_at(library)

    assert "set-cookie" not in visit(token).headers
    assert ends_at(library) == before


def test_an_expired_or_forged_token_gets_nothing(library: Library, visit: Any) -> None:
    for token in (session_of(library, timedelta(days=15)), "x.y.z", "", "[" * 3000):
        assert "set-cookie" not in visit(token).headers


def test_the_page_is_shown_also_when_the_database_is_gone(
    library: Library, visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = session_of(library, timedelta(days=4))
    monkeypatch.setattr(library.world.db, "arun", None)

    answer = visit(token)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_pages_and_api_stand_side_by_side(library: Library, site: ASGIApp) -> None:
    both = Client(site, {}, "10.0.0.1")

    assert both.get("/anything").text == "<h1>page</h1>"
    assert both.get("/apiary").text == "<h1>page</h1>"
    assert both.get("/healthy").text == "<h1>page</h1>"
    assert both.get("/health").json()["status"] == "ok"
    assert code(both.get("/api/v9/x")) == "not_found"
    assert code(both.get("/auth/sign-in")) == "method_not_allowed"


def test_sockets_are_the_pages(library: Library, site: ASGIApp) -> None:
    said: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    for path in ("/_event", "/api/v1/me"):
        scope = {"type": "websocket", "path": path, "headers": []}
        asyncio.run(site(scope, receive, send))  # pyright: ignore[reportArgumentType]

    assert [message["code"] for message in said] == [4000, 4000]
