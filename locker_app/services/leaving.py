"""People who leave: archived, back from the archive, changed, or erased.

Whoever leaves holds nothing any more. On PostgreSQL the person's row is locked first: commands that
give them something lock it as well, and wait, or are waited for.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from locker_app.db.tables import (
    assignment,
    bank,
    booking,
    event,
    locker,
    people_import_row,
    person,
    push_subscription,
    request,
    session,
    ticket,
    wait,
)
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.errors import NotFound, NumberTaken, PersonMoved, StillHolds
from locker_app.domain.facts import (
    PersonArchived,
    PersonChanged,
    PersonErased,
    PersonUnarchived,
)
from locker_app.domain.lockers import WaitOutcome, label
from locker_app.domain.people import (
    ERASED_NAME,
    check_name,
    check_reason,
    check_typed,
    normalise_number,
    search_key,
    tombstone,
    version_of,
)
from locker_app.services import (
    cards,
    charger_leaving,
    confirm_rows,
    holds,
    lines,
    lockers,
    visits,
)
from locker_app.services.ids import Flag, Id, Text
from locker_app.services.people import check_manages
from locker_app.services.sessions import end_sessions_of_person
from locker_app.services.tickets import withdraw

_P = person.c


def change_person(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    person_id: Id,
    number: Text,
    name: Text,
    accessible: Flag,
    near_last: Flag,
    version: Text = "",
) -> bool:
    """Change what is known of a person; whether anything did. With the version of what was seen,
    only while it still is.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
        PersonMoved: somebody else was quicker.
        NumberTaken: somebody else has the number.
    """
    check_manages(actor)
    row = _lock(tx, person_id)
    if version and version != version_of(row.number, row.name, row.accessible, row.near_last):
        raise PersonMoved
    if name != row.name:  # one from before names had rules may stay
        name = check_name(name)
    wanted = {
        "number": normalise_number(number),
        "name": name,
        "accessible": accessible,
        "near_last": near_last,
    }
    changed = [field for field, value in wanted.items() if getattr(row, field) != value]
    if not changed:
        return False
    other = select(_P.id).where(_P.number == wanted["number"], _P.id != person_id)
    if tx.conn.scalar(other) is not None:
        raise NumberTaken
    values = {**wanted, "name_key": search_key(name)}
    tx.conn.execute(update(person).where(_P.id == person_id).values(values))
    fact = PersonChanged(site_id=None, person_id=person_id, changed=", ".join(changed))
    tx.record(fact, actor, now)
    return True


def archive_person(
    tx: Tx, actor: Actor, now: datetime, *, person_id: Id, release: Flag = False, reason: Text = ""
) -> bool:
    """Let a person sign in no more; false when it is so already. Their places in lines end.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        StillHolds: they have a locker or a charging spot, and it is not to be released.
        ReasonNeeded: it is, and it isn't said why.
    """
    check_manages(actor)
    row = _lock(tx, person_id)
    if row.archived_at is not None:
        return False
    tx.conn.execute(update(person).where(_P.id == person_id).values(archived_at=now))
    _let_all_go(tx, actor, now, person_id, release=release, reason=reason)
    end_sessions_of_person(tx, actor, now, person_id)
    tx.record(PersonArchived(site_id=None, person_id=person_id), actor, now)
    return True


def unarchive_person(tx: Tx, actor: Actor, now: datetime, *, person_id: Id) -> bool:
    """Let a person sign in again; false when they may.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    check_manages(actor)
    if _lock(tx, person_id).archived_at is None:
        return False
    tx.conn.execute(update(person).where(_P.id == person_id).values(archived_at=None))
    tx.record(PersonUnarchived(site_id=None, person_id=person_id), actor, now)
    return True


def erase_person(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    person_id: Id,
    typed: Text | None = None,
    release: Flag = False,
    reason: Text = "",
) -> bool:
    """Take out of the database all that says who somebody was. What happened stays, and is nobody's
    that anybody could name.

    Args:
        typed: the number that was typed to say who is meant; None where it was named by it.

    Raises:
        BadInput: it is not their number.
        Otherwise as `archive_person`.
    """
    check_manages(actor)
    row = _lock(tx, person_id)
    check_typed(typed, row.number)
    archived = func.coalesce(_P.archived_at, now)
    tx.conn.execute(update(person).where(_P.id == person_id).values(archived_at=archived))
    _let_all_go(tx, actor, now, person_id, release=release, reason=reason)
    end_sessions_of_person(tx, actor, now, person_id)
    tx.record(PersonErased(site_id=None, person_id=person_id), actor, now)
    cards.erase_cards(tx.conn, person_id)
    theirs = select(session.c.id).where(session.c.person_id == person_id)
    for gone in (
        delete(push_subscription).where(push_subscription.c.session_id.in_(theirs)),
        delete(session).where(session.c.person_id == person_id),
        delete(request).where(request.c.actor == f"{ActorKind.PERSON.value}:{person_id}"),
        delete(people_import_row).where(people_import_row.c.number == row.number),
        delete(people_import_row).where(people_import_row.c.said == row.number),
        update(ticket).where(ticket.c.person_id == person_id).values(question="", note=""),
        update(booking).where(booking.c.person_id == person_id).values(shown_as=""),
        update(event)
        .where(event.c.person_id == person_id, event.c.reason.is_not(None))
        .values(reason=None),
        update(person)
        .where(_P.id == person_id)
        .values(
            number=tombstone(person_id),
            name=ERASED_NAME,
            name_key="",
            pin_hash=None,
            failed_tries=0,
            locked_until=None,
            accessible=False,
            near_last=False,
            erased_at=now,
        ),
    ):
        tx.conn.execute(gone)
    return True


def _lock(tx: Tx, person_id: int) -> Any:
    row = tx.conn.execute(
        select(_P.number, _P.name, _P.accessible, _P.near_last, _P.archived_at)
        .where(_P.id == person_id, _P.erased_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("This person does not exist, or no longer.")
    return row


def _let_all_go(
    tx: Tx, actor: Actor, now: datetime, person_id: int, *, release: bool, reason: str
) -> None:
    """End all that a person has: first the places in lines, so that no door and no spot is offered
    to them again, then the lockers and charging spots."""
    a = assignment.c
    claims = tx.conn.execute(
        select(a.id, a.assigned_at, locker.c.number, bank.c.prefix)
        .join(locker, locker.c.id == a.locker_id)
        .join(bank, bank.c.id == a.bank_id)
        .where(a.person_id == person_id, a.released_at.is_(None))
        .order_by(a.id)
    ).all()
    spots = charger_leaving.spots_of_person(tx, now, person_id)
    if (claims or spots) and not release:
        had = [label(claim.prefix, claim.number) for claim in claims]
        raise StillHolds(", ".join([*had, *(f"charging spot {name}" for name in spots)]))
    reason = check_reason(reason) if claims or spots else ""
    for end_theirs in (visits.end_of_person, cards.end_of_person, confirm_rows.end_of_person):
        end_theirs(tx, actor, now, person_id)
    charger_leaving.let_go(tx, actor, now, person_id, reason)
    waits = select(wait.c.id).where(wait.c.person_id == person_id, wait.c.ended_at.is_(None))
    for wait_id in tx.conn.scalars(waits.order_by(wait.c.id)).all():
        mine = {"this_id": wait_id, "who": person_id}
        holds.end_wait(tx, actor, now, WaitOutcome.LEFT, holds.OWN_WAIT, **mine)
    for claim in claims:
        lockers.release_claim(
            tx, actor, now, claim.id, given=claim.assigned_at is not None, reason=reason
        )
    open_tickets = (
        select(ticket.c.id, ticket.c.queue_id)
        .where(ticket.c.person_id == person_id, ticket.c.ended_at.is_(None))
        .order_by(ticket.c.queue_id, ticket.c.id)
    )
    for row in tx.conn.execute(open_tickets).all():
        lines.lock(tx, now, row.queue_id)
        withdraw(tx, actor, now, row.id)
