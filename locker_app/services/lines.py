"""What all commands on a line share: lock its queue, find its tickets, check whose they are.

Whoever changes a line locks the queue's row first. So commands on one line come one after the
other, and everything about the order is as simple as if there were only one.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from locker_app.db.statement import Statement
from locker_app.db.tables import person, queue, site, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.domain.errors import NotAllowed, NotFound, NotSignedIn, NotYourTicket, TicketMoved
from locker_app.domain.queues import Move, TicketStatus, after
from locker_app.queries.lines import OPEN_HERE
from locker_app.services.rounds import catch_up

_Q, _T = queue.c, ticket.c
SERVING = _T.status == literal_column("'serving'")
"""Written out, so that SQLite sees which partial index it may use."""

_LINE = Statement(
    select(
        _Q.id,
        _Q.site_id,
        _Q.mode,
        _Q.paused_at,
        _Q.announcement,
        _Q.round,
        _Q.last_number,
        _Q.shown_number,
        _Q.tickets_per_person,
        _Q.tickets_per_group,
        _Q.groups,
        _Q.sign_in_needed,
        _Q.room_pin,
        _Q.capacity,
        _Q.steps_back,
        _Q.serve_at_once,
        _Q.fresh_groups_first,
        _Q.changes_at,
        site.c.time_zone,
    )
    .join(site, site.c.id == _Q.site_id)
    .where(_Q.id == bindparam("queue_id"), site.c.archived_at.is_(None))
    .with_for_update(of=queue, key_share=True)
)
_QUEUE_OF = Statement(select(_T.queue_id).where(_T.id == bindparam("ticket_id")))
_SITE_OF = Statement(select(_Q.site_id).where(_Q.id == bindparam("queue_id")))
_COLUMNS = (
    _T.id,
    _T.site_id,
    _T.queue_id,
    _T.round,
    _T.number,
    _T.place,
    _T.status,
    _T.holder,
    _T.slot,
    _T.group_number,
    _T.group_slot,
    _T.person_id,
    _T.visitor_id,
    _T.question,
    _T.note,
    _T.steps,
    _T.staff_id,
    _T.called_at,
    _T.ended_at,
)


def ticket_where(*conditions: ColumnElement[bool]) -> Statement:
    """A statement for the oldest ticket that meets the conditions."""
    return Statement(select(*_COLUMNS).where(*conditions).order_by(_T.place, _T.number).limit(1))


_TICKET = ticket_where(_T.id == bindparam("ticket_id"))
_SLOTS = {
    column: Statement(
        select(_T[column].label("slot"), _T.number)
        .where(_T.queue_id == bindparam("queue_id"), _T[of] == bindparam("whose"))
        .where(_T.ended_at.is_(None))
        .order_by(_T[column])
    )
    for of, column in (("holder", "slot"), ("group_number", "group_slot"))
}
_IN_USE = Statement(
    select(person.c.id)
    .where(person.c.id == bindparam("person_id"), person.c.archived_at.is_(None))
    .with_for_update(read=True, key_share=True)
)
_ANY_OPEN = Statement(select(_T.id).where(*OPEN_HERE).limit(1))


def lock(tx: Tx, now: datetime, queue_id: int) -> Any:
    """Hold off all others who would change this queue; its rules and where it stands.

    Raises:
        NotFound: no such queue.
    """
    line = _LINE.first(tx.conn, queue_id=queue_id)
    if line is None:
        raise NotFound("This queue does not exist, or no longer.")
    if line.changes_at is not None and line.changes_at <= now:
        catch_up(tx, now, queue_id)
        return _LINE.first(tx.conn, queue_id=queue_id)
    return line


def lock_as_staff(
    tx: Tx, actor: Actor, now: datetime, queue_id: int, right: Right = Right.SERVE_QUEUE
) -> Any:
    """As `lock`, for those only who have the right at the queue's site.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
    """
    site_id = _SITE_OF.value(tx.conn, queue_id=queue_id)
    if site_id is None:
        raise NotFound("This queue does not exist, or no longer.")
    actor.require(right, site_id)
    return lock(tx, now, queue_id)


def lock_ticket_as_staff(tx: Tx, actor: Actor, now: datetime, ticket_id: int) -> tuple[Any, Any]:
    """As `lock_as_staff`, of the queue of this ticket; the queue and the ticket.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as the words say.
    """
    queue_id = _QUEUE_OF.value(tx.conn, ticket_id=ticket_id)
    if queue_id is None:
        raise NotFound("This ticket does not exist.")
    line = lock_as_staff(tx, actor, now, queue_id)
    return line, _TICKET.first(tx.conn, ticket_id=ticket_id)


def lock_own_ticket(
    tx: Tx, actor: Actor, now: datetime, ticket_id: int, move: Move
) -> tuple[Any, Any]:
    """As `lock`, of the queue of the actor's own ticket, with which this move can be made.

    Raises:
        NotSignedIn, NotAllowed: the actor is none who has tickets.
        NotYourTicket: no such ticket, or somebody else's, or it is not open any more.
        TicketMoved: it is open, but this can't be done with it now.
    """
    holder = holder_of(actor)
    queue_id = _QUEUE_OF.value(tx.conn, ticket_id=ticket_id)
    if queue_id is None:
        raise NotYourTicket
    line = lock(tx, now, queue_id)
    mine = _TICKET.first(tx.conn, ticket_id=ticket_id)
    if mine is None or mine.holder != holder or mine.ended_at is not None:
        raise NotYourTicket
    check_move(move, mine)
    return line, mine


def ticket_of_id(tx: Tx, ticket_id: int) -> Any | None:
    """A ticket as it stands."""
    return _TICKET.first(tx.conn, ticket_id=ticket_id)


def check_move(move: Move, row: Any) -> None:
    """Let pass only what can be done with a ticket as it stands.

    Raises:
        TicketMoved: it can't.
    """
    if after(move, TicketStatus(row.status)) is None:
        raise TicketMoved


def holder_of(actor: Actor) -> str:
    """Under what name the actor's tickets are kept.

    Raises:
        NotSignedIn: nobody, not even a browser with a session.
        NotAllowed: staff and the system take no tickets.
    """
    if actor.kind is ActorKind.NOBODY:
        raise NotSignedIn
    if actor.kind not in (ActorKind.PERSON, ActorKind.VISITOR) or actor.id is None:
        raise NotAllowed
    return f"{actor.kind.value}:{actor.id}"


def check_in_use(conn: Connection, actor: Actor) -> None:
    """Let pass a person only who has not just been archived; on PostgreSQL that waits until then.

    Raises:
        NotSignedIn: the person has been, and so the session is over.
    """
    if actor.kind is ActorKind.PERSON and _IN_USE.first(conn, person_id=actor.id) is None:
        raise NotSignedIn


def slots_of_holder(conn: Connection, queue_id: int, holder: str) -> dict[int, int]:
    """The slots of somebody's open tickets in a queue, with their numbers."""
    return dict(_SLOTS["slot"].rows(conn, queue_id=queue_id, whose=holder))


def slots_of_group(conn: Connection, queue_id: int, group: str) -> dict[int, int]:
    """The slots of a group's open tickets in a queue, with their numbers."""
    return dict(_SLOTS["group_slot"].rows(conn, queue_id=queue_id, whose=group))


def anybody_there(conn: Connection, queue_id: int) -> bool:
    """Whether any ticket of the queue is open."""
    return _ANY_OPEN.first(conn, queue_id=queue_id) is not None
