"""The event log from the shell, as a file."""

import csv
from pathlib import Path

import pytest

from tests.test_cli_staff import Shell, shell

__all__ = ["shell"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_what_happened_goes_into_a_file(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    said = shell("events", "export", "-o", str(path))
    found = rows(path)
    assert said == f"{len(found):,} events are in {path}"
    assert {row["kind"] for row in found} >= {"SiteCreated", "PersonAdded", "StaffAdded"}
    shell("events", "export", "-o", str(path), "--who", "CS2021001", "--kind", "PersonAdded")
    (row,) = rows(path)
    assert (row["person_name"], row["what"]) == ("Rahul Sharma", "person added")
    shell("events", "export", "-o", str(path), "--refused", "--from", "2026-03-01")
    assert rows(path) == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("--site", "Elsewhere"), "Say at which site"),
        (("--from", "yesterday"), "is no time"),
        (("--kind", "LockerEaten"), "no such kind"),
        (("--who", "Nobody Atall"), "Nobody here"),
        (("-o", "/nowhere/at/all.csv"), "can't be written"),
    ],
)
def test_what_can_t_be(shell: Shell, tmp_path: Path, typed: tuple[str, ...], why: str) -> None:
    said = shell("events", "export", "-o", str(tmp_path / "x.csv"), *typed, fails=True)
    assert why in said
