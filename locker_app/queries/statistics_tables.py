"""The figures of a site as tables: for the page, and each as a file for a spreadsheet."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from locker_app.domain.csv_text import harmless
from locker_app.domain.event_words import CODE_WORDS
from locker_app.domain.spreadsheets import BYTE_ORDER_MARK, written
from locker_app.queries import charging_tables as charging
from locker_app.queries.days_summed import bars_of
from locker_app.queries.statistics import STAYS, WAITS, Statistics

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Rows = list[list[Any]]


class TableName(StrEnum):
    """What the tables are called in addresses and in names of files."""

    NOW = "now"
    HOURS = "hours"
    WEEK = "week"
    DAYS = "days"
    REFUSALS = "refusals"
    STAYS = "stays"
    BANKS = "banks"
    WAITS = "waits"
    LINES = "lines"
    JOINS = "joins"
    SPOT_WEEK = "spot-week"
    SPOT_DAYS = "spot-days"
    SPOT_ENDS = "spot-ends"
    SPOT_STAYS = "spot-stays"
    OVERSTAYS = "overstays"
    SPOT_WAITS = "spot-waits"
    SPOTS = "spots"
    FORECASTS = "forecasts"


class Table(NamedTuple):
    """What a table is called, what its columns are, and how it is made."""

    title: str
    head: tuple[str, ...]
    rows: Callable[[Statistics], Rows]


def _now(seen: Statistics) -> Rows:
    return [
        [b.name, b.total, b.free, b.held, b.reserved, b.overdue, b.out_of_service, b.waiting]
        for b in seen.now
    ]


def _by_hour(seen: Statistics) -> Rows:
    return [[f"{hour.hour:02}:00", round(hour.held, 1)] for hour in seen.by_hour]


def _week(seen: Statistics) -> Rows:
    held = {(hour.weekday, hour.hour): round(hour.held, 1) for hour in seen.by_weekday}
    return [
        [name, *(held.get((weekday, hour), "") for hour in range(24))]
        for weekday, name in enumerate(WEEKDAYS)
    ]


def _by_day(seen: Statistics) -> Rows:
    return [[d.day.isoformat(), d.assigned, d.given_back, d.refused] for d in seen.by_day]


def _refusals(seen: Statistics) -> Rows:
    return [[CODE_WORDS.get(code, code), many] for code, many in seen.refusals.items()]


def _stays(seen: Statistics) -> Rows:
    return [list(row) for row in zip(bars_of(STAYS), seen.stay_bars, strict=True)]


def _waits(seen: Statistics) -> Rows:
    return [list(row) for row in zip(bars_of(WAITS), seen.wait_bars, strict=True)]


def _banks(seen: Statistics) -> Rows:
    return [
        [f"{b.name} (out of use)" if b.archived else b.name, b.doors, b.assigned, b.held, b.percent]
        for b in seen.banks
    ]


def _lines(seen: Statistics) -> Rows:
    return [
        [
            *(one.name, one.joined, one.done, one.no_show, one.left),
            *(_minutes(one.waits.mean), _minutes(one.waits.median), _minutes(one.waits.p90)),
            _minutes(one.services.mean),
        ]
        for one in seen.lines
    ]


def _line_days(seen: Statistics) -> Rows:
    return [
        [
            *(one.day.isoformat(), one.name, one.joined, one.done, one.no_show, one.left),
            _minutes(one.mean_wait),
        ]
        for one in seen.line_days
    ]


def _minutes(seconds: int) -> float:
    return round(seconds / 60, 1)


TABLES: dict[str, Table] = {
    TableName.NOW: Table(
        "Now",
        (
            "Bank",
            "Lockers",
            "Free",
            "Held",
            "Held for someone",
            "Overdue",
            "Out of service",
            "Wait",
        ),
        _now,
    ),
    TableName.HOURS: Table("Held by hour", ("Hour", "Held on average"), _by_hour),
    TableName.WEEK: Table(
        "Held by weekday and hour", ("Day", *(f"{h:02}" for h in range(24))), _week
    ),
    TableName.DAYS: Table("Each day", ("Day", "Got a locker", "Gave it back", "Refused"), _by_day),
    TableName.REFUSALS: Table("Why refused", ("Why", "Times"), _refusals),
    TableName.STAYS: Table("How long lockers were kept", ("Kept", "Times"), _stays),
    TableName.BANKS: Table(
        "Busiest banks", ("Bank", "Lockers", "Got one", "Held on average", "Percent held"), _banks
    ),
    TableName.WAITS: Table("How long people waited for a locker", ("Waited", "Times"), _waits),
    TableName.LINES: Table(
        "Lines for help",
        (
            *("Line", "Joined", "Helped", "Did not come", "Left", "Mean wait, min"),
            *("Median wait, min", "Nine of ten up to, min", "Mean help, min"),
        ),
        _lines,
    ),
    TableName.JOINS: Table(
        "Lines for help, each day",
        ("Day", "Line", "Joined", "Helped", "Did not come", "Left", "Mean wait, min"),
        _line_days,
    ),
    TableName.SPOT_WEEK: Table(
        "Charging by weekday and hour",
        ("Day", *(f"{h:02}" for h in range(24))),
        lambda seen: charging.week(seen.charging, WEEKDAYS),
    ),
    TableName.SPOT_DAYS: Table(
        "Charging, each day",
        ("Day", "Began", "Ended", "Overstayed", "Did not come", "Refused"),
        lambda seen: charging.by_day(seen.charging),
    ),
    TableName.SPOT_ENDS: Table(
        "How bookings ended", ("How", "Times"), lambda seen: charging.ends(seen.charging)
    ),
    TableName.SPOT_STAYS: Table(
        "How long people charged", ("Stayed", "Times"), lambda seen: charging.stays(seen.charging)
    ),
    TableName.OVERSTAYS: Table(
        "How long spots were overstayed",
        ("After the time said", "Times"),
        lambda seen: charging.overstays(seen.charging),
    ),
    TableName.SPOT_WAITS: Table(
        "How long people waited for a charging spot",
        ("Waited", "Times"),
        lambda seen: charging.waits(seen.charging),
    ),
    TableName.SPOTS: Table(
        "Busiest charging spots",
        ("Spot", "Stays", "Percent used"),
        lambda seen: charging.spots(seen.charging),
    ),
    TableName.FORECASTS: Table(
        "How the forecasts came true",
        ("Week from", "Stays", "Typical error, min", "Percent within the range"),
        lambda seen: charging.forecasts(seen.charging),
    ),
}
CHARGING = (
    *(TableName.SPOT_WEEK, TableName.SPOT_DAYS, TableName.SPOT_ENDS, TableName.SPOT_STAYS),
    *(TableName.OVERSTAYS, TableName.SPOT_WAITS, TableName.SPOTS, TableName.FORECASTS),
)
"""Those about charging spots."""


def as_file(name: str, seen: Statistics) -> str:
    """One of the tables as CSV."""
    table = TABLES[name]
    return BYTE_ORDER_MARK + written([table.head, *(_cells(row) for row in table.rows(seen))])


def _cells(row: Iterable[Any]) -> list[Any]:
    return [harmless(cell) if isinstance(cell, str) else cell for cell in row]
