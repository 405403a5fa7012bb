"""Commands on staff accounts: make one, its roles, invitations, passwords, disable and enable.

Whatever could leave nobody who may do this locks the admins of all sites first, and counts them
once more at the end of it: of two admins who demote each other at once, the second is refused.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import invitation, session, sign_in, site, staff, staff_role
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind, Right, Role
from locker_app.domain.errors import (
    BadInput,
    InvitationOver,
    LastAdmin,
    NotFound,
    NotSignedIn,
    RulesChanged,
)
from locker_app.domain.facts import (
    StaffAdded,
    StaffChanged,
    StaffDisabled,
    StaffEnabled,
    StaffInvited,
    StaffPasswordSet,
    StaffSignedIn,
)
from locker_app.domain.staff import (
    INVITATION_LASTS,
    SIGN_INS_KEPT,
    RoleAt,
    account_version,
    check_login,
    check_roles,
    check_staff_name,
)
from locker_app.queries.staff import invited_by
from locker_app.services.ids import Flag, Id, Text
from locker_app.services.sessions import end_sessions, open_session, staff_actor

__all__ = [
    "RoleAt",
    "accept_invitation",
    "change_account",
    "change_password",
    "create_account",
    "disable_account",
    "enable_account",
    "invite",
    "set_staff_password",
]

_S, _R, _I = staff.c, staff_role.c, invitation.c
Roles = list[RoleAt]


def create_account(
    tx: Tx, actor: Actor, now: datetime, *, login: Text, name: Text, roles: Roles
) -> int:
    """Make a staff account, which nobody can use until it is invited; its id.

    Raises:
        NotSignedIn, NotAllowed: as the words say; it takes the right at all sites.
        BadInput: a value can't be, or there is an account of this login.
    """
    _require(tx.conn, actor)
    login, name = check_login(login), check_staff_name(name)
    wanted = _check_roles(tx.conn, roles)
    add = sqlite.insert if tx.conn.dialect.name == "sqlite" else postgresql.insert
    new = add(staff).values(
        login=login, name=name, password_hash="", failed_tries=0, created_at=now
    )
    staff_id = tx.conn.execute(new.on_conflict_do_nothing().returning(_S.id)).scalar_one_or_none()
    if staff_id is None:
        raise BadInput("There is an account of this name already.", field="login")
    _give(tx.conn, staff_id, wanted)
    for at in wanted:
        fact = StaffAdded(site_id=at.site_id, staff_id=staff_id, role=at.role.value)
        tx.record(fact, actor, now)
    return staff_id


def change_account(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    staff_id: Id,
    name: Text,
    roles: Roles,
    version: Text = "",
) -> bool:
    """Give an account this name and these roles; whether that changes anything. With other roles
    its sessions end. With the version that was seen, only while it is still that.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
        RulesChanged: the account is another by now.
        LastAdmin: there would be no admin of all sites any more.
    """
    _lock_admins(tx.conn)
    _require(tx.conn, actor)
    row = _lock(tx.conn, staff_id)
    name = check_staff_name(name)
    wanted = _check_roles(tx.conn, roles)
    here = select(_R.site_id, _R.role).where(_R.staff_id == staff_id)
    before = [(at.site_id, at.role) for at in tx.conn.execute(here)]
    if version and version != account_version(row.name, before):
        raise RulesChanged
    after = [(at.site_id, at.role.value) for at in wanted]
    changed = ["name"] if name != row.name else []
    if _sorted(before) != _sorted(after):
        changed.append("roles")
    if not changed:
        return False
    tx.conn.execute(update(staff).where(_S.id == staff_id).values(name=name))
    if "roles" in changed:
        tx.conn.execute(delete(staff_role).where(_R.staff_id == staff_id))
        _give(tx.conn, staff_id, wanted)
        _require_an_admin(tx.conn)
    _changed(tx, actor, now, staff_id, ", ".join(changed))
    if "roles" in changed:
        end_sessions(tx, actor, now, session.c.staff_id == staff_id)
    return True


def disable_account(tx: Tx, actor: Actor, now: datetime, *, staff_id: Id) -> bool:
    """Let an account sign in no more: its sessions and links end; whether that changes anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        LastAdmin: there would be no admin of all sites any more.
    """
    _lock_admins(tx.conn)
    _require(tx.conn, actor)
    if _lock(tx.conn, staff_id).disabled_at is not None:
        return False
    tx.conn.execute(update(staff).where(_S.id == staff_id).values(disabled_at=now))
    _require_an_admin(tx.conn)
    tx.record(StaffDisabled(site_id=None, staff_id=staff_id), actor, now)
    _end_links(tx.conn, now, staff_id)
    end_sessions(tx, actor, now, session.c.staff_id == staff_id)
    return True


def enable_account(tx: Tx, actor: Actor, now: datetime, *, staff_id: Id) -> bool:
    """Let a disabled account sign in again; whether that changes anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    _require(tx.conn, actor)
    if _lock(tx.conn, staff_id).disabled_at is None:
        return False
    tx.conn.execute(update(staff).where(_S.id == staff_id).values(disabled_at=None))
    tx.record(StaffEnabled(site_id=None, staff_id=staff_id), actor, now)
    return True


def invite(
    tx: Tx, actor: Actor, now: datetime, *, staff_id: Id, key: Text, forget: Flag = False
) -> datetime:
    """Let whoever has a link choose the password of an account, once; until when. Links that were
    sent before work no more. `key` is the hash of what the link has. With `forget`, the password
    that there is works no more either, and sessions end.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say; a disabled account isn't invited.
        LastAdmin: with `forget`, there would be no admin of all sites who can sign in.
    """
    _lock_admins(tx.conn)
    _require(tx.conn, actor)
    row = _lock(tx.conn, staff_id)
    if row.disabled_at is not None:
        raise NotFound("This account is disabled. Enable it first.")
    _end_links(tx.conn, now, staff_id)
    until = now + INVITATION_LASTS
    made = insert(invitation).values(staff_id=staff_id, key=key, created_at=now, expires_at=until)
    new = tx.conn.execute(made).inserted_primary_key
    assert new is not None
    tx.record(StaffInvited(site_id=None, staff_id=staff_id, invitation_id=new[0]), actor, now)
    if forget and row.password_hash:
        tx.conn.execute(update(staff).where(_S.id == staff_id).values(password_hash=""))
        if actor.kind is not ActorKind.SYSTEM:  # at the shell another link can always be made
            _require_an_admin(tx.conn)
        _changed(tx, actor, now, staff_id, "password")
        end_sessions(tx, actor, now, session.c.staff_id == staff_id)
    return until


def accept_invitation(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    key: Text,
    password_hash: Text,
    session_key: Text,
    address: Text,
) -> int:
    """Choose the password of the account that the link with this key invites, and sign in; the
    session's id. All other sessions of the account end.

    Raises:
        InvitationOver: the link was used, is too old, or never was.
    """
    used = update(invitation).where(_I.key == key, _I.used_at.is_(None), _I.expires_at > now)
    known = invited_by(tx.conn, key, now)
    if known is None or tx.conn.execute(used.values(used_at=now)).rowcount == 0:
        raise InvitationOver
    _set_password(tx, actor, now, known.staff_id, password_hash)
    end_sessions(tx, actor, now, session.c.staff_id == known.staff_id)
    return signed_in(tx, actor, now, known.staff_id, session_key, address)


def change_password(tx: Tx, actor: Actor, now: datetime, *, password_hash: Text) -> bool:
    """Give oneself another password. One's other sessions end. The old one was asked for before.

    Raises:
        NotSignedIn: nobody with a staff account.
    """
    if actor.kind is not ActorKind.STAFF or actor.id is None:
        raise NotSignedIn
    _set_password(tx, actor, now, actor.id, password_hash)
    others = (session.c.staff_id == actor.id) & (session.c.id != (actor.session_id or 0))
    end_sessions(tx, actor, now, others)
    return True


def set_staff_password(
    tx: Tx, actor: Actor, now: datetime, *, staff_id: Id, password_hash: Text
) -> bool:
    """Give a staff account a new password: its lock and all its sessions end. For the operator's
    own tools.

    Raises:
        NotFound: no such account.
    """
    _lock(tx.conn, staff_id)
    _set_password(tx, actor, now, staff_id, password_hash)
    end_sessions(tx, actor, now, session.c.staff_id == staff_id)
    return True


def signed_in(
    tx: Tx, actor: Actor, now: datetime, staff_id: int, session_key: str, address: str
) -> int:
    """Open a session of a staff member, and keep when and from where, for a while; its id."""
    session_id = open_session(tx, now, session_key, staff_id=staff_id)
    tx.record(StaffSignedIn(site_id=None, staff_id=staff_id, session_id=session_id), actor, now)
    tx.conn.execute(insert(sign_in).values(staff_id=staff_id, at=now, address=address[:100]))
    newest = select(sign_in.c.id).where(sign_in.c.staff_id == staff_id)
    newest = newest.order_by(sign_in.c.id.desc()).limit(SIGN_INS_KEPT)
    older = (sign_in.c.staff_id == staff_id) & sign_in.c.id.not_in(newest)
    tx.conn.execute(delete(sign_in).where(older))
    return session_id


def forget_old_sign_ins(tx: Tx, actor: Actor, now: datetime) -> int:
    """Delete what is kept of sign-ins that are long ago; how many."""
    return tx.conn.execute(delete(sign_in).where(sign_in.c.at < now - KEEP_SIGN_INS)).rowcount


KEEP_SIGN_INS = timedelta(days=90)


def _require(conn: Connection, actor: Actor) -> None:
    """Whether one may is looked at here once more: meanwhile somebody may have taken it away. The
    system may: that is the operator at the shell."""
    if actor.kind is ActorKind.SYSTEM:
        return
    actor.require_everywhere(Right.MANAGE_STAFF)
    if actor.id is not None:
        staff_actor(conn, actor.id).require_everywhere(Right.MANAGE_STAFF)


def _admins() -> Any:
    """The ids of those who are admins of all sites and can sign in."""
    return (
        select(_S.id)
        .join(staff_role, _R.staff_id == _S.id)
        .where(_R.role == Role.ADMIN.value, _R.site_id.is_(None))
        .where(_S.disabled_at.is_(None), _S.password_hash != "")
    )


def _lock_admins(conn: Connection) -> None:
    conn.execute(_admins().order_by(_S.id).with_for_update(of=staff)).all()


def _require_an_admin(conn: Connection) -> None:
    if not conn.scalar(select(func.count()).select_from(_admins().subquery())):
        raise LastAdmin


def _lock(conn: Connection, staff_id: int) -> Any:
    row = conn.execute(select(staff).where(_S.id == staff_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("This account does not exist, or no longer.")
    return row


def _check_roles(conn: Connection, roles: Roles) -> list[RoleAt]:
    wanted = check_roles(roles)
    known = set(conn.scalars(select(site.c.id)))
    if any(at.site_id not in (None, *known) for at in wanted):
        raise BadInput("This site does not exist, or no longer.", field="roles")
    return wanted


def _give(conn: Connection, staff_id: int, roles: Sequence[RoleAt]) -> None:
    rows = [{"staff_id": staff_id, "site_id": at.site_id, "role": at.role.value} for at in roles]
    conn.execute(insert(staff_role), rows)


def _sorted(roles: list[tuple[int | None, str]]) -> list[tuple[int, str]]:
    return sorted((site_id or 0, role) for site_id, role in roles)


def _set_password(tx: Tx, actor: Actor, now: datetime, staff_id: int, password_hash: str) -> None:
    this = update(staff).where(_S.id == staff_id)
    tx.conn.execute(this.values(password_hash=password_hash, failed_tries=0, locked_until=None))
    tx.record(StaffPasswordSet(site_id=None, staff_id=staff_id), actor, now)


def _end_links(conn: Connection, now: datetime, staff_id: int) -> None:
    open_ones = update(invitation).where(_I.staff_id == staff_id, _I.used_at.is_(None))
    conn.execute(open_ones.values(used_at=now))


def _changed(tx: Tx, actor: Actor, now: datetime, staff_id: int, what: str) -> None:
    tx.record(StaffChanged(site_id=None, staff_id=staff_id, changed=what), actor, now)
