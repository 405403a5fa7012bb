"""Preferences, the reset of a PIN, and who may do which."""

import pytest

from locker_app.db.tables import event, person, staff_role
from locker_app.domain.actors import SYSTEM, Role
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    NotFound,
    ReasonNeeded,
)
from locker_app.services.people import add_person, add_staff, change_preferences, reset_pin
from tests.world import World


def test_preferences(world: World) -> None:
    who, other = world.people(2)
    mark = world.mark()
    assert world.run(who, change_preferences, accessible=True, near_last=False) is True
    assert world.run(who, change_preferences, accessible=True, near_last=False) is False
    assert world.kinds(mark) == ["PreferencesChanged"]
    row = world.row(person, who.id or 0)
    assert (row.accessible, row.near_last) == (True, False)
    assert not world.row(person, other.id or 0).accessible
    (logged,) = world.rows(event, kind="PreferencesChanged")
    assert logged.details == {"accessible": True, "near_last": False}


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_preference_is_yes_or_no(world: World, value: object) -> None:
    with pytest.raises(BadInput):
        world.run(world.person(), change_preferences, accessible=value, near_last=False)  # pyright: ignore[reportArgumentType]


class TestResetPin:
    def test_refusals(self, world: World) -> None:
        admin = world.staff()
        number = world.row(person, world.person().id or 0).number
        cases: list[tuple[str, str, type[DomainError]]] = [
            ("CS999", "x", NotFound),
            ("<script>", "x", BadInput),
            (number, "  ", ReasonNeeded),
        ]
        for entered, reason, refusal in cases:
            with pytest.raises(refusal):
                world.run(admin, reset_pin, number=entered, reason=reason)
        assert world.rows(event, kind="PinReset") == []


def test_adding_a_person(world: World) -> None:
    person_id = world.run(SYSTEM, add_person, number=" cs 1 ", name=" Ada  ")
    row = world.row(person, person_id)
    assert (row.number, row.name, row.pin_hash) == ("CS1", "Ada", None)
    assert (row.accessible, row.near_last, row.failed_tries) == (False, False, 0)
    assert row.created_at == world.clock.now
    with pytest.raises(BadInput):
        world.run(SYSTEM, add_person, number="?", name="Ada")


def test_adding_staff(world: World) -> None:
    site_id = world.site()
    arguments = {"name": "Ada", "password_hash": "x", "role": Role.VIEWER, "site_id": site_id}
    staff_id = world.run(SYSTEM, add_staff, login="ada", **arguments)  # pyright: ignore[reportArgumentType]
    (role,) = world.rows(staff_role)
    assert (role.staff_id, role.site_id, role.role) == (staff_id, site_id, "viewer")
    with pytest.raises(BadInput):
        world.run(SYSTEM, add_staff, login="b", name="B", password_hash="x", role="owner")  # pyright: ignore[reportArgumentType]
