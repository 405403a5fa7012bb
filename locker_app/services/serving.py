"""Commands of staff who work a line off: complete and call, no-show, put back, undo, notes.

Each has one ticket at a time, which an index keeps. The ticket that was served before anybody
called it, the first of a round, is whoever's presses first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import desk, queue, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.errors import AtWork, NothingToUndo, TicketMoved
from locker_app.domain.facts import (
    DeskLabelled,
    TicketCalled,
    TicketCompleted,
    TicketNoShow,
    TicketNoted,
    TicketPutBack,
    TicketRestored,
)
from locker_app.domain.queues import (
    MAX_LABEL_LENGTH,
    MAX_NOTE_LENGTH,
    UNDO_FOR,
    CallCause,
    Move,
    TicketStatus,
    check_line,
    first_free,
    place_between,
)
from locker_app.queries.lines import first_waiting, front_of_line
from locker_app.services import lines
from locker_app.services.ids import Id, Text
from locker_app.services.rounds import about

_Q, _T, _D = queue.c, ticket.c, desk.c

_AT_DESK = lines.ticket_where(
    _T.queue_id == bindparam("queue_id"), _T.staff_id == bindparam("staff_id"), lines.SERVING
)
_AT_NO_DESK = lines.ticket_where(
    _T.queue_id == bindparam("queue_id"),
    _T.ended_at.is_(None),
    _T.staff_id.is_(None),
    lines.SERVING,
)
_TICKET = lines.ticket_where(_T.id == bindparam("ticket_id"))
_WRITE = Statement(
    update(ticket)
    .where(_T.id == bindparam("ticket_id"))
    .values({name: bindparam(name) for name in ("status", "staff_id", "called_at", "ended_at")})
)
_SHOW = Statement(
    update(queue).where(_Q.id == bindparam("queue_id")).values(shown_number=bindparam("shown"))
)
_DESK = Statement(
    select(
        _D.id, _D.label, _D.pressed_at, _D.ended_ticket_id, _D.called_ticket_id, _D.shown_before
    ).where(_D.queue_id == bindparam("queue_id"), _D.staff_id == bindparam("staff_id"))
)
_PRESS = Statement(
    update(desk)
    .where(_D.id == bindparam("desk_id"))
    .values(
        {
            name: bindparam(name)
            for name in ("pressed_at", "ended_ticket_id", "called_ticket_id", "shown_before")
        }
    )
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press did: the numbers of the ticket that it ended and of the one that it called;
    0 where there was none."""

    ended: int
    called: int


def complete_and_call_next(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> Pressed:
    """Mark one's current ticket done and call the next one, unless the queue is paused. With
    nobody waiting the number that was called last stays shown.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    ended = _complete_current(tx, actor, now, line)
    return _press(tx, actor, now, line, ended, _call_next(tx, actor, now, line))


def complete(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> Pressed:
    """Mark one's current ticket done and call nobody.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    return _press(tx, actor, now, line, _complete_current(tx, actor, now, line), None)


def call(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> Pressed:
    """Call this ticket, out of order; or take over one that is served at no desk yet.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        AtWork: one's current ticket comes first.
        TicketMoved: it is not there to be called any more.
    """
    line, chosen = lines.lock_ticket_as_staff(tx, actor, now, ticket_id)
    if _at_desk(tx, line, actor.id) is not None:
        raise AtWork
    if chosen.status == TicketStatus.SERVING.value and chosen.staff_id is None:
        return _take_over(tx, actor, now, line, chosen)
    lines.check_move(Move.CALL, chosen)
    _call(tx, actor, now, line, chosen, CallCause.CHOSEN)
    return _press(tx, actor, now, line, None, chosen)


def no_show(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> Pressed:
    """Note that the holder was called and did not come, and call the next one, if that is free to
    be done: not while paused, nor while one serves somebody else.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        TicketMoved: it is not being served any more.
    """
    line, missing = lines.lock_ticket_as_staff(tx, actor, now, ticket_id)
    lines.check_move(Move.NO_SHOW, missing)
    server_id = missing.staff_id or actor.id
    assert server_id is not None
    _write(tx, missing, TicketStatus.NO_SHOW, server_id, missing.called_at, now)
    tx.record(TicketNoShow(server_id=server_id, **about(missing)), actor, now)
    return _press(tx, actor, now, line, missing, _call_next(tx, actor, now, line))


def put_back(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> int:
    """Put a ticket that was called, or whose holder did not come, at the front of the line; its
    number. The limits of open tickets don't count here: staff decide.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        TicketMoved: it is neither.
    """
    line, row = lines.lock_ticket_as_staff(tx, actor, now, ticket_id)
    lines.check_move(Move.PUT_BACK, row)
    if row.round != line.round:
        raise TicketMoved
    front = front_of_line(tx.conn, line.id)
    place = row.place if front is None else min(row.place, place_between(None, front))
    _reopen(tx, row, TicketStatus.WAITING, None, None, place=place)
    tx.record(TicketPutBack(place=place, **about(row)), actor, now)
    return row.number


def undo(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> Pressed:
    """Take back one's last press of the last seconds; what that had done.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        NothingToUndo: too late, or something else has happened to its tickets.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    pressed = _DESK.first(tx.conn, queue_id=queue_id, staff_id=actor.id)
    if pressed is None or pressed.pressed_at is None or now >= pressed.pressed_at + UNDO_FOR:
        raise NothingToUndo
    ended, called = _as_pressed(tx, actor, line, pressed)
    if called is not None:
        _uncall(tx, actor, now, line, pressed, called)
    if ended is not None:
        _unend(tx, actor, now, line, ended)
    _PRESS.count(tx.conn, **_no_press(pressed.id))
    return Pressed(ended.number if ended else 0, called.number if called else 0)


def note(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id, note: Text) -> bool:
    """Write, change or remove the note that staff keep on a ticket; whether it is another.

    Raises:
        NotFound, NotSignedIn, NotAllowed, BadInput: as the words say.
    """
    _, row = lines.lock_ticket_as_staff(tx, actor, now, ticket_id)
    note = check_line(note, MAX_NOTE_LENGTH, "note")
    if note == row.note:
        return False
    tx.conn.execute(update(ticket).where(_T.id == ticket_id).values(note=note))
    tx.record(TicketNoted(**about(row)), actor, now)
    return True


def label_desk(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id, label: Text) -> bool:
    """Say at which desk one serves, for the room to read; whether it is another than before.

    Raises:
        NotFound, NotSignedIn, NotAllowed, BadInput: as the words say.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    label = check_line(label, MAX_LABEL_LENGTH, "label")
    mine = _desk(tx, line, actor.id)
    if mine.label == label:
        return False
    tx.conn.execute(update(desk).where(_D.id == mine.id).values(label=label))
    assert actor.id is not None
    fact = DeskLabelled(site_id=line.site_id, queue_id=line.id, staff_id=actor.id, label=label)
    tx.record(fact, actor, now)
    return True


def _complete_current(tx: Tx, actor: Actor, now: datetime, line: Any) -> Any | None:
    """End one's ticket, or the one that is at no desk, as done; the ticket as it was."""
    current = _at_desk(tx, line, actor.id) or _AT_NO_DESK.first(tx.conn, queue_id=line.id)
    if current is None:
        return None
    assert actor.id is not None
    _write(tx, current, TicketStatus.DONE, actor.id, current.called_at, now)
    tx.record(TicketCompleted(server_id=actor.id, **about(current)), actor, now)
    return current


def _call_next(tx: Tx, actor: Actor, now: datetime, line: Any) -> Any | None:
    """Call whoever is first, if one may and is free to; that ticket as it was."""
    if line.paused_at is not None or _at_desk(tx, line, actor.id) is not None:
        return None
    first = first_waiting(tx.conn, line, now)
    if first is None:
        return None
    row = _TICKET.first(tx.conn, ticket_id=first.ticket_id)
    _call(tx, actor, now, line, row, CallCause.NEXT)
    return row


def _call(tx: Tx, actor: Actor, now: datetime, line: Any, row: Any, cause: CallCause) -> None:
    _write(tx, row, TicketStatus.SERVING, actor.id, now, None)
    _SHOW.count(tx.conn, queue_id=line.id, shown=row.number)
    tx.record(TicketCalled(server_id=actor.id, cause=cause, **about(row)), actor, now)


def _take_over(tx: Tx, actor: Actor, now: datetime, line: Any, row: Any) -> Pressed:
    """Serve a ticket that was called already. Nothing else changes, so this is no press to undo;
    nor is the one before any more, as one serves somebody now."""
    _write(tx, row, TicketStatus.SERVING, actor.id, row.called_at, None)
    tx.record(TicketCalled(server_id=actor.id, cause=CallCause.CHOSEN, **about(row)), actor, now)
    _PRESS.count(tx.conn, **_no_press(_desk(tx, line, actor.id).id))
    return Pressed(0, row.number)


def _press(
    tx: Tx, actor: Actor, now: datetime, line: Any, ended: Any | None, called: Any | None
) -> Pressed:
    """Keep what a press did, so that it can be undone; one that did nothing leaves the last."""
    if ended is not None or called is not None:
        _PRESS.count(
            tx.conn,
            desk_id=_desk(tx, line, actor.id).id,
            pressed_at=now,
            ended_ticket_id=None if ended is None else ended.id,
            called_ticket_id=None if called is None else called.id,
            shown_before=line.shown_number,
        )
    return Pressed(ended.number if ended else 0, called.number if called else 0)


def _no_press(desk_id: int) -> dict[str, Any]:
    nothing = dict.fromkeys(("pressed_at", "ended_ticket_id", "called_ticket_id"))
    return {"desk_id": desk_id, "shown_before": 0, **nothing}


def _as_pressed(tx: Tx, actor: Actor, line: Any, pressed: Any) -> tuple[Any | None, Any | None]:
    """The tickets that a press ended and called, while they are still as it left them.

    Raises:
        NothingToUndo: one is not.
    """
    ended, called = (
        None if ticket_id is None else _TICKET.first(tx.conn, ticket_id=ticket_id)
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


def _uncall(tx: Tx, actor: Actor, now: datetime, line: Any, pressed: Any, row: Any) -> None:
    """Put a called ticket back where it was. The number shown is the one before it again; or,
    when another was called since, that one's press forgets it."""
    _write(tx, row, TicketStatus.WAITING, None, None, None)
    tx.record(
        TicketRestored(status=TicketStatus.WAITING, server_id=None, place=row.place, **about(row)),
        actor,
        now,
    )
    if line.shown_number == row.number:
        _SHOW.count(tx.conn, queue_id=line.id, shown=pressed.shown_before)
    else:
        tx.conn.execute(
            update(desk)
            .where(_D.queue_id == line.id, _D.shown_before == row.number)
            .values(shown_before=pressed.shown_before)
        )


def _unend(tx: Tx, actor: Actor, now: datetime, line: Any, row: Any) -> None:
    """Serve an ended ticket again, where it was served; at no desk if somebody else is there."""
    server_id = row.staff_id if _at_desk(tx, line, row.staff_id) is None else None
    _reopen(tx, row, TicketStatus.SERVING, server_id, row.called_at, place=row.place)
    tx.record(
        TicketRestored(
            status=TicketStatus.SERVING, server_id=server_id, place=row.place, **about(row)
        ),
        actor,
        now,
    )


def _reopen(
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
    _write(tx, row, status, staff_id, called_at, None)


def _write(
    tx: Tx,
    row: Any,
    status: TicketStatus,
    staff_id: int | None,
    called_at: datetime | None,
    ended_at: datetime | None,
) -> None:
    _WRITE.count(
        tx.conn,
        ticket_id=row.id,
        status=status.value,
        staff_id=staff_id,
        called_at=called_at,
        ended_at=ended_at,
    )


def _at_desk(tx: Tx, line: Any, staff_id: int | None) -> Any | None:
    """The ticket that this staff member is serving."""
    return _AT_DESK.first(tx.conn, queue_id=line.id, staff_id=staff_id)


def _desk(tx: Tx, line: Any, staff_id: int | None) -> Any:
    """The staff member's row at this queue, made when there is none yet."""
    mine = _DESK.first(tx.conn, queue_id=line.id, staff_id=staff_id)
    if mine is None:
        tx.conn.execute(
            insert(desk).values(queue_id=line.id, staff_id=staff_id, label="", shown_before=0)
        )
        mine = _DESK.first(tx.conn, queue_id=line.id, staff_id=staff_id)
    return mine
