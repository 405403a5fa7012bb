"""Who is signed in: a person with what is theirs, a staff member with what they may."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.actors import RIGHTS
from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.live.topics import ALL
from locker_app.queries.cards import ConfirmView, cards_of, confirm_of
from locker_app.queries.mine import Claim, Lost, claims_of, lost_by, waits_of
from locker_app.queries.people import person_view, staff_view
from locker_app.queries.staff import sign_ins
from locker_app.queries.visits import VisitView, visits_of

VISITS = 10
"""How many of their last visits somebody is shown."""


def person(conn: Connection, person_id: int, now: datetime) -> Vars | None:
    """A person with their lockers, their places in waiting lists, and what they lost last."""
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
        "waits": [flat(place) for place in waits_of(conn, person_id)],
        **_lost(lost_by(conn, person_id, now)),
        "cards": [
            [card.id, card.tail, card.label, millis(card.linked_at)]
            for card in cards_of(conn, person_id)
            if card.revoked_at is None
        ],
        "visits": [_visit(visit, now) for visit in visits_of(conn, person_id, VISITS)],
        **_confirm(confirm_of(conn, person_id, now)),
    }


def staff(conn: Connection, staff_id: int, _now: datetime) -> Vars | None:
    """A staff member with their roles, and the rights that they have somewhere."""
    view = staff_view(conn, staff_id)
    if view is None:
        return None
    return {
        "signed_in": True,
        "login": view.login,
        "name": view.name,
        "roles": [[site_id or ALL, role.value] for site_id, role in view.roles],
        "sign_ins": [[millis(at), address] for at, address in sign_ins(conn, staff_id)[staff_id]],
        "may": sorted({right.value for _, role in view.roles for right in RIGHTS[role]}),
    }


def _claim(claim: Claim) -> Vars:
    return {
        **flat(claim),
        "wait_id": claim.wait_id or 0,
        "status": claim.status.value,
        "since": millis(claim.since),
        "due_at": millis(claim.due_at),
        "held_until": millis(claim.held_until),
    }


def _visit(visit: VisitView, now: datetime) -> Vars:
    over = visit.left_at or (visit.due_at if visit.due_at and visit.due_at <= now else None)
    return {
        "id": visit.visit_id,
        "site_id": visit.site_id,
        "site_name": visit.site_name,
        "time_zone": visit.time_zone,
        "came_at": millis(visit.came_at),
        "left_at": millis(over),
    }


def _confirm(asked: ConfirmView | None) -> Vars:
    return {
        "confirm_id": asked.id if asked else 0,
        "confirm_at": asked.terminal_name if asked else "",
        "confirm_for": (asked.bank_name or asked.place) if asked else "",
        "confirm_until": millis(asked.until) if asked else 0,
    }


def _lost(lost: Lost | None) -> Vars:
    return {
        "lost_label": lost.label if lost else "",
        "lost_bank": lost.bank_name if lost else "",
        "lost_cause": lost.cause.value if lost else "",
        "lost_reason": (lost.reason or "") if lost else "",
    }
