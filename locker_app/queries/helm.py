"""Reads for those who work a queue off: the whole line with groups, names, questions and notes.

What everybody may see of a queue is elsewhere: nothing of this goes to a student's screen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, literal_column, select

from locker_app.db.statement import Statement
from locker_app.db.tables import desk, person, queue, site, staff, ticket
from locker_app.domain.hours import day_began
from locker_app.domain.queues import InLine, TicketStatus, line_order

ENDED = 20
"""How many tickets that have ended lately are shown."""


class TicketView(NamedTuple):
    """One ticket as staff see it. A tuple: a line has hundreds, and each press makes them anew."""

    ticket_id: int
    number: int
    group: str
    status: str
    who: str
    """Name and number of the person who holds it; empty for a visitor."""
    question: str
    note: str
    joined_at: datetime
    called_at: datetime | None
    ended_at: datetime | None
    staff_id: int | None
    staff_name: str
    steps: int
    visits: int
    """How often this group was helped here today."""


@dataclass(frozen=True, slots=True)
class DeskView:
    """A staff member at this queue."""

    staff_id: int
    name: str
    label: str
    number: int
    """Of the ticket that is served there; 0 for none."""
    pressed_at: datetime | None
    """When the last press was made that can perhaps be taken back."""
    ended_number: int
    called_number: int


@dataclass(frozen=True, slots=True)
class HelmView:
    """A queue as those see it who work it off."""

    head: Any
    """The row of the queue, with the site's `time_zone` and `site_name`."""
    line: list[TicketView]
    """The waiting, in the order in which they will be called."""
    serving: list[TicketView]
    """Oldest first."""
    ended: list[TicketView]
    """Of this round, newest first."""
    desks: list[DeskView]


_QUEUE = bindparam("queue_id")
_HEAD = Statement(
    select(queue, site.c.time_zone, site.c.name.label("site_name"))
    .join(site, site.c.id == queue.c.site_id)
    .where(queue.c.id == _QUEUE)
)
_TICKET = (
    select(
        ticket.c.id,
        ticket.c.number,
        ticket.c.place,
        ticket.c.group_number,
        ticket.c.status,
        person.c.name.label("person_name"),
        person.c.number.label("person_number"),
        ticket.c.question,
        ticket.c.note,
        ticket.c.joined_at,
        ticket.c.called_at,
        ticket.c.ended_at,
        ticket.c.staff_id,
        staff.c.name.label("staff_name"),
        ticket.c.steps,
    )
    .outerjoin(person, person.c.id == ticket.c.person_id)
    .outerjoin(staff, staff.c.id == ticket.c.staff_id)
)
_OPEN = Statement(_TICKET.where(ticket.c.queue_id == _QUEUE, ticket.c.ended_at.is_(None)))
_ENDED = Statement(
    _TICKET.where(
        ticket.c.queue_id == _QUEUE,
        ticket.c.ended_at.is_not(None),
        ticket.c.round == bindparam("round"),
        ticket.c.status != literal_column("'cleared'"),
    )
    .order_by(ticket.c.ended_at.desc(), ticket.c.id.desc())
    .limit(ENDED)
)
_VISITS = Statement(
    select(ticket.c.group_number, func.count().label("visits"))
    .where(
        ticket.c.queue_id == _QUEUE,
        ticket.c.ended_at >= bindparam("since", type_=ticket.c.ended_at.type),
        ticket.c.status == literal_column("'done'"),
    )
    .group_by(ticket.c.group_number)
)
_ENDED_BY_PRESS = ticket.alias("ended_by_press")
_CALLED_BY_PRESS = ticket.alias("called_by_press")
_DESKS = Statement(
    select(
        desk.c.staff_id,
        staff.c.name,
        desk.c.label,
        desk.c.pressed_at,
        _ENDED_BY_PRESS.c.number.label("ended_number"),
        _CALLED_BY_PRESS.c.number.label("called_number"),
    )
    .join(staff, staff.c.id == desk.c.staff_id)
    .outerjoin(_ENDED_BY_PRESS, _ENDED_BY_PRESS.c.id == desk.c.ended_ticket_id)
    .outerjoin(_CALLED_BY_PRESS, _CALLED_BY_PRESS.c.id == desk.c.called_ticket_id)
    .where(desk.c.queue_id == _QUEUE)
    .order_by(desk.c.id)
)


def helm_view(conn: Connection, queue_id: int, now: datetime) -> HelmView | None:
    """The queue at `now`, for its staff; None when there is no such queue."""
    head = _HEAD.first(conn, queue_id=queue_id)
    if head is None:
        return None
    since = day_began(now, head.time_zone)
    visits = {
        row.group_number: row.visits for row in _VISITS.rows(conn, queue_id=queue_id, since=since)
    }
    rows = {row.id: row for row in _OPEN.rows(conn, queue_id=queue_id)}
    ended = _ENDED.rows(conn, queue_id=queue_id, round=head.round)
    serving = [row for row in rows.values() if row.status == TicketStatus.SERVING.value]
    serving.sort(key=lambda row: (row.called_at, row.number))
    waiting = [row for row in rows.values() if row.status == TicketStatus.WAITING.value]
    places = [InLine(row.id, row.number, row.place, row.group_number) for row in waiting]
    helped = frozenset(visits) if head.fresh_groups_first else frozenset()
    return HelmView(
        head=head,
        line=[_ticket(rows[place.ticket_id], visits) for place in line_order(places, helped)],
        serving=[_ticket(row, visits) for row in serving],
        ended=[_ticket(row, visits) for row in ended],
        desks=_desks(conn, queue_id, serving),
    )


def _ticket(row: Any, visits: dict[str, int]) -> TicketView:
    return TicketView(
        ticket_id=row.id,
        number=row.number,
        group=row.group_number,
        status=row.status,
        who=f"{row.person_name} {row.person_number}" if row.person_name else "",
        question=row.question,
        note=row.note,
        joined_at=row.joined_at,
        called_at=row.called_at,
        ended_at=row.ended_at,
        staff_id=row.staff_id,
        staff_name=row.staff_name or "",
        steps=row.steps,
        visits=visits.get(row.group_number, 0),
    )


def _desks(conn: Connection, queue_id: int, serving: list[Any]) -> list[DeskView]:
    """Every desk there has been; those where nobody is served as well."""
    numbers = {row.staff_id: row.number for row in serving if row.staff_id is not None}
    return [
        DeskView(
            staff_id=row.staff_id,
            name=row.name,
            label=row.label,
            number=numbers.get(row.staff_id, 0),
            pressed_at=row.pressed_at,
            ended_number=row.ended_number or 0,
            called_number=row.called_number or 0,
        )
        for row in _DESKS.rows(conn, queue_id=queue_id)
    ]


def queue_head(conn: Connection, queue_id: int) -> Any | None:
    """The row of the queue, with its site's `time_zone` and `site_name`; None when there is no
    such queue."""
    return _HEAD.first(conn, queue_id=queue_id)
