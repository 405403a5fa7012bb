"""Visits: what going out gives back, what staff and time do, the rules of a site.

Releasing a locker ends no visit, and a visit that staff or time end releases no locker: only who
goes out has said that they are done.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, site, visit, visiting
from locker_app.db.transaction import Tx
from locker_app.db.types import UtcDateTime
from locker_app.domain.actors import SYSTEM, Actor, Right
from locker_app.domain.errors import NotFound, NotInside, RulesChanged
from locker_app.domain.people import check_reason
from locker_app.domain.sites import version_of
from locker_app.domain.terminal_facts import VisitRulesChanged
from locker_app.domain.visits import VisitEnd, VisitRules, check_visits, over_at
from locker_app.queries.visits import visit_rules
from locker_app.services import lockers, visit_rows
from locker_app.services.ids import Id, Text

BATCH = 200
"""How many visits one run of the timer ends at most."""

_V, _A = visit.c, assignment.c
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_TAKEN = Statement(
    select(_A.id)
    .where(
        _A.person_id == bindparam("person_id"),
        _A.site_id == bindparam("site_id"),
        _A.released_at.is_(None),
        _A.assigned_at >= bindparam("since", type_=UtcDateTime()),
        _A.assigned_at <= bindparam("until", type_=UtcDateTime()),
    )
    .order_by(_A.slot)
)
_NEXT = Statement(select(func.min(_V.due_at)).where(_V.left_at.is_(None), _V.due_at.is_not(None)))


def end_visit(tx: Tx, actor: Actor, now: datetime, *, visit_id: Id, reason: Text) -> bool:
    """End the visit of somebody who did not tap out. What they have, they keep.

    Raises:
        NotFound, NotSignedIn, NotAllowed, ReasonNeeded: as the words say.
        NotInside: it is over already.
    """
    row = tx.conn.execute(
        select(_V.id, _V.site_id, _V.person_id, _V.left_at).where(_V.id == visit_id)
    ).one_or_none()
    if row is None:
        raise NotFound("This visit does not exist, or no longer.")
    actor.require(Right.END_VISITS, row.site_id)
    reason = check_reason(reason)
    cause = VisitEnd.ENDED_BY_STAFF
    if row.left_at is not None or not visit_rows.end(tx, actor, now, row, cause, reason=reason):
        raise NotInside
    return True


def change_visit_rules(
    tx: Tx, actor: Actor, now: datetime, *, site_id: Id, rules: VisitRules, version: Text = ""
) -> bool:
    """Give the visits to a site these rules; whether any is another than before. With the version
    of what was seen (`version_of(VisitRules, rules)`), only while it still is so.

    Raises:
        NotFound, NotSignedIn, NotAllowed, BadInput: as the words say.
        RulesChanged: they are others by now.
    """
    actor.require(Right.SET_UP, site_id)
    check_visits(rules)
    there = select(site.c.archived_at).where(site.c.id == site_id).with_for_update(key_share=True)
    row = tx.conn.execute(there).first()
    if row is None or row.archived_at is not None:
        raise NotFound("This site does not exist, or no longer.")
    before = visit_rules(tx.conn, site_id)
    if version and version != version_of(VisitRules, before):
        raise RulesChanged
    if rules == before:
        return False
    values = asdict(rules)
    add = _INSERT[tx.conn.dialect.name](visiting).values(site_id=site_id, **values)
    tx.conn.execute(add.on_conflict_do_update(index_elements=["site_id"], set_=values))
    tx.record(VisitRulesChanged(site_id=site_id), actor, now)
    if rules.max_minutes != before.max_minutes:
        _plan_again(tx.conn, site_id, rules.max_minutes)
    return True


def go_out(
    tx: Tx,
    actor: Actor,
    now: datetime,
    row: Any,
    *,
    releases: bool,
    terminal_id: int,
    late_at: datetime | None = None,
) -> list[str]:
    """Somebody taps out: their visit ends, and what they took during it is given back if the site
    has it so; the labels. Of a tap that is told late, as of when it was."""
    cause = VisitEnd.TAPPED_OUT if late_at is None else VisitEnd.LATE_TAP
    if not visit_rows.end(tx, actor, now, row, cause, left_at=late_at, terminal_id=terminal_id):
        return []
    return give_back_taken(tx, actor, now, row, late_at or now) if releases else []


def give_back_taken(tx: Tx, actor: Actor, now: datetime, row: Any, until: datetime) -> list[str]:
    """Give back what somebody took during a visit up to a time and still has; the labels."""
    taken = _TAKEN.column(
        tx.conn, person_id=row.person_id, site_id=row.site_id, since=row.came_at, until=until
    )
    labels = (lockers.release_left(tx, actor, now, one, row.person_id) for one in taken)
    return [label for label in labels if label is not None]


def run_visits(tx: Tx, now: datetime) -> int:
    """End the visits whose time is over; how many."""
    due = tx.conn.execute(
        select(_V.id, _V.site_id, _V.person_id, _V.due_at)
        .where(_V.left_at.is_(None), _V.due_at <= now)
        .order_by(_V.due_at, _V.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in due:
        visit_rows.end(tx, SYSTEM, now, row, VisitEnd.TIME_UP, left_at=row.due_at)
    return len(due)


def next_deadline(conn: Connection) -> datetime | None:
    """When the time of a visit is over next."""
    return _NEXT.value(conn)


def end_of_person(tx: Tx, actor: Actor, now: datetime, person_id: int) -> None:
    """End all visits of somebody who is archived or erased."""
    for row in _open_of(tx.conn, _V.person_id == person_id):
        visit_rows.end(tx, actor, now, row, VisitEnd.PERSON_LEFT)


def end_of_site(tx: Tx, actor: Actor, now: datetime, site_id: int) -> None:
    """End all visits to a site that is taken out of use, for those who may."""
    for row in _open_of(tx.conn, _V.site_id == site_id):
        visit_rows.end(tx, actor, now, row, VisitEnd.ENDED_BY_STAFF)


def _open_of(conn: Connection, which: Any) -> Sequence[Any]:
    there = select(_V.id, _V.site_id, _V.person_id, _V.came_at).where(which, _V.left_at.is_(None))
    return conn.execute(there.order_by(_V.id)).all()


def _plan_again(conn: Connection, site_id: int, max_minutes: int | None) -> None:
    for row in _open_of(conn, _V.site_id == site_id):
        due_at = over_at(row.came_at, max_minutes)
        conn.execute(update(visit).where(_V.id == row.id).values(due_at=due_at))
