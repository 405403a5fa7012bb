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
_BY_TIME, _BY_WAIT, _BY_SERVICE, _BY_WHOM = 1, 2, 3, 4


class Sums(NamedTuple):
    """Rows with how many tickets there were, `done` and `no_show`; how many were called (`waited`)
    and helped (`served`), with the sum of it (`wait`, `service`) in seconds."""

    by_time: list[Any]
    """By the pieces in which they were taken (`first`) and ended (`second`)."""
    by_wait: list[Any]
    """By the seconds of the wait (`first`), with how many (`tickets`) and nothing else."""
    by_service: list[Any]
    """By the seconds of the service, likewise."""
    by_whom: list[Any]
    """By the staff member (`first`), the group (`text`) and the `status`."""


def ended_between(queue_id: int, start: datetime, end: datetime) -> ColumnElement[bool]:
    """Whether a ticket of the queue ended in this time."""
    return and_(_T.queue_id == queue_id, _T.ended_at >= start, _T.ended_at < end)


def sums_of(conn: Connection, queue_id: int, start: datetime, end: datetime, step: int) -> Sums:
    """Counts and sums of the tickets of a queue that ended in this time, by pieces of so many
    seconds (`days.piece`)."""
    of = _tickets(queue_id, start, end, step).c
    sums: dict[str, ColumnElement[Any]] = {
        "done": func.sum(of.done),
        "no_show": func.sum(of.no_show),
        "waited": func.count(of.wait),
        "wait": func.coalesce(func.sum(of.wait), 0),
        "served": func.count(of.service),
        "service": func.coalesce(func.sum(of.service), 0),
    }
    number, text = cast(null(), BigInteger), cast(null(), String)

    def row(which: int, *keys: ColumnElement[Any], **given: ColumnElement[Any]) -> Any:
        """Rows of one kind: every kind has the same columns, of which it fills some."""
        first, second = (*keys, number, number)[:2]
        columns = {
            "which": literal_column(str(which)),
            "first": first,
            "second": second,
            "text": given.pop("text", text),
            "status": given.pop("status", text),
            "tickets": func.count(),
            **{name: given.get(name, number) for name in sums},
        }
        return select(*(column.label(name) for name, column in columns.items()))

    def by_seconds(which: int, took: ColumnElement[Any]) -> Any:
        return row(which, took).where(took.is_not(None)).group_by(took)

    whom = (of.staff_id, of.group_number, of.status)
    found: dict[int, list[Any]] = defaultdict(list)
    for one in conn.execute(
        union_all(
            row(_BY_TIME, of.joined, of.ended, **sums).group_by(of.joined, of.ended),
            by_seconds(_BY_WAIT, of.wait),
            by_seconds(_BY_SERVICE, of.service),
            row(_BY_WHOM, whom[0], text=whom[1], status=whom[2], **sums).group_by(*whom),
        )
    ):
        found[one.which].append(one)
    return Sums(*(found[kind] for kind in (_BY_TIME, _BY_WAIT, _BY_SERVICE, _BY_WHOM)))


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
