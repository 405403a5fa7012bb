"""How charging spots were used, from the shell: figures, tables and the bookings as files."""

import argparse
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from locker_app.cli_desk import Desk, Doings, table
from locker_app.domain.actors import Actor
from locker_app.domain.days import today
from locker_app.domain.errors import BadInput, NotFound
from locker_app.queries.charging_tables import HOW
from locker_app.queries.scoped import site_statistics
from locker_app.queries.scoped_charging import bookings_looked_back
from locker_app.queries.setup import chargers_to_set_up
from locker_app.queries.sites import SiteView
from locker_app.queries.statistics_tables import CHARGING, TABLES, as_file

_DAYS = 30


def _statistics(desk: Desk, asked: argparse.Namespace) -> str:
    """say how the charging spots were used, or write one of the tables to a file"""
    site = _site(desk, asked.site)
    first, last = _days(desk, site, asked)
    found = desk.read(site_statistics, site_id=site.id, first=first, last=last)
    if asked.output:
        if not asked.table:
            raise BadInput("Say which table: --table TABLE", field="table")
        _write(asked.output, lambda file: file.write(as_file(asked.table, found)))
        return f"“{TABLES[asked.table].title}” is in {asked.output}"
    if asked.table:
        rows = TABLES[asked.table].rows(found)
        return table([TABLES[asked.table].head, *map(tuple, rows)])
    seen = found.charging
    said: list[tuple[Any, ...]] = [
        ("Spots now", seen.spots),
        ("Stays that began", seen.began),
        ("Median stay", f"{round(seen.stays.median / 60)} min"),
        ("Overstayed", seen.overstays.count),
        ("Refused", sum(seen.refusals.values())),
        *((HOW.get(cause, cause).capitalize(), many) for cause, many in seen.ends.items()),
    ]
    if seen.forecasts:
        week = seen.forecasts[-1]
        error, inside = round(week.typical_error / 60), round(100 * week.inside)
        said.append((f"Forecasts, week from {week.monday}", f"off by {error} min, {inside} % in"))
    return f"{site.name}, {first} to {last}\n{table(said)}"


def _bookings(desk: Desk, asked: argparse.Namespace) -> str:
    """write the bookings of some days to a file for a spreadsheet (CSV), with names"""
    site = _site(desk, asked.site)
    first, last = _days(desk, site, asked)
    charger_id = None if asked.charger is None else _charger(desk, site, asked.charger)
    chosen: dict[str, Any] = {"site_id": site.id, "first": first, "last": last}

    def read(conn: Connection, actor: Actor, now: datetime) -> int:
        found = bookings_looked_back(conn, actor, now, **chosen, charger_id=charger_id)
        _write(asked.output, lambda file: [file.write(text) for _, text in found.pieces])
        return found.rows

    return f"Bookings in {asked.output}: {desk.read(read):,}"


def _write(name: str, write: Any) -> None:
    try:
        with Path(name).open("w", encoding="utf-8", newline="") as file:
            write(file)
    except OSError as error:
        raise BadInput(f"{name} can't be written: {error.strerror}.") from None


def _site(desk: Desk, named: str | None) -> SiteView:
    there = desk.sites()
    found = [one for one in there if named is None or one.name.casefold() == named.casefold()]
    if len(found) != 1:
        names = ", ".join(one.name for one in there)
        raise NotFound(f"Say at which site: --site NAME. There are: {names}.")
    return found[0]


def _charger(desk: Desk, site: SiteView, named: str) -> int:
    for row in desk.db.read(lambda conn: chargers_to_set_up(conn, site.id)):
        if row.name.casefold() == named.casefold():
            return row.id
    raise NotFound(f"{site.name} has no charging spot “{named}”.")


def _days(desk: Desk, site: SiteView, asked: argparse.Namespace) -> tuple[date, date]:
    """Those that are said; the last thirty if none is."""
    here = today(desk.call().now, site.time_zone)
    last = asked.last or asked.first or here
    return asked.first or (asked.last or here - timedelta(days=_DAYS - 1)), last


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no day: 2026-03-02") from None


_LOOK: dict[str, dict[str, Any]] = {
    "--site": {"metavar": "NAME", "help": "needed when there are several"},
    "--first": {"type": _day, "metavar": "DAY", "help": "such as 2026-03-02"},
    "--last": {"type": _day, "metavar": "DAY", "help": "by default the first one"},
}
DOINGS: Doings = {
    "statistics": (
        _statistics,
        {
            **_LOOK,
            "--table": {
                "choices": [name.value for name in CHARGING],
                "metavar": "TABLE",
                "help": "one of " + ", ".join(name.value for name in CHARGING),
            },
            "--output": {"metavar": "FILE", "help": "write that table there, as CSV"},
        },
    ),
    "bookings": (
        _bookings,
        {
            **_LOOK,
            "--charger": {"metavar": "NAME", "help": "of this spot alone"},
            "--output": {"metavar": "FILE", "required": True, "help": "where to"},
        },
    ),
}
