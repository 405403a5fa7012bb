"""Reads about sites: which there are, and how full their banks are."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, charger, locker, site, wait
from locker_app.domain.hours import is_open_at, next_change, next_opening
from locker_app.domain.lockers import LockerStatus
from locker_app.queries.lockers import CLAIM_STATUS, IN_LINE, IN_USE, THERE

_A = assignment.c


@dataclass(frozen=True, slots=True)
class BankCounts:
    """How full a bank is."""

    id: int
    site_id: int
    name: str
    place: str
    total: int
    free: int
    held: int
    reserved: int
    overdue: int
    out_of_service: int
    waiting: int


_AT_SITE = bindparam("site_id")
_DOORS = select(func.count()).where(locker.c.bank_id == bank.c.id, THERE)
_BANKS_OF_SITE = Statement(
    select(
        bank.c.id,
        bank.c.site_id,
        bank.c.name,
        bank.c.place,
        _DOORS.scalar_subquery().label("total"),
        _DOORS.where(locker.c.out_of_service_at.is_not(None)).scalar_subquery().label("broken"),
    )
    .where(bank.c.site_id == _AT_SITE, IN_USE)
    .order_by(bank.c.id)
)
_CLAIMS_OF_BANKS = Statement(
    select(_A.bank_id, CLAIM_STATUS, func.count().label("claims"))
    .join(locker, locker.c.id == _A.locker_id)
    .where(_A.site_id == _AT_SITE, _A.released_at.is_(None), locker.c.out_of_service_at.is_(None))
    .group_by(_A.bank_id, text("2"))
)
_LINES_OF_BANKS = Statement(
    select(wait.c.bank_id, func.count().label("waiting"))
    .where(wait.c.site_id == _AT_SITE, IN_LINE)
    .group_by(wait.c.bank_id)
)


def bank_counts(conn: Connection, site_id: int, now: datetime) -> list[BankCounts]:
    """How full each bank of the site is, in the order in which they were set up."""
    claims = Counter(
        {
            (row.bank_id, row.status): row.claims
            for row in _CLAIMS_OF_BANKS.rows(conn, site_id=site_id, now=now)
        }
    )
    lines = {row.bank_id: row.waiting for row in _LINES_OF_BANKS.rows(conn, site_id=site_id)}
    return [
        _counts(row, claims, lines.get(row.id, 0))
        for row in _BANKS_OF_SITE.rows(conn, site_id=site_id)
    ]


def _counts(row: Any, claims: Counter[tuple[int, str]], waiting: int) -> BankCounts:
    *head, total, broken = row
    held, reserved, overdue = (
        claims[row.id, status.value]
        for status in (LockerStatus.HELD, LockerStatus.RESERVED, LockerStatus.OVERDUE)
    )
    return BankCounts(
        *head,
        total=total,
        free=total - broken - held - reserved - overdue,
        held=held,
        reserved=reserved,
        overdue=overdue,
        out_of_service=broken,
        waiting=waiting,
    )


_NAMES_OF_BANKS = Statement(
    select(bank.c.id, bank.c.site_id, bank.c.name).where(IN_USE).order_by(bank.c.id)
)


def bank_names(conn: Connection) -> dict[int, list[tuple[int, str]]]:
    """The id and name of each bank by its site, in the order in which they were set up."""
    names: dict[int, list[tuple[int, str]]] = {}
    for row in _NAMES_OF_BANKS.rows(conn):
        names.setdefault(row.site_id, []).append((row.id, row.name))
    return names


_NAMES_OF_CHARGERS = Statement(
    select(charger.c.id, charger.c.site_id, charger.c.name)
    .where(charger.c.archived_at.is_(None))
    .order_by(charger.c.position, charger.c.id)
)


def charger_names(conn: Connection) -> dict[int, list[tuple[int, str]]]:
    """The id and name of each charging spot in use by its site, in their order."""
    names: dict[int, list[tuple[int, str]]] = {}
    for row in _NAMES_OF_CHARGERS.rows(conn):
        names.setdefault(row.site_id, []).append((row.id, row.name))
    return names


def site_of_bank(conn: Connection, bank_id: int) -> int | None:
    """The site that a bank belongs to; None when there is no such bank."""
    return conn.scalar(select(bank.c.site_id).where(bank.c.id == bank_id, IN_USE))


def site_of_locker(conn: Connection, locker_id: int) -> int | None:
    """The site that a locker belongs to; None when there is no such locker."""
    this = select(bank.c.site_id).join(locker, locker.c.bank_id == bank.c.id)
    return conn.scalar(this.where(locker.c.id == locker_id, THERE))


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site as everybody may see it."""

    id: int
    name: str
    time_zone: str
    hold_minutes: int
    hours: list[Any] | None
    """When lockers are given out; always without any."""

    def opens_at(self, now: datetime) -> datetime | None:
        """When it opens, while it is closed."""
        if not self.hours or is_open_at(self.hours, now, self.time_zone):
            return None
        return next_opening(self.hours, now, self.time_zone)

    def closes_at(self, now: datetime) -> datetime | None:
        """When it closes, while it is open."""
        if not self.hours or not is_open_at(self.hours, now, self.time_zone):
            return None
        return next_change(self.hours, now, self.time_zone)

    def is_open(self, now: datetime) -> bool:
        """Whether lockers are given out now."""
        return not self.hours or is_open_at(self.hours, now, self.time_zone)


_SITES = Statement(
    select(site.c.id, site.c.name, site.c.time_zone, site.c.hold_minutes, site.c.hours)
    .where(site.c.archived_at.is_(None))
    .order_by(site.c.id)
)


def sites(conn: Connection) -> list[SiteView]:
    """All sites, in the order in which they were set up."""
    return [SiteView(*row) for row in _SITES.rows(conn)]
