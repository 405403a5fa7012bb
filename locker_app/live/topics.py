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
from locker_app.domain.actors import RIGHTS, Actor, ActorKind, Right
from locker_app.domain.hours_text import written
from locker_app.domain.lockers import LockerStatus
from locker_app.domain.queues import UNDO_FOR, version_of
from locker_app.domain.waits import estimate
from locker_app.queries.events import EventView, events_page
from locker_app.queries.helm import DeskView, TicketView, helm_view
from locker_app.queries.lockers import bank_holders, bank_view, door_view, locker_ids
from locker_app.queries.mine import Claim, Lost, claims_of, lost_by, waits_of
from locker_app.queries.people import person_view, staff_view
from locker_app.queries.queues import (
    QueueCard,
    line_view,
    queues_of_site,
    room_pin_of,
    site_of_queue,
)
from locker_app.queries.scoped import sites_of_history
from locker_app.queries.sites import bank_counts, site_of_bank, site_of_locker, sites
from locker_app.queries.tickets import MyTicket, tickets_of
from locker_app.queries.waits import pace_of

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
        if event.queue_id is not None:
            topics |= {Topic(kind, event.queue_id) for kind in ("queue", "helm", "room")}
        if event.site_id is not None:
            topics.add(Topic("home", ALL))
        if event.person_id is not None:
            topics |= {Topic("person", event.person_id), Topic("tickets", event.person_id)}
        if event.visitor_id is not None:
            topics.add(Topic("tickets", -event.visitor_id))
        if event.staff_id is not None:
            topics.add(Topic("staff", event.staff_id))
    return topics


def tickets_topic(actor: Actor) -> Topic | None:
    """The topic of the tickets that this actor holds; None for who can hold none.

    The key is a person's id, or that of a visitor's session with a minus before it: both fill the
    same vars, and a screen watches at most one of them.
    """
    if actor.id is None or actor.kind not in (ActorKind.PERSON, ActorKind.VISITOR):
        return None
    return Topic("tickets", actor.id if actor.kind is ActorKind.PERSON else -actor.id)


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
            "queues": [_card(conn, card, now) for card in queues_of_site(conn, site.id)],
        }
        for site in sites(conn)
    ]
    return {"places": places, "ready": True}


def _card(conn: Connection, card: QueueCard, now: datetime) -> Vars:
    """With about how long somebody would wait who came now; -1 minutes while nobody knows."""
    wait = estimate(pace_of(conn, card.id, now), card.waiting, now)
    return {**_flat(card), "minutes": -1 if wait is None else round(wait.likely / 60)}


def _queue(conn: Connection, queue_id: int, now: datetime) -> Vars | None:
    view = line_view(conn, queue_id, now)
    if view is None:
        return None
    same = {
        name: getattr(view, name)
        for name in (
            *("code", "name", "place", "site_name", "time_zone", "paused", "announcement"),
            *("round", "given", "shown", "sign_in_needed", "wants_room_pin", "groups"),
            *("tickets_per_person", "steps_back", "serve_at_once", "line", "done"),
        )
    }
    return {
        **same,
        "queue_id": view.id,
        "mode": view.mode.value,
        "announced_at": _millis(view.announced_at),
        "capacity": view.capacity or 0,
        "serving": [list(row) for row in view.serving],
        "opens_at": _millis(view.opens_at),
        "pace": _pace(conn, queue_id, now),
    }


def _pace(conn: Connection, queue_id: int, now: datetime) -> Vars:
    pace = pace_of(conn, queue_id, now)
    return {**_flat(pace), "called_at": _millis(pace.called_at)}


def _helm(conn: Connection, queue_id: int, now: datetime) -> Vars | None:
    view = helm_view(conn, queue_id, now)
    if view is None:
        return None
    head = view.head
    return {
        "queue_id": head.id,
        "name": head.name,
        "place": head.place,
        "code": head.code,
        "site_name": head.site_name,
        "time_zone": head.time_zone,
        "mode": head.mode,
        "paused": head.paused_at is not None,
        "announcement": head.announcement,
        "shown": head.shown_number,
        "changes_at": _millis(head.changes_at) if head.hours else 0,
        "line": [_ticket_row(ticket) for ticket in view.line],
        "serving": [_ticket_row(ticket) for ticket in view.serving],
        "ended": [_ticket_row(ticket) for ticket in view.ended],
        "desks": [_desk_row(desk) for desk in view.desks],
        "rules": {
            **{name: getattr(head, name) for name in _RULES},
            "hours": written(head.hours),
            "version": version_of(head),
        },
    }


_RULES = (
    *("tickets_per_person", "tickets_per_group", "groups", "sign_in_needed", "room_pin"),
    *("capacity", "steps_back", "serve_at_once", "fresh_groups_first", "reset_at"),
)


def _ticket_row(ticket: TicketView) -> list[Any]:
    return [
        ticket.ticket_id,
        ticket.number,
        ticket.group,
        ticket.status,
        ticket.who,
        ticket.question,
        _millis(ticket.joined_at),
        _millis(ticket.called_at),
        ticket.staff_id or 0,
        ticket.staff_name,
        ticket.note,
        ticket.steps,
        ticket.visits,
        _millis(ticket.ended_at),
    ]


def _desk_row(desk: DeskView) -> list[Any]:
    until = desk.pressed_at + UNDO_FOR if desk.pressed_at else None
    return [
        *(desk.staff_id, desk.name, desk.label, desk.number),
        *(_millis(until), desk.ended_number, desk.called_number),
    ]


def _room(conn: Connection, queue_id: int, now: datetime) -> Vars | None:
    room_pin = room_pin_of(conn, queue_id)
    return None if room_pin is None else {"queue_id": queue_id, "room_pin": room_pin}


def _tickets(conn: Connection, key: int, now: datetime) -> Vars:
    holder = f"person:{key}" if key > 0 else f"visitor:{-key}"
    return {"rows": [_mine(ticket) for ticket in tickets_of(conn, holder, now)]}


def _mine(ticket: MyTicket) -> Vars:
    values = {**_flat(ticket), "status": ticket.status.value}
    for name in ("joined_at", "called_at", "ended_at"):
        values[name] = _millis(values[name])
    return values


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
        "may": sorted({right.value for _, role in view.roles for right in RIGHTS[role]}),
    }


def _events(conn: Connection, site_id: int, now: datetime) -> Vars:
    only = None if site_id == ALL else frozenset({site_id})
    return {"rows": [event_row(event) for event in events_page(conn, only)]}


def event_row(event: EventView) -> list[Any]:
    """An event as a row for the screen."""
    details = event.details
    code = details.get("code") or details.get("cause") or details.get("mode") or ""
    ticket = f"no. {event.ticket_number}" if event.ticket_number else ""
    return [
        event.id,
        _millis(event.at),
        event.kind,
        event.actor,
        event.bank_name or event.queue_name or "",
        event.locker_label or ticket,
        event.person_name or "",
        event.person_number or "",
        event.reason or details.get("text") or details.get("label") or "",
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


def _queue_exists(conn: Connection, _actor: Actor, queue_id: int) -> bool:
    return site_of_queue(conn, queue_id) is not None


def _serves(conn: Connection, actor: Actor, queue_id: int) -> bool:
    site_id = site_of_queue(conn, queue_id)
    return site_id is not None and actor.may(Right.SERVE_QUEUE, site_id)


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
    "queue": Kind(_queue, _queue_exists, private=False),
    "helm": Kind(_helm, _serves),
    "room": Kind(_room, _serves),
    "tickets": Kind(
        _tickets, lambda _conn, actor, key: tickets_topic(actor) == Topic("tickets", key)
    ),
}
