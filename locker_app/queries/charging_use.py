"""How a site's charging spots were used on some days: figures, and nobody's name."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import charger
from locker_app.domain.bookings import EndCause, LineOutcome
from locker_app.domain.day_sums import What
from locker_app.queries.after_class import Times
from locker_app.queries.charger_reckoning import IN
from locker_app.queries.days_summed import Days, Hour, Sums, bars_in, lengths_of, mean_held

STAYS = (30, 60, 120, 240, 480, 720, 1440)
"""Where the bars of the stays end, in minutes; the last bar has no end."""
OVERSTAYS = (15, 30, 60, 120, 240, 480)
WAITS = (5, 15, 30, 60, 120)


@dataclass(frozen=True, slots=True)
class SpotDay:
    """A day at the spots of a site."""

    day: date
    began: int
    """Stays."""
    ended: int
    overstayed: int
    """Of those that ended."""
    no_shows: int
    refused: int


@dataclass(frozen=True, slots=True)
class SpotUse:
    """How much a spot was used."""

    charger_id: int
    name: str
    archived: bool
    stays: int
    """That began."""
    percent: float
    """Of the time in which there was this spot, day and night."""


@dataclass(frozen=True, slots=True)
class WeekOfForecasts:
    """How the forecasts made as stays began came true, of stays that ended in a week."""

    monday: date
    stays: int
    typical_error: int
    """Half of them were off by less, in seconds."""
    inside: float
    """The share that ended within the range, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Charging:
    """How the charging spots of a site were used."""

    spots: int
    """How many there are now."""
    began: int
    by_weekday: list[Hour]
    """How many spots were used in each hour of the week, on average."""
    by_day: list[SpotDay]
    ends: dict[str, int]
    """Why bookings ended, by cause; the commonest first."""
    refusals: dict[str, int]
    """Why a spot was refused, by code; the commonest first."""
    stays: Times
    """That ended on these days."""
    stay_bars: list[int]
    overstays: Times
    """By how much those that were overstayed ended after the time said."""
    overstay_bars: list[int]
    waits: Times
    """In line, until a spot was taken."""
    wait_bars: list[int]
    wait_outcomes: dict[str, int]
    by_spot: list[SpotUse]
    forecasts: list[WeekOfForecasts]

    @property
    def no_shows(self) -> int:
        """How many did not come."""
        return self.ends.get(EndCause.NO_SHOW.value, 0)

    @property
    def is_empty(self) -> bool:
        """Whether there are no spots, and never were."""
        return not self.spots and not self.by_spot


def charging_of(conn: Connection, site_id: int, of: Days, hours: Sums) -> Charging:
    """What the days come to; `hours` has how long each hour of the week was in them."""
    used = of.sums(What.SPOT_HOUR, "weekday", "at")
    ways = {name: many for (name,), (many, _) in of.sums(What.SPOT_ENDED, "name").items()}
    codes = {name: many for (name,), (many, _) in of.sums(What.SPOT_REFUSED, "name").items()}
    stays, late = of.sums(What.SPOT_STAY, "at"), of.sums(What.SPOT_OVER, "at")
    waits = of.sums(What.SPOT_WAIT, "at", "name")
    took = {(at,): sums for (at, how), sums in waits.items() if how == LineOutcome.TOOK}
    outcomes: Counter[str] = Counter()
    for (_, how), (many, _) in waits.items():
        outcomes[how] += many
    by_spot = of.sums(What.SPOT, "of")
    rows = conn.execute(select(charger).where(charger.c.site_id == site_id)).all()
    share = {key: (length, used.get(key, (0, 0))[1]) for key, (length, _) in hours.items()}
    return Charging(
        spots=sum(row.archived_at is None for row in rows),
        began=sum(many for many, _ in by_spot.values()),
        by_weekday=list(mean_held(share, lambda weekday, hour: (weekday, hour))),
        by_day=list(_days(of)),
        ends=_commonest(ways),
        refusals=_commonest(codes),
        stays=lengths_of(stays),
        stay_bars=bars_in(stays, STAYS),
        overstays=lengths_of(late),
        overstay_bars=bars_in(late, OVERSTAYS),
        waits=lengths_of(took),
        wait_bars=bars_in(took, WAITS),
        wait_outcomes=dict(outcomes),
        by_spot=sorted(_spots(rows, of, by_spot), key=lambda one: (-one.percent, -one.stays)),
        forecasts=list(_weeks(of)),
    )


def _commonest(many: dict[str, int]) -> dict[str, int]:
    return dict(Counter(many).most_common())


def _days(of: Days) -> Iterator[SpotDay]:
    began, ended, late, refused = (
        {day: many for (day,), (many, _) in of.sums(what, "day").items()}
        for what in (What.SPOT, What.SPOT_STAY, What.SPOT_OVER, What.SPOT_REFUSED)
    )
    ways = of.sums(What.SPOT_ENDED, "day", "name")
    for day in of.days():
        n = day.toordinal()
        yield SpotDay(
            day,
            began=began.get(n, 0),
            ended=ended.get(n, 0),
            overstayed=late.get(n, 0),
            no_shows=ways.get((n, EndCause.NO_SHOW.value), (0, 0))[0],
            refused=refused.get(n, 0),
        )


def _spots(rows: Any, of: Days, sums: Sums) -> Iterator[SpotUse]:
    """The spots in use, and those out of use that were used then."""
    for row in rows:
        many, seconds = sums.get((row.id,), (0, 0))
        archived = row.archived_at is not None
        if archived and not seconds and not many:
            continue
        end = of.until if row.archived_at is None else min(of.until, row.archived_at)
        had = max(0.0, (end - of.start).total_seconds())
        percent = min(100.0, round(100 * seconds / had, 1)) if had else 0.0
        yield SpotUse(row.id, row.name, archived, many, percent)


def _weeks(of: Days) -> Iterator[WeekOfForecasts]:
    weeks: dict[int, Sums] = defaultdict(dict)
    inside: Counter[int] = Counter()
    for (week, at, name), sums in of.sums(What.SPOT_FORECAST, "week", "at", "name").items():
        weeks[week][at, name] = sums
        inside[week] += sums[0] if name == IN else 0
    for week in sorted(weeks):
        off = lengths_of(weeks[week])
        share = round(inside[week] / off.count, 3)
        yield WeekOfForecasts(date.fromordinal(week), off.count, off.median, share)
