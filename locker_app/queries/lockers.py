"""Reads about lockers: a bank for everybody, and its holders for staff.

What a door's status is stands here once, as an expression that the database evaluates: a passed
deadline counts as passed even when no timer ran yet.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, locker, person, site, staff, wait
from locker_app.db.types import UtcDateTime
from locker_app.domain.lockers import LockerStatus, label

_A = assignment.c
_OPEN_HERE = and_(_A.locker_id == locker.c.id, _A.released_at.is_(None))
THERE = locker.c.retired_at.is_(None)
"""Whether a door is one of its bank's. Those that were removed stay as rows."""
IN_USE = bank.c.archived_at.is_(None)


def is_free(bank_id: int | ColumnElement[int], *, accessible: bool) -> ColumnElement[bool]:
    """Whether a locker of the bank can be given now; with `accessible`, only low ones."""
    conditions = [
        locker.c.bank_id == bank_id,
        THERE,
        locker.c.out_of_service_at.is_(None),
        ~exists().where(_OPEN_HERE),
    ]
    if accessible:
        conditions.append(locker.c.accessible.is_(True))
    return and_(*conditions)


_NOW = bindparam("now", type_=UtcDateTime())


def _written(status: LockerStatus) -> ColumnElement[str]:
    return literal_column(f"'{status.value}'", String)


CLAIM_STATUS = case(
    (and_(_A.assigned_at.is_(None), _A.held_until <= _NOW), _written(LockerStatus.FREE)),
    (_A.assigned_at.is_(None), _written(LockerStatus.RESERVED)),
    (_A.due_at <= _NOW, _written(LockerStatus.OVERDUE)),
    else_=_written(LockerStatus.HELD),
).label("status")
"""The status letter of an open claim, as far as the claim goes."""

_STATUS = case(
    (locker.c.out_of_service_at.is_not(None), _written(LockerStatus.OUT_OF_SERVICE)),
    (_A.id.is_(None), _written(LockerStatus.FREE)),
    else_=CLAIM_STATUS.element,
).label("status")
"""The status letter of a locker left-joined to its open claim."""


@dataclass(frozen=True, slots=True)
class BankView:
    """A bank as everybody may see it: doors and counts, no people."""

    id: int
    site_id: int
    name: str
    place: str
    prefix: str
    limit_minutes: int | None
    numbers: list[int]
    locker_ids: list[int]
    accessible: list[int]
    """Numbers of the doors at accessible height."""
    doors: str
    """One status letter for each of `numbers`, in their order."""
    line: list[int]
    """The ids of the open places in the waiting list, first first; holds offered are not in it."""

    def count(self, status: LockerStatus) -> int:
        """How many doors have this status."""
        return self.doors.count(status.value)

    @property
    def free_accessible(self) -> int:
        """How many free doors are at accessible height."""
        low = set(self.accessible)
        pairs = zip(self.numbers, self.doors, strict=True)
        return sum(letter == LockerStatus.FREE.value for number, letter in pairs if number in low)


_BANK = Statement(
    select(
        bank.c.id, bank.c.site_id, bank.c.name, bank.c.place, bank.c.prefix, bank.c.limit_minutes
    ).where(bank.c.id == bindparam("bank_id"), IN_USE)
)
_DOORS = Statement(
    # `accessible` as the driver has it: converting it for each door takes longer than the query
    select(locker.c.number, locker.c.id, type_coerce(locker.c.accessible, Integer), _STATUS)
    .outerjoin(assignment, _OPEN_HERE)
    .where(locker.c.bank_id == bindparam("bank_id"), THERE)
    .order_by(locker.c.number)
)
IN_LINE = and_(wait.c.ended_at.is_(None), wait.c.assignment_id.is_(None))
_LINE = Statement(
    select(wait.c.id).where(wait.c.bank_id == bindparam("bank_id"), IN_LINE).order_by(wait.c.id)
)


def bank_view(conn: Connection, bank_id: int, now: datetime) -> BankView | None:
    """The bank at `now`; None when there is no such bank."""
    head = _BANK.first(conn, bank_id=bank_id)
    if head is None:
        return None
    doors = _DOORS.rows(conn, bank_id=bank_id, now=now)
    return BankView(
        *head,
        numbers=[row.number for row in doors],
        locker_ids=[row.id for row in doors],
        accessible=[row.number for row in doors if row.accessible],
        doors="".join([row.status for row in doors]),
        line=[row.id for row in _LINE.rows(conn, bank_id=bank_id)],
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a door, or why it is out of service. For staff who may see names."""

    locker_id: int
    assignment_id: int | None
    status: LockerStatus
    person_name: str | None
    person_number: str | None
    since: datetime | None
    until: datetime | None
    """When it is due, or until when it is held for them."""
    service_reason: str | None
    note: str
    """What staff should know of the door."""


_HOLDER = (
    locker.c.id.label("locker_id"),
    _A.id.label("assignment_id"),
    _STATUS,
    person.c.name.label("person_name"),
    person.c.number.label("person_number"),
    func.coalesce(_A.assigned_at, locker.c.out_of_service_at, type_=UtcDateTime()).label("since"),
    func.coalesce(_A.due_at, _A.held_until, type_=UtcDateTime()).label("until"),
    locker.c.out_of_service_reason.label("service_reason"),
    locker.c.note,
)
_HOLDERS = Statement(
    select(*_HOLDER)
    .outerjoin(assignment, _OPEN_HERE)
    .outerjoin(person, person.c.id == _A.person_id)
    .where(
        locker.c.bank_id == bindparam("bank_id"),
        THERE,
        or_(_A.id.is_not(None), locker.c.out_of_service_at.is_not(None), locker.c.note != ""),
    )
    .order_by(locker.c.number)
)


def bank_holders(conn: Connection, bank_id: int, now: datetime) -> list[Holder]:
    """Every door of the bank that is not simply free, with who has it, and those with a note."""
    rows = _HOLDERS.rows(conn, bank_id=bank_id, now=now)
    return [Holder(*_cells(row)) for row in rows]


def _cells(row: Any) -> list[Any]:
    """The cells of a row that begins with `_HOLDER`, the status as such."""
    cells = list(row)
    cells[2] = LockerStatus(cells[2])
    return cells


_LOCKER_IDS = Statement(
    select(locker.c.id)
    .where(locker.c.bank_id == bindparam("bank_id"), THERE)
    .order_by(locker.c.number)
)


def locker_ids(conn: Connection, bank_id: int) -> list[int]:
    """The ids of a bank's lockers, in the order of their numbers."""
    return [row.id for row in _LOCKER_IDS.rows(conn, bank_id=bank_id)]


@dataclass(frozen=True, slots=True)
class DoorView(Holder):
    """One door with who has it. For staff who may see names."""

    label: str
    bank_id: int
    bank_name: str
    time_zone: str
    noted_at: datetime | None
    noted_by: str | None
    number: int


_DOOR = Statement(
    select(
        *_HOLDER,
        *(locker.c.number, bank.c.prefix, locker.c.bank_id, bank.c.name.label("bank_name")),
        *(site.c.time_zone, locker.c.noted_at, staff.c.name.label("noted_by")),
    )
    .outerjoin(staff, staff.c.id == locker.c.noted_by)
    .join(bank, bank.c.id == locker.c.bank_id)
    .join(site, site.c.id == bank.c.site_id)
    .outerjoin(assignment, _OPEN_HERE)
    .outerjoin(person, person.c.id == _A.person_id)
    .where(locker.c.id == bindparam("locker_id"), THERE)
)


def door_view(conn: Connection, locker_id: int, now: datetime) -> DoorView | None:
    """The door at `now`; None when there is no such locker."""
    row = _DOOR.first(conn, locker_id=locker_id, now=now)
    if row is None:
        return None
    cells = _cells(row)
    holder, (number, prefix, *place) = cells[: len(_HOLDER)], cells[len(_HOLDER) :]
    values: list[Any] = [*holder, label(prefix, number), *place, number]
    return DoorView(*values)
