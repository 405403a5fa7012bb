"""What stands around every request to the API: how large, how it fails, that nobody keeps it."""

import logging

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from locker_app.api.problems import problem_response
from locker_app.api.refusals import BodyTooLarge, Internal
from locker_app.domain.actors import Right
from locker_app.domain.people_import import MAX_BYTES
from locker_app.services.runtime import SESSION_COOKIE, call_now, current
from locker_app.services.sessions import identify

MAX_BODY = 64 * 1024
"""Bytes; the largest request that means anything here has about two thousand."""
MAX_UPLOAD = MAX_BYTES + MAX_BODY
"""Of a file of people, with what stands around it. One that is a little too large is refused in
words of its own."""
UPLOADS = "/api/v1/people/imports"

_log = logging.getLogger(__name__)


def is_ours(path: str) -> bool:
    """Whether a path is the API's, not a page's."""
    return path.startswith(("/api/", "/auth/", "/qr/", "/go/")) or path in (
        "/api",
        "/auth",
        "/health",
    )


class Shell:
    """Middleware: reads the body up to a limit before anything else is done with the request,
    turns an unexpected exception into a logged problem, and marks answers as nobody's to store."""

    def __init__(self, app: ASGIApp, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; what is not the API's passes untouched."""
        if scope["type"] != "http" or not is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return
        started = False

        async def send_private(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).setdefault("cache-control", "no-store")
            await send(message)

        body = await self._read(scope, receive)
        if body is None:
            await problem_response(BodyTooLarge(), {"connection": "close"})(
                scope, receive, send_private
            )
            return
        try:
            await self._app(scope, _again(body, receive), send_private)
        except Exception:
            _log.exception("%s %s failed", scope["method"], _operation(scope))
            if started:
                raise  # half an answer is out: the server is to break the connection
            await problem_response(Internal())(scope, receive, send_private)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body; None when it is too large, or its sender has gone."""
        length = Headers(scope=scope).get("content-length", "0")
        if len(length) > 9 or not length.isdecimal():
            return None
        most = self._max_body
        if scope["path"] == UPLOADS and int(length) > most and await _may_upload(scope):
            most = MAX_UPLOAD
        if int(length) > most:
            return None
        body = bytearray()
        while len(body) <= most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return bytes(body) if len(body) <= most else None


async def _may_upload(scope: Scope) -> bool:
    """Whether it is sent by somebody who may send files: others are not to fill the memory."""
    request = Request(scope)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        token = request.cookies.get(SESSION_COOKIE, "")
    key = current().session_key(token.strip())
    if key is None:
        return False
    now = call_now("api").now
    actor = await current().db.aread(lambda conn: identify(conn, key, now))
    return actor.id is not None and actor.sites_with(Right.MANAGE_PEOPLE) is None


def _again(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body read before, then what comes after it."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _operation(scope: Scope) -> str:
    """The operation's name for the log: a path can have an enrolment number in it."""
    return getattr(scope.get("endpoint"), "__name__", "of no route")
