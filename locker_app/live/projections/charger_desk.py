"""The charging spots of a site for those who run them: with names, and what is to be seen to."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.live.projections.wire import Vars, millis
from locker_app.queries.charger_desk import DeskBooking, DeskPlace, DeskSpot, desk_view

_MINUTE_MS = 60_000


def charger_desk(conn: Connection, site_id: int, now: datetime) -> Vars | None:
    """The spots of a site with who has them, and the line."""
    view = desk_view(conn, site_id, now)
    if view is None:
        return None
    return {
        "site_id": site_id,
        "site_name": view.site.name,
        "time_zone": view.site.time_zone,
        "spots": [_spot(one) for one in view.spots],
        "line": [_place(one) for one in view.line],
    }


def _spot(one: DeskSpot) -> Vars:
    spot, there, said = one.spot, one.there, one.spot.forecast
    return {
        **{name: getattr(spot, name) for name in ("id", "name", "place", "details", "code")},
        "status": spot.status.value,
        "until": millis(spot.until),
        "likely": _minute(None if said is None else said.likely),
        "low": _minute(None if said is None else said.low),
        "high": _minute(None if said is None else said.high),
        "booking_id": 0 if there is None else there.id,
        "who": "" if there is None else _who(there),
        "number": "" if there is None else there.number,
        "person_id": 0 if there is None else there.person_id,
        "shown_as": "" if there is None else there.shown_as,
        "since": 0 if there is None else millis(there.starts_at),
        "stated": 0 if there is None else millis(there.stated_at),
        "reported_at": millis(one.reported_at),
        "out_at": millis(one.out_at),
        "out_reason": one.out_reason,
        "later": [
            {
                "booking_id": later.id,
                "who": _who(later),
                "starts_at": millis(later.starts_at),
                "leaves_at": millis(later.leaves_at),
            }
            for later in one.later
        ],
    }


def _place(one: DeskPlace) -> Vars:
    return {
        "wait_id": one.id,
        "who": _who(one),
        "number": one.number,
        "person_id": one.person_id,
        "first": one.first,
        "joined_at": millis(one.joined_at),
        "snoozed_until": millis(one.snoozed_until),
        "offered": one.offered,
        "offered_until": millis(one.offered_until),
    }


def _who(one: DeskBooking | DeskPlace) -> str:
    return one.who or "a visitor"


def _minute(at: datetime | None) -> int:
    """In whole minutes, so that it is sent again only when somebody could see that it differs."""
    return round(millis(at) / _MINUTE_MS) * _MINUTE_MS
