"""Rows of cards: found by any of the keys by which terminals hash them, seen, linked, forgotten.

On PostgreSQL a card's person is locked before the card, as by whoever archives or erases them; so
all that is done with one person's cards happens one after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.statement import Statement
from locker_app.db.tables import card, person, terminal
from locker_app.domain.cards import MAX_OF_NOBODY

_C, _P = card.c, person.c
_NUMBERS = 4
_ROW = (
    select(
        *(_C.id, _C.number, _C.person_id, _C.revoked_at, _C.seen_at, _C.terminal_id),
        *(_C.verdict, _C.answer, _C.assignment_id, terminal.c.site_id.label("seen_site_id")),
        *(_P.archived_at, _P.pin_hash.is_not(None).label("has_pin")),
    )
    .outerjoin(person, _P.id == _C.person_id)
    .outerjoin(terminal, terminal.c.id == _C.terminal_id)
    .where(_C.number.in_([bindparam(f"number_{n}") for n in range(_NUMBERS)]))
)
_FIND = Statement(_ROW)
_FIND_LOCKED = Statement(_ROW.with_for_update(key_share=True, of=card))
_LOCK_PERSON = Statement(
    select(_P.id).where(_P.id == bindparam("person_id")).with_for_update(key_share=True)
)
_NEW = ("number", "label", "created_at", "seen_at", "verdict", "answer")
_ADD = {
    name: Statement(make(card).values({c: bindparam(c) for c in _NEW}).on_conflict_do_nothing())
    for name, make in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_SEE = Statement(
    update(card)
    .where(_C.id == bindparam("card_id"))
    .values(
        {
            c: bindparam(c)
            for c in ("number", "seen_at", "terminal_id", "verdict", "answer", "assignment_id")
        }
    )
)


def lock_person(conn: Connection, person_id: int) -> bool:
    """Hold off others who do something with a person's cards, archive or erase them; whether there
    is such a person."""
    return _LOCK_PERSON.first(conn, person_id=person_id) is not None


def find(conn: Connection, numbers: Sequence[str]) -> Any | None:
    """The card that has one of these numbers, held until the transaction ends; None when it was
    never seen. Of several somebody's, then the one by the newest key."""
    row = _first(_FIND.rows(conn, **_named(numbers)), numbers)
    if row is None or conn.dialect.name == "sqlite":
        return row
    if row.person_id is not None:
        lock_person(conn, row.person_id)
    locked = _first(_FIND_LOCKED.rows(conn, **_named(numbers)), numbers)
    if locked is not None and locked.person_id not in (None, row.person_id):
        return find(conn, numbers)  # it was linked to somebody else at this very moment
    return locked


def add(conn: Connection, now: datetime, number: str) -> None:
    """Know a card as nobody's, unless it is known; the last seen of them are kept."""
    new = {"number": number, "created_at": now, "seen_at": now}
    new |= {"label": "", "verdict": "", "answer": {}}
    if _ADD[conn.dialect.name].count(conn, **new):
        forget_beyond(conn, MAX_OF_NOBODY)


def see(conn: Connection, row: Any, number: str, **seen: Any) -> None:
    """Note when and where a card was tapped last and what came of it, and let it go by the number
    of the newest key from now on."""
    if number != row.number:
        conn.execute(
            delete(card).where(_C.number == number, _C.person_id.is_(None), _C.id != row.id)
        )
        taken = conn.scalar(select(_C.id).where(_C.number == number))
        number = number if taken is None else row.number
    _SEE.count(conn, card_id=row.id, number=number, **seen)


def forget_beyond(conn: Connection, most: int) -> int:
    """Forget the cards of nobody that were seen longest ago, but for so many; how many."""
    old = (
        select(_C.id)
        .where(_C.person_id.is_(None))
        .order_by(_C.seen_at.desc(), _C.id.desc())
        .offset(most)
        .limit(-1 if conn.dialect.name == "sqlite" else None)
    )
    return conn.execute(delete(card).where(_C.id.in_(old.scalar_subquery()))).rowcount


def _first(rows: Sequence[Any], numbers: Sequence[str]) -> Any | None:
    turn = {number: n for n, number in reversed(list(enumerate(numbers)))}
    return min(rows, key=lambda row: (row.person_id is None, turn[row.number]), default=None)


def _named(numbers: Sequence[str]) -> dict[str, str]:
    return {f"number_{n}": numbers[min(n, len(numbers) - 1)] for n in range(_NUMBERS)}
