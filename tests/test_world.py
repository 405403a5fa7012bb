"""The tests' own library works on both databases."""

import pytest

from locker_app.domain.errors import AlreadyHolds
from tests.world import World


def test_a_person_gets_the_lowest_locker_and_gives_it_back(world: World) -> None:
    bank_id, person = world.bank(count=2), world.person()
    taken = world.take(person, bank_id)
    assert taken.label == "A1"
    assert world.doors(bank_id) == "hf"
    with pytest.raises(AlreadyHolds):
        world.take(person, bank_id)
    assert world.give_back(person, taken) == "A1"
    assert world.doors(bank_id) == "ff"
    assert world.kinds()[-3:] == ["LockerAssigned", "Refused", "LockerReleased"]
