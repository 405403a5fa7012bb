"""Which bookings were stays: somebody stood at a charging spot, from when until when.

Offers, cancelled and blocked bookings, no-shows and those that a fault ended say nothing of how
long people stay. Statistics count the others, and the forecast learns from most of them
(`queries.forecasts`).
"""

from sqlalchemy import ColumnElement, and_, literal_column

from locker_app.db.tables import booking
from locker_app.domain.bookings import BookingStatus, EndCause

STAYED = frozenset(
    {
        EndCause.STOPPED.value,
        EndCause.TIME_UP.value,
        EndCause.OVERSTAYED.value,
        EndCause.FOUND_FREE.value,
        EndCause.FORCED.value,
    }
)
"""How a stay ends."""
BEGUN = frozenset({BookingStatus.ACTIVE.value, BookingStatus.OVERSTAYED.value})
"""In which statuses a stay goes on."""

_B = booking.c


def _one_of(column: ColumnElement[str], words: frozenset[str]) -> ColumnElement[bool]:
    """Written out, so that it can be part of a prepared statement."""
    return column.in_([literal_column(f"'{word}'") for word in sorted(words)])


WAS_STAY = and_(_one_of(_B.end_cause, STAYED), _B.ended_at > _B.starts_at)
"""Whether a booking that ended was one. What staff ended before it began was none."""
IS_STAY = and_(_B.ended_at.is_(None), _one_of(_B.status, BEGUN))
"""Whether an open booking is one."""
