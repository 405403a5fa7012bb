"""Desks: where staff serve at a queue, and the one ticket that is served at each.

A staff member has a desk at a queue from the first time that one is needed.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import desk, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.facts import DeskLabelled
from locker_app.domain.queues import MAX_LABEL_LENGTH, check_line
from locker_app.services import lines
from locker_app.services.ids import Id, Text

_T, _D = ticket.c, desk.c

_AT_DESK = lines.ticket_where(
    _T.queue_id == bindparam("queue_id"), _T.staff_id == bindparam("staff_id"), lines.SERVING
)
_AT_NO_DESK = lines.ticket_where(
    _T.queue_id == bindparam("queue_id"),
    _T.ended_at.is_(None),
    _T.staff_id.is_(None),
    lines.SERVING,
)
_DESK = Statement(
    select(_D.id, _D.label, _D.pressed_at, _D.ended_ticket_id, _D.called_ticket_id).where(
        _D.queue_id == bindparam("queue_id"), _D.staff_id == bindparam("staff_id")
    )
)


def label_desk(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id, label: Text) -> bool:
    """Say at which desk one serves, for the room to read; whether it is another than before.

    Raises:
        NotFound, NotSignedIn, NotAllowed, BadInput: as the words say.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    label = check_line(label, MAX_LABEL_LENGTH, "label")
    mine = own(tx, line, actor.id)
    if mine.label == label:
        return False
    tx.conn.execute(update(desk).where(_D.id == mine.id).values(label=label))
    assert actor.id is not None
    fact = DeskLabelled(site_id=line.site_id, queue_id=line.id, staff_id=actor.id, label=label)
    tx.record(fact, actor, now)
    return True


def own_if_any(tx: Tx, line: Any, staff_id: int | None) -> Any | None:
    """The staff member's row at this queue, with their last press; None when there is none yet."""
    return _DESK.first(tx.conn, queue_id=line.id, staff_id=staff_id)


def own(tx: Tx, line: Any, staff_id: int | None) -> Any:
    """The staff member's row at this queue, made when there is none yet."""
    mine = own_if_any(tx, line, staff_id)
    if mine is None:
        tx.conn.execute(insert(desk).values(queue_id=line.id, staff_id=staff_id, label=""))
        mine = own_if_any(tx, line, staff_id)
    return mine


def ticket_at(tx: Tx, line: Any, staff_id: int | None) -> Any | None:
    """The ticket that this staff member is serving."""
    return _AT_DESK.first(tx.conn, queue_id=line.id, staff_id=staff_id)


def ticket_at_none(tx: Tx, line: Any) -> Any | None:
    """The ticket that is served before anybody called it."""
    return _AT_NO_DESK.first(tx.conn, queue_id=line.id)
