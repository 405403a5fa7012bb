"""Charging spots from the shell: `cubby charger list|add|rules|take-out|…`.

The commands are those of set-up and of the staff's page: see `cli_desk`.
"""

import argparse
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from locker_app import cli_charger_figures, cli_rules
from locker_app.cli_desk import Desk, Doings, add_group, do, table
from locker_app.cli_sites import site_of
from locker_app.domain.chargers import ChargerPlan, ChargingRules, read_names
from locker_app.domain.errors import NotFound, NothingBooked
from locker_app.domain.sites import version_of
from locker_app.queries.charger_desk import DeskSpot, DeskView, desk_of_staff
from locker_app.queries.setup import (
    ChargerRow,
    chargers_to_set_up,
    charging_rules,
    sites_to_set_up,
)
from locker_app.services import charger_desk, chargers
from locker_app.settings import Settings

_EXAMPLES = """\
examples:
  charger add 1-8 --place "Car park, north side" --details "Type 2, 11 kW"
  charger list                             each spot: code, status, who has it, until when
  charger rules                            shows all rules of the site's spots
  charger rules --set max_stay_minutes=240 --set at_end=end
  charger change K7MPQR --name "North 1"
  charger take-out 3 --reason "the cable is torn"
  charger move 3 5 --reason "a lorry has to pass"
  charger line                             who waits, in the order in which spots are offered
  charger remove 12 --reason "has left"    the place 12 of that list
  charger statistics --first 2026-03-01 --last 2026-03-31
  charger statistics --table spot-week
  charger bookings --first 2026-03-01 --last 2026-03-31 --output march.csv

CHARGER is a spot's code, as in its short address /go/CODE, or its name; with --site where several
sites have one of this name. Whoever loses something is told, and why.
"""


def add_to(commands: Any) -> None:
    """Add `charger` and what it can do to the parser of the command line."""
    about = "set up charging spots and their rules, see who has them, step in, look back"
    add_group(commands, "charger", about, _EXAMPLES, _DOINGS, whom="member of staff")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    return do(settings, asked, _DOINGS)


@dataclass(frozen=True, slots=True)
class _Named:
    """A spot that was named, and where it is."""

    site_id: int
    row: ChargerRow


def _list(desk: Desk, asked: argparse.Namespace) -> str:
    """show all charging spots of a site: code, name, status, who has it, until when, place"""
    view = _view(desk, site_of(desk, asked.site).id)
    rows = [
        (
            one.spot.code,
            one.spot.name,
            one.spot.status.value,
            _who(one),
            _clock(one.spot.until, view),
            ", ".join(filter(None, (one.spot.place, one.spot.details))),
        )
        for one in view.spots
    ]
    return table(rows) if rows else "There are no charging spots yet: charger add 1-8"


def _line(desk: Desk, asked: argparse.Namespace) -> str:
    """show who waits at a site: the place's number, who, since when, what is offered"""
    view = _view(desk, site_of(desk, asked.site).id)
    rows = [
        (
            place.id,
            f"{place.who} {place.number}".strip() or "a visitor",
            f"since {_clock(place.joined_at, view)}",
            f"spot {place.offered} until {_clock(place.offered_until, view)}"
            if place.offered
            else "",
        )
        for place in view.line
    ]
    return table(rows) if rows else "Nobody waits."


def _add(desk: Desk, asked: argparse.Namespace) -> str:
    """set up charging spots, such as 1-8; listed after those that are there"""
    site = site_of(desk, asked.site)
    plans = [ChargerPlan(name, asked.place, asked.details) for name in read_names(asked.names)]
    made = set(desk.run(chargers.add_chargers, site_id=site.id, plans=plans))
    return table(
        [
            (f"Spot {row.name} is set up.", f"Its short address is /go/{row.code}")
            for row in desk.db.read(lambda conn: chargers_to_set_up(conn, site.id))
            if row.id in made
        ]
    )


def _change(desk: Desk, asked: argparse.Namespace) -> str:
    """change what is said of a spot: its name, place or details"""
    row = _spot(desk, asked).row
    given = (asked.name, asked.place, asked.details)
    said = (row.name, row.place, row.details)
    plan = ChargerPlan(*(old if new is None else new for new, old in zip(given, said, strict=True)))
    done = desk.run(chargers.change_charger, charger_id=row.id, plan=plan, version=row.version)
    return f"Spot {row.name}: {'it is kept' if done else 'nothing to change'}."


def _order(desk: Desk, asked: argparse.Namespace) -> str:
    """list a spot one place further up or down"""
    row = _spot(desk, asked).row
    done = desk.run(chargers.move_charger, charger_id=row.id, up=asked.where == "up")
    return f"Spot {row.name}: {'moved' if done else 'it can’t be moved further'}."


def _archive(desk: Desk, asked: argparse.Namespace) -> str:
    """take a spot out of use; refused while somebody has it or has booked it"""
    row = _spot(desk, asked).row
    done = desk.run(chargers.archive_charger, charger_id=row.id)
    return f"Spot {row.name} {'is archived' if done else 'was archived before'}."


def _restore(desk: Desk, asked: argparse.Namespace) -> str:
    """take an archived spot back into use"""
    row = _spot(desk, asked).row
    done = desk.run(chargers.restore_charger, charger_id=row.id)
    return f"Spot {row.name} {'is in use again' if done else 'is in use'}."


def _rules(desk: Desk, asked: argparse.Namespace) -> str:
    """show all rules of a site's spots, as NAME = VALUE; or set some, by --set NAME=VALUE"""
    site = site_of(desk, asked.site)
    seen = desk.db.read(lambda conn: charging_rules(conn, site.id))
    if not asked.set:
        return cli_rules.shown(ChargingRules, seen)
    done = desk.run(
        chargers.change_charging,
        site_id=site.id,
        rules=cli_rules.changed(ChargingRules, seen, asked.set),
        version=version_of(ChargingRules, seen),
    )
    return f"{site.name}: {'the rules are set' if done else 'nothing to change'}."


def _take_out(desk: Desk, asked: argparse.Namespace) -> str:
    """take a spot out of service; who has it is moved to another one, or told and first in line"""
    row = _spot(desk, asked).row
    done = desk.run(charger_desk.take_out, charger_id=row.id, reason=asked.reason)
    return (
        f"Spot {row.name} is out of service. "
        f"Bookings moved: {done.moved}, cancelled: {done.cancelled}."
    )


def _put_back(desk: Desk, asked: argparse.Namespace) -> str:
    """put a spot back into service"""
    row = _spot(desk, asked).row
    done = desk.run(charger_desk.put_back, charger_id=row.id)
    return f"Spot {row.name} {'is in service again' if done else 'is in service'}."


def _clear(desk: Desk, asked: argparse.Namespace) -> str:
    """say that a report about a spot was seen to: it is given again"""
    row = _spot(desk, asked).row
    desk.run(charger_desk.clear_report, charger_id=row.id)
    return f"Spot {row.name} is given again."


def _end(desk: Desk, asked: argparse.Namespace) -> str:
    """end the booking of whoever has a spot, or has it offered"""
    named = _spot(desk, asked)
    desk.run(
        charger_desk.end_booking,
        booking_id=_booking(desk, named),
        reason=asked.reason,
        charger_id=named.row.id,
    )
    return f"The booking of spot {named.row.name} is ended."


def _move(desk: Desk, asked: argparse.Namespace) -> str:
    """move whoever has a spot to another one that is free for as long"""
    named = _spot(desk, asked)
    target = _named(desk, asked.to, _site_named(desk, named.site_id))
    name = desk.run(
        charger_desk.move_booking,
        booking_id=_booking(desk, named),
        charger_id=target.row.id,
        reason=asked.reason,
    )
    return f"Moved from spot {named.row.name} to spot {name}."


def _remove(desk: Desk, asked: argparse.Namespace) -> str:
    """take somebody out of the line, by the number that charger line shows"""
    desk.run(charger_desk.remove_waiting, wait_id=asked.place, reason=asked.reason)
    return f"The place {asked.place} is gone."


def _view(desk: Desk, site_id: int) -> DeskView:
    return desk.read(desk_of_staff, site_id=site_id)


def _who(one: DeskSpot) -> str:
    if one.out_at is not None:
        return one.out_reason
    if one.there is None:
        return ""
    return f"{one.there.who} {one.there.number}".strip() or "a visitor"


def _clock(at: datetime | None, view: DeskView) -> str:
    return "" if at is None else f"{at.astimezone(ZoneInfo(view.site.time_zone)):%a %H:%M}"


def _booking(desk: Desk, named: _Named) -> int:
    """Of whoever has the spot.

    Raises:
        NothingBooked: nobody has it.
    """
    for one in _view(desk, named.site_id).spots:
        if one.spot.id == named.row.id and one.there is not None:
            return one.there.id
    raise NothingBooked


def _site_named(desk: Desk, site_id: int) -> str:
    return next(site.name for site in desk.db.read(sites_to_set_up) if site.id == site_id)


def _spot(desk: Desk, asked: argparse.Namespace) -> _Named:
    return _named(desk, asked.charger, asked.site)


def _named(desk: Desk, named: str, site: str | None) -> _Named:
    """The spot with this code or name, archived or not; of those of one name, the one in use.

    Raises:
        NotFound: there is none, or more than one.
    """
    where = desk.db.read(sites_to_set_up) if site is None else [site_of(desk, site)]
    known = [
        _Named(one.id, row)
        for one in where
        for row in desk.db.read(lambda conn, one=one: chargers_to_set_up(conn, one.id))
    ]
    found = [one for one in known if one.row.code == named.upper()]
    found = found or [one for one in known if one.row.name.casefold() == named.casefold()]
    found = [one for one in found if not one.row.archived] or found
    if len(found) != 1:
        which = "no charging spot" if not found else "more than one charging spot"
        raise NotFound(f"There is {which} called “{named}”. `charger list` shows their codes.")
    return found[0]


_CHARGER = {"metavar": "CHARGER", "help": "its code or name"}
_SITE = {"metavar": "NAME", "help": "at which site; may be left out at the only one"}
_REASON = {"required": True, "metavar": "WHY", "help": "whom it is about reads it too"}
_ONE = {"charger": _CHARGER, "--site": _SITE}
_PLACE = {"metavar": "TEXT", "help": "where it is, such as “Car park, north side”"}
_DETAILS = {"metavar": "TEXT", "help": "what it gives, such as “Type 2, 11 kW”"}

_DOINGS: Doings = {
    "list": (_list, {"--site": _SITE}),
    "line": (_line, {"--site": _SITE}),
    "add": (
        _add,
        {
            "names": {"metavar": "NAMES", "help": "what stands on the posts: 1-8, or “A, B”"},
            "--site": _SITE,
            "--place": {"default": "", **_PLACE},
            "--details": {"default": "", **_DETAILS},
        },
    ),
    "change": (
        _change,
        {
            **_ONE,
            "--name": {"metavar": "NAME", "help": "what stands on the post"},
            "--place": _PLACE,
            "--details": _DETAILS,
        },
    ),
    "order": (_order, {**_ONE, "where": {"choices": ("up", "down"), "help": "where to"}}),
    "archive": (_archive, _ONE),
    "restore": (_restore, _ONE),
    "rules": (
        _rules,
        {
            "--site": _SITE,
            "--set": {
                "action": "append",
                "default": [],
                "metavar": "NAME=VALUE",
                "help": "set this rule; may be given several times",
            },
        },
    ),
    "take-out": (_take_out, {**_ONE, "--reason": _REASON}),
    "put-back": (_put_back, _ONE),
    "clear": (_clear, _ONE),
    "end": (_end, {**_ONE, "--reason": _REASON}),
    "move": (
        _move,
        {
            **_ONE,
            "to": {"metavar": "TO", "help": "the other spot, by its code or name"},
            "--reason": _REASON,
        },
    ),
    "remove": (
        _remove,
        {
            "place": {"type": int, "metavar": "N", "help": "as charger line shows it"},
            "--reason": _REASON,
        },
    ),
    **cli_charger_figures.DOINGS,
}
