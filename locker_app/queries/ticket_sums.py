"""A queue's tickets of some time, summed up by the database: by time, by how long, and by whom.

It reads the tickets once. As days and hours of a site are no matter of a database, it sums by
pieces of time that never lie on both sides of a full hour there.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from locker_app.db.seconds import seconds_of
from locker_app.db.tables import ticket
from locker_app.domain.queues import TicketStatus

_T = ticket.c
_BY_TIME, _BY_MINUTES, _BY_WHOM = 1, 2, 3


class Sums(NamedTuple):
    """Rows with how many tickets there were, `done` and `no_show`; how many were called (`waited`)
    and helped (`served`), with the sum (`wait`, `service`) and the longest of it in seconds."""

    by_time: list[Any]
    """By the pieces in which they were taken (`first`) and ended (`second`)."""
    by_minutes: list[Any]
    """By the minutes of wait (`first`) and of service (`second`)."""
    by_whom: list[Any]
    """By the staff member (`first`), the group (`text`) and the `status`."""


def ended_between(queue_id: int, start: datetime, end: datetime) -> ColumnElement[bool]:
    """Whether a ticket of the queue ended in this time."""
    return and_(_T.queue_id == queue_id, _T.ended_at >= start, _T.ended_at < end)


def sums_of(conn: Connection, queue_id: int, start: datetime, end: datetime, step: int) -> Sums:
    """Counts and sums of the tickets of a queue that ended in this time, by pieces of so many
    seconds (`days.piece`)."""
    of = _tickets(queue_id, start, end, step).c
    sums = (
        func.count().label("tickets"),
        func.sum(of.done).label("done"),
        func.sum(of.no_show).label("no_show"),
        func.count(of.wait).label("waited"),
        func.coalesce(func.sum(of.wait), 0).label("wait"),
        func.coalesce(func.max(of.wait), 0).label("longest_wait"),
        func.count(of.service).label("served"),
        func.coalesce(func.sum(of.service), 0).label("service"),
        func.coalesce(func.max(of.service), 0).label("longest_service"),
    )
    nothing: dict[str, ColumnElement[Any]] = {
        "number": cast(null(), BigInteger),
        "text": cast(null(), String),
    }

    def by(which: int, *keys: ColumnElement[Any], **texts: ColumnElement[Any]) -> Any:
        named: list[Any] = [literal_column(str(which)).label("which")]
        for place, name in enumerate(("first", "second")):
            key = keys[place] if place < len(keys) else nothing["number"]
            named.append(key.label(name))
        named += [texts.get(name, nothing["text"]).label(name) for name in ("text", "status")]
        return select(*named, *sums).group_by(*keys, *texts.values())

    found: dict[int, list[Any]] = defaultdict(list)
    for row in conn.execute(
        union_all(
            by(_BY_TIME, of.joined, of.ended),
            by(_BY_MINUTES, of.wait // 60, of.service // 60),
            by(_BY_WHOM, of.staff_id, text=of.group_number, status=of.status),
        )
    ):
        found[row.which].append(row)
    return Sums(found[_BY_TIME], found[_BY_MINUTES], found[_BY_WHOM])


def _tickets(queue_id: int, start: datetime, end: datetime, step: int) -> CTE:
    """The tickets that ended in this time, in numbers alone. Databases keep the outcome while they
    sum it up in several ways: reading tickets and times is much of the work."""
    done = _T.status == TicketStatus.DONE.value
    read = (
        select(
            _T.status,
            _T.group_number,
            _T.staff_id,
            case((done, 1), else_=0).label("done"),
            case((_T.status == TicketStatus.NO_SHOW.value, 1), else_=0).label("no_show"),
            seconds_of(_T.joined_at).label("joined"),
            seconds_of(_T.called_at).label("called"),
            seconds_of(_T.ended_at).label("ended"),
        )
        .where(ended_between(queue_id, start, end))
        .cte("ended_tickets")
        .prefix_with("MATERIALIZED")  # else each use of a time would read it again
    )
    of = read.c
    return (
        select(
            *(of.status, of.group_number, of.staff_id, of.done, of.no_show),
            (of.joined // step).label("joined"),
            (of.ended // step).label("ended"),
            (of.called - of.joined).label("wait"),
            case((of.done == 1, of.ended - of.called)).label("service"),
        )
        .cte("reckoned")
        .prefix_with("MATERIALIZED")
    )
