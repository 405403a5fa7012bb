"""Reads for those who run charging spots: who has each, who comes later, and the line, with names.

What everybody may see of them is in `queries.chargers`: nothing of this goes to other screens.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait, charging, person, site
from locker_app.domain.actors import Actor, Right
from locker_app.domain.bookings import REPORT_LASTS, BookingStatus
from locker_app.domain.errors import NotFound
from locker_app.queries.chargers import ChargingSite, Spot, charging_site, line_of, spots

_B, _C, _W = booking.c, charger.c, charger_wait.c
_THERE = (BookingStatus.OFFERED.value, BookingStatus.ACTIVE.value, BookingStatus.OVERSTAYED.value)


@dataclass(frozen=True, slots=True)
class DeskBooking:
    """One open booking, or offer, with whose it is."""

    id: int
    who: str
    """A name; empty for a visitor."""
    number: str
    person_id: int
    """0 for a visitor."""
    shown_as: str
    status: str
    starts_at: datetime
    leaves_at: datetime
    stated_at: datetime | None
    came_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeskSpot:
    """A spot as staff see it."""

    spot: Spot
    there: DeskBooking | None
    """Who has it, or has it offered; also while it is out of service."""
    later: list[DeskBooking]
    """Who comes then, in order."""
    reported_at: datetime | None
    out_at: datetime | None
    out_reason: str


@dataclass(frozen=True, slots=True)
class DeskPlace:
    """A place in the line."""

    id: int
    who: str
    number: str
    person_id: int
    first: bool
    joined_at: datetime
    snoozed_until: datetime | None
    offered: str
    """The name of the spot that is offered; empty for none."""
    offered_until: datetime | None


@dataclass(frozen=True, slots=True)
class DeskView:
    """All of a site's charging spots, for its staff."""

    site: ChargingSite
    spots: list[DeskSpot]
    line: list[DeskPlace]
    """In the order in which spots are offered."""


_AT_SITE = bindparam("site_id")
_OPEN = Statement(
    select(
        *(_B.id, _B.charger_id, _B.shown_as, _B.status, _B.starts_at, _B.leaves_at),
        *(_B.stated_at, _B.came_at, _B.person_id, person.c.name, person.c.number),
    )
    .outerjoin(person, person.c.id == _B.person_id)
    .where(_B.site_id == _AT_SITE, _B.ended_at.is_(None))
    .order_by(_B.here_at, _B.id)
)
_STATE = Statement(
    select(_C.id, _C.reported_at, _C.out_of_service_at, _C.out_of_service_reason).where(
        _C.site_id == _AT_SITE, _C.archived_at.is_(None)
    )
)
_LINE = Statement(
    select(
        *(_W.id, _W.person_id, person.c.name, person.c.number, _W.first, _W.joined_at),
        *(_W.snoozed_until, _C.name.label("offered"), _B.leaves_at),
    )
    .outerjoin(person, person.c.id == _W.person_id)
    .outerjoin(booking, _B.id == _W.booking_id)
    .outerjoin(charger, _C.id == _B.charger_id)
    .where(_W.site_id == _AT_SITE, _W.ended_at.is_(None))
)
_SITES = Statement(
    select(site.c.id, site.c.name)
    .join(charging, charging.c.site_id == site.c.id)
    .where(site.c.archived_at.is_(None))
    .order_by(site.c.id)
)


def desk_sites(conn: Connection) -> list[tuple[int, str]]:
    """Id and name of the sites that have, or had, charging spots, in the order in which they were
    set up."""
    return [(row.id, row.name) for row in _SITES.rows(conn)]


def desk_view(conn: Connection, site_id: int, now: datetime) -> DeskView | None:
    """The spots of a site with names; None when it has none, or is not in use."""
    place = charging_site(conn, site_id)
    if place is None:
        return None
    bookings: dict[int, list[DeskBooking]] = {}
    for row in _OPEN.rows(conn, site_id=site_id):
        bookings.setdefault(row.charger_id, []).append(_booking(row))
    states = {row.id: row for row in _STATE.rows(conn, site_id=site_id)}
    all_of_them = [
        _spot(spot, bookings.get(spot.id, []), states[spot.id], now)
        for spot in spots(conn, place, now)
    ]
    return DeskView(place, all_of_them, _line(conn, place, now))


def _booking(row: Any) -> DeskBooking:
    return DeskBooking(
        id=row.id,
        who=row.name or "",
        number=row.number or "",
        person_id=row.person_id or 0,
        shown_as=row.shown_as,
        status=row.status,
        starts_at=row.starts_at,
        leaves_at=row.leaves_at,
        stated_at=row.stated_at,
        came_at=row.came_at,
    )


def _spot(spot: Spot, open_here: list[DeskBooking], state: Any, now: datetime) -> DeskSpot:
    there = next((one for one in open_here if one.status in _THERE), None)
    reported = state.reported_at
    if reported is not None and reported + REPORT_LASTS <= now:
        reported = None
    return DeskSpot(
        spot=spot,
        there=there,
        later=[one for one in open_here if one is not there],
        reported_at=reported,
        out_at=state.out_of_service_at,
        out_reason=state.out_of_service_reason or "",
    )


def _line(conn: Connection, place: ChargingSite, now: datetime) -> list[DeskPlace]:
    rows = {row.id: row for row in _LINE.rows(conn, site_id=place.id)}
    return [
        DeskPlace(
            id=row.id,
            who=row.name or "",
            number=row.number or "",
            person_id=row.person_id or 0,
            first=bool(row.first),
            joined_at=row.joined_at,
            snoozed_until=row.snoozed_until,
            offered=row.offered or "",
            offered_until=row.leaves_at,
        )
        for row in (rows[wait_id] for wait_id in line_of(conn, place, now).order)
    ]


def desk_of_staff(conn: Connection, actor: Actor, now: datetime, *, site_id: int) -> DeskView:
    """The spots of a site with names, for those who run them.

    Raises:
        NotSignedIn, NotAllowed: as `Actor.require`.
        NotFound: the site has no charging spots.
    """
    actor.require(Right.RUN_CHARGERS, site_id)
    view = desk_view(conn, site_id, now)
    if view is None:
        raise NotFound("There are no charging spots here.")
    return view
