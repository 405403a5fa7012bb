"""Visitors: browsers that nobody signed in at and that hold tickets, and charging spots, all the
same. What they have goes with them when they sign in."""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import session, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import NOBODY, Actor, ActorKind
from locker_app.domain.errors import NotAllowed
from locker_app.domain.facts import TicketClaimed
from locker_app.domain.queues import first_free
from locker_app.services import lines
from locker_app.services.bookings import Booked, book
from locker_app.services.charger_claims import claim_bookings
from locker_app.services.charger_line import join_line
from locker_app.services.ids import Id, Text, When
from locker_app.services.rounds import about
from locker_app.services.sessions import identify, open_session
from locker_app.services.spot_reports import report_free
from locker_app.services.tickets import TicketGiven, join_queue

_T = ticket.c
_SESSION_ID = Statement(select(session.c.id).where(session.c.key == bindparam("this_key")))
_OPEN_OF = Statement(
    select(_T.id, _T.queue_id)
    .where(_T.holder == bindparam("holder"), _T.ended_at.is_(None))
    .order_by(_T.queue_id, _T.number)
)


def open_visit(tx: Tx, actor: Actor, now: datetime, *, session_key: Text) -> int:
    """Start the session of a browser that nobody signs in at; its id. The same key names the same
    session."""
    known = _SESSION_ID.value(tx.conn, this_key=session_key)
    return open_session(tx, now, session_key) if known is None else known


def visit_and_join(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    session_key: Text,
    queue_id: Id,
    group: Text = "",
    question: Text = "",
    room_pin: Text = "",
) -> TicketGiven:
    """Start a visit and take a ticket with it; refused, there is no visit either.

    Raises:
        NotAllowed: somebody is signed in here already.
        Others as `join_queue`.
    """
    return join_queue(
        tx,
        _visitor(tx, actor, now, session_key),
        now,
        queue_id=queue_id,
        group=group,
        question=question,
        room_pin=room_pin,
    )


def visit_and_book(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    session_key: Text,
    charger_id: Id,
    leaves_at: When,
    starts_at: When | None = None,
    shown_as: Text = "",
) -> Booked:
    """Start a visit and book a charging spot with it; refused, there is no visit either.

    Raises:
        NotAllowed: somebody is signed in here already.
        Others as `book`.
    """
    return book(
        tx,
        _visitor(tx, actor, now, session_key),
        now,
        charger_id=charger_id,
        leaves_at=leaves_at,
        starts_at=starts_at,
        shown_as=shown_as,
    )


def visit_and_join_line(
    tx: Tx, actor: Actor, now: datetime, *, session_key: Text, site_id: Id
) -> int:
    """Start a visit and wait for a charging spot with it; refused, there is no visit either.

    Raises:
        NotAllowed: somebody is signed in here already.
        Others as `join_line`.
    """
    return join_line(tx, _visitor(tx, actor, now, session_key), now, site_id=site_id)


def visit_and_report_free(
    tx: Tx, actor: Actor, now: datetime, *, session_key: Text, charger_id: Id
) -> bool:
    """Start a visit and say with it that an overstayed charging spot is empty; refused, there is no
    visit either.

    Raises:
        NotAllowed: somebody is signed in here already.
        Others as `report_free`.
    """
    return report_free(tx, _visitor(tx, actor, now, session_key), now, charger_id=charger_id)


def _visitor(tx: Tx, actor: Actor, now: datetime, session_key: str) -> Actor:
    if actor != NOBODY:
        raise NotAllowed
    visit = open_visit(tx, actor, now, session_key=session_key)
    return Actor(ActorKind.VISITOR, visit, visit)


def claim_tickets(tx: Tx, actor: Actor, now: datetime, visitor_id: int, person_id: int) -> int:
    """Make a visitor's open tickets those of the person who has just signed in; how many."""
    claimed = _OPEN_OF.rows(tx.conn, holder=f"{ActorKind.VISITOR.value}:{visitor_id}")
    return sum(
        _claim(tx, actor, now, row.id, row.queue_id, visitor_id, person_id) for row in claimed
    )


def claim_all(tx: Tx, now: datetime, session_key: str | None, person_id: int) -> int:
    """Make what a visitor has that of the person who has just signed in, if this session is a
    visitor's: tickets, bookings, places in line; how many."""
    if session_key is None:
        return 0
    visitor = identify(tx.conn, session_key, now)
    if visitor.kind is not ActorKind.VISITOR or visitor.id is None:
        return 0
    person = Actor(ActorKind.PERSON, person_id)
    tickets = claim_tickets(tx, person, now, visitor.id, person_id)
    return tickets + claim_bookings(tx, person, now, visitor.id, person_id)


def _claim(
    tx: Tx,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    queue_id: int,
    visitor_id: int,
    person_id: int,
) -> bool:
    lines.lock(tx, now, queue_id)
    holder = f"{ActorKind.PERSON.value}:{person_id}"
    row = tx.conn.execute(
        update(ticket)
        .where(_T.id == ticket_id, _T.ended_at.is_(None), _T.visitor_id == visitor_id)
        .values(
            holder=holder,
            slot=first_free(lines.slots_of_holder(tx.conn, queue_id, holder)),
            person_id=person_id,
            visitor_id=None,
        )
        .returning(_T.id, _T.site_id, _T.queue_id, _T.number, _T.person_id, _T.visitor_id)
    ).one_or_none()
    if row is None:
        return False
    tx.record(TicketClaimed(**{**about(row), "visitor_id": visitor_id}), actor, now)
    return True
