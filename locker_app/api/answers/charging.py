"""Answers about charging spots: what everybody sees, what is one's own, and what staff see."""

from datetime import datetime

from pydantic import Field

from locker_app.api.answers.base import Answer
from locker_app.domain.bookings import BookingStatus
from locker_app.domain.chargers import AtEnd, ChargerStatus, Priority
from locker_app.domain.forecast import Basis, Record
from locker_app.queries.bookings import Allowance, Stays
from locker_app.queries.charger_desk import DeskSpot, DeskView
from locker_app.queries.chargers import Spot
from locker_app.queries.scoped_charging import ChargingView


class ForecastAnswer(Answer):
    """When a spot comes free: eight of ten stays are to end between low and high."""

    likely: datetime = Field(description="Sooner and later are as likely.")
    low: datetime | None = Field(description="Null while only what was stated is known.")
    high: datetime | None
    basis: Basis = Field(description="What it rests on mostly.")


class RecordAnswer(Answer):
    """How the forecasts made as stays began came true lately, at this site."""

    typical_error: int = Field(description="Half of them were off by less, in seconds.")
    inside: float = Field(description="The share that ended within the range; 0.8 is aimed at.")
    stays: int = Field(description="How many that is about.")

    @classmethod
    def of(cls, record: Record) -> "RecordAnswer":
        """In seconds."""
        error = round(record.typical_error.total_seconds())
        return cls(typical_error=error, inside=record.inside, stays=record.stays)


class SpanAnswer(Answer):
    """From when to when; the end is not in it."""

    starts_at: datetime
    leaves_at: datetime


class SpotAnswer(Answer):
    """A charging spot as everybody may see it: no holders."""

    id: int
    code: str = Field(description="Of the short address: `/go/<code>`.", examples=["K7MPQR"])
    name: str
    place: str
    details: str = Field(examples=["Type 2, 11 kW"])
    status: ChargerStatus
    shown_as: str = Field(description="What its holder wants neighbours to see.")
    until: datetime | None = Field(description="Until when it is said to be taken, or held.")
    forecast: ForecastAnswer | None = Field(description="When it comes free.")
    later: list[SpanAnswer] = Field(description="When it is booked after that, in order.")

    @classmethod
    def of(cls, spot: Spot) -> "SpotAnswer":
        """The spot in words."""
        names = cls.model_fields.keys() - {"later"}
        return cls(
            **{name: getattr(spot, name) for name in names},
            later=[SpanAnswer(starts_at=begin, leaves_at=end) for begin, end in spot.later],
        )


class ChargingRulesAnswer(Answer):
    """The rules of a site's charging spots. Times are in minutes."""

    max_stay_minutes: int
    book_later: bool
    sign_in_needed: bool
    bookings_per_holder: int
    at_end: AtEnd
    grace_minutes: int
    overstay_minutes: int
    reminder_minutes: int
    check_in_minutes: int | None
    offer_minutes: int
    snoozes: int
    snooze_minutes: int
    extend_while_waiting_minutes: int
    day_minutes: int | None
    week_minutes: int | None
    cooling_off_minutes: int
    priority: Priority


class ChargersAnswer(Answer):
    """The charging spots of a site."""

    site_id: int
    site_name: str
    time_zone: str
    rules: ChargingRulesAnswer
    waiting: int = Field(description="How many wait in line.")
    record: RecordAnswer | None = Field(description="Null while no forecast has come true yet.")
    chargers: list[SpotAnswer]

    @classmethod
    def of(cls, view: ChargingView) -> "ChargersAnswer":
        """All spots, with how the forecasts did."""
        return cls(
            site_id=view.place.id,
            site_name=view.place.name,
            time_zone=view.place.time_zone,
            rules=ChargingRulesAnswer.model_validate(view.place.rules),
            waiting=view.waiting,
            record=None if view.record is None else RecordAnswer.of(view.record),
            chargers=[SpotAnswer.of(spot) for spot in view.spots],
        )


class ScannedAnswer(ChargersAnswer):
    """The spot that a code names, with all of its site."""

    charger_id: int

    @classmethod
    def of_code(cls, charger_id: int, view: ChargingView) -> "ScannedAnswer":
        """The spot's id, and all of them."""
        return cls(charger_id=charger_id, **ChargersAnswer.of(view).model_dump())


class BookedAnswer(Answer):
    """What was booked."""

    booking_id: int
    charger_id: int
    name: str = Field(description="Of the spot.")
    status: BookingStatus
    starts_at: datetime
    leaves_at: datetime


class LeaveTimeAnswer(Answer):
    """Until when the spot is yours."""

    leaves_at: datetime


class NameAnswer(Answer):
    """The spot that it was about."""

    name: str


class ReportedAnswer(Answer):
    """What comes of a report: you are the first in line."""

    wait_id: int
    offered: int | None = Field(description="The booking by which another spot is offered to you.")


class FreeAnswer(Answer):
    """Whether the spot is free for whoever comes; if not, somebody in line has it."""

    free: bool


class InLineAnswer(Answer):
    """A place in the line for a spot."""

    wait_id: int


class LineLeftAnswer(Answer):
    """A place in line that was just given up."""

    declined: bool = Field(description="Whether a spot was offered, which the next one has now.")


class SnoozedAnswer(Answer):
    """Until when nothing is offered."""

    until: datetime


class MyBookingAnswer(Answer):
    """A booking, or an offer (`offered`), for its holder."""

    booking_id: int
    site_id: int
    site_name: str
    time_zone: str
    charger_id: int
    name: str
    place: str
    code: str
    status: BookingStatus
    shown_as: str
    starts_at: datetime
    leaves_at: datetime = Field(description="Of an offer, until when it can be accepted.")
    stated_at: datetime | None = Field(description="The first leave time that was said.")
    came_at: datetime | None
    reminded_at: datetime | None
    come_by: datetime | None = Field(description="Until when to check in; null if nobody asks.")
    out_at: datetime | None = Field(description="By when it ends by itself, or is overstayed.")
    wait_id: int = Field(description="Of an offer, the place in line; else 0.")


class MyPlaceAnswer(Answer):
    """A place in the line for a spot, for its holder."""

    wait_id: int
    site_id: int
    site_name: str
    time_zone: str
    first: bool
    snoozes_left: int
    snoozed_until: datetime | None
    joined_at: datetime
    offered: bool


class NewsAnswer(Answer):
    """What became of a booking, or of a place in line, without its holder."""

    site_id: int
    site_name: str
    time_zone: str
    at: datetime
    what: str = Field(
        description="Why it ended, `moved`; of an offer `offer_fault` or `offer_forced`; "
        "`line_lapsed` or `line_removed`."
    )
    name: str = Field(description="The spot; where it was moved to.")
    was: str = Field(description="The spot that it was moved from.")
    reason: str


class MinutesAnswer(Answer):
    """How much may be booked from then on, in whole minutes, of that day or week."""

    since: datetime
    minutes: int


class AllowanceAnswer(Answer):
    """What may still be booked at a site, as far as its limits go."""

    site_id: int
    cooling_until: datetime | None
    days: list[MinutesAnswer] = Field(description="Empty without a limit.")
    weeks: list[MinutesAnswer]

    @classmethod
    def of(cls, one: Allowance) -> "AllowanceAnswer":
        """In whole minutes."""
        return cls(
            site_id=one.site_id,
            cooling_until=one.cooling_until,
            days=[MinutesAnswer(since=at, minutes=int(left)) for at, left in one.days],
            weeks=[MinutesAnswer(since=at, minutes=int(left)) for at, left in one.weeks],
        )


class MyChargingAnswer(Answer):
    """All about charging that is whoever's who asks."""

    bookings: list[MyBookingAnswer]
    waits: list[MyPlaceAnswer]
    news: list[NewsAnswer]
    allowances: list[AllowanceAnswer]

    @classmethod
    def of(cls, mine: Stays) -> "MyChargingAnswer":
        """All of it."""
        return cls(
            bookings=[MyBookingAnswer.model_validate(one) for one in mine.bookings],
            waits=[MyPlaceAnswer.model_validate(one) for one in mine.waits],
            news=[NewsAnswer.model_validate(one) for one in mine.news],
            allowances=[AllowanceAnswer.of(one) for one in mine.allowances],
        )


class TakenOutAnswer(Answer):
    """What became of the bookings of a spot that was taken out of service."""

    moved: int = Field(description="How many are on another spot now.")
    cancelled: int = Field(description="How many ended, as there was none.")


class ChargersCreatedAnswer(Answer):
    """Spots that were just set up."""

    charger_ids: list[int]


class ChargerSetUpAnswer(Answer):
    """A spot as it is set up."""

    id: int
    code: str
    name: str
    place: str
    details: str
    archived: bool
    version: str = Field(description="Stands for what is said: send it along with changes.")


class ChargingSetUpAnswer(Answer):
    """The rules of a site's spots and all of its spots, archived ones too."""

    rules: ChargingRulesAnswer
    version: str = Field(description="Stands for the rules: send it along with changed ones.")
    chargers: list[ChargerSetUpAnswer]


class DeskBookingAnswer(Answer):
    """An open booking, or an offer, with whose it is."""

    id: int
    who: str = Field(description="A name; empty for a visitor.")
    number: str
    person_id: int = Field(description="0 for a visitor.")
    shown_as: str
    status: BookingStatus
    starts_at: datetime
    leaves_at: datetime
    stated_at: datetime | None
    came_at: datetime | None


class DeskSpotAnswer(Answer):
    """A spot as those see it who run it."""

    spot: SpotAnswer
    there: DeskBookingAnswer | None = Field(description="Who has it, or has it offered.")
    later: list[DeskBookingAnswer]
    reported_at: datetime | None
    out_at: datetime | None
    out_reason: str

    @classmethod
    def of(cls, one: DeskSpot) -> "DeskSpotAnswer":
        """The spot with names."""
        names = cls.model_fields.keys() - {"spot", "there", "later"}
        return cls(
            spot=SpotAnswer.of(one.spot),
            there=one.there and DeskBookingAnswer.model_validate(one.there),
            later=[DeskBookingAnswer.model_validate(each) for each in one.later],
            **{name: getattr(one, name) for name in names},
        )


class DeskPlaceAnswer(Answer):
    """A place in the line."""

    id: int
    who: str
    number: str
    person_id: int
    first: bool
    joined_at: datetime
    snoozed_until: datetime | None
    offered: str = Field(description="The name of the spot that is offered; empty for none.")
    offered_until: datetime | None


class ChargerDeskAnswer(Answer):
    """All of a site's charging spots and the line, with names."""

    site_id: int
    time_zone: str
    spots: list[DeskSpotAnswer]
    line: list[DeskPlaceAnswer] = Field(description="In the order in which spots are offered.")

    @classmethod
    def of(cls, view: DeskView) -> "ChargerDeskAnswer":
        """All of it."""
        return cls(
            site_id=view.site.id,
            time_zone=view.site.time_zone,
            spots=[DeskSpotAnswer.of(one) for one in view.spots],
            line=[DeskPlaceAnswer.model_validate(one) for one in view.line],
        )
