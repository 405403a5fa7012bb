"""Whether this installation works, for whoever watches it from outside."""

import asyncio
import logging
from typing import Literal

from fastapi import APIRouter, Response

from locker_app.api.answers.events import HealthAnswer
from locker_app.live.seen_terminals import seen
from locker_app.queries.health import database_answers
from locker_app.services.runtime import current
from locker_app.version import VERSION

TIMEOUT_SECONDS = 2.0

_log = logging.getLogger(__name__)


def health_router() -> APIRouter:
    """The route, with its own memory of whether the database was there last."""
    router = APIRouter(tags=["health"])
    probe = Probe()

    @router.head("/health", include_in_schema=False)
    @router.get("/health", responses={503: {"model": HealthAnswer, "description": "It is down"}})
    async def health(response: Response) -> HealthAnswer:
        """Whether the database answers, and the version."""
        database = await probe.answers()
        if not database:
            response.status_code = 503
        return HealthAnswer(
            status="ok" if database else "down",
            database=database,
            terminals=_terminals(),
            version=VERSION,
        )

    return router


class Probe:
    """Asks the database one question at a time, however many want to know: one that hangs must
    not take all the threads with it. Logs when an outage begins and when it ends."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout_seconds
        self._asked: asyncio.Task[bool] | None = None
        self._down = False

    async def answers(self) -> bool:
        """Whether the database answers in time."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(_ask())
        try:
            answered = await asyncio.wait_for(asyncio.shield(self._asked), self._timeout)
        except Exception as error:  # whatever it is, this is what the route is there to say
            if not self._down:
                _log.error("the database does not answer: %s", type(error).__name__)
            self._down = True
            return False
        if self._down:
            _log.warning("the database answers again")
        self._down = False
        return answered


def _terminals() -> Literal["connected", "away", "off"]:
    broker = seen.how_broker_is
    if broker.kind == "off":
        return "off"
    return "connected" if broker.connected else "away"


async def _ask() -> bool:
    return await current().db.aread(database_answers)
