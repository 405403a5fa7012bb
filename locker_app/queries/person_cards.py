"""Reads of one person's cards and visits: for that person, and for staff who look them up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import card, card_link, site, tap_confirm, terminal, visit
from locker_app.db.types import UtcDateTime
from locker_app.queries.terminal_panel import TAIL

VISITS = 10
"""Of those that are over; who wants more has the file of all that is known."""
LINK_TOLD = timedelta(minutes=5)
"""How long it is told what became of a link that was asked for."""

_K, _N, _F, _V, _T = card.c, card_link.c, tap_confirm.c, visit.c, terminal.c
_WHOSE = bindparam("person_id")
_SINCE = bindparam("since", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class OwnCard:
    """A card that is somebody's."""

    id: int
    tail: str
    label: str
    linked_at: datetime | None
    seen_at: datetime | None
    terminal_name: str
    """Where it was tapped last; empty while it was not."""
    site_id: int
    """0 for none."""


@dataclass(frozen=True, slots=True)
class Link:
    """A terminal waits, or waited a moment ago, for a person's card."""

    terminal_id: int
    terminal_name: str
    site_name: str
    label: str
    until: datetime
    ended_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """A tap that waits for its holder's PIN."""

    id: int
    terminal_name: str
    place: str
    site_name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """A visit of somebody's."""

    id: int
    site_id: int
    site_name: str
    time_zone: str
    came_at: datetime
    left_at: datetime | None


_CARDS = Statement(
    select(_K.id, _K.number, _K.label, _K.linked_at, _K.seen_at, _T.name, _T.site_id)
    .outerjoin(terminal, _T.id == _K.terminal_id)
    .where(_K.person_id == _WHOSE, _K.revoked_at.is_(None))
    .order_by(_K.id)
)
_LINKS = Statement(
    select(
        *(_N.terminal_id, _T.name, site.c.name.label("site_name"), _N.label, _N.until),
        *(_N.ended_at, _N.outcome, _N.made_at),
    )
    .join(terminal, _T.id == _N.terminal_id)
    .join(site, site.c.id == _T.site_id)
    .where(_N.person_id == _WHOSE, _N.made_at >= _SINCE)
    .order_by(_N.id.desc())
    .limit(1)
)
_CONFIRM = Statement(
    select(_F.id, _T.name, _T.place, site.c.name.label("site_name"), _F.until)
    .join(terminal, _T.id == _F.terminal_id)
    .join(site, site.c.id == _T.site_id)
    .where(_F.person_id == _WHOSE, _F.ended_at.is_(None))
)
_VISITS = Statement(
    select(_V.id, _V.site_id, site.c.name, site.c.time_zone, _V.came_at, _V.left_at)
    .join(site, site.c.id == _V.site_id)
    .where(_V.person_id == _WHOSE)
    .order_by(_V.id.desc())
    .limit(VISITS)
)


def own_cards(conn: Connection, person_id: int) -> list[OwnCard]:
    """The cards of a person, the oldest first."""
    return [
        OwnCard(
            row.id,
            row.number[-TAIL:],
            row.label,
            row.linked_at,
            row.seen_at,
            row.name or "",
            row.site_id or 0,
        )
        for row in _CARDS.rows(conn, person_id=person_id)
    ]


def last_link(conn: Connection, person_id: int, now: datetime) -> Link | None:
    """The link that was asked for last, if that was lately."""
    row = _LINKS.first(conn, person_id=person_id, since=now - LINK_TOLD)
    if row is None:
        return None
    ended, outcome = row.ended_at, row.outcome or ""
    if ended is None and row.until <= now:  # the clock has not come to it yet
        ended, outcome = row.until, "expired"
    return Link(row.terminal_id, row.name, row.site_name, row.label, row.until, ended, outcome)


def open_confirm(conn: Connection, person_id: int, now: datetime) -> Confirm | None:
    """The tap that waits for this person's PIN, if one does."""
    row = _CONFIRM.first(conn, person_id=person_id)
    return None if row is None or row.until <= now else Confirm(*row)


def own_visits(conn: Connection, person_id: int) -> list[OwnVisit]:
    """The last visits of a person, the newest first."""
    return [OwnVisit(*row) for row in _VISITS.rows(conn, person_id=person_id)]
