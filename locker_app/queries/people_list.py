"""Reads of people for staff: a page of the list, found by number or name, and one person.

A page is found by the index that it is ordered by and begins where the last one ended, so that it
costs the same among a hundred thousand.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, tuple_

from locker_app.db.tables import person
from locker_app.domain.people import search_key

PAGE = 50
MAX_PAGE = 200
_P = person.c
_LAST = "\U0010ffff"
"""After all that can follow the beginning of a text."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in the list."""

    id: int
    number: str
    name: str
    name_key: str
    accessible: bool
    has_pin: bool
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class After:
    """Where a page ended."""

    key: str
    id: int


def people_page(
    conn: Connection,
    text: str = "",
    *,
    archived: bool = False,
    without_pin: bool = False,
    after: After | None = None,
    limit: int = PAGE,
) -> list[PersonRow]:
    """People by name, or, where the text has a digit, by number: those whose number begins with it,
    or of whose name each word of it begins one."""
    number = "".join(text.upper().split())
    by_number = _by_number(text)
    order = (_P.number, _P.id) if by_number else (_P.name_key, _P.id)
    statement = (
        select(
            *(_P.id, _P.number, _P.name, _P.name_key, _P.accessible),
            *(_P.pin_hash.is_not(None), _P.archived_at),
        )
        .where(_P.erased_at.is_(None))
        .where(_P.archived_at.is_not(None) if archived else _P.archived_at.is_(None))
        .order_by(*order)
        .limit(max(0, min(limit, MAX_PAGE)))
    )
    if without_pin:
        statement = statement.where(_P.pin_hash.is_(None))
    begins = and_(_P.number >= number, _P.number < number + _LAST)
    if by_number:
        statement = statement.where(begins)
    elif number:
        find = func.instr if conn.dialect.name == "sqlite" else func.strpos
        words = [find(" " + _P.name_key, f" {word}") > 0 for word in search_key(text).split()]
        # by id: what the index has is enough to pass over those who are not meant
        numbered = _P.id.in_(select(_P.id).where(begins))
        statement = statement.where(or_(and_(*words), numbered) if words else begins)
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(after.key, after.id))
    return [PersonRow(*row) for row in conn.execute(statement)]


def after_of(row: PersonRow, text: str) -> After:
    """Where the page that ends with this row ended."""
    return After(row.number if _by_number(text) else row.name_key, row.id)


def place_of(conn: Connection, person_id: int, text: str) -> After | None:
    """Likewise for the person with this id; None when there is none."""
    key = _P.number if _by_number(text) else _P.name_key
    row = conn.execute(select(key, _P.id).where(_P.id == person_id)).one_or_none()
    return None if row is None else After(*row)


def _by_number(text: str) -> bool:
    """Whether somebody is looked for by number, and not by name."""
    return any(letter.isdigit() for letter in text)


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How many people are known here."""

    people: int
    archived: int


def people_counts(conn: Connection) -> PeopleCounts:
    """How many there are, and how many of them in the archive."""
    there = select(func.count(), func.count(_P.archived_at)).where(_P.erased_at.is_(None))
    known, archived = conn.execute(there).one()
    return PeopleCounts(known - archived, archived)


@dataclass(frozen=True, slots=True)
class PersonCard:
    """What staff may see of a person."""

    id: int
    number: str
    name: str
    accessible: bool
    near_last: bool
    has_pin: bool
    locked_until: datetime | None
    created_at: datetime
    archived_at: datetime | None


def person_card(conn: Connection, person_id: int) -> PersonCard | None:
    """One person; None when there is none, or who it was has been erased."""
    row = conn.execute(
        select(
            *(_P.id, _P.number, _P.name, _P.accessible, _P.near_last, _P.pin_hash.is_not(None)),
            *(_P.locked_until, _P.created_at, _P.archived_at),
        ).where(_P.id == person_id, _P.erased_at.is_(None))
    ).one_or_none()
    return None if row is None else PersonCard(*row)


def id_of_number(conn: Connection, number: str) -> int | None:
    """The person with this number in its normal form."""
    return conn.scalar(select(_P.id).where(_P.number == number, _P.erased_at.is_(None)))
