"""Who calls, and on what terms: what every route is given instead of the request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection

from locker_app.api.origin import client_address, from_another_site
from locker_app.api.refusals import CrossSite, IdempotencyKeyNeeded
from locker_app.domain.actors import NOBODY, Actor
from locker_app.services.command import MAX_KEY_LENGTH, Command, command
from locker_app.services.runtime import SESSION_COOKIE, call_now, current
from locker_app.services.sessions import identify

P = ParamSpec("P")
R = TypeVar("R")
Query = Callable[Concatenate[Connection, Actor, datetime, P], R]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    bearerFormat="JWT",
    description="The `token` of a sign-in, for programs.",
)
_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="cookie",
    description="The session cookie of a browser; only from pages of this origin.",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's sender: in which session, from where, under which idempotency key."""

    address: str
    session_key: str | None = None
    token: str | None = None
    by_cookie: bool = False
    request_id: str | None = None

    async def run(self, fn: Command[P, R], *_: P.args, **arguments: P.kwargs) -> R:
        """Run a command in this caller's right."""
        runtime = current()
        work = command(call_now("api", self.session_key, self.request_id), fn, *_, **arguments)
        with runtime.limiter.command(self.address, self.session_key):
            return await runtime.db.arun(work)

    async def read(self, query: Query[P, R], *args: P.args, **arguments: P.kwargs) -> R:
        """Ask a query as this caller may have it."""
        return await current().db.aread(self.asking(query, datetime.now(UTC), *args, **arguments))

    def asking(
        self, query: Query[P, R], now: datetime, *args: P.args, **arguments: P.kwargs
    ) -> Callable[[Connection], R]:
        """The query in this caller's right, for whoever has a connection to ask it by."""

        def ask(conn: Connection) -> R:
            key = self.session_key
            actor = identify(conn, key, now) if key is not None else NOBODY
            return query(conn, actor, now, *args, **arguments)

        return ask


async def caller(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> Caller:
    """Who calls: by bearer token, or else by cookie.

    A bearer token that is no good makes nobody: it never falls back to the cookie.

    Raises:
        CrossSite: another site's page sent it, in whose favour a cookie must not count.
    """
    named = request.headers.get("authorization", "").lower().startswith("bearer")
    if not named and request.method not in SAFE_METHODS and from_another_site(request):
        raise CrossSite
    token = (bearer.credentials if bearer else None) if named else cookie
    return Caller(
        address=client_address(request),
        session_key=current().session_key(token),
        token=token,
        by_cookie=not named and cookie is not None,
    )


async def caller_with_key(
    who: Annotated[Caller, Depends(caller)],
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            max_length=MAX_KEY_LENGTH,
            pattern=r"^[\x21-\x7e]*$",
            description="A value of your own, new for each new request. Sent again with the same "
            "request it changes nothing more and gets the same answer.",
            examples=["7b0c8f5e-3a1d-4f0e-9a51-0c7e2f9b8d11"],
        ),
    ],
) -> Caller:
    """Who calls, with the idempotency key that every POST needs.

    Raises:
        IdempotencyKeyNeeded: it is empty.
    """
    if not key:
        raise IdempotencyKeyNeeded
    return Caller(who.address, who.session_key, who.token, who.by_cookie, key)


Anyone = Annotated[Caller, Depends(caller)]
Poster = Annotated[Caller, Depends(caller_with_key)]
