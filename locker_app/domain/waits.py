"""How long somebody in a line will wait, learnt from what this line did before.

In a paragraph, for whoever asks: we take the last calls, and the time from each to the next while
somebody was waiting. Their mean, in which the newest weigh most, is the *pace*: it has in it how
long people are helped, how many help, and how long they pause between. Who joins with n before
them waits for n + 1 calls, so n + 1 times the pace, less what has passed since the last call. How
far off that can be is looked up, not assumed: of the last promises we divide the real wait by the
promised one, and the range is what held eight of ten of these; when too many failed lately, it
gets wider still. Promises are kept with their tickets, so the page can say how many of the last
ones held. With too little to go by there is no estimate at all.

Nothing here asks the clock or the database. Pages do `estimate` again in the browser, with the
same numbers, as time passes: assets/waits.js.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

ENOUGH_CALLS = 5
"""Gaps between calls, below which nothing is promised."""
ENOUGH_PROMISES = 20
"""Promises whose outcome is known, below which the range is a wide guess."""
LOOK_BACK = 100
"""How many calls the pace and the range are learnt from."""
JUDGED = 50
"""How many of the last promises are reported on."""
SHORTEST_SECONDS = 5.0
"""No pace is faster, and nothing less is ever promised: somebody has to press a button."""
MOST_PASSED = 0.5
"""What has passed since the last call is taken off up to this share of the pace: help that has
taken long already is not sure to end soon."""

_MISSES = 0.2
"""The share of promises that may fail."""
_WIDEST = 0.02
_WIDENING = 0.02
"""How fast the range grows after promises that failed, and shrinks again after others."""
_HALF_LIFE = 20
"""After so many calls a gap weighs half: a line that gets slower is noticed within one class."""
_LONGEST = 6.0
"""A gap counts as so many typical ones at most: a lunch break is no pace."""
_GUESS = (0.4, 2.2)
_HAIR = 0.005
"""In seconds. A whole one stays whole, whatever the last digits are: those of a time that SQLite
gives, and those of a root, which are not the same in Python and in the browser."""


class Wait(NamedTuple):
    """An estimate, in whole seconds: eight of ten waits are to end between low and high."""

    low: int
    likely: int
    high: int


class PastCall(NamedTuple):
    """A ticket that was called. A hundred are looked at whenever somebody joins, so these are
    tuples, and times plain numbers: seconds since 1970."""

    called: float
    waited: float
    """From taking the ticket to being called."""
    ahead: int
    """How many were before it when it was taken."""
    promised: Wait | None = None
    """None when there was nothing to go by then, or when its holder let others by since."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a line has taught so far: all that an estimate needs, for any place in it."""

    seconds_per_ticket: float = 0.0
    low_ratio: float = _GUESS[0]
    high_ratio: float = _GUESS[1]
    """The range of a wait for one call, as parts of the likely one. Where more calls are waited
    for they even out, and the range is narrower: see `estimate`."""
    called_at: datetime | None = None
    """When somebody was called last."""
    known: bool = False
    """Whether there is enough to promise anything."""
    inside: float = 0.0
    """The share of the last promises that held: the wait ended within the range."""
    typical_error: float = 0.0
    """By how many seconds the last promises were off; half of them by less."""
    of: int = 0
    """How many promises these two are about."""


def learn(calls: Sequence[PastCall]) -> Pace:
    """The pace of a line whose last calls were these, in any order."""
    calls = sorted(calls, key=attrgetter("called"))[-LOOK_BACK - 1 :]
    gaps = _gaps(calls)
    last_at = datetime.fromtimestamp(calls[-1].called, UTC) if calls else None
    if len(gaps) < ENOUGH_CALLS:
        return Pace(called_at=last_at)
    promises = [(call, call.promised) for call in calls if call.promised and call.waited > 0]
    low, high = _range(promises)
    judged = promises[-JUDGED:]
    return Pace(
        seconds_per_ticket=max(SHORTEST_SECONDS, round(_weighted_mean(gaps), 1)),
        low_ratio=round(low, 2),
        high_ratio=round(high, 2),
        called_at=last_at,
        known=True,
        inside=round(sum(_held(*one) for one in judged) / len(judged), 2) if judged else 0.0,
        typical_error=round(_typical_error(judged)),
        of=len(judged),
    )


def estimate(pace: Pace, ahead: int, now: datetime) -> Wait | None:
    """How long somebody waits who has so many before them; None while that is not known."""
    if not pace.known or pace.called_at is None:
        return None
    calls = ahead + 1
    passed = max(0.0, (now - pace.called_at).total_seconds())
    each = pace.seconds_per_ticket
    likely = max(SHORTEST_SECONDS, calls * each - min(passed, MOST_PASSED * each))
    evened = math.cbrt(calls)
    return Wait(
        low=math.floor(likely * (1 - (1 - pace.low_ratio) / evened) + _HAIR),
        likely=math.floor(likely + 0.5),
        high=math.ceil(likely * (1 + (pace.high_ratio - 1) / evened) - _HAIR),
    )


def _gaps(calls: Sequence[PastCall]) -> list[float]:
    """Seconds from each call to the next, of which only those count in which the one who was
    called then was there already."""
    return [
        min(call.called - before.called, call.waited)
        for before, call in pairwise(calls)
        if call.waited > 0
    ]


def _weighted_mean(gaps: Sequence[float]) -> float:
    """Of gaps, oldest first, none counted as longer than some typical ones."""
    longest = _LONGEST * statistics.median(gaps)
    weights = [0.5 ** (age / _HALF_LIFE) for age in range(len(gaps) - 1, -1, -1)]
    sizes = (min(gap, longest) * weight for gap, weight in zip(gaps, weights, strict=True))
    return sum(sizes) / sum(weights)


def _range(promises: Sequence[tuple[PastCall, Wait]]) -> tuple[float, float]:
    """The lowest and the highest part of the likely wait that hold for one call."""
    if len(promises) < ENOUGH_PROMISES:
        return _GUESS
    spread = sorted(_off(call, promised) for call, promised in promises)
    tail, last = _misses_allowed(promises) / 2, len(spread) - 1
    below = max(0, math.floor(tail * (len(spread) + 1)) - 1)
    above = min(last, math.ceil((1 - tail) * (len(spread) + 1)) - 1)
    return max(0.0, 1 + min(spread[below], 0.0)), 1 + max(spread[above], 0.0)


def _off(call: PastCall, promised: Wait) -> float:
    """How far off a promise was, as a share of it, as if it had been for one call."""
    return (call.waited / max(promised.likely, 1) - 1) * math.cbrt(call.ahead + 1)


def _misses_allowed(promises: Iterable[tuple[PastCall, Wait]]) -> float:
    """The share that the range leaves out: less after promises that failed."""
    share = _MISSES
    for call, promised in promises:
        share += _WIDENING * (_MISSES - (not _held(call, promised)))
        share = min(_MISSES, max(_WIDEST, share))
    return share


def _held(call: PastCall, promised: Wait) -> bool:
    return promised.low <= call.waited <= promised.high


def _typical_error(promises: Sequence[tuple[PastCall, Wait]]) -> float:
    errors = [abs(call.waited - promised.likely) for call, promised in promises]
    return statistics.median(errors) if errors else 0.0
