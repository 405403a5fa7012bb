"""The order of a line: what commands go by and screens show, from one place.

`domain.queues.line_order` is the rule; here the rows come for it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal_column, select

from locker_app.db.statement import Statement
from locker_app.db.tables import queue, ticket
from locker_app.domain.hours import day_began
from locker_app.domain.queues import InLine, line_order

_T = ticket.c
OPEN_HERE = (_T.queue_id == bindparam("queue_id"), _T.ended_at.is_(None))
WAITS = _T.status == literal_column("'waiting'")

_COLUMNS = (_T.id, _T.number, _T.place, _T.group_number)
_WAITING = Statement(select(*_COLUMNS).where(*OPEN_HERE, WAITS).order_by(_T.place, _T.number))
_FIRST = Statement(
    select(*_COLUMNS).where(*OPEN_HERE, WAITS).order_by(_T.place, _T.number).limit(1)
)
_COUNT = Statement(select(func.count()).where(*OPEN_HERE, WAITS))
_HELPED = Statement(
    select(_T.group_number)
    .where(
        _T.queue_id == bindparam("queue_id"),
        _T.ended_at >= bindparam("since", type_=_T.ended_at.type),
        _T.status == literal_column("'done'"),
    )
    .distinct()
)
_OF_NUMBER = Statement(
    select(_T.id)
    .join(queue, (queue.c.id == _T.queue_id) & (queue.c.round == _T.round))
    .where(_T.queue_id == bindparam("queue_id"), _T.number == bindparam("number"))
)

_CALLED_LAST = Statement(
    select(_T.number)
    .where(
        _T.queue_id == bindparam("queue_id"),
        _T.round == bindparam("round"),
        _T.called_at.is_not(None),
    )
    .order_by(_T.called_at.desc(), _T.number.desc())
    .limit(1)
)
"""Who waits again was never called, as far as this goes."""


def waiting_in_order(conn: Connection, queue: Any, now: datetime) -> list[InLine]:
    """The waiting tickets of a queue in the order in which they are called.

    Of the queue it needs `id`, `fresh_groups_first` and the site's `time_zone`.
    """
    waiting = [InLine(*row) for row in _WAITING.rows(conn, queue_id=queue.id)]
    return line_order(waiting, helped_today(conn, queue, now))


def first_waiting(conn: Connection, queue: Any, now: datetime) -> InLine | None:
    """Who is called next; as `waiting_in_order`."""
    if queue.fresh_groups_first:
        return next(iter(waiting_in_order(conn, queue, now)), None)
    row = _FIRST.first(conn, queue_id=queue.id)
    return None if row is None else InLine(*row)


def front_of_line(conn: Connection, queue_id: int) -> int | None:
    """The first place that is taken by somebody waiting; None when nobody is."""
    row = _FIRST.first(conn, queue_id=queue_id)
    return None if row is None else row.place


def how_many_wait(conn: Connection, queue_id: int) -> int:
    """How many tickets of a queue are waiting."""
    return _COUNT.value(conn, queue_id=queue_id) or 0


def number_called_last(conn: Connection, queue_id: int, in_round: int) -> int:
    """The number that was called last of those that don't wait, open or ended; 0 for none."""
    return _CALLED_LAST.value(conn, queue_id=queue_id, round=in_round) or 0


def helped_today(conn: Connection, queue: Any, now: datetime) -> frozenset[str]:
    """The groups that come after the others, as they were helped since the site's midnight; none
    in a queue that makes no difference."""
    if not queue.fresh_groups_first:
        return frozenset()
    since = day_began(now, queue.time_zone)
    return frozenset(row[0] for row in _HELPED.rows(conn, queue_id=queue.id, since=since))


def ticket_of_number(conn: Connection, queue_id: int, number: int) -> int | None:
    """The id of the ticket with this number in the queue's present round; None when there is
    none."""
    return _OF_NUMBER.value(conn, queue_id=queue_id, number=number)
