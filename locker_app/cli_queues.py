"""Queues from the shell: `cubby queue list|create|open|…`.

The commands are those of the dashboard: see `cli_desk`.
"""

import argparse
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from locker_app import cli_line, cli_rules
from locker_app.cli_desk import Desk, Doings, add_group, do, table
from locker_app.cli_line import QUEUE
from locker_app.domain.errors import NotFound
from locker_app.domain.queues import QueueMode, QueueRules, version_of
from locker_app.domain.spreadsheets import BYTE_ORDER_MARK, written
from locker_app.queries import scoped
from locker_app.queries.after_class import AfterClass, Times
from locker_app.queries.queues import QueueCard
from locker_app.queries.tickets_csv import HEAD, cells
from locker_app.queries.tickets_file import tickets_of
from locker_app.services import queues
from locker_app.settings import Settings, SettingsError

_EXAMPLES = """\
examples:
  queue list
  queue create "Physics lab" --place "Room 204" --groups "1-40, 51"
  queue show "Physics lab"           who is helped, who waits, who was last
  queue next K7MPQR --as ada         completes ada's ticket and calls the next one
  queue call K7MPQR 12 --as ada      calls number 12 out of order
  queue announce K7MPQR ""           takes the announcement away
  queue rules K7MPQR                 shows all rules
  queue rules K7MPQR --set capacity=30 --set "monday=9:00-12:00, 14:00-16:30"
  queue after K7MPQR --days 7 --csv week.csv

QUEUE is a queue's code, as in its short address, or its name. N is a ticket's number.
What is done with tickets is done at the desk of whoever is named by --as: each has one ticket at
a time there, and can undo for ten seconds.
"""


def add_to(commands: Any) -> None:
    """Add `queue` and what it can do to the parser of the command line."""
    about = "see queues, set them up, open and close them, work a line off, look back"
    add_group(commands, "queue", about, _EXAMPLES, _DOINGS, whom="member of staff")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    return do(settings, asked, _DOINGS)


def _list(desk: Desk, _asked: argparse.Namespace) -> str:
    """show all queues: code, state, number shown, how many wait, name"""
    rows = [
        (card.code, _state(card), f"shows {card.shown}", f"{card.waiting} waiting",
         f"{card.name}, {site.name}")
        for site, card in desk.queues()
    ]  # fmt: skip
    return table(rows) if rows else "There are no queues yet: queue create NAME"


def _state(card: QueueCard) -> str:
    return f"{card.mode}, paused" if card.paused else card.mode


def _create(desk: Desk, asked: argparse.Namespace) -> str:
    """set up a queue, open at once; all other rules: queue rules"""
    plan = queues.QueuePlan(
        name=asked.name, place=asked.place, groups=asked.groups, room_pin=asked.room_pin,
        sign_in_needed=asked.sign_in, capacity=asked.capacity,
    )  # fmt: skip
    queue_id = desk.run(queues.create_queue, site_id=_site(desk, asked.site), plan=plan)
    card = next(card for _, card in desk.queues() if card.id == queue_id)
    return f"{card.name} is set up. Its short address is /q/{card.code}"


def _site(desk: Desk, named: str | None) -> int:
    known = desk.sites()
    found = [site.id for site in known if named is None or site.name.casefold() == named.casefold()]
    if len(found) != 1:
        names = ", ".join(f"“{site.name}”" for site in known)
        raise NotFound(f"Say at which site: --site NAME, one of {names}")
    return found[0]


def _set(mode: QueueMode, said: str, about: str) -> Callable[[Desk, argparse.Namespace], str]:
    def does(desk: Desk, asked: argparse.Namespace) -> str:
        card = desk.queue(asked.queue)
        changed = desk.run(queues.set_mode, queue_id=card.id, mode=mode)
        return f"{card.name} {said}" if changed else f"{card.name}: nothing to change."

    does.__doc__ = about
    return does


def _reset(desk: Desk, asked: argparse.Namespace) -> str:
    """clear all tickets and begin at number 1 again: everybody in the line is told"""
    card = desk.queue(asked.queue)
    cleared = desk.run(queues.reset_queue, queue_id=card.id)
    tickets = "1 ticket was" if cleared == 1 else f"{cleared} tickets were"
    return f"{card.name} begins at 1 again. {tickets} cleared."


def _announce(desk: Desk, asked: argparse.Namespace) -> str:
    """tell everybody in the line something; an empty text takes it away"""
    card = desk.queue(asked.queue)
    changed = desk.run(queues.announce, queue_id=card.id, text=asked.text)
    return f"{card.name}: announced." if changed else f"{card.name}: nothing to change."


def _pause(paused: bool, said: str, about: str) -> Callable[[Desk, argparse.Namespace], str]:
    def does(desk: Desk, asked: argparse.Namespace) -> str:
        card = desk.queue(asked.queue)
        changed = desk.run(queues.pause, queue_id=card.id, paused=paused)
        return f"{card.name}: {said}" if changed else f"{card.name}: nothing to change."

    does.__doc__ = about
    return does


def _rules(desk: Desk, asked: argparse.Namespace) -> str:
    """show all rules of a queue, as NAME = VALUE; or set some, by --set NAME=VALUE"""
    card = desk.queue(asked.queue)
    row = desk.read(scoped.queue_rules, card.id)
    if not asked.set:
        return cli_rules.shown(QueueRules, row)
    rules = cli_rules.changed(QueueRules, row, asked.set)
    kept = desk.run(queues.change_rules, queue_id=card.id, rules=rules, version=version_of(row))
    if not kept.changed:
        return f"{card.name}: nothing to change."
    hours = f" Its hours make it {kept.mode.value} now." if kept.mode else ""
    return f"{rules.name}: the rules are set.{hours}"


def _after(desk: Desk, asked: argparse.Namespace) -> str:
    """look back on today, or other days: how many were helped, and how long they waited"""
    card = desk.queue(asked.queue)
    first, last = asked.first, asked.last
    found = desk.read(scoped.queue_looked_back, queue_id=card.id, first=first, last=last)
    if asked.days is not None:
        first, last = found.last - timedelta(days=asked.days - 1), found.last
        found = desk.read(scoped.queue_looked_back, queue_id=card.id, first=first, last=last)
    return _figures(found) + (_file(desk, found, Path(asked.csv)) if asked.csv else "")


def _figures(found: AfterClass) -> str:
    ended = [f"{count} {status.replace('_', ' ')}" for status, count in found.counts.items()]
    return "\n".join(
        [
            f"{found.name}, {found.first} to {found.last}: "
            f"{found.tickets} tickets ended" + (f" ({', '.join(ended)})" if ended else ""),
            f"wait     {_times(found.waits)}",
            f"service  {_times(found.services)}",
        ]
    )


def _times(times: Times) -> str:
    if not times.count:
        return "nobody"
    parts = (
        ("mean", times.mean), ("median", times.median),
        ("nine of ten up to", times.p90), ("longest", times.longest),
    )  # fmt: skip
    return ", ".join(f"{what} {seconds // 60}:{seconds % 60:02}" for what, seconds in parts)


def _file(desk: Desk, found: AfterClass, path: Path) -> str:
    look = desk.read(
        scoped.tickets_looked_back, queue_id=found.queue_id, first=found.first, last=found.last
    )
    zone, after, count = ZoneInfo(look.time_zone), None, 0
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(BYTE_ORDER_MARK + written([HEAD]))
            while rows := desk.db.read(lambda conn: tickets_of(conn, look, after)):  # noqa: B023
                file.write(written([cells(row, zone) for row in rows]))
                after, count = rows[-1], count + len(rows)
    except OSError as error:
        raise SettingsError(f"{path} can't be written: {error.strerror}") from None
    return f"\n{count} tickets are in {path}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no day: write 2026-03-02") from None


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:5]) <= 3660):
        raise argparse.ArgumentTypeError(f"“{text}” is no number of days")
    return int(text)


_DOINGS: Doings = {
    "list": (_list, {}),
    "create": (
        _create,
        {
            "name": {"metavar": "NAME"},
            "--place": {"default": "", "help": "where it is, e.g. “Room 204”"},
            "--site": {"metavar": "NAME", "help": "at which site, if there are several"},
            "--groups": {"default": "", "help": "which may join, e.g. “1-40, 51”; by default all"},
            "--room-pin": {
                "default": "",
                "metavar": "CODE",
                "help": "code of the room, which its display shows",
            },
            "--sign-in": {"action": "store_true", "help": "let only people with a number join"},
            "--capacity": {"type": int, "metavar": "N", "help": "how many may wait"},
        },
    ),
    "open": (_set(QueueMode.OPEN, "is open.", "give tickets"), QUEUE),
    "drain": (
        _set(QueueMode.DRAINING, "finishes those in line.", "give no more, serve who waits"),
        QUEUE,
    ),
    "close": (_set(QueueMode.CLOSED, "is closed.", "give no tickets"), QUEUE),
    "reset": (_reset, QUEUE),
    "announce": (_announce, {**QUEUE, "text": {"metavar": "TEXT"}}),
    "pause": (_pause(True, "a break. Nobody is called.", "call nobody, give tickets"), QUEUE),
    "resume": (_pause(False, "the break is over.", "end the break"), QUEUE),
    "rules": (
        _rules,
        {
            **QUEUE,
            "--set": {
                "action": "append",
                "metavar": "NAME=VALUE",
                "help": "a rule as this command shows it; can be given several times",
            },
        },
    ),
    "after": (
        _after,
        {
            **QUEUE,
            "--first": {"type": _day, "metavar": "DAY", "help": "such as 2026-03-02"},
            "--last": {"type": _day, "metavar": "DAY", "help": "by default the first one"},
            "--days": {"type": _days, "metavar": "N", "help": "the last N days"},
            "--csv": {"metavar": "FILE", "help": "write all tickets of these days to a file"},
        },
    ),
    **cli_line.DOINGS,
}
