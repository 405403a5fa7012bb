"""Reads for the one who books charging spots: what they have, what they wait for, what ended or
moved without them, and what they may still book."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait, charging, event, site
from locker_app.domain.bookings import UNASKED, BookingStatus, EndCause, LineOutcome
from locker_app.domain.days import begins, today

NEWS_FOR = timedelta(hours=12)
"""How long somebody is told what became of a booking without them."""
_NEWS_READ = 5
_DAYS = 9
"""How many days from today on are reckoned up: the longest stay is a week."""

_B, _C, _E, _R, _W = booking.c, charger.c, event.c, charging.c, charger_wait.c
_NOT_USED = frozenset({EndCause.CANCELLED, EndCause.LAPSED, EndCause.DECLINED, EndCause.BLOCKED})
"""What ended so does not count as used."""
_NO_COOLING = frozenset({EndCause.CANCELLED, EndCause.BLOCKED, EndCause.FAULT, EndCause.NO_SHOW})
"""After these one may book again at once."""


@dataclass(frozen=True, slots=True)
class MyBooking:
    """A booking or an offer, for its holder alone."""

    booking_id: int
    site_id: int
    site_name: str
    time_zone: str
    charger_id: int
    name: str
    place: str
    code: str
    status: BookingStatus
    shown_as: str
    starts_at: datetime
    leaves_at: datetime
    """Until when it is theirs, as last said; of an offer, until when it can be accepted."""
    stated_at: datetime | None
    came_at: datetime | None
    reminded_at: datetime | None
    come_by: datetime | None
    """Until when the holder has to say that they are there; None when nobody asks."""
    out_at: datetime | None
    """By when it ends by itself, or is overstayed."""
    wait_id: int
    """Of an offer, the place in the line; else 0."""


@dataclass(frozen=True, slots=True)
class MyWait:
    """A place in the line for a spot, for its holder alone."""

    wait_id: int
    site_id: int
    site_name: str
    time_zone: str
    first: bool
    snoozes_left: int
    snoozed_until: datetime | None
    joined_at: datetime
    offered: bool
    code: str
    """Of a spot there, for its page."""


@dataclass(frozen=True, slots=True)
class MyNews:
    """What became of a booking, or of a place in the line, without its holder."""

    key: str
    """Names this piece of news."""
    site_id: int
    site_name: str
    time_zone: str
    at: datetime
    what: str
    """How it ended (`EndCause`), `moved`; of what was only offered `offer_fault`, `offer_forced`;
    or how the place in the line ended: `line_lapsed`, `line_removed`."""
    name: str
    """The spot; where it was moved to."""
    was: str
    """The spot that it was moved from."""
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may still book at a site, as far as its limits go."""

    site_id: int
    cooling_until: datetime | None
    days: tuple[tuple[datetime, float], ...]
    """When each day begins and how many minutes are left of it, less than none if too much is
    booked; with one more day as the end. Empty without a limit."""
    weeks: tuple[tuple[datetime, float], ...]
    """Likewise, from Monday on."""


@dataclass(frozen=True, slots=True)
class Stays:
    """All about charging that is one holder's."""

    bookings: list[MyBooking]
    waits: list[MyWait]
    news: list[MyNews]
    allowances: list[Allowance]


_SITE = (site.c.name.label("site_name"), site.c.time_zone)
_RULES = (
    *(_R.check_in_minutes, _R.grace_minutes, _R.overstay_minutes, _R.snoozes),
    *(_R.day_minutes, _R.week_minutes, _R.cooling_off_minutes),
)
_HOLDER = bindparam("holder")
_MINE = Statement(
    select(
        *(_B.id, _B.site_id, *_SITE, _B.charger_id, _C.name, _C.place, _C.code, _B.status),
        *(_B.shown_as, _B.starts_at, _B.leaves_at, _B.stated_at, _B.came_at, _B.reminded_at),
        *(_B.made_at, _B.here_at, _R.check_in_minutes, _R.grace_minutes, _R.overstay_minutes),
    )
    .join(site, site.c.id == _B.site_id)
    .join(charger, _C.id == _B.charger_id)
    .join(charging, _R.site_id == _B.site_id)
    .where(_B.holder == _HOLDER, _B.ended_at.is_(None))
    .order_by(_B.starts_at, _B.id)
)
_WAITS = Statement(
    select(
        *(_W.id, _W.site_id, *_SITE, _W.first, _W.snoozes, _W.snoozed_until, _W.joined_at),
        *(_W.booking_id, _R.snoozes.label("may_snooze")),
    )
    .join(site, site.c.id == _W.site_id)
    .join(charging, _R.site_id == _W.site_id)
    .where(_W.holder == _HOLDER, _W.ended_at.is_(None))
    .order_by(_W.joined_at, _W.id)
)
_SOME_CODE = Statement(
    select(_C.code)
    .where(_C.site_id == bindparam("site_id"), _C.archived_at.is_(None))
    .order_by(_C.position, _C.id)
    .limit(1)
)
_SINCE = bindparam("since", type_=_B.ended_at.type)
_ENDED = Statement(
    select(
        *(_B.id, _B.site_id, *_SITE, _B.charger_id, _C.name, _C.code),
        *(_B.ended_at, _B.end_cause, _B.stated_at),
    )
    .join(site, site.c.id == _B.site_id)
    .join(charger, _C.id == _B.charger_id)
    .where(_B.holder == _HOLDER, _B.ended_at > _SINCE)
    .order_by(_B.ended_at.desc(), _B.id.desc())
    .limit(4 * _NEWS_READ)
)
_LEFT = Statement(
    select(_W.id, _W.site_id, *_SITE, _W.ended_at, _W.outcome)
    .join(site, site.c.id == _W.site_id)
    .where(
        _W.holder == _HOLDER,
        _W.ended_at > _SINCE,
    )
    .order_by(_W.ended_at.desc())
    .limit(4 * _NEWS_READ)
)
_SAID = Statement(
    select(_E.reason, _E.details, _E.actor_kind)
    .where(
        _E.charger_id == bindparam("charger_id"),
        _E.kind == bindparam("kind"),
        _E.at == bindparam("at", type_=_E.at.type),
    )
    .order_by(_E.id.desc())
    .limit(20)
)
_NAME = Statement(select(_C.name).where(_C.id == bindparam("charger_id")))
_USED = Statement(
    select(_B.starts_at, _B.leaves_at, _B.ended_at, _B.end_cause, _B.status).where(
        _B.holder == _HOLDER,
        _B.site_id == bindparam("site_id"),
        _B.stated_at.is_not(None),
        (_B.ended_at.is_(None)) | (_B.ended_at > _SINCE),
    )
)
_SITES = Statement(
    select(_R.site_id, *_RULES, site.c.time_zone)
    .join(site, site.c.id == _R.site_id)
    .where(site.c.archived_at.is_(None))
    .order_by(_R.site_id)
)


def stays_of(conn: Connection, holder: str, now: datetime) -> Stays:
    """All about charging that is this holder's, such as `person:7`, at `now`."""
    mine = _MINE.rows(conn, holder=holder)
    waits = _WAITS.rows(conn, holder=holder)
    by_offer = {row.booking_id: row.id for row in waits if row.booking_id is not None}
    return Stays(
        bookings=[_booking(row, by_offer) for row in mine],
        waits=_waits(conn, waits, now),
        news=_news(conn, holder, mine, waits, now),
        allowances=_allowances(conn, holder, now),
    )


def _booking(row: Any, by_offer: dict[int, int]) -> MyBooking:
    status = BookingStatus(row.status)
    asked = row.check_in_minutes is not None and row.came_at is None
    return MyBooking(
        *(row.id, row.site_id, row.site_name, row.time_zone, row.charger_id, row.name, row.place),
        *(row.code, status, row.shown_as, row.starts_at, row.leaves_at, row.stated_at),
        *(row.came_at, row.reminded_at),
        come_by=row.starts_at + timedelta(minutes=row.check_in_minutes or 0)
        if asked and status in (BookingStatus.BOOKED, BookingStatus.ACTIVE)
        else None,
        out_at=_out_at(row, status),
        wait_id=by_offer.get(row.id, 0),
    )


def _out_at(row: Any, status: BookingStatus) -> datetime | None:
    if status is BookingStatus.ACTIVE:
        return row.leaves_at + timedelta(minutes=row.grace_minutes)
    if status is BookingStatus.OVERSTAYED:
        return row.leaves_at + timedelta(minutes=row.grace_minutes + row.overstay_minutes)
    return None


def _waits(conn: Connection, rows: Iterable[Any], now: datetime) -> list[MyWait]:
    found: list[MyWait] = []
    for row in rows:
        found.append(
            MyWait(
                *(row.id, row.site_id, row.site_name, row.time_zone),
                first=row.first,
                snoozes_left=max(0, row.may_snooze - row.snoozes),
                snoozed_until=row.snoozed_until
                if row.snoozed_until is not None and row.snoozed_until > now
                else None,
                joined_at=row.joined_at,
                offered=row.booking_id is not None,
                code=_SOME_CODE.value(conn, site_id=row.site_id) or "",
            )
        )
    return found


def _news(
    conn: Connection, holder: str, mine: list[Any], waits: list[Any], now: datetime
) -> list[MyNews]:
    """The newest first. A place that lapsed is told once, by the place."""
    since = now - NEWS_FOR
    found = [one for row in mine if (one := _moved(conn, row, since)) is not None]
    newer = {row.site_id: row.made_at for row in mine}
    newer |= {row.site_id: row.joined_at for row in waits}
    waiting = {row.site_id for row in waits}
    for row in _LEFT.rows(conn, holder=holder, since=since):
        lost = row.outcome in (LineOutcome.LAPSED, LineOutcome.REMOVED)
        if lost and _is_newest(row, newer):
            found.append(_left(row))
    for row in _ENDED.rows(conn, holder=holder, since=since):
        is_news = row.end_cause in UNASKED
        by_staff = row.end_cause in (EndCause.FORCED, EndCause.FAULT)
        if row.end_cause == EndCause.FAULT and row.stated_at is None and row.site_id not in waiting:
            continue  # that they keep their place is not so any more
        if is_news and (by_staff or _is_newest(row, newer)):
            found.append(_ended(conn, row))
    return sorted(found, key=lambda one: one.at, reverse=True)[:_NEWS_READ]


def _is_newest(row: Any, newer: dict[int, datetime]) -> bool:
    """Whether its holder has booked nothing there since, and waits for nothing."""
    since = newer.get(row.site_id)
    return since is None or since < row.ended_at


def _moved(conn: Connection, row: Any, since: datetime) -> MyNews | None:
    """That staff moved an open booking, and why."""
    if row.here_at < since:
        return None
    said = _said(conn, row.charger_id, "BookingMoved", row.here_at, row.id)
    if said is None or not said.reason or said.actor_kind in ("person", "visitor"):
        return None
    was = _NAME.value(conn, charger_id=said.details.get("from_charger_id", 0)) or ""
    return MyNews(
        f"b{row.id}moved{int(row.here_at.timestamp())}",
        *(row.site_id, row.site_name, row.time_zone, row.here_at, "moved"),
        *(row.name, was, row.code, said.reason),
    )


def _ended(conn: Connection, row: Any) -> MyNews:
    cause, kind = EndCause(row.end_cause), "BookingEnded"
    what = cause.value
    if row.stated_at is None:  # it was only offered
        kind = "OfferEnded"
        what = f"offer_{what}" if cause in (EndCause.FAULT, EndCause.FORCED) else what
    said = _said(conn, row.charger_id, kind, row.ended_at, row.id)
    return MyNews(
        *(f"b{row.id}", row.site_id, row.site_name, row.time_zone, row.ended_at),
        *(what, row.name, "", row.code),
        reason="" if said is None else said.reason or "",
    )


def _left(row: Any) -> MyNews:
    return MyNews(
        *(f"w{row.id}", row.site_id, row.site_name, row.time_zone, row.ended_at),
        *(f"line_{row.outcome}", "", "", "", ""),
    )


def _said(conn: Connection, charger_id: int, kind: str, at: datetime, booking_id: int) -> Any:
    """What the log says of that moment: a reason is kept nowhere else."""
    rows = _SAID.rows(conn, charger_id=charger_id, kind=kind, at=at)
    return next((row for row in rows if row.details.get("booking_id") == booking_id), None)


def _allowances(conn: Connection, holder: str, now: datetime) -> list[Allowance]:
    """For the sites that have limits."""
    found: list[Allowance] = []
    for rules in _SITES.rows(conn):
        if any((rules.day_minutes, rules.week_minutes, rules.cooling_off_minutes)):
            found.append(_allowance(conn, holder, rules, now))
    return found


def _allowance(conn: Connection, holder: str, rules: Any, now: datetime) -> Allowance:
    zone, day = rules.time_zone, today(now, rules.time_zone)
    monday = day - timedelta(days=day.weekday())
    since = begins(monday - timedelta(days=7), zone)
    stays = _USED.rows(conn, holder=holder, site_id=rules.site_id, since=since)
    spans = [
        (row.starts_at, row.leaves_at if row.ended_at is None else row.ended_at)
        for row in stays
        if row.end_cause not in _NOT_USED
    ]
    ends = [row.ended_at for row in stays if row.ended_at and row.end_cause not in _NO_COOLING]
    cooling = max(ends, default=None)
    cools = None if cooling is None else cooling + timedelta(minutes=rules.cooling_off_minutes)
    return Allowance(
        rules.site_id,
        cooling_until=cools if cools is not None and cools > now else None,
        days=_left_of(
            [day + timedelta(days=n) for n in range(_DAYS + 1)], zone, spans, rules.day_minutes
        ),
        weeks=_left_of(
            [monday + timedelta(days=7 * n) for n in range(4)], zone, spans, rules.week_minutes
        ),
    )


def _left_of(
    days: list[date], zone: str, spans: list[tuple[datetime, datetime]], limit: int | None
) -> tuple[tuple[datetime, float], ...]:
    """When each of the stretches begins, and how many minutes of the limit are left in it; the last
    is only the end of the one before."""
    if limit is None:
        return ()
    edges = [begins(day, zone) for day in days]
    left = [
        limit - sum(_minutes(span, begin, end) for span in spans) for begin, end in pairwise(edges)
    ]
    return tuple(zip(edges, [*left, 0.0], strict=True))


def _minutes(span: tuple[datetime, datetime], begin: datetime, end: datetime) -> float:
    lasts = min(span[1], end) - max(span[0], begin)
    return max(0.0, lasts.total_seconds() / 60)
