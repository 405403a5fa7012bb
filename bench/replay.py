"""Past sessions in the order in which they happened, with what was forecast of each.

A forecast, and a baseline, sees only what had ended when it was made.
"""

import heapq
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import IntEnum
from itertools import count

from bench.sessions import Session
from locker_app.domain.forecast import Forecast, Going, Model, Stay

HOURS = 12
"""At each of so many hours of a stay a new forecast is judged."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Baselines:
    """What simpler ways would have said at arrival; None where they had nothing to go by."""

    stated: datetime | None
    overall: datetime | None
    """Arrival and the median of all stays that had ended."""
    holder: datetime | None
    """Arrival and the median of the holder's stays that had ended."""


@dataclass(slots=True)
class Replayed:
    """A session and what was said of it."""

    session: Session
    baselines: Baselines
    said: Forecast | None
    """At arrival."""
    later: list[Forecast] = field(default_factory=list)
    """After each full hour at which it was still going on."""


class _Kind(IntEnum):
    """What happens first of two things at the same moment comes first."""

    END = 0
    HOUR = 1
    ARRIVAL = 2


def replay(sessions: Sequence[Session], zone: tzinfo, *, judged_from: int = 0) -> list[Replayed]:
    """Of sessions in order of arrival; after each hour only for those from `judged_from` on."""
    model, medians = Model(zone), _Medians()
    replayed: list[Replayed] = []
    number = count()
    due = [(one.arrival, _Kind.ARRIVAL, next(number), at) for at, one in enumerate(sessions)]
    heapq.heapify(due)
    while due:
        now, kind, _, at = heapq.heappop(due)
        one = sessions[at]
        if kind is _Kind.END:
            model.learn(stay(one), at)
            medians.learn(one)
            continue
        if kind is _Kind.ARRIVAL:
            replayed.append(Replayed(one, medians.say(one), model.arrive(going(one), at)))
            heapq.heappush(due, (one.departure, _Kind.END, next(number), at))
        elif (said := model.forecast(going(one), now)) is not None:
            replayed[at].later.append(said)
        if judged_from <= at and len(replayed[at].later) < HOURS and now + _HOUR < one.departure:
            heapq.heappush(due, (now + _HOUR, _Kind.HOUR, next(number), at))
    return replayed


class _Medians:
    """The medians of all stays that ended, and of each holder's."""

    def __init__(self) -> None:
        self._all: list[timedelta] = []
        self._own: dict[str, list[timedelta]] = {}

    def learn(self, session: Session) -> None:
        insort(self._all, session.departure - session.arrival)
        if session.holder is not None:
            insort(self._own.setdefault(session.holder, []), session.departure - session.arrival)

    def say(self, session: Session) -> Baselines:
        own = self._own.get(session.holder, []) if session.holder is not None else []
        return Baselines(
            stated=session.stated_departure,
            overall=session.arrival + _median(self._all) if self._all else None,
            holder=session.arrival + _median(own) if own else None,
        )


def _median(ordered: list[timedelta]) -> timedelta:
    last = len(ordered) - 1
    return (ordered[last // 2] + ordered[last - last // 2]) / 2


def stay(one: Session, *, later: timedelta = timedelta()) -> Stay:
    """As the forecast learns it, or so much later."""
    stated = one.stated_departure and one.stated_departure + later
    return Stay(one.arrival + later, one.departure + later, one.holder, stated, one.spot)


def going(one: Session, *, later: timedelta = timedelta()) -> Going:
    """As the forecast sees it while it is going on, or so much later."""
    stated = one.stated_departure and one.stated_departure + later
    return Going(one.arrival + later, one.holder, stated, one.spot)
