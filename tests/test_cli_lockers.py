"""Lockers from the shell: what each command does, and what is said when it can't be done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from locker_app.db.database import Database
from locker_app.db.tables import bank, event
from tests.test_cli_queues import Shell, shell
from tests.world import Clock, World

__all__ = ["shell"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The same library, for those who hold lockers."""
    database = Database(f"sqlite:///{tmp_path / 'cubby.db'}")
    yield World(database, Clock())
    database.close()


def test_from_the_list_to_the_release(shell: Shell, world: World) -> None:
    first = world.rows(bank)[0]
    site = first.site_id
    number = world.bank(site, count=3, name="Annex", prefix="Z", limit_minutes=60)
    for who in world.people(2):
        world.take(who, number)
    assert "Annex: 1 of 3 free, " in shell("locker", "list")
    shell("locker", "note", "z2", "key at the desk")
    listed = shell("locker", "list", "annex").splitlines()
    assert len(listed) == 2
    assert listed[1].startswith("Z2")
    assert listed[1].endswith("note: key at the desk")
    assert shell("locker", "longer", "Z1", "Z3", "--minutes", "60").splitlines() == [
        "Given longer: 1.",
        "Z3: Nobody holds this locker right now.",
    ]
    assert shell("locker", "out", "Z3", "--reason", "hinge") == "Out of service: 1."
    assert shell("locker", "back", "Z3") == "Back in service: 1."
    released = shell("locker", "release", "all", "--bank", "Annex", "--reason", "end of term")
    assert released == "Released: 2."
    assert world.doors(number) == "fff"
    (done, _) = world.rows(event, kind="LockerReleased")
    assert (done.reason, done.origin, done.actor_kind) == ("end of term", "shell", "staff")


def test_what_can_not_be_done(shell: Shell, world: World) -> None:
    site = world.rows(bank)[0].site_id
    for name in ("East", "West"):
        world.bank(site, count=1, name=name, prefix="Q")
    twice = shell("locker", "back", "Q1", fails=True)
    assert "There is more than one door “Q1”. Say at which bank: --bank NAME" in twice
    assert "There is no door “Y9”" in shell("locker", "back", "Y9", fails=True)
    assert "There is no one bank “North”" in shell("locker", "list", "North", fails=True)
    empty = shell("locker", "release", "Q1", "--bank", "East", "--reason", " ", fails=True)
    assert "Please give a reason" in empty
    assert "already in service" in shell("locker", "back", "Q1", "--bank", "East")
