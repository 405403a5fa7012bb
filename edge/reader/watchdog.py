"""When a reader is dead, when it is begun anew, and when it is well again. Pure.

A single failure is often a glitch on the wire: the reader is begun anew at once and nothing is
said. When that doesn't help it is dead, and is tried with growing pauses, since each try may hold
up the program for a moment. A reader that works for an instant only isn't called well again, and
its pauses go on growing.
"""

from dataclasses import dataclass

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
WELL_AFTER = 5
"""Polls in a row that must work until a dead reader is said to be back."""


@dataclass(slots=True)
class Watchdog:
    """Told how each poll and each reset went; times are seconds of a clock that only goes on."""

    dead: bool = False
    """Whether it was said to be dead, and not yet to be back."""
    _failures: int = 0
    _worked: int = 0
    _reset_at: float | None = None

    def failed(self, now: float) -> bool:
        """A poll or a reset failed. Return whether it has to be said now that the reader is dead.

        The next reset is due at once after the first failure, then after 0.5 s, 1 s, 2 s and so on
        up to 30 s.
        """
        self._worked = 0
        # After a billion failures the power alone would be too large for a float.
        pause = FIRST_PAUSE_S * 2 ** min(self._failures - 1, 16) if self._failures else 0.0
        self._reset_at = now + min(pause, LONGEST_PAUSE_S)
        self._failures += 1
        told, self.dead = self.dead, self.dead or self._failures > 1
        return self.dead and not told

    def worked(self) -> bool:
        """A poll worked. Return whether it has to be said now that the reader is back."""
        if not self._failures:
            return False
        self._worked += 1
        if self._worked < WELL_AFTER:
            return False
        told, self.dead = self.dead, False
        self._failures = self._worked = 0
        return told

    def resting(self, now: float) -> bool:
        """Whether the reader is to be left alone now."""
        return self._reset_at is not None and now < self._reset_at

    def reset_due(self, now: float) -> bool:
        """Whether the reader has to be begun anew before it is polled."""
        return self._reset_at is not None and now >= self._reset_at

    def was_reset(self) -> None:
        """It was begun anew without a failure: poll it."""
        self._reset_at = None
