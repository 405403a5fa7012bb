"""Routes about queues: everybody sees where each stands; staff set them up, open and reset them."""

from datetime import UTC, datetime

from fastapi import APIRouter

from locker_app.api.answers.queues import (
    ChangedAnswer,
    CreatedAnswer,
    QueueAnswer,
    QueueCardAnswer,
    ResetAnswer,
    RulesAnswer,
)
from locker_app.api.asked import Announcement, ChangedRules, Mode, PathId, Paused, Rules
from locker_app.api.caller import Anyone, Poster
from locker_app.api.openapi import problems
from locker_app.domain.queues import QueueMode, QueueRules, version_of
from locker_app.queries import scoped
from locker_app.services import queues

router = APIRouter(tags=["queues"])

_OF_STAFF = problems(401, 403, 404, 429)


@router.get("/sites/{site_id}/queues", responses=problems(404))
async def queues_of_site(site_id: PathId, who: Anyone) -> list[QueueCardAnswer]:
    """The queues of a site, and how busy each is."""
    cards = await who.read(scoped.queues_at_site, site_id)
    return [QueueCardAnswer.model_validate(card) for card in cards]


@router.get("/queues/{queue_id}", responses=problems(404))
async def queue(queue_id: PathId, who: Anyone) -> QueueAnswer:
    """Where a queue stands, in numbers, and how long who joins now would wait."""
    line, pace = await who.read(scoped.line_with_pace, queue_id)
    return QueueAnswer.of(line, pace, datetime.now(UTC))


@router.post("/sites/{site_id}/queues", responses=_OF_STAFF)
async def create_queue(site_id: PathId, asked: Rules, who: Poster) -> CreatedAnswer:
    """Set up a queue."""
    plan = QueueRules(**asked.model_dump())
    return CreatedAnswer(queue_id=await who.run(queues.create_queue, site_id=site_id, plan=plan))


@router.get("/queues/{queue_id}/rules", responses=problems(401, 403, 404))
async def rules(queue_id: PathId, who: Anyone) -> RulesAnswer:
    """The rules of a queue, the room's PIN among them, for who may set them."""
    row = await who.read(scoped.queue_rules, queue_id)
    fields = {name: getattr(row, name) for name in RulesAnswer.model_fields if name != "version"}
    return RulesAnswer(**{**fields, "hours": fields["hours"] or []}, version=version_of(row))


@router.put("/queues/{queue_id}/rules", responses=_OF_STAFF)
async def put_rules(queue_id: PathId, asked: ChangedRules, who: Anyone) -> ChangedAnswer:
    """Give a queue all these rules; who is in line already stays."""
    rules = QueueRules(**asked.model_dump(exclude={"version"}))
    kept = await who.run(queues.change_rules, queue_id=queue_id, rules=rules, version=asked.version)
    return ChangedAnswer(changed=kept.changed)


@router.put("/queues/{queue_id}/mode", responses=_OF_STAFF)
async def put_mode(queue_id: PathId, asked: Mode, who: Anyone) -> ChangedAnswer:
    """Open a queue, close it, or let it only finish."""
    mode = QueueMode(asked.mode)
    return ChangedAnswer(changed=await who.run(queues.set_mode, queue_id=queue_id, mode=mode))


@router.put("/queues/{queue_id}/paused", responses=_OF_STAFF)
async def put_paused(queue_id: PathId, asked: Paused, who: Anyone) -> ChangedAnswer:
    """Take a break, or end it."""
    changed = await who.run(queues.pause, queue_id=queue_id, paused=asked.paused)
    return ChangedAnswer(changed=changed)


@router.put("/queues/{queue_id}/announcement", responses=_OF_STAFF)
async def put_announcement(queue_id: PathId, asked: Announcement, who: Anyone) -> ChangedAnswer:
    """Tell everybody in the line something; an empty text takes it away."""
    changed = await who.run(queues.announce, queue_id=queue_id, text=asked.text)
    return ChangedAnswer(changed=changed)


@router.post("/queues/{queue_id}/reset", responses=_OF_STAFF)
async def reset(queue_id: PathId, who: Poster) -> ResetAnswer:
    """Clear all tickets and begin at number 1 again: everybody in the line is told."""
    return ResetAnswer(cleared=await who.run(queues.reset_queue, queue_id=queue_id))
