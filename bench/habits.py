"""Made-up sessions at a site's charging spots, as varied as real ones: for tests and benchmarks.

Regulars have a habit each: some leave by the clock, some when the car is full, some stay overnight;
habits drift, days are skipped, errands happen. Visitors come once. Some spots are quick. What is
stated is often wrong, by a habit too, or missing. The same seed gives the same sessions.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from zoneinfo import ZoneInfo

from bench.sessions import Session

_SHORTEST, _LONGEST = 0.1, 80.0


@dataclass(frozen=True)
class Population:
    """Who uses the site."""

    zone: str = "Europe/Berlin"
    first: date = date(2025, 1, 6)
    days: int = 150
    by_clock: int = 20
    """Regulars who leave at their hour, whenever they came."""
    by_length: int = 12
    """Who leave when the car is full, or an errand is done."""
    part_timers: int = 8
    """By the clock, but on some days only until noon."""
    overnight: int = 4
    visitors: float = 3.0
    """So many a day who come once."""
    anonymous: float = 0.1
    """The share of sessions whose holder isn't known."""
    states: float = 0.8
    """The share of sessions with a stated departure."""
    noise: float = 1.0
    """How irregular all of it is."""
    spots: int = 30
    quick: int = 3
    """Of these are quick: cars there are full after an hour."""


class Kind(Enum):
    """How somebody decides when to leave."""

    BY_CLOCK = auto()
    BY_LENGTH = auto()
    PART_TIME = auto()
    OVERNIGHT = auto()
    VISITOR = auto()


@dataclass
class _Regular:
    name: str
    kind: Kind
    comes: float
    """Hour of the day."""
    leaves: float
    """Hour of the day, from 24 on the next; or hours of a stay."""
    days: frozenset[int]
    often: float
    unsteady: float
    quick: bool
    states: float
    """What they add to the true time when they state one, in hours."""
    fixed: float | None
    """The length that they state, whatever they mean to do."""


def sessions(who: Population, seed: int) -> list[Session]:
    """A past, in order of arrival."""
    made = random.Random(seed)
    zone = ZoneInfo(who.zone)
    regulars = [_regular(made, kind, name) for name, kind in _names(who)]
    found: list[Session] = []
    for number in range(who.days):
        day = who.first + timedelta(days=number)
        holiday = made.random() < 0.03
        for regular in regulars:
            _drift(made, regular, number)
            busy = 0.1 if holiday else regular.often
            if day.weekday() in regular.days and made.random() < busy:
                found.append(_one(made, who, zone, regular, day))
        visitors = who.visitors * (0.4 if day.weekday() >= 5 or holiday else 1.0)
        for visit in range(int(visitors + made.random())):
            visitor = _regular(made, Kind.VISITOR, f"v{number}-{visit}")
            found.append(_one(made, who, zone, visitor, day))
    return sorted(found, key=lambda one: (one.arrival, one.departure))


def _names(who: Population) -> Iterator[tuple[str, Kind]]:
    counts = (who.by_clock, who.by_length, who.part_timers, who.overnight)
    for kind, count in zip(Kind, counts, strict=False):
        for number in range(count):
            yield f"{kind.name.lower()}-{number}", kind


def _regular(made: random.Random, kind: Kind, name: str) -> _Regular:
    week = [day for day in range(5) if made.random() < 0.85] or [0]
    comes, leaves = made.gauss(8.3, 0.9), made.gauss(16.8, 1.1)
    quick = kind in (Kind.BY_LENGTH, Kind.VISITOR) and made.random() < 0.4
    if kind in (Kind.BY_LENGTH, Kind.VISITOR):
        comes = made.uniform(7, 19)
        leaves = made.gauss(0.9, 0.2) if quick else made.lognormvariate(1.1, 0.5)
    if kind is Kind.OVERNIGHT:
        comes, leaves = made.gauss(18.5, 1.0), made.gauss(31.5, 0.8)
        week = [day for day in range(7) if made.random() < 0.6] or [3]
    if made.random() < 0.1:
        week.append(5)
    return _Regular(
        name,
        kind,
        comes,
        leaves,
        frozenset(week),
        made.uniform(0.3, 0.95),
        made.lognormvariate(-0.7, 0.6),
        quick,
        made.gauss(0.5, 2.0),
        made.choice([None, None, 3.0, 8.0, 10.0]),
    )


def _drift(made: random.Random, regular: _Regular, day: int) -> None:
    """Habits move a little each week; now and then somebody has a new job."""
    if day % 7 == 0:
        regular.comes += made.gauss(0, 0.06)
        regular.leaves = max(0.3, regular.leaves + made.gauss(0, 0.06))
        if made.random() < 0.01:
            regular.leaves = max(0.3, regular.leaves + made.gauss(0, 1.5))


def _one(
    made: random.Random, who: Population, zone: ZoneInfo, regular: _Regular, day: date
) -> Session:
    unsteady = regular.unsteady * who.noise
    comes = min(23.5, max(0.2, regular.comes + made.gauss(0, 0.7 * who.noise)))
    begins = datetime.combine(day, time(), zone) + timedelta(hours=comes)
    if made.random() < 0.06 * who.noise:
        lasts = made.uniform(0.3, 3.0)  # an errand
    elif made.random() < 0.01 * who.noise:
        lasts = made.uniform(12, 40)  # left the car there
    elif regular.kind in (Kind.BY_LENGTH, Kind.VISITOR):
        lasts = regular.leaves * made.lognormvariate(0, 0.35 * unsteady)
    elif regular.kind is Kind.PART_TIME and day.weekday() in (2, 4):
        lasts = 12.5 + made.gauss(0, unsteady) - comes
    else:
        lasts = regular.leaves + made.gauss(0, unsteady) - comes
    lasts = min(_LONGEST, max(_SHORTEST, lasts))
    # By the clocks there, as people leave, and then the moment that this is.
    arrival, departure = (_moment(at) for at in (begins, begins + timedelta(hours=lasts)))
    departure = max(departure, arrival)
    spot = made.randrange(who.quick) if regular.quick else made.randrange(who.quick, who.spots)
    return Session(
        arrival,
        departure,
        None if made.random() < who.anonymous else regular.name,
        f"spot-{spot}",
        _stated(made, regular, arrival, departure) if made.random() < who.states else None,
    )


def _stated(
    made: random.Random, regular: _Regular, arrival: datetime, departure: datetime
) -> datetime:
    if regular.fixed is not None and made.random() < 0.8:
        return arrival + timedelta(hours=regular.fixed)
    off = timedelta(hours=regular.states + made.gauss(0, 1.0))
    return _whole(max(arrival + timedelta(minutes=15), departure + off))


def _moment(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _whole(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
