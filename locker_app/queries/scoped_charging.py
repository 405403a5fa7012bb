"""Reads about charging spots as the one who looks may have them: as in `scoped`."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.domain.chargers import ChargingRules
from locker_app.domain.errors import NotFound, NotSignedIn
from locker_app.domain.forecast import Record
from locker_app.domain.sites import version_of
from locker_app.queries.bookings import Stays, stays_of
from locker_app.queries.bookings_file import BookingsFile, bookings_file
from locker_app.queries.charger_desk import DeskView, desk_view
from locker_app.queries.chargers import (
    ChargingSite,
    Spot,
    charger_of_code,
    charging_site,
    line_of,
    spots,
)
from locker_app.queries.forecasts import record
from locker_app.queries.setup import ChargerRow, chargers_to_set_up, charging_rules
from locker_app.queries.sites import sites


@dataclass(frozen=True, slots=True)
class ChargingView:
    """The charging spots of a site, as everybody may see them."""

    place: ChargingSite
    spots: list[Spot]
    waiting: int
    record: Record | None


def charging_view(conn: Connection, actor: Actor, now: datetime, site_id: int) -> ChargingView:
    """The spots of a site with when they come free: everybody may see that.

    Raises:
        NotFound: no such site, or it has no charging spots.
    """
    place = charging_site(conn, site_id)
    if place is None:
        raise NotFound("There are no charging spots here.")
    waiting = len(line_of(conn, place, now).order)
    return ChargingView(place, spots(conn, place, now), waiting, record(conn, site_id, now))


def charging_by_code(
    conn: Connection, actor: Actor, now: datetime, code: str
) -> tuple[int, ChargingView]:
    """The id of the spot that has this code on its post, and all spots of its site.

    Raises:
        NotFound: none has.
    """
    found = charger_of_code(conn, code)
    if found is None:
        raise NotFound("No charging spot has this code.")
    return found[0], charging_view(conn, actor, now, found[1])


def own_charging(conn: Connection, actor: Actor, now: datetime) -> Stays:
    """What a person or visitor has booked and waits for.

    Raises:
        NotSignedIn: nobody, not even a visitor.
    """
    if actor.id is None:
        raise NotSignedIn
    if actor.kind not in (ActorKind.PERSON, ActorKind.VISITOR):
        return Stays([], [], [], [])
    return stays_of(conn, f"{actor.kind.value}:{actor.id}", now)


@dataclass(frozen=True, slots=True)
class ChargingSetUp:
    """How the charging spots of a site are set up."""

    rules: ChargingRules
    version: str
    """Of the rules."""
    chargers: list[ChargerRow]
    """All of them, those in use first."""


def charging_set_up(conn: Connection, actor: Actor, now: datetime, site_id: int) -> ChargingSetUp:
    """The rules of a site's spots, and all of them, for those who may change them.

    Raises:
        NotFound: no such site.
        NotSignedIn, NotAllowed: as `Actor.require`.
    """
    if all(one.id != site_id for one in sites(conn)):
        raise NotFound("This site does not exist, or no longer.")
    actor.require(Right.SET_UP, site_id)
    rules = charging_rules(conn, site_id)
    version = version_of(ChargingRules, rules)
    return ChargingSetUp(rules, version, chargers_to_set_up(conn, site_id))


def charger_desk(conn: Connection, actor: Actor, now: datetime, site_id: int) -> DeskView:
    """The spots of a site and the line with names, for those who run them.

    Raises:
        NotFound: no such site, or it has no charging spots.
        NotSignedIn, NotAllowed: as `Actor.require`.
    """
    view = desk_view(conn, site_id, now)
    if view is None:
        raise NotFound("There are no charging spots here.")
    actor.require(Right.RUN_CHARGERS, site_id)
    return view


def bookings_looked_back(
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    site_id: int,
    first: date,
    last: date,
    charger_id: int | None = None,
) -> BookingsFile:
    """The bookings of these days as a file, with names, for those who run the spots; to be read in
    this snapshot.

    Raises:
        NotFound: no such site.
        NotSignedIn, NotAllowed: as `Actor.require`.
        BadInput: as `days.span`.
    """
    here = next((one for one in sites(conn) if one.id == site_id), None)
    if here is None:
        raise NotFound("This site does not exist, or no longer.")
    actor.require(Right.RUN_CHARGERS, site_id)
    return bookings_file(conn, here, first, last, charger_id)
