"""Rules of visits: who is inside a site, from the tap in to the tap out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from locker_app.domain.limits import Limits, check_limits


class VisitEnd(StrEnum):
    """Why a visit is over."""

    TAPPED_OUT = "tapped_out"
    LATE_TAP = "late_tap"
    """The tap out came when the terminal could speak again."""
    ENDED_BY_STAFF = "ended_by_staff"
    TIME_UP = "time_up"
    """Nobody tapped out, and the longest time that the site knows has passed."""
    PERSON_LEFT = "person_left"
    """Its person was archived or erased."""


@dataclass(frozen=True, slots=True)
class VisitRules:
    """What admins decide about visits to a site."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }
    LIMITS: ClassVar[Limits] = {"max_minutes": (15, 7 * 24 * 60)}

    visit_needed: bool = False
    """A locker is given only to who is inside."""
    leaving_releases: bool = True
    """Tapping out gives back the lockers that were taken during the visit."""
    anti_passback: bool = True
    """At an entrance, a card that is inside is not let in again."""
    max_minutes: int | None = None
    """After how long a visit counts as over, if nobody taps out."""


def check_visits(rules: VisitRules) -> VisitRules:
    """The rules, when all of them can be.

    Raises:
        BadInput: one can't; its `field` says which.
    """
    check_limits(rules)
    return rules


def over_at(came_at: datetime, max_minutes: int | None) -> datetime | None:
    """When a visit counts as over if nobody taps out; None if never."""
    return None if max_minutes is None else came_at + timedelta(minutes=max_minutes)
