"""The model of one site: it learns from each stay that ends, and forecasts those going on."""

import heapq
from collections import deque
from collections.abc import Hashable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median

from locker_app.domain.forecast.kinds import Basis, Forecast, Going, Record, Stay

_LATELY = 100


class Model:
    """What one site has taught so far.

    Tell it of each arrival (`arrive`) and of each end (`learn`) in the order in which they
    happened, with the same key; or give it a past in one go (`load`). Ask it at any time
    (`forecast`). Nothing here asks the clock: `now` is an argument. Not safe for threads.
    """

    def __init__(self, zone: tzinfo) -> None:
        """`zone` is the site's: people leave by the clocks on its walls."""
        self._zone = zone
        self._site: deque[float] = deque(maxlen=500)
        self._holders: dict[str, deque[float]] = {}
        self._said: dict[Hashable, Forecast | None] = {}
        self._came_true: deque[tuple[float, bool]] = deque(maxlen=_LATELY)

    def arrive(self, going: Going, key: Hashable) -> Forecast | None:
        """Somebody has just arrived: what to say now, which is remembered under this key until
        `learn` is called with it, and compared with what came. None: nothing known or stated."""
        said = self.forecast(going, going.began_at)
        self._said[key] = said
        return said

    def forget(self, key: Hashable) -> None:
        """That arrival never becomes a stay to learn from, such as a booking that was cancelled."""
        self._said.pop(key, None)

    def learn(self, stay: Stay, key: Hashable = None) -> None:
        """A stay is over. In order of `ended_at`; one that did not last is not learned.

        What was said at its arrival (`arrive`) counts in `record`; without a key, or with one
        that is not known, it is learned from only."""
        said = self._said.pop(key, None) if key is not None else None
        lasted = (stay.ended_at - stay.began_at).total_seconds()
        if lasted <= 0:
            return
        if said is not None and said.low is not None and said.high is not None:
            error = abs((stay.ended_at - said.likely).total_seconds())
            self._came_true.append((error, said.low <= stay.ended_at <= said.high))
        self._site.append(lasted)
        if stay.holder is not None:
            self._holders.setdefault(stay.holder, deque(maxlen=50)).append(lasted)

    def load(self, stays: Iterable[Stay]) -> None:
        """Learn a past, in any order, as if it happened now: each arrival and each end in its
        turn, so that `record` is honest about it too."""
        going: list[tuple[datetime, int, Stay]] = []
        for number, stay in enumerate(sorted(stays, key=lambda one: one.began_at)):
            while going and going[0][0] <= stay.began_at:
                _, known_as, over = heapq.heappop(going)
                self.learn(over, ("load", known_as))
            self.arrive(Going(stay.began_at, stay.holder, stay.stated_until), ("load", number))
            heapq.heappush(going, (stay.ended_at, number, stay))
        while going:
            _, known_as, over = heapq.heappop(going)
            self.learn(over, ("load", known_as))

    def forecast(self, going: Going, now: datetime) -> Forecast | None:
        """When this stay ends, given that it has not ended by now; in UTC.

        None: nothing has been learned here yet, and nothing was stated."""
        began = going.began_at.astimezone(UTC)
        now = max(now.astimezone(UTC), began)
        past, basis = self._site, Basis.SITE
        own = self._holders.get(going.holder) if going.holder is not None else None
        if own and len(own) >= 3:
            past, basis = own, Basis.HOLDER
        if not past:
            if going.stated_until is None:
                return None
            likely = max(now, going.stated_until.astimezone(UTC))
            return Forecast(likely, None, None, Basis.STATED)
        stayed = (now - began).total_seconds()
        longer = sorted(one for one in past if one > stayed) or [stayed * 1.5]
        low, high = longer[len(longer) // 10], longer[len(longer) * 9 // 10]
        return Forecast(
            began + timedelta(seconds=median(longer)),
            began + timedelta(seconds=low),
            began + timedelta(seconds=high),
            basis,
        )

    def record(self) -> Record | None:
        """How the forecasts made at arrival came true lately; None while there were none."""
        if not self._came_true:
            return None
        return Record(
            typical_error=timedelta(seconds=median(error for error, _ in self._came_true)),
            inside=sum(held for _, held in self._came_true) / len(self._came_true),
            stays=len(self._came_true),
        )
