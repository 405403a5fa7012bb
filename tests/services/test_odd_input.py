"""Odd text at the sign-in, and what a refused command says when it is repeated."""

import pytest

from locker_app.domain.errors import BadInput, DomainError, WrongPassword
from locker_app.services.lockers import take_out_of_service
from locker_app.services.secrets import TokenKeys
from locker_app.services.sign_in import Door, sign_in_person, sign_in_staff
from tests.world import World

NUL = "a\x00b"


def test_no_login_has_a_nul_in_it(world: World) -> None:
    door = Door(world.db, TokenKeys(("key",)))

    with pytest.raises(WrongPassword):
        sign_in_staff(door, world.call(), NUL, "whatever it is")
    with pytest.raises(BadInput):
        sign_in_person(door, world.call(), NUL, "1234")


def test_a_repeated_refusal_says_the_same_as_the_first(world: World) -> None:
    bank = world.bank()
    admin = world.staff()
    locker = world.locker_ids(bank)[0]
    said: list[tuple[str, str, object]] = []

    for _ in range(2):
        with pytest.raises(DomainError) as refused:
            world.repeat("k", admin, take_out_of_service, locker_id=locker, reason="x" * 501)
        error = refused.value
        said.append((error.code, str(error), getattr(error, "field", None)))

    assert said[0] == said[1]
    assert said[0][2] == "reason"
