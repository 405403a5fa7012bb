"""Staff accounts from the shell: `python -m locker_app.cli staff add|list|password …`.

For the operator, before there are pages for it. Whoever can run this can write the database, so
nobody is asked for a password.
"""

import argparse
import getpass
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from locker_app.cli_desk import table
from locker_app.db.database import Database
from locker_app.domain.actors import SYSTEM, Role
from locker_app.domain.errors import DomainError
from locker_app.domain.people import check_password
from locker_app.queries.people import all_staff, staff_secret
from locker_app.queries.sites import sites
from locker_app.services.command import Call, command
from locker_app.services.people import add_staff
from locker_app.services.secrets import hash_secret
from locker_app.services.staff import set_staff_password
from locker_app.settings import Settings, SettingsError

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_PASSWORD_BYTES = 12
_EXAMPLES = """\
examples:
  staff list
  staff add ada --name "Ada Lovelace" --site "Central Library"
  staff password ada                 makes a new one and prints it, once
  staff password ada --ask           asks for it
"""


def add_to(commands: Any) -> None:
    """Add `staff` and what it can do to the parser of the command line."""
    about = "see and make staff accounts, give them new passwords"
    staff = commands.add_parser(
        "staff",
        help=about,
        description=f"From the shell: {about}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doing = staff.add_subparsers(dest="doing", required=True, metavar="WHAT")
    add = doing.add_parser("add", help="make an account and print a password for it, once")
    add.add_argument("login", metavar="LOGIN", help="what they sign in with")
    add.add_argument("--name", required=True, help="how they are called")
    add.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.PROFESSOR.value,
        help="professor: queues; viewer: the board without names; admin: everything",
    )  # fmt: skip
    add.add_argument("--site", metavar="NAME", help="only at this site; by default at all")
    doing.add_parser("list", help="show all accounts: login, name, what they may where")
    password = doing.add_parser(
        "password", help="make a new password and print it, once; or ask for one"
    )
    password.add_argument("login", metavar="LOGIN", help="whose")
    password.add_argument(
        "--ask", action="store_true", help="ask for the password, instead of making one up"
    )


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
    names = {site.id: site.name for site in db.read(sites)}
    return table(
        [
            (
                member.login,
                member.name,
                ", ".join(
                    f"{role.value} at {names[site_id] if site_id else 'all sites'}"
                    for site_id, role in member.roles
                ),
            )
            for member in db.read(all_staff)
        ]
    )


def _password(db: Database, asked: argparse.Namespace) -> str:
    login = asked.login.strip().lower()
    known = db.read(lambda conn: staff_secret(conn, login))
    if known is None:
        raise SettingsError(f"There is no staff account “{login}”. `staff list` shows them.")
    password = _asked_for() if asked.ask else secrets.token_urlsafe(_PASSWORD_BYTES)
    db.run(
        command(
            Call(datetime.now(UTC), "shell", actor=SYSTEM),
            set_staff_password,
            staff_id=known.id,
            password_hash=hash_secret(check_password(password)),
        )
    )
    said = "" if asked.ask else f", with the password {password}"
    return f"{login} signs in anew{said}. All their sessions have ended."


def _asked_for() -> str:
    password = getpass.getpass("New password: ")
    if password != getpass.getpass("The same again: "):
        raise SettingsError("The two passwords are not the same. Nothing was changed.")
    return password


def _add(db: Database, asked: argparse.Namespace) -> str:
    login, name = asked.login.strip().lower(), " ".join(asked.name.split())
    if not _LOGIN.fullmatch(login) or not name:
        raise SettingsError("A login has 2 to 64 letters, digits or . _ @ -, and a name is needed.")
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    try:
        db.run(
            command(
                Call(datetime.now(UTC), "shell", actor=SYSTEM),
                add_staff,
                login=login,
                name=name,
                password_hash=hash_secret(password),
                role=Role(asked.role),
                site_id=_site(db, asked.site),
            )
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
        raise SettingsError(f"Say at which site: --site NAME, one of {names}")
    return found[0]


_DOINGS = {"add": _add, "list": _list, "password": _password}
