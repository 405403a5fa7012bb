"""Reads about charging spots for everybody: where each stands, and when it comes free. No holders:
of them only what they chose to show."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait, charging, site
from locker_app.domain.bookings import BookingStatus
from locker_app.domain.chargers import AtEnd, ChargerStatus, ChargingRules, Priority
from locker_app.domain.codes import read_code
from locker_app.domain.forecast import Basis, Forecast
from locker_app.queries.forecasts import forecasts_of

REPORT_LASTS = timedelta(minutes=60)
"""How long a spot that is said to be taken is not given, unless staff clear it sooner."""

_B, _C, _R, _W = booking.c, charger.c, charging.c, charger_wait.c
_IN_USE = _C.archived_at.is_(None)
_THERE = (BookingStatus.OFFERED, BookingStatus.ACTIVE, BookingStatus.OVERSTAYED)
_RULES = tuple(field.name for field in fields(ChargingRules))


@dataclass(frozen=True, slots=True)
class Spot:
    """A charging spot as everybody may see it."""

    id: int
    code: str
    name: str
    place: str
    details: str
    status: ChargerStatus
    shown_as: str
    """What its holder wants neighbours to see."""
    until: datetime | None
    """Until when it is said to be taken, or held for somebody; None while it is neither."""
    forecast: Forecast | None
    """When it comes free, as far as that is known; None while it is free or out of service."""
    later: tuple[tuple[datetime, datetime], ...]
    """From when to when it is booked after that, in order."""


@dataclass(frozen=True, slots=True)
class ChargingSite:
    """A site with charging spots."""

    id: int
    name: str
    time_zone: str
    rules: ChargingRules


@dataclass(frozen=True, slots=True)
class SpotCounts:
    """How full the spots of a site are, as the home page shows it."""

    total: int
    free: int
    waiting: int
    next_at: datetime | None
    """About when one comes free, while none is."""


_SITE = Statement(
    select(site.c.id, site.c.name, site.c.time_zone, *(_R[name] for name in _RULES))
    .join(charging, _R.site_id == site.c.id)
    .where(site.c.id == bindparam("site_id"), site.c.archived_at.is_(None))
)
_SPOTS = Statement(
    select(
        *(_C.id, _C.code, _C.name, _C.place, _C.details),
        *(_C.out_of_service_at, _C.reported_at),
    )
    .where(_C.site_id == bindparam("site_id"), _IN_USE)
    .order_by(_C.position, _C.id)
)
_OPEN = Statement(
    select(
        *(_B.id, _B.charger_id, _B.status, _B.shown_as),
        *(_B.starts_at, _B.here_at, _B.leaves_at),
    )
    .where(_B.site_id == bindparam("site_id"), _B.ended_at.is_(None))
    .order_by(_B.here_at, _B.id)
)
_OF_CODE = Statement(
    select(_C.id, _C.site_id)
    .join(site, site.c.id == _C.site_id)
    .where(_C.code == bindparam("code"), _IN_USE, site.c.archived_at.is_(None))
)
_SITE_OF = Statement(select(_C.site_id).where(_C.id == bindparam("charger_id"), _IN_USE))
_LINE = Statement(
    select(_W.id, _W.person_id, _W.holder, _W.first, _W.joined_at)
    .where(_W.site_id == bindparam("site_id"), _W.ended_at.is_(None))
    .order_by(_W.first.desc(), _W.joined_at, _W.id)
)
_USED = Statement(
    select(_B.holder, _B.starts_at, _B.ended_at).where(
        _B.site_id == bindparam("site_id"),
        _B.ended_at > bindparam("since", type_=_B.ended_at.type),
    )
)


def charging_site(conn: Connection, site_id: int) -> ChargingSite | None:
    """The site with its rules; None when it has no charging spots, or is not in use."""
    row = _SITE.first(conn, site_id=site_id)
    if row is None:
        return None
    site_id, name, time_zone, *rules = row
    return ChargingSite(site_id, name, time_zone, _rules(dict(zip(_RULES, rules, strict=True))))


def charger_of_code(conn: Connection, code: str) -> tuple[int, int] | None:
    """The ids of the spot with this code and of its site, however it is written; None when there
    is none."""
    known = read_code(code)
    row = None if known is None else _OF_CODE.first(conn, code=known)
    return None if row is None else (row.id, row.site_id)


def site_of_charger(conn: Connection, charger_id: int) -> int | None:
    """The site that a spot belongs to; None when there is no such spot."""
    return _SITE_OF.value(conn, charger_id=charger_id)


def site_with_chargers(conn: Connection, site_id: int) -> int | None:
    """The site's id, when it has charging spots and is in use."""
    return None if charging_site(conn, site_id) is None else site_id


def spots(conn: Connection, place: ChargingSite, now: datetime) -> list[Spot]:
    """All spots of the site as they stand at `now`, in the order in which they are listed."""
    bookings: dict[int, list[Any]] = defaultdict(list)
    for row in _OPEN.rows(conn, site_id=place.id):
        bookings[row.charger_id].append(row)
    known = forecasts_of(conn, place.id, now)
    return [
        _spot(row, bookings[row.id], place.rules, known, now)
        for row in _SPOTS.rows(conn, site_id=place.id)
    ]


def line_of(conn: Connection, place: ChargingSite, now: datetime) -> list[int]:
    """The ids of the places in the line, in the order in which spots are offered."""
    waiting = _LINE.rows(conn, site_id=place.id)
    if place.rules.priority is Priority.SIGNED_IN:
        waiting.sort(key=lambda row: (not row.first, row.person_id is None))
    if place.rules.priority is Priority.LEAST_USED:
        used = _used(conn, place.id, now) if len(waiting) > 1 else {}
        waiting.sort(key=lambda row: (not row.first, used.get(row.holder, 0.0)))
    return [row.id for row in waiting]


def counts(conn: Connection, place: ChargingSite, now: datetime) -> SpotCounts | None:
    """How full the spots of the site are; None when none is in use."""
    all_of_them = spots(conn, place, now)
    if not all_of_them:
        return None
    free = sum(spot.status is ChargerStatus.FREE for spot in all_of_them)
    ends = [spot.forecast.likely for spot in all_of_them if spot.forecast is not None]
    waiting = len(_LINE.column(conn, site_id=place.id))
    return SpotCounts(len(all_of_them), free, waiting, None if free else min(ends, default=None))


def _rules(values: dict[str, Any]) -> ChargingRules:
    at_end, priority = AtEnd(values.pop("at_end")), Priority(values.pop("priority"))
    return ChargingRules(at_end=at_end, priority=priority, **values)


def _spot(
    row: Any, open_here: list[Any], rules: ChargingRules, known: dict[int, Forecast], now: datetime
) -> Spot:
    there = _there(open_here, rules, now)
    status = _status(row, there, rules, now)
    held = there is not None and status is not ChargerStatus.OUT
    return Spot(
        *(row.id, row.code, row.name, row.place, row.details, status),
        shown_as=there.shown_as if held and there.status != BookingStatus.OFFERED.value else "",
        until=there.leaves_at if held else None,
        forecast=_forecast(there, rules, known, now) if held else None,
        later=_later(open_here, there, now),
    )


def _there(open_here: Iterable[Any], rules: ChargingRules, now: datetime) -> Any | None:
    """The booking whose time it is at a spot, with a deadline that has passed taken as passed."""
    then = [row for row in open_here if row.status in _THERE and not _is_over(row, rules, now)]
    begun = [
        row
        for row in open_here
        if row.status == BookingStatus.BOOKED.value and row.starts_at <= now < row.leaves_at
    ]
    return next(iter([*then, *begun]), None)


def _is_over(row: Any, rules: ChargingRules, now: datetime) -> bool:
    if row.status == BookingStatus.OFFERED.value:
        return row.leaves_at <= now
    if row.status == BookingStatus.ACTIVE.value and rules.at_end is AtEnd.END:
        return row.leaves_at + timedelta(minutes=rules.grace_minutes) <= now
    gone = timedelta(minutes=rules.grace_minutes + rules.overstay_minutes)
    return row.leaves_at + gone <= now


def _status(row: Any, there: Any | None, rules: ChargingRules, now: datetime) -> ChargerStatus:
    if row.out_of_service_at is not None:
        return ChargerStatus.OUT
    if there is None:
        reported = row.reported_at is not None and now < row.reported_at + REPORT_LASTS
        return ChargerStatus.REPORTED if reported else ChargerStatus.FREE
    if there.status == BookingStatus.OFFERED.value:
        return ChargerStatus.OFFERED
    late = now - there.leaves_at
    if there.status == BookingStatus.OVERSTAYED.value or (
        rules.at_end is AtEnd.OVERSTAY and late >= timedelta(minutes=rules.grace_minutes)
    ):
        return ChargerStatus.OVERSTAYED
    return ChargerStatus.LEAVING if late >= timedelta(0) else ChargerStatus.TAKEN


def _forecast(
    there: Any, rules: ChargingRules, known: dict[int, Forecast], now: datetime
) -> Forecast | None:
    """When the spot comes free. A booking that ends by itself is not forecast to last longer."""
    if there.status == BookingStatus.OFFERED.value:
        return None
    said = Forecast(max(now, there.leaves_at), None, None, Basis.STATED)
    found = known.get(there.id, said)
    if rules.at_end is not AtEnd.END:
        return found
    last = there.leaves_at + timedelta(minutes=rules.grace_minutes)
    low, high = (None if at is None else min(at, last) for at in (found.low, found.high))
    return Forecast(min(found.likely, last), low, high, found.basis)


def _later(
    open_here: Iterable[Any], there: Any | None, now: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    return tuple(
        (row.here_at, row.leaves_at)
        for row in open_here
        if row is not there and row.status == BookingStatus.BOOKED.value and row.leaves_at > now
    )


def _used(conn: Connection, site_id: int, now: datetime) -> dict[str, float]:
    """For how many seconds each holder has charged in the last seven days."""
    since = now - timedelta(days=7)
    used: dict[str, float] = defaultdict(float)
    for row in _USED.rows(conn, site_id=site_id, since=since):
        used[row.holder] += (row.ended_at - max(row.starts_at, since)).total_seconds()
    return used
