"""Commands on cards: linked to people, by a tap at a terminal or from those that are nobody's,
renamed, revoked, forgotten.

A card that was revoked stays known as whose it was, so that it is refused as such; linked again it
is good again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.statement import Statement
from locker_app.db.tables import card, card_link, person, tap_confirm, terminal
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.cards import MAX_CARDS, check_label
from locker_app.domain.errors import (
    BadInput,
    CardTaken,
    LinkOver,
    NotFound,
    TerminalBusy,
    TerminalRevoked,
)
from locker_app.domain.people import check_reason
from locker_app.domain.terminal_facts import (
    CardChanged,
    CardLinked,
    CardRevoked,
    LinkAsked,
    LinkEnded,
)
from locker_app.domain.terminals import LINK_WITHIN
from locker_app.services import card_rows
from locker_app.services.card_keys import card_keys, first_key, make_key
from locker_app.services.ids import Id, Text
from locker_app.services.people import check_manages

__all__ = [
    "ask_link",
    "cancel_link",
    "card_keys",
    "end_of_person",
    "first_key",
    "forget_card",
    "link_card",
    "link_tapped",
    "make_key",
    "rename_card",
    "revoke_card",
    "run_links",
]

KEEP_ENDED = timedelta(days=1)
"""How long it is kept how a wait for a card, or for a PIN, has ended."""
KEEP_STRANGERS = timedelta(days=30)
"""How long a card is kept that is nobody's and was not tapped again."""
BATCH = 200

_C, _L, _T = card.c, card_link.c, tap_confirm.c
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_NEXT = Statement(select(func.min(_L.until)).where(_L.ended_at.is_(None)))


def ask_link(
    tx: Tx, actor: Actor, now: datetime, *, person_id: Id, terminal_id: Id, label: Text = ""
) -> int:
    """Let a terminal wait for the card of a person: the next one that is tapped there is theirs.
    The id of that wait, which is over after two minutes. One elsewhere for the same person ends.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
        TerminalRevoked: this terminal may not speak any more.
        TerminalBusy: it waits for somebody else's card.
    """
    check_manages(actor)
    label = check_label(label)
    _lock_holder(tx.conn, person_id)
    site_id = _terminal(tx.conn, terminal_id)
    _end(tx, SYSTEM, now, "over", _L.terminal_id == terminal_id, _L.until <= now)
    _end(tx, actor, now, "moved", _L.person_id == person_id)
    until = now + LINK_WITHIN
    asked = (
        _INSERT[tx.conn.dialect.name](card_link)
        .values(terminal_id=terminal_id, person_id=person_id, label=label, made_at=now, until=until)
        .on_conflict_do_nothing()
        .returning(_L.id)
    )
    link_id = tx.conn.execute(asked).scalar()
    if link_id is None:
        raise TerminalBusy
    fact = LinkAsked(site_id=site_id, terminal_id=terminal_id, person_id=person_id, until=until)
    tx.record(fact, actor, now)
    return link_id


def cancel_link(tx: Tx, actor: Actor, now: datetime, *, person_id: Id) -> bool:
    """Let no terminal wait for the card of a person any more.

    Raises:
        NotSignedIn, NotAllowed: as the words say.
        LinkOver: none does.
    """
    check_manages(actor)
    if not _end(tx, actor, now, "cancelled", _L.person_id == person_id):
        raise LinkOver
    return True


def link_card(
    tx: Tx, actor: Actor, now: datetime, *, card_id: Id, person_id: Id, label: Text = ""
) -> bool:
    """Let a card that was tapped somewhere be a person's; false when it is so already.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
        CardTaken: it is somebody else's.
    """
    check_manages(actor)
    label = check_label(label)
    _lock_holder(tx.conn, person_id)
    row = _card(tx.conn, card_id)
    if row.person_id == person_id and row.revoked_at is None:
        return False
    _check_free(tx.conn, row, person_id)
    _link(tx, actor, now, card_id, person_id, label)
    return True


def revoke_card(tx: Tx, actor: Actor, now: datetime, *, card_id: Id, reason: Text = "") -> bool:
    """Let a card open nothing any more, from now on; false when it is so already.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say; those of nobody can't be.
    """
    check_manages(actor)
    why = check_reason(reason) if reason.strip() else None
    row = _card(tx.conn, card_id)
    if row.person_id is None:
        raise NotFound("This card is nobody's: there is nothing to revoke.")
    this = update(card).where(_C.id == card_id, _C.revoked_at.is_(None))
    if tx.conn.execute(this.values(revoked_at=now)).rowcount == 0:
        return False
    tx.record(CardRevoked(site_id=None, person_id=row.person_id, reason=why), actor, now)
    return True


def rename_card(tx: Tx, actor: Actor, now: datetime, *, card_id: Id, label: Text) -> bool:
    """Call a card something else; whether that changes anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
    """
    check_manages(actor)
    label = check_label(label)
    row = _card(tx.conn, card_id)
    if row.person_id is None:
        raise NotFound("This card is nobody's: link it first.")
    if row.label == label:
        return False
    tx.conn.execute(update(card).where(_C.id == card_id).values(label=label))
    tx.record(CardChanged(site_id=None, person_id=row.person_id), actor, now)
    return True


def forget_card(tx: Tx, actor: Actor, now: datetime, *, card_id: Id) -> bool:
    """Forget a card that is nobody's, until it is tapped again; false when it is gone.

    Raises:
        NotSignedIn, NotAllowed: as the words say.
        CardTaken: it is somebody's by now.
    """
    check_manages(actor)
    whose = tx.conn.execute(select(_C.person_id).where(_C.id == card_id)).first()
    if whose is None:
        return False
    if whose.person_id is not None:
        raise CardTaken("This card is somebody's by now.")
    gone = delete(card).where(_C.id == card_id, _C.person_id.is_(None))
    return tx.conn.execute(gone).rowcount == 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """The card of somebody that a terminal waits for."""

    link_id: int
    site_id: int
    terminal_id: int
    person_id: int
    label: str


def link_tapped(
    tx: Tx, actor: Actor, now: datetime, wanted: Wanted, number: str, row: Any | None
) -> Any:
    """Link the card that was just tapped where somebody's was waited for; the card's row. `row` is
    that as it is known, if it is, and its new holder is locked.

    Raises:
        CardTaken: it is somebody else's, and goes on being waited for.
        BadInput: they have too many.
        LinkOver: it is not waited for any more.
    """
    if row is None:
        card_rows.add(tx.conn, now, number)
        row = card_rows.find(tx.conn, [number])
        assert row is not None
    _check_free(tx.conn, row, wanted.person_id)
    ended = (
        update(card_link)
        .where(_L.id == wanted.link_id, _L.ended_at.is_(None), _L.until > now)
        .values(ended_at=now, outcome="linked", card_id=row.id)
    )
    if tx.conn.execute(ended).rowcount == 0:
        raise LinkOver
    at = {"site_id": wanted.site_id, "terminal_id": wanted.terminal_id}
    _link(tx, actor, now, row.id, wanted.person_id, wanted.label, **at)
    fact = LinkEnded(person_id=wanted.person_id, outcome="linked", **at)
    tx.record(fact, actor, now)
    return row


def run_links(tx: Tx, now: datetime) -> int:
    """End the waits for cards whose time is over; how many."""
    return _end(tx, SYSTEM, now, "over", _L.until <= now)


def next_deadline(conn: Connection) -> datetime | None:
    """When a wait for a card is over next."""
    return _NEXT.value(conn)


def end_of_person(tx: Tx, actor: Actor, now: datetime, person_id: int) -> None:
    """No terminal waits for the card of somebody who is archived or erased."""
    _end(tx, actor, now, "person_left", _L.person_id == person_id)


def erase_cards(conn: Connection, person_id: int) -> None:
    """Forget the cards of somebody who is erased, and all that names them."""
    theirs = select(_C.id).where(_C.person_id == person_id).scalar_subquery()
    for gone in (
        delete(tap_confirm).where((_T.person_id == person_id) | _T.card_id.in_(theirs)),
        delete(card_link).where((_L.person_id == person_id) | _L.card_id.in_(theirs)),
        delete(card).where(_C.person_id == person_id),
    ):
        conn.execute(gone)


def forget_ended(conn: Connection, now: datetime) -> int:
    """Forget how waits for cards and PINs ended a while ago, and cards of nobody that were not
    seen since; how many."""
    before = now - KEEP_ENDED
    old = now - KEEP_STRANGERS
    return sum(
        conn.execute(gone).rowcount
        for gone in (
            delete(card_link).where(_L.ended_at < before),
            delete(tap_confirm).where(_T.ended_at < before),
            delete(card).where(_C.person_id.is_(None), _C.seen_at < old),
        )
    )


def _check_free(conn: Connection, row: Any, person_id: int) -> None:
    """Let pass only a card that may become, or is, this person's."""
    if row.revoked_at is None and row.person_id == person_id:
        return
    if row.revoked_at is None and row.person_id is not None:
        raise CardTaken
    in_use = select(func.count()).where(_C.person_id == person_id, _C.revoked_at.is_(None))
    if (conn.scalar(in_use) or 0) >= MAX_CARDS:
        raise BadInput(f"One person has {MAX_CARDS} cards at most. Revoke one first.")


def _link(
    tx: Tx,
    actor: Actor,
    now: datetime,
    card_id: int,
    person_id: int,
    label: str,
    *,
    site_id: int | None = None,
    terminal_id: int | None = None,
) -> None:
    linked = {"person_id": person_id, "label": label, "linked_at": now, "revoked_at": None}
    anew = {"verdict": "", "answer": {}, "assignment_id": None}
    tx.conn.execute(update(card).where(_C.id == card_id).values(**linked, **anew))
    fact = CardLinked(site_id=site_id, person_id=person_id, terminal_id=terminal_id)
    tx.record(fact, actor, now)


def _lock_holder(conn: Connection, person_id: int) -> None:
    """A person who may have cards, held until the transaction ends.

    Raises:
        NotFound: no such person, or they are archived.
    """
    p = person.c
    this = select(p.archived_at, p.erased_at).where(p.id == person_id)
    row = conn.execute(this.with_for_update(key_share=True)).one_or_none()
    if row is None or row.archived_at is not None or row.erased_at is not None:
        raise NotFound("This person does not exist, or is not in use any more.")


def _terminal(conn: Connection, terminal_id: int) -> int:
    """Where the terminal is, when it may speak."""
    t = terminal.c
    this = select(t.site_id, t.revoked_at, t.archived_at).where(t.id == terminal_id)
    row = conn.execute(this).one_or_none()
    if row is None or row.archived_at is not None:
        raise NotFound("This terminal does not exist, or no longer.")
    if row.revoked_at is not None:
        raise TerminalRevoked
    return row.site_id


def _card(conn: Connection, card_id: int) -> Any:
    this = select(_C.id, _C.person_id, _C.label, _C.revoked_at).where(_C.id == card_id)
    row = conn.execute(this.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound("This card does not exist, or no longer.")
    return row


def _end(tx: Tx, actor: Actor, now: datetime, outcome: str, *which: ColumnElement[bool]) -> int:
    """End waits for cards; how many."""
    due = select(_L.id).where(_L.ended_at.is_(None), *which).order_by(_L.id).limit(BATCH)
    ended = tx.conn.execute(
        update(card_link)
        .where(_L.id.in_(due.scalar_subquery()), _L.ended_at.is_(None))
        .values(ended_at=now, outcome=outcome)
        .returning(_L.terminal_id, _L.person_id)
    ).all()
    for row in ended:
        site_id = tx.conn.scalar(select(terminal.c.site_id).where(terminal.c.id == row.terminal_id))
        fact = LinkEnded(
            site_id=site_id,
            terminal_id=row.terminal_id,
            person_id=row.person_id,
            outcome=outcome,
        )
        tx.record(fact, actor, now)
    return len(ended)
