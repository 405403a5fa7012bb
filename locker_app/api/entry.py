"""Coming in and going out: what the routes of the API and the forms of the pages share.

Secrets are checked in the threads for hashing, and each try is counted there, so that tries that
wait for their turn can't run ahead of their limit.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from locker_app.domain.actors import ActorKind
from locker_app.domain.errors import NotSignedIn
from locker_app.queries.sessions import session_view
from locker_app.services.bookings import book
from locker_app.services.charger_line import join_line
from locker_app.services.command import Call, command
from locker_app.services.hashing import off_the_loop
from locker_app.services.runtime import call_now, current
from locker_app.services.sessions import identify, key_of, sign_out
from locker_app.services.sign_in import (
    Door,
    change_own_password,
    choose_pin,
    enter_by_invitation,
    sign_in_person,
    sign_in_staff,
)
from locker_app.services.spot_reports import report_free
from locker_app.services.tickets import join_queue
from locker_app.services.visitors import (
    open_visit,
    visit_and_book,
    visit_and_join,
    visit_and_join_line,
    visit_and_report_free,
)

Kind = Literal["person", "staff", "visitor"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened, and the token that names it."""

    kind: Kind
    token: str
    session_key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody enters to join a queue."""

    group: str
    question: str
    room_pin: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who wants to come in: by which way, from where, under which idempotency key."""

    origin: str
    address: str
    request_id: str | None = None
    session_key: str | None = None
    """Of the session that the browser has until now: a visitor's tickets become the person's."""

    async def person(self, number: str, pin: str) -> Opened:
        """Sign in with enrolment number and PIN. Raises: as `sign_in_person`, TooManyTries."""
        return await self._enter("person", number, sign_in_person, pin)

    async def first_pin(self, number: str, pin: str) -> Opened:
        """Choose the first PIN and sign in. Raises: as `choose_pin`, TooManyTries."""
        return await self._enter("person", number, choose_pin, pin)

    async def staff(self, login: str, password: str) -> Opened:
        """Sign in with login and password. Raises: as `sign_in_staff`, TooManyTries."""
        way = partial(sign_in_staff, address=self.address)
        return await self._enter("staff", login, way, password)

    async def invited(self, link: str, password: str) -> Opened:
        """Choose a password by a link that was sent, and sign in. Raises: as
        `enter_by_invitation`, TooManyTries."""
        way = partial(enter_by_invitation, address=self.address)
        return await self._enter("staff", f"link {link[:20]}", way, password, entered=link)

    async def change_password(self, old: str, new: str) -> None:
        """Give the staff member who is signed in another password. Raises: as
        `change_own_password`, TooManyTries."""
        runtime = current()
        call = call_now(self.origin, self.session_key, self.request_id)

        def change() -> None:
            with runtime.limiter.sign_in(self.address, f"session {self.session_key}"):
                change_own_password(runtime.door, call, old, new)

        await off_the_loop(change)

    async def visit(self) -> Opened:
        """Come as a visitor, whom nobody knows. Each time it is another: were the same key to name
        the same session, whoever guesses a key would have it. Raises: TooManyTries."""
        runtime = current()
        opaque_id = runtime.keys.session_id_for(None)
        work = command(call_now(self.origin), open_visit, session_key=key_of(opaque_id))
        with runtime.limiter.joining(self.address, new=True):
            await runtime.db.arun(work)
        return await _opened("visitor", opaque_id)

    async def _enter(
        self,
        kind: Kind,
        account: str,
        way: Callable[[Door, Call, str, str], str],
        secret: str,
        *,
        entered: str | None = None,
    ) -> Opened:
        runtime = current()
        call = call_now(self.origin, self.session_key, self.request_id)

        def enter() -> str:
            with runtime.limiter.sign_in(self.address, account):
                return way(runtime.door, call, account if entered is None else entered, secret)

        return await _opened(kind, await off_the_loop(enter))


@dataclass(frozen=True, slots=True)
class Stay:
    """What somebody enters to book a charging spot."""

    charger_id: int
    leaves_at: datetime | None
    starts_at: datetime | None
    shown_as: str


async def take_ticket(
    origin: str, address: str, session_key: str | None, queue_id: int, entered: Entered
) -> Opened | None:
    """Take a ticket in the session that a browser has, or in a visitor's, which is opened with it.

    Returns:
        The session that was opened, if one was.

    Raises:
        TooManyTries, and as `join_queue`.
    """
    asked = {"queue_id": queue_id, **asdict(entered)}
    return await _do_or_visit(origin, address, session_key, join_queue, visit_and_join, asked)


async def book_spot(
    origin: str, address: str, session_key: str | None, stay: Stay
) -> Opened | None:
    """Book a charging spot, likewise.

    Raises:
        TooManyTries, and as `book`.
    """
    asked = asdict(stay)
    return await _do_or_visit(origin, address, session_key, book, visit_and_book, asked)


async def wait_for_spot(
    origin: str, address: str, session_key: str | None, site_id: int
) -> Opened | None:
    """Join the line for the charging spots of a site, likewise.

    Raises:
        TooManyTries, and as `join_line`.
    """
    asked = {"site_id": site_id}
    return await _do_or_visit(origin, address, session_key, join_line, visit_and_join_line, asked)


async def say_free(
    origin: str, address: str, session_key: str | None, charger_id: int
) -> Opened | None:
    """Say that an overstayed charging spot is empty, likewise.

    Raises:
        TooManyTries, and as `report_free`.
    """
    asked = {"charger_id": charger_id}
    return await _do_or_visit(
        origin, address, session_key, report_free, visit_and_report_free, asked
    )


async def _do_or_visit(
    origin: str,
    address: str,
    session_key: str | None,
    own: Callable[..., Any],
    visit: Callable[..., Any],
    asked: dict[str, Any],
) -> Opened | None:
    """Run the command `own` in the session that a browser has; else `visit`, which opens one."""
    here = current()
    actor = await here.db.aread(lambda conn: identify(conn, session_key or "", datetime.now(UTC)))
    known = actor.kind is not ActorKind.NOBODY
    own_key, queue_id = session_key if known else None, asked.get("queue_id")
    with here.limiter.joining(address, queue_id, session_key=own_key, new=not known):
        if known:
            await here.db.arun(command(call_now(origin, session_key), own, **asked))
            return None
        opaque_id = here.keys.session_id_for(None)
        asked = asked | {"session_key": key_of(opaque_id)}
        await here.db.arun(command(call_now(origin), visit, **asked))
    return await _opened("visitor", opaque_id)


async def leave(origin: str, session_key: str | None) -> None:
    """End the session that a browser had until now, if it had one."""
    if session_key is not None:
        await current().db.arun(command(call_now(origin, session_key), sign_out))


async def _opened(kind: Kind, opaque_id: str) -> Opened:
    """The session's token, made from what is stored of it: asked for again, it is the same.

    Raises:
        NotSignedIn: an earlier request with this key opened it, and it has ended since.
    """
    runtime, key = current(), key_of(opaque_id)
    session = await runtime.db.aread(lambda conn: session_view(conn, key, datetime.now(UTC)))
    if session is None:
        raise NotSignedIn("This session has ended. Sign in again, with a new idempotency key.")
    token = runtime.keys.sign(opaque_id, session.created_at, session.expires_at)
    return Opened(kind, token, key, session.expires_at)
