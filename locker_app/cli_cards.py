"""Cards from the shell: `cubby card list|link|revoke|…`.

The commands are those of the pages: see `cli_desk`.
"""

import argparse
from datetime import datetime
from typing import Any

from locker_app.cli_desk import Desk, Doings, add_group, do, table
from locker_app.db.log import Trace
from locker_app.db.transaction import Work
from locker_app.domain.errors import NotFound
from locker_app.domain.people import normalise_number
from locker_app.queries.cards import cards_of, cards_of_nobody
from locker_app.queries.people_list import id_of_number
from locker_app.services import cards
from locker_app.services.people import check_manages
from locker_app.services.sealing import Seal
from locker_app.settings import Settings

_EXAMPLES = """\
examples:
  card list                        cards that were tapped and are nobody's
  card list CS2021001              the cards of somebody
  card link 12 CS2021001 --label "blue key ring"
  card revoke 12 --reason "lost"   it opens nothing any more, from now on
  card forget 12                   one that is nobody's
  card new-key                     hash cards by a new key from now on

CARD is the number that card list shows first. Of a card itself only the last four characters of
its keyed hash are shown.
"""


def add_to(commands: Any) -> None:
    """Add `card` and what it can do to the parser of the command line."""
    about = "see cards, link them to people, revoke them"
    add_group(commands, "card", about, _EXAMPLES, _DOINGS, whom="admin of all sites")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    asked.keys = settings.signing_key().split(",") if asked.doing == "new-key" else []
    return do(settings, asked, _DOINGS)


def _list(desk: Desk, asked: argparse.Namespace) -> str:
    """show the cards of somebody, or, without a number, those that are nobody's"""
    check_manages(desk.actor)
    if asked.number is None:
        strangers = desk.db.read(cards_of_nobody)
        rows = [
            (one.id, f"…{one.tail}", f"tapped {_time(one.seen_at)}", one.seen_where or "")
            for one in strangers
        ]
        return table(rows) if rows else "No card was tapped that is nobody's."
    person_id = _person(desk, asked.number)
    theirs = desk.db.read(lambda conn: cards_of(conn, person_id))
    rows = [
        (
            one.id,
            f"…{one.tail}",
            f"revoked {_time(one.revoked_at)}" if one.revoked_at else "in use",
            f"tapped {_time(one.seen_at)}" if one.seen_at else "never tapped",
            one.seen_where or "",
            one.label,
        )
        for one in theirs
    ]
    return table(rows) if rows else "They have no card."


def _link(desk: Desk, asked: argparse.Namespace) -> str:
    """let a card that was tapped somewhere be somebody's"""
    person_id = _person(desk, asked.number)
    done = desk.run(cards.link_card, card_id=asked.card, person_id=person_id, label=asked.label)
    return "The card is linked." if done else "The card is theirs already."


def _revoke(desk: Desk, asked: argparse.Namespace) -> str:
    """let a card open nothing any more, at once; linked again it is good again"""
    done = desk.run(cards.revoke_card, card_id=asked.card, reason=asked.reason)
    return "The card is revoked." if done else "The card was revoked before."


def _rename(desk: Desk, asked: argparse.Namespace) -> str:
    """call a card of somebody's something else"""
    done = desk.run(cards.rename_card, card_id=asked.card, label=asked.label)
    return "It is kept." if done else "Nothing to change."


def _forget(desk: Desk, asked: argparse.Namespace) -> str:
    """forget a card that is nobody's, until it is tapped again"""
    done = desk.run(cards.forget_card, card_id=asked.card)
    return "The card is forgotten." if done else "There is no such card."


def _new_key(desk: Desk, asked: argparse.Namespace) -> str:
    """hash cards by a new key from now on; cards in use are taken over when they are tapped"""
    seal = Seal(tuple(asked.keys))
    now = desk.call().now
    work = Work(lambda tx: cards.make_key(tx, desk.actor, now, seal), Trace("shell"))
    return f"The new key is {desk.db.run(work)}. Terminals fetch it by themselves."


def _person(desk: Desk, number: str) -> int:
    normal = normalise_number(number)
    found = desk.db.read(lambda conn: id_of_number(conn, normal))
    if found is None:
        raise NotFound(f"Nobody here has the number {normal}.")
    return found


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


_CARD = {"type": int, "metavar": "CARD", "help": "as card list shows it"}
_NUMBER = {"metavar": "NUMBER", "help": "the enrolment number of whose it is"}
_LABEL = {"metavar": "TEXT", "help": "what it is called, such as “blue key ring”"}

_DOINGS: Doings = {
    "list": (_list, {"number": {"nargs": "?", **_NUMBER}}),
    "link": (_link, {"card": _CARD, "number": _NUMBER, "--label": {"default": "", **_LABEL}}),
    "revoke": (
        _revoke,
        {
            "card": _CARD,
            "--reason": {"default": "", "metavar": "WHY", "help": "kept in the history"},
        },
    ),
    "rename": (_rename, {"card": _CARD, "label": _LABEL}),
    "forget": (_forget, {"card": _CARD}),
    "new-key": (_new_key, {}),
}
