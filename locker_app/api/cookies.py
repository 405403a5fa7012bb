"""The session cookie: how it is set and taken away again."""

from datetime import UTC, datetime

from starlette.requests import HTTPConnection
from starlette.responses import Response

from locker_app.api.origin import came_by_https
from locker_app.services.runtime import SESSION_COOKIE


def set_session(
    response: Response, connection: HTTPConnection, token: str, expires_at: datetime
) -> None:
    """Give the browser the token: out of reach of scripts, and of other sites' requests."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=max(0, int((expires_at - datetime.now(UTC)).total_seconds())),
        path="/",
        httponly=True,
        samesite="lax",
        secure=came_by_https(connection),
    )


def clear_session(response: Response, connection: HTTPConnection) -> None:
    """Take the token from the browser."""
    response.delete_cookie(
        SESSION_COOKIE,
        path="/",
        httponly=True,
        samesite="lax",
        secure=came_by_https(connection),
    )
