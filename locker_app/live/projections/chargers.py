"""The charging spots of a site, as everybody may see them.

What changes is sent in blocks of a few spots, and apart from what does not change: so a change
costs the same on the wire with 8 spots and with 500.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from locker_app.domain.chargers import ChargingRules
from locker_app.domain.forecast import Record
from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.queries.chargers import Spot, charging_site, line_of, spots
from locker_app.queries.forecasts import record

BLOCK = 8
"""How many spots are sent together."""
_MINUTE_MS = 60_000
_FEW = 10
"""Of fewer stays than that nothing is said of how good forecasts are."""


def chargers(conn: Connection, site_id: int, now: datetime) -> Vars | None:
    """The spots of a site with when they come free, its rules, and the line."""
    place = charging_site(conn, site_id)
    if place is None:
        return None
    all_of_them, line = spots(conn, place, now), line_of(conn, place, now)
    rows = [_row(spot) for spot in all_of_them]
    blocks = {f"now_{n // BLOCK}": rows[n : n + BLOCK] for n in range(0, len(rows), BLOCK)}
    return {
        "site_id": site_id,
        "site_name": place.name,
        "time_zone": place.time_zone,
        "rules": _rules(place.rules),
        "posts": [
            [spot.id, spot.code, spot.name, spot.place, spot.details] for spot in all_of_them
        ],
        "line": line.order,
        "asking": line.asking,
        "record": _record(record(conn, site_id, now)),
        **blocks,
    }


def _rules(rules: ChargingRules) -> Vars:
    """As they are, with 0 for what there is none of."""
    values = flat(rules)
    return {name: 0 if value is None else value for name, value in values.items()}


def _row(spot: Spot) -> list[Any]:
    """Id, status, until when it is said to be taken; when it is forecast to come free, the range,
    what that rests on; what is booked later; what its holder shows."""
    said = spot.forecast
    return [
        spot.id,
        spot.status.value,
        millis(spot.until),
        *((0, 0, 0, "") if said is None else _forecast(said)),
        [[millis(begin), millis(end)] for begin, end in spot.later],
        spot.shown_as,
    ]


def _forecast(said: Any) -> tuple[int, int, int, str]:
    """In whole minutes, so that it is sent again only when somebody could see that it differs."""
    likely, low, high = (
        round(millis(at) / _MINUTE_MS) * _MINUTE_MS for at in (said.likely, said.low, said.high)
    )
    return likely, low, high, said.basis.value


def _record(record: Record | None) -> list[int]:
    """Half of the last forecasts were off by less than so many minutes; how many were inside their
    range, of how many. Empty while too little is known."""
    if record is None or record.stays < _FEW:
        return []
    minutes = max(1, round(record.typical_error.total_seconds() / 60))
    return [minutes, round(record.inside * record.stays), record.stays]
