"""Presses: what a staff member's last one did is kept at their desk, so that it can be undone.

A press ends a ticket, calls one, or both. It is undone by whoever made it, within seconds, and
only while its tickets are still as it left them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from locker_app.db.statement import Statement
from locker_app.db.tables import desk
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.errors import NothingToUndo
from locker_app.domain.facts import TicketRestored
from locker_app.domain.queues import UNDO_FOR, TicketStatus
from locker_app.services import desks, lines, moves
from locker_app.services.ids import Id
from locker_app.services.rounds import about

_D = desk.c

_PRESS = Statement(
    update(desk)
    .where(_D.id == bindparam("desk_id"))
    .values(
        {name: bindparam(name) for name in ("pressed_at", "ended_ticket_id", "called_ticket_id")}
    )
)
_NONE = {"pressed_at": None, "ended_ticket_id": None, "called_ticket_id": None}


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press did: the numbers of the ticket that it ended and of the one that it called;
    0 where there was none."""

    ended: int
    called: int


def keep(
    tx: Tx, actor: Actor, now: datetime, line: Any, ended: Any | None, called: Any | None
) -> Pressed:
    """Keep what a press did, so that it can be undone; one that did nothing leaves the last."""
    if ended is not None or called is not None:
        _PRESS.count(
            tx.conn,
            desk_id=desks.own(tx, line, actor.id).id,
            pressed_at=now,
            ended_ticket_id=None if ended is None else ended.id,
            called_ticket_id=None if called is None else called.id,
        )
    return _numbers(ended, called)


def forget(tx: Tx, at: Any) -> None:
    """Let there be no press to undo at this desk."""
    _PRESS.count(tx.conn, desk_id=at.id, **_NONE)


def undo(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> Pressed:
    """Take back one's last press of the last seconds; what that had done.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        NothingToUndo: too late, or something else has happened to its tickets.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    pressed = desks.own_if_any(tx, line, actor.id)
    if pressed is None or pressed.pressed_at is None or now >= pressed.pressed_at + UNDO_FOR:
        raise NothingToUndo
    ended, called = _as_pressed(tx, actor, line, pressed)
    if called is not None:
        _uncall(tx, actor, now, line, called)
    if ended is not None:
        _unend(tx, actor, now, line, ended)
    forget(tx, pressed)
    return _numbers(ended, called)


def _as_pressed(tx: Tx, actor: Actor, line: Any, pressed: Any) -> tuple[Any | None, Any | None]:
    """The tickets that a press ended and called, while they are still as it left them.

    Raises:
        NothingToUndo: one is not.
    """
    ended, called = (
        None if ticket_id is None else lines.ticket_of_id(tx, ticket_id)
        for ticket_id in (pressed.ended_ticket_id, pressed.called_ticket_id)
    )
    over = (TicketStatus.DONE.value, TicketStatus.NO_SHOW.value)
    if ended is not None and (
        ended.status not in over
        or ended.ended_at != pressed.pressed_at
        or ended.round != line.round
    ):
        raise NothingToUndo
    if called is not None and (
        called.status != TicketStatus.SERVING.value
        or called.staff_id != actor.id
        or called.called_at != pressed.pressed_at
    ):
        raise NothingToUndo
    return ended, called


def _uncall(tx: Tx, actor: Actor, now: datetime, line: Any, row: Any) -> None:
    """Put a called ticket back where it was."""
    moves.write(tx, row, TicketStatus.WAITING, None, None, None)
    tx.record(
        TicketRestored(status=TicketStatus.WAITING, server_id=None, place=row.place, **about(row)),
        actor,
        now,
    )
    moves.show_before(tx, line, row.number)


def _unend(tx: Tx, actor: Actor, now: datetime, line: Any, row: Any) -> None:
    """Serve an ended ticket again, where it was served; at no desk if somebody else is there."""
    server_id = row.staff_id if desks.ticket_at(tx, line, row.staff_id) is None else None
    moves.reopen(tx, row, TicketStatus.SERVING, server_id, row.called_at, place=row.place)
    tx.record(
        TicketRestored(
            status=TicketStatus.SERVING, server_id=server_id, place=row.place, **about(row)
        ),
        actor,
        now,
    )


def _numbers(ended: Any | None, called: Any | None) -> Pressed:
    return Pressed(ended.number if ended else 0, called.number if called else 0)
