"""Lockers from the shell: `cubby locker list|release|out|back|longer|note`.

The commands are those of the board: see `cli_desk`.
"""

import argparse
import asyncio
from collections.abc import Callable
from typing import Any

from locker_app.cli_desk import Desk, Doings, add_group, do
from locker_app.domain.actors import Right
from locker_app.domain.errors import NotFound
from locker_app.domain.lockers import LockerStatus, label
from locker_app.queries.lockers import BankView, Holder, bank_holders, bank_view
from locker_app.queries.setup import BankRow, banks_to_set_up
from locker_app.queries.sites import BankCounts, bank_counts
from locker_app.services.doors import note_locker
from locker_app.services.many import MOST, Act, Aim, Became, act_on
from locker_app.settings import Settings

_EXAMPLES = """\
examples:
  locker list                               all banks, with how full they are
  locker list "Entrance hall"               its doors that are not simply free
  locker release A17 A18 --reason "end of term"
  locker release all --bank Basement --reason "end of term"
  locker out B3 --reason "lock is stuck"
  locker longer A17 --minutes 60
  locker note A17 "key at the desk"         an empty text removes it

DOOR is what stands on it. When several banks have such a door, say which: --bank NAME.
"""


def add_to(commands: Any) -> None:
    """Add `locker` and what it can do to the parser of the command line."""
    about = "see who has which locker, release them, take them out of service and back"
    add_group(commands, "locker", about, _EXAMPLES, _DOINGS, whom="member of staff")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    return do(settings, asked, _DOINGS)


def _list(desk: Desk, asked: argparse.Namespace) -> str:
    """show all banks, or the doors of one that are not simply free"""
    if asked.bank is None:
        banks = [
            f"{bank.name}: {bank.free} of {bank.total} free, {bank.held} held, "
            f"{bank.overdue} overdue, {bank.out_of_service} out of service"
            for bank in _banks(desk)
        ]
        return "\n".join(banks) or "There are no banks yet."
    bank, now = _bank(desk, asked.bank), desk.call().now
    desk.actor.require(Right.SEE_NAMES, bank.site_id)
    view = _doors(desk, bank)
    numbers = dict(zip(view.locker_ids, view.numbers, strict=True))
    rows = desk.db.read(lambda conn: bank_holders(conn, bank.id, now))
    shown = [_row(label(view.prefix, numbers[one.locker_id]), one) for one in rows]
    return "\n".join(shown) or f"All {bank.total} lockers of {bank.name} are free."


def _row(shown: str, door: Holder) -> str:
    said = (
        door.status.name.lower().replace("_", " "),
        f"{door.person_name} {door.person_number}" if door.person_name else "",
        door.service_reason or "",
        f"note: {door.note}" if door.note else "",
    )
    return f"{shown:6} " + ", ".join(part for part in said if part)


def _acts(act: Act, done: str, about: str) -> Callable[[Desk, argparse.Namespace], str]:
    def does(desk: Desk, asked: argparse.Namespace) -> str:
        names = _named(desk, asked)
        reason, minutes = getattr(asked, "reason", ""), getattr(asked, "minutes", 0)
        became: list[Became] = []
        for at in range(0, len(names), MOST):
            aims = [Aim(locker_id) for locker_id in list(names)[at : at + MOST]]
            made = act_on(desk.db, desk.call(), act, aims, reason=reason, minutes=minutes)
            became += asyncio.run(made)
        said = [f"{names[one.locker_id]}: {one.message}" for one in became if not one.done]
        return "\n".join([f"{done}: {sum(one.done for one in became)}.", *said])

    does.__doc__ = about
    return does


def _note(desk: Desk, asked: argparse.Namespace) -> str:
    """write the note that staff keep on a door; an empty text removes it"""
    asked.doors = [asked.door]
    ((locker_id, shown),) = _named(desk, asked).items()
    desk.run(note_locker, locker_id=locker_id, note=asked.text)
    return f"{shown}: the note is {'kept' if asked.text.strip() else 'removed'}."


def _named(desk: Desk, asked: argparse.Namespace) -> dict[int, str]:
    """The doors that are meant: what stands on them, by their ids.

    Raises:
        NotFound: one of them is not there, or at several banks.
    """
    banks = _banks(desk) if asked.bank is None else [_bank(desk, asked.bank)]
    there: dict[str, list[int]] = {}
    held: dict[int, str] = {}
    for bank in banks:
        doors = _doors(desk, bank)
        for locker_id, number, letter in zip(
            doors.locker_ids, doors.numbers, doors.doors, strict=True
        ):
            there.setdefault(label(doors.prefix, number).casefold(), []).append(locker_id)
            if letter != LockerStatus.FREE.value:
                held[locker_id] = label(doors.prefix, number)
    if [one.casefold() for one in asked.doors] == ["all"] and asked.bank is not None:
        return held
    return {_only(there, name): name.upper() for name in asked.doors}


def _only(there: dict[str, list[int]], name: str) -> int:
    found = there.get(name.casefold(), [])
    if len(found) != 1:
        which = "no door" if not found else "more than one door"
        raise NotFound(f"There is {which} “{name}”. Say at which bank: --bank NAME")
    return found[0]


def _banks(desk: Desk) -> list[BankCounts]:
    now = desk.call().now
    return [
        bank
        for site in desk.sites()
        for bank in desk.db.read(lambda conn, site=site: bank_counts(conn, site.id, now))
    ]


def _bank(desk: Desk, named: str) -> BankCounts:
    known = _banks(desk)
    coded = {bank.code: bank.id for one in desk.sites() for bank in _set_up(desk, one.id)}
    found = [bank for bank in known if bank.id == coded.get(named.upper())]
    found = found or [bank for bank in known if bank.name.casefold() == named.casefold()]
    if len(found) != 1:
        names = ", ".join(f"“{bank.name}”" for bank in known)
        raise NotFound(f"There is no one bank “{named}”. There are {names}.")
    return found[0]


def _set_up(desk: Desk, site_id: int) -> list[BankRow]:
    return desk.db.read(lambda conn: banks_to_set_up(conn, site_id))


def _doors(desk: Desk, bank: BankCounts) -> BankView:
    now = desk.call().now
    view = desk.db.read(lambda conn: bank_view(conn, bank.id, now))
    if view is None:
        raise NotFound(f"{bank.name} is not there any more.")
    return view


_WHICH: dict[str, dict[str, Any]] = {
    "doors": {"metavar": "DOOR", "nargs": "+", "help": "such as A17; “all” of a --bank in use"},
    "--bank": {"metavar": "BANK", "help": "at which bank: its name, or its code"},
}
_WHY: dict[str, dict[str, Any]] = {"--reason": {"required": True, "help": "kept in the history"}}
_DOINGS: Doings = {
    "list": (_list, {"bank": {"metavar": "BANK", "nargs": "?", "help": "its name or code"}}),
    "release": (
        _acts(Act.RELEASE, "Released", "take lockers from whoever has them"),
        {**_WHICH, **_WHY},
    ),
    "out": (
        _acts(Act.OUT, "Out of service", "give doors to nobody until they are back"),
        {**_WHICH, **_WHY},
    ),
    "back": (_acts(Act.BACK, "Back in service", "let doors be given again"), _WHICH),
    "longer": (
        _acts(Act.EXTEND, "Given longer", "give whoever has a locker more time"),
        {**_WHICH, "--minutes": {"type": int, "required": True, "metavar": "N"}},
    ),
    "note": (
        _note,
        {
            "door": {"metavar": "DOOR"},
            "text": {"metavar": "TEXT"},
            "--bank": {"metavar": "BANK", "help": "at which bank: its name, or its code"},
        },
    ),
}
