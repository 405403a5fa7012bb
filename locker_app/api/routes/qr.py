"""QR codes of short addresses, to be shown in rooms and printed."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from locker_app.domain.codes import read_code
from locker_app.domain.errors import NotFound
from locker_app.queries.codes import where_to
from locker_app.queries.queues import queue_of_code
from locker_app.services.runtime import current
from locker_app.serving.addresses import join_address, qr_picture
from locker_app.settings import get_settings

UNKNOWN_CODE = "/unknown-code"


def qr_router() -> APIRouter:
    """The pictures. They are for pages, so no part of the described API."""
    router = APIRouter(prefix="/qr", include_in_schema=False)

    @router.get("/q/{code}.svg")
    async def queue_code(request: Request, code: Annotated[str, Path(max_length=12)]) -> Response:
        """The short address of a queue, as phones read it."""
        if await current().db.aread(lambda conn: queue_of_code(conn, code)) is None:
            raise NotFound
        return _picture(request, f"/q/{code.upper()}")

    @router.get("/go/{code}.svg")
    async def any_code(request: Request, code: Annotated[str, Path(max_length=12)]) -> Response:
        """The short address of whatever has this code, as phones read it."""
        known = read_code(code)
        if known is None or await current().db.aread(lambda conn: where_to(conn, known)) is None:
            raise NotFound
        return _picture(request, f"/go/{known}")

    return router


def go_router() -> APIRouter:
    """Short addresses, as on paper: on to what has the code."""
    router = APIRouter(include_in_schema=False)

    @router.get("/go/{code}")
    async def go(code: Annotated[str, Path(max_length=100)]) -> RedirectResponse:
        """The page of whatever has this code; else the page that says that nothing has it."""
        known = read_code(code)
        onward = known and await current().db.aread(lambda conn: where_to(conn, known))
        return RedirectResponse(onward or UNKNOWN_CODE, status_code=303)

    return router


def _picture(request: Request, path: str) -> Response:
    """An address of this server as a QR code: the one by which phones can open it."""
    asked = f"{request.url.scheme}://{request.url.netloc}"
    address = join_address(get_settings(), asked) + path
    return Response(qr_picture(address), media_type="image/svg+xml")
