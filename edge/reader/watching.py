"""One look at a reader after the other: taps and troubles come out, and what became of the reader.

What a terminal's program calls ten times a second. It never sleeps and asks no clock.
"""

from dataclasses import dataclass, field

from edge.reader.presence import Presence
from edge.reader.sightings import Card, Reader, ReaderDead, Trouble
from edge.reader.watchdog import Watchdog

POLL_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Dead:
    """The reader doesn't work, and a new beginning didn't help. It is tried again by itself."""

    reason: str


@dataclass(frozen=True, slots=True)
class Back:
    """A dead reader works again."""


Event = Card | Trouble | Dead | Back


@dataclass(slots=True)
class Watch:
    """A reader, what lies on it, and how it is."""

    reader: Reader
    _presence: Presence = field(default_factory=Presence)
    _watchdog: Watchdog = field(default_factory=Watchdog)

    @property
    def dead(self) -> bool:
        """Whether the reader was said to be dead, and not yet to be back."""
        return self._watchdog.dead

    @property
    def empty(self) -> bool:
        """Whether nothing lies on the reader, as far as is known."""
        return self._presence.empty

    def step(self, now: float) -> tuple[Event, ...]:
        """Look once; `now` is in seconds of a clock that only goes on. Mostly nothing happened."""
        if self._watchdog.resting(now):
            return ()
        try:
            if self._watchdog.reset_due(now):
                self.reader.reset()
                self._watchdog.was_reset()
            sighting = self.reader.poll()
        except ReaderDead as trouble:
            return (Dead(str(trouble)),) if self._watchdog.failed(now) else ()
        back = (Back(),) if self._watchdog.worked() else ()
        seen = self._presence.saw(sighting)
        return back if seen is None else (*back, seen)
