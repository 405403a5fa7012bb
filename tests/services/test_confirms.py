"""Taps that are confirmed with the PIN, on the phone."""

import pytest
from sqlalchemy import update

from locker_app.db.tables import card, event, person, tap_confirm, terminal, terminal_command
from locker_app.domain.actors import NOBODY, Actor
from locker_app.domain.errors import (
    BadInput,
    CardIsRevoked,
    ConfirmOver,
    NoneFree,
    NotAllowed,
    NothingToConfirm,
    NotSignedIn,
    NumberLocked,
    PinNotChosen,
    TerminalRevoked,
    WrongPin,
)
from locker_app.queries.cards import confirm_of
from locker_app.services.confirms import Confirmed, confirm_tap, decline_tap
from locker_app.services.secrets import TokenKeys, hash_secret
from locker_app.services.sign_in import Door
from tests.services.test_taps import House
from tests.world import World

PIN = "4711"


@pytest.fixture
def house(world: World) -> House:
    """Its terminal asks for the PIN, and Ada has one."""
    made = House(world)
    world.change(update(terminal).where(terminal.c.kind == "locker").values(pin_needed=True))
    world.change(update(person).values(pin_hash=hash_secret(PIN)))
    return made


def confirm(house: House, pin: str = PIN, who: Actor | None = None) -> Confirmed:
    place = Door(house.world.db, TokenKeys(("x" * 32,)))
    return confirm_tap(place, house.world.call(who or house.ada), pin)


def waits(house: House) -> bool:
    now = house.world.clock.now
    return house.world.db.read(lambda conn: confirm_of(conn, house.ada_id, now)) is not None


def test_the_pin_gives_the_locker_and_opens_the_door(world: World, house: House) -> None:
    answer = house.tap(house.terminal)
    assert (answer.verdict, answer.open) == ("confirm", None)
    assert waits(house)
    assert world.open_claims() == []
    got = confirm(house)
    assert (got.verdict, got.label, got.opens) == ("assigned", "A1", True)
    (told,) = world.rows(terminal_command)
    assert (told.kind, told.terminal_id) == ("open", house.terminal_id)
    assert told.arguments == {"locker": 1, "label": "A1"}
    assert not waits(house)
    with pytest.raises(NothingToConfirm):
        confirm(house)
    (assigned,) = world.rows(event, kind="LockerAssigned")
    assert assigned.terminal_id == house.terminal_id


def test_a_second_tap_after_that_gives_back(world: World, house: House) -> None:
    house.tap(house.terminal)
    confirm(house)
    world.clock.advance(seconds=5)
    assert house.tap(house.terminal).verdict == "confirm"
    assert confirm(house).verdict == "yours"
    world.clock.advance(seconds=29)
    assert house.tap(house.terminal).verdict == "released"
    assert world.open_claims() == []


def test_wrong_pins_count_and_lock(world: World, house: House) -> None:
    house.tap(house.terminal)
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongPin) as wrong:
            confirm(house, "4712")
        assert wrong.value.tries_left == left
    for pin in ("4712", PIN):  # the last one locks, and then the right one doesn't count either
        with pytest.raises(NumberLocked):
            confirm(house, pin)
    assert world.open_claims() == []
    assert waits(house)
    assert world.refusals() == [("confirm_tap", "wrong_pin")] * 5


def test_it_is_over_after_a_minute(world: World, house: House) -> None:
    house.tap(house.terminal)
    world.clock.advance(seconds=60)
    assert not waits(house)
    with pytest.raises(ConfirmOver):
        confirm(house)
    assert world.run_due() == 1
    assert [row.outcome for row in world.rows(tap_confirm)] == ["over"]
    with pytest.raises(NothingToConfirm):
        confirm(house)
    assert world.row(person, house.ada_id).failed_tries == 0


def test_another_tap_takes_its_place(world: World, house: House) -> None:
    for _ in range(2):
        house.tap(house.terminal)
    assert [row.outcome for row in world.rows(tap_confirm)] == ["replaced", None]
    assert world.run(house.ada, decline_tap)
    with pytest.raises(NothingToConfirm):
        world.run(house.ada, decline_tap)
    assert [row.details["outcome"] for row in world.rows(event, kind="TapConfirmEnded")] == [
        "replaced",
        "declined",
    ]


def test_whose_tap_it_is_not(world: World, house: House) -> None:
    house.tap(house.terminal)
    bela = world.person()
    with pytest.raises(PinNotChosen):
        confirm(house, who=bela)
    world.change(update(person).values(pin_hash=hash_secret(PIN)))
    with pytest.raises(NothingToConfirm):
        confirm(house, who=bela)
    with pytest.raises(NotSignedIn):
        confirm(house, who=NOBODY)
    with pytest.raises(NotAllowed):
        confirm(house, who=world.staff())
    for pin in ("", "\ud800", "1" * 300):
        with pytest.raises(BadInput):
            confirm(house, pin)
    assert waits(house)


def test_what_changed_meanwhile(world: World, house: House) -> None:
    house.tap(house.terminal)
    revoked = update(card).values(revoked_at=world.clock.now)
    world.change(revoked)
    with pytest.raises(CardIsRevoked):
        confirm(house)
    world.change(update(card).values(revoked_at=None))
    filled = world.fill(house.bank)
    with pytest.raises(NoneFree):
        confirm(house)
    world.give_back(*filled[0])
    world.change(update(terminal).values(revoked_at=world.clock.now))
    with pytest.raises(TerminalRevoked):
        confirm(house)
    world.change(update(terminal).values(revoked_at=None))
    assert confirm(house).label == "A1"


def test_without_a_pin_it_is_said(world: World, house: House) -> None:
    world.change(update(person).values(pin_hash=None))
    assert house.tap(house.terminal).code == "pin_not_chosen"
    assert world.rows(tap_confirm) == []
