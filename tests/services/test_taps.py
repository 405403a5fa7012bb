"""Taps: what a card does at terminals of banks and at gates, just now and late."""

import pytest

from tests.taps import Readers
from tests.world import World


@pytest.fixture
def readers(world: World) -> Readers:
    return Readers(world)


def test_a_card_gets_a_locker_opens_it_and_gives_it_back(world: World, readers: Readers) -> None:
    site_id = world.site()
    bank_id = world.bank(site_id)
    terminal = readers.terminal(site_id, bank_id)
    who = world.person()
    readers.link(who, "ada")
    got = readers.tap(terminal, "ada")
    assert (got.verdict, got.label, got.open, got.headline) == ("assigned", "A1", 1, "Locker A1")
    world.clock.advance(seconds=40)
    again = readers.tap(terminal, "ada")
    assert (again.verdict, again.label, again.open) == ("yours", "A1", 1)
    world.clock.advance(seconds=30)
    back = readers.tap(terminal, "ada")
    assert (back.verdict, back.open, world.doors(bank_id)) == ("released", None, "fff")


def test_in_and_out(world: World, readers: Readers) -> None:
    site_id = world.site()
    bank_id = world.bank(site_id)
    gate, terminal = readers.terminal(site_id), readers.terminal(site_id, bank_id)
    who = world.person()
    readers.link(who, "ada")
    assert readers.tap(gate, "ada").verdict == "in"
    world.clock.advance(seconds=10)
    assert readers.tap(terminal, "ada").verdict == "assigned"
    world.clock.advance(seconds=10)
    out = readers.tap(gate, "ada")
    assert (out.verdict, out.lines) == ("out", ["Locker A1 is", "free again"])
    assert world.doors(bank_id) == "fff"
    assert not readers.inside(who)
