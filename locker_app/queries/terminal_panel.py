"""Reads for those who run a site's card terminals: how each is, what wants attention, what it was
told, and who is inside.

What terminals show and how warm they are is in no table: `live.seen_terminals`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from locker_app.db.statement import Statement
from locker_app.db.tables import (
    bank,
    card,
    card_link,
    locker,
    person,
    site,
    terminal,
    terminal_alert,
    terminal_command,
    visit,
)
from locker_app.db.types import UtcDateTime
from locker_app.domain.actors import Actor, Right
from locker_app.domain.lockers import label
from locker_app.domain.terminals import CommandKind, TerminalKind

MAX_COMMANDS = 5
"""Of each terminal; who wants to see more looks into the history."""
COMMANDS_SHOWN = timedelta(hours=24)
MAX_NOBODYS = 20
"""Cards of nobody that are shown."""
NOBODYS_SHOWN = timedelta(days=7)
MAX_INSIDE = 500
TAIL = 4
"""How much of a card's keyed hash is shown: enough to tell two cards apart, and no more."""

_T, _C, _L = terminal.c, terminal_command.c, locker.c
_AT_SITE = bindparam("site_id")
_SINCE = bindparam("since", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class PanelAlert:
    """Something that wants attention."""

    id: int
    kind: str
    subject: str
    label: str
    """Of the door that it is about; empty for none."""
    person_id: int
    who: str
    text: str
    """What the terminal said of it."""
    count: int
    at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class PanelCommand:
    """Something that a terminal was told."""

    id: int
    kind: str
    status: str
    label: str
    note: str
    made_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class PanelTerminal:
    """A terminal as those see it who run it."""

    row: Any
    bank_name: str
    alerts: list[PanelAlert]
    commands: list[PanelCommand]
    waits_for: str
    """Whose card it waits for, to be linked; empty for nobody's."""
    waits_for_id: int
    waits_until: datetime | None


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
    terminals: list[PanelTerminal]
    nobodys: list[NobodysCard]


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody who is inside."""

    visit_id: int
    person_id: int
    name: str
    number: str
    came_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class InsideView:
    """Who is inside a site."""

    id: int
    time_zone: str
    has_gate: bool
    count: int
    """How many, also when not all are listed."""
    people: list[Inside]
    """Those who came last first."""


_TERMINALS = Statement(
    select(terminal, bank.c.name.label("bank_name"))
    .outerjoin(bank, bank.c.id == _T.bank_id)
    .where(_T.site_id == _AT_SITE, _T.archived_at.is_(None))
    .order_by(_T.name, _T.id)
)
_A = terminal_alert.c
_ALERTS = Statement(
    select(
        *(_A.id, _A.terminal_id, _A.kind, _A.subject, _A.details, _A.count, _A.at, _A.last_at),
        *(_A.person_id, person.c.name, bank.c.prefix, _L.number),
    )
    .outerjoin(person, person.c.id == _A.person_id)
    .outerjoin(locker, _L.id == _A.locker_id)
    .outerjoin(bank, bank.c.id == _L.bank_id)
    .where(_A.site_id == _AT_SITE, _A.cleared_at.is_(None))
    .order_by(_A.id.desc())
)
_COMMAND = (
    *(_C.id, _C.terminal_id, _C.kind, _C.status, _C.note, _C.made_at, _C.sent_at),
    *(_C.accepted_at, _C.ended_at, bank.c.prefix, _L.number),
)
_COMMANDS = Statement(
    select(*_COMMAND)
    .outerjoin(locker, _L.id == _C.locker_id)
    .outerjoin(bank, bank.c.id == _L.bank_id)
    .where(_C.terminal_id == bindparam("terminal_id"), _C.made_at >= _SINCE)
    .order_by(_C.id.desc())
    .limit(MAX_COMMANDS)
)
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
_OPEN_VISITS = (visit.c.site_id == _AT_SITE, visit.c.left_at.is_(None))
_INSIDE = Statement(
    select(
        *(visit.c.id, person.c.id, person.c.name, person.c.number, visit.c.came_at, visit.c.due_at)
    )
    .join(person, person.c.id == visit.c.person_id)
    .where(*_OPEN_VISITS)
    .order_by(visit.c.came_at.desc(), visit.c.id.desc())
    .limit(MAX_INSIDE)
)
_COUNT = Statement(select(func.count()).select_from(visit).where(*_OPEN_VISITS))
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
    alerts: dict[int, list[PanelAlert]] = {}
    for row in _ALERTS.rows(conn, site_id=site_id):
        alerts.setdefault(row.terminal_id, []).append(_alert(row))
    links = {row.terminal_id: row for row in _LINKS.rows(conn) if row.until > now}
    terminals = []
    for row in _TERMINALS.rows(conn, site_id=site_id):
        told = _COMMANDS.rows(conn, terminal_id=row.id, since=now - COMMANDS_SHOWN)
        link = links.get(row.id)
        terminals.append(
            PanelTerminal(
                row,
                row.bank_name or "",
                alerts.get(row.id, []),
                [_command(one) for one in told],
                link.name if link else "",
                link.id if link else 0,
                link.until if link else None,
            )
        )
    nobodys = [
        NobodysCard(row.id, row.number[-TAIL:], row.name, row.seen_at)
        for row in _NOBODYS.rows(conn, site_id=site_id, since=now - NOBODYS_SHOWN)
    ]
    return PanelView(head.id, head.name, head.time_zone, terminals, nobodys)


def inside_view(conn: Connection, site_id: int) -> InsideView | None:
    """Who is inside a site; None when there is no such site."""
    head = _SITE.first(conn, site_id=site_id)
    if head is None:
        return None
    return InsideView(
        head.id,
        head.time_zone,
        _GATES.first(conn, site_id=site_id) is not None,
        _COUNT.value(conn, site_id=site_id) or 0,
        [Inside(*row) for row in _INSIDE.rows(conn, site_id=site_id)],
    )


def inside_counts(conn: Connection) -> dict[int, int]:
    """How many are inside, of each site that has a gate."""
    return {
        row.site_id: _COUNT.value(conn, site_id=row.site_id) or 0 for row in _GATE_COUNTS.rows(conn)
    }


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


@dataclass(frozen=True, slots=True)
class DoorTerminal:
    """Which terminal opens a door, and what it was told of that last."""

    id: int
    name: str
    state: str
    last: PanelCommand | None


_OF_BANK = Statement(
    select(_T.id, _T.name, _T.state, _T.relays, _T.served)
    .where(_T.bank_id == bindparam("bank_id"), _T.archived_at.is_(None), _T.revoked_at.is_(None))
    .order_by(_T.id)
)
_LAST_OPENING = Statement(
    select(*_COMMAND)
    .join(locker, _L.id == _C.locker_id)
    .join(bank, bank.c.id == _L.bank_id)
    .where(
        _C.locker_id == bindparam("locker_id"),
        _C.kind == CommandKind.OPEN.value,
        _C.made_at >= _SINCE,
    )
    .order_by(_C.id.desc())
    .limit(1)
)


def terminal_of_door(
    conn: Connection, bank_id: int, locker_id: int, number: int, now: datetime
) -> DoorTerminal | None:
    """The terminal that opens this door, one that is there before one that is not; None when none
    does. With what it was told lately."""
    serving = [
        row
        for row in _OF_BANK.rows(conn, bank_id=bank_id)
        if str(number) in (row.relays or {}) or number in (row.served or [])
    ]
    if not serving:
        return None
    row = min(serving, key=lambda one: one.state != "online")
    last = _LAST_OPENING.first(conn, locker_id=locker_id, since=now - COMMANDS_SHOWN)
    return DoorTerminal(row.id, row.name, row.state, None if last is None else _command(last))


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


def _alert(row: Any) -> PanelAlert:
    details = row.details if isinstance(row.details, dict) else {}
    return PanelAlert(
        row.id,
        row.kind,
        row.subject,
        "" if row.number is None else label(row.prefix, row.number),
        row.person_id or 0,
        row.name or "",
        str(details.get("text") or ""),
        row.count,
        row.at,
        row.last_at,
    )


def _command(row: Any) -> PanelCommand:
    return PanelCommand(
        row.id,
        row.kind,
        row.status,
        "" if row.number is None else label(row.prefix, row.number),
        row.note,
        row.made_at,
        row.sent_at,
        row.accepted_at,
        row.ended_at,
    )
