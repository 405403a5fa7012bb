"""Routes to sign in and out."""

from fastapi import APIRouter, Request, Response

from locker_app.api.answers.me import EndedAnswer, SessionAnswer
from locker_app.api.asked import SignIn, StaffSignIn
from locker_app.api.caller import Caller, Poster
from locker_app.api.cookies import clear_session, set_session
from locker_app.api.entry import Opened, Visitor, leave
from locker_app.api.openapi import problems
from locker_app.services import sessions

router = APIRouter(tags=["sign in"])

_TRIED = problems(401, 429)


@router.post("/sign-in", responses=_TRIED)
async def sign_in(
    asked: SignIn, who: Poster, request: Request, response: Response
) -> SessionAnswer:
    """Sign in with enrolment number and PIN."""
    opened = await _visitor(who).person(asked.number, asked.pin)
    return await _let_in(opened, who, request, response, cookie=asked.cookie)


@router.post("/sign-in/pin", responses=problems(401, 409, 429))
async def choose_first_pin(
    asked: SignIn, who: Poster, request: Request, response: Response
) -> SessionAnswer:
    """Choose the PIN of a number that has none yet, and sign in."""
    opened = await _visitor(who).first_pin(asked.number, asked.pin)
    return await _let_in(opened, who, request, response, cookie=asked.cookie)


@router.post("/staff/sign-in", responses=_TRIED)
async def sign_in_staff(
    asked: StaffSignIn, who: Poster, request: Request, response: Response
) -> SessionAnswer:
    """Sign in with the login and password of a staff account."""
    opened = await _visitor(who).staff(asked.login, asked.password)
    return await _let_in(opened, who, request, response, cookie=asked.cookie)


@router.post("/sign-out", responses=problems(429))
async def sign_out(who: Poster, request: Request, response: Response) -> EndedAnswer:
    """End the session in use."""
    ended = await who.run(sessions.sign_out)
    return _let_out(ended, who, request, response)


@router.post("/sign-out-everywhere", responses=problems(429))
async def sign_out_everywhere(who: Poster, request: Request, response: Response) -> EndedAnswer:
    """End all sessions of whoever asks, on all devices."""
    ended = await who.run(sessions.sign_out_everywhere)
    return _let_out(ended, who, request, response)


def _visitor(who: Caller) -> Visitor:
    return Visitor("api", who.address, who.request_id, who.session_key if who.by_cookie else None)


async def _let_in(
    opened: Opened, who: Caller, request: Request, response: Response, *, cookie: bool
) -> SessionAnswer:
    if cookie:
        await leave_other(opened, who)
        set_session(response, request, opened.token, opened.expires_at)
    return SessionAnswer.model_validate(opened)


async def leave_other(opened: Opened, who: Caller) -> None:
    """End the session that the browser's cookie named until now, unless it is this one."""
    if who.by_cookie and who.session_key != opened.session_key:
        await leave("api", who.session_key)


def _let_out(ended: bool, who: Caller, request: Request, response: Response) -> EndedAnswer:
    if who.by_cookie:
        clear_session(response, request)
    return EndedAnswer(ended=ended)
