"""Keeping those signed in who keep coming back.

State never changes by GET, with this one exception: opening a page late in a session puts off its
end. It is fine because it does nothing else: it needs the browser's own cookie, extends only what
that already allows, to the length it had at first, changes nothing that anybody sees, and doing
it twice is doing it once. A page of another site that makes a browser open ours gains nothing by
it, and images and frames elsewhere come without the cookie (`SameSite=Lax`).
"""

import logging
from datetime import UTC, datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from locker_app.api.cookies import set_session
from locker_app.services.command import command
from locker_app.services.runtime import SESSION_COOKIE, call_now, current
from locker_app.services.secrets import Token
from locker_app.services.sessions import key_of, renew

QUARTER = 4
"""A session is renewed once this part of its life has passed: seldom enough to cost nothing."""

_log = logging.getLogger(__name__)


class Renewal:
    """Middleware around the pages: sets a fresh cookie where the session is due for one."""

    def __init__(self, pages: ASGIApp) -> None:
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; only the opening of a page by somebody signed in is of interest."""
        due = _due(scope)
        if due is None:
            await self._pages(scope, receive, send)
            return
        cookie = await _renewed(scope, due)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and cookie is not None:
                headers = MutableHeaders(scope=message)
                headers.append("set-cookie", cookie)
                headers["cache-control"] = "no-store"  # no cache may give it to anybody else
            await send(message)

        await self._pages(scope, receive, send_with_cookie)


def _due(scope: Scope) -> Token | None:
    """The token of a page request that is to be renewed."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    headers = Headers(scope=scope)
    if SESSION_COOKIE not in headers.get("cookie", ""):
        return None
    if "text/html" not in headers.get("accept", ""):
        return None
    cookie = HTTPConnection(scope).cookies.get(SESSION_COOKIE)
    token = current().keys.open(cookie) if cookie else None
    if token is None:
        return None
    age = datetime.now(UTC) - token.issued_at
    return token if age > (token.expires_at - token.issued_at) / QUARTER else None


async def _renewed(scope: Scope, token: Token) -> str | None:
    """The header that sets a fresh cookie; None when the session is over, or can't be reached:
    the page is shown all the same."""
    runtime = current()
    call = call_now("web", key_of(token.opaque_id))
    try:
        end = await runtime.db.arun(command(call, renew))
    except Exception:
        _log.exception("a session could not be renewed")
        return None
    if end is None:
        return None
    carrier = Response()
    fresh = runtime.keys.sign(token.opaque_id, call.now, end)
    set_session(carrier, HTTPConnection(scope), fresh, end)
    return carrier.headers["set-cookie"]
