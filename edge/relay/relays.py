"""What a terminal asks of its relays, and relays without hardware."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from edge.relay.pulses import LONGEST_S, Pulses


class RelayDead(Exception):
    """The relays can't be switched now. Nothing was opened."""


class Relays(Protocol):
    """The locks of a terminal's doors. Nothing here waits."""

    @property
    def name(self) -> str:
        """For people: what they are."""
        ...

    @property
    def trouble(self) -> str:
        """Why they can't be switched now; empty while all is well."""
        ...

    def open(self, pin: int, seconds: float) -> None:
        """Switch on for so long, LONGEST_S at most. Raises BadPulse or RelayDead."""
        ...

    def all_off(self) -> None:
        """End all pulses now."""
        ...

    def close(self) -> None:
        """End all pulses and give the pins back. May be called twice."""
        ...


class Pulse(NamedTuple):
    """A pulse that was given: when it began, by the clock of the relays, and for how long."""

    pin: int
    seconds: float
    at: float


class SimulatedRelays:
    """Remembers what was asked for. By default each pin that can be configured has a relay."""

    name = "simulated relays"
    trouble = ""

    def __init__(
        self, pins: Iterable[int] = range(100), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.pulses: list[Pulse] = []
        self._clock = clock
        self._lock = threading.Lock()
        self._state = Pulses(frozenset(pins))
        self._on: set[int] = set()

    def open(self, pin: int, seconds: float) -> None:
        """Remember a pulse. Raises BadPulse, and RelayDead when `trouble` was set."""
        with self._lock:
            self._state.check(pin, seconds)
            if self.trouble:
                raise RelayDead(self.trouble)
            now = self._clock()
            self._end(now)
            self._state.open(pin, seconds, now)
            self._on.add(pin)
            self.pulses.append(Pulse(pin, min(seconds, LONGEST_S), now))

    @property
    def on(self) -> frozenset[int]:
        """The pins that are on now."""
        with self._lock:
            self._end(self._clock())
            return frozenset(self._on)

    def all_off(self) -> None:
        """End all pulses now."""
        with self._lock:
            self._state.clear()
            self._on.clear()

    def close(self) -> None:
        """End all pulses."""
        self.all_off()

    def _end(self, now: float) -> None:
        self._on.difference_update(self._state.ended(now))
