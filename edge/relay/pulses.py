"""Which relay is on, and until when. Pure.

A lock's coil burns out when it stays on, so no pulse is longer than LONGEST_S, and repeated pulses
don't add up to a longer one: what is on already goes off at the latest LONGEST_S after it went on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite

LONGEST_S = 10.0
TAKEN = frozenset({7, 8, 9, 10, 11, 24, 25, 27})
"""GPIO numbers of SPI 0, the reader's reset, and the display's two lines."""


class BadPulse(ValueError):
    """A pin that is no relay's, or a length that is none. Nothing was switched."""


@dataclass(slots=True)
class Pulses:
    """Told of pulses, says what is to be switched; times are those of a clock that only goes on."""

    pins: frozenset[int]
    _began: dict[int, float] = field(default_factory=dict)
    _ends: dict[int, float] = field(default_factory=dict)

    def check(self, pin: int, seconds: float) -> None:
        """Raise BadPulse unless such a pulse can be given."""
        if pin not in self.pins:
            raise BadPulse(f"No relay is at pin {pin}.")
        if not isfinite(seconds) or seconds <= 0:
            raise BadPulse(f"A pulse can't last {seconds} seconds.")

    def open(self, pin: int, seconds: float, now: float) -> None:
        """Begin a pulse, or let the one that is under way end later. Raises BadPulse."""
        self.check(pin, seconds)
        began = self._began.setdefault(pin, now)
        end = min(now + min(seconds, LONGEST_S), began + LONGEST_S)
        self._ends[pin] = max(end, self._ends.get(pin, end))

    def ended(self, now: float) -> Iterator[int]:
        """The pins whose pulse is over, each once."""
        for pin in [pin for pin, end in self._ends.items() if end <= now]:
            del self._began[pin], self._ends[pin]
            yield pin

    def next_end(self) -> float | None:
        """When the next pulse is over."""
        return min(self._ends.values(), default=None)

    def clear(self) -> None:
        """No pulse is under way any more."""
        self._began.clear()
        self._ends.clear()


def as_pins(pins: Iterable[int]) -> frozenset[int]:
    """GPIO numbers of relays. Raises ValueError for what no header has, and for what is in use."""
    checked = frozenset(pins)
    if not all(2 <= pin <= 27 for pin in checked):
        raise ValueError("Relays are at GPIO 2 to 27.")
    if taken := sorted(checked & TAKEN):
        raise ValueError(f"GPIO {taken[0]} belongs to the card reader or the display.")
    return checked
