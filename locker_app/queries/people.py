"""Reads about persons and staff, for themselves or for signing in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import person, staff, staff_role
from locker_app.domain.actors import Role


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person, as the person may see it."""

    id: int
    number: str
    name: str
    accessible: bool
    near_last: bool


_PERSON = Statement(
    select(
        person.c.id, person.c.number, person.c.name, person.c.accessible, person.c.near_last
    ).where(person.c.id == bindparam("person_id"))
)


def person_view(conn: Connection, person_id: int) -> PersonView | None:
    """The person with this id; None when there is none."""
    row = _PERSON.first(conn, person_id=person_id)
    return None if row is None else PersonView(*row)


@dataclass(frozen=True, slots=True)
class StaffView:
    """A staff member with the roles held, as that member may see it."""

    id: int
    login: str
    name: str
    roles: list[tuple[int | None, Role]]


def staff_view(conn: Connection, staff_id: int) -> StaffView | None:
    """The staff member with this id; None when there is none."""
    row = conn.execute(
        select(staff.c.id, staff.c.login, staff.c.name).where(staff.c.id == staff_id)
    ).one_or_none()
    if row is None:
        return None
    roles = conn.execute(
        select(staff_role.c.site_id, staff_role.c.role)
        .where(staff_role.c.staff_id == staff_id)
        .order_by(staff_role.c.id)
    )
    return StaffView(*row, roles=[(site_id, Role(role)) for site_id, role in roles])


@dataclass(frozen=True, slots=True)
class Secret:
    """What a sign-in is checked against."""

    id: int
    hash: str | None
    failed_tries: int
    locked_until: datetime | None
    archived: bool = False


def person_secret(conn: Connection, number: str) -> Secret | None:
    """The PIN hash of an enrolment number in its normal form; None when it is not known."""
    return _secret(conn, person.c.number == number)


def secret_of_person(conn: Connection, person_id: int) -> Secret | None:
    """As `person_secret`, of somebody who has signed in already."""
    return _secret(conn, person.c.id == person_id)


def _secret(conn: Connection, which: ColumnElement[bool]) -> Secret | None:
    p = person.c
    tries = (p.id, p.pin_hash, p.failed_tries, p.locked_until, p.archived_at.is_not(None))
    row = conn.execute(select(*tries).where(which)).one_or_none()
    return None if row is None else Secret(*row)


def staff_secret(conn: Connection, login: str) -> Secret | None:
    """The password hash of a staff login, if one was chosen; None when there is no such account, or
    when it is disabled."""
    s = staff.c
    row = conn.execute(
        select(s.id, s.password_hash, s.failed_tries, s.locked_until).where(
            s.login == login, s.disabled_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return None
    return Secret(row.id, row.password_hash or None, row.failed_tries, row.locked_until)
