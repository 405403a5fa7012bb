"""Commands of staff who work a line off: complete and call, no-show, put back, remove, notes.

Each has one ticket at a time, which an index keeps. The ticket that was served before anybody
called it, the first of a round, is whoever's presses first. How a press is taken back is in
`services.presses`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from locker_app.db.tables import ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.errors import AtWork, TicketMoved
from locker_app.domain.facts import (
    TicketCalled,
    TicketCompleted,
    TicketNoShow,
    TicketNoted,
    TicketPutBack,
    TicketRemoved,
)
from locker_app.domain.queues import (
    MAX_NOTE_LENGTH,
    CallCause,
    Move,
    TicketStatus,
    check_line,
    place_between,
)
from locker_app.queries.lines import first_waiting, front_of_line
from locker_app.services import desks, lines, moves, presses
from locker_app.services.ids import Id, Text
from locker_app.services.presses import Pressed
from locker_app.services.rounds import about


def complete_and_call_next(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> Pressed:
    """Mark one's current ticket done and call the next one, unless the queue is paused. With
    nobody waiting the number that was called last stays shown.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    ended = _complete_current(tx, actor, now, line)
    return presses.keep(tx, actor, now, line, ended, _call_next(tx, actor, now, line))


def complete(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> Pressed:
    """Mark one's current ticket done and call nobody.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
    """
    line = lines.lock_as_staff(tx, actor, now, queue_id)
    return presses.keep(tx, actor, now, line, _complete_current(tx, actor, now, line), None)


def call(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> Pressed:
    """Call this ticket, out of order; or take over one that is served at no desk yet.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        AtWork: one's current ticket comes first.
        TicketMoved: it is not there to be called any more.
    """
    line, chosen = lines.lock_ticket_as_staff(tx, actor, now, ticket_id)
    if desks.ticket_at(tx, line, actor.id) is not None:
        raise AtWork
    if chosen.status == TicketStatus.SERVING.value and chosen.staff_id is None:
        return _take_over(tx, actor, now, line, chosen)
    lines.check_move(Move.CALL, chosen)
    _call(tx, actor, now, line, chosen, CallCause.CHOSEN)
    return presses.keep(tx, actor, now, line, None, chosen)


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
    moves.write(tx, missing, TicketStatus.NO_SHOW, server_id, missing.called_at, now)
    tx.record(TicketNoShow(server_id=server_id, **about(missing)), actor, now)
    return presses.keep(tx, actor, now, line, missing, _call_next(tx, actor, now, line))


def put_back(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> int:
    """Put a ticket that was called, or whose holder did not come, at the front of the line; its
    number, which is shown no longer. The limits of open tickets don't count here: staff decide.

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
    moves.reopen(tx, row, TicketStatus.WAITING, None, None, place=place)
    moves.show_before(tx, line, row.number)
    tx.record(TicketPutBack(place=place, **about(row)), actor, now)
    return row.number


def remove(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> int:
    """Take a waiting ticket out of the line, such as one whose holder has lost it; its number. The
    group can take another then. It is nobody's press: it is asked before, not undone.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
        TicketMoved: it doesn't wait any more.
    """
    _, row = lines.lock_ticket_as_staff(tx, actor, now, ticket_id)
    lines.check_move(Move.REMOVE, row)
    moves.write(tx, row, TicketStatus.REMOVED, None, None, now)
    tx.record(TicketRemoved(**about(row)), actor, now)
    return row.number


def note(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id, note: Text) -> bool:
    """Write, change or remove the note that staff keep on a ticket; whether it is another.

    Raises:
        NotFound, NotSignedIn, NotAllowed, BadInput: as the words say.
    """
    _, row = lines.lock_ticket_as_staff(tx, actor, now, ticket_id)
    note = check_line(note, MAX_NOTE_LENGTH, "note")
    if note == row.note:
        return False
    tx.conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(note=note))
    tx.record(TicketNoted(**about(row)), actor, now)
    return True


def _complete_current(tx: Tx, actor: Actor, now: datetime, line: Any) -> Any | None:
    """End one's ticket, or the one that is at no desk, as done; the ticket as it was."""
    current = desks.ticket_at(tx, line, actor.id) or desks.ticket_at_none(tx, line)
    if current is None:
        return None
    assert actor.id is not None
    moves.write(tx, current, TicketStatus.DONE, actor.id, current.called_at, now)
    tx.record(TicketCompleted(server_id=actor.id, **about(current)), actor, now)
    return current


def _call_next(tx: Tx, actor: Actor, now: datetime, line: Any) -> Any | None:
    """Call whoever is first, if one may and is free to; that ticket as it was."""
    if line.paused_at is not None or desks.ticket_at(tx, line, actor.id) is not None:
        return None
    first = first_waiting(tx.conn, line, now)
    if first is None:
        return None
    row = lines.ticket_of_id(tx, first.ticket_id)
    _call(tx, actor, now, line, row, CallCause.NEXT)
    return row


def _call(tx: Tx, actor: Actor, now: datetime, line: Any, row: Any, cause: CallCause) -> None:
    moves.write(tx, row, TicketStatus.SERVING, actor.id, now, None)
    moves.show(tx, line, row.number)
    tx.record(TicketCalled(server_id=actor.id, cause=cause, **about(row)), actor, now)


def _take_over(tx: Tx, actor: Actor, now: datetime, line: Any, row: Any) -> Pressed:
    """Serve a ticket that was called already. Nothing else changes, so this is no press to undo;
    nor is the one before any more, as one serves somebody now."""
    moves.write(tx, row, TicketStatus.SERVING, actor.id, row.called_at, None)
    tx.record(TicketCalled(server_id=actor.id, cause=CallCause.CHOSEN, **about(row)), actor, now)
    presses.forget(tx, desks.own(tx, line, actor.id))
    return Pressed(0, row.number)
