"""Reads for the one who holds tickets alone: a person, or a visitor's browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from locker_app.db.statement import Statement
from locker_app.db.tables import desk, queue, ticket
from locker_app.domain.queues import TicketStatus

ENDED_SHOWN_FOR = timedelta(hours=12)
"""How long somebody is told how their last ticket ended."""
_ENDED_READ = 30

_T = ticket.c


@dataclass(frozen=True, slots=True)
class MyTicket:
    """A ticket, for its holder alone."""

    ticket_id: int
    queue_id: int
    queue_name: str
    code: str
    round: int
    number: int
    group: str
    status: TicketStatus
    question: str
    steps_left: int
    desk: str
    """The label of the desk that serves it, if it has one."""
    joined_at: datetime
    called_at: datetime | None
    ended_at: datetime | None


_COLUMNS = (
    *(_T.id, _T.queue_id, queue.c.name, queue.c.code, _T.round, _T.number, _T.group_number),
    *(_T.status, _T.question, (queue.c.steps_back - _T.steps).label("steps_left")),
    func.coalesce(desk.c.label, "").label("desk"),
    *(_T.joined_at, _T.called_at, _T.ended_at),
)
_MINE = (
    select(*_COLUMNS)
    .join(queue, queue.c.id == _T.queue_id)
    .outerjoin(desk, (desk.c.queue_id == _T.queue_id) & (desk.c.staff_id == _T.staff_id))
    .where(_T.holder == bindparam("holder"))
)
_OPEN = Statement(_MINE.where(_T.ended_at.is_(None)).order_by(_T.queue_id, _T.slot))
_ENDED = Statement(
    _MINE.where(_T.ended_at > bindparam("since", type_=_T.ended_at.type))
    .order_by(_T.ended_at.desc(), _T.id.desc())
    .limit(_ENDED_READ)
)


def tickets_of(conn: Connection, holder: str, now: datetime) -> list[MyTicket]:
    """The open tickets of a holder, such as `person:7`; then the one that ended last in each
    queue, while that is news and no other is open there."""
    tickets = [_ticket(row) for row in _OPEN.rows(conn, holder=holder)]
    tickets.sort(key=lambda one: (one.status is not TicketStatus.SERVING, one.queue_id, one.number))
    for row in _ENDED.rows(conn, holder=holder, since=now - ENDED_SHOWN_FOR):
        if all(row.queue_id != ticket.queue_id for ticket in tickets):
            tickets.append(_ticket(row))
    return tickets


def _ticket(row: Any) -> MyTicket:
    cells = list(row)
    cells[7], cells[9] = TicketStatus(cells[7]), max(0, cells[9])
    return MyTicket(*cells)
