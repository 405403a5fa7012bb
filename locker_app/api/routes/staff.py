"""Routes for staff: stepping in at lockers."""

from fastapi import APIRouter

from locker_app.api.answers.lockers import LabelAnswer, ManyAnswer
from locker_app.api.asked import (
    DoorNote,
    ForceRelease,
    Longer,
    Many,
    OpenDoor,
    OutOfService,
    PathId,
)
from locker_app.api.caller import Poster
from locker_app.api.openapi import problems
from locker_app.services import doors, lockers
from locker_app.services.many import Act, Aim

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
async def take_out_of_service(locker_id: PathId, asked: OutOfService, who: Poster) -> LabelAnswer:
    """Give this door to nobody until it is back in service."""
    label = await who.run(
        lockers.take_out_of_service,
        locker_id=locker_id,
        reason=asked.reason,
        assignment_id=asked.assignment_id,
    )
    return LabelAnswer(label=label)


@router.post("/lockers/{locker_id}/in-service", responses=problems(404, 409))
async def put_back_in_service(locker_id: PathId, who: Poster) -> LabelAnswer:
    """Let this door be given again."""
    return LabelAnswer(label=await who.run(lockers.put_back_in_service, locker_id=locker_id))


@router.post("/lockers/{locker_id}/longer", responses=problems(404, 409))
async def extend_time(locker_id: PathId, asked: Longer, who: Poster) -> LabelAnswer:
    """Give whoever has this locker longer, or more time to take the one held for them."""
    label = await who.run(
        doors.extend_time,
        locker_id=locker_id,
        minutes=asked.minutes,
        assignment_id=asked.assignment_id,
        seen_until=asked.seen_until,
    )
    return LabelAnswer(label=label)


@router.post("/lockers/{locker_id}/note", responses=problems(404, 409))
async def note_locker(locker_id: PathId, asked: DoorNote, who: Poster) -> LabelAnswer:
    """Write, change or remove the note that staff keep on this door."""
    label = await who.run(doors.note_locker, locker_id=locker_id, note=asked.note, seen=asked.seen)
    return LabelAnswer(label=label)


@router.post("/lockers/{locker_id}/open", responses=problems(404, 409))
async def open_door(locker_id: PathId, asked: OpenDoor, who: Poster) -> LabelAnswer:
    """Open this door from afar, by the terminal of its bank."""
    label = await who.run(
        doors.open_door,
        locker_id=locker_id,
        reason=asked.reason,
        assignment_id=asked.assignment_id,
    )
    return LabelAnswer(label=label)


@router.post("/lockers/many", responses=problems(404, 409))
async def many_lockers(asked: Many, who: Poster) -> ManyAnswer:
    """Do the same at many doors. Each is done, or refused, by itself, and the answer says which:
    200 does not mean that all were done."""
    aims = [Aim(door.locker_id, door.assignment_id, door.seen_until) for door in asked.doors]
    became = await who.run_many(Act(asked.action), aims, reason=asked.reason, minutes=asked.minutes)
    return ManyAnswer.of(became)
