"""Charging spots from the shell: `cubby charger …`. As on the pages: see `cli_desk`."""

import argparse
from typing import Any

from locker_app import cli_charger_figures
from locker_app.cli_desk import Doings, add_group, do
from locker_app.settings import Settings

_EXAMPLES = """\
examples:
  charger statistics --first 2026-03-01 --last 2026-03-31
  charger statistics --table spot-week
  charger bookings --first 2026-03-01 --last 2026-03-31 --output march.csv
"""
_DOINGS: Doings = {**cli_charger_figures.DOINGS}


def add_to(commands: Any) -> None:
    """Add `charger` and what it can do to the parser of the command line."""
    about = "see how charging spots are used, and their bookings"
    add_group(commands, "charger", about, _EXAMPLES, _DOINGS, whom="member of staff")


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do what was asked, and say what that was.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it.
    """
    return do(settings, asked, _DOINGS)
