"""Reads about charging spots for everybody: where each stands, and when it comes free. No holders:
of them only what they chose to show."""

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait, charging, site
from locker_app.domain.bookings import (
    REPORT_LASTS,
    BookingStatus,
    Waiting,
    in_order,
    is_blocked,
    status_at,
)
from locker_app.domain.chargers import AtEnd, ChargerStatus, ChargingRules, Priority
from locker_app.domain.codes import read_code
from locker_app.domain.forecast import Basis, Forecast
from locker_app.queries.forecasts import forecasts_of

_B, _C, _R, _W = booking.c, charger.c, charging.c, charger_wait.c
_IN_USE = _C.archived_at.is_(None)
_THERE = (BookingStatus.OFFERED, BookingStatus.ACTIVE, BookingStatus.OVERSTAYED)
_LATELY = timedelta(days=7)
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
        *(_B.starts_at, _B.here_at, _B.leaves_at, _B.came_at, _B.reminded_at),
        *(_B.overstayed_at, _B.due_at),
    )
    .where(_B.site_id == bindparam("site_id"), _B.ended_at.is_(None))
    .order_by(_B.here_at, _B.id)
)
_OF_CODE = Statement(
    select(_C.id, _C.site_id)
    .join(site, site.c.id == _C.site_id)
    .where(_C.code == bindparam("code"), _IN_USE, site.c.archived_at.is_(None))
)
_LINE = Statement(
    select(
        *(_W.id, _W.person_id, _W.holder, _W.first, _W.joined_at),
        _W.booking_id,
    )
    .where(_W.site_id == bindparam("site_id"), _W.ended_at.is_(None))
    .order_by(_W.first.desc(), _W.joined_at, _W.id)
)
_USED = Statement(
    select(_B.holder, _B.starts_at, _B.ended_at, _B.end_cause).where(
        _B.site_id == bindparam("site_id"),
        _B.stated_at.is_not(None),
        _B.ended_at.is_(None) | (_B.ended_at > bindparam("since", type_=_B.ended_at.type)),
    )
)
_NOT_USED = ("cancelled", "lapsed", "declined", "blocked")


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


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """Who waits for a spot, by the ids of their places."""

    order: list[int]
    """In the order in which spots are offered."""
    asking: list[int]
    """Those who are offered nothing yet; also who wants a pause, as they keep their place."""


def line_of(conn: Connection, place: ChargingSite, now: datetime) -> WaitingLine:
    """The line of the site at `now`."""
    rows = _LINE.rows(conn, site_id=place.id)
    least_used = place.rules.priority is Priority.LEAST_USED and len(rows) > 1
    used = _used(conn, place.id, now) if least_used else {}
    line = (
        Waiting(row.id, row.holder, row.first, row.person_id is not None, row.joined_at)
        for row in rows
    )
    return WaitingLine(
        order=[one.wait_id for one in in_order(line, place.rules.priority, used)],
        asking=[row.id for row in rows if row.booking_id is None],
    )


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
    there, stands = _there(open_here, rules, now)
    status = _status(row, there, stands, now)
    held = None if status is ChargerStatus.OUT else there
    return Spot(
        *(row.id, row.code, row.name, row.place, row.details, status),
        shown_as="" if held is None or stands is BookingStatus.OFFERED else held.shown_as,
        until=None if held is None else held.leaves_at,
        forecast=None if held is None else _forecast(held, stands, rules, known, now),
        later=tuple(
            (one.here_at, one.leaves_at)
            for one in open_here
            if one is not there and one.status == BookingStatus.BOOKED.value and one.leaves_at > now
        ),
    )


def _there(
    open_here: list[Any], rules: ChargingRules, now: datetime
) -> tuple[Any | None, BookingStatus]:
    """The booking whose time it is at a spot, and where it stands with a deadline that has passed
    taken as passed."""
    begun = [one for one in open_here if one.status in _THERE]
    begun += [
        one
        for one in open_here
        if one.status == BookingStatus.BOOKED.value and one.starts_at <= now and not is_blocked(one)
    ]
    for one in begun:
        stands = status_at(one, rules, now)
        if stands in _THERE:
            return one, stands
    return None, BookingStatus.ENDED


def _status(row: Any, there: Any | None, stands: BookingStatus, now: datetime) -> ChargerStatus:
    if row.out_of_service_at is not None:
        return ChargerStatus.OUT
    if there is None:
        reported = row.reported_at is not None and now < row.reported_at + REPORT_LASTS
        return ChargerStatus.REPORTED if reported else ChargerStatus.FREE
    if stands is BookingStatus.OFFERED:
        return ChargerStatus.OFFERED
    if stands is BookingStatus.OVERSTAYED:
        return ChargerStatus.OVERSTAYED
    return ChargerStatus.TAKEN if now < there.leaves_at else ChargerStatus.LEAVING


def _forecast(
    there: Any,
    stands: BookingStatus,
    rules: ChargingRules,
    known: dict[int, Forecast],
    now: datetime,
) -> Forecast | None:
    """When the spot comes free. A booking that ends by itself is not forecast to last longer."""
    if stands is BookingStatus.OFFERED:
        return None
    said = Forecast(max(now, there.leaves_at), None, None, Basis.STATED)
    found = known.get(there.id, said)
    if rules.at_end is not AtEnd.END:
        return found
    last = max(now, there.leaves_at + timedelta(minutes=rules.grace_minutes))
    low, high = (None if at is None else min(at, last) for at in (found.low, found.high))
    return Forecast(min(found.likely, last), low, high, found.basis)


def _used(conn: Connection, site_id: int, now: datetime) -> dict[str, timedelta]:
    """How long each holder has charged in the last seven days."""
    since = now - _LATELY
    used: dict[str, timedelta] = defaultdict(timedelta)
    for row in _USED.rows(conn, site_id=site_id, since=since):
        part = min(row.ended_at or now, now) - max(row.starts_at, since)
        if part > timedelta() and row.end_cause not in _NOT_USED:
            used[row.holder] += part
    return used
