"""The forms of the pages, sent by the browser itself: only so can a cookie be out of reach of
scripts. Each answers by sending the browser on (303), so that reloading sends nothing twice.

A refusal goes back to the form as its stable code. Nothing that was entered stands in an address:
addresses are logged, kept in histories, and can be made up by others.
"""

import re
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse

from locker_app.api.cookies import clear_session, set_session
from locker_app.api.entry import (
    Entered,
    Opened,
    Stay,
    Visitor,
    book_spot,
    leave,
    say_free,
    take_ticket,
    wait_for_spot,
)
from locker_app.api.origin import client_address, from_another_site
from locker_app.api.refusals import CrossSite
from locker_app.domain.actors import Right
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    GroupHasTicket,
    HasTicket,
    LimitReached,
    PasswordsDiffer,
    PinsDiffer,
    WrongPin,
)
from locker_app.queries.chargers import charger_of_code
from locker_app.queries.queues import queue_of_code
from locker_app.services.command import command
from locker_app.services.runtime import SESSION_COOKIE, call_now, current
from locker_app.services.sessions import identify, sign_out_everywhere

ORIGIN = "web"
PERSON_FORM, PERSON_HOME = "/sign-in", "/"
STAFF_FORM, STAFF_HOME = "/staff/sign-in", "/staff"
STAFF_QUEUES, STAFF_ACCOUNT = "/staff/queues", "/staff/account"
_LINK = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ID, _MILLIS = re.compile(r"[0-9]{1,9}"), re.compile(r"[0-9]{1,13}")
_SPOT = re.compile(r"/c/[A-Z0-9]{6}")

_MAX_NEXT = 500


async def own_page(request: Request) -> None:
    """Let pass only what our own pages send.

    Signing somebody in as somebody else is an attack as well, so this holds without a cookie too.

    Raises:
        CrossSite: another site's page sent it.
    """
    if from_another_site(request):
        raise CrossSite


router = APIRouter(prefix="/auth", include_in_schema=False, dependencies=[Depends(own_page)])

Entry = Annotated[str, Form()]


@router.post("/sign-in")
async def sign_in(
    request: Request, number: Entry = "", pin: Entry = "", next: Entry = ""
) -> RedirectResponse:
    """Sign in a person; on to `next`."""
    entering = _visitor(request).person(number, pin)
    return await _enter(request, entering, PERSON_FORM, local(next, PERSON_HOME))


@router.post("/choose-pin")
async def choose_pin(
    request: Request, number: Entry = "", pin: Entry = "", again: Entry = "", next: Entry = ""
) -> RedirectResponse:
    """Set a person's first PIN and sign in; on to `next`."""
    if pin != again:
        return _back(PERSON_FORM, PinsDiffer())
    entering = _visitor(request).first_pin(number, pin)
    return await _enter(request, entering, PERSON_FORM, local(next, PERSON_HOME))


@router.post("/staff")
async def sign_in_staff(
    request: Request, login: Entry = "", password: Entry = "", next: Entry = ""
) -> RedirectResponse:
    """Sign in a staff member; on to `next`, or to what they work with."""
    entering = _visitor(request).staff(login, password)
    return await _enter(request, entering, STAFF_FORM, local(next, ""))


@router.post("/invite")
async def accept_invitation(
    request: Request, link: Entry = "", password: Entry = "", again: Entry = ""
) -> RedirectResponse:
    """Choose the password of the account that a link invites, and sign in."""
    if not _LINK.fullmatch(link):
        return RedirectResponse(STAFF_FORM, status_code=303)
    form = f"/invite/{link}"
    if password != again:
        return _back(form, PasswordsDiffer())
    return await _enter(request, _visitor(request).invited(link, password), form, "")


@router.post("/password")
async def change_password(
    request: Request, old: Entry = "", password: Entry = "", again: Entry = ""
) -> RedirectResponse:
    """Give the staff member who is signed in here another password."""
    if password != again:
        return _back(STAFF_ACCOUNT, PasswordsDiffer())
    try:
        await _visitor(request).change_password(old, password)
    except DomainError as refusal:
        return _back(STAFF_ACCOUNT, refusal)
    return RedirectResponse(f"{STAFF_ACCOUNT}?refused=changed", status_code=303)


@router.post("/visit")
async def visit(
    request: Request,
    queue: Entry = "",
    group: Entry = "",
    question: Entry = "",
    room_pin: Entry = "",
) -> RedirectResponse:
    """Take a ticket of the queue with this code; a browser without a session gets a visitor's."""
    queue_id = await current().db.aread(lambda conn: queue_of_code(conn, queue))
    if queue_id is None:
        return RedirectResponse(PERSON_HOME, status_code=303)
    page = f"/q/{queue.upper()}"
    try:
        opened = await take_ticket(
            ORIGIN,
            client_address(request),
            _session_key(request),
            queue_id,
            Entered(group, question, room_pin),
        )
    except DomainError as refusal:
        return _back(page, refusal)
    return _onward(request, page, opened)


@router.post("/book")
async def book(
    request: Request,
    charger: Entry = "",
    leaves_at: Entry = "",
    starts_at: Entry = "",
    shown_as: Entry = "",
) -> RedirectResponse:
    """Book the charging spot with this code, until a time in milliseconds since 1970; a browser
    without a session gets a visitor's."""
    found = await current().db.aread(lambda conn: charger_of_code(conn, charger))
    if found is None:
        return RedirectResponse(PERSON_HOME, status_code=303)
    page = f"/c/{charger.strip().upper()}"
    try:
        stay = Stay(found[0], _moment(leaves_at), _moment(starts_at), shown_as)
        opened = await book_spot(ORIGIN, client_address(request), _session_key(request), stay)
    except DomainError as refusal:
        return _back(page, refusal)
    return _onward(request, page, opened)


@router.post("/charger-line")
async def charger_line(request: Request, site: Entry = "", page: Entry = "") -> RedirectResponse:
    """Join the line for the charging spots of a site, likewise; back to the page of a spot."""
    site_id = int(site) if _ID.fullmatch(site) else 0
    back = page if _SPOT.fullmatch(page) else f"/chargers/{site_id}"
    try:
        opened = await wait_for_spot(
            ORIGIN, client_address(request), _session_key(request), site_id
        )
    except DomainError as refusal:
        return _back(back, refusal)
    return _onward(request, back, opened)


@router.post("/spot-free")
async def spot_free(request: Request, charger: Entry = "") -> RedirectResponse:
    """Say that the overstayed charging spot with this code is empty, likewise."""
    found = await current().db.aread(lambda conn: charger_of_code(conn, charger))
    if found is None:
        return RedirectResponse(PERSON_HOME, status_code=303)
    page = f"/c/{charger.strip().upper()}"
    try:
        opened = await say_free(ORIGIN, client_address(request), _session_key(request), found[0])
    except DomainError as refusal:
        return _back(page, refusal)
    return _onward(request, page, opened)


def _moment(millis: str) -> datetime | None:
    """The moment that is so many milliseconds after 1970; None without any.

    Raises:
        BadInput: it is no such number.
    """
    if not millis:
        return None
    if not _MILLIS.fullmatch(millis):
        raise BadInput("Choose when you leave.", field="leaves_at")
    return datetime.fromtimestamp(int(millis) / 1000, UTC)


@router.post("/sign-out")
async def sign_out(request: Request) -> RedirectResponse:
    """End the browser's session; on to the start page."""
    await leave(ORIGIN, _session_key(request))
    return _signed_out(request)


@router.post("/sign-out-everywhere")
async def sign_out_of_all(request: Request) -> RedirectResponse:
    """End all sessions of whoever is signed in here; on to the start page."""
    key = _session_key(request)
    if key is not None:
        await current().db.arun(command(call_now(ORIGIN, key), sign_out_everywhere))
    return _signed_out(request)


def local(next: str, otherwise: str) -> str:
    """`next`, when it is a path on this server and nothing that a browser could read as an
    address elsewhere; else `otherwise`."""
    good = (
        next.startswith("/")
        and not next.startswith("//")
        and "\\" not in next
        and next.isprintable()
        and len(next) <= _MAX_NEXT
    )
    return next if good else otherwise


def _visitor(request: Request) -> Visitor:
    return Visitor(ORIGIN, client_address(request), session_key=_session_key(request))


def _session_key(request: Request) -> str | None:
    return current().session_key(request.cookies.get(SESSION_COOKIE))


async def _enter(
    request: Request, entering: Awaitable[Opened], form: str, onward: str
) -> RedirectResponse:
    try:
        opened = await entering
    except DomainError as refusal:
        return _back(form, refusal)
    await leave(ORIGIN, _session_key(request))
    response = RedirectResponse(onward or await _staff_home(opened), status_code=303)
    set_session(response, request, opened.token, opened.expires_at)
    return response


async def _staff_home(opened: Opened) -> str:
    """The board; for those who may not see it but serve queues, these."""
    now = call_now(ORIGIN).now
    actor = await current().db.aread(lambda conn: identify(conn, opened.session_key, now))
    queues = actor.may(Right.SERVE_QUEUE, None) and not actor.may(Right.SEE_BOARD, None)
    return STAFF_QUEUES if queues else STAFF_HOME


def _onward(request: Request, page: str, opened: Opened | None) -> RedirectResponse:
    """On to a page, with the cookie of a session that was just opened."""
    response = RedirectResponse(page, status_code=303)
    if opened is not None:
        set_session(response, request, opened.token, opened.expires_at)
    return response


def _back(form: str, refusal: DomainError) -> RedirectResponse:
    """Back to the form with what it needs to say why: the code, and numbers and names of ours."""
    why: dict[str, str | int] = {"refused": refusal.code}
    if isinstance(refusal, WrongPin):
        why["left"] = refusal.tries_left
    if isinstance(refusal, HasTicket | GroupHasTicket):
        why["number"] = refusal.number
    if isinstance(refusal, LimitReached) and refusal.period:
        why["per"] = refusal.period
    if isinstance(refusal, BadInput) and refusal.field is not None:
        why["field"] = refusal.field
    return RedirectResponse(f"{form}?{urlencode(why)}", status_code=303)


def _signed_out(request: Request) -> RedirectResponse:
    response = RedirectResponse(PERSON_HOME, status_code=303)
    clear_session(response, request)
    return response
