"""Sessions: who a signed-in browser or API client is, and the end of that."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from locker_app.db.statement import Statement
from locker_app.db.tables import session, site, staff, staff_role
from locker_app.db.transaction import Tx
from locker_app.domain.actors import NOBODY, Actor, ActorKind, Role
from locker_app.domain.facts import SessionEnded

PERSON_SESSION = timedelta(days=14)
STAFF_SESSION = timedelta(hours=12)
VISITOR_SESSION = timedelta(days=2)
_LASTS = {
    ActorKind.PERSON: PERSON_SESSION,
    ActorKind.STAFF: STAFF_SESSION,
    ActorKind.VISITOR: VISITOR_SESSION,
}

_SESSION = Statement(
    select(session.c.id, session.c.person_id, session.c.staff_id).where(
        session.c.key == bindparam("key"),
        session.c.ended_at.is_(None),
        session.c.expires_at > bindparam("now"),
    )
)
_ROLES = Statement(
    select(staff_role.c.site_id, staff_role.c.role)
    .join(staff, staff.c.id == staff_role.c.staff_id)
    .where(staff_role.c.staff_id == bindparam("staff_id"), staff.c.disabled_at.is_(None))
    .order_by(staff_role.c.id)
)
_NAMES_AT = Statement(select(site.c.id).where(site.c.viewers_see_names.is_(True)))


def key_of(opaque_id: str) -> str:
    """What the session table keeps of the opaque id in a token."""
    return hashlib.sha256(opaque_id.encode()).hexdigest()


def identify(conn: Connection, session_key: str, now: datetime) -> Actor:
    """Who acts in this session at `now`; nobody when it is unknown, ended or expired."""
    row = _SESSION.first(conn, key=session_key, now=now)
    if row is None:
        return NOBODY
    if row.person_id is not None:
        return Actor(ActorKind.PERSON, row.person_id, row.id)
    if row.staff_id is None:
        return Actor(ActorKind.VISITOR, row.id, row.id)
    return staff_actor(conn, row.staff_id, row.id)


def staff_actor(conn: Connection, staff_id: int, session_id: int | None = None) -> Actor:
    """A staff member with what the roles held give; nothing while the account is disabled."""
    held = tuple((r.site_id, Role(r.role)) for r in _ROLES.rows(conn, staff_id=staff_id))
    names_at = frozenset[int]()
    if any(role is Role.VIEWER for _, role in held):
        names_at = frozenset(row.id for row in _NAMES_AT.rows(conn))
    return Actor(ActorKind.STAFF, staff_id, session_id, held, names_at)


def open_session(
    tx: Tx,
    now: datetime,
    session_key: str,
    *,
    person_id: int | None = None,
    staff_id: int | None = None,
) -> int:
    """Start a session of a person, of a staff member, or of a browser that is neither; its id."""
    kind = ActorKind.PERSON if person_id is not None else ActorKind.STAFF
    lasts = _LASTS[ActorKind.VISITOR if person_id is None and staff_id is None else kind]
    result = tx.conn.execute(
        insert(session).values(
            key=session_key,
            person_id=person_id,
            staff_id=staff_id,
            created_at=now,
            expires_at=now + lasts,
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    return key[0]


def sign_out(tx: Tx, actor: Actor, now: datetime) -> bool:
    """End the session that asks for it; false when there was none."""
    return actor.session_id is not None and _end(tx, actor, now, session.c.id == actor.session_id)


def sign_out_everywhere(tx: Tx, actor: Actor, now: datetime) -> bool:
    """End all sessions of whoever asks for it; false when there was none."""
    if actor.kind is ActorKind.PERSON:
        return _end(tx, actor, now, session.c.person_id == actor.id)
    if actor.kind is ActorKind.STAFF:
        return _end(tx, actor, now, session.c.staff_id == actor.id)
    return sign_out(tx, actor, now)


def renew(tx: Tx, actor: Actor, now: datetime) -> datetime | None:
    """Put off the end of the session in use, as nobody wants to be signed out while working.

    Returns:
        The new end, or None when nobody is signed in.
    """
    if actor.session_id is None:
        return None
    end = now + _LASTS[actor.kind]
    tx.conn.execute(update(session).where(session.c.id == actor.session_id).values(expires_at=end))
    return end


def end_sessions_of_person(tx: Tx, actor: Actor, now: datetime, person_id: int) -> bool:
    """End all sessions of a person, because `actor` reset what they sign in with."""
    return _end(tx, actor, now, session.c.person_id == person_id)


def end_sessions(tx: Tx, actor: Actor, now: datetime, which: ColumnElement[bool]) -> bool:
    """End the sessions that meet a condition, because `actor` changed what they stand on."""
    return _end(tx, actor, now, which)


def _end(tx: Tx, actor: Actor, now: datetime, which: object) -> bool:
    ended = tx.conn.execute(
        update(session)
        .where(which, session.c.ended_at.is_(None))  # pyright: ignore[reportArgumentType]
        .values(ended_at=now)
        .returning(session.c.id, session.c.person_id, session.c.staff_id)
    ).all()
    for session_id, person_id, staff_id in ended:
        fact = SessionEnded(
            site_id=None, session_id=session_id, person_id=person_id, staff_id=staff_id
        )
        tx.record(fact, actor, now)
    return bool(ended)
