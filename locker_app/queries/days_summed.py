"""The sums of some days at a site, and what figures are made of them.

Days that are over are kept (`db.tables.day_sums`), and the database adds them up; the day that it
is, and days that are not kept yet, are reckoned from what is there (`day_reckoning`).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from locker_app.db.tables import day_sum
from locker_app.domain.day_sums import Sum, What
from locker_app.domain.days import begins, today
from locker_app.queries.after_class import Spread, Times, times_of
from locker_app.queries.day_reckoning import first_day, kept_up_to, reckon
from locker_app.queries.sites import SiteView

_S = day_sum.c


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day, or of a weekday: how many were held or used in it, on average."""

    weekday: int | None
    """From 0, Monday; None for all days together."""
    hour: int
    held: float


Key = tuple[Any, ...]
Sums = dict[Key, tuple[int, int]]
"""How many, and seconds, by something."""


class Days:
    """The sums of some days at a site: those that are kept, and those that are not."""

    def __init__(
        self, conn: Connection, site: SiteView, now: datetime, first: date, last: date
    ) -> None:
        zone = site.time_zone
        self._conn, self._site_id = conn, site.id
        self.first, self.last = max(first, first_day(conn, site.id, zone)), last
        self.start = begins(self.first, zone)
        self.until = max(self.start, min(now, begins(last + timedelta(days=1), zone)))
        kept = kept_up_to(conn, site.id, zone)
        self._kept = self.first.toordinal(), min(last, kept - timedelta(days=1)).toordinal()
        self._fresh: dict[What, list[Sum]] = defaultdict(list)
        day, sums = max(self.first, kept), None
        while day <= min(last, today(now, zone)):
            sums = reckon(conn, site.id, zone, day, now, sums)
            for one in sums:
                self._fresh[one.what].append(one)
            day += timedelta(days=1)

    def days(self) -> Iterator[date]:
        """All of them, whether there is anything of them or not."""
        for n in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=n)

    def sums(self, what: What, *by: str) -> Sums:
        """What the sums of a kind come to, by these columns."""
        columns = [_WEEKLY[name] if name in _WEEKLY else _S[name] for name in by]
        rows = (
            select(*columns, func.sum(_S.many), func.sum(_S.seconds))
            .where(_S.site_id == self._site_id, _S.what == what.value)
            .where(_S.day.between(*self._kept))
            .group_by(*columns)
        )
        found: Sums = {}
        for row in self._conn.execute(rows):
            *key, many, seconds = tuple[Any, ...](row)
            found[tuple(key)] = int(many), int(seconds)
        for one in self._fresh[what]:
            key = tuple(getattr(one, name) for name in by)
            many, seconds = found.get(key, (0, 0))
            found[key] = many + one.many, seconds + one.seconds
        return found

    def open(self) -> int:
        """How many lockers were held when the last of the days ended, or are held now."""
        if self.last < self.first:
            return 0
        by_day = self.sums(What.OPEN, "day")
        return by_day.get((self.last.toordinal(),), (0, 0))[0]


_WEEKDAY = (_S.day + literal_column("6")) % literal_column("7")
_WEEKLY = {"weekday": _WEEKDAY, "week": _S.day - _WEEKDAY}
"""Of numbers, not values: PostgreSQL groups by what it sees to be the same."""


def mean_held(hours: Sums, key: Callable[[int, int], Key]) -> Iterator[Hour]:
    """How many were held on average, by what `key` makes of weekday and hour; `hours` has how long
    each hour was, and for how many seconds in all something was held in it."""
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for (weekday, hour), (length, held) in hours.items():
        both = sums[key(weekday, hour)]
        both[0] += held
        both[1] += length
    for (weekday, hour), (held, length) in sorted(sums.items()):
        yield Hour(weekday, hour, round(held / length, 2) if length else 0.0)


def spread_in(sums: Sums) -> Spread:
    """How many took how long, from sums by minutes: as long as the mean of these."""
    many: Counter[int] = Counter()
    for count, seconds in sums.values():
        many[round(seconds / count)] += count
    return sorted(many.items())


def lengths_of(sums: Sums) -> Times:
    """What there is to say of sums by minutes."""
    return times_of(spread_in(sums))


def bars_in(sums: Sums, edges: tuple[int, ...]) -> list[int]:
    """How many took up to each of these minutes, and longer than all of them; `sums` by minutes."""
    bars = [0] * (len(edges) + 1)
    for (minutes,), (many, _) in sums.items():
        bars[bisect_right(edges, minutes)] += many
    return bars


def bars_of(edges: tuple[int, ...]) -> list[str]:
    """What bars that end at so many minutes are called."""
    names = [_length(edge) for edge in edges]
    lows = ["0", *names]
    return [f"{low} – {name}" for low, name in zip(lows, names, strict=False)] + [
        f"over {names[-1]}"
    ]


def _length(minutes: int) -> str:
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
