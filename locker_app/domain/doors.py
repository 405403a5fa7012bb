"""Rules of what staff do at a door: longer times, notes, and opening it from afar."""

from datetime import datetime, timedelta
from enum import StrEnum

from locker_app.domain.errors import BadInput

MAX_NOTE_LENGTH = 500
MAX_EXTENSION_MINUTES = 30 * 24 * 60
_LATEST = timedelta(days=366)
ANSWER_WITHIN = timedelta(seconds=10)
"""How long a terminal has to say that a door is open."""


def extended(deadline: datetime, now: datetime, minutes: int) -> datetime:
    """The deadline moved on by some minutes; a passed one counts from now.

    Raises:
        BadInput: it would be more than a year from now.
    """
    later = max(deadline, now) + timedelta(minutes=minutes)
    if later > now + _LATEST:
        raise BadInput("Nobody can keep a locker for more than a year ahead.", field="minutes")
    return later


class Opening(StrEnum):
    """How far opening a door from afar has come."""

    SENT = "sent"
    """To the terminal of the bank."""
    ACKNOWLEDGED = "acknowledged"
    """The terminal has it."""
    OPENED = "opened"
    """The door's contact, or the relay, says so."""
    TIMED_OUT = "timed_out"
    """No word in time: whether it is open, nobody knows. Nothing opens by it any more."""


OPENINGS: dict[Opening, frozenset[Opening]] = {
    Opening.SENT: frozenset({Opening.ACKNOWLEDGED, Opening.OPENED, Opening.TIMED_OUT}),
    Opening.ACKNOWLEDGED: frozenset({Opening.OPENED, Opening.TIMED_OUT}),
    Opening.OPENED: frozenset(),
    Opening.TIMED_OUT: frozenset(),
}
"""What may follow what. A word may be lost on the way, so the last may come first; what is over
stays over, whatever arrives late."""


def opening_after(state: Opening, heard: Opening) -> Opening:
    """How far it has come once this was heard; unchanged by what can't follow."""
    return heard if heard in OPENINGS[state] else state


def opening_at(state: Opening, sent_at: datetime, now: datetime) -> Opening:
    """How far it has come at `now`: without an answer in time it has timed out, even when no
    timer has run."""
    late = now >= sent_at + ANSWER_WITHIN
    return opening_after(state, Opening.TIMED_OUT) if late else state
