"""What may come in over the websocket: the events of our pages, in their shape, at a bearable pace.

Reflex takes whatever is sent for the work of its own front end. Of what it does otherwise, these
matter, and tests/live/test_inbound.py and tests/security show that they no longer happen: a client
that sends the events `connect` and `disconnect` has them handled as if the server had seen them,
with headers and an address of its own invention; an event without a handler, or whose arguments
don't fit, costs memory and a traceback in the log with the session cookie in it; a long made-up
report of a front-end error holds up everybody for minutes.

What is dropped here gets no answer: no page of ours sends it.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_origin, get_type_hints

from locker_app.domain.people import is_text

NAMESPACE = "/_event"
OURS = "locker_app."
PER_SECOND = 100
BURST = 200
"""How many events one connection may have handled at once and then for each second; later ones
wait, and with them the connection's socket."""
MAX_TEXT = 4000
"""Characters of one argument; nothing that people type here may be longer."""
MAX_REPORT = 500
"""Characters of a front end's report of its own error: what is looked for in it is looked for by
expressions that take the cube of its length."""
MAX_ADDRESS = 2000
_MAX_QUERY = 50
_MAX_HASHES = 500
_COMPLAIN_EVERY_SECONDS = 60.0

logger = logging.getLogger(__name__)

Event = dict[str, Any]
Trigger = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """The arguments of a handler: the type of each, and which must be there."""

    types: dict[str, Any]
    required: frozenset[str]

    def fits(self, payload: Event) -> bool:
        """Whether a payload has these arguments and no others, each of its type."""
        return (
            payload.keys() <= self.types.keys()
            and payload.keys() >= self.required
            and all(_is_a(value, self.types[name]) for name, value in payload.items())
        )


def shape_of(handler: Callable[..., Any]) -> Shape:
    """What a handler takes besides its state."""
    hints = get_type_hints(handler)
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    return Shape(
        {p.name: hints.get(p.name, Any) for p in parameters},
        frozenset(p.name for p in parameters if p.default is p.empty),
    )


def shapes(handlers: Mapping[str, Callable[..., Any]]) -> dict[str, Shape]:
    """The shapes of the handlers that a page of ours may call, by full name.

    Of Reflex's own these are left to `Inbound`, which knows what they are given.
    """
    return {
        name: shape_of(fn)
        for name, fn in handlers.items()
        if fn.__module__.startswith(OURS) and not name.endswith(".setvar")
    }


def _is_a(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind is str:
        return _is_text(value, MAX_TEXT)
    if kind in (int, bool):
        return type(value) is kind
    return isinstance(value, get_origin(kind) or kind)


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and is_text(value)


class Inbound:
    """Stands in front of Reflex's event namespace."""

    def __init__(
        self,
        namespace: Any,
        ours: Mapping[str, Shape],
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._namespace = namespace
        self._handle: Trigger = namespace.trigger_event
        self._ours = ours
        self._now, self._pause = now, pause
        self._paces: dict[str, _Pace] = {}
        self._dropped, self._complain_at = 0, float("-inf")

    def stand(self) -> None:
        """Let all that comes in pass by here from now on."""
        self._namespace.trigger_event = self.trigger

    async def trigger(self, event: Any, sid: str, *args: Any) -> Any:
        """Handle what a client sent, or what the server says of the client."""
        from_client = self._namespace.server.manager.is_connected(sid, NAMESPACE)
        if not from_client:
            return await self._from_server(event, sid, *args)
        if event == "event" and args:
            await self._wait_for_turn(sid)
            sound = self._sound(args[0])
            if sound is not None:
                return await self._handle("event", sid, sound)
        elif event == "client_error":
            return await self._handle(event, sid, *args[:1])  # Reflex limits these itself
        self._complain()
        return None

    async def _from_server(self, event: Any, sid: str, *args: Any) -> Any:
        """While a client is not connected yet, or not any more, only the server speaks of it."""
        if event == "disconnect":
            self._paces.pop(sid, None)
        elif event == "connect" and len(args) > 1:
            return await self._handle(event, sid, args[0], self._sound_greeting(args[1]))
        return await self._handle(event, sid, *args)

    def _sound_greeting(self, sent: Any) -> Event | None:
        """What a front end says when it connects: its state's schema, and its first event."""
        if not isinstance(sent, dict):
            return None
        greeting: Event = {}
        schema = sent.get("state_schema")
        if _is_text(schema, MAX_TEXT):
            greeting["state_schema"] = schema
        if "event" in sent and (first := self._sound(sent["event"])) is not None:
            greeting["event"] = first
        return greeting

    def _sound(self, sent: Any) -> Event | None:
        """The event in the shape that Reflex expects; None when it is none of ours."""
        if not isinstance(sent, dict):
            return None
        name, payload = sent.get("name"), sent.get("payload") or {}
        if not isinstance(name, str) or not isinstance(payload, dict):
            return None
        payload = self._sound_payload(name, payload)
        router = _sound_router(sent.get("router_data"))
        if payload is None or router is None:
            return None
        return {"name": name, "payload": payload, "router_data": router}

    def _sound_payload(self, name: str, payload: Event) -> Event | None:
        shape = self._ours.get(name)
        if shape is not None:
            return payload if shape.fits(payload) else None
        of_reflex = _OF_REFLEX.get(name)
        return None if of_reflex is None else of_reflex(payload)

    async def _wait_for_turn(self, sid: str) -> None:
        pace = self._paces.setdefault(sid, _Pace())
        wait = pace.next(self._now())
        if wait > 0:
            await self._pause(wait)

    def _complain(self) -> None:
        """Say in the log that something was dropped, at most once in a while, and never what."""
        self._dropped += 1
        if self._now() >= self._complain_at:
            self._complain_at = self._now() + _COMPLAIN_EVERY_SECONDS
            logger.warning("dropped %d events that no page of ours sends", self._dropped)
            self._dropped = 0


class _Pace:
    """How fast one connection goes: a leaky bucket of events."""

    __slots__ = ("_at", "_level")

    def __init__(self) -> None:
        self._at, self._level = 0.0, 0.0

    def next(self, now: float) -> float:
        """Count one more; for how many seconds it is to wait for its turn."""
        self._level = max(0.0, self._level - (now - self._at) * PER_SECOND) + 1
        self._at = now
        return (self._level - BURST) / PER_SECOND


_REST_OF_UNKNOWN = "splat"
"""What the front end's router calls the parts of an address that it doesn't know. A list; nothing
of ours reads it."""


def _sound_router(sent: Any) -> Event | None:
    """Where the page is, as Reflex's front end says it; None when it can't be that."""
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        return None
    where = {key: sent[key] for key in ("pathname", "asPath") if key in sent}
    query = sent.get("query", {})
    if not isinstance(query, dict) or len(query) > _MAX_QUERY:
        return None
    query = {key: value for key, value in query.items() if key != _REST_OF_UNKNOWN}
    if not all(_is_text(text, MAX_ADDRESS) for text in (*where.values(), *query, *query.values())):
        return None
    return {**where, "query": query}


def _hydration(payload: Event) -> Event:
    """The first event of a page; no var of ours is kept in the browser, so it sends none."""
    hashes = payload.get("hashes")
    if not isinstance(hashes, list) or len(hashes) > _MAX_HASHES:
        return {}
    return {"hashes": hashes} if all(_is_text(text, MAX_TEXT) for text in hashes) else {}


def _navigation(payload: Event) -> Event | None:
    return {} if not payload else None


def _report(payload: Event) -> Event | None:
    """A front end's own error, cut to what can be read and searched in no time."""
    if payload.keys() != {"info", "component_stack"}:
        return None
    cut = {name: text[:MAX_REPORT] for name, text in payload.items() if isinstance(text, str)}
    return cut if len(cut) == 2 and all(is_text(text) for text in cut.values()) else None


_STATE = "reflex___state____state"
_OF_REFLEX: dict[str, Callable[[Event], Event | None]] = {
    f"{_STATE}.hydrate_and_load": _hydration,
    f"{_STATE}.reflex___state____on_load_internal_state.on_load_internal": _navigation,
    (
        f"{_STATE}.reflex___state____frontend_event_exception_state.handle_frontend_exception"
    ): _report,
}
"""What Reflex's front end sends of its own; its other handlers nothing here uses."""
