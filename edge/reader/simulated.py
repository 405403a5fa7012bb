"""A reader without hardware, on which cards are put by a call from any thread."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.reader.presence import AWAY_AFTER, UNCLEAR
from edge.reader.sightings import ReaderDead, Sighting, Trouble, judged

TAP_S = 0.3
"""How long a person holds a card there."""
TROUBLE_S = 1.5
"""How long it takes until people try another way; long enough for each trouble to be told."""


@dataclass(slots=True)
class _Put:
    sighting: Sighting
    seconds: float
    until: float | None = None
    """Reckoned from the first poll that saw it, so that a slow program misses no card."""


class SimulatedReader:
    """Shows what was put there, one after the other, each in at least one poll."""

    name = "simulated reader"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[_Put] = deque()
        self._now: _Put | None = None
        self._recent: deque[Sighting] = deque(maxlen=AWAY_AFTER)
        """What the last polls saw, but for troubles that say nothing about which card it is."""
        self._broken = ""

    def put(self, what: bytes | Trouble, seconds: float | None = None) -> None:
        """Put a card there, by its number, or a trouble; it is taken away after so many seconds.

        What was put before is seen first; the same card is away between for as many polls as it
        takes to count again. Raises ValueError for numbers that no card has.
        """
        sighting = what if isinstance(what, Trouble) else judged(what)
        if seconds is None:
            seconds = TROUBLE_S if isinstance(sighting, Trouble) else TAP_S
        with self._lock:
            self._waiting.append(_Put(sighting, seconds))

    def take_away(self) -> None:
        """Nothing lies there any more, and nothing waits to be put there."""
        with self._lock:
            self._waiting.clear()
            self._now = None

    @property
    def idle(self) -> bool:
        """Whether nothing lies there, and nothing waits to be put there."""
        with self._lock:
            return self._now is None and not self._waiting

    def fail(self, reason: str = "It was told to fail.") -> None:
        """Be dead until `mend` is called."""
        with self._lock:
            self._broken = reason

    def mend(self) -> None:
        """Work again."""
        with self._lock:
            self._broken = ""

    def poll(self) -> Sighting:
        """What lies there now. Raises ReaderDead after `fail`."""
        with self._lock:
            self._check()
            now = self._clock()
            if self._now and self._now.until is not None and now >= self._now.until:
                self._now = None
            # A card that was there just now has to be away for a while, or it counts as held still.
            if not self._now and self._waiting and self._waiting[0].sighting not in self._recent:
                self._now = self._waiting.popleft()
                self._now.until = now + self._now.seconds
            sighting = self._now.sighting if self._now else None
            if sighting not in UNCLEAR:
                self._recent.append(sighting)
            return sighting

    def reset(self) -> None:
        """Nothing to do. Raises ReaderDead after `fail`."""
        with self._lock:
            self._check()

    def close(self) -> None:
        """Nothing to give back."""

    def _check(self) -> None:
        if self._broken:
            raise ReaderDead(self._broken)
