"""The model of one site: it learns from each stay that ends, and forecasts those going on.

In a paragraph, for whoever asks: every past stay that is still remembered (the last of the same
holder, and the last at the site) is taken as a way in which this one may end, and counts the more
the more alike it is: the hour of arrival, a working day or not, the spot, what was stated, how
long ago. All others together count as much as half a stay of the holder's own. Each says two
things: as long as then, or by the same clock time as then; which of the two counts more is what
came truer lately, here and for this holder. The median of all that is what is likely, the middle
eight tenths are the range. As time passes, past stays that were shorter drop out. And the range is
made wider, or narrower, by how often the ends of past stays fell outside of it, for each hour of
the stay.
"""

import heapq
from collections import deque
from collections.abc import Hashable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median
from typing import NamedTuple

from locker_app.domain.forecast.kinds import Basis, Forecast, Going, Record, Stay
from locker_app.domain.forecast.leaning import Leaning
from locker_app.domain.forecast.margins import HIGH, LOW, MIDDLE, Ends, Margins
from locker_app.domain.forecast.past import Memory, Sample, past, trace
from locker_app.domain.forecast.spread import End, Spread

FEW = 5
"""Fewer stays than this at a site are no match for what somebody says."""
LATELY = 100
"""`Record` is about so many of the last stays."""
REHEARSED = 2_000
"""Of a long past that is loaded, what was said at arrival is worked out for so many of the last."""
_HOURS = 13
"""Ranges are learnt for the arrival and each of the first hours; the last is for all later ones."""
_HOUR = timedelta(hours=1)
_LONGEST = 24.0 * 365
_SOON = timedelta(hours=36)
"""Whether clocks are changed so soon after an arrival is looked at."""


class _Said(NamedTuple):
    """What was thought at an arrival, to be compared with what comes."""

    holder: str | None
    spread: Spread
    lasting: float
    """The likely end if this holder stays as long as then, in hours after arrival; and if they
    leave by the clock."""
    clock: float
    ends: Ends


class _Thought(NamedTuple):
    """What past stays say about one that is going on."""

    own: list[Sample]
    others: list[Sample]
    lasting: list[End]
    """Its ends, if it lasts as long as those."""
    clock: list[End]
    """And if it ends by the clock as those did."""
    spread: Spread
    """Both together."""

    def basis(self, stayed: float) -> Basis:
        """Whose stays weigh more, of those that lasted longer."""
        mine, theirs = (
            sum(weight for weight, lasted, _ in samples if lasted > stayed)
            for samples in (self.own, self.others)
        )
        return Basis.HOLDER if mine > theirs else Basis.SITE


class Model:
    """What one site has taught so far.

    Tell it of each arrival (`arrive`) and of each end (`learn`) in the order in which they
    happened, with the same key; or give it a past in one go (`load`). Ask it at any time
    (`forecast`). Nothing here asks the clock: `now` is an argument. Not safe for threads.
    """

    def __init__(self, zone: tzinfo) -> None:
        """`zone` is the site's: people leave by the clocks on its walls."""
        self._zone = zone
        self._memory = Memory()
        self._leaning = Leaning()
        self._margins = Margins(_HOURS)
        self._said: dict[Hashable, _Said] = {}
        self._came_true: deque[tuple[float, bool]] = deque(maxlen=LATELY)

    def arrive(self, going: Going, key: Hashable) -> Forecast | None:
        """Somebody has just arrived: what to say now, which is remembered under this key until
        `learn` is called with it, and compared with what came. None: nothing known or stated."""
        thought = self._think(going)
        if not thought.spread or self._says_more(going):
            return self.forecast(going, going.began_at)
        ends = self._margins.widen(_raw(thought.spread, 0.0), 0.0)
        self._said[key] = _Said(
            going.holder,
            thought.spread,
            Spread(thought.lasting).quantile(MIDDLE, 0.0),
            Spread(thought.clock).quantile(MIDDLE, 0.0),
            ends,
        )
        return _forecast(going, going.began_at, ends, thought.basis(0.0))

    def forget(self, key: Hashable) -> None:
        """That arrival never becomes a stay to learn from, such as a booking that was cancelled."""
        self._said.pop(key, None)

    def learn(self, stay: Stay, key: Hashable = None) -> None:
        """A stay is over. In order of `ended_at`; one that did not last is not learned.

        What was said at its arrival (`arrive`) counts in `record`; without a key, or with one
        that is not known, it is learned from only."""
        said = self._said.pop(key, None) if key is not None else None
        began = stay.began_at.astimezone(self._zone)
        over = past(
            trace(began, stay.stated_until, stay.spot, self._memory.known(stay.holder)),
            began,
            stay.ended_at.astimezone(self._zone),
        )
        if not 0 < over.lasted <= _LONGEST:
            return
        if said is not None:
            self._compare(said, over.lasted)
        self._memory.keep(stay.holder, over)

    def load(self, stays: Iterable[Stay]) -> None:
        """Learn a past, in any order, as if it happened now: each arrival and each end in its
        turn, so that `record` is honest about it too. Quick: of a long past only the last
        arrivals are worked out."""
        in_order = sorted(stays, key=lambda one: one.began_at)
        first = len(in_order) - REHEARSED
        going: list[tuple[datetime, int]] = []
        for number, stay in enumerate(in_order):
            while going and going[0][0] <= stay.began_at:
                over = heapq.heappop(going)[1]
                self.learn(in_order[over], ("load", over))
            if number >= first:
                asked = Going(stay.began_at, stay.holder, stay.stated_until, stay.spot)
                self.arrive(asked, ("load", number))
            heapq.heappush(going, (stay.ended_at, number))
        while going:
            over = heapq.heappop(going)[1]
            self.learn(in_order[over], ("load", over))

    def forecast(self, going: Going, now: datetime) -> Forecast | None:
        """When this stay ends, given that it has not ended by now; in UTC.

        None: nothing has been learned here yet, and nothing was stated."""
        now = max(now, going.began_at)
        thought = self._think(going)
        if going.stated_until is not None and (not thought.spread or self._says_more(going)):
            likely = max(now, going.stated_until).astimezone(UTC)
            return Forecast(likely, None, None, Basis.STATED)
        if not thought.spread:
            return None
        stayed = (now - going.began_at) / _HOUR
        ends = self._margins.widen(_raw(thought.spread, stayed), stayed)
        return _forecast(going, now, ends, thought.basis(stayed))

    def record(self) -> Record | None:
        """How the forecasts made at arrival came true lately; None while there were none."""
        if not self._came_true:
            return None
        return Record(
            typical_error=timedelta(hours=median(error for error, _ in self._came_true)),
            inside=sum(held for _, held in self._came_true) / len(self._came_true),
            stays=len(self._came_true),
        )

    def _says_more(self, going: Going) -> bool:
        """Whether what was stated is worth more than the few stays that were learned."""
        return going.stated_until is not None and len(self._memory) < FEW

    def _think(self, going: Going) -> _Thought:
        began = going.began_at.astimezone(self._zone)
        about = trace(began, going.stated_until, going.spot, self._memory.known(going.holder))
        own, others = self._memory.recall(going.holder, about)
        leaning = self._leaning.to_the_clock(going.holder)
        samples = own + others
        ends = [(after, weight) for after, weight in _by_clock(began, samples) if after > 0]
        if not ends:  # all of them were over by this time of day: the clock says nothing
            leaning = 0.0
        lasting = [(after, weight * (1 - leaning)) for weight, after, _ in samples]
        clock = [(after, weight * leaning) for after, weight in ends]
        return _Thought(own, others, lasting, clock, Spread(lasting + clock))

    def _compare(self, said: _Said, lasted: float) -> None:
        self._leaning.learn(said.holder, abs(said.lasting - lasted), abs(said.clock - lasted))
        self._came_true.append(
            (abs(said.ends.likely - lasted), said.ends.low <= lasted <= said.ends.high)
        )
        for hour in range(min(_HOURS - 1, int(lasted)) + 1):
            there = self._margins.widen(_raw(said.spread, hour), hour)
            self._margins.learn(there, hour, lasted)


def _by_clock(began: datetime, samples: list[Sample]) -> list[End]:
    """How long it lasts if it ends at the same clock time as those did; `began` by the clocks at
    the site. On the two days of a year on which they are changed that is an hour more or less."""
    ends = [(after, weight) for weight, _, after in samples]
    if began.utcoffset() == (began.astimezone(UTC) + _SOON).astimezone(began.tzinfo).utcoffset():
        return ends
    return [((_moved(began, after) - began.astimezone(UTC)) / _HOUR, w) for after, w in ends]


def _moved(began: datetime, hours: float) -> datetime:
    """So much later by the clocks there."""
    return (began + timedelta(hours=hours)).astimezone(UTC)


def _raw(spread: Spread, stayed: float) -> Ends:
    low, likely, high = (spread.quantile(share, stayed) for share in (LOW, MIDDLE, HIGH))
    return Ends(low, likely, high)


def _forecast(going: Going, now: datetime, ends: Ends, basis: Basis) -> Forecast:
    began = going.began_at.astimezone(UTC)
    low, likely, high = (max(began + timedelta(hours=one), now).astimezone(UTC) for one in ends)
    return Forecast(likely, min(low, likely), max(high, likely), basis)
