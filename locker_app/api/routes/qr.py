"""QR codes of short addresses, to be shown in rooms and printed."""

from typing import Annotated

import qrcode
from fastapi import APIRouter, Path, Request, Response
from qrcode.image.svg import SvgPathFillImage

from locker_app.domain.errors import NotFound
from locker_app.queries.queues import queue_of_code
from locker_app.services.runtime import current
from locker_app.serving.addresses import join_address
from locker_app.settings import get_settings


def qr_router() -> APIRouter:
    """The pictures. They are for pages, so no part of the described API."""
    router = APIRouter(prefix="/qr", include_in_schema=False)

    @router.get("/q/{code}.svg")
    async def queue_code(request: Request, code: Annotated[str, Path(max_length=12)]) -> Response:
        """The short address of a queue, as phones read it."""
        if await current().db.aread(lambda conn: queue_of_code(conn, code)) is None:
            raise NotFound
        asked = f"{request.url.scheme}://{request.url.netloc}"
        address = f"{join_address(get_settings(), asked)}/q/{code.upper()}"
        return Response(_svg(address), media_type="image/svg+xml")

    return router


def _svg(text: str) -> bytes:
    code = qrcode.QRCode(border=2, image_factory=SvgPathFillImage)
    code.add_data(text)
    return code.make_image().to_string()
