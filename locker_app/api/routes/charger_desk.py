"""Routes of staff who run charging spots: they step in at a spot, at a booking, and in the line."""

from fastapi import APIRouter

from locker_app.api.answers.charging import (
    ChargerDeskAnswer,
    LineLeftAnswer,
    NameAnswer,
    TakenOutAnswer,
)
from locker_app.api.answers.queues import ChangedAnswer
from locker_app.api.asked import PathId, Reason
from locker_app.api.asked_charging import EndBooking, MoveBooking, TakeOut
from locker_app.api.caller import Anyone, Poster
from locker_app.api.openapi import problems
from locker_app.queries import scoped_charging
from locker_app.services import charger_desk

router = APIRouter(tags=["charger desk"], responses=problems(401, 403, 404, 409, 429))


@router.get("/sites/{site_id}/charger-desk")
async def site_charger_desk(site_id: PathId, who: Anyone) -> ChargerDeskAnswer:
    """Who has each spot and who comes later, with names, and who waits in line."""
    return ChargerDeskAnswer.of(await who.read(scoped_charging.charger_desk, site_id))


@router.post("/chargers/{charger_id}/take-out")
async def take_out_charger(charger_id: PathId, asked: TakeOut, who: Poster) -> TakenOutAnswer:
    """Take a spot out of service: who has it booked gets another one where there is one."""
    became = await who.run(
        charger_desk.take_out, charger_id=charger_id, reason=asked.reason, seen=asked.seen
    )
    return TakenOutAnswer.model_validate(became)


@router.post("/chargers/{charger_id}/put-back")
async def put_back_charger(charger_id: PathId, who: Poster) -> ChangedAnswer:
    """Put a spot back into service."""
    return ChangedAnswer(changed=await who.run(charger_desk.put_back, charger_id=charger_id))


@router.post("/chargers/{charger_id}/clear-report")
async def clear_report(charger_id: PathId, who: Poster) -> ChangedAnswer:
    """Say that a report about a spot was seen to: it is given again."""
    return ChangedAnswer(changed=await who.run(charger_desk.clear_report, charger_id=charger_id))


@router.post("/bookings/{booking_id}/end")
async def end_booking(booking_id: PathId, asked: EndBooking, who: Poster) -> NameAnswer:
    """End somebody's stay, a booking for later, or an offer."""
    name = await who.run(
        charger_desk.end_booking,
        booking_id=booking_id,
        reason=asked.reason,
        charger_id=asked.charger_id,
    )
    return NameAnswer(name=name)


@router.post("/bookings/{booking_id}/reassign")
async def reassign_booking(booking_id: PathId, asked: MoveBooking, who: Poster) -> NameAnswer:
    """Move somebody's booking to another spot that is free for as long."""
    name = await who.run(
        charger_desk.move_booking,
        booking_id=booking_id,
        charger_id=asked.charger_id,
        reason=asked.reason,
    )
    return NameAnswer(name=name)


@router.post("/charger-waits/{wait_id}/remove")
async def remove_from_charger_line(wait_id: PathId, asked: Reason, who: Poster) -> LineLeftAnswer:
    """Take somebody out of the line for a spot."""
    declined = await who.run(charger_desk.remove_waiting, wait_id=wait_id, reason=asked.reason)
    return LineLeftAnswer(declined=declined)
