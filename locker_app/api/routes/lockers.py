"""Routes with which people get and give back lockers, and wait for one."""

from fastapi import APIRouter

from locker_app.api.answers.lockers import JoinedAnswer, LabelAnswer, LeftAnswer, TakenAnswer
from locker_app.api.asked import PathId, Take
from locker_app.api.caller import Poster
from locker_app.api.openapi import problems
from locker_app.services import lockers, waiting

router = APIRouter(tags=["lockers"], responses=problems(401, 403, 404, 409, 429))


@router.post("/banks/{bank_id}/take")
async def take(bank_id: PathId, who: Poster, asked: Take | None = None) -> TakenAnswer:
    """Get the lowest free locker of the bank, or the one held for you."""
    accessible = asked is not None and asked.accessible
    taken = await who.run(lockers.take_locker, bank_id=bank_id, accessible=accessible)
    return TakenAnswer.model_validate(taken)


@router.post("/assignments/{assignment_id}/give-back")
async def give_back(assignment_id: PathId, who: Poster) -> LabelAnswer:
    """Give back your locker."""
    return LabelAnswer(label=await who.run(lockers.give_back, assignment_id=assignment_id))


@router.post("/banks/{bank_id}/waits")
async def join_waiting(bank_id: PathId, who: Poster, asked: Take | None = None) -> JoinedAnswer:
    """Join the waiting list: the next free locker is held for you for a while."""
    accessible = asked is not None and asked.accessible
    wait_id = await who.run(waiting.join_waiting, bank_id=bank_id, accessible=accessible)
    return JoinedAnswer(wait_id=wait_id)


@router.post("/waits/{wait_id}/leave")
async def leave_waiting(wait_id: PathId, who: Poster) -> LeftAnswer:
    """Leave the waiting list, or decline the locker that is held for you."""
    return LeftAnswer(declined=await who.run(waiting.leave_waiting, wait_id=wait_id))
