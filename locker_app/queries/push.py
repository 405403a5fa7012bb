"""Reads for web push: who is to be told what, and where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from locker_app.db.statement import Statement
from locker_app.db.tables import push_next, push_subscription, queue, session, site, ticket
from locker_app.domain.push import Message, Phase
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

    message: Message
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
