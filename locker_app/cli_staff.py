"""Staff accounts from the shell: `cubby staff list|add|invite|password|…`.

For the operator, also when no admin can sign in any more. Whoever can run this can write the
database, so nobody is asked for a password.
"""

import argparse
import getpass
import re
import secrets
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError

from locker_app.cli_desk import table
from locker_app.db.database import Database
from locker_app.domain.actors import SYSTEM, Role
from locker_app.domain.errors import DomainError
from locker_app.domain.people import check_password
from locker_app.queries.setup import sites_to_set_up
from locker_app.queries.sites import sites
from locker_app.queries.staff import Account, accounts_of_staff
from locker_app.services.command import Call, Command, command
from locker_app.services.people import add_staff
from locker_app.services.secrets import hash_secret
from locker_app.services.sign_in import invitation_key
from locker_app.services.staff import (
    RoleAt,
    create_account,
    disable_account,
    enable_account,
    invite,
    set_staff_password,
)
from locker_app.serving.addresses import addresses
from locker_app.settings import Settings, SettingsError, get_settings

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_PASSWORD_BYTES = 12
_LINK_BYTES = 32
_SWITCHES = {
    "disable": "let an account sign in no more, and sign it out everywhere",
    "enable": "let a disabled account sign in again",
}

P = ParamSpec("P")
R = TypeVar("R")

_EXAMPLES = """\
examples:
  staff list
  staff add root --name "Grace Hopper" --role admin    a second admin, with a password, now
  staff add ada --name "Ada Lovelace" --site "Central Library"
  staff invite bob --name "Bob Kahn" --role viewer     a link by which Bob chooses a password
  staff invite bob                   another link for the same account
  staff disable bob                  signed out everywhere at once; staff enable takes it back
  staff password ada                 makes a new one and prints it, once
  staff password ada --ask           asks for it
"""


def add_to(commands: Any) -> None:
    """Add `staff` and what it can do to the parser of the command line."""
    about = "see and make staff accounts, invite, disable, give them new passwords"
    staff = commands.add_parser(
        "staff",
        help=about,
        description=f"From the shell: {about}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doing = staff.add_subparsers(dest="doing", required=True, metavar="WHAT")
    add = doing.add_parser("add", help="make an account and print a password for it, once")
    _about_an_account(add, name_needed=True)
    asked = doing.add_parser(
        "invite", help="print a link by which somebody chooses a password, once, within a week"
    )
    _about_an_account(asked, name_needed=False)
    asked.add_argument(
        "--forget", action="store_true", help="and let the password that there is work no more"
    )
    doing.add_parser("list", help="show all accounts: login, name, what they may where, last here")
    for name, about in _SWITCHES.items():
        doing.add_parser(name, help=about).add_argument("login", metavar="LOGIN", help="whose")
    password = doing.add_parser(
        "password", help="make a new password and print it, once; or ask for one"
    )
    password.add_argument("login", metavar="LOGIN", help="whose")
    password.add_argument(
        "--ask", action="store_true", help="ask for the password, instead of making one up"
    )


def _about_an_account(parser: Any, *, name_needed: bool) -> None:
    parser.add_argument("login", metavar="LOGIN", help="what they sign in with")
    parser.add_argument(
        "--name",
        required=name_needed,
        help="how they are called" + ("" if name_needed else "; makes the account"),
    )
    parser.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.PROFESSOR.value,
        help="professor: queues; viewer: the board without names; admin: everything",
    )  # fmt: skip
    parser.add_argument("--site", metavar="NAME", help="only at this site; by default at all")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    db = Database(settings.database)
    try:
        return _DOINGS[asked.doing](db, asked)
    except DomainError as refusal:
        raise SettingsError(str(refusal)) from None
    finally:
        db.close()


def _list(db: Database, _asked: argparse.Namespace) -> str:
    names = {site.id: site.name for site in db.read(sites_to_set_up)}
    now = datetime.now(UTC)
    rows = [
        (
            account.login,
            account.name,
            ", ".join(
                f"{role.value} at {names[site_id] if site_id else 'all sites'}"
                for site_id, role in account.roles
            ),
            _state(account),
        )
        for account in db.read(lambda conn: accounts_of_staff(conn, now))
    ]
    return table(rows)


def _state(account: Account) -> str:
    """What there is to know of an account, in UTC: the machine's own clock may be of anywhere."""
    if account.disabled_at is not None:
        return "disabled"
    if account.invited_until is not None:
        return f"invited until {account.invited_until:%Y-%m-%d %H:%M} UTC"
    if account.waits:
        return "has no password yet"
    if not account.sign_ins:
        return "has not signed in lately"
    at, address = account.sign_ins[0]
    return f"signed in {at:%Y-%m-%d %H:%M} UTC" + (f" from {address}" if address else "")


def _invite(db: Database, asked: argparse.Namespace) -> str:
    login = asked.login.strip().lower()
    if asked.name is not None:
        roles = [RoleAt(Role(asked.role), _site(db, asked.site))]
        staff_id = _run(db, create_account, login=login, name=asked.name, roles=roles)
    else:
        staff_id = _id_of(db, login)
    link = secrets.token_hex(_LINK_BYTES)
    key = invitation_key(link)
    until = _run(db, invite, staff_id=staff_id, key=key, forget=asked.forget)
    address = f"{addresses(get_settings())[0]}/invite/{link}"
    return f"{address}\nLets {login} choose a password, once, until {until:%Y-%m-%d %H:%M} UTC."


def _disable(db: Database, asked: argparse.Namespace) -> str:
    done = _run(db, disable_account, staff_id=_id_of(db, asked.login))
    return "The account is disabled, and signed out." if done else "It is disabled already."


def _enable(db: Database, asked: argparse.Namespace) -> str:
    done = _run(db, enable_account, staff_id=_id_of(db, asked.login))
    return "The account can be used again." if done else "It is not disabled."


def _run(db: Database, fn: Command[P, R], *_: P.args, **arguments: P.kwargs) -> R:
    """As the operator, at whose shell this is."""
    return db.run(command(Call(datetime.now(UTC), "shell", actor=SYSTEM), fn, *_, **arguments))


def _id_of(db: Database, login: str) -> int:
    """The account of this login, disabled or not."""
    wanted, now = login.strip().lower(), datetime.now(UTC)
    for account in db.read(lambda conn: accounts_of_staff(conn, now)):
        if account.login == wanted:
            return account.id
    raise SettingsError(f"There is no staff account “{wanted}”. `staff list` shows them.")


def _password(db: Database, asked: argparse.Namespace) -> str:
    login = asked.login.strip().lower()
    staff_id = _id_of(db, login)
    password = _asked_for() if asked.ask else secrets.token_urlsafe(_PASSWORD_BYTES)
    hashed = hash_secret(check_password(password))
    _run(db, set_staff_password, staff_id=staff_id, password_hash=hashed)
    said = "" if asked.ask else f", with the password {password}"
    return f"{login} signs in anew{said}. All their sessions have ended."


def _asked_for() -> str:
    password = getpass.getpass("New password: ")
    if password != getpass.getpass("The same again: "):
        raise SettingsError("The two passwords are not the same. Nothing was changed.")
    return password


def _add(db: Database, asked: argparse.Namespace) -> str:
    login, name = asked.login.strip().lower(), " ".join(asked.name.split())
    if not _LOGIN.fullmatch(login):
        raise SettingsError(
            f"“{login}” can't be a login: it has 2 to 64 letters, digits or . _ @ -, and begins "
            "with a letter or digit."
        )
    if not name:
        raise SettingsError("A name is needed: --name NAME")
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    try:
        _run(
            db,
            add_staff,
            login=login,
            name=name,
            password_hash=hash_secret(password),
            role=Role(asked.role),
            site_id=_site(db, asked.site),
        )
    except IntegrityError:
        raise SettingsError(f"There is an account “{login}” already.") from None
    return f"{name} signs in at /staff/sign-in as {login}, with the password {password}"


def _site(db: Database, named: str | None) -> int | None:
    if named is None:
        return None
    known = db.read(sites)
    found = [site.id for site in known if site.name.casefold() == named.casefold()]
    if len(found) != 1:
        names = ", ".join(f"“{site.name}”" for site in known)
        raise SettingsError(f"There is no site “{named}”: --site NAME is one of {names}")
    return found[0]


_DOINGS = {
    "add": _add,
    "invite": _invite,
    "list": _list,
    "disable": _disable,
    "enable": _enable,
    "password": _password,
}
