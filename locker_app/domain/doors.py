"""Rules of what staff do at a door: longer times and notes."""

from datetime import datetime, timedelta

from locker_app.domain.errors import BadInput

MAX_NOTE_LENGTH = 500
MAX_EXTENSION_MINUTES = 30 * 24 * 60
_LATEST = timedelta(days=366)


def extended(deadline: datetime, now: datetime, minutes: int) -> datetime:
    """The deadline moved on by some minutes; a passed one counts from now.

    Raises:
        BadInput: it would be more than a year from now.
    """
    later = max(deadline, now) + timedelta(minutes=minutes)
    if later > now + _LATEST:
        raise BadInput("Nobody can keep a locker for more than a year ahead.", field="minutes")
    return later
