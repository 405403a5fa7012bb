"""What about terminals wants somebody's attention: raised once for each subject, until it is seen
to or over."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import terminal_alert
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, Right
from locker_app.domain.errors import NotFound
from locker_app.domain.terminal_facts import AlertCleared, AlertRaised
from locker_app.domain.terminals import AlertKind
from locker_app.services.ids import Id

_A = terminal_alert.c
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def raise_alert(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    terminal: Any,
    kind: AlertKind,
    subject: str = "",
    bank_id: int | None = None,
    locker_id: int | None = None,
    person_id: int | None = None,
    details: dict[str, Any] | None = None,
    times: int = 1,
) -> int:
    """Raise an alert about a terminal (a row with `id` and `site_id`); its id. While one of the
    same kind and subject stands, that one counts so many `times` more, and nothing else happens."""
    add = _INSERT[tx.conn.dialect.name](terminal_alert).values(
        site_id=terminal.site_id,
        terminal_id=terminal.id,
        kind=kind.value,
        subject=subject[:200],
        locker_id=locker_id,
        person_id=person_id,
        details=details or {},
        count=times,
        at=now,
        last_at=now,
    )
    raised = add.on_conflict_do_update(
        index_elements=[_A.terminal_id, _A.kind, _A.subject],
        index_where=_A.cleared_at.is_(None),
        set_={"count": _A.count + times, "last_at": now, "details": add.excluded.details},
    ).returning(_A.id, _A.count)
    row: Any = tx.conn.execute(raised).one()
    if row[1] == times:
        fact = AlertRaised(
            site_id=terminal.site_id,
            terminal_id=terminal.id,
            alert_id=row[0],
            alert=kind,
            bank_id=bank_id,
            locker_id=locker_id,
            person_id=person_id,
        )
        tx.record(fact, actor, now)
    return row[0]


def clear_alert(tx: Tx, actor: Actor, now: datetime, *, alert_id: Id) -> bool:
    """Say that an alert was seen to; whether it stood.

    Raises:
        NotSignedIn, NotAllowed: as the words say.
        NotFound: there is no such alert.
    """
    row = tx.conn.execute(select(_A.site_id).where(_A.id == alert_id)).first()
    if row is None:
        raise NotFound("This alert does not exist, or no longer.")
    actor.require(Right.RUN_TERMINALS, row.site_id)
    return _clear(tx, actor, now, _A.id == alert_id) > 0


def settle_alert(
    tx: Tx, actor: Actor, now: datetime, *, terminal: Any, kind: AlertKind, subject: str = ""
) -> bool:
    """Clear an alert that is over by itself; whether it stood."""
    this = (_A.terminal_id == terminal.id, _A.kind == kind.value, _A.subject == subject)
    return _clear(tx, actor, now, *this) > 0


def _clear(tx: Tx, actor: Actor, now: datetime, *which: Any) -> int:
    cleared = (
        update(terminal_alert)
        .where(_A.cleared_at.is_(None), *which)
        .values(cleared_at=now)
        .returning(_A.id, _A.site_id, _A.terminal_id, _A.kind)
    )
    rows = tx.conn.execute(cleared).all()
    for row in rows:
        fact = AlertCleared(
            site_id=row.site_id,
            terminal_id=row.terminal_id,
            alert_id=row.id,
            alert=AlertKind(row.kind),
        )
        tx.record(fact, actor, now)
    return len(rows)
