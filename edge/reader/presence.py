"""From polls to taps: one event for each time that a card is put there. Pure.

A card in the field is missed now and then, so it counts as taken away only after several polls
without it. Each card is remembered by itself: two that are seen in turn, since now and then one of
them is missed, are two taps and not one with every poll.
"""

from dataclasses import dataclass, field

from edge.reader.sightings import Card, Sighting, Trouble

AWAY_AFTER = 5
"""Polls in a row without a card until the same one counts as put there again: half a second."""
UNCLEAR = (Trouble.COLLISION, Trouble.UNREADABLE)
"""Something is there, and it may be any card: with such a poll the count of misses begins anew."""
SURE_AFTER = {Trouble.RANDOM_ID: 1, Trouble.COLLISION: 2, Trouble.UNREADABLE: 10}
"""Polls in a row until a trouble is told. A card that is just coming is hard to read for a moment,
and a disturbance looks like a second card; a random number was read whole, so it is sure."""


@dataclass(slots=True)
class Presence:
    """What lies on a reader, as far as its polls tell."""

    _missed: dict[Card | Trouble, int] = field(default_factory=dict)
    _doubt: Trouble | None = None
    _doubts: int = 0

    def saw(self, sighting: Sighting) -> Card | Trouble | None:
        """Take in one poll; return what was put there just now, if anything was."""
        self._forget(sighting)
        self._count_doubts(sighting)
        if sighting is None or sighting in self._missed:
            if sighting is not None:
                self._missed[sighting] = 0
            return None
        if isinstance(sighting, Trouble) and self._doubts < SURE_AFTER[sighting]:
            return None
        self._missed[sighting] = 0
        return sighting

    @property
    def empty(self) -> bool:
        """Whether nothing lies there."""
        return not self._missed

    def _forget(self, sighting: Sighting) -> None:
        """Count a miss for all that this poll shows to be away."""
        if sighting in UNCLEAR:
            self._missed = dict.fromkeys(self._missed, 0)
            return
        for known in [known for known in self._missed if known != sighting]:
            self._missed[known] += 1
            if self._missed[known] >= AWAY_AFTER:
                del self._missed[known]

    def _count_doubts(self, sighting: Sighting) -> None:
        same = sighting is self._doubt
        self._doubts = self._doubts + 1 if same else 1
        self._doubt = sighting if isinstance(sighting, Trouble) else None
