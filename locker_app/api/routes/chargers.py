"""Routes of staff who set up charging spots and their rules, and look back on bookings."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from locker_app.api.answers.charging import ChargersCreatedAnswer, ChargingSetUpAnswer
from locker_app.api.answers.queues import ChangedAnswer
from locker_app.api.asked import PathId, QueryId
from locker_app.api.asked_charging import (
    ChangedCharger,
    ChargingRulesAsked,
    NewChargers,
    Position,
)
from locker_app.api.caller import Anyone, Poster
from locker_app.api.exports import send_file
from locker_app.api.openapi import problems
from locker_app.api.routes.statistics import Day
from locker_app.domain.chargers import AtEnd, Priority
from locker_app.queries import scoped_charging
from locker_app.services import chargers as service
from locker_app.services.chargers import ChargerPlan, ChargingRules
from locker_app.services.runtime import current

router = APIRouter(tags=["chargers"], responses=problems(401, 403, 404, 409, 429))


@router.get("/sites/{site_id}/charging")
async def charging(site_id: PathId, who: Anyone) -> ChargingSetUpAnswer:
    """How the charging spots of a site are set up: the rules, and all spots, archived ones too."""
    found = await who.read(scoped_charging.charging_set_up, site_id)
    return ChargingSetUpAnswer.model_validate(found)


@router.put("/sites/{site_id}/charging")
async def put_charging(site_id: PathId, asked: ChargingRulesAsked, who: Anyone) -> ChangedAnswer:
    """Give the spots of a site all these rules; nobody loses a booking by it."""
    rules = ChargingRules(
        **{
            **asked.model_dump(exclude={"version"}),
            "at_end": AtEnd(asked.at_end),
            "priority": Priority(asked.priority),
        }
    )
    changed = await who.run(
        service.change_charging, site_id=site_id, rules=rules, version=asked.version
    )
    return ChangedAnswer(changed=changed)


@router.post("/sites/{site_id}/chargers")
async def add_chargers(site_id: PathId, asked: NewChargers, who: Poster) -> ChargersCreatedAnswer:
    """Set up charging spots, listed after those that are there."""
    plans = [ChargerPlan(**one.model_dump()) for one in asked.chargers]
    made = await who.run(service.add_chargers, site_id=site_id, plans=plans)
    return ChargersCreatedAnswer(charger_ids=made)


@router.put("/chargers/{charger_id}")
async def put_charger(charger_id: PathId, asked: ChangedCharger, who: Anyone) -> ChangedAnswer:
    """Change what is said of a spot."""
    changed = await who.run(
        service.change_charger,
        charger_id=charger_id,
        plan=ChargerPlan(**asked.model_dump(exclude={"version"})),
        version=asked.version,
    )
    return ChangedAnswer(changed=changed)


@router.post("/chargers/{charger_id}/position")
async def move_charger(charger_id: PathId, asked: Position, who: Poster) -> ChangedAnswer:
    """List a spot one place earlier or later."""
    changed = await who.run(service.move_charger, charger_id=charger_id, up=asked.up)
    return ChangedAnswer(changed=changed)


@router.post("/chargers/{charger_id}/archive")
async def archive_charger(charger_id: PathId, who: Poster) -> ChangedAnswer:
    """Take a spot out of use that nobody has; what happened there stays known."""
    return ChangedAnswer(changed=await who.run(service.archive_charger, charger_id=charger_id))


@router.post("/chargers/{charger_id}/restore")
async def restore_charger(charger_id: PathId, who: Poster) -> ChangedAnswer:
    """Take an archived spot back into use."""
    return ChangedAnswer(changed=await who.run(service.restore_charger, charger_id=charger_id))


@router.get(
    "/sites/{site_id}/bookings.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def bookings_file(
    site_id: PathId, first: Day, last: Day, who: Anyone, charger_id: QueryId = None
) -> StreamingResponse:
    """The bookings that began, or were to begin, on these days, with names and with times of the
    site, as CSV. How many there are, the header `X-Rows` says."""
    chosen: dict[str, Any] = {"site_id": site_id, "first": first, "last": last}
    query = who.asking(
        scoped_charging.bookings_looked_back, datetime.now(UTC), **chosen, charger_id=charger_id
    )
    return await send_file(current().db, query, f"bookings-{first}-{last}.csv")
