"""One decision about many doors: each door a command of its own, and what became of each.

Each is its own transaction, with its own right, version, idempotency key and line in the history:
a door that has changed meanwhile is refused by itself and holds up no other, nobody waits for
hundreds of doors to be locked at once, and whoever asked is told of every one of them.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.db.transaction import Work
from locker_app.domain.actors import Actor, Right
from locker_app.domain.errors import BadInput, DomainError, NotAllowed
from locker_app.domain.people import check_reason
from locker_app.services import doors, lockers
from locker_app.services.command import MAX_KEY_LENGTH, Call, command
from locker_app.services.sessions import identify

MOST = 200
"""How many doors one call takes; whoever has more calls again."""

_MAX_KEY = MAX_KEY_LENGTH - 16  # with the id of a door behind it

logger = logging.getLogger(__name__)


class Act(StrEnum):
    """What can be done to many doors at once."""

    RELEASE = "force_release"
    OUT = "take_out_of_service"
    BACK = "put_back_in_service"
    EXTEND = "extend_time"
    OPEN = "open_door"


_OVERRIDES = frozenset({Act.RELEASE, Act.OUT})
"""What needs a reason whoever has the door."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A door, with the claim on it and its deadline as they were seen; None where that is not to
    be compared."""

    locker_id: int
    assignment_id: int | None = None
    seen_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one door."""

    locker_id: int
    label: str = ""
    code: str = ""
    """Of the refusal; empty when it was done."""
    message: str = ""

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return not self.code


async def act_on(
    db: Database, call: Call, act: Act, aims: Sequence[Aim], *, reason: str = "", minutes: int = 0
) -> list[Became]:
    """Do it to each door, and say what became of each, in the order of `aims`.

    Raises:
        NotSignedIn, NotAllowed: may do it at none of the doors. Who may do it nowhere at all is
            refused at the first: one attempt is enough for the history.
        ReasonNeeded: it overrides somebody, and no reason was given.
        BadInput: too many doors, one of them twice, or arguments that are not valid for any.
    """
    works = _works(call, act, aims, reason, minutes)
    if not (await db.aread(lambda conn: _actor(conn, call))).may(_RIGHTS[act], None):
        await db.arun(works[0])  # which refuses it
    done = await asyncio.gather(*(db.arun(work) for work in works), return_exceptions=True)
    if all(isinstance(result, NotAllowed) for result in done):
        raise NotAllowed
    return [_became(aim, result) for aim, result in zip(aims, done, strict=True)]


def _actor(conn: Connection, call: Call) -> Actor:
    if call.session_key is None:
        return call.actor
    return identify(conn, call.session_key, call.now)


def _works(call: Call, act: Act, aims: Sequence[Aim], reason: str, minutes: int) -> list[Work[str]]:
    if not 0 < len(aims) <= MOST:
        raise BadInput(f"Choose 1 to {MOST} lockers at once.", field="doors")
    if len({aim.locker_id for aim in aims}) < len(aims):
        raise BadInput("A locker was named twice.", field="doors")
    if not isinstance(reason, str):
        raise BadInput(field="reason")
    if act in _OVERRIDES:
        check_reason(reason)
    return [
        command(_each(call, aim), _COMMANDS[act], **_arguments(act, aim, reason, minutes))
        for aim in aims
    ]


_RIGHTS = {
    Act.RELEASE: Right.FORCE_RELEASE,
    Act.OUT: Right.SERVICE_LOCKERS,
    Act.BACK: Right.SERVICE_LOCKERS,
    Act.EXTEND: Right.EXTEND_TIME,
    Act.OPEN: Right.OPEN_DOORS,
}
"""What the commands ask for."""

_COMMANDS: dict[Act, Callable[..., str]] = {
    Act.RELEASE: lockers.force_release,
    Act.OUT: lockers.take_out_of_service,
    Act.BACK: lockers.put_back_in_service,
    Act.EXTEND: doors.extend_time,
    Act.OPEN: doors.open_door,
}


def _arguments(act: Act, aim: Aim, reason: str, minutes: int) -> dict[str, Any]:
    claim = {"locker_id": aim.locker_id, "assignment_id": aim.assignment_id}
    if act is Act.BACK:
        return {"locker_id": aim.locker_id}
    if act is Act.EXTEND:
        return {**claim, "minutes": minutes, "seen_until": aim.seen_until}
    return {**claim, "reason": reason}


def _each(call: Call, aim: Aim) -> Call:
    """The call for one door: the same key with the same door is the same request."""
    if call.request_id is None:
        return call
    if not 0 < len(call.request_id) <= _MAX_KEY:
        raise BadInput(f"An idempotency key for many has 1 to {_MAX_KEY} characters.")
    return replace(call, request_id=f"{call.request_id}/{aim.locker_id}")


def _became(aim: Aim, result: str | BaseException) -> Became:
    if isinstance(result, str):
        return Became(aim.locker_id, label=result)
    if isinstance(result, DomainError):
        return Became(aim.locker_id, code=result.code, message=str(result))
    if isinstance(result, OUTAGES):
        outages.failed(result)
        return Became(
            aim.locker_id, code="outage", message="The server can't reach its database just now."
        )
    if not isinstance(result, Exception):
        raise result
    logger.error("a command on door %d failed", aim.locker_id, exc_info=result)
    return Became(aim.locker_id, code="failed", message="That did not work: nothing was changed.")
