"""Who may do what: every command with every kind of actor.

A command that is added later fails here until it has its line below.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

from locker_app import services
from locker_app.db.tables import event, person
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Role
from locker_app.domain.errors import DomainError
from locker_app.services import expiry, lockers, people, sessions, setup, waiting
from tests.world import World

Command = Callable[..., Any]

OF_PERSONS: dict[Command, dict[str, Any]] = {
    lockers.take_locker: {"bank_id": 1},
    lockers.give_back: {"assignment_id": 1},
    waiting.join_waiting: {"bank_id": 1},
    waiting.leave_waiting: {"wait_id": 1},
    waiting.take_held: {"assignment_id": 1},
    people.change_preferences: {"accessible": True, "near_last": True},
}
OF_ADMINS: dict[Command, dict[str, Any]] = {
    lockers.force_release: {"locker_id": 1, "reason": "x"},
    lockers.take_out_of_service: {"locker_id": 2, "reason": "x"},
    lockers.put_back_in_service: {"locker_id": 3},
    people.reset_pin: {"number": "CS1", "reason": "x"},
}
OF_ALL_SITES: set[Command] = {people.reset_pin}
"""Persons belong to no site, so admins of any site may."""
OF_WHOEVER_IS_SIGNED_IN: set[Command] = {
    sessions.sign_out,
    sessions.sign_out_everywhere,
    sessions.renew,
}
"""They only ever touch the sessions of whoever asks; for others they do nothing."""
NOT_FOR_ADAPTERS: set[Command] = {
    people.settle_person_sign_in,  # after the PIN was checked, by `services.sign_in`
    people.settle_staff_sign_in,
    people.choose_first_pin,
    people.add_person,  # the operator's tools
    people.add_staff,
    setup.create_site,
    setup.create_bank,
    setup.create_sample,
    expiry.run_due,  # the timer's
    expiry.forget_old_answers,
}


def commands() -> set[Command]:
    """Every function in the services that `command` can wrap."""
    found: set[Command] = set()
    for module_info in pkgutil.iter_modules(services.__path__):
        module = importlib.import_module(f"locker_app.services.{module_info.name}")
        for name, fn in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(fn).parameters.values())
            positional = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
            own = fn.__module__ == module.__name__ and not name.startswith("_")
            if own and positional == ["tx", "actor", "now"]:
                found.add(fn)
    return found


def test_every_command_has_its_line() -> None:
    listed = {*OF_PERSONS, *OF_ADMINS, *OF_WHOEVER_IS_SIGNED_IN, *NOT_FOR_ADAPTERS}
    assert commands() == listed


@pytest.fixture
def actors(world: World) -> dict[str, Actor]:
    """One of each kind, at a site whose first locker the person has, and where another waits."""
    site_id, other_site = world.site(), world.site()
    bank_id = world.bank(site_id)
    who = world.person()
    world.take(who, bank_id)
    world.change(person.update().where(person.c.id == who.id).values(number="CS1"))
    door = world.locker_ids(bank_id)[2]
    admin = world.staff()
    world.run(admin, lockers.take_out_of_service, locker_id=door, reason="x")
    return {
        "nobody": NOBODY,
        "system": SYSTEM,
        "person": who,
        "admin": admin,
        "admin here": world.staff(Role.ADMIN, site_id),
        "admin elsewhere": world.staff(Role.ADMIN, other_site),
        "professor": world.staff(Role.PROFESSOR, site_id),
        "viewer": world.staff(Role.VIEWER),
        "staff without a role": Actor(ActorKind.STAFF, 1),
    }


def refusal(world: World, actor: Actor, fn: Command, arguments: dict[str, Any]) -> str | None:
    try:
        world.run(actor, fn, **arguments)
    except DomainError as refused:
        return refused.code
    return None


def done(world: World) -> list[str]:
    return [kind for kind in world.kinds() if kind != "Refused"]


def test_commands_of_persons_are_refused_to_all_others(
    world: World, actors: dict[str, Actor]
) -> None:
    before = done(world)
    del actors["person"]
    for fn, arguments in OF_PERSONS.items():
        for name, actor in actors.items():
            expected = "not_signed_in" if name == "nobody" else "not_allowed"
            assert refusal(world, actor, fn, arguments) == expected, (fn.__name__, name)
    assert done(world) == before
    assert len(world.rows(event, kind="Refused")) == len(OF_PERSONS) * len(actors)


def test_commands_of_admins_are_refused_to_all_others(
    world: World, actors: dict[str, Actor]
) -> None:
    before = done(world)
    for fn, arguments in OF_ADMINS.items():
        allowed = {"admin", "admin here"} | ({"admin elsewhere"} if fn in OF_ALL_SITES else set())
        for name in actors.keys() - allowed:
            expected = "not_signed_in" if name == "nobody" else "not_allowed"
            assert refusal(world, actors[name], fn, arguments) == expected, (fn.__name__, name)
    assert done(world) == before


@pytest.mark.parametrize("name", ["admin", "admin here"])
def test_admins_may(world: World, actors: dict[str, Actor], name: str) -> None:
    for fn, arguments in OF_ADMINS.items():
        assert refusal(world, actors[name], fn, arguments) is None, fn.__name__


def test_sessions_of_nobody_are_nobodys(world: World, actors: dict[str, Actor]) -> None:
    before = done(world)
    for fn in (sessions.sign_out, sessions.renew):
        for actor in actors.values():
            assert not world.run(actor, fn), "none of them came by a session"
    assert done(world) == before
