"""Routes for staff: stepping in at a locker, resetting a PIN."""

from typing import Annotated

from fastapi import APIRouter, Path

from locker_app.api.answers.lockers import LabelAnswer
from locker_app.api.asked import ForceRelease, PathId, Reason
from locker_app.api.caller import Poster
from locker_app.api.openapi import problems
from locker_app.services import lockers, people

router = APIRouter(tags=["staff"], responses=problems(401, 403, 429))


@router.post("/lockers/{locker_id}/force-release", responses=problems(404, 409))
async def force_release(locker_id: PathId, asked: ForceRelease, who: Poster) -> LabelAnswer:
    """Take a locker, or a hold on one, from whoever has it."""
    released = await who.run(
        lockers.force_release,
        locker_id=locker_id,
        reason=asked.reason,
        assignment_id=asked.assignment_id,
    )
    return LabelAnswer(label=released)


@router.post("/lockers/{locker_id}/out-of-service", responses=problems(404, 409))
async def take_out_of_service(locker_id: PathId, asked: Reason, who: Poster) -> LabelAnswer:
    """Give this door to nobody until it is back in service."""
    label = await who.run(lockers.take_out_of_service, locker_id=locker_id, reason=asked.reason)
    return LabelAnswer(label=label)


@router.post("/lockers/{locker_id}/in-service", responses=problems(404, 409))
async def put_back_in_service(locker_id: PathId, who: Poster) -> LabelAnswer:
    """Let this door be given again."""
    return LabelAnswer(label=await who.run(lockers.put_back_in_service, locker_id=locker_id))


@router.post("/people/{number:path}/reset-pin", status_code=204, responses=problems(404))
async def reset_pin(
    number: Annotated[str, Path(max_length=200, examples=["CS2021001"])],
    asked: Reason,
    who: Poster,
) -> None:
    """Let a person choose a new PIN: the old one, its lock and all sessions end."""
    await who.run(people.reset_pin, number=number, reason=asked.reason)
