"""Taps that wait for their holder's PIN: asked for, and over. What the PIN does is in
`services.confirms`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import tap_confirm, terminal
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.terminal_facts import TapConfirmEnded, TapToConfirm
from locker_app.domain.terminals import CONFIRM_WITHIN

BATCH = 200

_T = tap_confirm.c
_NEXT = Statement(select(func.min(_T.until)).where(_T.ended_at.is_(None)))


def ask(tx: Tx, who: Actor, now: datetime, ground: Any, card_id: int) -> None:
    """Let a tap wait for its holder's PIN, in place of any other of theirs. They are locked."""
    person_id = who.require_person()
    end(tx, who, now, "replaced", _T.person_id == person_id)
    until = now + CONFIRM_WITHIN
    asked = insert(tap_confirm).values(
        terminal_id=ground.id, person_id=person_id, card_id=card_id, made_at=now, until=until
    )
    tx.conn.execute(asked)
    fact = TapToConfirm(
        site_id=ground.site_id, terminal_id=ground.id, person_id=person_id, until=until
    )
    tx.record(fact, who, now)


def end(
    tx: Tx, actor: Actor, now: datetime, outcome: str, *which: ColumnElement[bool]
) -> list[Any]:
    """End taps that wait for a PIN; their rows."""
    due = select(_T.id).where(_T.ended_at.is_(None), *which).order_by(_T.id).limit(BATCH)
    ended = tx.conn.execute(
        update(tap_confirm)
        .where(_T.id.in_(due.scalar_subquery()), _T.ended_at.is_(None))
        .values(ended_at=now, outcome=outcome)
        .returning(_T.id, _T.terminal_id, _T.person_id, _T.card_id)
    ).all()
    for row in ended:
        site_id = tx.conn.scalar(select(terminal.c.site_id).where(terminal.c.id == row.terminal_id))
        fact = TapConfirmEnded(
            site_id=site_id,
            terminal_id=row.terminal_id,
            person_id=row.person_id,
            outcome=outcome,
        )
        tx.record(fact, actor, now)
    return list(ended)


def run_confirms(tx: Tx, now: datetime) -> int:
    """End the taps that were not confirmed in time; how many."""
    return len(end(tx, SYSTEM, now, "over", _T.until <= now))


def next_deadline(conn: Connection) -> datetime | None:
    """When the time of such a tap is over next."""
    return _NEXT.value(conn)


def end_of_person(tx: Tx, actor: Actor, now: datetime, person_id: int) -> None:
    """No tap waits for the PIN of somebody who is archived or erased."""
    end(tx, actor, now, "person_left", _T.person_id == person_id)
