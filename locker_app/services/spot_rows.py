"""What commands on charging spots look at: a site's rules, spots, open bookings, its line, and what
each holder has used. Nothing here writes or locks."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait
from locker_app.domain.bookings import (
    REPORT_LASTS,
    USEFUL,
    Span,
    latest_leave,
    period_of,
)
from locker_app.domain.chargers import AtEnd, ChargingRules, Priority
from locker_app.domain.queues import first_free

_B, _C, _W = booking.c, charger.c, charger_wait.c
_OPEN = _B.ended_at.is_(None)
THERE = ("offered", "active", "overstayed")
"""The statuses of a booking whose holder is on the spot, or may come at once."""
_FAR = timedelta(days=365)


def _ended_otherwise(*causes: str) -> Any:
    return and_(*(_B.end_cause != cause for cause in causes))


_USED_SINCE = (_B.ended_at > bindparam("since", type_=_B.ended_at.type)) & _ended_otherwise(
    "cancelled", "lapsed", "declined", "blocked"
)
"""Which stays that have ended count as used."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A site's charging spots as a whole: where, by which clocks and by which rules."""

    site_id: int
    zone: str
    rules: ChargingRules


def rules_of(row: Any) -> ChargingRules:
    """The rules in a row of `charging`."""
    values = {one.name: getattr(row, one.name) for one in fields(ChargingRules)}
    values["at_end"], values["priority"] = AtEnd(row.at_end), Priority(row.priority)
    return ChargingRules(**values)


def ground_of(row: Any) -> Ground:
    """Of a row of `charging` with the `time_zone` of its site."""
    return Ground(row.site_id, row.time_zone, rules_of(row))


def about(row: Any) -> dict[str, Any]:
    """What every fact about a booking says of it."""
    return {
        "site_id": row.site_id,
        "charger_id": row.charger_id,
        "booking_id": row.id,
        "person_id": row.person_id,
        "visitor_id": row.visitor_id,
    }


def about_wait(row: Any) -> dict[str, Any]:
    """What every fact about a place in the line says of it."""
    return {
        "site_id": row.site_id,
        "wait_id": row.id,
        "person_id": row.person_id,
        "visitor_id": row.visitor_id,
    }


_BOOKING = Statement(select(booking).where(_B.id == bindparam("booking_id")))
_OPEN_ON = Statement(
    select(booking)
    .where(_B.charger_id == bindparam("charger_id"), _OPEN)
    .order_by(_B.here_at, _B.id)
)
_OPEN_AT = Statement(
    select(booking).where(_B.site_id == bindparam("site_id"), _OPEN).order_by(_B.here_at, _B.id)
)
_CHARGERS = Statement(
    select(charger)
    .where(_C.site_id == bindparam("site_id"), _C.archived_at.is_(None))
    .order_by(_C.position, _C.id)
)
_WAIT = Statement(select(charger_wait).where(_W.id == bindparam("wait_id")))
_WAIT_OF_HOLDER = Statement(
    select(charger_wait).where(
        _W.site_id == bindparam("site_id"), _W.holder == bindparam("holder"), _W.ended_at.is_(None)
    )
)
_WAIT_OF_OFFER = Statement(
    select(charger_wait).where(_W.booking_id == bindparam("booking_id"), _W.ended_at.is_(None))
)
_LINE = Statement(
    select(charger_wait)
    .where(_W.site_id == bindparam("site_id"), _W.ended_at.is_(None))
    .order_by(_W.joined_at, _W.id)
)
_SLOTS = Statement(
    select(_B.slot).where(
        _B.site_id == bindparam("site_id"), _B.holder == bindparam("holder"), _OPEN
    )
)
_USED = Statement(
    select(_B.id, _B.starts_at, _B.leaves_at, _B.ended_at).where(
        _B.site_id == bindparam("site_id"),
        _B.holder == bindparam("holder"),
        _B.stated_at.is_not(None),
        _OPEN | _USED_SINCE,
    )
)
_USED_BY = Statement(
    select(_B.holder, _B.starts_at, _B.leaves_at, _B.ended_at).where(
        _B.site_id == bindparam("site_id"),
        _B.stated_at.is_not(None),
        _OPEN | _USED_SINCE,
    )
)
_LAST_STAY = Statement(
    select(_B.ended_at)
    .where(
        _B.site_id == bindparam("site_id"),
        _B.holder == bindparam("holder"),
        _B.ended_at > bindparam("since"),
        _B.stated_at.is_not(None),
        _ended_otherwise("cancelled", "blocked", "fault", "no_show"),
    )
    .order_by(_B.ended_at.desc())
    .limit(1)
)


def booking_of_id(conn: Connection, booking_id: int) -> Any | None:
    """A booking as it stands."""
    return _BOOKING.first(conn, booking_id=booking_id)


def wait_of_id(conn: Connection, wait_id: int) -> Any | None:
    """A place in the line as it stands."""
    return _WAIT.first(conn, wait_id=wait_id)


def wait_of_holder(conn: Connection, site_id: int, holder: str) -> Any | None:
    """Somebody's open place in the line of a site."""
    return _WAIT_OF_HOLDER.first(conn, site_id=site_id, holder=holder)


def wait_of_offer(conn: Connection, booking_id: int) -> Any | None:
    """The place in the line for which a spot is held."""
    return _WAIT_OF_OFFER.first(conn, booking_id=booking_id)


def open_on(conn: Connection, charger_id: int) -> list[Any]:
    """The open bookings of a spot, by when they begin."""
    return _OPEN_ON.rows(conn, charger_id=charger_id)


def open_at(conn: Connection, site_id: int) -> list[Any]:
    """The open bookings of a site, by when they begin."""
    return _OPEN_AT.rows(conn, site_id=site_id)


def line_of(conn: Connection, site_id: int) -> list[Any]:
    """The open places in the line, by who joined first."""
    return _LINE.rows(conn, site_id=site_id)


def free_slot(conn: Connection, ground: Ground, holder: str) -> int | None:
    """A slot for one more booking of a holder; None when they have all that they may have."""
    return _slot(conn, ground.site_id, holder, ground.rules.bookings_per_holder)


def other_bookings(conn: Connection, row: Any) -> int:
    """How many other bookings the holder of an open one has at the site."""
    return len(_SLOTS.column(conn, site_id=row.site_id, holder=row.holder)) - 1


def next_slot(conn: Connection, site_id: int, holder: str) -> int:
    """A slot for one more booking of a holder, even beyond what they may have."""
    slot = _slot(conn, site_id, holder)
    assert slot is not None
    return slot


def _slot(conn: Connection, site_id: int, holder: str, limit: int | None = None) -> int | None:
    taken = {slot - 1 for slot in _SLOTS.column(conn, site_id=site_id, holder=holder)}
    free = first_free(taken, limit)
    return None if free is None else free + 1


def usable(row: Any, now: datetime) -> bool:
    """Whether a spot can be given, as far as that is up to the spot."""
    if row.archived_at is not None or row.out_of_service_at is not None:
        return False
    return row.reported_at is None or row.reported_at + REPORT_LASTS <= now


def free_until(
    rows: Iterable[Any], start: datetime, now: datetime, *, besides: int = 0
) -> datetime | None:
    """Until when a spot with these open bookings is free from `start` on: a year when nobody comes,
    None when it is not free then. Who is there is so until that ends, also after the time said;
    who is offered the spot has a useful time there, if not more."""
    end = start + _FAR
    for row in rows:
        if row.id == besides:
            continue
        there = start <= now and row.status in THERE
        until = row.leaves_at + USEFUL if row.status == "offered" else row.leaves_at
        if there or row.here_at <= start < until:
            return None
        if start < row.here_at < end:
            end = row.here_at
    return end


def used_by(
    conn: Connection, ground: Ground, holder: str, since: datetime, *, besides: int = 0
) -> list[Span]:
    """The stays of a holder that count, where the site has limits: what was used since then, and
    what is booked."""
    if ground.rules.day_minutes is None and ground.rules.week_minutes is None:
        return []
    rows = _USED.rows(conn, site_id=ground.site_id, holder=holder, since=since)
    return [_span(row) for row in rows if row.id != besides]


def _span(row: Any) -> Span:
    if row.ended_at is None:
        return row.starts_at, row.leaves_at
    return row.starts_at, max(row.ended_at, row.starts_at)


def charged_since(
    conn: Connection, site_id: int, since: datetime, now: datetime
) -> dict[str, timedelta]:
    """How long each holder has charged at a site since then."""
    used: dict[str, timedelta] = {}
    for row in _USED_BY.rows(conn, site_id=site_id, since=since):
        part = min(row.ended_at or now, now) - max(row.starts_at, since)
        if part > timedelta():
            used[row.holder] = used.get(row.holder, timedelta()) + part
    return used


def cools_until(conn: Connection, ground: Ground, holder: str, now: datetime) -> datetime | None:
    """Until when a holder books nothing, as their last stay ended a moment ago."""
    cooling = timedelta(minutes=ground.rules.cooling_off_minutes)
    if not cooling:
        return None
    ended = _LAST_STAY.value(conn, site_id=ground.site_id, holder=holder, since=now - cooling)
    return None if ended is None else ended + cooling


def limited_until(conn: Connection, ground: Ground, holder: str, now: datetime) -> datetime | None:
    """From when on a holder has something left of what one may book, if there is nothing now."""
    rules = ground.rules
    if rules.day_minutes is None and rules.week_minutes is None:
        return None
    at = now
    used = used_by(conn, ground, holder, now - timedelta(days=8))
    # of a day, or of a week and a day: after these it is another week
    for _ in range(9):
        found = latest_leave(at, rules, ground.zone, used=used)
        if found.at > at:
            return None if at == now else at
        at = period_of(at, ground.zone, 1)[1]
    return at


def spot_free_for(
    conn: Connection, ground: Ground, span: Span, now: datetime, *, besides: int
) -> int | None:
    """The first spot, besides this one, that is usable and free for all of that time; None when
    there is none."""
    rows = open_at(conn, ground.site_id)
    for spot in _CHARGERS.rows(conn, site_id=ground.site_id):
        if spot.id == besides or not usable(spot, now):
            continue
        there = [row for row in rows if row.charger_id == spot.id]
        until = free_until(there, span[0], now)
        if until is not None and until >= span[1]:
            return spot.id
    return None


def free_spots(conn: Connection, ground: Ground, now: datetime) -> list[tuple[int, datetime]]:
    """The spots that can be given now for a useful time, with until when."""
    rows: dict[int, list[Any]] = {}
    for row in open_at(conn, ground.site_id):
        rows.setdefault(row.charger_id, []).append(row)
    found: list[tuple[int, datetime]] = []
    for spot in _CHARGERS.rows(conn, site_id=ground.site_id):
        until = free_until(rows.get(spot.id, []), now, now) if usable(spot, now) else None
        if until is not None and until - now >= USEFUL:
            found.append((spot.id, until))
    return found
