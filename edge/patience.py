"""How long to wait before the broker is tried again. Pure.

Chance is in it, so that all terminals don't come back at once. A connection that hardly lasted
counts as one that failed: whoever is let in and cut off in turn would otherwise come back at once
each time, and say all that waits each time.
"""

import random

SHORTEST_S, LONGEST_S = 0.5, 15.0
REFUSED_S = 10.0
LASTED_S = 2.0
"""A connection that was up for so long counts as a good one."""


class Patience:
    """Told how each try went; times are seconds of a clock that only goes on."""

    def __init__(self) -> None:
        self.failures = 0
        """Tries in a row that led to nothing."""
        self._up_at: float | None = None
        self._refused = False

    def connected(self, now: float) -> None:
        """The broker took us."""
        self._up_at = now

    def ended(self, now: float, *, refused: bool = False) -> None:
        """The try is over, or the connection that came of it. `refused`: by the broker's word."""
        lasted = self._up_at is not None and now - self._up_at >= LASTED_S
        self.failures = 1 if lasted else self.failures + 1
        self._up_at, self._refused = None, refused

    def begin_anew(self) -> None:
        """What failed is done in another way now."""
        self.failures = 0

    def pause_s(self) -> float:
        """Seconds until the next try."""
        if self._refused:
            return random.uniform(0.5, 1.5) * REFUSED_S  # noqa: S311 - no secret
        most = min(SHORTEST_S * 2 ** min(self.failures, 8), LONGEST_S)
        return random.uniform(0.3, 1.0) * most  # noqa: S311 - no secret
