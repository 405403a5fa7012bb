"""Banks of lockers from the shell: `cubby bank list|create|rules|doors|…`.

The commands are those of set-up: see `cli_desk`. What is done at a door is `locker`.
"""

import argparse
from dataclasses import asdict, replace
from typing import Any

from locker_app import cli_rules
from locker_app.cli_desk import Desk, Doings, add_group, do, table
from locker_app.cli_sites import site_of
from locker_app.domain.banks import BankRules, DoorPlan, doors_version, plan_of, written_numbers
from locker_app.domain.errors import NotFound
from locker_app.domain.sites import version_of
from locker_app.queries.setup import BankSetUp, bank_to_set_up, banks_to_set_up, sites_to_set_up
from locker_app.services import banks
from locker_app.settings import Settings

_EXAMPLES = """\
examples:
  bank create "Entrance hall" --doors 1-50 --accessible 1-10 --prefix A
  bank list
  bank rules A3K7MP                         shows all rules
  bank rules A3K7MP --set limit_minutes=240 --set overdue_action=release
  bank doors A3K7MP                         which doors there are, and which are somebody's
  bank doors A3K7MP --doors "1-40, 61-80"   from now on just these
  bank renumber A3K7MP 101                  its doors are 101, 102, … in the order that they have
  bank archive A3K7MP

BANK is a bank's code, as in its short address /go/CODE, or its name. Nothing that somebody has is
taken away: what would do that is refused, and says whose doors are in the way (by number).
"""


def add_to(commands: Any) -> None:
    """Add `bank` and what it can do to the parser of the command line."""
    about = "set up banks of lockers, their rules, doors and numbers; archive them"
    add_group(commands, "bank", about, _EXAMPLES, _DOINGS, whom="admin")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    return do(settings, asked, _DOINGS, {"numbers": "doors"})


def _list(desk: Desk, _asked: argparse.Namespace) -> str:
    """show all banks: code, doors, how many are somebody's, how many wait, name and site"""
    rows = [
        (
            bank.code,
            "archived" if bank.archived else f"{bank.doors} doors",
            f"{len(view.taken)} taken",
            f"{view.waiting} waiting",
            f"{bank.name}, {site.name}",
        )
        for site in desk.db.read(sites_to_set_up)
        for bank in desk.db.read(lambda conn, site=site: banks_to_set_up(conn, site.id))
        if (view := desk.db.read(lambda conn, bank=bank: bank_to_set_up(conn, bank.id)))
    ]
    return table(rows) if rows else "There are no banks yet: bank create NAME --doors 1-50"


def _create(desk: Desk, asked: argparse.Namespace) -> str:
    """set up a bank with its doors; other rules: --set, or later bank rules"""
    rules = BankRules(asked.name, asked.place, asked.prefix)
    plan = DoorPlan(asked.doors, asked.accessible, asked.small, asked.medium, asked.large)
    bank_id = desk.run(
        banks.set_up_bank,
        site_id=site_of(desk, asked.site).id,
        rules=cli_rules.changed(BankRules, rules, asked.set),
        doors=plan,
    )
    made = _view(desk, bank_id)
    return f"{made.row.name} is set up, {_doors_of(made)}. Its short address is /go/{made.row.code}"


def _rules(desk: Desk, asked: argparse.Namespace) -> str:
    """show all rules of a bank, as NAME = VALUE; or set some, by --set NAME=VALUE"""
    bank = bank_named(desk, asked.bank)
    if not asked.set:
        return cli_rules.shown(BankRules, bank.row)
    rules = cli_rules.changed(BankRules, bank.row, asked.set)
    version = version_of(BankRules, bank.row)
    done = desk.run(banks.change_bank, bank_id=bank.row.id, rules=rules, version=version)
    return f"{rules.name}: the rules are set." if done else f"{bank.row.name}: nothing to change."


def _doors(desk: Desk, asked: argparse.Namespace) -> str:
    """show which doors a bank has; or let it have just those that are named, and keep the rest"""
    bank = bank_named(desk, asked.bank)
    plan = plan_of(bank.doors)
    given = {name: value for name in _LISTS if (value := getattr(asked, name)) is not None}
    if not given:
        shown = {"doors": plan.numbers, **asdict(plan), "taken": written_numbers(bank.taken)}
        del shown["numbers"]
        return "\n".join(f"{name} = {value}".rstrip() for name, value in shown.items())
    if "doors" in given:
        given["numbers"] = given.pop("doors")
    done = desk.run(
        banks.change_doors,
        bank_id=bank.row.id,
        doors=replace(plan, **given),
        version=doors_version(bank.doors),
    )
    return (
        f"{bank.row.name} has {_doors_of(_view(desk, bank.row.id))}: "
        f"{done.added} added, {done.removed} removed, {done.altered} changed."
    )


def _renumber(desk: Desk, asked: argparse.Namespace) -> str:
    """number all doors anew from this number on; refused for doors that somebody has"""
    bank = bank_named(desk, asked.bank)
    done = desk.run(
        banks.renumber_bank,
        bank_id=bank.row.id,
        first=asked.first,
        version=doors_version(bank.doors),
    )
    return f"{bank.row.name}: {'numbered anew' if done else 'nothing to change'}."


def _archive(desk: Desk, asked: argparse.Namespace) -> str:
    """take a bank out of use; refused while somebody has a locker there or waits for one"""
    bank = bank_named(desk, asked.bank)
    done = desk.run(banks.archive_bank, bank_id=bank.row.id)
    return f"{bank.row.name} {'is archived' if done else 'was archived before'}."


def _restore(desk: Desk, asked: argparse.Namespace) -> str:
    """take an archived bank back into use, with the doors that it had"""
    bank = bank_named(desk, asked.bank)
    done = desk.run(banks.restore_bank, bank_id=bank.row.id)
    return f"{bank.row.name} {'is in use again' if done else 'is in use'}."


def bank_named(desk: Desk, named: str) -> BankSetUp:
    """The bank with this code or name, archived or not; of those of one name, the one in use.

    Raises:
        NotFound: there is none, or more than one.
    """
    all_sites = desk.db.read(sites_to_set_up)
    known = [
        bank
        for site in all_sites
        for bank in desk.db.read(lambda conn, site=site: banks_to_set_up(conn, site.id))
    ]
    found = [bank for bank in known if bank.code == named.upper()]
    found = found or [bank for bank in known if bank.name.casefold() == named.casefold()]
    found = [bank for bank in found if not bank.archived] or found
    if len(found) != 1:
        which = "no bank" if not found else "more than one bank"
        raise NotFound(f"There is {which} called “{named}”. `bank list` shows their codes.")
    return _view(desk, found[0].id)


def _view(desk: Desk, bank_id: int) -> BankSetUp:
    view = desk.db.read(lambda conn: bank_to_set_up(conn, bank_id))
    if view is None:
        raise NotFound
    return view


def _doors_of(bank: BankSetUp) -> str:
    return "1 door" if len(bank.doors) == 1 else f"{len(bank.doors)} doors"


_BANK = {"metavar": "BANK", "help": "its code or name"}
_SET = {
    "action": "append",
    "default": [],
    "metavar": "NAME=VALUE",
    "help": "set this rule; may be given several times",
}
_LISTS = {
    "doors": "their numbers, such as 1-50, 61-80",
    "accessible": "those that can be reached from a wheelchair",
    "small": "the small ones",
    "medium": "the medium ones",
    "large": "the large ones",
}


def _lists(otherwise: str | None) -> dict[str, dict[str, Any]]:
    return {
        f"--{name}": {"default": otherwise, "metavar": "NUMBERS", "help": about}
        for name, about in _LISTS.items()
    }


_DOINGS: Doings = {
    "list": (_list, {}),
    "create": (
        _create,
        {
            "name": {"metavar": "NAME", "help": "what everybody reads"},
            "--site": {"metavar": "NAME", "help": "at which site; may be left out at the only one"},
            "--place": {"default": "", "metavar": "TEXT", "help": "where it stands"},
            "--prefix": {"default": "", "metavar": "A", "help": "before the number on each door"},
            **_lists(""),
            "--set": _SET,
        },
    ),
    "rules": (_rules, {"bank": _BANK, "--set": _SET}),
    "doors": (_doors, {"bank": _BANK, **_lists(None)}),
    "renumber": (
        _renumber,
        {
            "bank": _BANK,
            "first": {"type": int, "metavar": "FIRST", "help": "the number of the first door"},
        },
    ),
    "archive": (_archive, {"bank": _BANK}),
    "restore": (_restore, {"bank": _BANK}),
}
