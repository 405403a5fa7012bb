"""The tickets of a queue as rows of a file, read in pieces: a term's tickets are many."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from locker_app.db.tables import person, staff, ticket
from locker_app.domain.days import span
from locker_app.queries.ticket_sums import ended_between

CHUNK = 1000
_T = ticket.c


@dataclass(frozen=True, slots=True)
class Look:
    """Which tickets a file has: those of a queue that ended on some days."""

    queue_id: int
    name: str
    time_zone: str
    first: date
    last: date
    start: datetime
    end: datetime


def look(head: Any, first: date, last: date) -> Look:
    """The tickets that ended from the first day to the last, of the queue whose row
    (`helm.queue_head`) is given.

    Raises:
        BadInput: as `days.span`.
    """
    start, end = span(first, last, head.time_zone)
    return Look(head.id, head.name, head.time_zone, first, last, start, end)


_COLUMNS = (
    _T.id,
    _T.round,
    _T.number,
    _T.group_number,
    person.c.number.label("person_number"),
    person.c.name.label("person_name"),
    _T.status,
    _T.joined_at,
    _T.called_at,
    _T.ended_at,
    staff.c.name.label("staff_name"),
    _T.question,
    _T.note,
)


def tickets_of(conn: Connection, at: Look, after: Any = None) -> list[Any]:
    """Up to `CHUNK` tickets, in the order in which they ended; those behind the row `after`."""
    statement = (
        select(*_COLUMNS)
        .outerjoin(person, person.c.id == _T.person_id)
        .outerjoin(staff, staff.c.id == _T.staff_id)
        .where(ended_between(at.queue_id, at.start, at.end))
        .order_by(_T.ended_at, _T.id)
        .limit(CHUNK)
    )
    if after is not None:
        behind = and_(_T.ended_at == after.ended_at, _T.id > after.id)
        statement = statement.where(or_(_T.ended_at > after.ended_at, behind))
    return list(conn.execute(statement))
