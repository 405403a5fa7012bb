"""Retention: names leave the history of a site after as many days as it says.

Once a night, in the site's own zone, and in pieces: what is old says no longer who it was, and why.
How far that has come is in the table `retention`, so that a restart goes on where it was, and of
several processes one does it. What is of no site, such as signing in, keeps names as long as the
site that keeps them longest; if one keeps them for ever, so does that.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, null, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import (
    assignment,
    booking,
    charger_wait,
    event,
    push_subscription,
    retention,
    session,
    site,
    terminal_alert,
    ticket,
    visit,
    wait,
)
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.days import today
from locker_app.domain.errors import NotAllowed
from locker_app.domain.facts import NamesForgotten
from locker_app.services import lines
from locker_app.services.charger_leaving import drop_place
from locker_app.services.tickets import withdraw

PIECE = 500
"""Rows of a kind that one transaction changes at most."""
NIGHT = timedelta(hours=3)
"""How long after midnight it begins."""
OF_NO_SITE = 0

_R, _E, _S = retention.c, event.c, session.c
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_COUNTS = ("events", "assignments", "waits", "tickets", "bookings", "places", "visits", "sessions")


def sites_due(conn: Connection, now: datetime) -> list[int]:
    """The sites where it is to begin, or to go on; `OF_NO_SITE` for what is of none."""
    known = {row.site_id: row for row in conn.execute(select(retention))}
    return [
        site_id
        for site_id, (_, zone) in _kept(conn).items()
        if site_id not in known
        or known[site_id].running
        or known[site_id].began_on < _night(now, zone)
    ]


def forget_names(tx: Tx, actor: Actor, now: datetime, *, site_id: int) -> bool:
    """Let names leave the history of a site, a piece of it; whether there is more to do. The last
    piece is followed by a fact that says how much it was, if it was anything.

    Raises:
        NotAllowed: only the server itself does this.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed
    kept = _kept(tx.conn).get(site_id)
    row = _begun(tx.conn, now, site_id, kept[1]) if kept is not None else None
    if kept is None or row is None:
        return False
    before = now - timedelta(days=kept[0])
    last, changed = _events(tx.conn, site_id, row.up_to_event, before)
    done = {"events": changed, **{name: fn(tx.conn, site_id, before) for name, fn in _ROWS.items()}}
    moved = last > row.up_to_event or any(done.values())
    counts = {name: getattr(row, name) + done[name] for name in _COUNTS}
    state = {"running": moved, "up_to_event": last, **counts}
    tx.conn.execute(update(retention).where(_R.site_id == site_id).values(state))
    if not moved and any(counts.values()):
        tx.record(NamesForgotten(site_id=site_id or None, before=before, **counts), actor, now)
    return moved


def withdraw_orphans(tx: Tx, actor: Actor, now: datetime) -> int:
    """Take tickets out of their lines whose browser's session is over: nobody can come with them
    any more. How many, at most a piece.

    Raises:
        NotAllowed: only the server itself does this.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed
    t = ticket.c
    orphans = tx.conn.execute(
        select(t.id, t.queue_id)
        .join(session, _S.id == t.visitor_id)
        .where(t.ended_at.is_(None), or_(_S.ended_at.is_not(None), _S.expires_at <= now))
        .order_by(t.queue_id, t.id)
        .limit(PIECE)
    ).all()
    for row in orphans:
        lines.lock(tx, now, row.queue_id)
    return sum(withdraw(tx, actor, now, row.id) for row in orphans)


def drop_orphans(tx: Tx, actor: Actor, now: datetime) -> int:
    """As `withdraw_orphans`, of places in lines for charging spots. What was offered to them goes
    to the next in line. Spots that they have end by themselves.

    Raises:
        NotAllowed: only the server itself does this.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed
    w = charger_wait.c
    orphans = (
        select(w.id, w.site_id)
        .join(session, _S.id == w.visitor_id)
        .where(w.ended_at.is_(None), or_(_S.ended_at.is_not(None), _S.expires_at <= now))
        .order_by(w.site_id, w.id)
        .limit(PIECE)
    )
    return sum(
        drop_place(tx, actor, now, row.id, row.site_id) for row in tx.conn.execute(orphans).all()
    )


def _kept(conn: Connection) -> dict[int, tuple[int, str]]:
    """For how many days names are kept where, and by which zone nights are counted."""
    rows = conn.execute(select(site.c.id, site.c.names_kept_days, site.c.time_zone)).all()
    kept = {row.id: (row.names_kept_days, row.time_zone) for row in rows if row.names_kept_days}
    if rows and len(kept) == len(rows):
        kept[OF_NO_SITE] = max(kept.values())
    return kept


def _night(now: datetime, zone: str) -> date:
    return today(now - NIGHT, zone)


def _begun(conn: Connection, now: datetime, site_id: int, zone: str) -> Any | None:
    """Where it stands; None when it is done for this night, or another process is at it."""
    night = _night(now, zone)
    first = {"site_id": site_id, "began_on": night - timedelta(days=1), "running": False}
    zero = {**dict.fromkeys(_COUNTS, 0), "up_to_event": 0}
    conn.execute(
        _INSERT[conn.dialect.name](retention).values(**first, **zero).on_conflict_do_nothing()
    )
    this = select(retention).where(_R.site_id == site_id)
    row = conn.execute(this.with_for_update(skip_locked=True)).one_or_none()
    if row is None or row.running or row.began_on >= night:
        return row if row is not None and row.running else None
    anew = {"began_on": night, "running": True, **dict.fromkeys(_COUNTS, 0)}
    conn.execute(update(retention).where(_R.site_id == site_id).values(anew))
    return conn.execute(this).one()


def _events(conn: Connection, site_id: int, up_to: int, before: datetime) -> tuple[int, int]:
    """Up to which event there are no names now, and in how many there were some."""
    here = _E.site_id == site_id if site_id else _E.site_id.is_(None)
    found = conn.execute(
        select(_E.id, _E.at).where(here, _E.id > up_to).order_by(_E.id).limit(PIECE)
    ).all()
    old = [row.id for row in found if row.at < before]
    if len(old) < len(found):  # up to the first that is kept
        kept = min(row.id for row in found if row.at >= before)
        old = [event_id for event_id in old if event_id < kept]
    if not old:
        return up_to, 0
    person = _E.actor_kind.in_([ActorKind.PERSON.value, ActorKind.VISITOR.value])
    forget = (
        update(event)
        .where(_E.id.in_(old))
        .where(
            or_(
                _E.person_id.is_not(None),
                _E.reason.is_not(None),
                and_(person, _E.actor_id.is_not(None)),
                _names_a_session(conn),
            )
        )
        .values(
            person_id=None,
            reason=None,
            actor_id=case((person, null()), else_=_E.actor_id),
            details=text(_WITHOUT_SESSIONS[conn.dialect.name]),
        )
    )
    return max(old), conn.execute(forget).rowcount


_WITHOUT_SESSIONS = {
    "sqlite": "json_replace(details, '$.visitor_id', NULL, '$.session_id', NULL)",
    "postgresql": "coalesce((SELECT json_object_agg(key, CASE WHEN key IN "
    "('visitor_id', 'session_id') THEN 'null'::json ELSE value END) "
    "FROM json_each(details)), details)",
}


def _names_a_session(conn: Connection) -> Any:
    if conn.dialect.name == "sqlite":
        return text(
            "(json_extract(details, '$.visitor_id') IS NOT NULL"
            " OR json_extract(details, '$.session_id') IS NOT NULL)"
        )
    return text("(details ->> 'visitor_id' IS NOT NULL OR details ->> 'session_id' IS NOT NULL)")


def _assignments(conn: Connection, site_id: int, before: datetime) -> int:
    a = assignment.c
    old = (a.site_id == site_id, a.released_at < before, a.person_id.is_not(None))
    return _change(conn, assignment, old, {"person_id": None})


def _waits(conn: Connection, site_id: int, before: datetime) -> int:
    w = wait.c
    old = (w.site_id == site_id, w.ended_at < before, w.person_id.is_not(None))
    return _change(conn, wait, old, {"person_id": None})


def _tickets(conn: Connection, site_id: int, before: datetime) -> int:
    t = ticket.c
    old = (t.site_id == site_id, t.ended_at < before, t.holder != "")
    nobodys = {"person_id": None, "visitor_id": None, "holder": "", "question": "", "note": ""}
    return _change(conn, ticket, old, nobodys)


def _bookings(conn: Connection, site_id: int, before: datetime) -> int:
    b = booking.c
    old = (b.site_id == site_id, b.ended_at < before, b.holder != "")
    nobodys = {"person_id": None, "visitor_id": None, "holder": "", "shown_as": ""}
    return _change(conn, booking, old, nobodys)


def _places(conn: Connection, site_id: int, before: datetime) -> int:
    w = charger_wait.c
    old = (w.site_id == site_id, w.ended_at < before, w.holder != "")
    return _change(conn, charger_wait, old, {"person_id": None, "visitor_id": None, "holder": ""})


def _visits(conn: Connection, site_id: int, before: datetime) -> int:
    """And alerts about people that were seen to."""
    v, t = visit.c, terminal_alert.c
    of_alert = (t.site_id == site_id, t.cleared_at < before, t.person_id.is_not(None))
    nobodys = {"person_id": None, "subject": "", "details": {}}
    alerts = _change(conn, terminal_alert, of_alert, nobodys)
    old = (v.site_id == site_id, v.left_at < before, v.person_id.is_not(None))
    return alerts + _change(conn, visit, old, {"person_id": None})


def _change(conn: Connection, table: Any, old: tuple[Any, ...], values: dict[str, Any]) -> int:
    piece = select(table.c.id).where(*old).limit(PIECE).scalar_subquery()
    return conn.execute(update(table).where(table.c.id.in_(piece)).values(values)).rowcount


def _sessions(conn: Connection, site_id: int, before: datetime) -> int:
    """Those of persons and visitors that have been over for so long; they are of no site."""
    if site_id != OF_NO_SITE:
        return 0
    over = conn.scalars(
        select(_S.id)
        .where(_S.staff_id.is_(None), func.coalesce(_S.ended_at, _S.expires_at) < before)
        .where(
            *(
                ~select(table.c.id).where(table.c.visitor_id == _S.id).exists()
                for table in (ticket, booking, charger_wait)
            )
        )
        .order_by(_S.id)
        .limit(PIECE)
    ).all()
    if over:
        told = push_subscription.c.session_id.in_(over)
        conn.execute(delete(push_subscription).where(told))
        conn.execute(delete(session).where(_S.id.in_(over)))
    return len(over)


_ROWS: dict[str, Callable[[Connection, int, datetime], int]] = {
    "assignments": _assignments,
    "waits": _waits,
    "tickets": _tickets,
    "bookings": _bookings,
    "places": _places,
    "visits": _visits,
    "sessions": _sessions,
}
