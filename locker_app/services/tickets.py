"""Commands of those in line: take a ticket, leave, let the next one by, ask something."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, insert, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import queue, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.errors import (
    GroupHasTicket,
    HasTicket,
    LastInLine,
    NoStepsLeft,
    NotSignedIn,
    QueueClosed,
    QueueDraining,
    QueueFull,
    WrongRoomPin,
)
from locker_app.domain.facts import (
    TicketAsked,
    TicketCalled,
    TicketSpaced,
    TicketSteppedBack,
    TicketTaken,
    TicketWithdrawn,
)
from locker_app.domain.queues import (
    MAX_QUESTION_LENGTH,
    SPACING,
    CallCause,
    InLine,
    Move,
    QueueMode,
    TicketStatus,
    check_group_allowed,
    check_line,
    first_free,
    normalise_group,
    place_between,
    same_pin,
)
from locker_app.queries.lines import helped_today, how_many_wait, waiting_in_order
from locker_app.queries.waits import promise
from locker_app.services import lines
from locker_app.services.ids import Id, Text
from locker_app.services.rounds import about

_Q, _T = queue.c, ticket.c

_NEXT_NUMBER = Statement(
    update(queue)
    .where(_Q.id == bindparam("queue_id"))
    .values(
        last_number=_Q.last_number + 1,
        shown_number=case(
            (bindparam("served", type_=_Q.serve_at_once.type), _Q.last_number + 1),
            else_=_Q.shown_number,
        ),
    )
    .returning(_Q.last_number)
)
_TAKE = Statement(
    insert(ticket)
    .values({column.name: bindparam(column.name) for column in _T if column.name != "id"})
    .returning(_T.id)
)
_WITHDRAW = Statement(
    update(ticket)
    .where(_T.id == bindparam("ticket_id"))
    .values(status=TicketStatus.WITHDRAWN.value, ended_at=bindparam("now", type_=_T.ended_at.type))
)
_ALL_OPEN = Statement(
    select(_T.id, _T.site_id, _T.queue_id, _T.number, _T.person_id, _T.visitor_id)
    .where(_T.queue_id == bindparam("queue_id"), _T.ended_at.is_(None))
    .order_by(_T.place, _T.number)
)
_NOBODY_SERVED = lines.ticket_where(
    _T.queue_id == bindparam("queue_id"), _T.ended_at.is_(None), lines.SERVING
)


@dataclass(frozen=True, slots=True)
class TicketGiven:
    """The ticket that somebody has just taken."""

    ticket_id: int
    queue_id: int
    number: int
    serving: bool
    """Whether it is their turn already."""


def join_queue(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    queue_id: Id,
    group: Text = "",
    question: Text = "",
    room_pin: Text = "",
) -> TicketGiven:
    """Take a ticket. The first of a round, and in some queues any that finds nobody, is served.

    Raises:
        NotFound: no such queue.
        NotSignedIn, NotAllowed: the queue wants persons, or the actor is none who takes tickets.
        QueueClosed, QueueDraining, QueueFull, WrongRoomPin: as the words say.
        BadInput, GroupNotAllowed: the group, or the question.
        HasTicket, GroupHasTicket: all that are allowed.
    """
    holder = lines.holder_of(actor)
    lines.check_in_use(tx.conn, actor)
    line = lines.lock(tx, now, queue_id)
    _check_may_join(line, actor, room_pin)
    group = check_group_allowed(normalise_group(group), line.groups)
    question = check_line(question, MAX_QUESTION_LENGTH, "question")
    slot, group_slot = _slots(tx, line, holder, group)
    waiting = how_many_wait(tx.conn, queue_id)
    if line.capacity is not None and waiting >= line.capacity:
        raise QueueFull
    served = _is_served(tx, line, waiting)
    ahead = _ahead(tx, line, now, group, waiting)
    wait = None if served else promise(tx.conn, queue_id, ahead, now)
    number = _NEXT_NUMBER.value(tx.conn, queue_id=queue_id, served=served)
    assert number is not None
    row = {
        "site_id": line.site_id,
        "queue_id": queue_id,
        "round": line.round,
        "number": number,
        "place": number * SPACING,
        "status": (TicketStatus.SERVING if served else TicketStatus.WAITING).value,
        "holder": holder,
        "slot": slot,
        "group_number": group,
        "group_slot": group_slot,
        "person_id": actor.id if actor.kind is ActorKind.PERSON else None,
        "visitor_id": actor.id if actor.kind is ActorKind.VISITOR else None,
        "question": question,
        "note": "",
        "steps": 0,
        "staff_id": None,
        "joined_at": now,
        "called_at": now if served else None,
        "ended_at": None,
        "ahead_at_join": ahead,
        "low_seconds": None if wait is None else wait.low,
        "likely_seconds": None if wait is None else wait.likely,
        "high_seconds": None if wait is None else wait.high,
    }
    ticket_id = _TAKE.value(tx.conn, **row)
    assert ticket_id is not None
    _record_taken(tx, actor, now, row, ticket_id)
    return TicketGiven(ticket_id, queue_id, number, served)


def leave_queue(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> int:
    """Leave the line; the ticket's number.

    Raises:
        NotSignedIn, NotAllowed, NotYourTicket: as the words say.
    """
    _, mine = lines.lock_own_ticket(tx, actor, now, ticket_id, Move.LEAVE)
    _WITHDRAW.count(tx.conn, ticket_id=ticket_id, now=now)
    tx.record(TicketWithdrawn(**about(mine)), actor, now)
    return mine.number


def withdraw(tx: Tx, actor: Actor, now: datetime, ticket_id: int) -> bool:
    """Take a ticket out of its line, which is locked, for whoever can't any more; false when it is
    over. The number that was called stays shown."""
    row = tx.conn.execute(
        select(_T.id, _T.site_id, _T.queue_id, _T.number, _T.person_id, _T.visitor_id).where(
            _T.id == ticket_id, _T.ended_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return False
    _WITHDRAW.count(tx.conn, ticket_id=ticket_id, now=now)
    tx.record(TicketWithdrawn(**about(row)), actor, now)
    return True


def step_back(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id) -> int:
    """Let the next one in the line by; the number of that one.

    Raises:
        NotSignedIn, NotAllowed, NotYourTicket: as the words say.
        TicketMoved: it is being served.
        NoStepsLeft: it was done as often as the queue allows.
        LastInLine: there is nobody to let by.
    """
    line, mine = lines.lock_own_ticket(tx, actor, now, ticket_id, Move.STEP_BACK)
    if mine.steps >= line.steps_back:
        raise NoStepsLeft
    by, end = _behind(tx, line, now, mine)
    if by is None:
        raise LastInLine
    place = place_between(by.place, end)
    if not by.place < place < end:
        _make_room(tx, actor, now, line)
        by, end = _behind(tx, line, now, mine)
        assert by is not None
        place = place_between(by.place, end)
    tx.conn.execute(
        update(ticket).where(_T.id == ticket_id).values(place=place, steps=mine.steps + 1)
    )
    tx.record(TicketSteppedBack(place=place, **about(mine)), actor, now)
    return by.number


def ask(tx: Tx, actor: Actor, now: datetime, *, ticket_id: Id, question: Text) -> bool:
    """Write, change or remove the question that staff see; whether it is another than before.

    Raises:
        NotSignedIn, NotAllowed, NotYourTicket, BadInput: as the words say.
    """
    _, mine = lines.lock_own_ticket(tx, actor, now, ticket_id, Move.ASK)
    question = check_line(question, MAX_QUESTION_LENGTH, "question")
    if question == mine.question:
        return False
    tx.conn.execute(update(ticket).where(_T.id == ticket_id).values(question=question))
    tx.record(TicketAsked(**about(mine)), actor, now)
    return True


def _check_may_join(line: Any, actor: Actor, room_pin: str) -> None:
    if line.sign_in_needed and actor.is_anonymous:
        raise NotSignedIn
    if line.mode == QueueMode.CLOSED.value:
        raise QueueClosed
    if line.mode == QueueMode.DRAINING.value:
        raise QueueDraining
    if line.room_pin and not hmac.compare_digest(
        same_pin(room_pin).encode(), line.room_pin.encode()
    ):
        raise WrongRoomPin


def _slots(tx: Tx, line: Any, holder: str, group: str) -> tuple[int, int]:
    """The slots of a new ticket: the limits of open tickets are unique indexes on them."""
    own = lines.slots_of_holder(tx.conn, line.id, holder)
    slot = first_free(own, line.tickets_per_person)
    if slot is None:
        raise HasTicket(min(own.values()))
    groups = lines.slots_of_group(tx.conn, line.id, group)
    group_slot = first_free(groups, line.tickets_per_group)
    if group_slot is None:
        raise GroupHasTicket(min(groups.values()))
    return slot, group_slot


def _is_served(tx: Tx, line: Any, waiting: int) -> bool:
    """Whether a ticket that is taken now needs no press of the staff's."""
    if line.paused_at is not None or waiting:
        return False
    if not line.shown_number and not lines.anybody_there(tx.conn, line.id):
        return True
    return line.serve_at_once and _NOBODY_SERVED.first(tx.conn, queue_id=line.id) is None


def _ahead(tx: Tx, line: Any, now: datetime, group: str, waiting: int) -> int:
    """How many who wait are called before a new ticket of this group."""
    helped = helped_today(tx.conn, line, now)
    if not helped or group in helped:
        return waiting
    return sum(other.group not in helped for other in waiting_in_order(tx.conn, line, now))


def _record_taken(tx: Tx, actor: Actor, now: datetime, row: dict[str, Any], ticket_id: int) -> None:
    subject = {
        "site_id": row["site_id"],
        "queue_id": row["queue_id"],
        "ticket_id": ticket_id,
        "ticket_number": row["number"],
        "person_id": row["person_id"],
        "visitor_id": row["visitor_id"],
    }
    taken = TicketTaken(
        group_number=row["group_number"], round=row["round"], place=row["place"], **subject
    )
    tx.record(taken, actor, now)
    if row["called_at"] is not None:
        tx.record(TicketCalled(server_id=None, cause=CallCause.FIRST, **subject), actor, now)


def _behind(tx: Tx, line: Any, now: datetime, mine: Any) -> tuple[InLine | None, int]:
    """Who is next after a waiting ticket, and the place of the one after that, or that which the
    next ticket taken will have. Where groups that were helped come last, both are of those who
    were, or were not, as the ticket's own was."""
    helped = helped_today(tx.conn, line, now)
    alike = [
        one
        for one in waiting_in_order(tx.conn, line, now)
        if (one.group in helped) == (mine.group_number in helped)
    ]
    at = next(index for index, one in enumerate(alike) if one.ticket_id == mine.id)
    by, then, *_ = [*alike[at + 1 : at + 3], None, None]
    return by, (line.last_number + 1) * SPACING if then is None else then.place


def _make_room(tx: Tx, actor: Actor, now: datetime, line: Any) -> None:
    """Write all places anew, with space between them, once that is used up; the last is again
    before that of the next ticket taken."""
    there = _ALL_OPEN.rows(tx.conn, queue_id=line.id)
    for number, row in enumerate(there, line.last_number + 1 - len(there)):
        place = number * SPACING
        tx.conn.execute(update(ticket).where(_T.id == row.id).values(place=place))
        tx.record(TicketSpaced(place=place, **about(row)), actor, now)
