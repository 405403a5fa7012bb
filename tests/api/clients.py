"""A library behind the HTTP API, and clients who come to it as whoever they are."""

import asyncio
import secrets
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from httpx import Response

from locker_app.api.app import make_api
from locker_app.db.log import Trace
from locker_app.db.tables import bank, metadata
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import Actor, ActorKind
from locker_app.services.limiter import UNLIMITED, Limiter, Rates
from locker_app.services.runtime import SESSION_COOKIE, Runtime, start
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import key_of, open_session
from tests.world import World

ORIGIN = "http://testserver"
APP = make_api()
"""Made once: it runs on whichever runtime is the current one."""
DOCUMENT: dict[str, Any] = APP.openapi()
"""What the API says of itself: made once, as it takes two seconds."""


class Library:
    """A world with the API in front of it."""

    def __init__(self, world: World, rates: Rates = UNLIMITED) -> None:
        world.clock.now = datetime.now(UTC)  # routes ask the real one
        self.world = world
        self.keys = TokenKeys(("a key of the tests",))
        self.runtime = Runtime(world.db, self.keys, Limiter(rates))
        start(self.runtime)
        self.app = APP

    def use_keys(self, *keys: str) -> None:
        """Sign with other keys from now on."""
        self.keys = TokenKeys(keys)
        self.runtime = replace(self.runtime, keys=self.keys)
        start(self.runtime)

    def number_of(self, person: Actor) -> str:
        """The person's enrolment number."""
        return self._row("person", person).number

    def login_of(self, staff: Actor) -> str:
        """The staff member's login."""
        return self._row("staff", staff).login

    def banks(self, site_id: int) -> list[Any]:
        """The site's banks."""
        return self.world.rows(bank, site_id=site_id)

    def token(self, actor: Actor, *, lasts: timedelta = timedelta(days=14)) -> str:
        """A genuine token of a session of the actor's."""
        opaque_id, now = secrets.token_urlsafe(), datetime.now(UTC)
        columns = {ActorKind.PERSON: "person_id", ActorKind.STAFF: "staff_id"}
        owner = {columns[actor.kind]: actor.id} if actor.kind in columns else {}

        def attempt(tx: Tx) -> int:
            return open_session(tx, now, key_of(opaque_id), **owner)  # pyright: ignore[reportArgumentType]

        self.world.db.run(Work(attempt, Trace("test")))
        return self.keys.sign(opaque_id, now, now + lasts)

    def visitor(self) -> "Client":
        """A program that comes as a visitor."""
        stranger = self.program()
        token = stranger.command("/visits").json()["token"]
        stranger.headers["Authorization"] = f"Bearer {token}"
        return stranger

    def program(self, actor: Actor | None = None, *, address: str = "10.0.0.1") -> "Client":
        """A program that sends the actor's bearer token, if there is one."""
        headers = {} if actor is None else {"Authorization": f"Bearer {self.token(actor)}"}
        return Client(self.app, headers, address)

    def fresh_program(self) -> "Client":
        """A program at an API of its own, that has seen no outage yet."""
        return Client(make_api(), {}, "10.0.0.3")

    def browser(self, actor: Actor | None = None, *, address: str = "10.0.0.2") -> "Client":
        """A browser on our pages, with the actor's cookie, if there is one."""
        client = Client(self.app, {"Sec-Fetch-Site": "same-origin"}, address)
        if actor is not None:
            client.cookies.set(SESSION_COOKIE, self.token(actor), domain="testserver.local")
        return client

    def _row(self, table: str, actor: Actor) -> Any:
        assert actor.id is not None
        return self.world.row(metadata.tables[table], actor.id)


class Client(httpx.Client):
    """Sends requests; each POST under a new idempotency key, unless the test gives one."""

    def __init__(self, app: Any, headers: dict[str, str], address: str) -> None:
        transport = _InProcess(app, address)
        super().__init__(base_url=ORIGIN, headers=headers, transport=transport)

    def command(
        self, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Response:
        """POST to the API."""
        sent = {"Idempotency-Key": key or str(uuid4()), **headers}
        return self.post(f"/api/v1{path}", json=body, headers=sent)

    def ask(self, path: str, **query: Any) -> Response:
        """GET from the API."""
        return self.get(f"/api/v1{path}", params=query)

    def submit(self, path: str, **fields: str) -> Response:
        """Send a form of the pages."""
        return self.post(path, data=fields)


class _Loop(threading.local):
    """An event loop for each thread of the tests, as long as the thread lives."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()


_here = _Loop()


class _InProcess(httpx.BaseTransport):
    """Carries requests to an ASGI application in this process."""

    def __init__(self, app: Any, address: str) -> None:
        self._asgi = httpx.ASGITransport(app, client=(address, 50000))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return _here.loop.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=await answer.aread()
        )


def code(response: Response) -> str:
    """The stable code of a problem, after looking whether it is one in every way."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:problem-type:cubby:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    return problem["code"]
