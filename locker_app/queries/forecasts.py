"""When charging spots come free, by what each site's past stays have taught.

Each process has a model of each site in memory, which follows the table of bookings: it learns the
past once, and then what began and ended since it looked last. Commands get what it knows, and
never wait for it to learn: `promise` reads nothing.

The database has the truth, so a model is never wrong for long: who looks, looks at a little more
than what is new, as a transaction may commit late; now and then at two days; and once a day all is
learnt anew, without the names that were forgotten meanwhile.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from threading import Lock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, literal_column, select

from locker_app.db.engine import memory_of
from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, site
from locker_app.domain.bookings import EndCause
from locker_app.domain.forecast import Forecast, Going, Model, Record, Stay
from locker_app.queries.past_stays import IS_STAY, STAYED, WAS_STAY

MAX_STAYS = 20_000
"""How many of a site's last stays are learnt when a process starts."""
LATE = timedelta(minutes=15)
"""How far before the last look is looked again each time: commits come late, and clocks differ."""
DEEP, DEEP_EVERY = timedelta(hours=48), timedelta(minutes=10)
"""How far now and then: what the timer ended after a pause, it ended as of when it was due."""
ANEW_EVERY = timedelta(hours=24)
LATELY, LATELY_STAYS = timedelta(days=30), 100
"""Which stays say how good the forecast has been: the last ones, and no older."""
SAME = timedelta(seconds=20)
"""For how long a forecast is as good as a new one: pages show minutes."""
_NEVER = datetime.min.replace(tzinfo=UTC)
SHORTEST = timedelta(minutes=3)
"""Shorter ones were booked by mistake, and say nothing of how long people stay."""
_LEFT = STAYED - {EndCause.FORCED.value}

_B = booking.c
_COLUMNS = (
    *(_B.id, _B.starts_at, _B.ended_at, _B.holder, _B.stated_at, _B.charger_id, _B.end_cause),
)
_OF_SITE = _B.site_id == bindparam("site_id")
_LAST = Statement(
    select(*_COLUMNS)
    .where(_OF_SITE, _B.ended_at.is_not(None), WAS_STAY)
    .order_by(_B.ended_at.desc())
    .limit(literal_column(str(MAX_STAYS)))
)
_ENDED = Statement(
    select(*_COLUMNS)
    .where(_OF_SITE, _B.ended_at >= bindparam("since", type_=_B.ended_at.type), WAS_STAY)
    .order_by(_B.ended_at)
)
_GOING = Statement(select(*_COLUMNS).where(_OF_SITE, IS_STAY))  # an order has SQLite read the past
_ONE = Statement(select(*_COLUMNS).where(_B.id == bindparam("booking_id")))
_FORECAST = Statement(
    select(_B.starts_at, _B.ended_at, _B.end_cause, _B.likely_at, _B.low_at, _B.high_at)
    .where(_OF_SITE, _B.ended_at >= bindparam("since", type_=_B.ended_at.type), WAS_STAY)
    .where(_B.likely_at.is_not(None), _B.low_at.is_not(None), _B.high_at.is_not(None))
    .order_by(_B.ended_at.desc())
    .limit(literal_column(str(LATELY_STAYS)))
)
_ZONE = Statement(select(site.c.time_zone).where(site.c.id == bindparam("site_id")))


def promise(conn: Connection, site_id: int, going: Going, now: datetime) -> Forecast | None:
    """What to say of a stay that begins, inside a command: None until the site has been learnt,
    which commands don't wait for. `holder` as that of a booking, `spot` the charger's id."""
    known = _sites(conn).get(site_id)
    return None if known is None else known.forecast(_named(going), now)


def forecasts_of(conn: Connection, site_id: int, now: datetime) -> dict[int, Forecast]:
    """When the stays that go on at a site end, by the booking's id; without those of which nothing
    can be said. Not for commands: unless another thread is at it, it learns the site's past first,
    which may take a second or two."""
    known, going = _sites(conn).of(site_id), _GOING.rows(conn, site_id=site_id)
    known.follow(conn, now, going)
    return known.forecasts(going, now)


def record(conn: Connection, site_id: int, now: datetime) -> Record | None:
    """How what was said at the beginning of stays came true lately, at this site; None while there
    is no stay of which a range was said."""
    found = _FORECAST.rows(conn, site_id=site_id, since=now - LATELY)
    rows = [row for row in found if _teaches(row)]
    if not rows:
        return None
    off = median(abs(row.ended_at - row.likely_at) for row in rows)
    inside = sum(row.low_at <= row.ended_at <= row.high_at for row in rows)
    return Record(off, inside / len(rows), len(rows))


def sites_to_learn(conn: Connection) -> list[int]:
    """The sites that have charging spots."""
    rows = select(charger.c.site_id).where(charger.c.archived_at.is_(None)).distinct()
    return sorted(conn.scalars(rows))


def keep_up(conn: Connection, site_id: int, now: datetime) -> None:
    """Learn a site's past, or what is new since the last look; once a day all of it anew. Not for
    commands."""
    _sites(conn).of(site_id).follow(conn, now, _GOING.rows(conn, site_id=site_id), anew=True)


class _Sites:
    """What a process has learnt of the sites of one database."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sites: dict[int, _Site] = {}

    def get(self, site_id: int) -> "_Site | None":
        return self._sites.get(site_id)

    def of(self, site_id: int) -> "_Site":
        with self._lock:
            return self._sites.setdefault(site_id, _Site(site_id))


def _sites(conn: Connection) -> _Sites:
    return memory_of(conn).setdefault("forecasts", _Sites())


class _Said(NamedTuple):
    """A forecast of a stay that goes on, of when and with how much learnt."""

    asked: Going
    learnt: int
    at: datetime
    forecast: Forecast | None

    def holds(self, asked: Going, learnt: int, now: datetime) -> bool:
        same = asked == self.asked and learnt == self.learnt
        return same and timedelta(0) <= now - self.at < SAME


class _Site:
    """What was learnt of a site. One thread looks what is new, while others ask what is known."""

    def __init__(self, site_id: int) -> None:
        self._site_id = site_id
        self._following = Lock()
        self._using = Lock()
        """Held for moments alone: commands wait for it."""
        self._model: Model | None = None
        self._zone = ""
        self._learnt = 0
        """Rises with each thing that is learnt."""
        self._said: dict[int, _Said] = {}
        self._learnt_at = self._looked_at = self._deep_at = _NEVER
        self._going: set[int] = set()
        """The bookings that have begun and of which it is not known that they ended."""
        self._over: dict[int, datetime] = {}
        """Those that were learnt, and when they ended: as far back as is ever looked."""

    def forecast(self, going: Going, now: datetime) -> Forecast | None:
        with self._using:
            return None if self._model is None else self._model.forecast(going, now)

    def forecasts(self, going: list[Any], now: datetime) -> dict[int, Forecast]:
        """Of all these stays. What was said a moment ago, of the same stay and having learnt the
        same, is said again: several screens ask at once."""
        said: dict[int, _Said] = {}
        for row in going:
            asked, before = _going(row), self._said.get(row.id)
            if before is None or not before.holds(asked, self._learnt, now):
                before = _Said(asked, self._learnt, now, self.forecast(asked, now))
            said[row.id] = before
        self._said = said
        found = {booking_id: one.forecast for booking_id, one in said.items()}
        return {id_: _from(one, now) for id_, one in found.items() if one is not None}

    def follow(
        self, conn: Connection, now: datetime, going: list[Any], *, anew: bool = False
    ) -> None:
        """Learn what is new. While another thread does, what is known will do, be it nothing: only
        who keeps up (`anew`) waits."""
        with _held(self._following, wait=anew) as ours:
            if not ours:
                return
            zone = str(_ZONE.value(conn, site_id=self._site_id) or "UTC")
            old = self._model is None or (anew and now - self._learnt_at >= ANEW_EVERY)
            if old or zone != self._zone:
                self._learn_all(conn, zone, now, going)
            else:
                self._catch_up(conn, now, going)

    def _learn_all(self, conn: Connection, zone: str, now: datetime, going: list[Any]) -> None:
        """In a model of its own, so that the one there is can be asked meanwhile."""
        model = Model(ZoneInfo(zone))
        rows = [row for row in _LAST.rows(conn, site_id=self._site_id) if _teaches(row)]
        model.load(_stay(row) for row in reversed(rows))
        for row in sorted(going, key=lambda row: (row.starts_at, row.id)):
            model.arrive(_going(row), row.id)
        with self._using:
            self._model, self._zone = model, zone
            self._learnt += 1
        self._going = {row.id for row in going}
        self._over = {row.id: row.ended_at for row in rows if row.ended_at >= now - 2 * DEEP}
        self._learnt_at = self._looked_at = self._deep_at = now

    def _catch_up(self, conn: Connection, now: datetime, going: list[Any]) -> None:
        deep = now - self._deep_at >= DEEP_EVERY
        since = self._looked_at - (DEEP if deep else LATE)
        ended = {
            row.id: row
            for row in _ENDED.rows(conn, site_id=self._site_id, since=since)
            if row.id not in self._over and _teaches(row)
        }
        # whatever the time is at which it ended: what went on and does no more has ended
        for booking_id in self._going - {row.id for row in going} - ended.keys():
            row = _ONE.first(conn, booking_id=booking_id)
            if row is None or row.ended_at is None:
                continue  # this snapshot is older than what is known
            if _teaches(row):
                ended[booking_id] = row
            else:
                self._forget(booking_id)
        begun = [row for row in (*going, *ended.values()) if row.id not in self._going]
        self._learn(ended.values(), [row for row in begun if row.id not in self._over])
        self._looked_at = now
        if deep:
            self._deep_at = now
            self._over = {id_: at for id_, at in self._over.items() if at >= now - 2 * DEEP}

    def _learn(self, ended: Iterable[Any], begun: Iterable[Any]) -> None:
        """In the order in which it happened; at the same moment, what ended comes first."""
        steps = [(row.ended_at, 0, row.starts_at, row.id, row) for row in ended]
        steps += [(row.starts_at, 1, row.starts_at, row.id, row) for row in begun]
        for _, begins, _, booking_id, row in sorted(steps, key=lambda step: step[:4]):
            with self._using:
                assert self._model is not None
                if begins:
                    self._model.arrive(_going(row), booking_id)
                else:
                    self._model.learn(_stay(row), booking_id)
                    self._learnt += 1
            if begins:
                self._going.add(booking_id)
            else:
                self._going.discard(booking_id)
                self._over[booking_id] = row.ended_at

    def _forget(self, booking_id: int) -> None:
        with self._using:
            assert self._model is not None
            self._model.forget(booking_id)
        self._going.discard(booking_id)


def _from(said: Forecast, now: datetime) -> Forecast:
    """Nothing is forecast to have happened already."""
    if said.low is None or said.high is None:
        return replace(said, likely=max(said.likely, now))
    return replace(
        said, likely=max(said.likely, now), low=max(said.low, now), high=max(said.high, now)
    )


@contextmanager
def _held(lock: Lock, *, wait: bool):
    """Whether the lock was had."""
    ours = lock.acquire(blocking=wait)
    try:
        yield ours
    finally:
        if ours:
            lock.release()


def _teaches(row: Any) -> bool:
    """Whether somebody left by their own will, and after more than a press that was taken back."""
    return row.end_cause in _LEFT and row.ended_at - row.starts_at >= SHORTEST


def _stay(row: Any) -> Stay:
    spot = str(row.charger_id)
    return Stay(row.starts_at, row.ended_at, row.holder or None, row.stated_at, spot)


def _going(row: Any) -> Going:
    return Going(row.starts_at, row.holder or None, row.stated_at, str(row.charger_id))


def _named(going: Going) -> Going:
    """A holder whose name was forgotten is nobody that is known."""
    return going if going.holder else replace(going, holder=None)
