"""Rules about charging spots: what a site decides about them, and what a spot is called."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from locker_app.domain.errors import BadInput
from locker_app.domain.limits import Limits, check_limits
from locker_app.domain.queues import check_line

MAX_NAME_LENGTH = 20
MAX_PLACE_LENGTH = 100
MAX_DETAILS_LENGTH = 60
MAX_CHARGERS = 500
"""Of one site."""
_SPAN = re.compile(r"([0-9]+)\s*[-–]\s*([0-9]+)")
_SPAN_DIGITS = 9
"""A longer number can only be a slip, and is no work to read."""
_DAY, _WEEK = 24 * 60, 7 * 24 * 60


class AtEnd(StrEnum):
    """What becomes of a booking whose time and grace are over while nobody has stopped it."""

    END = "end"
    """It ends, and the spot is free."""
    OVERSTAY = "overstay"
    """It is shown as overstayed to all until it is stopped, or has been so for long enough."""


class Priority(StrEnum):
    """Who of those in line is offered a spot first; among equals, who joined first."""

    FIRST_COME = "first_come"
    SIGNED_IN = "signed_in"
    """Persons before visitors."""
    LEAST_USED = "least_used"
    """Who has charged the least time in the last seven days."""


class ChargerStatus(StrEnum):
    """What everybody sees of a spot."""

    FREE = "free"
    OFFERED = "offered"
    """Held for the next in line until a time."""
    TAKEN = "taken"
    LEAVING = "leaving"
    """The time said is over, the grace is not."""
    OVERSTAYED = "overstayed"
    REPORTED = "reported"
    """Somebody stands there without a booking, it is said."""
    OUT = "out"


@dataclass(frozen=True, slots=True)
class ChargingRules:
    """What admins decide about the charging spots of a site. All times are in minutes."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }
    LIMITS: ClassVar[Limits] = {
        "max_stay_minutes": (15, _WEEK),
        "bookings_per_holder": (1, 10),
        "grace_minutes": (0, 120),
        "overstay_minutes": (5, _WEEK),
        "reminder_minutes": (0, 120),
        "check_in_minutes": (1, 120),
        "offer_minutes": (1, 60),
        "snoozes": (0, 20),
        "snooze_minutes": (1, 120),
        "extend_while_waiting_minutes": (0, _DAY),
        "day_minutes": (15, _DAY),
        "week_minutes": (15, _WEEK),
        "cooling_off_minutes": (0, _DAY),
    }

    max_stay_minutes: int = 12 * 60
    """The longest that one may stay, from the begin."""
    book_later: bool = True
    """Whether a spot can be booked for later on the same day, or only from now on."""
    sign_in_needed: bool = False
    """Without it, a browser's session is enough."""
    bookings_per_holder: int = 1
    at_end: AtEnd = AtEnd.OVERSTAY
    grace_minutes: int = 10
    """After the time said, until what `at_end` says happens."""
    overstay_minutes: int = 12 * 60
    """For how long a booking is overstayed at most: by then somebody has only forgotten it."""
    reminder_minutes: int = 15
    """Before the time is up; 0 for none."""
    check_in_minutes: int | None = None
    """How long after the begin a booking made for later, or from the line, waits for its holder
    to say that they are there; then it is a no-show and the spot is free. None asks nobody."""
    offer_minutes: int = 5
    """How long the next in line has to accept a spot."""
    snoozes: int = 2
    """How often somebody in line may let an offer go by without losing the place."""
    snooze_minutes: int = 15
    """For how long nothing is offered to them then."""
    extend_while_waiting_minutes: int = 0
    """By how much a stay may be extended in all from what was said first while others wait; 0
    refuses it."""
    day_minutes: int | None = None
    """How long one holder may book on one calendar day of the site."""
    week_minutes: int | None = None
    """Likewise, from Monday to Sunday."""
    cooling_off_minutes: int = 0
    """How long after a stay the same holder books no other one."""
    priority: Priority = Priority.FIRST_COME


@dataclass(frozen=True, slots=True)
class ChargerPlan:
    """What admins say about one spot."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }

    name: str
    place: str = ""
    details: str = ""
    """What it gives, such as `Type 2, 11 kW`."""


def check_charging(rules: ChargingRules) -> ChargingRules:
    """The rules, when all of them can be.

    Raises:
        BadInput: one can't; its `field` says which.
    """
    check_limits(rules)
    return rules


def check_charger(plan: ChargerPlan) -> ChargerPlan:
    """What is said about a spot, tidied.

    Raises:
        BadInput: it has no name, or something is too long; its `field` says which.
    """
    name = check_line(plan.name, MAX_NAME_LENGTH, "name")
    if not name:
        raise BadInput("Give the charger a name or number.", field="name")
    return replace(
        plan,
        name=name,
        place=check_line(plan.place, MAX_PLACE_LENGTH, "place"),
        details=check_line(plan.details, MAX_DETAILS_LENGTH, "details"),
    )


def read_names(text: str) -> list[str]:
    """The names of new spots, as they are written in one field: `1-8, North 2`, in that order.

    Raises:
        BadInput: there is none, too many, one twice, or one that can't be a name.
    """
    names: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        span = _SPAN.fullmatch(part)
        if span is None:
            names += [part] if part else []
            continue
        if max(len(span[1]), len(span[2])) > _SPAN_DIGITS:
            raise _too_many()
        low, high = int(span[1]), int(span[2])
        if low > high:
            raise BadInput(f"“{part}” is no range: the smaller number comes first.", field="names")
        if high - low >= MAX_CHARGERS:
            raise _too_many()
        names += [str(number) for number in range(low, high + 1)]
        if len(names) > MAX_CHARGERS:
            break
    if not names:
        raise BadInput("Write what stands on the posts, such as 1-8.", field="names")
    if len(names) > MAX_CHARGERS:
        raise _too_many()
    names = [check_line(name, MAX_NAME_LENGTH, "names") for name in names]
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise BadInput(f"“{name}” is there twice.", field="names")
        seen.add(name.casefold())
    return names


def _too_many() -> BadInput:
    return BadInput(f"A site has {MAX_CHARGERS} charging spots at most.", field="names")
