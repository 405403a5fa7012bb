"""What time does by itself: holds lapse, holders are reminded, lockers become overdue, sites and
queues open and close, queues are reset at night, bookings of charging spots begin and end.

`run_due` may run late, twice, or in several processes: each step claims its row by an update that
only one of them wins. Whoever schedules it asks `next_deadline` when to come back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, queue, request, site
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.facts import AssignmentOverdue, ReturnReminded
from locker_app.domain.lockers import OverdueAction
from locker_app.services import (
    booking_clock,
    cards,
    commands,
    confirm_rows,
    holds,
    lockers,
    opening,
    rounds,
    visits,
)

KEEP_ANSWERS = timedelta(days=7)
"""How long an idempotency key is remembered; no client repeats a request for longer."""
KEEP_ANSWERS_TO_TERMINALS = timedelta(days=90)

_C = assignment.c
_OPEN = _C.released_at.is_(None)


def run_due(tx: Tx, actor: Actor, now: datetime) -> int:
    """Do what is due at `now`, at most a batch of each kind; how many things were done."""
    opened = opening.run_clocks(tx, now)
    lapsed = holds.lapse_holds(tx, now)
    doors = opened + lapsed + _remind(tx, actor, now) + _become_overdue(tx, actor, now)
    spots = rounds.run_clocks(tx, now) + booking_clock.run_clock(tx, now)
    at_terminals = visits.run_visits(tx, now) + cards.run_links(tx, now)
    at_terminals += confirm_rows.run_confirms(tx, now) + commands.run_commands(tx, now)
    return doors + spots + at_terminals


def forget_old_answers(tx: Tx, actor: Actor, now: datetime) -> int:
    """Delete answers to idempotency keys that nobody will repeat, and how waits at terminals
    ended; how many. A terminal repeats what it has to say until it was answered, also after a long
    time without a network."""
    longer = request.c.actor.startswith(f"{ActorKind.TERMINAL.value}:")
    old = or_(
        and_(~longer, request.c.at < now - KEEP_ANSWERS),
        request.c.at < now - KEEP_ANSWERS_TO_TERMINALS,
    )
    forgotten = tx.conn.execute(delete(request).where(old)).rowcount
    return forgotten + cards.forget_ended(tx.conn, now)


_DEADLINES = [
    Statement(select(func.min(column)).where(_OPEN, column.is_not(None), *pending))
    for column, pending in (
        (_C.held_until, ()),
        (_C.remind_at, (_C.reminded_at.is_(None),)),
        (_C.due_at, (_C.overdue_at.is_(None),)),
    )
]
_DEADLINES += [Statement(select(func.min(table.c.changes_at))) for table in (queue, site)]
_CLOCKS = (booking_clock, visits, cards, confirm_rows, commands)


def next_deadline(conn: Connection) -> datetime | None:
    """When something is due next; None while nothing is."""
    deadlines = [deadline.value(conn) for deadline in _DEADLINES]
    deadlines += [clock.next_deadline(conn) for clock in _CLOCKS]
    return min((at for at in deadlines if at is not None), default=None)


def _remind(tx: Tx, actor: Actor, now: datetime) -> int:
    due = _due(tx.conn, _C.remind_at <= now, _C.reminded_at.is_(None))
    for row in due:
        if _mark(tx.conn, row.id, _C.reminded_at, now):
            tx.record(ReturnReminded(assignment_id=row.id, **_subject(row)), actor, now)
    return len(due)


def _become_overdue(tx: Tx, actor: Actor, now: datetime) -> int:
    due = _due(tx.conn, _C.due_at <= now, _C.overdue_at.is_(None))
    for row in due:
        if not _mark(tx.conn, row.id, _C.overdue_at, now):
            continue
        action = OverdueAction(
            tx.conn.scalar(select(bank.c.overdue_action).where(bank.c.id == row.bank_id)) or ""
        )
        fact = AssignmentOverdue(
            assignment_id=row.id, notify_staff=action is not OverdueAction.NOTHING, **_subject(row)
        )
        tx.record(fact, actor, now)
        if action is OverdueAction.RELEASE:
            lockers.release_overdue(tx, actor, now, row.id)
    return len(due)


def _due(conn: Connection, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """Open claims that meet the conditions; those that another process has in hand are left."""
    return conn.execute(
        select(_C.id, _C.site_id, _C.bank_id, _C.locker_id, _C.person_id)
        .where(_OPEN, *conditions)
        .order_by(_C.id)
        .limit(holds.BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _mark(conn: Connection, assignment_id: int, column: Any, now: datetime) -> bool:
    """Write the time into the column if nobody did before; whether this call did."""
    claim = update(assignment).where(_C.id == assignment_id, _OPEN, column.is_(None))
    return conn.execute(claim.values({column.name: now})).rowcount == 1


def _subject(row: Any) -> dict[str, int]:
    return {
        "site_id": row.site_id,
        "bank_id": row.bank_id,
        "locker_id": row.locker_id,
        "person_id": row.person_id,
    }
