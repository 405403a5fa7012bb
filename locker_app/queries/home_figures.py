"""Reads for smart homes: how full banks are, who many are inside, how terminals are. No people."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from locker_app.db.statement import Statement
from locker_app.db.tables import bank, site
from locker_app.domain.lockers import LockerStatus
from locker_app.domain.terminals import AlertKind, TerminalKind, TerminalState
from locker_app.queries.lockers import bank_view
from locker_app.queries.terminals import idle_of, terminals_of


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site, and how many are inside; None where no gate counts them."""

    id: int
    name: str
    inside: int | None


@dataclass(frozen=True, slots=True)
class BankRow:
    """How full a bank is."""

    id: int
    site_id: int
    name: str
    total: int
    free: int
    held: int
    out_of_service: int


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """How a terminal is."""

    id: int
    login: str
    site_id: int
    name: str
    kind: str
    online: bool
    version: str
    seen_at: datetime | None
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HomeFigures:
    """All of it."""

    sites: tuple[SiteRow, ...]
    banks: tuple[BankRow, ...]
    terminals: tuple[TerminalRow, ...]


_SITES = Statement(select(site.c.id, site.c.name).where(site.c.archived_at.is_(None)))
_BANKS = Statement(
    select(bank.c.id)
    .join(site, site.c.id == bank.c.site_id)
    .where(bank.c.archived_at.is_(None), site.c.archived_at.is_(None))
    .order_by(bank.c.id)
)
_FAULTS = frozenset({AlertKind.FAULT, AlertKind.STUCK})


def home_figures(conn: Connection, now: datetime) -> HomeFigures:
    """As they are at `now`."""
    sites, terminals = [], []
    for row in _SITES.rows(conn):
        here = terminals_of(conn, row.id)
        gate = next((one for one in here if one.kind is TerminalKind.GATE), None)
        inside = None if gate is None else idle_of(conn, gate, now).inside
        sites.append(SiteRow(row.id, row.name, inside))
        for one in here:
            faults = {
                str(alert.details.get("of", "door"))
                for alert in one.alerts
                if alert.kind in _FAULTS
            }
            online = one.state is TerminalState.ONLINE
            terminals.append(
                TerminalRow(
                    *(one.id, one.login, one.site_id, one.name, one.kind.value, online),
                    *(one.program, one.seen_at, tuple(sorted(faults))),
                )
            )
    views = [bank_view(conn, bank_id, now) for bank_id in _BANKS.column(conn)]
    banks = tuple(
        BankRow(
            *(view.id, view.site_id, view.name, len(view.doors)),
            free=view.count(LockerStatus.FREE),
            held=view.count(LockerStatus.HELD) + view.count(LockerStatus.OVERDUE),
            out_of_service=view.count(LockerStatus.OUT_OF_SERVICE),
        )
        for view in views
        if view is not None
    )
    return HomeFigures(tuple(sites), banks, tuple(terminals))
