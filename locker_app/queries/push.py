"""Reads for web push: who is to be told what, and where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from locker_app.db.log import Logged
from locker_app.db.statement import Statement
from locker_app.db.tables import (
    booking,
    charger,
    event,
    push_next,
    push_subscription,
    queue,
    session,
    site,
    ticket,
)
from locker_app.domain.bookings import UNASKED, BookingStatus
from locker_app.domain.push import Message, Phase, StayMessage, StayPhase
from locker_app.domain.queues import TicketStatus
from locker_app.queries.lines import first_waiting

_P, _Q, _S, _T = push_subscription.c, queue.c, session.c, ticket.c

_ANY = Statement(select(_P.id).limit(1))
_QUEUE = Statement(
    select(_Q.id, _Q.fresh_groups_first, site.c.time_zone)
    .join(site, site.c.id == _Q.site_id)
    .where(_Q.id == bindparam("queue_id"))
)
_TOLD = Statement(
    select(push_next.c.ticket_id).where(push_next.c.queue_id == bindparam("queue_id"))
)
_TICKET = Statement(
    select(_T.number, _T.status, _Q.name, _Q.code)
    .join(queue, _Q.id == _T.queue_id)
    .where(_T.id == bindparam("ticket_id"))
)
_BY_PERSON = _S.person_id == _T.person_id
_BY_VISITOR = _S.id == _T.visitor_id
_OF_TICKET = Statement(
    select(_P.id, _P.endpoint, _P.p256dh, _P.auth)
    .join(session, _S.id == _P.session_id)
    .join(ticket, or_(_BY_PERSON, _BY_VISITOR))
    .where(
        _T.id == bindparam("ticket_id"),
        _S.ended_at.is_(None),
        _S.expires_at > bindparam("now", type_=_S.expires_at.type),
    )
    .order_by(_P.id)
)
_STATUS = {Phase.NEXT: TicketStatus.WAITING.value, Phase.TURN: TicketStatus.SERVING.value}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser's address at its push service, and its keys."""

    id: int
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be said, and to which browsers."""

    message: Message | StayMessage
    to: tuple[Subscription, ...]


def anybody_subscribed(conn: Connection) -> bool:
    """Whether anybody at all wants to be told."""
    return _ANY.first(conn) is not None


def next_in_line(conn: Connection, queue_id: int, now: datetime) -> int | None:
    """The ticket that is called next in a queue; None when nobody waits."""
    line: Any = _QUEUE.first(conn, queue_id=queue_id)
    first = None if line is None else first_waiting(conn, line, now)
    return None if first is None else first.ticket_id


def next_untold(conn: Connection, queue_id: int, now: datetime) -> int | None:
    """As `next_in_line`, when it is another than the one told last."""
    first = next_in_line(conn, queue_id, now)
    return None if first == _TOLD.value(conn, queue_id=queue_id) else first


def due(conn: Connection, ticket_id: int, phase: Phase, now: datetime) -> Due | None:
    """What the holder of a ticket is to be told, when that still holds and they want it."""
    row = _TICKET.first(conn, ticket_id=ticket_id)
    if row is None or row.status != _STATUS[phase]:
        return None
    to = tuple(Subscription(*one) for one in _OF_TICKET.rows(conn, ticket_id=ticket_id, now=now))
    return Due(Message(phase, ticket_id, row.number, row.name, row.code), to) if to else None


_B, _E = booking.c, event.c
STAY_PHASES = {
    "SpotOffered": StayPhase.OFFER,
    "LeaveReminded": StayPhase.REMIND,
    "BookingOverstayed": StayPhase.OVERSTAYED,
    "BookingBlocked": StayPhase.BLOCKED,
    "BookingMoved": StayPhase.MOVED,
    "BookingEnded": StayPhase.ENDED,
}
"""What holders are told after which fact about their booking."""
_STANDS = {
    StayPhase.OFFER: BookingStatus.OFFERED,
    StayPhase.REMIND: BookingStatus.ACTIVE,
    StayPhase.OVERSTAYED: BookingStatus.OVERSTAYED,
    StayPhase.BLOCKED: BookingStatus.BOOKED,
}
"""Where a booking has to stand still for that to be told."""
_STAY = Statement(
    select(
        *(_B.status, _B.end_cause, charger.c.name, charger.c.code),
        site.c.name.label("site_name"),
    )
    .join(charger, charger.c.id == _B.charger_id)
    .join(site, site.c.id == _B.site_id)
    .where(_B.id == bindparam("booking_id"))
)
_SAID = Statement(select(_E.reason, _E.actor_kind).where(_E.id == bindparam("event_id")))
_OF_BOOKING = Statement(
    select(_P.id, _P.endpoint, _P.p256dh, _P.auth)
    .join(session, _S.id == _P.session_id)
    .join(booking, or_(_S.person_id == _B.person_id, _S.id == _B.visitor_id))
    .where(
        _B.id == bindparam("booking_id"),
        _S.ended_at.is_(None),
        _S.expires_at > bindparam("now", type_=_S.expires_at.type),
    )
    .order_by(_P.id)
)


def stay_due(conn: Connection, fact: Logged, now: datetime) -> Due | None:
    """What the holder of a booking is to be told after this fact, when it was not their own doing,
    still holds, and they want it."""
    phase, booking_id = STAY_PHASES.get(fact.kind), fact.booking_id
    if phase is None or booking_id is None:
        return None
    row, said = _STAY.first(conn, booking_id=booking_id), _SAID.first(conn, event_id=fact.id)
    if row is None or said is None or not _is_news(phase, row, said):
        return None
    to = tuple(Subscription(*one) for one in _OF_BOOKING.rows(conn, booking_id=booking_id, now=now))
    text = said.reason or row.site_name
    return Due(StayMessage(phase, booking_id, row.name, row.code, text), to) if to else None


def _is_news(phase: StayPhase, row: Any, said: Any) -> bool:
    if said.actor_kind in ("person", "visitor") and phase in (StayPhase.MOVED, StayPhase.ENDED):
        return phase is StayPhase.ENDED and row.end_cause == "found_free"
    if phase is StayPhase.ENDED:
        return row.end_cause in UNASKED
    return phase is StayPhase.MOVED or row.status == _STANDS[phase]
