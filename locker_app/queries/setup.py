"""Reads for setting up: sites with their rules, banks with their doors, archived ones too."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, func, select

from locker_app.db.tables import (
    assignment,
    bank,
    charger,
    charging,
    locker,
    site,
    terminal,
    wait,
)
from locker_app.domain.chargers import AtEnd, ChargerPlan, ChargingRules, Priority
from locker_app.domain.sites import version_of
from locker_app.domain.terminals import TerminalPlan


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site among others."""

    id: int
    name: str
    archived: bool
    banks: int
    """In use, and likewise its charging spots."""
    chargers: int


@dataclass(frozen=True, slots=True)
class BankRow:
    """A bank among those of a site."""

    id: int
    name: str
    place: str
    prefix: str
    code: str
    archived: bool
    doors: int


@dataclass(frozen=True, slots=True)
class ChargerRow:
    """A charging spot among those of a site."""

    id: int
    name: str
    place: str
    details: str
    code: str
    archived: bool
    version: str
    """What stands for its name, place and details as they are now."""


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """A card terminal among those of a site."""

    row: Any
    bank_name: str
    """Empty for a gate."""
    version: str
    """What stands for its plan as it is now."""


@dataclass(frozen=True, slots=True)
class BankSetUp:
    """A bank with its doors, and how much of it is somebody's."""

    row: Any
    site_name: str
    doors: list[Any]
    taken: list[int]
    """The numbers of the doors that somebody has, or that are on hold."""
    waiting: int


def sites_to_set_up(conn: Connection) -> list[SiteRow]:
    """All sites, those in use first."""

    def in_use(table: Any) -> Any:
        mine = (table.c.site_id == site.c.id, table.c.archived_at.is_(None))
        return select(func.count()).where(*mine).scalar_subquery()

    rows = conn.execute(
        select(
            *(site.c.id, site.c.name, site.c.archived_at),
            *(in_use(bank).label("banks"), in_use(charger).label("chargers")),
        )
    ).all()
    made = [
        SiteRow(row.id, row.name, row.archived_at is not None, row.banks, row.chargers)
        for row in rows
    ]
    return sorted(made, key=lambda row: (row.archived, row.id))


def site_row(conn: Connection, site_id: int) -> Any | None:
    """The row of a site, archived or not; None when there is none."""
    return conn.execute(select(site).where(site.c.id == site_id)).one_or_none()


def banks_to_set_up(conn: Connection, site_id: int) -> list[BankRow]:
    """The banks of a site, those in use first."""
    doors = select(func.count()).where(locker.c.bank_id == bank.c.id, locker.c.retired_at.is_(None))
    rows = conn.execute(
        select(bank, doors.scalar_subquery().label("doors")).where(bank.c.site_id == site_id)
    ).all()
    made = [
        BankRow(
            row.id,
            row.name,
            row.place,
            row.prefix,
            row.code,
            row.archived_at is not None,
            row.doors,
        )
        for row in rows
    ]
    return sorted(made, key=lambda row: (row.archived, row.id))


def chargers_to_set_up(conn: Connection, site_id: int) -> list[ChargerRow]:
    """The charging spots of a site in their order, those in use first."""
    rows = conn.execute(select(charger).where(charger.c.site_id == site_id)).all()
    rows = sorted(rows, key=lambda row: (row.archived_at is not None, row.position, row.id))
    return [
        ChargerRow(
            row.id,
            row.name,
            row.place,
            row.details,
            row.code,
            row.archived_at is not None,
            version_of(ChargerPlan, row),
        )
        for row in rows
    ]


def charging_rules(conn: Connection, site_id: int) -> ChargingRules:
    """The rules of a site's charging spots; those that it would begin with, while it has none."""
    row = conn.execute(select(charging).where(charging.c.site_id == site_id)).one_or_none()
    if row is None:
        return ChargingRules()
    values = {field.name: getattr(row, field.name) for field in fields(ChargingRules)}
    values |= {"at_end": AtEnd(row.at_end), "priority": Priority(row.priority)}
    return ChargingRules(**values)


def terminals_to_set_up(conn: Connection, site_id: int) -> list[TerminalRow]:
    """The card terminals of a site by name, those in use first."""
    of_site = select(terminal, bank.c.name.label("bank_name")).where(terminal.c.site_id == site_id)
    rows = conn.execute(of_site.outerjoin(bank, bank.c.id == terminal.c.bank_id)).all()
    made = [TerminalRow(row, row.bank_name or "", version_of(TerminalPlan, row)) for row in rows]
    return sorted(made, key=lambda one: (one.row.archived_at is not None, one.row.name))


def bank_to_set_up(conn: Connection, bank_id: int) -> BankSetUp | None:
    """A bank, archived or not; None when there is none."""
    row = conn.execute(select(bank).where(bank.c.id == bank_id)).one_or_none()
    if row is None:
        return None
    there = select(locker.c.id, locker.c.number, locker.c.accessible, locker.c.size)
    there = there.where(locker.c.bank_id == bank_id, locker.c.retired_at.is_(None))
    claimed = select(locker.c.number).join(assignment, assignment.c.locker_id == locker.c.id)
    claimed = claimed.where(assignment.c.bank_id == bank_id, assignment.c.released_at.is_(None))
    line = select(func.count()).where(wait.c.bank_id == bank_id, wait.c.ended_at.is_(None))
    return BankSetUp(
        row,
        conn.scalar(select(site.c.name).where(site.c.id == row.site_id)) or "",
        list(conn.execute(there.order_by(locker.c.number)).all()),
        sorted(conn.scalars(claimed)),
        conn.scalar(line) or 0,
    )


def site_of_any_bank(conn: Connection, bank_id: int) -> int | None:
    """The site of a bank, archived or not; None when there is no such bank."""
    return conn.scalar(select(bank.c.site_id).where(bank.c.id == bank_id))


def site_if_any(conn: Connection, site_id: int) -> int | None:
    """The site's own id, archived or not; None when there is none."""
    return conn.scalar(select(site.c.id).where(site.c.id == site_id))


def was_locker(conn: Connection, locker_id: int) -> bool:
    """Whether there is or was such a door."""
    return conn.scalar(select(locker.c.id).where(locker.c.id == locker_id)) is not None
