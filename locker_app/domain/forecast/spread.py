"""When a stay may end, as a sample of past stays with weights; and what is left of it as time
passes."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

End = tuple[float, float]
"""One way in which it may end: after so many hours from arrival, and with what weight."""


class Spread:
    """The ends that are possible, each with its weight."""

    def __init__(self, ends: Iterable[End]) -> None:
        ordered = sorted(ends)
        self._after = [after for after, _ in ordered]
        self._sums = list(accumulate((weight for _, weight in ordered), initial=0.0))

    def __bool__(self) -> bool:
        return self._sums[-1] > 0

    def beyond(self, stayed: float) -> float:
        """The weight of ends later than so many hours after arrival."""
        return self._sums[-1] - self._sums[bisect_right(self._after, stayed)]

    def quantile(self, share: float, stayed: float) -> float:
        """After how many hours this share of the stays is over that last longer than `stayed`."""
        first = bisect_right(self._after, stayed)
        sums, after = self._sums, self._after
        if sums[-1] - sums[first] <= 1e-9 * sums[-1]:
            return _beyond_all(share, max(stayed, after[-1] if after else 0.0))
        wanted = sums[first] + share * (sums[-1] - sums[first])
        at = min(len(after) - 1, max(first, bisect_right(sums, wanted) - 1))
        return _between(at, first, wanted, after, sums)


def _between(at: int, first: int, wanted: float, after: list[float], sums: list[float]) -> float:
    """Between the middles of the weights of two neighbours."""
    middle = (sums[at] + sums[at + 1]) / 2
    other = at + 1 if wanted > middle else at - 1
    if not first <= other < len(after):
        return after[at]
    there = (sums[other] + sums[other + 1]) / 2
    if there == middle:
        return after[at]
    return after[at] + (after[other] - after[at]) * (wanted - middle) / (there - middle)


def _beyond_all(share: float, stayed: float) -> float:
    """Nothing here ever lasted that long: the longer it has, the longer it still may."""
    return stayed * (1 + 0.5 * share / (1 - share) ** 0.5) + 0.05
