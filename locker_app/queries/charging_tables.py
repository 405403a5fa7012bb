"""How charging spots were used, as tables: see `statistics_tables`."""

from typing import Any

from locker_app.domain.bookings import EndCause
from locker_app.queries.charging_use import OVERSTAYS, STAYS, WAITS, Charging
from locker_app.queries.days_summed import bars_of

Rows = list[list[Any]]
HOW: dict[str, str] = {
    EndCause.STOPPED: "stopped by who charged",
    EndCause.CANCELLED: "cancelled before it began",
    EndCause.TIME_UP: "by itself, when the time was over",
    EndCause.OVERSTAYED: "overstayed for as long as that is shown",
    EndCause.FOUND_FREE: "found free by somebody else",
    EndCause.NO_SHOW: "did not come",
    EndCause.BLOCKED: "the spot was taken by somebody else",
    EndCause.FAULT: "the spot was taken out of service",
    EndCause.FORCED: "ended by staff",
}
"""Why a booking ended."""


def week(seen: Charging, weekdays: tuple[str, ...]) -> Rows:
    """For each weekday how many were used in each of its hours."""
    used = {(hour.weekday, hour.hour): round(hour.held, 1) for hour in seen.by_weekday}
    return [
        [name, *(used.get((weekday, hour), "") for hour in range(24))]
        for weekday, name in enumerate(weekdays)
    ]


def by_day(seen: Charging) -> Rows:
    """Each day."""
    return [
        [d.day.isoformat(), d.began, d.ended, d.overstayed, d.no_shows, d.refused]
        for d in seen.by_day
    ]


def ends(seen: Charging) -> Rows:
    """Why bookings ended."""
    return [[HOW.get(cause, cause), many] for cause, many in seen.ends.items()]


def stays(seen: Charging) -> Rows:
    """How long they were."""
    return _bars(STAYS, seen.stay_bars)


def overstays(seen: Charging) -> Rows:
    """By how much."""
    return _bars(OVERSTAYS, seen.overstay_bars)


def waits(seen: Charging) -> Rows:
    """How long they were."""
    return _bars(WAITS, seen.wait_bars)


def spots(seen: Charging) -> Rows:
    """The spots, those used most first."""
    return [
        [f"{s.name} (out of use)" if s.archived else s.name, s.stays, s.percent]
        for s in seen.by_spot
    ]


def forecasts(seen: Charging) -> Rows:
    """How they came true, week by week."""
    return [
        [w.monday.isoformat(), w.stays, round(w.typical_error / 60), round(100 * w.inside)]
        for w in seen.forecasts
    ]


def _bars(edges: tuple[int, ...], counts: list[int]) -> Rows:
    return [list(row) for row in zip(bars_of(edges), counts, strict=True)]
