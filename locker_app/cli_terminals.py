"""Card terminals from the shell: `cubby terminal list|add|code|tell|…`.

The commands are those of set-up and of the page of terminals: see `cli_desk`.
"""

import argparse
from dataclasses import replace
from typing import Any

from locker_app.cli_banks import bank_named
from locker_app.cli_desk import Desk, Doings, add_group, do, table
from locker_app.cli_sites import site_of
from locker_app.domain.errors import NotFound
from locker_app.domain.relays import read_relays
from locker_app.domain.terminals import CommandKind, TapMode, TerminalKind, TerminalPlan
from locker_app.queries.setup import sites_to_set_up
from locker_app.queries.terminals import TerminalRow, terminals_of
from locker_app.services import alerts, commands, provisioning, terminals
from locker_app.serving.addresses import addresses, is_for_phones
from locker_app.settings import Settings, get_settings

_EXAMPLES = """\
examples:
  terminal add "Ground floor" --bank A3K7MP --relays 1=5,2=6,3=13
  terminal add "Entrance" --mode gate --place "Main door"
  terminal code t-kxwqmhzb                 the code, and what to run on the device
  terminal list                            name on the wire, name, state, alerts
  terminal identify t-kxwqmhzb             it shows itself
  terminal tap t-kxwqmhzb 04A1B2C3D4E5F6   puts a card on a simulated reader
  terminal revoke t-kxwqmhzb --reason "the device was stolen"

TERMINAL is its name on the wire, as `terminal list` shows it, or its name; with --site where
several sites have one of this name.
"""
_ONLY_HERE = (
    "That address means this machine alone. On another device write the one by which people open"
    " Cubby's pages, or say it here once and for all: CUBBY_PUBLIC_URL, see README.md."
)


def add_to(commands: Any) -> None:
    """Add `terminal` and what it can do to the parser of the command line."""
    about = "set up card terminals, give devices their codes, tell them something, revoke them"
    add_group(commands, "terminal", about, _EXAMPLES, _DOINGS, whom="member of staff")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    return do(settings, asked, _DOINGS)


def _list(desk: Desk, asked: argparse.Namespace) -> str:
    """show all terminals of a site: login, name, what for, where, state, version, alerts"""
    site = site_of(desk, asked.site)
    rows = [
        (
            one.login,
            one.name,
            _what_for(one),
            one.place,
            _state(one),
            one.program,
            "  ".join(f"{alert.id}:{alert.kind.value}×{alert.count}" for alert in one.alerts),
        )
        for one in desk.db.read(lambda conn: terminals_of(conn, site.id, archived=asked.archived))
    ]
    return table(rows) if rows else "There are no terminals yet: terminal add --help"


def _add(desk: Desk, asked: argparse.Namespace) -> str:
    """set up a terminal: of the doors of a bank, or, without --bank, of a gate"""
    site = site_of(desk, asked.site)
    gate = asked.bank is None
    plan = TerminalPlan(
        name=asked.name,
        kind=TerminalKind.GATE if gate else TerminalKind.LOCKER,
        mode=TapMode(asked.mode or ("gate" if gate else "locker")),
        bank_id=None if gate else _bank_id(desk, asked.bank),
        place=asked.place,
        relays=read_relays(asked.relays),
        pin_needed=asked.pin,
    )
    made = desk.run(terminals.add_terminal, site_id=site.id, plan=plan)
    row = next(
        one for one in desk.db.read(lambda conn: terminals_of(conn, site.id)) if one.id == made
    )
    return f"{row.name} is set up as {row.login}. Its code: terminal code {row.login}"


def _change(desk: Desk, asked: argparse.Namespace) -> str:
    """change what is said of a terminal: its name, place, relays, or whether the PIN is needed"""
    row = _named(desk, asked)
    plan = row.plan
    if asked.name is not None:
        plan = replace(plan, name=asked.name)
    if asked.place is not None:
        plan = replace(plan, place=asked.place)
    if asked.relays:
        plan = replace(plan, relays=read_relays(asked.relays))
    if asked.pin is not None:
        plan = replace(plan, pin_needed=asked.pin == "yes")
    done = desk.run(
        terminals.change_terminal, terminal_id=row.id, plan=plan, version=row.version_seen
    )
    return f"{row.name}: {'it is kept' if done else 'nothing to change'}."


def _code(desk: Desk, asked: argparse.Namespace) -> str:
    """make the code by which a device becomes this terminal: good once, for 15 minutes"""
    row = _named(desk, asked)
    made = desk.run(provisioning.make_code, terminal_id=row.id)
    address = addresses(get_settings())[0]
    said = [
        f"Code of {row.name}, good once until {made.until:%H:%M} UTC:",
        made.code,
        f"On the device: python -m edge provision {address} {made.code}",
    ]
    return "\n".join(said if is_for_phones(address) else [*said, _ONLY_HERE])


def _tell(kind: CommandKind, words: str) -> Any:
    def tell(desk: Desk, asked: argparse.Namespace) -> str:
        row = _named(desk, asked)
        uid = getattr(asked, "card", "")
        desk.run(commands.tell, terminal_id=row.id, kind=kind, uid=uid)
        return f"{row.name} is told to {words}."

    tell.__doc__ = f"tell a terminal to {words}"
    return tell


def _revoke(desk: Desk, asked: argparse.Namespace) -> str:
    """let a terminal speak no more, at once; a device becomes it again by a new code"""
    row = _named(desk, asked)
    done = desk.run(terminals.revoke_terminal, terminal_id=row.id, reason=asked.reason)
    return f"{row.name} {'may speak no more' if done else 'could not speak before'}."


def _archive(desk: Desk, asked: argparse.Namespace) -> str:
    """take a terminal down"""
    row = _named(desk, asked)
    done = desk.run(terminals.archive_terminal, terminal_id=row.id)
    return f"{row.name} {'is taken down' if done else 'was taken down before'}."


def _restore(desk: Desk, asked: argparse.Namespace) -> str:
    """put a terminal up again, to be provisioned anew"""
    row = _named(desk, asked, archived=True)
    done = desk.run(terminals.restore_terminal, terminal_id=row.id)
    return f"{row.name} {'is there again' if done else 'is there'}."


def _seen(desk: Desk, asked: argparse.Namespace) -> str:
    """say that an alert was seen to, by the number that terminal list shows"""
    done = desk.run(alerts.clear_alert, alert_id=asked.alert)
    return "It is seen to." if done else "It was seen to before."


def _what_for(one: TerminalRow) -> str:
    """The bank whose doors it opens, or which way its gate leads."""
    if one.bank_id is not None:
        return one.bank
    return "gate, both ways" if one.mode is TapMode.GATE else f"gate, {one.mode.value}"


def _state(one: TerminalRow) -> str:
    if one.archived_at is not None:
        return "taken down"
    if one.provisioned:
        return one.state.value
    return "revoked" if one.revoked_at is not None else "not provisioned"


def _bank_id(desk: Desk, named: str) -> int:
    """The bank with this code or name; or of this number, if that is neither.

    Raises:
        NotFound: there is none, or more than one.
    """
    try:
        return bank_named(desk, named).row.id
    except NotFound:
        if named.isascii() and named.isdigit() and len(named) < 10:
            return int(named)
        raise


def _named(desk: Desk, asked: argparse.Namespace, *, archived: bool = False) -> TerminalRow:
    """The terminal with this name on the wire, or this name.

    Raises:
        NotFound: there is none, or more than one.
    """
    where = desk.db.read(sites_to_set_up) if asked.site is None else [site_of(desk, asked.site)]
    known = [
        row
        for one in where
        for row in desk.db.read(lambda conn, one=one: terminals_of(conn, one.id, archived=archived))
    ]
    found = [one for one in known if one.login == asked.terminal.lower()]
    found = found or [one for one in known if one.name.casefold() == asked.terminal.casefold()]
    if len(found) != 1:
        which = "no terminal" if not found else "more than one terminal"
        raise NotFound(
            f"There is {which} called “{asked.terminal}”. `terminal list` shows their names."
        )
    return found[0]


_SITE = {"metavar": "NAME", "help": "at which site; may be left out at the only one"}
_ONE = {
    "terminal": {"metavar": "TERMINAL", "help": "its name on the wire, or its name"},
    "--site": _SITE,
}
_PLACE = {"metavar": "TEXT", "help": "where it hangs, such as “Main door”"}
_RELAYS = {
    "default": "",
    "metavar": "DOOR=GPIO,…",
    "help": "which GPIO line (BCM) opens which door: 1=5,2=6; doors alone, 1-8, get free ones",
}

_DOINGS: Doings = {
    "list": (
        _list,
        {"--site": _SITE, "--archived": {"action": "store_true", "help": "also those taken down"}},
    ),
    "add": (
        _add,
        {
            "name": {"metavar": "NAME", "help": "what people call it"},
            "--site": _SITE,
            "--bank": {"metavar": "BANK", "help": "the bank's code, as in bank list, or its name"},
            "--mode": {
                "choices": [one.value for one in TapMode],
                "help": "what a tap asks for; gate is both ways",
            },
            "--place": {"default": "", **_PLACE},
            "--relays": _RELAYS,
            "--pin": {"action": "store_true", "help": "a tap has to be confirmed with the PIN"},
        },
    ),
    "change": (
        _change,
        {
            **_ONE,
            "--name": {"metavar": "NAME", "help": "what people call it"},
            "--place": _PLACE,
            "--relays": _RELAYS,
            "--pin": {"choices": ("yes", "no"), "help": "whether a tap needs the PIN as well"},
        },
    ),
    "code": (_code, _ONE),
    "identify": (_tell(CommandKind.IDENTIFY, "show itself"), _ONE),
    "sync": (_tell(CommandKind.SYNC, "say everything again"), _ONE),
    "restart": (_tell(CommandKind.RESTART, "restart"), _ONE),
    "tap": (
        _tell(CommandKind.TAP, "take a card, on its simulated reader"),
        {**_ONE, "card": {"metavar": "HEX", "help": "the card's number: 4, 7 or 10 bytes"}},
    ),
    "revoke": (
        _revoke,
        {**_ONE, "--reason": {"required": True, "metavar": "WHY", "help": "kept in the history"}},
    ),
    "archive": (_archive, _ONE),
    "restore": (_restore, _ONE),
    "seen-to": (
        _seen,
        {"alert": {"type": int, "metavar": "N", "help": "as terminal list shows it"}},
    ),
}
