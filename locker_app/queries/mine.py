"""Reads for one person alone: the lockers they have, and where they wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, literal, select

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, event, locker, site, wait
from locker_app.domain.lockers import LockerStatus, ReleaseCause, label
from locker_app.queries.lockers import CLAIM_STATUS, IN_LINE

_A = assignment.c


@dataclass(frozen=True, slots=True)
class Claim:
    """A locker that is a person's, or held for them. For that person alone."""

    assignment_id: int
    wait_id: int | None
    """The place in the waiting list that it is held for; with it the hold can be declined."""
    site_id: int
    bank_id: int
    bank_name: str
    place: str
    time_zone: str
    label: str
    status: LockerStatus
    since: datetime | None
    due_at: datetime | None
    held_until: datetime | None
    reminded: bool


_CLAIMS_OF_PERSON = Statement(
    select(
        *(
            _A.id,
            wait.c.id.label("wait_id"),
            _A.site_id,
            _A.bank_id,
            bank.c.name,
            bank.c.place,
            site.c.time_zone,
            bank.c.prefix,
        ),
        *(locker.c.number, CLAIM_STATUS),
        *(_A.assigned_at, _A.due_at, _A.held_until, _A.reminded_at),
    )
    .join(locker, locker.c.id == _A.locker_id)
    .join(bank, bank.c.id == _A.bank_id)
    .join(site, site.c.id == _A.site_id)
    .outerjoin(wait, (wait.c.assignment_id == _A.id) & wait.c.ended_at.is_(None))
    .where(_A.person_id == bindparam("person_id"), _A.released_at.is_(None))
    .order_by(_A.site_id, _A.slot)  # by the index on open claims; by id it would be that on all
)


def claims_of(conn: Connection, person_id: int, now: datetime) -> list[Claim]:
    """What a person has, and what is held for them, at all sites."""
    return [
        Claim(
            *row[:7],
            label=label(row.prefix, row.number),
            status=LockerStatus(row.status),
            since=row.assigned_at,
            due_at=row.due_at,
            held_until=row.held_until,
            reminded=row.reminded_at is not None,
        )
        for row in _CLAIMS_OF_PERSON.rows(conn, person_id=person_id, now=now)
        if row.status != LockerStatus.FREE.value
    ]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person's open place in a waiting list. For that person alone."""

    wait_id: int
    site_id: int
    bank_id: int
    bank_name: str
    ahead: int


_BEFORE = wait.alias("before")
_AHEAD = (
    select(func.count())
    .where(
        _BEFORE.c.bank_id == wait.c.bank_id,
        _BEFORE.c.ended_at.is_(None),
        _BEFORE.c.assignment_id.is_(None),
        _BEFORE.c.id < wait.c.id,
    )
    .scalar_subquery()
    .label("ahead")
)
_WAITS_OF_PERSON = Statement(
    select(wait.c.id, wait.c.site_id, wait.c.bank_id, bank.c.name, _AHEAD)
    .join(bank, bank.c.id == wait.c.bank_id)
    .where(wait.c.person_id == bindparam("person_id"), IN_LINE)
    .order_by(wait.c.id)
)


def waits_of(conn: Connection, person_id: int) -> list[Waiting]:
    """Where a person waits, at all sites; not the lists that have already offered a locker."""
    return [Waiting(*row) for row in _WAITS_OF_PERSON.rows(conn, person_id=person_id)]


@dataclass(frozen=True, slots=True)
class Lost:
    """A locker that was taken back from a person, by staff or because its time was over."""

    label: str
    bank_name: str
    at: datetime
    cause: ReleaseCause
    reason: str | None


LOST_SHOWN_FOR = timedelta(hours=12)
_LAST_OF_PERSON = Statement(
    select(event.c.kind, event.c.at, event.c.reason, event.c.details, bank.c.name)
    .add_columns(bank.c.prefix, locker.c.number)
    .join(bank, bank.c.id == event.c.bank_id)
    .join(locker, locker.c.id == event.c.locker_id)
    .where(
        event.c.person_id == bindparam("person_id"),
        event.c.kind.in_([literal("LockerAssigned"), literal("LockerReleased")]),
    )
    .order_by(event.c.id.desc())
    .limit(1)
)


def lost_by(conn: Connection, person_id: int, now: datetime) -> Lost | None:
    """The locker that was last taken back from a person, while that is news: nobody should stand
    before a locker that is no longer theirs without knowing why."""
    row = _LAST_OF_PERSON.first(conn, person_id=person_id)
    if row is None or row.kind != "LockerReleased" or row.at < now - LOST_SHOWN_FOR:
        return None
    cause = ReleaseCause(row.details["cause"])
    if cause not in (ReleaseCause.FORCED, ReleaseCause.OVERDUE):
        return None
    return Lost(label(row.prefix, row.number), row.name, row.at, cause, row.reason)
