"""The event log from the shell: `cubby events export …`.

For the operator, who can read the database anyway: names are in it, and nobody is asked for a
password. The server may be running.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.domain.errors import DomainError
from locker_app.domain.event_words import EVENT_WORDS
from locker_app.queries.event_filter import Asked, resolve
from locker_app.queries.events_file import events_file
from locker_app.queries.setup import chargers_to_set_up
from locker_app.queries.sites import SiteView, sites
from locker_app.settings import Settings, SettingsError

_ABOUT = """\
Write what happened into a file for a spreadsheet (CSV): newest first, times by the clocks of each
site, what a spreadsheet would take for a formula as text. It is the log of one moment, however
long it takes to write, and takes little memory: a million events are 130 MB on disk.

Everything that is said has to hold. For example, what was refused at the main library in March:

  … events export --site "Main Library" --from 2026-03-01 --to 2026-04-01 --refused -o march.csv

All that Ada did, and all that happened to one student or at one door:

  … events export --by ada -o ada.csv
  … events export --who CS2021001 -o them.csv
  … events export --door A17 -o door.csv
"""


def add_to(commands: Any) -> None:
    """Add `events` and what it can do to the parser of the command line."""
    about = "write the event log into a file for a spreadsheet"
    events = commands.add_parser("events", help=about, description=f"From the shell: {about}.")
    doing = events.add_subparsers(dest="doing", required=True, metavar="WHAT")
    export = doing.add_parser(
        "export",
        help=about,
        description=_ABOUT,
        epilog="Kinds: " + ", ".join(sorted(EVENT_WORDS)) + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    say = export.add_argument
    say("-o", "--output", metavar="FILE", required=True, help="where to")
    say("--site", metavar="NAME", help="only at this site; by default at all, and what is of none")
    say("--from", dest="since", metavar="TIME", help="from then on: 2026-03-01 or 2026-03-01T08:00")
    say("--to", dest="until", metavar="TIME", help="before that time, by the clocks of the site")
    say("--kind", action="append", default=[], metavar="KIND", help="of this kind; more than once")
    refused = export.add_mutually_exclusive_group()
    refused.add_argument(
        "--refused", action="store_const", const=True, help="refused attempts only"
    )
    refused.add_argument(
        "--not-refused", dest="refused", action="store_const", const=False, help="all but them"
    )
    say("--by", default="", metavar="WHO", help="done by: number, login, name, system or nobody")
    say("--who", default="", metavar="WHO", help="about: number or name")
    say("--charger", metavar="NAME", help="at this charging spot of the site that --site names")
    say("--door", default="", metavar="DOOR", help="at this door, as it is written on it")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Write the file; what to say of it.

    Raises:
        SettingsError: what was asked for can't be; in words for whoever typed it.
    """
    db = Database(settings.database)
    try:
        rows = db.read(lambda conn: _write(conn, asked))
    except DomainError as refusal:
        raise SettingsError(str(refusal)) from None
    except OSError as error:
        raise SettingsError(f"{asked.output} can't be written: {error.strerror}.") from None
    finally:
        db.close()
    return f"{rows:,} events are in {asked.output}"


def _write(conn: Connection, asked: argparse.Namespace) -> int:
    site = _site(conn, asked.site)
    zones = {one.time_zone for one in sites(conn)} if site is None else {site.time_zone}
    zone = zones.pop() if len(zones) == 1 else "UTC"
    charger_id = None if asked.charger is None else _charger(conn, site, asked.charger)
    wanted = resolve(
        conn,
        None,
        Asked(
            since=_moment(asked.since, zone),
            until=_moment(asked.until, zone),
            kinds=tuple(asked.kind),
            refused=asked.refused,
            by=asked.by,
            who=asked.who,
            door=asked.door,
            charger_id=charger_id,
            site_id=None if site is None else site.id,
        ),
    )
    file = events_file(conn, wanted, zone)
    with Path(asked.output).open("w", encoding="utf-8", newline="") as output:
        return _pour(file, output.write)


def _pour(file: Any, write: Callable[[str], Any]) -> int:
    """Write the file, and say how far it is where somebody looks."""
    shown = sys.stderr.isatty()
    done = 0
    for done, text in file.pieces:
        write(text)
        if shown:
            sys.stderr.write(f"\r{done:,} of {file.rows:,}")
    if shown:
        sys.stderr.write("\n")
    return done


def _moment(text: str | None, zone: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"“{text}” is no time: 2026-03-01 or 2026-03-01T08:00.") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))


def _charger(conn: Connection, site: SiteView | None, named: str) -> int:
    if site is None:
        raise SettingsError("Say at which site the charging spot is: --site NAME")
    for row in chargers_to_set_up(conn, site.id):
        if row.name.casefold() == named.casefold():
            return row.id
    raise SettingsError(f"There is no charging spot “{named}” at {site.name}.")


def _site(conn: Connection, named: str | None) -> SiteView | None:
    if named is None:
        return None
    known = sites(conn)
    found = [site for site in known if site.name.casefold() == named.casefold()]
    if len(found) != 1:
        names = ", ".join(f"“{site.name}”" for site in known)
        raise SettingsError(f"Say at which site: --site NAME, one of {names}")
    return found[0]
