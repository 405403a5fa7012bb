"""Staff accounts from the shell: `python -m locker_app.cli staff add LOGIN …`.

For the operator, before there are pages for it. Whoever can run this can write the database, so
nobody is asked for a password.
"""

import argparse
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from locker_app.db.database import Database
from locker_app.domain.actors import SYSTEM, Role
from locker_app.queries.sites import sites
from locker_app.services.command import Call, command
from locker_app.services.people import add_staff
from locker_app.services.secrets import hash_secret
from locker_app.settings import Settings, SettingsError

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_PASSWORD_BYTES = 12


def add_to(commands: Any) -> None:
    """Add `staff` and what it can do to the parser of the command line."""
    about = "make a staff account"
    staff = commands.add_parser("staff", help=about, description=f"From the shell: {about}.")
    doing = staff.add_subparsers(dest="doing", required=True, metavar="WHAT")
    add = doing.add_parser("add", help="make an account and print a password for it, once")
    add.add_argument("login", metavar="LOGIN", help="what they sign in with")
    add.add_argument("--name", required=True, help="how they are called")
    add.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.PROFESSOR.value,
        help="professor: queues; viewer: the board without names; admin: everything",
    )  # fmt: skip
    add.add_argument("--site", metavar="NAME", help="only at this site; by default at all")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Make the account; what to tell its owner.

    Raises:
        SettingsError: it can't be made; in words for whoever typed it.
    """
    login, name = asked.login.strip().lower(), " ".join(asked.name.split())
    if not _LOGIN.fullmatch(login) or not name:
        raise SettingsError("A login has 2 to 64 letters, digits or . _ @ -, and a name is needed.")
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    db = Database(settings.database)
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
    finally:
        db.close()
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
