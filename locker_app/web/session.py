"""Who acts in a browser, what it watches, and how its commands run. Shared by all pages.

Who acts is read from the connection's cookie for each event; no State keeps an identity. What a
handler was sent is checked by `services.command`; what may be done, by the service.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import reflex as rx
from sqlalchemy import Connection
from starlette.requests import cookie_parser

from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.errors import BadInput, DomainError
from locker_app.live import watching
from locker_app.live.rooms import LiveState, address_of, cookies_of
from locker_app.live.topics import Topic, stays_topic, tickets_topic
from locker_app.live.watching import Watched
from locker_app.services import runtime
from locker_app.services.command import Call, command
from locker_app.services.hashing import off_the_loop
from locker_app.services.many import Act, Aim, Became, act_on
from locker_app.services.sessions import identify

R = TypeVar("R")
ORIGIN = "web"

logger = logging.getLogger(__name__)


class Feedback(LiveState, rx.State):
    """What this browser is told about its last action. It is sent and not kept: a page that loads
    says nothing old, and nobody else finds it."""

    text: str = ""
    tone: str = ""
    count: int = 0
    """Another for each that is told, also after the server was started again: a time."""


def say(state: rx.State, text: str, tone: str = "good") -> None:
    """Tell the browser that an event came from something about it."""
    count = time.time_ns() // 1_000_000
    values = {"text": text, "tone": tone, "count": count}
    watching.current().answer(state, Feedback, values)


def unsay(state: rx.State) -> None:
    """Another question is asked now: what was said to the last one is no answer to it."""
    watching.current().answer(state, Feedback, {"text": "", "tone": ""})


def session_key(state: rx.State) -> str | None:
    """The key of the session that the connection's cookie names, if the cookie is genuine."""
    cookies = cookie_parser(cookies_of(state))
    return runtime.current().session_key(cookies.get(runtime.SESSION_COOKIE))


def call_of(state: rx.State, request_id: str | None = None) -> Call:
    """The call behind an event of this state."""
    return runtime.call_now(ORIGIN, session_key(state), request_id)


async def watch(state: rx.State, *wanted: Topic) -> Watched:
    """Let the page watch these topics, and what its header shows: who is signed in."""
    call = call_of(state)

    def topics(actor: Actor) -> list[Topic]:
        return [*_own_topics(actor), *wanted]

    return await watching.current().watch(
        state, lambda conn: identify(conn, call.session_key or "", call.now), topics
    )


async def watch_also(state: rx.State, topic: Topic) -> bool:
    """Let the page watch one topic more, in place of any other of its kind; whether it may."""
    call = call_of(state)
    return await watching.current().watch_also(
        state, lambda conn: identify(conn, call.session_key or "", call.now), topic
    )


def _own_topics(actor: Actor) -> list[Topic]:
    own = [topic for topic in (tickets_topic(actor), stays_topic(actor)) if topic is not None]
    if actor.id is not None and actor.kind is ActorKind.PERSON:
        own.append(Topic("person", actor.id))
    if actor.id is not None and actor.kind is ActorKind.STAFF:
        own.append(Topic("staff", actor.id))
    return own


async def who(state: rx.State) -> Actor:
    """Who acts in this browser."""
    call = call_of(state)
    return await runtime.current().db.aread(
        lambda conn: identify(conn, call.session_key or "", call.now)
    )


async def ask(state: rx.State, query: Callable[..., R], **arguments: Any) -> R:
    """Ask a scoped query as this browser may have it.

    Raises:
        DomainError: it may not, or was asked wrongly.
    """
    call = call_of(state)

    def answer(conn: Connection) -> R:
        return query(conn, identify(conn, call.session_key or "", call.now), call.now, **arguments)

    return await runtime.current().db.aread(answer)


async def read(state: rx.State, query: Callable[..., R], **arguments: Any) -> R | None:
    """As `ask`; None, and the refusal said, if it is refused."""
    try:
        return await ask(state, query, **arguments)
    except DomainError as refusal:
        say(state, str(refusal), "bad")
        return None


async def perform(
    state: rx.State,
    fn: Callable[..., R],
    request_id: Any,
    said: str = "",
    *,
    around: AbstractContextManager[None] | None = None,
    refused: Callable[[DomainError], None] | None = None,
    **arguments: Any,
) -> R | None:
    """Run a command for who acts in this browser. What was done, or why not, is said there; with
    `refused`, that is called with the refusal instead. `around` is entered for the command.

    Returns:
        The command's answer; None when it was refused.
    """

    async def run(call: Call) -> R:
        work = command(call, fn, **arguments)
        with _limited(state, call), around or nullcontext():
            return await runtime.current().db.arun(work)

    done, answer = await _attempt(state, fn.__name__, request_id, run, refused)
    if done and said:
        say(state, said.format(answer))
    return answer


async def perform_many(
    state: rx.State,
    act: Act,
    aims: list[Aim],
    request_id: Any,
    *,
    refused: Callable[[DomainError], None],
    reason: str,
    minutes: int,
) -> list[Became] | None:
    """Do something at some doors for who acts in this browser: what became of each; None when it
    was refused as a whole, with which `refused` is then called."""

    async def run(call: Call) -> list[Became]:
        with _limited(state, call):
            here = runtime.current().db
            return await act_on(here, call, act, aims, reason=reason, minutes=minutes)

    _, became = await _attempt(state, act.value, request_id, run, refused)
    return became


async def perform_secret(
    state: rx.State,
    what: str,
    work: Callable[[Call], R],
    request_id: Any,
    *,
    refused: Callable[[DomainError], None] | None = None,
) -> R | None:
    """Do something for who acts in this browser that a PIN is needed for: in one of the threads for
    hashing, and tried as seldom as signing in. Its answer; None when it was refused, as `perform`
    has it."""
    here, address = runtime.current(), address_of(state)

    def limited(call: Call) -> R:
        with here.limiter.sign_in(address, f"session {call.session_key}"):
            return work(call)

    async def run(call: Call) -> R:
        return await off_the_loop(lambda: limited(call))

    return (await _attempt(state, what, request_id, run, refused))[1]


def _limited(state: rx.State, call: Call) -> AbstractContextManager[None]:
    return runtime.current().limiter.command(address_of(state), call.session_key)


async def _attempt(
    state: rx.State,
    what: str,
    request_id: Any,
    run: Callable[[Call], Awaitable[R]],
    refused: Callable[[DomainError], None] | None,
) -> tuple[bool, R | None]:
    """Whether it was done, and its answer. What went wrong is said, or `refused` is called."""
    try:
        if not isinstance(request_id, str):
            raise BadInput
        return True, await run(call_of(state, request_id))
    except DomainError as refusal:
        if refused is None:
            say(state, str(refusal), "bad")
        else:
            refused(refusal)
    except OUTAGES as error:
        outages.failed(error)
        say(state, "The server can't reach its database. Please try again in a moment.", "bad")
    except Exception:
        logger.exception("%s failed", what)
        say(state, "That did not work, and nothing was changed. Please try again.", "bad")
    return False, None


def id_in_address(state: rx.State, name: str) -> int:
    """The id that the page's address names, e.g. in `/lockers/3`; 0 when it is no id."""
    return id_in(str(getattr(state, name, "")))  # Reflex sets what dynamic routes name


def id_in(text: str) -> int:
    """The id that stands in a part of an address; 0 when it is no id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
