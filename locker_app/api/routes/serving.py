"""Routes of staff who work a line off."""

from fastapi import APIRouter

from locker_app.api.answers.queues import ChangedAnswer, LineAnswer, NumberAnswer, PressedAnswer
from locker_app.api.asked import DeskLabel, Note, PathId
from locker_app.api.caller import Anyone, Poster
from locker_app.api.openapi import problems
from locker_app.queries import scoped
from locker_app.services import desks, presses, serving

router = APIRouter(tags=["serving"], responses=problems(401, 403, 404))

_PRESS = problems(409, 429)


@router.get("/queues/{queue_id}/line")
async def line(queue_id: PathId, who: Anyone) -> LineAnswer:
    """The whole line with groups, names, questions and notes."""
    return LineAnswer.of(await who.read(scoped.queue_at_work, queue_id))


@router.post("/queues/{queue_id}/next", responses=_PRESS)
async def complete_and_call_next(queue_id: PathId, who: Poster) -> PressedAnswer:
    """Mark one's current ticket done and call the next one; with nobody waiting the number that
    was called last stays shown."""
    pressed = await who.run(serving.complete_and_call_next, queue_id=queue_id)
    return PressedAnswer.model_validate(pressed)


@router.post("/queues/{queue_id}/complete", responses=_PRESS)
async def complete(queue_id: PathId, who: Poster) -> PressedAnswer:
    """Mark one's current ticket done and call nobody."""
    return PressedAnswer.model_validate(await who.run(serving.complete, queue_id=queue_id))


@router.post("/queues/{queue_id}/undo", responses=_PRESS)
async def undo(queue_id: PathId, who: Poster) -> PressedAnswer:
    """Take back one's last press, for ten seconds."""
    return PressedAnswer.model_validate(await who.run(presses.undo, queue_id=queue_id))


@router.put("/queues/{queue_id}/desk", responses=problems(429))
async def put_desk(queue_id: PathId, asked: DeskLabel, who: Anyone) -> ChangedAnswer:
    """Say at which desk one serves, for the room to read."""
    changed = await who.run(desks.label_desk, queue_id=queue_id, label=asked.label)
    return ChangedAnswer(changed=changed)


@router.post("/tickets/{ticket_id}/call", responses=_PRESS)
async def call(ticket_id: PathId, who: Poster) -> PressedAnswer:
    """Call this ticket, out of order; or take over one that is served at no desk yet."""
    return PressedAnswer.model_validate(await who.run(serving.call, ticket_id=ticket_id))


@router.post("/tickets/{ticket_id}/no-show", responses=_PRESS)
async def no_show(ticket_id: PathId, who: Poster) -> PressedAnswer:
    """Note that the holder was called and did not come, and call the next one."""
    return PressedAnswer.model_validate(await who.run(serving.no_show, ticket_id=ticket_id))


@router.post("/tickets/{ticket_id}/put-back", responses=_PRESS)
async def put_back(ticket_id: PathId, who: Poster) -> NumberAnswer:
    """Put a ticket that was called, or whose holder did not come, at the front of the line."""
    return NumberAnswer(number=await who.run(serving.put_back, ticket_id=ticket_id))


@router.post("/tickets/{ticket_id}/remove", responses=_PRESS)
async def remove(ticket_id: PathId, who: Poster) -> NumberAnswer:
    """Take a waiting ticket out of the line, such as one whose holder has lost it."""
    return NumberAnswer(number=await who.run(serving.remove, ticket_id=ticket_id))


@router.put("/tickets/{ticket_id}/note", responses=problems(429))
async def put_note(ticket_id: PathId, asked: Note, who: Anyone) -> ChangedAnswer:
    """Write, change or remove the note that staff keep on a ticket."""
    changed = await who.run(serving.note, ticket_id=ticket_id, note=asked.note)
    return ChangedAnswer(changed=changed)
