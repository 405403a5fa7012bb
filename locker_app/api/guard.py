"""The outermost layer of the server: who may talk to it, and with what headers it answers.

Pure ASGI, and what a websocket is sent passes it as it is, so that no screen pays for it.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from starlette.responses import PlainTextResponse

from locker_app.api.frames import only_ours
from locker_app.api.hosts import Hosts
from locker_app.api.pages import Pages
from locker_app.api.problems import problem_response
from locker_app.api.refusals import CrossSite, NoSuchRoute, UnknownHost
from locker_app.domain.errors import DomainError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Callable[[], Awaitable[Message]], Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Reflex's own, which nothing here uses. /health is ours.
_CLOSED = frozenset({"/ping", "/_health", "/_all_routes", "/auth-codespace"})
_HASHED = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+")
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Guard:
    """Refuses requests that a foreign page or name could be behind, and sets headers."""

    def __init__(self, app: ASGIApp, hosts: Hosts, pages: Pages, proxy_hops: int = 0) -> None:
        self._app = app
        self._hosts = hosts
        self._pages = pages
        self._proxy_hops = proxy_hops

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        host = b",".join(_values(scope, b"host")).decode("latin-1")
        refusal = self._refusal(scope, host)
        if scope["type"] == "http":
            send = self._with_headers(scope, "localhost" if refusal else host, send)
        if refusal:
            await _refuse(scope, receive, send, refusal)
        else:
            if scope["type"] == "websocket":
                receive = only_ours(receive)
            await self._app(self._as_meant(scope), receive, send)

    def _as_meant(self, scope: Scope) -> Scope:
        """The connection as the client made it, and pages by the path of their files."""
        scope = _as_seen_by_proxy(scope, self._proxy_hops)
        if scope["type"] == "http" and scope["method"] in _READING:
            path = self._pages.file_path(scope["path"])
            if path != scope["path"]:
                return {**scope, "path": path, "raw_path": path.encode()}
        return scope

    def _refusal(self, scope: Scope, host: str) -> DomainError | None:
        if not self._hosts.accepts(host):
            return UnknownHost()
        if scope["type"] == "http" and scope["path"] in _CLOSED:
            return NoSuchRoute()
        if scope["type"] == "http" and scope["method"] in _READING:
            return None
        # Programs that are no browsers send neither header; a browser always sends Origin here.
        origins = _values(scope, b"origin")
        foreign = b"cross-site" in _values(scope, b"sec-fetch-site")
        if foreign or any(
            not self._hosts.same_origin(origin.decode("latin-1"), host) for origin in origins
        ):
            return CrossSite()
        return None

    def _with_headers(self, scope: Scope, host: str, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._headers(scope, host, message)
            await send(message)

        return with_headers

    def _headers(self, scope: Scope, host: str, message: Message) -> Headers:
        """What the app said, without CORS, and what it left unsaid."""
        said: Headers = [
            (name.lower(), value)
            for name, value in message.get("headers", ())
            if not name.lower().startswith(b"access-control-")
        ]
        defaults = _ALWAYS | {b"cache-control": _caching(scope, message["status"])}
        # A page's policy belongs to the page. To other answers it would mean nothing.
        if not _HASHED.fullmatch(scope["path"]):
            policy = self._pages.policy(scope["path"], host)
            defaults[b"content-security-policy"] = policy.encode("latin-1")
        names = {name for name, _ in said}
        return said + [(name, value) for name, value in defaults.items() if name not in names]


def _caching(scope: Scope, status: int) -> bytes:
    if scope["path"].startswith("/api/") or scope["method"] not in _READING:
        return b"no-store"
    if status in {200, 304} and _HASHED.fullmatch(scope["path"]):
        return b"public, max-age=31536000, immutable"
    return b"no-cache"  # kept, but asked for again each time: 304 when it is the same


def _as_seen_by_proxy(scope: Scope, hops: int) -> Scope:
    """The connection as the outermost trusted proxy saw it: address and scheme of the client."""
    if not hops:
        return scope
    chain = _listed(_values(scope, b"x-forwarded-for"))
    schemes = _listed(_values(scope, b"x-forwarded-proto"))
    seen = dict(scope)
    if len(chain) >= hops:
        seen["client"] = (chain[-hops], 0)
    if schemes and schemes[0] in {"http", "https"}:
        secure = schemes[0] == "https"
        plain = "ws" if scope["type"] == "websocket" else "http"
        seen["scheme"] = plain + "s" if secure else plain
    return seen


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _listed(values: Iterable[bytes]) -> list[str]:
    items = b",".join(values).decode("latin-1").split(",")
    return [item.strip() for item in items if item.strip()]


async def _refuse(scope: Scope, receive: Any, send: Send, refusal: DomainError) -> None:
    """Answer people with the sentence, programs with a problem."""
    if scope["type"] == "websocket":
        # Uvicorn answers 403. It would send a status and a sentence of ours as well, but then calls
        # that an error in the log, which strangers could fill.
        await send({"type": "websocket.close", "code": 1008, "reason": str(refusal)})
        return
    if scope["path"].startswith("/api/"):
        answer = problem_response(refusal)
    else:
        answer = PlainTextResponse(str(refusal), status_code=refusal.status)
    await answer(scope, receive, send)
