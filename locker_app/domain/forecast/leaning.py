"""Whether people here stay for as long as they did, or until the hour at which they left."""

import math
from collections import OrderedDict

_SITE_FADES, _HOLDER_FADES = 0.98, 0.85
_SITE_COUNTS = 3.0
"""The site's errors count as much as so many of the holder's own."""
_STRICTNESS = 5.0
"""A way whose error is a fifth more counts 1/e as much."""
_MOST_HOLDERS = 20_000


class Leaning:
    """The recent errors of the two ways, at the site and of each holder."""

    def __init__(self) -> None:
        self._site = _NOTHING
        self._own: OrderedDict[str, tuple[float, float, float]] = OrderedDict()

    def to_the_clock(self, holder: str | None) -> float:
        """How much leaving by the clock counts, from 0 to 1; the rest is staying as long."""
        lasting, clock, count = self._site
        if not count:
            return 0.5
        own_lasting, own_clock, own_count = self._own.get(holder or "", _NOTHING)
        share = _SITE_COUNTS / count
        whole = own_count + _SITE_COUNTS
        errors = (own_lasting + lasting * share) / whole, (own_clock + clock * share) / whole
        least = max(min(errors), 1e-3)
        counts = [math.exp(-_STRICTNESS * (error - min(errors)) / least) for error in errors]
        return counts[1] / sum(counts)

    def learn(self, holder: str | None, lasting: float, clock: float) -> None:
        """By how many hours each way was off at an arrival."""
        self._site = _faded(self._site, _SITE_FADES, lasting, clock)
        if holder is not None:
            own = self._own.pop(holder, _NOTHING)
            self._own[holder] = _faded(own, _HOLDER_FADES, lasting, clock)
            if len(self._own) > _MOST_HOLDERS:
                self._own.popitem(last=False)


_NOTHING = (0.0, 0.0, 0.0)


def _faded(
    old: tuple[float, float, float], by: float, lasting: float, clock: float
) -> tuple[float, float, float]:
    return old[0] * by + lasting, old[1] * by + clock, old[2] * by + 1.0
