"""Routes of those who charge: everybody sees the spots; persons with their session, and others with
a visitor's (`/visits`), book them and wait for one."""

from fastapi import APIRouter

from locker_app.api.answers.charging import (
    BookedAnswer,
    ChargersAnswer,
    FreeAnswer,
    InLineAnswer,
    LeaveTimeAnswer,
    LineLeftAnswer,
    MyChargingAnswer,
    NameAnswer,
    ReportedAnswer,
    ScannedAnswer,
    SnoozedAnswer,
)
from locker_app.api.answers.queues import ChangedAnswer
from locker_app.api.asked import PathCode, PathId
from locker_app.api.asked_charging import Accept, Book, LeaveTime, MoveTo
from locker_app.api.caller import Anyone, Poster
from locker_app.api.openapi import problems
from locker_app.queries import scoped_charging
from locker_app.services import bookings, charger_line, spot_reports

router = APIRouter(tags=["charging"])

_OF_HOLDER = problems(401, 403, 404, 409, 429)


@router.get("/sites/{site_id}/chargers", responses=problems(404))
async def chargers(site_id: PathId, who: Anyone) -> ChargersAnswer:
    """The charging spots of a site, when each comes free, and how far off that was lately."""
    return ChargersAnswer.of(await who.read(scoped_charging.charging_view, site_id))


@router.get("/chargers/by-code/{code}", responses=problems(404))
async def charger_by_code(code: PathCode, who: Anyone) -> ScannedAnswer:
    """The spot that has this code on its post, with all spots of its site."""
    return ScannedAnswer.of_code(*await who.read(scoped_charging.charging_by_code, code))


@router.get("/me/charging", responses=problems(401))
async def my_charging(who: Anyone) -> MyChargingAnswer:
    """One's own bookings, offers and places in line; what became of any without oneself in the
    last twelve hours; what one may still book."""
    return MyChargingAnswer.of(await who.read(scoped_charging.own_charging))


@router.post("/chargers/{charger_id}/bookings", responses=_OF_HOLDER)
async def book(charger_id: PathId, asked: Book, who: Poster) -> BookedAnswer:
    """Book a spot from now, or for later today, until you leave."""
    booked = await who.run(
        bookings.book,
        charger_id=charger_id,
        leaves_at=asked.leaves_at,
        starts_at=asked.starts_at,
        shown_as=asked.shown_as,
    )
    return BookedAnswer.model_validate(booked)


@router.put("/bookings/{booking_id}/leave-time", responses=_OF_HOLDER)
async def put_leave_time(booking_id: PathId, asked: LeaveTime, who: Anyone) -> LeaveTimeAnswer:
    """Say another time to leave: sooner always, later as far as others and the site allow."""
    at = await who.run(bookings.set_leave, booking_id=booking_id, leaves_at=asked.leaves_at)
    return LeaveTimeAnswer(leaves_at=at)


@router.post("/bookings/{booking_id}/stop", responses=_OF_HOLDER)
async def stop(booking_id: PathId, who: Poster) -> NameAnswer:
    """End your stay, or cancel it before it begins."""
    return NameAnswer(name=await who.run(bookings.stop, booking_id=booking_id))


@router.post("/bookings/{booking_id}/move", responses=_OF_HOLDER)
async def move(booking_id: PathId, asked: MoveTo, who: Poster) -> NameAnswer:
    """Move to another spot that is free, in one step: you never have none, or two."""
    name = await who.run(
        bookings.move,
        booking_id=booking_id,
        charger_id=asked.charger_id,
        leaves_at=asked.leaves_at,
    )
    return NameAnswer(name=name)


@router.post("/bookings/{booking_id}/check-in", responses=_OF_HOLDER)
async def check_in(booking_id: PathId, who: Poster) -> ChangedAnswer:
    """Say that you are there, where the site asks for that."""
    return ChangedAnswer(changed=await who.run(bookings.check_in, booking_id=booking_id))


@router.post("/bookings/{booking_id}/report-taken", responses=_OF_HOLDER)
async def report_taken(booking_id: PathId, who: Poster) -> ReportedAnswer:
    """Say that somebody else is on your spot: you are the first in line, and staff are told."""
    reported = await who.run(spot_reports.report_taken, booking_id=booking_id)
    return ReportedAnswer.model_validate(reported)


@router.post("/chargers/{charger_id}/report-free", responses=_OF_HOLDER)
async def report_free(charger_id: PathId, who: Poster) -> FreeAnswer:
    """Say that a spot is empty that is shown as overstayed."""
    return FreeAnswer(free=await who.run(spot_reports.report_free, charger_id=charger_id))


@router.post("/sites/{site_id}/charger-line", responses=_OF_HOLDER)
async def join_charger_line(site_id: PathId, who: Poster) -> InLineAnswer:
    """Wait for the next spot that comes free: it is offered to you for a few minutes."""
    return InLineAnswer(wait_id=await who.run(charger_line.join_line, site_id=site_id))


@router.post("/charger-waits/{wait_id}/leave", responses=_OF_HOLDER)
async def leave_charger_line(wait_id: PathId, who: Poster) -> LineLeftAnswer:
    """Wait no more; a spot that is offered to you goes to the next in line."""
    return LineLeftAnswer(declined=await who.run(charger_line.leave_line, wait_id=wait_id))


@router.post("/charger-waits/{wait_id}/snooze", responses=_OF_HOLDER)
async def snooze(wait_id: PathId, who: Poster) -> SnoozedAnswer:
    """Let the spot that is offered go by and keep the place in line."""
    return SnoozedAnswer(until=await who.run(charger_line.snooze, wait_id=wait_id))


@router.post("/bookings/{booking_id}/accept", responses=_OF_HOLDER)
async def accept(booking_id: PathId, asked: Accept, who: Poster) -> BookedAnswer:
    """Take the spot that is offered, from now until you leave."""
    booked = await who.run(
        charger_line.accept,
        booking_id=booking_id,
        leaves_at=asked.leaves_at,
        shown_as=asked.shown_as,
    )
    return BookedAnswer.model_validate(booked)
