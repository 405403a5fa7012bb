"""Commands on persons and staff: what a sign-in leads to, PINs, preferences, accounts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import person, staff, staff_role
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind, Right, Role
from locker_app.domain.errors import (
    NotAllowed,
    NotFound,
    NumberLocked,
    NumberTaken,
    PersonArchived,
    PinAlreadyChosen,
)
from locker_app.domain.facts import (
    PersonAdded,
    PersonSignedIn,
    PinChosen,
    PinReset,
    PreferencesChanged,
    Refused,
    StaffAdded,
)
from locker_app.domain.people import (
    Tries,
    check_name,
    check_reason,
    normalise_number,
    search_key,
)
from locker_app.services.ids import Flag, Id, Text
from locker_app.services.sessions import end_sessions_of_person, open_session
from locker_app.services.staff import signed_in

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was opened, or, with `session_id` empty, the secret was wrong."""

    session_id: int | None
    tries_left: int = 0


def check_manages(actor: Actor) -> None:
    """Let pass whoever manages people, and the operator at the shell. People belong to no site, so
    the right is needed at all.

    Raises:
        NotSignedIn, NotAllowed: as `Actor.require_everywhere`.
    """
    if actor.kind is not ActorKind.SYSTEM:
        actor.require_everywhere(Right.MANAGE_PEOPLE)


def settle_person_sign_in(
    tx: Tx, actor: Actor, now: datetime, *, person_id: Id, matched: Flag, session_key: Text
) -> SignedIn:
    """Count a right or wrong PIN; for a right one open a session.

    The lock is looked at here once more, so that guesses sent all at once count one by one.

    Raises:
        NumberLocked: too many wrong ones before this, so the right one doesn't count either.
    """
    left = count_try(tx, now, person, person_id, matched=matched)
    if not matched:
        wrong = Refused(site_id=None, command="sign_in", code="wrong_pin", person_id=person_id)
        tx.record(wrong, actor, now)
        return SignedIn(None, left)
    session_id = open_session(tx, now, session_key, person_id=person_id)
    fact = PersonSignedIn(site_id=None, person_id=person_id, session_id=session_id)
    tx.record(fact, actor, now)
    return SignedIn(session_id)


def settle_staff_sign_in(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    staff_id: Id,
    matched: Flag,
    session_key: Text,
    address: Text = "",
) -> SignedIn:
    """Count a right or wrong password; for a right one open a session.

    Raises:
        NumberLocked: too many wrong ones before this.
    """
    left = count_try(tx, now, staff, staff_id, matched=matched)
    if not matched:
        wrong = Refused(site_id=None, command="sign_in", code="wrong_password", staff_id=staff_id)
        tx.record(wrong, actor, now)
        return SignedIn(None, left)
    return SignedIn(signed_in(tx, actor, now, staff_id, session_key, address))


def count_password(tx: Tx, actor: Actor, now: datetime, *, staff_id: Id, matched: Flag) -> int:
    """Count a right or wrong password that is asked for once more; how many wrong ones may follow.

    Raises:
        NumberLocked: too many wrong ones before this.
    """
    return count_try(tx, now, staff, staff_id, matched=matched)


def choose_first_pin(
    tx: Tx, actor: Actor, now: datetime, *, person_id: Id, pin_hash: Text, session_key: Text
) -> SignedIn:
    """Set the PIN of a person who has none yet, and sign in.

    Raises:
        PinAlreadyChosen: somebody was quicker.
    """
    chosen = tx.conn.execute(
        update(person)
        .where(person.c.id == person_id, person.c.pin_hash.is_(None))
        .where(person.c.archived_at.is_(None))
        .values(pin_hash=pin_hash, failed_tries=0, locked_until=None)
    )
    if chosen.rowcount == 0:
        raise PinAlreadyChosen
    tx.record(PinChosen(site_id=None, person_id=person_id), actor, now)
    session_id = open_session(tx, now, session_key, person_id=person_id)
    tx.record(PersonSignedIn(site_id=None, person_id=person_id, session_id=session_id), actor, now)
    return SignedIn(session_id)


def reset_pin(tx: Tx, actor: Actor, now: datetime, *, number: Text, reason: Text) -> bool:
    """Let a person choose a new PIN: the old one, its lock and all sessions end.

    Raises:
        NotSignedIn, NotAllowed, NotFound, ReasonNeeded: as the words say.
    """
    sites = actor.sites_with(Right.RESET_PIN)
    if actor.kind is not ActorKind.SYSTEM and sites is not None and not sites:
        actor.require(Right.RESET_PIN, 0)
        raise NotAllowed
    reason = check_reason(reason)
    person_id = tx.conn.scalar(
        update(person)
        .where(person.c.number == normalise_number(number))
        .values(pin_hash=None, failed_tries=0, locked_until=None)
        .returning(person.c.id)
    )
    if person_id is None:
        raise NotFound("This enrolment number is not known here.")
    tx.record(PinReset(site_id=None, person_id=person_id, reason=reason), actor, now)
    end_sessions_of_person(tx, actor, now, person_id)
    return True


def change_preferences(
    tx: Tx, actor: Actor, now: datetime, *, accessible: Flag, near_last: Flag
) -> bool:
    """Say which lockers the person who asks prefers; whether anything changed."""
    person_id = actor.require_person()
    p = person.c
    changed = tx.conn.execute(
        update(person)
        .where(p.id == person_id, (p.accessible != accessible) | (p.near_last != near_last))
        .values(accessible=accessible, near_last=near_last)
    )
    if changed.rowcount:
        fact = PreferencesChanged(
            site_id=None, person_id=person_id, accessible=accessible, near_last=near_last
        )
        tx.record(fact, actor, now)
    return bool(changed.rowcount)


def add_person(
    tx: Tx, actor: Actor, now: datetime, *, number: Text, name: Text, accessible: Flag = False
) -> int:
    """Make a person known here; the id.

    Raises:
        NotSignedIn, NotAllowed: people belong to all sites, so it needs the right at all.
        BadInput, NumberTaken: as the words say.
    """
    check_manages(actor)
    name = check_name(name)
    values = {
        "number": normalise_number(number),
        "name": name,
        "name_key": search_key(name),
        "accessible": accessible,
        "created_at": now,
    }
    added = _INSERT[tx.conn.dialect.name](person).values(values).on_conflict_do_nothing()
    person_id = tx.conn.execute(added.returning(person.c.id)).scalar()
    if person_id is None:
        raise NumberTaken
    tx.record(PersonAdded(site_id=None, person_id=person_id), actor, now)
    return person_id


def add_staff(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    login: Text,
    name: Text,
    password_hash: Text,
    role: Role,
    site_id: Id | None = None,
) -> int:
    """Make a staff account with one role; the id. For the operator's own tools."""
    result = tx.conn.execute(
        insert(staff).values(login=login, name=name, password_hash=password_hash, created_at=now)
    )
    staff_id = _new_id(result)
    tx.conn.execute(insert(staff_role).values(staff_id=staff_id, site_id=site_id, role=role.value))
    tx.record(StaffAdded(site_id=site_id, staff_id=staff_id, role=role.value), actor, now)
    return staff_id


def count_try(tx: Tx, now: datetime, table: Table, row_id: int, *, matched: bool) -> int:
    """Count a right or wrong secret of a person or of staff; how many wrong ones may follow.

    Raises:
        NotFound, PersonArchived: as the words say.
        NumberLocked: too many wrong ones before this.
    """
    archived = table.c.archived_at if table is person else null().label("archived_at")
    row = tx.conn.execute(
        select(table.c.failed_tries, table.c.locked_until, archived)
        .where(table.c.id == row_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.archived_at is not None:
        raise PersonArchived
    before = Tries(row.failed_tries, row.locked_until)
    if before.locked(now):
        raise NumberLocked
    after = Tries() if matched else before.after_wrong(now)
    if after != before:
        tx.conn.execute(
            update(table)
            .where(table.c.id == row_id)
            .values(failed_tries=after.failed, locked_until=after.locked_until)
        )
    return 0 if after.locked(now) else after.left


def _new_id(result: Any) -> int:
    key = result.inserted_primary_key
    assert key is not None
    return key[0]
