"""What the forecast of a charging spot is told, and what it says. Times are aware."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay that is over: what the forecast learns from."""

    began_at: datetime
    ended_at: datetime
    """When the spot really came free. A stay that ended before it began is not learned."""
    holder: str | None = None
    """Whoever it was, by any name that stays the same; None when that is not known."""
    stated_until: datetime | None = None
    """Until when its holder said it would take, at the beginning; None when nothing was said."""
    spot: str | None = None
    """Which spot it was, if that is known: quick and slow chargers are left after other times."""


@dataclass(frozen=True, slots=True)
class Going:
    """A stay that is going on."""

    began_at: datetime
    holder: str | None = None
    stated_until: datetime | None = None
    spot: str | None = None


class Basis(StrEnum):
    """What a forecast rests on mostly."""

    STATED = "stated"
    """Only on what its holder said: next to nothing was learned yet."""
    HOLDER = "holder"
    """On earlier stays of the same holder."""
    SITE = "site"
    """On earlier stays of others here."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a spot comes free: now <= low <= likely <= high."""

    likely: datetime
    """The median: sooner and later are as likely."""
    low: datetime | None
    high: datetime | None
    """Eight of ten stays are to end from low to high. Both None when only what was stated is
    known: nothing can be said of how far off that is."""
    basis: Basis


@dataclass(frozen=True, slots=True)
class Record:
    """How the forecasts made at arrival came true lately, here."""

    typical_error: timedelta
    """Half of them were off by less."""
    inside: float
    """The share of stays that ended within the range, from 0 to 1: about 0.8 is aimed at."""
    stays: int
    """How many of the last stays these two are about."""
