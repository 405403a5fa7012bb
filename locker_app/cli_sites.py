"""Sites from the shell: `cubby site list|create|rules|archive|restore`.

The commands are those of set-up: see `cli_desk`.
"""

import argparse
from typing import Any

from locker_app import cli_rules
from locker_app.cli_desk import Desk, Doings, add_group, do, table
from locker_app.domain.errors import NotFound
from locker_app.domain.sites import SiteRules, version_of
from locker_app.queries.setup import SiteRow, site_row, sites_to_set_up
from locker_app.services import sites
from locker_app.settings import Settings

_EXAMPLES = """\
examples:
  site create "City Library" --zone Europe/Berlin
  site rules "City Library"          shows all rules
  site rules "City Library" --set "monday=9:00-18:00" --set names_kept_days=90
  site list
  site archive "City Library"        refused while somebody has something there

Lockers are given out during a site's hours; with none at all, always. A locker can be given back
at any time. Next: bank create, queue create.
"""


def add_to(commands: Any) -> None:
    """Add `site` and what it can do to the parser of the command line."""
    about = "set up sites, their time zone, hours and rules; archive them"
    add_group(commands, "site", about, _EXAMPLES, _DOINGS, whom="admin")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    return do(settings, asked, _DOINGS)


def site_of(desk: Desk, named: str | None) -> SiteRow:
    """The site of this name, archived or not; without a name, the only one there is.

    Raises:
        NotFound: there is none, or more than one.
    """
    known = desk.db.read(sites_to_set_up)
    if named is None:
        found = [site for site in known if not site.archived]
    else:
        found = [site for site in known if site.name.casefold() == named.casefold()]
        found = [site for site in found if not site.archived] or found
    if len(found) != 1:
        names = ", ".join(f"“{site.name}”" for site in known) or "none: site create NAME"
        raise NotFound(f"Say at which site: one of {names}")
    return found[0]


def _has(site: SiteRow) -> str:
    """What it has none of is not counted, unless it has nothing."""
    banks = f"{site.banks} bank{'' if site.banks == 1 else 's'}"
    spots = f"{site.chargers} charging spot{'' if site.chargers == 1 else 's'}"
    return ", ".join(
        [banks] * bool(site.banks or not site.chargers) + [spots] * bool(site.chargers)
    )


def _list(desk: Desk, _asked: argparse.Namespace) -> str:
    """show all sites: their time zone, how many banks and charging spots, whether archived"""
    known = desk.db.read(sites_to_set_up)
    rows = []
    for site in known:
        row: Any = desk.db.read(lambda conn, site=site: site_row(conn, site.id))
        has = _has(site)
        rows.append((site.name, row.time_zone, "archived" if site.archived else has))
    return table(rows) if rows else "There are no sites yet: site create NAME --zone ZONE"


def _create(desk: Desk, asked: argparse.Namespace) -> str:
    """set up a site; all other rules: --set, or later site rules"""
    rules = cli_rules.changed(SiteRules, SiteRules(asked.name, asked.zone), asked.set)
    desk.run(sites.set_up_site, rules=rules)
    return f"{rules.name} is set up. Next: bank create NAME --site “{rules.name}” --doors 1-50"


def _rules(desk: Desk, asked: argparse.Namespace) -> str:
    """show all rules of a site, as NAME = VALUE; or set some, by --set NAME=VALUE"""
    site = site_of(desk, asked.site)
    row: Any = desk.db.read(lambda conn: site_row(conn, site.id))
    if not asked.set:
        return cli_rules.shown(SiteRules, row)
    rules = cli_rules.changed(SiteRules, row, asked.set)
    version = version_of(SiteRules, row)
    done = desk.run(sites.change_site, site_id=site.id, rules=rules, version=version)
    return f"{rules.name}: the rules are set." if done else f"{site.name}: nothing to change."


def _archive(desk: Desk, asked: argparse.Namespace) -> str:
    """take a site out of use with its banks and queues; what happened there stays known"""
    site = site_of(desk, asked.site)
    done = desk.run(sites.archive_site, site_id=site.id)
    return f"{site.name} is archived." if done else f"{site.name}: nothing to change."


def _restore(desk: Desk, asked: argparse.Namespace) -> str:
    """take an archived site back into use, with the banks that were archived with it"""
    site = site_of(desk, asked.site)
    done = desk.run(sites.restore_site, site_id=site.id)
    return f"{site.name} is in use again." if done else f"{site.name}: nothing to change."


_SITE = {"metavar": "SITE", "help": "its name"}
_SET = {
    "action": "append",
    "default": [],
    "metavar": "NAME=VALUE",
    "help": "set this rule; may be given several times",
}
_DOINGS: Doings = {
    "list": (_list, {}),
    "create": (
        _create,
        {
            "name": {"metavar": "NAME", "help": "what everybody reads"},
            "--zone": {
                "required": True,
                "metavar": "ZONE",
                "help": "its time zone, such as Europe/Berlin",
            },
            "--set": _SET,
        },
    ),
    "rules": (_rules, {"site": _SITE, "--set": _SET}),
    "archive": (_archive, {"site": _SITE}),
    "restore": (_restore, {"site": _SITE}),
}
