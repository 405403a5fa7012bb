"""Queues from the shell: `python -m locker_app.cli queue list|create|open|…`.

The commands are those of the dashboard: see `cli_desk`.
"""

import argparse
from collections.abc import Callable
from typing import Any

from locker_app.cli_desk import Desk, desk_of
from locker_app.domain.errors import DomainError, NotFound
from locker_app.domain.queues import QueueMode
from locker_app.queries.queues import QueueCard, queues_of_site
from locker_app.queries.sites import SiteView
from locker_app.services import queues, serving
from locker_app.settings import Settings, SettingsError

_EXAMPLES = """\
examples:
  queue list
  queue create "Physics lab" --place "Room 204" --groups "1-40, 51"
  queue announce "Physics lab" "Back at 10:15"
  queue announce K7MPQR ""           takes it away
  queue next K7MPQR --as ada         completes ada's ticket and calls the next one

QUEUE is a queue's code, as in its short address, or its name.
"""


def add_to(commands: Any) -> None:
    """Add `queue` and what it can do to the parser of the command line."""
    about = "see queues, set them up, open and close them, call the next one"
    queue = commands.add_parser(
        "queue",
        help=about,
        description=f"From the shell: {about}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doing = queue.add_subparsers(dest="doing", required=True, metavar="WHAT")
    for name, (does, arguments) in _DOINGS.items():
        parser = doing.add_parser(name, help=does.__doc__, description=does.__doc__)
        for argument, options in arguments.items():
            parser.add_argument(argument, **options)
        parser.add_argument(
            "--as", dest="login", default="admin", metavar="LOGIN",
            help="the member of staff as whom it is done, by default admin",
        )  # fmt: skip


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    does, _ = _DOINGS[asked.doing]
    try:
        with desk_of(settings, asked.login) as desk:
            return does(desk, asked)
    except DomainError as refusal:
        raise SettingsError(str(refusal)) from None


def _queues(desk: Desk) -> list[tuple[SiteView, QueueCard]]:
    """All queues, with their sites."""
    return [
        (site, card)
        for site in desk.sites()
        for card in desk.db.read(lambda conn, site=site: queues_of_site(conn, site.id))
    ]


def _queue(desk: Desk, named: str) -> QueueCard:
    """The queue with this code or name.

    Raises:
        NotFound: there is none, or more than one.
    """
    cards = [card for _, card in _queues(desk)]
    found = [card for card in cards if card.code == named.upper()]  # which nobody can choose
    found = found or [card for card in cards if card.name == named]
    found = found or [card for card in cards if card.name.casefold() == named.casefold()]
    if len(found) != 1:
        which = "no queue" if not found else "more than one queue"
        raise NotFound(f"There is {which} called “{named}”. `queue list` shows their codes.")
    return found[0]


def _list(desk: Desk, _asked: argparse.Namespace) -> str:
    """show all queues: code, state, number shown, how many wait, name"""
    rows = [
        (card.code, _state(card), f"shows {card.shown}", f"{card.waiting} waiting",
         f"{card.name}, {site.name}")
        for site, card in _queues(desk)
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return (
        "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )
        or "There are no queues yet: queue create NAME"
    )


def _state(card: QueueCard) -> str:
    return f"{card.mode}, paused" if card.paused else card.mode


def _create(desk: Desk, asked: argparse.Namespace) -> str:
    """set up a queue, open at once; all other rules are set on its page"""
    plan = queues.QueuePlan(
        name=asked.name, place=asked.place, groups=asked.groups, room_pin=asked.room_pin,
        sign_in_needed=asked.sign_in, capacity=asked.capacity,
    )  # fmt: skip
    queue_id = desk.run(queues.create_queue, site_id=_site(desk, asked.site), plan=plan)
    card = next(card for _, card in _queues(desk) if card.id == queue_id)
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
        card = _queue(desk, asked.queue)
        changed = desk.run(queues.set_mode, queue_id=card.id, mode=mode)
        return f"{card.name} {said}" if changed else f"{card.name}: nothing to change."

    does.__doc__ = about
    return does


def _reset(desk: Desk, asked: argparse.Namespace) -> str:
    """clear all tickets and begin at number 1 again: everybody in the line is told"""
    card = _queue(desk, asked.queue)
    cleared = desk.run(queues.reset_queue, queue_id=card.id)
    tickets = "1 ticket was" if cleared == 1 else f"{cleared} tickets were"
    return f"{card.name} begins at 1 again. {tickets} cleared."


def _announce(desk: Desk, asked: argparse.Namespace) -> str:
    """tell everybody in the line something; an empty text takes it away"""
    card = _queue(desk, asked.queue)
    changed = desk.run(queues.announce, queue_id=card.id, text=asked.text)
    return f"{card.name}: announced." if changed else f"{card.name}: nothing to change."


def _next(desk: Desk, asked: argparse.Namespace) -> str:
    """complete one's current ticket and call the next one"""
    card = _queue(desk, asked.queue)
    pressed = desk.run(serving.complete_and_call_next, queue_id=card.id)
    done = f"{pressed.ended} is done. " if pressed.ended else ""
    return f"{card.name}: {done}" + (
        f"It is {pressed.called}'s turn." if pressed.called else "Nobody was called."
    )


_QUEUE = {"queue": {"metavar": "QUEUE", "help": "its code, or its name"}}
_DOINGS: dict[str, tuple[Callable[[Desk, argparse.Namespace], str], dict[str, dict[str, Any]]]] = {
    "list": (_list, {}),
    "create": (
        _create,
        {
            "name": {"metavar": "NAME"},
            "--place": {"default": "", "help": "where it is, e.g. “Room 204”"},
            "--site": {"metavar": "NAME", "help": "at which site, if there are several"},
            "--groups": {"default": "", "help": "which may join, e.g. “1-40, 51”; by default all"},
            "--room-pin": {"default": "", "metavar": "PIN", "help": "what the room will show"},
            "--sign-in": {"action": "store_true", "help": "let only people with a number join"},
            "--capacity": {"type": int, "metavar": "N", "help": "how many may wait"},
        },
    ),
    "open": (_set(QueueMode.OPEN, "is open.", "give tickets"), _QUEUE),
    "drain": (
        _set(QueueMode.DRAINING, "finishes those in line.", "give no more, serve who waits"),
        _QUEUE,
    ),
    "close": (_set(QueueMode.CLOSED, "is closed.", "give no tickets"), _QUEUE),
    "reset": (_reset, _QUEUE),
    "announce": (_announce, {**_QUEUE, "text": {"metavar": "TEXT"}}),
    "next": (_next, _QUEUE),
}
