"""Cards at several terminals, phones and staff at the same moment, on both databases."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from locker_app.db.tables import card, event, visit
from locker_app.domain.errors import DomainError
from locker_app.services import cards, leaving
from locker_app.services.lockers import give_back
from locker_app.services.taps import take_tap
from tests import invariants, invariants_visits
from tests.services.test_taps import House
from tests.world import World

ROUNDS = 4


@pytest.fixture(autouse=True)
def _sound(world: World) -> Iterator[None]:
    """Whatever was raced for, all is sound afterwards."""
    yield
    invariants.check(world)
    invariants_visits.check(world)


@pytest.fixture
def house(world: World) -> House:
    return House(world)


def together(*doings: Callable[[], Any]) -> list[Any]:
    """All at the same moment, each in a thread: what came of them, refusals as their code."""
    barrier = Barrier(len(doings))

    def do(doing: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return doing()
        except DomainError as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(doings)) as threads:
        return list(threads.map(do, doings))


def test_one_card_at_two_terminals(world: World, house: House) -> None:
    others = [house.readers.terminal(house.site, house.bank) for _ in range(3)]
    for _ in range(ROUNDS):
        said = together(*(lambda at=at: house.tap(at) for at in [house.terminal, *others]))
        assert Counter(one.verdict.value for one in said) == {"assigned": 1, "yours": 3}
        assert len({one.label for one in said}) == len(world.open_claims()) == 1
        world.clock.advance(minutes=1)
        house.tap(house.terminal)
        assert house.tap(house.terminal).verdict == "released"
        world.clock.advance(minutes=1)


def test_one_message_told_twice_at_once(world: World, house: House) -> None:
    told = house.readers.told(house.terminal, "ada")
    for n in range(ROUNDS):
        key = f"message-{n}"
        said = together(*[partial(world.repeat, key, house.terminal, take_tap, **told)] * 4)
        assert all(one == said[0] for one in said)
        assert len(world.rows(event, kind="CardTapped", request_id=key)) == 1


def test_a_tap_against_the_phone(world: World, house: House) -> None:
    for _ in range(ROUNDS):
        tapped, pressed = together(
            lambda: house.tap(house.terminal), lambda: world.take(house.ada, house.bank).label
        )
        assert tapped.verdict in ("assigned", "yours")
        assert pressed in ("already_holds", tapped.label)
        (claim,) = world.open_claims()
        world.run(house.ada, give_back, assignment_id=claim.id)
        world.clock.advance(minutes=1)


def test_leaving_against_giving_back(world: World, house: House) -> None:
    for _ in range(ROUNDS):
        house.tap(house.gate)
        world.clock.advance(minutes=1)
        taken = world.take(house.ada, house.bank)
        world.clock.advance(minutes=1)
        out, back = together(
            lambda: house.tap(house.gate), lambda taken=taken: world.give_back(house.ada, taken)
        )
        assert out.verdict == "out"
        assert (back == "A1") != bool(out.lines)  # one of them it was
        assert world.open_claims() == []
        world.clock.advance(minutes=1)
    assert len(world.rows(event, kind="LockerReleased")) == ROUNDS


def test_a_locker_or_out(world: World) -> None:
    """Where a visit is needed, nobody leaves with a locker taken at that very moment."""
    house = House(world, visit_needed=True)
    for _ in range(ROUNDS):
        house.tap(house.gate)
        world.clock.advance(minutes=1)
        out, got = together(
            lambda: house.tap(house.gate), lambda: world.take(house.ada, house.bank).label
        )
        assert out.verdict == "out"
        assert got in ("A1", "visit_needed")
        assert world.open_claims() == []
        world.clock.advance(minutes=1)


def test_two_gates(world: World, house: House) -> None:
    gates = [house.readers.terminal(house.site, mode="in") for _ in range(3)]
    said = together(*(lambda at=at: house.tap(at) for at in gates))
    assert Counter(one.verdict.value for one in said) == {"in": 1, "denied": 2}
    assert len(world.rows(visit)) == 1


def test_link_against_link(world: World, house: House) -> None:
    """One new card at two terminals that wait for the cards of two people."""
    admin, bela = world.staff(), world.person()
    for n in range(ROUNDS):
        for who, at in ((house.ada, house.terminal), (bela, house.gate)):
            world.run(admin, cards.ask_link, person_id=who.id or 0, terminal_id=at.id or 0)
        said = together(
            lambda n=n: house.tap(house.terminal, f"new {n}"),
            lambda n=n: house.tap(house.gate, f"new {n}"),
        )
        assert {one.verdict.value for one in said} == {"linked", "denied"}
        assert len([row for row in world.rows(card) if row.label == "" and row.person_id]) == n + 2
        world.clock.advance(minutes=3)


def test_a_tap_against_erasing(world: World, house: House) -> None:
    admin = world.staff()
    for n in range(ROUNDS):
        who, name = world.person(), f"card {n}"
        house.readers.link(who, name)
        said, _ = together(
            lambda name=name: house.tap(house.gate, name),
            lambda who=who: world.run(admin, leaving.erase_person, person_id=who.id or 0),
        )
        assert said.verdict in ("in", "denied")
        assert world.rows(card, person_id=who.id) == []
        assert house.readers.inside(who) == []


def test_strangers_at_once(world: World, house: House) -> None:
    said = together(
        *(lambda at=at: house.tap(at, "new") for at in (house.terminal, house.gate) * 2)
    )
    assert {one.code for one in said} == {"unknown_card"}
    assert len(world.rows(card, person_id=None)) == 1
