"""The first run: an admin, and the sample library in an empty database."""

from collections.abc import Callable

import pytest

from locker_app.db.database import Database
from locker_app.db.tables import bank, charger, locker, person, queue, site, staff
from locker_app.domain.actors import Role
from locker_app.domain.errors import BadInput
from locker_app.queries.sites import bank_counts
from locker_app.services.secrets import TokenKeys
from locker_app.services.setup import SAMPLE_STUDENTS, first_run
from locker_app.services.sign_in import Door, sign_in_staff
from tests.world import World


def run(world: World, *, password: str | None = None, sample: bool = True) -> str | None:
    return first_run(
        world.db,
        world.clock.now,
        admin_password=password,
        sample=sample,
        time_zone="Europe/Berlin",
    )


def test_an_empty_database_becomes_the_sample_library(world: World) -> None:
    password = run(world)
    assert password is not None
    door = Door(world.db, TokenKeys(("key",)))
    sign_in_staff(door, world.call(), "admin", password)
    (only,) = world.rows(site)
    counts = world.db.read(lambda conn: bank_counts(conn, only.id, world.clock.now))
    assert [(row.total, row.free) for row in counts] == [(50, 50)] * 3
    assert {(row.number, row.name) for row in world.rows(person)} == set(SAMPLE_STUDENTS)
    assert len(SAMPLE_STUDENTS) == 10
    assert only.time_zone == "Europe/Berlin"
    assert sum(row.accessible for row in world.rows(locker)) == 30
    (line,) = world.rows(queue)
    assert (line.name, line.place, line.mode) == ("Physics lab", "Room 204", "open")
    spots = world.rows(charger)
    assert [row.name for row in spots] == list("12345678")
    assert {row.place for row in spots} == {"Car park, north side"}
    assert sum(row.details == "Type 2, 22 kW" for row in spots) == 2
    assert {row.overdue_action for row in world.rows(bank)} == {"notify", "release"}


def test_a_second_run_changes_nothing(world: World) -> None:
    run(world)
    mark = world.mark()
    assert run(world) is None
    assert run(world, password="another password") is None
    assert world.kinds(mark) == []


def test_with_a_password_of_ones_own(world: World) -> None:
    assert run(world, password="my own password") is None
    door = Door(world.db, TokenKeys(("key",)))
    sign_in_staff(door, world.call(), "admin", "my own password")


def test_a_password_that_is_too_short(world: World) -> None:
    with pytest.raises(BadInput):
        run(world, password="short")
    assert world.rows(staff) == []


def test_without_the_sample(world: World) -> None:
    run(world, sample=False)
    assert world.rows(site) == []
    assert len(world.rows(staff)) == 1


def test_not_beside_a_library_that_is_there(world: World) -> None:
    world.bank()
    world.staff(Role.VIEWER)
    assert run(world) is None
    assert len(world.rows(bank)) == 1
    assert len(world.rows(staff)) == 1


def test_two_databases_get_two_passwords(
    world: World, new_database_url: Callable[[str], str]
) -> None:
    other = World(Database(new_database_url("sqlite")), world.clock)
    assert run(world) != run(other)
    other.db.close()
