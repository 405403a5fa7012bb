"""What is remembered of past stays, and how much each of them says about one that is going on.

A past stay is kept in hours by the clocks at the site. How near it is to the one asked about is a
product of plain factors, each at most 1: the hour of arrival, a working day or not, the spot, what
was stated, and how long ago it was.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

OWN_STAYS = 60
"""So many of a holder's last stays are remembered."""
SITE_STAYS = 160
"""So many of the last stays at the site stand for everybody else's."""
MOST_HOLDERS = 20_000
"""Of more than these, those are forgotten who have not been here for longest."""
OTHERS_COUNT = 0.3
"""All others together count as much as so many of the holder's own stays that are alike in
everything: who has been here a few times is taken at their own word."""

_HOUR = timedelta(hours=1)
MINUTES = 24 * 60
_HALF_DAY = MINUTES // 2
_OWN_HOURS, _SITE_HOURS = 3.0, 2.0
"""By so many hours an arrival may differ and still count as 0.6 of one at the same hour."""
_OWN_AGE, _SITE_AGE = 40, 120
"""After so many stays more a stay counts as half."""
_OTHER_KIND_OF_DAY = 0.7
_OTHER_SPOT = 0.3
_OTHER_KNOWN = 0.2
_ONE_STATED = 0.3
"""Whoever says nothing may be of another kind than who does."""
_STATED_WIDTH = 0.4
"""A stay counts as 0.6 when a stated length is e ** 0.5, or 1.6 times, the other one."""
_STATED_STEP = 0.1
_STEPS = 100
_LEAST = 0.02
"""Nothing is so far off that it says nothing at all."""


class Trace(NamedTuple):
    """What is known of a stay at its arrival, as far as it is compared."""

    minute: int
    """Of the day by the clocks there: 0 to 1439."""
    weekend: bool
    stated: int | None
    """The stated length in steps on a scale of logarithms."""
    spot: str | None
    known: int | None
    """How well its holder was known, from 0 for a first stay on; None without a holder."""


class Past(NamedTuple):
    """A stay that is over."""

    trace: Trace
    lasted: float
    """In hours."""
    by_clock: float
    """The same by the clocks there, which differs where they were changed meanwhile."""


Sample = tuple[float, float, float]
"""Of a past stay: how much it says; how long it lasted, in hours; and how long a stay that began
now lasts if it ends by the same clock time, which can be in the past. Hundreds are made for each
forecast, so these are plain tuples."""


def trace(
    began: datetime, stated_until: datetime | None, spot: str | None, known: int | None
) -> Trace:
    """What is compared of a stay that began then, by the clocks at the site."""
    return Trace(
        began.hour * 60 + began.minute,
        began.weekday() >= 5,
        None if stated_until is None else _step((stated_until - began) / _HOUR),
        spot,
        known,
    )


def past(found: Trace, began: datetime, ended: datetime) -> Past:
    """A stay that is over; both times by the clocks at the site."""
    by_clock = ended.replace(tzinfo=None) - began.replace(tzinfo=None)
    lasted = by_clock
    if began.utcoffset() != ended.utcoffset():
        lasted = by_clock + (began.utcoffset() or by_clock) - (ended.utcoffset() or by_clock)
    return Past(found, lasted / _HOUR, by_clock / _HOUR)


def _step(hours: float) -> int:
    return min(_STEPS - 1, round(math.log1p(max(0.0, hours)) / _STATED_STEP))


def _bell(distance: float, width: float) -> float:
    return math.exp(-0.5 * (distance / width) ** 2) * (1 - _LEAST) + _LEAST


def _by_minute(width: float) -> list[float]:
    return [_bell(min(minute, MINUTES - minute) / 60, width) for minute in range(MINUTES)]


_STATED = [_bell(step * _STATED_STEP, _STATED_WIDTH) for step in range(_STEPS)]


class Nearness(NamedTuple):
    """How near past stays of one kind of memory are."""

    by_minute: list[float]
    by_age: list[float]
    other_known: float

    def weigh(self, about: Trace, stays: Iterable[Past]) -> list[Sample]:
        """How much each of these says about such a stay; the stays from the newest on."""
        minute, weekend, stated, spot, known = about
        by_minute, other_known = self.by_minute, self.other_known
        found: list[Sample] = []
        for ((its, its_weekend, its_stated, its_spot, its_known), lasted, by_clock), weight in zip(
            stays, self.by_age, strict=False
        ):
            apart = its - minute
            weight *= by_minute[apart]
            if its_weekend is not weekend:
                weight *= _OTHER_KIND_OF_DAY
            if its_spot != spot:
                weight *= _OTHER_SPOT
            if its_known != known:
                weight *= other_known
            if its_stated is None or stated is None:
                if its_stated is not stated:
                    weight *= _ONE_STATED
            else:
                weight *= _STATED[abs(its_stated - stated)]
            if apart > _HALF_DAY:
                apart -= MINUTES
            elif apart < -_HALF_DAY:
                apart += MINUTES
            found.append((weight, lasted, by_clock + apart / 60))
        return found


def _by_age(half: int, most: int) -> list[float]:
    return [0.5 ** (age / half) for age in range(most)]


_OWN = Nearness(_by_minute(_OWN_HOURS), _by_age(_OWN_AGE, OWN_STAYS), 1.0)
_SITE = Nearness(_by_minute(_SITE_HOURS), _by_age(_SITE_AGE, SITE_STAYS), _OTHER_KNOWN)


class Memory:
    """The last stays of each holder, and those of the site."""

    def __init__(self) -> None:
        self._site: deque[Past] = deque(maxlen=SITE_STAYS)
        self._own: OrderedDict[str, deque[Past]] = OrderedDict()

    def keep(self, holder: str | None, stay: Past) -> None:
        """Remember one that has just ended."""
        self._site.appendleft(stay)
        if holder is None:
            return
        own = self._own.get(holder)
        if own is None:
            own = self._own[holder] = deque(maxlen=OWN_STAYS)
            if len(self._own) > MOST_HOLDERS:
                self._own.popitem(last=False)
        else:
            self._own.move_to_end(holder)
        own.appendleft(stay)

    def __len__(self) -> int:
        """How many stays at the site are remembered."""
        return len(self._site)

    def known(self, holder: str | None) -> int | None:
        """How well a holder is known: by stays, of which each counts for less than the last."""
        if holder is None:
            return None
        stays = len(self._own.get(holder, ()))
        return stays.bit_length() // 2 if stays else 0

    def recall(self, holder: str | None, about: Trace) -> tuple[list[Sample], list[Sample]]:
        """What the holder's own stays say, and what those of all; the latter weigh `OTHERS_COUNT`
        together. Both are empty where nothing was learned yet."""
        own = self._own.get(holder) if holder is not None else None
        mine = _OWN.weigh(about, own) if own else []
        all_of_them = _SITE.weigh(about, self._site)
        total = sum(weight for weight, _, _ in all_of_them)
        scale = OTHERS_COUNT / total if total else 0.0
        others = [(weight * scale, lasted, clock) for weight, lasted, clock in all_of_them]
        return mine, others
