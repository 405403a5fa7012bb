"""Reads about cards: whose they are, which are nobody's, who waits for one, which tap waits for a
PIN. A card's number goes no further than here: what is shown are its last four characters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import bank, card, card_link, person, tap_confirm, terminal
from locker_app.db.types import UtcDateTime
from locker_app.domain.cards import card_tail

__all__ = [
    "CardView",
    "ConfirmView",
    "LinkView",
    "StrangerView",
    "card_tail",
    "cards_of",
    "cards_of_nobody",
    "confirm_of",
    "link_at",
    "link_of",
]

_C, _L, _T = card.c, card_link.c, tap_confirm.c
_PERSON = bindparam("person_id")
_NOW = bindparam("now", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class CardView:
    """A card of somebody's, as they and staff may see it."""

    id: int
    tail: str
    """Its last four characters."""
    label: str
    linked_at: datetime | None
    revoked_at: datetime | None
    seen_at: datetime | None
    seen_where: str | None
    """The name of the terminal at which it was tapped last."""
    verdict: str
    seen_site_id: int | None = None
    """Where that terminal is."""


_SEEN = (
    *(_C.id, _C.number, _C.label, _C.linked_at, _C.revoked_at, _C.seen_at),
    *(terminal.c.name.label("seen_where"), _C.verdict, terminal.c.site_id.label("seen_site_id")),
)
_OF_PERSON = Statement(
    select(*_SEEN)
    .outerjoin(terminal, terminal.c.id == _C.terminal_id)
    .where(_C.person_id == _PERSON)
    .order_by(_C.id)
)


def cards_of(conn: Connection, person_id: int) -> list[CardView]:
    """A person's cards, those that were revoked too, in the order in which they came."""
    return [
        CardView(row.id, card_tail(row.number), *row[2:])
        for row in _OF_PERSON.rows(conn, person_id=person_id)
    ]


@dataclass(frozen=True, slots=True)
class StrangerView:
    """A card that was tapped and is nobody's. For staff who manage people."""

    id: int
    tail: str
    seen_at: datetime | None
    terminal_id: int | None
    seen_where: str | None
    site_id: int | None


_OF_NOBODY = Statement(
    select(
        *(_C.id, _C.number, _C.seen_at, _C.terminal_id),
        *(terminal.c.name.label("seen_where"), terminal.c.site_id),
    )
    .outerjoin(terminal, terminal.c.id == _C.terminal_id)
    .where(_C.person_id.is_(None))
    .order_by(_C.seen_at.desc(), _C.id.desc())
    .limit(bindparam("most"))
)


def cards_of_nobody(conn: Connection, most: int = 50) -> list[StrangerView]:
    """The cards that are nobody's, the last seen first."""
    return [
        StrangerView(row.id, card_tail(row.number), *row[2:])
        for row in _OF_NOBODY.rows(conn, most=most)
    ]


@dataclass(frozen=True, slots=True)
class LinkView:
    """A terminal waits, or has waited, for somebody's card."""

    id: int
    terminal_id: int
    terminal_name: str
    person_id: int
    person_name: str
    until: datetime
    outcome: str | None
    """None while it waits; else `linked`, `cancelled`, `over`, `moved` or `person_left`."""
    card_tail: str | None
    site_id: int
    """Where the terminal is."""


_LINK = (
    select(
        *(_L.id, _L.terminal_id, terminal.c.name.label("terminal_name"), _L.person_id),
        *(person.c.name.label("person_name"), _L.until, _L.outcome, _C.number),
        terminal.c.site_id,
    )
    .join(terminal, terminal.c.id == _L.terminal_id)
    .join(person, person.c.id == _L.person_id)
    .outerjoin(card, _C.id == _L.card_id)
)
_LINK_OF = Statement(_LINK.where(_L.person_id == _PERSON).order_by(_L.id.desc()).limit(1))
_LINK_AT = Statement(
    _LINK.where(_L.terminal_id == bindparam("terminal_id"), _L.ended_at.is_(None), _L.until > _NOW)
)


def link_of(conn: Connection, person_id: int, now: datetime) -> LinkView | None:
    """The terminal that waits for this person's card, or how the last one that did ended, for as
    long as that is kept; None without one."""
    return _link(_LINK_OF.first(conn, person_id=person_id), now)


def link_at(conn: Connection, terminal_id: int, now: datetime) -> LinkView | None:
    """For whose card this terminal waits now; None for nobody's."""
    return _link(_LINK_AT.first(conn, terminal_id=terminal_id, now=now), now)


def _link(row: Any | None, now: datetime) -> LinkView | None:
    if row is None:
        return None
    outcome = "over" if row.outcome is None and row.until <= now else row.outcome
    tail = card_tail(row.number) if row.number else None
    return LinkView(*row[:6], outcome=outcome, card_tail=tail, site_id=row.site_id)


@dataclass(frozen=True, slots=True)
class ConfirmView:
    """A tap that waits for its holder's PIN. For that person alone."""

    id: int
    terminal_id: int
    terminal_name: str
    place: str
    bank_name: str | None
    until: datetime
    card_tail: str


_CONFIRM = Statement(
    select(
        *(_T.id, _T.terminal_id, terminal.c.name.label("terminal_name"), terminal.c.place),
        *(bank.c.name.label("bank_name"), _T.until, _C.number),
    )
    .join(terminal, terminal.c.id == _T.terminal_id)
    .join(card, _C.id == _T.card_id)
    .outerjoin(bank, bank.c.id == terminal.c.bank_id)
    .where(_T.person_id == _PERSON, _T.ended_at.is_(None), _T.until > _NOW)
)


def confirm_of(conn: Connection, person_id: int, now: datetime) -> ConfirmView | None:
    """The tap of a person that waits for their PIN; None without one."""
    row = _CONFIRM.first(conn, person_id=person_id, now=now)
    return None if row is None else ConfirmView(*row[:6], card_tail=card_tail(row.number))
