"""Reads about queues for everybody: where each stands, in numbers. No people, no groups.

The order of the line is `domain.queues.line_order`; here are the rows that it needs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, literal_column, select

from locker_app.db.statement import Statement
from locker_app.db.tables import desk, queue, site, ticket
from locker_app.domain.hours import next_opening
from locker_app.domain.queues import QueueMode, TicketStatus
from locker_app.queries.lines import OPEN_HERE, WAITS, waiting_in_order

DONE_SHOWN = 20
_ENDED_READ = 3 * DONE_SHOWN
"""So many of those that ended last are looked at for the done ones: most are."""

_Q, _T = queue.c, ticket.c


@dataclass(frozen=True, slots=True)
class LineView:
    """A queue as everybody may see it: numbers and rules."""

    id: int
    site_id: int
    site_name: str
    time_zone: str
    code: str
    name: str
    place: str
    mode: QueueMode
    paused: bool
    announcement: str
    announced_at: datetime | None
    round: int
    given: int
    """The highest number given in this round."""
    shown: int
    """The number that was called last; it stays when nobody is left."""
    sign_in_needed: bool
    wants_room_pin: bool
    groups: str
    tickets_per_person: int
    capacity: int | None
    steps_back: int
    serve_at_once: bool
    opens_at: datetime | None
    """When hours open it, while it is closed."""
    serving: list[tuple[int, str]]
    """The numbers whose turn it is, each with the label of its desk, in the order of the calls."""
    line: list[int]
    """The numbers that wait, in the order in which they are called."""
    done: list[int]
    """The numbers that were done last in this round, newest last."""


_HEAD = (
    *(_Q.id, _Q.site_id, site.c.name.label("site_name"), site.c.time_zone),
    *(_Q.code, _Q.name, _Q.place, _Q.mode, _Q.paused_at, _Q.announcement, _Q.announced_at),
    *(_Q.round, _Q.last_number, _Q.shown_number, _Q.sign_in_needed, _Q.room_pin, _Q.groups),
    *(
        _Q.tickets_per_person,
        _Q.capacity,
        _Q.steps_back,
        _Q.serve_at_once,
        _Q.fresh_groups_first,
        _Q.hours,
    ),
)
_QUEUE = Statement(
    select(*_HEAD).join(site, site.c.id == _Q.site_id).where(_Q.id == bindparam("queue_id"))
)
_WAITING = Statement(select(_T.number).where(*OPEN_HERE, WAITS).order_by(_T.place, _T.number))
"""Numbers alone: a class of hundreds waits here, and each press asks for all of them."""
_SERVING = Statement(
    select(_T.number, func.coalesce(desk.c.label, "").label("label"))
    .outerjoin(desk, (desk.c.queue_id == _T.queue_id) & (desk.c.staff_id == _T.staff_id))
    .where(*OPEN_HERE, _T.status == literal_column("'serving'"))
    .order_by(_T.called_at, _T.number)
)
_ENDED = Statement(
    select(_T.number, _T.round, _T.status)
    .where(_T.queue_id == bindparam("queue_id"), _T.ended_at.is_not(None))
    .order_by(_T.ended_at.desc(), _T.id.desc())
    .limit(_ENDED_READ)
)


def line_view(conn: Connection, queue_id: int, now: datetime) -> LineView | None:
    """The queue at `now`; None when there is no such queue."""
    row = _QUEUE.first(conn, queue_id=queue_id)
    if row is None:
        return None
    line, serving = _line(conn, row, now), _SERVING.rows(conn, queue_id=queue_id)
    mode = mode_shown(row.mode, len(line) + len(serving))
    return LineView(
        **_head(row),
        mode=mode,
        opens_at=_opens_at(row, mode, now),
        serving=[(t.number, t.label) for t in serving],
        line=line,
        done=_done(conn, row),
    )


def mode_shown(mode: str, there: int) -> QueueMode:
    """The mode as people see it: a line that takes nobody new and has nobody left is closed."""
    drained = mode == QueueMode.DRAINING.value and there == 0
    return QueueMode.CLOSED if drained else QueueMode(mode)


def _line(conn: Connection, row: Any, now: datetime) -> list[int]:
    if row.fresh_groups_first:
        return [one.number for one in waiting_in_order(conn, row, now)]
    return _WAITING.column(conn, queue_id=row.id)


def _head(row: Any) -> dict[str, Any]:
    same = (
        *("id", "site_id", "site_name", "time_zone", "code", "name", "place", "announcement"),
        *("announced_at", "round", "sign_in_needed", "groups", "capacity", "steps_back"),
        "tickets_per_person",
        "serve_at_once",
    )
    return {
        **{name: getattr(row, name) for name in same},
        "paused": row.paused_at is not None,
        "given": row.last_number,
        "shown": row.shown_number,
        "wants_room_pin": row.room_pin != "",
    }


def _opens_at(row: Any, mode: QueueMode, now: datetime) -> datetime | None:
    if mode is not QueueMode.CLOSED or not row.hours:
        return None
    return next_opening(row.hours, now, row.time_zone)


def _done(conn: Connection, row: Any) -> list[int]:
    ended = _ENDED.rows(conn, queue_id=row.id)
    done = [t.number for t in ended if t.round == row.round and t.status == TicketStatus.DONE.value]
    return done[:DONE_SHOWN][::-1]


@dataclass(frozen=True, slots=True)
class QueueCard:
    """How busy a queue is."""

    id: int
    site_id: int
    code: str
    name: str
    place: str
    mode: str
    paused: bool
    shown: int
    waiting: int
    serving: int


def _open_with(status: TicketStatus) -> Any:
    return func.coalesce(func.sum(case((_T.status == status.value, 1), else_=0)), 0)


_CARDS = Statement(
    select(
        *(_Q.id, _Q.site_id, _Q.code, _Q.name, _Q.place, _Q.mode),
        _Q.paused_at.is_not(None).label("paused"),
        _Q.shown_number,
        _open_with(TicketStatus.WAITING).label("waiting"),
        _open_with(TicketStatus.SERVING).label("serving"),
    )
    .outerjoin(ticket, (_T.queue_id == _Q.id) & _T.ended_at.is_(None))
    .where(_Q.site_id == bindparam("site_id"))
    .group_by(_Q.id)
    .order_by(_Q.id)
)


def queues_of_site(conn: Connection, site_id: int) -> list[QueueCard]:
    """The queues of a site with how busy they are, in the order in which they were set up."""
    return [_card(row) for row in _CARDS.rows(conn, site_id=site_id)]


def _card(row: Any) -> QueueCard:
    return QueueCard(
        id=row.id,
        site_id=row.site_id,
        code=row.code,
        name=row.name,
        place=row.place,
        mode=mode_shown(row.mode, int(row.waiting) + int(row.serving)).value,
        paused=bool(row.paused),
        shown=row.shown_number,
        waiting=int(row.waiting),
        serving=int(row.serving),
    )


def queue_of_code(conn: Connection, code: str) -> int | None:
    """The id of the queue with this code in its short address; None when there is none in use."""
    here = select(_Q.id).join(site, site.c.id == _Q.site_id)
    return conn.scalar(here.where(_Q.code == code.upper(), site.c.archived_at.is_(None)))


def site_of_queue(conn: Connection, queue_id: int) -> int | None:
    """The site that a queue belongs to; None when there is no such queue in use."""
    here = select(_Q.site_id).join(site, site.c.id == _Q.site_id)
    return conn.scalar(here.where(_Q.id == queue_id, site.c.archived_at.is_(None)))


def room_pin_of(conn: Connection, queue_id: int) -> str | None:
    """The PIN that the room shows, empty when it has none; None when there is no such queue. For
    staff who serve it."""
    return conn.scalar(select(_Q.room_pin).where(_Q.id == queue_id))
