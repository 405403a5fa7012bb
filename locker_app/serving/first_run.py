"""The database before the server starts: migrated, and filled when it is empty."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

from sqlalchemy import make_url

from locker_app.db.database import Database
from locker_app.db.engine import is_sqlite
from locker_app.db.migrate import upgrade
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.domain.errors import DomainError
from locker_app.services.setup import first_run
from locker_app.settings import Settings, SettingsError, variable_of


def migrate(settings: Settings) -> None:
    """Bring the tables up to date.

    Raises:
        SettingsError: the database can't be reached.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(
            f"CUBBY_DATA_DIR can't be used ({settings.data_dir}): {_why_no_folder(error)}."
        ) from None
    _check_place(settings)
    try:
        upgrade(settings.database)
    except OUTAGES as error:
        first_line = re.sub(r"^\(\w+\.\w+\) ", "", str(error).splitlines()[0])
        raise SettingsError(f"The database can't be reached or written: {first_line}") from None


def fill(settings: Settings) -> str | None:
    """Make the first admin and the sample library, where there is no admin yet.

    Returns:
        The password, if one had to be made up for the first admin: whoever gets it shows it, as
        nobody can look it up later.

    Raises:
        SettingsError: the given password won't do.
    """
    given = settings.admin_password.get_secret_value() if settings.admin_password else None
    database = Database(settings.database)
    try:
        return first_run(
            database,
            datetime.now(UTC),
            admin_password=given,
            sample=settings.sample,
            time_zone=settings.time_zone or machine_time_zone(),
        )
    except DomainError as refusal:
        raise SettingsError(f"CUBBY_ADMIN_PASSWORD can't be used: {refusal}") from None
    finally:
        database.close()


def check_there(settings: Settings) -> None:
    """That there is a Cubby, for commands that make none: one whose folder was mistyped must not
    look like an empty library.

    Raises:
        SettingsError: there is none.
    """
    if not is_there(settings):
        place = make_url(settings.database).database
        variable = variable_of("database_url" if settings.database_url else "data_dir")
        raise SettingsError(
            f"There is no Cubby here: {place} does not exist. "
            f"Check {variable}, or let `make run` set one up."
        )


def is_there(settings: Settings) -> bool:
    """Whether the database is there; one that only its server can tell about counts as there."""
    url = settings.database
    return not is_sqlite(url) or Path(make_url(url).database or "").is_file()


def _why_no_folder(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "it is a file and not a folder"
    return (error.strerror or str(error)).lower()


def _check_place(settings: Settings) -> None:
    """That the database's folder is there, and ours to write in. A folder that was mistyped is
    not made: that would be a new and empty library.

    Raises:
        SettingsError: it is not.
    """
    if not is_sqlite(settings.database):
        return
    folder = Path(make_url(settings.database).database or "").resolve().parent
    if not folder.is_dir():
        raise SettingsError(f"DATABASE_URL names a folder that does not exist: {folder}")
    if not os.access(folder, os.W_OK):
        raise SettingsError(f"The database can't be written: no right to write in {folder}")


def machine_time_zone() -> str:
    """The name of this machine's time zone, UTC when it says none."""
    link = Path("/etc/localtime")
    linked = str(link.resolve()).partition("zoneinfo/")[2]
    named = Path("/etc/timezone")
    written = named.read_text().strip() if named.exists() else ""
    known = available_timezones()
    found = (name for name in (os.environ.get("TZ", ""), linked, written) if name in known)
    return next(found, "UTC")
