"""What a staff member's moves write: how a ticket stands, and the number that is shown.

Whether a move may be made, and the fact about it, are the commands' matter. All of this is done
in a queue that is locked.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from locker_app.db.statement import Statement
from locker_app.db.tables import queue, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.queues import TicketStatus, first_free
from locker_app.queries.lines import number_called_last
from locker_app.services import lines

_Q, _T = queue.c, ticket.c

_WRITE = Statement(
    update(ticket)
    .where(_T.id == bindparam("ticket_id"))
    .values({name: bindparam(name) for name in ("status", "staff_id", "called_at", "ended_at")})
)
_SHOW = Statement(
    update(queue).where(_Q.id == bindparam("queue_id")).values(shown_number=bindparam("shown"))
)


def write(
    tx: Tx,
    row: Any,
    status: TicketStatus,
    staff_id: int | None,
    called_at: datetime | None,
    ended_at: datetime | None,
) -> None:
    """Let a ticket have this status, at whose desk, since when, until when."""
    _WRITE.count(
        tx.conn,
        ticket_id=row.id,
        status=status.value,
        staff_id=staff_id,
        called_at=called_at,
        ended_at=ended_at,
    )


def reopen(
    tx: Tx,
    row: Any,
    status: TicketStatus,
    staff_id: int | None,
    called_at: datetime | None,
    *,
    place: int,
) -> None:
    """Open a ticket, which may be open, on slots that its holder and group have free."""
    values: dict[str, Any] = {"place": place}
    if row.ended_at is not None:
        taken = lines.slots_of_holder(tx.conn, row.queue_id, row.holder)
        groups = lines.slots_of_group(tx.conn, row.queue_id, row.group_number)
        values |= {"slot": first_free(taken), "group_slot": first_free(groups)}
    tx.conn.execute(update(ticket).where(_T.id == row.id).values(values))
    write(tx, row, status, staff_id, called_at, None)


def show_before(tx: Tx, line: Any, number: int) -> None:
    """Let the queue show a number no longer that waits again: the one called last of all others."""
    if line.shown_number == number:
        show(tx, line, number_called_last(tx.conn, line.id, line.round))


def show(tx: Tx, line: Any, number: int) -> None:
    """Let a number be the one that the queue shows."""
    _SHOW.count(tx.conn, queue_id=line.id, shown=number)
