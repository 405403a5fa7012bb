"""How wide a range has to be so that eight of ten stays end in it: learnt from what happened."""

import math
from typing import NamedTuple

SHARE = 0.8
"""Of the stays, to end within the range."""
LOW, MIDDLE, HIGH = (1 - SHARE) / 2, 0.5, 1 - (1 - SHARE) / 2
_LEAST_WIDTH = 0.02
"""No side of a range is less than this part of the whole stay: two stays alike are an accident."""
_LEAST_HOURS = 0.05
"""Nor less than this: nobody leaves by the minute."""
_STEP = 0.05
"""By how much a miss on one side widens it; nine hits on that side take it back."""
_NARROWEST, _WIDEST = 0.2, 5.0


class Ends(NamedTuple):
    """A range and the likely end in it, in hours after arrival."""

    low: float
    likely: float
    high: float


class Margins:
    """Two factors for each hour of the stay: of the part before the likely end and that after."""

    def __init__(self, hours: int) -> None:
        self._sides = [[0.0, 0.0] for _ in range(hours)]

    def widen(self, raw: Ends, stayed: float) -> Ends:
        """The range as it has to be for stays that lasted so many hours by now."""
        below, above = self._sides[self._row(stayed)]
        least = max(_LEAST_HOURS, raw.likely * _LEAST_WIDTH)
        low = raw.likely - max(least, raw.likely - raw.low) * math.exp(below)
        high = raw.likely + max(least, raw.high - raw.likely) * math.exp(above)
        return Ends(max(stayed, low), raw.likely, high)

    def learn(self, said: Ends, stayed: float, lasted: float) -> None:
        """What a range that was said for that time came to."""
        sides = self._sides[self._row(stayed)]
        for side, missed in enumerate((lasted < said.low, lasted > said.high)):
            moved = sides[side] + _STEP * (missed - LOW)
            sides[side] = min(math.log(_WIDEST), max(math.log(_NARROWEST), moved))

    def _row(self, stayed: float) -> int:
        return min(len(self._sides) - 1, math.ceil(stayed))
