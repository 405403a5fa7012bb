"""Reads about staff accounts: all of them for admins, an invitation for whoever has the link."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from locker_app.db.tables import invitation, sign_in, staff, staff_role
from locker_app.domain.actors import Role
from locker_app.domain.staff import account_version

_S, _I = staff.c, invitation.c


@dataclass(frozen=True, slots=True)
class Account:
    """A staff account, as admins see it."""

    id: int
    login: str
    name: str
    disabled_at: datetime | None
    waits: bool
    """Whether no password has been chosen yet."""
    invited_until: datetime | None
    """Until when a link that was sent works."""
    roles: list[tuple[int | None, Role]]
    sign_ins: list[tuple[datetime, str]]
    """When and from where they signed in last, the newest first."""

    @property
    def version(self) -> str:
        """What stands for the account as it is shown."""
        return account_version(self.name, [(site_id, role.value) for site_id, role in self.roles])


def accounts_of_staff(conn: Connection, now: datetime) -> list[Account]:
    """All staff accounts, by name."""
    roles: dict[int, list[tuple[int | None, Role]]] = defaultdict(list)
    for row in conn.execute(select(staff_role).order_by(staff_role.c.id)):
        roles[row.staff_id].append((row.site_id, Role(row.role)))
    signed = sign_ins(conn)
    links = select(_I.staff_id, _I.expires_at).where(_I.used_at.is_(None), _I.expires_at > now)
    until = {row.staff_id: row.expires_at for row in conn.execute(links.order_by(_I.id))}
    rows = conn.execute(select(_S.id, _S.login, _S.name, _S.disabled_at, _S.password_hash))
    made = [
        Account(
            row.id,
            row.login,
            row.name,
            row.disabled_at,
            row.password_hash == "",
            until.get(row.id),
            roles[row.id],
            signed[row.id],
        )
        for row in rows
    ]
    return sorted(made, key=lambda account: (account.name.casefold(), account.id))


def sign_ins(
    conn: Connection, staff_id: int | None = None
) -> defaultdict[int, list[tuple[datetime, str]]]:
    """When and from where staff signed in last, the newest first."""
    found: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    kept = select(sign_in).order_by(sign_in.c.id.desc())
    if staff_id is not None:
        kept = kept.where(sign_in.c.staff_id == staff_id)
    for row in conn.execute(kept):
        found[row.staff_id].append((row.at, row.address))
    return found


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link invites, for whoever has it."""

    invitation_id: int
    staff_id: int
    login: str
    name: str


def invited_by(conn: Connection, key: str, now: datetime) -> Invited | None:
    """Whom the link with this key invites; None when it works no more, or never did."""
    row = conn.execute(
        select(_I.id, _I.staff_id, _S.login, _S.name)
        .join(staff, _S.id == _I.staff_id)
        .where(_I.key == key, _I.used_at.is_(None), _I.expires_at > now)
        .where(_S.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else Invited(*row)
