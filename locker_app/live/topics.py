"""Topics: what screens can watch, which events touch them, who may watch, and what is sent.

A projection is a function of the database and the time, made once for all who watch. Its keys are
the vars of the State class that `web` binds to the topic's kind. Rows are lists, not objects, and
times are milliseconds since 1970, to keep frames small.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from locker_app.db.log import Logged
from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.domain.lockers import LockerStatus
from locker_app.queries.events import EventView, events_page
from locker_app.queries.lockers import bank_holders, bank_view, door_view, locker_ids
from locker_app.queries.mine import Claim, Lost, claims_of, lost_by, waits_of
from locker_app.queries.people import person_view, staff_view
from locker_app.queries.scoped import sites_of_history
from locker_app.queries.sites import bank_counts, site_of_bank, site_of_locker, sites

Vars = dict[str, Any]
DOOR_EVENTS = 10
ALL = 0
"""The key of a topic that is not about one thing."""


class Topic(NamedTuple):
    """One live projection; `str(topic)` names its room."""

    kind: str
    key: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know about one kind of topic."""

    project: Callable[[Connection, int, datetime], Vars | None]
    """The vars for a key at a time; None when there is no such thing."""
    may_watch: Callable[[Connection, Actor, int], bool]
    private: bool = True
    """Whether it is not for everybody: screens that may watch it no more must not show it."""


def touched(events: Iterable[Logged]) -> set[Topic]:
    """The topics whose projections these events may have changed."""
    topics: set[Topic] = set()
    for event in events:
        topics.add(Topic("events", ALL))
        if event.site_id is not None:
            topics.add(Topic("events", event.site_id))
        if event.locker_id is not None:
            topics.add(Topic("door", event.locker_id))
        if event.kind == "Refused":
            continue
        if event.bank_id is not None:
            topics |= {Topic("bank", event.bank_id), Topic("holders", event.bank_id)}
        if event.site_id is not None:
            topics.add(Topic("home", ALL))
        if event.person_id is not None:
            topics.add(Topic("person", event.person_id))
        if event.staff_id is not None:
            topics.add(Topic("staff", event.staff_id))
    return topics


def _millis(at: datetime | None) -> int:
    return 0 if at is None else int(at.timestamp() * 1000)


def _flat(row: Any) -> Vars:
    """The fields of a row class; `asdict` would look for more inside of each."""
    return {name: getattr(row, name) for name in row.__slots__}


def _home(conn: Connection, _key: int, now: datetime) -> Vars:
    places = [
        {
            "id": site.id,
            "name": site.name,
            "time_zone": site.time_zone,
            "banks": [_flat(counts) for counts in bank_counts(conn, site.id, now)],
        }
        for site in sites(conn)
    ]
    return {"places": places, "ready": True}


def _bank(conn: Connection, bank_id: int, now: datetime) -> Vars | None:
    view = bank_view(conn, bank_id, now)
    if view is None:
        return None
    site = next(site for site in sites(conn) if site.id == view.site_id)
    counts = {status.name.lower(): view.count(status) for status in LockerStatus}
    return {
        "bank_id": view.id,
        "site_name": site.name,
        "time_zone": site.time_zone,
        "hold_minutes": site.hold_minutes,
        "name": view.name,
        "place": view.place,
        "prefix": view.prefix,
        "limit_minutes": view.limit_minutes or 0,
        "numbers": view.numbers,
        "accessible_numbers": view.accessible,
        "doors": view.doors,
        "total": len(view.numbers),
        "free_accessible": view.free_accessible,
        "line": view.line,
        **counts,
    }


def _holders(conn: Connection, bank_id: int, now: datetime) -> Vars | None:
    ids = locker_ids(conn, bank_id)
    if not ids and site_of_bank(conn, bank_id) is None:
        return None
    rows = [
        [
            holder.locker_id,
            holder.assignment_id or 0,
            holder.person_name or "",
            holder.person_number or "",
            _millis(holder.since),
            _millis(holder.until),
            holder.service_reason or "",
        ]
        for holder in bank_holders(conn, bank_id, now)
    ]
    return {"bank_id": bank_id, "locker_ids": ids, "rows": rows}


def _door(conn: Connection, locker_id: int, now: datetime) -> Vars | None:
    view = door_view(conn, locker_id, now)
    if view is None:
        return None
    events = events_page(conn, None, limit=DOOR_EVENTS, locker_id=locker_id)
    return {
        "locker_id": view.locker_id,
        "label": view.label,
        "status": view.status.value,
        "time_zone": view.time_zone,
        "assignment_id": view.assignment_id or 0,
        "person_name": view.person_name or "",
        "person_number": view.person_number or "",
        "since": _millis(view.since),
        "until": _millis(view.until),
        "service_reason": view.service_reason or "",
        "rows": [event_row(event) for event in events],
    }


def _person(conn: Connection, person_id: int, now: datetime) -> Vars | None:
    view = person_view(conn, person_id)
    if view is None:
        return None
    return {
        "signed_in": True,
        "name": view.name,
        "number": view.number,
        "accessible": view.accessible,
        "near_last": view.near_last,
        "claims": [_claim(claim) for claim in claims_of(conn, person_id, now)],
        "waits": [_flat(place) for place in waits_of(conn, person_id)],
        **_lost(lost_by(conn, person_id, now)),
    }


def _lost(lost: Lost | None) -> Vars:
    return {
        "lost_label": lost.label if lost else "",
        "lost_bank": lost.bank_name if lost else "",
        "lost_cause": lost.cause.value if lost else "",
        "lost_reason": (lost.reason or "") if lost else "",
    }


def _claim(claim: Claim) -> Vars:
    return {
        **_flat(claim),
        "wait_id": claim.wait_id or 0,
        "status": claim.status.value,
        "since": _millis(claim.since),
        "due_at": _millis(claim.due_at),
        "held_until": _millis(claim.held_until),
    }


def _staff(conn: Connection, staff_id: int, now: datetime) -> Vars | None:
    view = staff_view(conn, staff_id)
    if view is None:
        return None
    return {
        "signed_in": True,
        "login": view.login,
        "name": view.name,
        "roles": [[site_id or ALL, role.value] for site_id, role in view.roles],
    }


def _events(conn: Connection, site_id: int, now: datetime) -> Vars:
    only = None if site_id == ALL else frozenset({site_id})
    return {"rows": [event_row(event) for event in events_page(conn, only)]}


def event_row(event: EventView) -> list[Any]:
    """An event as a row for the screen."""
    code = event.details.get("code") or event.details.get("cause") or ""
    return [
        event.id,
        _millis(event.at),
        event.kind,
        event.actor,
        event.bank_name or "",
        event.locker_label or "",
        event.person_name or "",
        event.person_number or "",
        event.reason or "",
        event.details.get("command", ""),
        code,
        event.origin,
        event.time_zone,
    ]


def _anybody(_conn: Connection, _actor: Actor, _key: int) -> bool:
    return True


def _bank_exists(conn: Connection, _actor: Actor, bank_id: int) -> bool:
    return site_of_bank(conn, bank_id) is not None


def _sees_names(conn: Connection, actor: Actor, bank_id: int) -> bool:
    site_id = site_of_bank(conn, bank_id)
    return site_id is not None and actor.may(Right.SEE_NAMES, site_id)


def _sees_door(conn: Connection, actor: Actor, locker_id: int) -> bool:
    site_id = site_of_locker(conn, locker_id)
    return site_id is not None and actor.may(Right.SEE_NAMES, site_id)


def _sees_events(_conn: Connection, actor: Actor, site_id: int) -> bool:
    sites = sites_of_history(actor)
    return sites is None or (site_id != ALL and site_id in sites)


KINDS: dict[str, Kind] = {
    "home": Kind(_home, _anybody, private=False),
    "bank": Kind(_bank, _bank_exists, private=False),
    "holders": Kind(_holders, _sees_names),
    "door": Kind(_door, _sees_door),
    "person": Kind(
        _person, lambda _conn, actor, key: actor.kind is ActorKind.PERSON and actor.id == key
    ),
    "staff": Kind(
        _staff, lambda _conn, actor, key: actor.kind is ActorKind.STAFF and actor.id == key
    ),
    "events": Kind(_events, _sees_events),
}
