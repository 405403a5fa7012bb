"""Rules about sites: what can be set, and what a change of it means."""

import hashlib
import json
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from locker_app.domain.errors import BadInput
from locker_app.domain.hours import Hours, check_hours
from locker_app.domain.limits import Limits, check_limits
from locker_app.domain.queues import check_line

MAX_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What admins decide about a site."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }
    LIMITS: ClassVar[Limits] = {
        "lockers_per_person": (1, 20),
        "hold_minutes": (1, 24 * 60),
        "names_kept_days": (1, 3650),
    }

    name: str
    time_zone: str
    hours: Hours = ()
    """When lockers are given out; none means always. They can be given back at any time."""
    lockers_per_person: int = 1
    hold_minutes: int = 10
    """How long a locker is held for the next in the waiting list, while it is open."""
    viewers_see_names: bool = False
    names_kept_days: int | None = None
    """After how many days names leave the history; without it, never."""


def check_site(rules: SiteRules) -> SiteRules:
    """The rules, tidied, when all of them can be.

    Raises:
        BadInput: one can't; its `field` says which.
    """
    check_limits(rules)
    name = check_line(rules.name, MAX_NAME_LENGTH, "name")
    if not name:
        raise BadInput("Give the site a name.", field="name")
    return replace(
        rules, name=name, time_zone=_check_zone(rules.time_zone), hours=check_hours(rules.hours)
    )


def version_of(kind: type, rules: Any) -> str:
    """What stands for the values that a row has for the fields of a class of rules: another as
    soon as one of them is another."""
    return digest({field.name: getattr(rules, field.name) or None for field in fields(kind)})


def digest(values: Any) -> str:
    """A short text that stands for these values."""
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_zone(text: str) -> str:
    zone = text.strip()
    found = _zones().get(zone.casefold())
    if found is None:
        raise BadInput(
            "Write a time zone like Europe/Berlin or America/New_York.", field="time_zone"
        )
    return found


@cache
def _zones() -> dict[str, str]:
    return {zone.casefold(): zone for zone in available_timezones()}
