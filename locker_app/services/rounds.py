"""Rounds of a queue: numbers from 1 until it is reset, by staff or by night; and its hours.

A queue whose `changes_at` has passed counts as changed, even when the timer is late: whoever locks
it (`services.lines`) calls `catch_up` first.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import desk, queue, site, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.facts import QueueModeChanged, QueueReset, TicketCleared
from locker_app.domain.hours import is_open_at, next_change, next_time_of_day
from locker_app.domain.queues import QueueMode

BATCH = 50
"""How many queues one run of the timer opens, closes and resets at most."""

_Q, _T = queue.c, ticket.c
_INSTANT = timedelta(microseconds=1)

_HOURS = (_Q.id, _Q.site_id, _Q.mode, _Q.round, _Q.last_number, _Q.hours, _Q.reset_at)
_BY_CLOCK = select(*_HOURS, _Q.changes_at, site.c.time_zone).join(site, site.c.id == _Q.site_id)
_CLEAR = Statement(
    update(ticket)
    .where(_T.queue_id == bindparam("of_queue"), _T.ended_at.is_(None))
    .values(status="cleared", ended_at=bindparam("now", type_=_T.ended_at.type))
    .returning(_T.id, _T.site_id, _T.queue_id, _T.number, _T.person_id, _T.visitor_id)
)


def about(row: Any) -> dict[str, Any]:
    """What every fact about a ticket says of it."""
    return {
        "site_id": row.site_id,
        "queue_id": row.queue_id,
        "ticket_id": row.id,
        "ticket_number": row.number,
        "person_id": row.person_id,
        "visitor_id": row.visitor_id,
    }


def new_round(tx: Tx, actor: Actor, now: datetime, line: Any) -> int:
    """Clear all open tickets of a queue that is locked and begin at 1 again; how many."""
    cleared = sorted(_CLEAR.rows(tx.conn, of_queue=line.id, now=now), key=lambda row: row.number)
    for row in cleared:
        tx.record(TicketCleared(**about(row)), actor, now)
    after = update(queue).where(_Q.id == line.id)
    tx.conn.execute(after.values(round=_Q.round + 1, last_number=0, shown_number=0))
    tx.conn.execute(update(desk).where(desk.c.queue_id == line.id).values(pressed_at=None))
    fact = QueueReset(
        site_id=line.site_id, queue_id=line.id, round=line.round + 1, cleared=len(cleared)
    )
    tx.record(fact, actor, now)
    return len(cleared)


def change_mode(tx: Tx, actor: Actor, now: datetime, line: Any, mode: QueueMode) -> bool:
    """Open or close a queue that is locked; whether that changes anything."""
    if line.mode == mode.value:
        return False
    tx.conn.execute(update(queue).where(_Q.id == line.id).values(mode=mode.value))
    fact = QueueModeChanged(site_id=line.site_id, queue_id=line.id, mode=mode)
    tx.record(fact, actor, now)
    return True


def keep_hours(tx: Tx, now: datetime, queue_id: int) -> QueueMode | None:
    """Open or close a queue that is locked as its hours say; without hours that is for staff.
    Returns what it has become; None when it stays as it was."""
    line = tx.conn.execute(_BY_CLOCK.where(_Q.id == queue_id)).one()
    if not line.hours:
        return None
    mode = QueueMode.OPEN
    if not is_open_at(line.hours, now, line.time_zone):
        if line.mode != QueueMode.OPEN.value:
            return None  # closed by hand earlier
        mode = QueueMode.DRAINING if _anybody(tx.conn, queue_id) else QueueMode.CLOSED
    return mode if change_mode(tx, SYSTEM, now, line, mode) else None


def plan_change(conn: Connection, now: datetime, queue_id: int) -> None:
    """Write down when the clock changes a queue that is locked next."""
    line = conn.execute(_BY_CLOCK.where(_Q.id == queue_id)).one()
    plans = [
        next_change(line.hours, now, line.time_zone) if line.hours else None,
        next_time_of_day(line.reset_at, now, line.time_zone) if line.reset_at else None,
    ]
    at = min((plan for plan in plans if plan is not None), default=None)
    conn.execute(update(queue).where(_Q.id == queue_id).values(changes_at=at))


def catch_up(tx: Tx, now: datetime, queue_id: int) -> None:
    """Do what the clock was to do with a queue that is locked."""
    line = tx.conn.execute(_BY_CLOCK.where(_Q.id == queue_id)).one()
    if line.changes_at is None or line.changes_at > now:
        return
    before = line.changes_at - _INSTANT
    reset = line.reset_at and next_time_of_day(line.reset_at, before, line.time_zone) <= now
    if reset and line.last_number:
        new_round(tx, SYSTEM, now, line)
    change = next_change(line.hours, before, line.time_zone) if line.hours else None
    if change is not None and change <= now:
        keep_hours(tx, now, queue_id)
    plan_change(tx.conn, now, queue_id)


def run_clocks(tx: Tx, now: datetime) -> int:
    """Catch up with the queues whose time has come, at most a batch; how many."""
    due = tx.conn.scalars(
        select(_Q.id)
        .where(_Q.changes_at <= now)
        .order_by(_Q.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for queue_id in due:
        catch_up(tx, now, queue_id)
    return len(due)


def _anybody(conn: Connection, queue_id: int) -> bool:
    is_there = select(_T.id).where(_T.queue_id == queue_id, _T.ended_at.is_(None)).limit(1)
    return conn.execute(is_there).first() is not None
