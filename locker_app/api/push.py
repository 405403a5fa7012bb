"""Web push, for the pages: the key to subscribe with, a browser's subscription, and its end.

Only browsers subscribe, on our own pages and by their cookie; so this is no part of the described
API and takes no tokens.
"""

import asyncio
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from locker_app.api.forms import ORIGIN, own_page
from locker_app.api.origin import client_address
from locker_app.domain.push import MAX_ENDPOINT_LENGTH
from locker_app.push.post import public_key
from locker_app.services import push
from locker_app.services.command import command
from locker_app.services.runtime import SESSION_COOKIE, call_now, current
from locker_app.settings import get_settings

router = APIRouter(prefix="/auth", include_in_schema=False, dependencies=[Depends(own_page)])

Endpoint = Annotated[str, Field(max_length=MAX_ENDPOINT_LENGTH)]
Key = Annotated[str, Field(max_length=200)]


class _Sent(BaseModel):
    """What browsers send; what else there may be in it is theirs."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Keys(_Sent):
    """What messages are encrypted with, for this browser alone."""

    p256dh: Key
    auth: Key


class Subscribing(_Sent):
    """A `PushSubscription` as the browser writes it."""

    endpoint: Endpoint
    keys: Keys


class Unsubscribing(_Sent):
    """Which subscription."""

    endpoint: Endpoint


@router.get("/push")
async def push_key() -> dict[str, str]:
    """The public key of this installation."""
    return {"key": await asyncio.to_thread(_public_key)}


@router.post("/push", status_code=204)
async def subscribe(request: Request, asked: Subscribing) -> None:
    """Have this browser told, also while its page is closed."""
    key, here = _session_key(request), current()
    work = command(
        call_now(ORIGIN, key),
        push.subscribe,
        endpoint=asked.endpoint,
        p256dh=asked.keys.p256dh,
        auth=asked.keys.auth,
    )
    with here.limiter.command(client_address(request), key):
        await here.db.arun(work)


@router.delete("/push", status_code=204)
async def unsubscribe(request: Request, asked: Unsubscribing) -> None:
    """Have it told nothing any more."""
    key, here = _session_key(request), current()
    work = command(call_now(ORIGIN, key), push.unsubscribe, endpoint=asked.endpoint)
    with here.limiter.command(client_address(request), key):
        await here.db.arun(work)


def _session_key(request: Request) -> str | None:
    return current().session_key(request.cookies.get(SESSION_COOKIE))


@lru_cache(maxsize=1)
def _public_key() -> str:
    return public_key(get_settings().push_key())
