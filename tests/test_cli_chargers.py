"""Charging spots from the shell: set up, watched, and staff who step in."""

from datetime import UTC, datetime, timedelta

import pytest

from locker_app.db.tables import booking, charger, event
from locker_app.services.bookings import book
from locker_app.services.charger_line import join_line
from locker_app.services.spot_reports import report_taken
from tests.test_cli_setup import Shell, shell, words, world
from tests.world import World

__all__ = ["shell", "world"]


@pytest.fixture
def here(shell: Shell) -> None:
    """A site with two spots."""
    shell("site", "create", "Garage", "--zone", "Europe/Berlin")
    said = shell("charger", "add", "1-2", "--place", "North side", "--details", "11 kW")
    assert len(words(said)) == 2
    assert "Its short address is /go/" in said


def test_spots_and_their_rules(shell: Shell, world: World, here: None) -> None:
    first, second = world.rows(charger)
    assert words(shell("charger", "list")) == [
        f"{first.code} 1 free North side, 11 kW",
        f"{second.code} 2 free North side, 11 kW",
    ]
    assert "there twice" in shell("charger", "add", "3, 3", fails=True)
    assert "already" in shell("charger", "add", "2", fails=True)
    assert "500 charging spots at most" in shell("charger", "add", "1-99999", fails=True)
    assert shell("charger", "change", "2", "--name", "Gate") == "Spot 2: it is kept."
    assert shell("charger", "change", "gate", "--name", "Gate") == "Spot Gate: nothing to change."
    assert shell("charger", "order", second.code.lower(), "up") == "Spot Gate: moved."
    assert "further" in shell("charger", "order", "gate", "up")
    assert shell("charger", "list").splitlines()[0].startswith(second.code)
    assert "2 charging spots" in shell("site", "list")
    assert shell("charger", "archive", "1") == "Spot 1 is archived."
    assert "1 charging spot" in words(shell("site", "list"))[0]
    assert "spots" not in shell("site", "list")
    assert shell("charger", "restore", "1") == "Spot 1 is in use again."
    assert "max_stay_minutes = 720" in shell("charger", "rules")
    said = shell("charger", "rules", "--set", "max_stay_minutes=60", "--set", "at_end=end")
    assert said == "Garage: the rules are set."
    assert "nothing to change" in shell("charger", "rules", "--set", "at_end=end")
    for wrong, why in (
        ("at_end=now", "one of"),
        ("snoozes=99", "from 0"),
        ("max_stay_minutes=" + "9" * 12, "Enter a whole number from 15 to 10080."),
        ("x=1", "sets no rule"),
    ):
        assert why in shell("charger", "rules", "--set", wrong, fails=True)
    assert "no charging spot called" in shell("charger", "archive", "7", fails=True)


def test_staff_step_in(shell: Shell, world: World, here: None) -> None:
    leaves = datetime.now(UTC) + timedelta(minutes=50)
    world.clock.now = datetime.now(UTC)
    ada, ben, eve = world.people(3)
    for who, spot in ((ada, 1), (ben, 2)):
        world.run(who, book, charger_id=spot, leaves_at=leaves)
    world.run(eve, join_line, site_id=1)
    assert "Person" in shell("charger", "list")
    assert "taken" in shell("charger", "move", "1", "2", "--reason", "x", fails=True)
    assert "since" in shell("charger", "line")
    said = shell("charger", "take-out", "1", "--reason", "torn cable")
    assert said == "Spot 1 is out of service. Bookings moved: 0, cancelled: 1."
    assert "torn cable" in shell("charger", "list")
    assert len(words(shell("charger", "line"))) == 2
    assert shell("charger", "remove", "1", "--reason", "left") == "The place 1 is gone."
    assert "not in line" in shell("charger", "remove", "1", "--reason", "left", fails=True)
    assert shell("charger", "put-back", "1") == "Spot 1 is in service again."
    assert "until" in shell("charger", "line"), "it is offered to the first in line"
    assert shell("charger", "end", "1", "--reason", "x") == "The booking of spot 1 is ended."
    assert "Nobody has" in shell("charger", "end", "1", "--reason", "x", fails=True)
    assert shell("charger", "move", "2", "1", "--reason", "x") == "Moved from spot 2 to spot 1."
    assert "reported" in shell("charger", "clear", "1", fails=True)
    (row,) = world.rows(booking, ended_at=None)
    world.clock.now = datetime.now(UTC)
    world.run(ben, report_taken, booking_id=row.id)
    assert shell("charger", "clear", "1") == "Spot 1 is given again."
    by = {one.actor_kind for one in world.rows(event, kind="ChargerCleared")}
    assert by == {"staff"}
    shell("staff", "add", "vera", "--name", "Vera", "--role", "viewer")
    for typed in (["list"], ["put-back", "1"], ["add", "9"], ["rules", "--set", "snoozes=3"]):
        assert "not" in shell("charger", *typed, "--as", "vera", fails=True)
    assert len(world.rows(charger)) == 2
