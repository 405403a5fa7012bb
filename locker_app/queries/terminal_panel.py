"""Reads for the panel of those who run a site's card terminals, besides `queries.terminals`: what
belongs together on one page, and who is inside.

What terminals show and how warm they are is in no table: `live.seen_terminals`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import (
    card,
    card_link,
    person,
    site,
    terminal,
)
from locker_app.db.types import UtcDateTime
from locker_app.domain.actors import Actor, Right
from locker_app.domain.cards import card_tail
from locker_app.domain.terminals import TerminalKind
from locker_app.queries.terminals import TerminalRow, terminals_of
from locker_app.queries.visits import Visitor, inside, people_inside

MAX_NOBODYS = 20
"""Cards of nobody that are shown."""
NOBODYS_SHOWN = timedelta(days=7)
MAX_INSIDE = 500

_T = terminal.c
_AT_SITE = bindparam("site_id")
_SINCE = bindparam("since", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class WaitsFor:
    """Whose card a terminal waits for."""

    person_id: int
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class NobodysCard:
    """A card that was tapped lately and is nobody's."""

    id: int
    tail: str
    terminal_name: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class PanelView:
    """All terminals of a site, for its staff."""

    id: int
    name: str
    time_zone: str
    terminals: list[TerminalRow]
    waits_for: dict[int, WaitsFor]
    """By terminal."""
    names: dict[int, str]
    """Of the people whom alerts are about."""
    nobodys: list[NobodysCard]


@dataclass(frozen=True, slots=True)
class InsideView:
    """Who is inside a site."""

    id: int
    time_zone: str
    has_gate: bool
    count: int
    """How many, also when not all are listed."""
    people: list[Visitor]
    """Those who came last first."""


_LINKS = Statement(
    select(card_link.c.terminal_id, card_link.c.until, person.c.id, person.c.name)
    .join(person, person.c.id == card_link.c.person_id)
    .where(card_link.c.ended_at.is_(None))
)
_NOBODYS = Statement(
    select(card.c.id, card.c.number, _T.name, card.c.seen_at)
    .join(terminal, _T.id == card.c.terminal_id)
    .where(_T.site_id == _AT_SITE, card.c.person_id.is_(None), card.c.seen_at >= _SINCE)
    .order_by(card.c.seen_at.desc(), card.c.id.desc())
    .limit(MAX_NOBODYS)
)
_GATES = Statement(
    select(_T.id)
    .where(_T.site_id == _AT_SITE, _T.archived_at.is_(None), _T.kind == TerminalKind.GATE.value)
    .limit(1)
)
_SITE = Statement(
    select(site.c.id, site.c.name, site.c.time_zone).where(
        site.c.id == _AT_SITE, site.c.archived_at.is_(None)
    )
)
_NAMES = Statement(
    select(_T.id, _T.site_id, _T.name).where(_T.archived_at.is_(None)).order_by(_T.name, _T.id)
)
_GATE_COUNTS = Statement(
    select(_T.site_id)
    .distinct()
    .where(_T.archived_at.is_(None), _T.kind == TerminalKind.GATE.value)
)
_BANK_HAS = Statement(
    select(_T.id).where(_T.bank_id == bindparam("bank_id"), _T.archived_at.is_(None)).limit(1)
)


def panel(conn: Connection, site_id: int, now: datetime) -> PanelView | None:
    """The terminals of a site; None when there is no such site."""
    head = _SITE.first(conn, site_id=site_id)
    if head is None:
        return None
    rows = terminals_of(conn, site_id)
    about = {alert.person_id for row in rows for alert in row.alerts if alert.person_id}
    named = select(person.c.id, person.c.name).where(person.c.id.in_(about))
    waits = {
        row.terminal_id: WaitsFor(row.id, row.name, row.until)
        for row in _LINKS.rows(conn)
        if row.until > now
    }
    nobodys = [
        NobodysCard(row.id, card_tail(row.number), row.name, row.seen_at)
        for row in _NOBODYS.rows(conn, site_id=site_id, since=now - NOBODYS_SHOWN)
    ]
    names = {row.id: row.name for row in conn.execute(named)} if about else {}
    return PanelView(head.id, head.name, head.time_zone, rows, waits, names, nobodys)


def inside_view(conn: Connection, site_id: int, now: datetime) -> InsideView | None:
    """Who is inside a site; None when there is no such site."""
    head = _SITE.first(conn, site_id=site_id)
    if head is None:
        return None
    return InsideView(
        head.id,
        head.time_zone,
        _GATES.first(conn, site_id=site_id) is not None,
        inside(conn, site_id, now),
        people_inside(conn, site_id, now, MAX_INSIDE),
    )


def inside_counts(conn: Connection, now: datetime) -> dict[int, int]:
    """How many are inside, of each site that has a gate."""
    return {row.site_id: inside(conn, row.site_id, now) for row in _GATE_COUNTS.rows(conn)}


def bank_has_terminal(conn: Connection, bank_id: int) -> bool:
    """Whether there is a card terminal at the bank."""
    return _BANK_HAS.first(conn, bank_id=bank_id) is not None


def terminal_names(conn: Connection) -> dict[int, list[tuple[int, str]]]:
    """The id and name of each terminal in use by its site, by name."""
    names: dict[int, list[tuple[int, str]]] = {}
    for row in _NAMES.rows(conn):
        names.setdefault(row.site_id, []).append((row.id, row.name))
    return names


def site_of_terminal(conn: Connection, terminal_id: int) -> int | None:
    """The site of a terminal, taken down or not; None when there is no such terminal."""
    return conn.scalar(select(_T.site_id).where(_T.id == terminal_id))


def panel_sites(conn: Connection, actor: Actor) -> list[tuple[int, str]]:
    """Id and name of the sites whose terminals the actor runs, those with terminals first."""
    scope = actor.sites_with(Right.RUN_TERMINALS)
    having = terminal_names(conn)
    rows = conn.execute(
        select(site.c.id, site.c.name).where(site.c.archived_at.is_(None)).order_by(site.c.id)
    )
    mine = [(row.id, row.name) for row in rows if scope is None or row.id in scope]
    return sorted(mine, key=lambda one: (one[0] not in having, one[0]))


@dataclass(frozen=True, slots=True)
class Tapping:
    """A terminal at which a card can be tapped to be linked."""

    id: int
    name: str
    place: str
    site_name: str
    online: bool


def tapping_places(conn: Connection, actor: Actor) -> list[Tapping]:
    """The terminals at which the actor may have a card linked: those of the sites that they run,
    those that are connected first."""
    scope = actor.sites_with(Right.RUN_TERMINALS)
    rows = conn.execute(
        select(_T.id, _T.name, _T.place, site.c.name.label("site_name"), _T.state, _T.site_id)
        .join(site, site.c.id == _T.site_id)
        .where(_T.archived_at.is_(None), _T.revoked_at.is_(None))
        .where(_T.provisioned_at.is_not(None))
        .order_by(site.c.name, _T.name)
    )
    made = [
        Tapping(row.id, row.name, row.place, row.site_name, row.state == "online")
        for row in rows
        if scope is None or row.site_id in scope
    ]
    return sorted(made, key=lambda one: not one.online)
