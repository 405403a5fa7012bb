"""Rows of visits: who is inside, who was, how a visit begins and how it ends. What leaving gives
back is in `services.visits`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.statement import Statement
from locker_app.db.tables import visit
from locker_app.db.transaction import Tx
from locker_app.db.types import UtcDateTime
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.errors import VisitNeeded
from locker_app.domain.terminal_facts import VisitBegan, VisitEnded
from locker_app.domain.visits import VisitEnd, over_at

_V = visit.c
_COLUMNS = (_V.id, _V.site_id, _V.person_id, _V.came_at, _V.due_at, _V.left_at, _V.end_cause)
_THEIRS = (_V.person_id == bindparam("person_id"), _V.site_id == bindparam("site_id"))
_AT = bindparam("at", type_=UtcDateTime())

_INSIDE = Statement(select(*_COLUMNS).where(*_THEIRS, _V.left_at.is_(None)))
_KEEP_INSIDE = Statement(
    select(*_COLUMNS).where(*_THEIRS, _V.left_at.is_(None)).with_for_update(read=True)
)
"""On PostgreSQL whoever leaves waits until this is done, or is waited for."""
_THEN = Statement(
    select(*_COLUMNS)
    .where(*_THEIRS, _V.came_at <= _AT)
    .order_by(_V.came_at.desc(), _V.id.desc())
    .limit(1)
)
_LATER = Statement(select(_V.id).where(*_THEIRS, or_(_V.came_at > _AT, _V.left_at > _AT)).limit(1))
_BEGIN = {
    name: Statement(
        make(visit)
        .values(
            {
                name: bindparam(name)
                for name in ("site_id", "person_id", "came_at", "due_at", "in_terminal_id")
            }
        )
        .on_conflict_do_nothing()
        .returning(_V.id)
    )
    for name, make in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_END = Statement(
    update(visit)
    .where(_V.id == bindparam("visit_id"), _V.left_at.is_(None))
    .values({name: bindparam(name) for name in ("left_at", "end_cause", "out_terminal_id")})
)


def inside(tx: Tx, now: datetime, person_id: int, site_id: int) -> Any | None:
    """Their open visit at the site; None when they are not inside. One whose time is over ends."""
    row = _INSIDE.first(tx.conn, person_id=person_id, site_id=site_id)
    if row is not None and row.due_at is not None and row.due_at <= now:
        end(tx, SYSTEM, row.due_at, row, VisitEnd.TIME_UP)
        return None
    return row


def require_inside(tx: Tx, now: datetime, person_id: int, site_id: int) -> None:
    """Let pass only who is inside, and keep them there until this transaction ends.

    Raises:
        VisitNeeded: they are not, or not any more.
    """
    row = _KEEP_INSIDE.first(tx.conn, person_id=person_id, site_id=site_id)
    if row is None or (row.due_at is not None and row.due_at <= now):
        raise VisitNeeded


def visit_then(conn: Connection, person_id: int, site_id: int, at: datetime) -> Any | None:
    """The last visit that had begun by a moment, whether or not it is over; None without one."""
    return _THEN.first(conn, person_id=person_id, site_id=site_id, at=at)


def any_later(conn: Connection, person_id: int, site_id: int, at: datetime) -> bool:
    """Whether a visit of theirs began or ended after a moment."""
    return _LATER.first(conn, person_id=person_id, site_id=site_id, at=at) is not None


@dataclass(frozen=True, slots=True)
class Coming:
    """Who goes in where, and when."""

    site_id: int
    person_id: int
    terminal_id: int | None
    came_at: datetime
    max_minutes: int | None


def begin(tx: Tx, actor: Actor, now: datetime, coming: Coming) -> int | None:
    """Begin a visit; its id, or None when they are inside already."""
    due_at = over_at(coming.came_at, coming.max_minutes)
    visit_id = _BEGIN[tx.conn.dialect.name].value(
        tx.conn,
        site_id=coming.site_id,
        person_id=coming.person_id,
        came_at=coming.came_at,
        due_at=due_at,
        in_terminal_id=coming.terminal_id,
    )
    if visit_id is None:
        return None
    fact = VisitBegan(
        site_id=coming.site_id,
        visit_id=visit_id,
        person_id=coming.person_id,
        terminal_id=coming.terminal_id,
        came_at=coming.came_at,
        due_at=due_at,
    )
    tx.record(fact, actor, now)
    return visit_id


def end(
    tx: Tx,
    actor: Actor,
    now: datetime,
    row: Any,
    cause: VisitEnd,
    *,
    left_at: datetime | None = None,
    terminal_id: int | None = None,
    reason: str | None = None,
) -> bool:
    """End a visit, as of now if not of another time; false when it is over already."""
    left_at = left_at or now
    values = {"left_at": left_at, "end_cause": cause.value, "out_terminal_id": terminal_id}
    if _END.count(tx.conn, visit_id=row.id, **values) == 0:
        return False
    fact = VisitEnded(
        site_id=row.site_id,
        visit_id=row.id,
        person_id=row.person_id,
        terminal_id=terminal_id,
        left_at=left_at,
        cause=cause,
        reason=reason,
    )
    tx.record(fact, actor, now)
    return True
