"""Reads about card terminals: for staff who run them, for the bridge, and for the broker."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from locker_app.db.statement import Statement
from locker_app.db.tables import (
    bank,
    card_key,
    locker,
    site,
    terminal,
    terminal_alert,
    terminal_command,
    visit,
)
from locker_app.domain.hours import is_open_at
from locker_app.domain.lockers import label
from locker_app.domain.sites import version_of
from locker_app.domain.terminals import (
    AlertKind,
    CommandKind,
    CommandStatus,
    TapMode,
    TerminalKind,
    TerminalPlan,
    TerminalState,
)
from locker_app.queries.lockers import is_free

LAST_COMMANDS = 5
_T, _C, _A = terminal.c, terminal_command.c, terminal_alert.c
_IN_USE = _T.archived_at.is_(None)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """What a terminal was told."""

    id: int
    kind: CommandKind
    status: CommandStatus
    locker_id: int | None
    door: str
    """What stands on the door; empty where it is about none."""
    note: str
    made_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What about a terminal wants somebody's attention."""

    id: int
    terminal_id: int
    kind: AlertKind
    subject: str
    door: str
    locker_id: int | None
    person_id: int | None
    details: dict[str, Any]
    count: int
    at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """A terminal as staff see it."""

    id: int
    site_id: int
    login: str
    name: str
    place: str
    kind: TerminalKind
    mode: TapMode
    bank_id: int | None
    bank: str
    """Its bank's name; empty at a gate."""
    plan: TerminalPlan
    version_seen: str
    """`version_of(TerminalPlan, row)`, to be given with a change."""
    state: TerminalState
    state_at: datetime | None
    seen_at: datetime | None
    program: str
    """The version of its program."""
    reader: str
    display: str
    simulated: bool
    served: tuple[int, ...]
    cfg_version: int
    cfg_seen: int
    provisioned: bool
    """A device is this terminal."""
    code_until: datetime | None
    """Until when the code that was made last is good; None without any."""
    revoked_at: datetime | None
    archived_at: datetime | None
    alerts: tuple[AlertRow, ...] = ()
    commands: tuple[CommandRow, ...] = ()
    """The last ones, the newest first."""


@dataclass(frozen=True, slots=True)
class IdleRow:
    """What a terminal's display says at rest."""

    free: int | None = None
    total: int | None = None
    inside: int | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """What a terminal works by, besides what its own row says."""

    time_zone: str
    kids: tuple[str, ...]


_ROWS = Statement(
    select(terminal, bank.c.name.label("bank_name"))
    .outerjoin(bank, bank.c.id == _T.bank_id)
    .where(_T.site_id == bindparam("site_id"))
    .order_by(_T.name, _T.id)
)
_ROW = Statement(
    select(terminal, bank.c.name.label("bank_name"))
    .outerjoin(bank, bank.c.id == _T.bank_id)
    .where(_T.id == bindparam("terminal_id"))
)
_ALERTS = Statement(
    select(
        *(_A.id, _A.terminal_id, _A.kind, _A.subject, _A.locker_id, _A.person_id, _A.details),
        *(_A.count, _A.at, _A.last_at, locker.c.number, bank.c.prefix),
    )
    .outerjoin(locker, locker.c.id == _A.locker_id)
    .outerjoin(bank, bank.c.id == locker.c.bank_id)
    .where(_A.site_id == bindparam("site_id"), _A.cleared_at.is_(None))
    .order_by(_A.id)
)
_COMMANDS = (
    *(_C.id, _C.terminal_id, _C.kind, _C.status, _C.locker_id, _C.note, _C.made_at, _C.sent_at),
    *(_C.accepted_at, _C.ended_at, locker.c.number, bank.c.prefix),
)
_LAST = Statement(
    select(*_COMMANDS)
    .outerjoin(locker, locker.c.id == _C.locker_id)
    .outerjoin(bank, bank.c.id == locker.c.bank_id)
    .where(_C.terminal_id == bindparam("terminal_id"))
    .order_by(_C.id.desc())
    .limit(LAST_COMMANDS)
)
_OF_DOOR = Statement(
    select(*_COMMANDS)
    .join(locker, locker.c.id == _C.locker_id)
    .join(bank, bank.c.id == locker.c.bank_id)
    .where(_C.locker_id == bindparam("locker_id"))
    .order_by(_C.id.desc())
    .limit(1)
)
_OPENERS = Statement(
    select(_T.id, _T.site_id, _T.name, _T.state, _T.relays)
    .where(_T.bank_id == bindparam("bank_id"), _IN_USE, _T.password_hash.is_not(None))
    .order_by(_T.id)
)
_SPEAKING = Statement(
    select(terminal).where(_IN_USE, _T.password_hash.is_not(None)).order_by(_T.id)
)
_SEQ = Statement(select(_T.seq).where(_T.id == bindparam("terminal_id")))
_KIDS = Statement(
    select(card_key.c.kid)
    .where(card_key.c.retired_at.is_(None))
    .order_by(card_key.c.created_at.desc(), card_key.c.kid.desc())
)
_ZONE = Statement(select(site.c.time_zone).where(site.c.id == bindparam("site_id")))
_HOURS = Statement(select(site.c.hours, site.c.time_zone).where(site.c.id == bindparam("site_id")))
_DOORS = Statement(
    select(func.count())
    .select_from(locker)
    .where(
        locker.c.bank_id == bindparam("bank_id"),
        locker.c.retired_at.is_(None),
        locker.c.out_of_service_at.is_(None),
    )
)
_FREE = Statement(
    select(func.count())
    .select_from(locker)
    .where(and_(is_free(bindparam("bank_id"), accessible=False)))
)
_INSIDE = Statement(
    select(func.count())
    .select_from(visit)
    .where(visit.c.site_id == bindparam("site_id"), visit.c.left_at.is_(None))
)
_GIVEN = Statement(
    select(_C.id).where(_C.ended_at.is_(None), _C.status == CommandStatus.GIVEN.value)
)


def terminals_of(conn: Connection, site_id: int, *, archived: bool = False) -> list[TerminalRow]:
    """The terminals of a site by name, with what is to be known of each; also those that were
    taken down, if asked for."""
    alerts: dict[int, list[AlertRow]] = defaultdict(list)
    for alert in alerts_of(conn, site_id):
        alerts[alert.terminal_id].append(alert)
    return [
        _terminal(row, alerts[row.id], _LAST.rows(conn, terminal_id=row.id))
        for row in _ROWS.rows(conn, site_id=site_id)
        if archived or row.archived_at is None
    ]


def terminal_view(conn: Connection, terminal_id: int) -> TerminalRow | None:
    """One of them, also when it was taken down; None when there is none."""
    row = _ROW.first(conn, terminal_id=terminal_id)
    if row is None:
        return None
    alerts = [one for one in alerts_of(conn, row.site_id) if one.terminal_id == row.id]
    return _terminal(row, alerts, _LAST.rows(conn, terminal_id=terminal_id))


def alerts_of(conn: Connection, site_id: int) -> list[AlertRow]:
    """The alerts that stand at a site, oldest first."""
    return [
        AlertRow(
            id=row.id,
            terminal_id=row.terminal_id,
            kind=AlertKind(row.kind),
            subject=row.subject,
            door="" if row.number is None else label(row.prefix, row.number),
            locker_id=row.locker_id,
            person_id=row.person_id,
            details=row.details or {},
            count=row.count,
            at=row.at,
            last_at=row.last_at,
        )
        for row in _ALERTS.rows(conn, site_id=site_id)
    ]


def opener_of(conn: Connection, bank_id: int, number: int) -> Any | None:
    """The terminal that opens the door with this number, with `id`, `site_id`, `name` and `state`:
    one that is connected before others; None when none does."""
    rows = [
        row for row in _OPENERS.rows(conn, bank_id=bank_id) if str(number) in (row.relays or {})
    ]
    there = [row for row in rows if row.state == TerminalState.ONLINE.value]
    return next(iter(there or rows), None)


def last_opening(conn: Connection, locker_id: int) -> CommandRow | None:
    """The last command to open a door from afar; None without any."""
    row = _OF_DOOR.first(conn, locker_id=locker_id)
    return None if row is None else _command(row)


def site_with_terminals(conn: Connection, site_id: int) -> bool:
    """Whether a site has a terminal in use."""
    return conn.scalar(select(_T.id).where(_T.site_id == site_id, _IN_USE).limit(1)) is not None


def speaking(conn: Connection) -> list[Any]:
    """The rows of all terminals that may speak, for the bridge."""
    return _SPEAKING.rows(conn)


def seq_of(conn: Connection, terminal_id: int) -> int:
    """The highest number of a terminal's facts that was applied."""
    return _SEQ.value(conn, terminal_id=terminal_id) or 0


def terminal_of(conn: Connection, login: str) -> Any | None:
    """The row of the terminal with this name on the wire, whether or not it may speak."""
    return conn.execute(select(terminal).where(_T.login == login)).first()


def accounts(conn: Connection) -> list[tuple[str, str]]:
    """Name and password hash of all terminals that may speak, for the broker."""
    return [(row.login, row.password_hash) for row in _SPEAKING.rows(conn)]


def sites_with_terminals(conn: Connection) -> list[int]:
    """The sites that have a terminal which may speak."""
    return sorted({row.site_id for row in _SPEAKING.rows(conn)})


def config_of(conn: Connection, row: Any) -> ConfigRow:
    """What a terminal (a row of it) works by, besides its own row."""
    return ConfigRow(_ZONE.value(conn, site_id=row.site_id) or "UTC", tuple(_KIDS.column(conn)))


def idle_of(conn: Connection, row: Any, now: datetime) -> IdleRow:
    """What the display of a terminal (a row of it) says at rest at `now`."""
    if row.bank_id is None:
        return IdleRow(inside=_INSIDE.value(conn, site_id=row.site_id))
    total, free = _DOORS.value(conn, bank_id=row.bank_id), _FREE.value(conn, bank_id=row.bank_id)
    hours = _HOURS.first(conn, site_id=row.site_id)
    shut = hours is not None and hours.hours and not is_open_at(hours.hours, now, hours.time_zone)
    return IdleRow(free=free, total=total, line="Closed now" if shut else "")


def given_commands(conn: Connection, among: Collection[int] | None = None) -> list[int]:
    """Commands that nobody has sent yet."""
    found = _GIVEN.column(conn)
    return found if among is None else [one for one in found if one in set(among)]


def _terminal(row: Any, alerts: list[AlertRow], commands: list[Any]) -> TerminalRow:
    kind, mode = TerminalKind(row.kind), TapMode(row.mode)
    plan = TerminalPlan(
        name=row.name,
        kind=kind,
        mode=mode,
        bank_id=row.bank_id,
        place=row.place,
        relays={int(number): pin for number, pin in (row.relays or {}).items()},
        active_low=row.active_low,
        open_ms=row.open_ms,
        dim_after_s=row.dim_after_s,
        offline=row.offline,
        pin_needed=row.pin_needed,
    )
    return TerminalRow(
        id=row.id,
        site_id=row.site_id,
        login=row.login,
        name=row.name,
        place=row.place,
        kind=kind,
        mode=mode,
        bank_id=row.bank_id,
        bank=row.bank_name or "",
        plan=plan,
        version_seen=version_of(TerminalPlan, row),
        state=TerminalState(row.state),
        state_at=row.state_at,
        seen_at=row.seen_at,
        program=row.version,
        reader=row.reader,
        display=row.display,
        simulated=bool(row.simulated),
        served=tuple(row.served or ()),
        cfg_version=row.cfg_version,
        cfg_seen=row.cfg_seen,
        provisioned=row.password_hash is not None,
        code_until=row.code_until if row.code_hash is not None else None,
        revoked_at=row.revoked_at,
        archived_at=row.archived_at,
        alerts=tuple(alerts),
        commands=tuple(_command(one) for one in commands),
    )


def _command(row: Any) -> CommandRow:
    return CommandRow(
        id=row.id,
        kind=CommandKind(row.kind),
        status=CommandStatus(row.status),
        locker_id=row.locker_id,
        door="" if row.number is None else label(row.prefix, row.number),
        note=row.note,
        made_at=row.made_at,
        sent_at=row.sent_at,
        accepted_at=row.accepted_at,
        ended_at=row.ended_at,
    )
