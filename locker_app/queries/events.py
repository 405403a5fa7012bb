"""Reads of the event log: pages of history for staff, newest first, by keyset.

Events are in the order of their times, and of their ids where these are the same: what is written
at once by several is not always written in order, and a log can be older than its database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_type_hints

from sqlalchemy import Connection, Row, and_, func, or_, select

from locker_app.db.log import LOGGED_COLUMNS, Logged, logged
from locker_app.db.tables import (
    bank,
    charger,
    event,
    locker,
    person,
    queue,
    site,
    staff,
    terminal,
)
from locker_app.domain.actors import ActorKind
from locker_app.domain.fact_kinds import FACTS
from locker_app.domain.lockers import label
from locker_app.queries.event_filter import REFUSED, Filter, Sites, Strand, strands

PAGE = 50
MAX_PAGE = 500
SOMEBODY = "somebody"
"""Who has been forgotten: names leave the log after a time, or when somebody is erased."""
Key = tuple[datetime, int]
"""When an event was, and its id: its place in the log."""

_E = event.c
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
    """A name; for those who have none: somebody, a visitor, nobody, system, terminal."""
    origin: str
    site_id: int | None
    bank_name: str | None
    queue_name: str | None
    charger_name: str | None
    terminal_name: str | None
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
        return self.kind == REFUSED


def events_page(
    conn: Connection,
    site_ids: Sites,
    *,
    before: int | None = None,
    limit: int = PAGE,
    locker_id: int | None = None,
    refused_only: bool = False,
) -> list[EventView]:
    """Events of these sites (None: all, and those of no site), as `filtered_page`."""
    lockers = None if locker_id is None else (locker_id,)
    refused = True if refused_only else None
    wanted = Filter(sites=site_ids, lockers=lockers, refused=refused)
    return filtered_page(conn, wanted, before=before, limit=limit)


def filtered_page(
    conn: Connection, wanted: Filter, *, before: int | None = None, limit: int = PAGE
) -> list[EventView]:
    """Events that the filter lets through, newest first, older than the one with the id `before`.
    A page costs the same however long the history is: it is found by its key."""
    limit = max(0, min(limit, MAX_PAGE))
    behind = None if before is None else _key_of(conn, before)
    if limit == 0:
        return []
    ids = [id_ for _, id_ in newest(conn, strands(conn, wanted), behind, limit)]
    found = {row.id: row for row in conn.execute(_events().where(_E.id.in_(ids)))}
    return [_view(found[id_]) for id_ in ids]


def newest(conn: Connection, of: Iterable[Strand], behind: Key | None, limit: int) -> list[Key]:
    """The keys of the newest events in these strands, behind a key."""
    found: list[Key] = []
    for strand in of:
        keys = select(_E.at, _E.id).where(*strand).order_by(_E.at.desc(), _E.id.desc())
        if behind is not None:
            keys = keys.where(older(behind))
        if len(found) == limit:  # only what is newer than the oldest found so far is of use
            keys = keys.where(_E.at >= found[-1][0])
        found += [(at, id_) for at, id_ in conn.execute(keys.limit(limit))]
        found.sort(reverse=True)
        del found[limit:]
    return found


def older(key: Key) -> Any:
    """Whether an event is behind this one in the log."""
    at, id_ = key
    return and_(_E.at <= at, or_(_E.at < at, _E.id < id_))


def _key_of(conn: Connection, event_id: int) -> Key | None:
    """The place of an event in the log; of one that was never written, that of the next. None when
    all were written before it."""
    known = select(_E.at, _E.id).where(_E.id >= event_id).order_by(_E.id).limit(1)
    row = conn.execute(known).first()
    return None if row is None else (row.at, row.id)


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
            e.site_id,
            bank.c.name.label("bank_name"),
            queue.c.name.label("queue_name"),
            charger.c.name.label("charger_name"),
            terminal.c.name.label("terminal_name"),
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
        .outerjoin(charger, charger.c.id == e.charger_id)
        .outerjoin(terminal, terminal.c.id == e.terminal_id)
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
        actor=row.acting_person or row.acting_staff or unnamed(row.actor_kind),
        origin=row.origin,
        site_id=row.site_id,
        bank_name=row.bank_name,
        queue_name=row.queue_name,
        charger_name=row.charger_name,
        terminal_name=row.terminal_name,
        ticket_number=row.details.get("ticket_number"),
        locker_label=door,
        person_name=row.person_name or (SOMEBODY if row.kind in OF_A_PERSON else None),
        person_number=row.person_number,
        reason=row.reason,
        details=row.details,
        time_zone=row.time_zone or "",
    )


def code_of(kind: str, details: dict[str, Any]) -> str:
    """Why, or how, something was, as `domain.event_words.CODE_WORDS` names it; empty for nothing
    to say."""
    said = details.get("code") or details.get("cause") or details.get("mode")
    return said or details.get(_SAYS.get(kind, ""), "")


_SAYS = {
    "AlertCleared": "alert",
    "AlertRaised": "alert",
    "CardTapped": "verdict",
    "CommandMoved": "status",
    "TerminalHeard": "state",
}


def unnamed(actor_kind: str) -> str:
    """What an actor is called whose name is not known, or not any more."""
    return {"person": SOMEBODY, "visitor": "a visitor", "staff": "staff"}.get(
        actor_kind, actor_kind
    )


def _is_of_a_person(kind: Any) -> bool:
    return get_type_hints(kind).get("person_id") is int


OF_A_PERSON = frozenset(name for name, kind in FACTS.items() if _is_of_a_person(kind))
"""Kinds of events that are always about a person."""
