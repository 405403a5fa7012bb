"""The tables of charging spots, bookings and their line, rebuilt from the event log alone.

What the log lacks is not compared: what neighbours see, which a person wrote; what was forecast;
and what follows from the rules of the site: when the clock does something next, and until when
nothing is offered to somebody.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait
from locker_app.domain.queues import first_free

Row = dict[str, Any]
_FORECAST = {"likely_at", "low_at", "high_at"}
_NOT_LOGGED = {"shown_as", "reminded_at", "due_at", "snoozed_until", *_FORECAST}
_OF_CHARGERS = ("out_of_service_at", "out_of_service_reason", "reported_at", "archived_at")


@dataclass
class Spots:
    """Rows by id; of chargers only what changes with use."""

    chargers: dict[int, Row] = field(default_factory=dict)
    bookings: dict[int, Row] = field(default_factory=dict)
    waits: dict[int, Row] = field(default_factory=dict)


_ALL = [Statement(select(table).order_by(table.c.id)) for table in (charger, booking, charger_wait)]


def stored_spots(conn: Connection) -> Spots:
    """What the tables say."""
    chargers, bookings, waits = (all_rows.rows(conn) for all_rows in _ALL)
    return Spots(
        {row.id: {name: getattr(row, name) for name in _OF_CHARGERS} for row in chargers},
        *(
            {
                row.id: {k: v for k, v in row._asdict().items() if k not in _NOT_LOGGED}
                for row in rows
            }
            for rows in (bookings, waits)
        ),
    )


def fold_spots(events: Iterable[Any], spots: Spots | None = None) -> Spots:
    """The tables after these events, oldest first, upon those that are given."""
    spots = spots or Spots()
    for row in events:
        step = _STEPS.get(row.kind)
        if step is not None:
            step(spots, row, row.details)
    return spots


def _charger(**values: Callable[[Any], Any] | None) -> Callable[[Spots, Any, Row], None]:
    def step(spots: Spots, row: Any, details: Row) -> None:
        one = spots.chargers.setdefault(row.charger_id, dict.fromkeys(_OF_CHARGERS))
        one.update({name: get(row) if get else None for name, get in values.items()})

    return step


def _slot(spots: Spots, site_id: int, holder: str) -> int:
    """The slots are not in the log, but the rule for them is simple."""
    taken = {
        one["slot"] - 1
        for one in spots.bookings.values()
        if one["ended_at"] is None and (one["site_id"], one["holder"]) == (site_id, holder)
    }
    free = first_free(taken)
    assert free is not None
    return free + 1


def _holder(row: Any, details: Row) -> Row:
    visitor_id = details["visitor_id"]
    whose = f"visitor:{visitor_id}" if row.person_id is None else f"person:{row.person_id}"
    return {"holder": whose, "person_id": row.person_id, "visitor_id": visitor_id}


def _new(spots: Spots, row: Any, details: Row, **values: Any) -> None:
    whose = _holder(row, details)
    spots.bookings[details["booking_id"]] = {
        "id": details["booking_id"],
        "site_id": row.site_id,
        "charger_id": row.charger_id,
        "slot": _slot(spots, row.site_id, whose["holder"]),
        "made_at": row.at,
        "stated_at": None,
        "came_at": None,
        "overstayed_at": None,
        "ended_at": None,
        "end_cause": None,
        **whose,
        **values,
    }


def _offered(spots: Spots, row: Any, details: Row) -> None:
    until = _at(details["held_until"])
    times = {"starts_at": row.at, "here_at": row.at, "leaves_at": until}
    _new(spots, row, details, status="offered", **times)
    spots.waits[details["wait_id"]]["booking_id"] = details["booking_id"]


def _made(spots: Spots, row: Any, details: Row) -> None:
    starts_at, leaves_at = _at(details["starts_at"]), _at(details["leaves_at"])
    times = {
        "starts_at": starts_at,
        "here_at": starts_at,
        "leaves_at": leaves_at,
        "stated_at": leaves_at,
    }
    if details["booking_id"] in spots.bookings:  # an offer that was accepted
        spots.bookings[details["booking_id"]].update(times, status="booked")
    else:
        came_at = row.at if starts_at == row.at else None
        _new(spots, row, details, status="booked", **times)
        spots.bookings[details["booking_id"]]["came_at"] = came_at


def _begun(spots: Spots, row: Any, details: Row) -> None:
    one = spots.bookings[details["booking_id"]]
    begun = max(row.at, one["here_at"])
    one.update(status="active", starts_at=begun, here_at=begun)


def _came(spots: Spots, row: Any, details: Row) -> None:
    one = spots.bookings[details["booking_id"]]
    one["came_at"] = max(row.at, one["starts_at"])


def _leaves(spots: Spots, row: Any, details: Row) -> None:
    one = spots.bookings[details["booking_id"]]
    one.update(leaves_at=_at(details["leaves_at"]), overstayed_at=None)
    if one["status"] == "overstayed":
        one["status"] = "active"


def _moved(spots: Spots, row: Any, details: Row) -> None:
    one = spots.bookings[details["booking_id"]]
    assert one["charger_id"] == details["from_charger_id"]
    one.update(charger_id=row.charger_id, here_at=max(row.at, one["starts_at"]))


def _overstayed(spots: Spots, row: Any, details: Row) -> None:
    spots.bookings[details["booking_id"]].update(status="overstayed", overstayed_at=row.at)


def _ended(spots: Spots, row: Any, details: Row) -> None:
    one = spots.bookings[details["booking_id"]]
    assert one["ended_at"] is None
    one.update(status="ended", ended_at=row.at, end_cause=details["cause"])
    for wait in spots.waits.values():
        if wait["booking_id"] == one["id"]:
            wait["booking_id"] = None


def _claimed(spots: Spots, row: Any, details: Row) -> None:
    holder = f"person:{row.person_id}"
    slot = _slot(spots, row.site_id, holder)
    one = spots.bookings[details["booking_id"]]
    one.update(holder=holder, slot=slot, person_id=row.person_id, visitor_id=None)


def _joined(spots: Spots, row: Any, details: Row) -> None:
    if details["wait_id"] in spots.waits:  # one that was there comes before all others now
        spots.waits[details["wait_id"]]["first"] = True
        return
    spots.waits[details["wait_id"]] = {
        "id": details["wait_id"],
        "site_id": row.site_id,
        "first": details["first"],
        "joined_at": row.at,
        "booking_id": None,
        "snoozes": 0,
        "ended_at": None,
        "outcome": None,
        **_holder(row, details),
    }


def _snoozed(spots: Spots, row: Any, details: Row) -> None:
    spots.waits[details["wait_id"]]["snoozes"] += 1


def _left(spots: Spots, row: Any, details: Row) -> None:
    one = spots.waits[details["wait_id"]]
    one.update(ended_at=row.at, outcome=details["outcome"], booking_id=None)


def _line_claimed(spots: Spots, row: Any, details: Row) -> None:
    one = spots.waits[details["wait_id"]]
    one.update(holder=f"person:{row.person_id}", person_id=row.person_id, visitor_id=None)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


_STEPS: dict[str, Callable[[Spots, Any, Row], None]] = {
    "ChargerCreated": _charger(),
    "ChargerArchived": _charger(archived_at=lambda row: row.at, reported_at=None),
    "ChargerRestored": _charger(archived_at=None),
    "ChargerTakenOutOfService": _charger(
        out_of_service_at=lambda row: row.at,
        out_of_service_reason=lambda row: row.reason,
        reported_at=None,
    ),
    "ChargerBackInService": _charger(out_of_service_at=None, out_of_service_reason=None),
    "ChargerReported": _charger(reported_at=lambda row: row.at),
    "ChargerCleared": _charger(reported_at=None),
    "SpotOffered": _offered,
    "BookingMade": _made,
    "BookingBegun": _begun,
    "HolderCame": _came,
    "LeaveChanged": _leaves,
    "BookingMoved": _moved,
    "BookingOverstayed": _overstayed,
    "BookingEnded": _ended,
    "OfferEnded": _ended,
    "BookingClaimed": _claimed,
    "LineJoined": _joined,
    "LineSnoozed": _snoozed,
    "LineLeft": _left,
    "LineClaimed": _line_claimed,
}
