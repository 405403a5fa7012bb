"""Reads of the event log: pages of history for staff, newest first, by keyset."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from locker_app.db.log import LOGGED_COLUMNS, Logged, logged
from locker_app.db.tables import bank, event, locker, person, queue, site, staff
from locker_app.domain.actors import ActorKind
from locker_app.domain.lockers import label

PAGE = 50
MAX_PAGE = 500

_ACTING_PERSON = person.alias("acting_person")
_ACTING_STAFF = staff.alias("acting_staff")
_SUBJECT_STAFF = staff.alias("subject_staff")


@dataclass(frozen=True, slots=True)
class EventView:
    """One event in words, for staff who may see names."""

    id: int
    at: datetime
    kind: str
    actor: str
    origin: str
    bank_name: str | None
    queue_name: str | None
    ticket_number: int | None
    locker_label: str | None
    person_name: str | None
    person_number: str | None
    reason: str | None
    details: dict[str, Any]
    time_zone: str
    """Of the site; empty for what happened at none in particular."""

    @property
    def refused(self) -> bool:
        """Whether this is an attempt that was refused."""
        return self.kind == "Refused"


def events_page(
    conn: Connection,
    site_ids: frozenset[int] | None,
    *,
    before: int | None = None,
    limit: int = PAGE,
    locker_id: int | None = None,
    refused_only: bool = False,
) -> list[EventView]:
    """Events of these sites (None: all, and those of no site), newest first, older than id
    `before`. A page costs the same however long the history is: it is found by its key."""
    e = event.c
    statement = _events().order_by(e.id.desc()).limit(max(0, min(limit, MAX_PAGE)))
    if site_ids is not None:
        statement = statement.where(e.site_id.in_(sorted(site_ids)))
    if before is not None:
        statement = statement.where(e.id < before)
    if locker_id is not None:
        statement = statement.where(e.locker_id == locker_id)
    if refused_only:
        statement = statement.where(e.kind == "Refused")
    return [_view(row) for row in conn.execute(statement)]


def logged_after(conn: Connection, last_id: int, limit: int) -> list[Logged]:
    """Events written after the one with this id, oldest first, as the hub needs them."""
    rows = conn.execute(
        select(*LOGGED_COLUMNS).where(event.c.id > last_id).order_by(event.c.id).limit(limit)
    )
    return [logged(row) for row in rows]


def logged_by_id(conn: Connection, ids: list[int]) -> list[Logged]:
    """The events with these ids, oldest first, as the hub needs them."""
    rows = conn.execute(select(*LOGGED_COLUMNS).where(event.c.id.in_(ids)).order_by(event.c.id))
    return [logged(row) for row in rows]


def last_event_id(conn: Connection) -> int:
    """The id of the newest event; 0 in an empty log."""
    return conn.scalar(select(event.c.id).order_by(event.c.id.desc()).limit(1)) or 0


def _events() -> Any:
    e = event.c
    return (
        select(
            e.id,
            e.at,
            e.kind,
            e.actor_kind,
            _ACTING_PERSON.c.name.label("acting_person"),
            _ACTING_STAFF.c.name.label("acting_staff"),
            e.origin,
            bank.c.name.label("bank_name"),
            queue.c.name.label("queue_name"),
            bank.c.prefix,
            locker.c.number.label("locker_number"),
            func.coalesce(person.c.name, _SUBJECT_STAFF.c.name).label("person_name"),
            person.c.number.label("person_number"),
            e.reason,
            e.details,
            site.c.time_zone,
        )
        .outerjoin(site, site.c.id == e.site_id)
        .outerjoin(bank, bank.c.id == e.bank_id)
        .outerjoin(queue, queue.c.id == e.queue_id)
        .outerjoin(locker, locker.c.id == e.locker_id)
        .outerjoin(person, person.c.id == e.person_id)
        .outerjoin(_SUBJECT_STAFF, _SUBJECT_STAFF.c.id == e.staff_id)
        .outerjoin(
            _ACTING_PERSON,
            (e.actor_kind == ActorKind.PERSON.value) & (_ACTING_PERSON.c.id == e.actor_id),
        )
        .outerjoin(
            _ACTING_STAFF,
            (e.actor_kind == ActorKind.STAFF.value) & (_ACTING_STAFF.c.id == e.actor_id),
        )
    )


def _view(row: Row[Any]) -> EventView:
    door = None if row.locker_number is None else label(row.prefix, row.locker_number)
    return EventView(
        id=row.id,
        at=row.at,
        kind=row.kind,
        actor=row.acting_person or row.acting_staff or row.actor_kind,
        origin=row.origin,
        bank_name=row.bank_name,
        queue_name=row.queue_name,
        ticket_number=row.details.get("ticket_number"),
        locker_label=door,
        person_name=row.person_name,
        person_number=row.person_number,
        reason=row.reason,
        details=row.details,
        time_zone=row.time_zone or "",
    )
