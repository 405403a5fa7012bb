"""What the routes of charging spots take. Types and sizes only, as in `asked`."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from locker_app.api.asked import Asked, Reason
from locker_app.services.ids import Id, Version


def _written(value: Any) -> Any:
    """A bare number could be seconds since anything."""
    if isinstance(value, int | float):
        raise ValueError("write the time with its date and offset from UTC")
    return value


_Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written)]
_LEAVES_AT = Field(
    description="When you will have left. With its offset from UTC.",
    examples=["2026-03-02T14:30:00+01:00"],
)
_SHOWN_AS = Field(
    default="",
    max_length=200,
    description="A name or plate that neighbours see. Empty for none.",
    examples=["B CD 123"],
)


class Book(Asked):
    """From when, and until when, a spot is wanted."""

    leaves_at: _Moment = _LEAVES_AT
    starts_at: _Moment | None = Field(
        default=None, description="Later today, where the site allows it; null for now."
    )
    shown_as: str = _SHOWN_AS


class Accept(Asked):
    """Until when the spot that is offered is wanted."""

    leaves_at: _Moment = _LEAVES_AT
    shown_as: str = _SHOWN_AS


class LeaveTime(Asked):
    """Another time to leave."""

    leaves_at: _Moment = _LEAVES_AT


class MoveTo(Asked):
    """Which spot instead."""

    charger_id: Id = Field(examples=[8])
    leaves_at: _Moment | None = Field(
        default=None, description="Earlier than said, as somebody has booked that spot; else null."
    )


class TakeOut(Reason):
    """Why nobody can charge there."""

    seen: Version | None = Field(
        default=None,
        description="The booking that was seen there, 0 for none: with another, nothing is done.",
    )


class EndBooking(Reason):
    """Why somebody's booking ends."""

    charger_id: Id | None = Field(
        default=None, description="The spot where it was seen: on another, nothing is done."
    )


class MoveBooking(Reason):
    """Which spot instead, and why."""

    charger_id: Id = Field(examples=[8])


class Charger(Asked):
    """What is said of a spot."""

    name: str = Field(max_length=2000, description="What stands on the post.", examples=["7"])
    place: str = Field(default="", max_length=2000, examples=["By the north wall"])
    details: str = Field(default="", max_length=2000, examples=["Type 2, 11 kW"])


class NewChargers(Asked):
    """Spots to set up, in the order in which they are listed."""

    chargers: list[Charger] = Field(
        min_length=1, max_length=500, examples=[[{"name": "7"}, {"name": "8"}]]
    )


class ChangedCharger(Charger):
    """What is said of a spot, as it was seen and changed."""

    version: str = Field(
        default="", max_length=40, description="Of what was seen: newer stays. Empty overwrites."
    )


class Position(Asked):
    """Where a spot is listed."""

    up: bool = Field(description="Before the one before it; else after the next.", examples=[True])


class ChargingRulesAsked(Asked):
    """The rules of a site's charging spots, all of them. Times are in minutes."""

    max_stay_minutes: int = 12 * 60
    book_later: bool = True
    sign_in_needed: bool = False
    bookings_per_holder: int = 1
    at_end: Literal["end", "overstay"] = Field(
        default="overstay", description="What becomes of a stay whose time and grace are over."
    )
    grace_minutes: int = 10
    overstay_minutes: int = 12 * 60
    reminder_minutes: int = 15
    check_in_minutes: int | None = None
    offer_minutes: int = 5
    snoozes: int = 2
    snooze_minutes: int = 15
    extend_while_waiting_minutes: int = 0
    day_minutes: int | None = None
    week_minutes: int | None = None
    cooling_off_minutes: int = 0
    priority: Literal["first_come", "signed_in", "least_used"] = "first_come"
    version: str = Field(
        default="", max_length=40, description="Of the rules that were seen: newer ones stay."
    )
