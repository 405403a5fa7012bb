"""Rules about bookings of charging spots, and about the line for one."""

from datetime import timedelta
from enum import StrEnum

USEFUL = timedelta(minutes=15)
"""A spot that is free for less than this before the next booking is not offered to the line."""
MAX_SHOWN_AS_LENGTH = 20


class BookingStatus(StrEnum):
    """Where a booking stands. `ended` is final."""

    OFFERED = "offered"
    """Not theirs yet: held for the next in line until `leaves_at`."""
    BOOKED = "booked"
    """For later, or its begin has come and somebody is still there."""
    ACTIVE = "active"
    OVERSTAYED = "overstayed"
    ENDED = "ended"


class EndCause(StrEnum):
    """Why a booking, or an offer, ended."""

    STOPPED = "stopped"
    """By its holder, there."""
    CANCELLED = "cancelled"
    """By its holder, before it began."""
    TIME_UP = "time_up"
    OVERSTAYED = "overstayed"
    """It was overstayed for as long as that is shown."""
    FOUND_FREE = "found_free"
    """It was overstayed, and somebody at the spot found it free."""
    NO_SHOW = "no_show"
    BLOCKED = "blocked"
    """Its holder found the spot taken by somebody without a booking, or it never came free."""
    FAULT = "fault"
    """The charger was taken out of service."""
    FORCED = "forced"
    """By staff, with a reason."""
    LAPSED = "lapsed"
    """An offer that nobody answered."""
    DECLINED = "declined"
    """An offer that was snoozed, or left with the line."""


class LineOutcome(StrEnum):
    """How a place in the line ended."""

    TOOK = "took"
    """With a spot: the one offered, or another one."""
    LEFT = "left"
    LAPSED = "lapsed"
    """The offer was not answered in time."""
    REMOVED = "removed"
    """By staff, or the session is over."""
