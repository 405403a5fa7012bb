"""Who may open which door of a terminal while the server is away: what its grants are made of."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, card, locker, person
from locker_app.domain.lockers import OverdueAction, label
from locker_app.domain.terminals import GRANTS_LIVE

MAX_GRANTS = 500
MAX_CARDS = 8
"""As `edge.protocol` has them."""
MAX_BYTES = 14_000
"""What the grants of one terminal may take on the wire, so that all of the message stays within
its limit."""


@dataclass(frozen=True, slots=True)
class GrantRow:
    """Whose cards open which door, and until when."""

    cards: tuple[str, ...]
    number: int
    label: str
    until: datetime


_A = assignment.c
_HELD = Statement(
    select(
        *(locker.c.number, bank.c.prefix, bank.c.overdue_action, _A.due_at, _A.id),
        card.c.number.label("card"),
    )
    .join(locker, locker.c.id == _A.locker_id)
    .join(bank, bank.c.id == _A.bank_id)
    .join(person, person.c.id == _A.person_id)
    .join(card, card.c.person_id == _A.person_id)
    .where(
        _A.bank_id == bindparam("bank_id"),
        _A.released_at.is_(None),
        _A.assigned_at.is_not(None),
        locker.c.retired_at.is_(None),
        person.c.archived_at.is_(None),
        card.c.revoked_at.is_(None),
    )
    .order_by(locker.c.number, card.c.id)
)


def grants_of(conn: Connection, row: Any, now: datetime) -> list[GrantRow]:
    """The grants of a terminal (a row of it) as they stand at `now`, by the number of the door:
    for what people have, by the cards that are theirs. None where a card alone opens nothing, for
    the PIN is asked for too, or where it was switched off."""
    if row.bank_id is None or not row.offline or row.pin_needed or row.password_hash is None:
        return []
    served = {int(number) for number in row.relays or {}}
    found: dict[int, list[Any]] = defaultdict(list)
    for held in _HELD.rows(conn, bank_id=row.bank_id):
        if held.number in served:
            found[held.number].append(held)
    grants = []
    for number, rows in found.items():
        until = _until(rows[0], now)
        if until > now:
            cards = tuple(one.card for one in rows[:MAX_CARDS])
            grants.append(GrantRow(cards, number, label(rows[0].prefix, number), until))
    return grants[:MAX_GRANTS]


def _until(row: Any, now: datetime) -> datetime:
    """A locker that time takes away is nobody's when it has."""
    until = now + GRANTS_LIVE
    if row.due_at is not None and row.overdue_action == OverdueAction.RELEASE.value:
        return min(until, row.due_at)
    return until
