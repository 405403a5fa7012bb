"""Routes of those in line: persons with their session, others with a visitor's."""

from fastapi import APIRouter

from locker_app.api.answers.me import SessionAnswer
from locker_app.api.answers.queues import (
    ChangedAnswer,
    GivenAnswer,
    MyTicketAnswer,
    NumberAnswer,
)
from locker_app.api.asked import Join, PathId, Question
from locker_app.api.caller import Anyone, Poster
from locker_app.api.entry import Visitor
from locker_app.api.openapi import problems
from locker_app.queries import scoped
from locker_app.services import tickets
from locker_app.services.runtime import current

router = APIRouter(tags=["tickets"])

_OF_HOLDER = problems(401, 403, 409, 429)


@router.post("/visits", responses=problems(429))
async def visit(who: Poster) -> SessionAnswer:
    """Come as a visitor, who can take tickets where no sign-in is needed. Each request opens
    another session, also with the same idempotency key."""
    opened = await Visitor("api", who.address).visit()
    return SessionAnswer.model_validate(opened)


@router.get("/me/tickets", responses=problems(401))
async def my_tickets(who: Anyone) -> list[MyTicketAnswer]:
    """One's own open tickets, and how the last ended in each queue that one is not in now."""
    return [MyTicketAnswer.of(own) for own in await who.read(scoped.own_tickets)]


@router.post("/queues/{queue_id}/tickets", responses=problems(401, 403, 404, 409, 429))
async def join(queue_id: PathId, asked: Join, who: Poster) -> GivenAnswer:
    """Take a ticket. The first of a round is served at once."""
    with current().limiter.joining(who.address, queue_id, session_key=who.session_key):
        given = await who.run(
            tickets.join_queue,
            queue_id=queue_id,
            group=asked.group,
            question=asked.question,
            room_pin=asked.room_pin,
        )
    return GivenAnswer.model_validate(given)


@router.post("/tickets/{ticket_id}/leave", responses=_OF_HOLDER)
async def leave(ticket_id: PathId, who: Poster) -> NumberAnswer:
    """Leave the line, also when it is one's turn."""
    return NumberAnswer(number=await who.run(tickets.leave_queue, ticket_id=ticket_id))


@router.post("/tickets/{ticket_id}/step-back", responses=_OF_HOLDER)
async def step_back(ticket_id: PathId, who: Poster) -> NumberAnswer:
    """Let the next one by; the answer has that one's number."""
    return NumberAnswer(number=await who.run(tickets.step_back, ticket_id=ticket_id))


@router.put("/tickets/{ticket_id}/question", responses=_OF_HOLDER)
async def put_question(ticket_id: PathId, asked: Question, who: Anyone) -> ChangedAnswer:
    """Write, change or remove the question that staff see."""
    changed = await who.run(tickets.ask, ticket_id=ticket_id, question=asked.question)
    return ChangedAnswer(changed=changed)
