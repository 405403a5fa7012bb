"""Signing in: the first PIN, right and wrong ones, the lock, and staff."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from locker_app.db.tables import event, person, session, staff
from locker_app.domain.actors import Actor, ActorKind, Role
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    NotAllowed,
    NumberLocked,
    PinAlreadyChosen,
    PinNotChosen,
    UnknownNumber,
    WrongPassword,
    WrongPin,
)
from locker_app.domain.people import LOCK_FOR
from locker_app.services.people import reset_pin
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import identify, key_of
from locker_app.services.sign_in import Door, choose_pin, has_pin, sign_in_person, sign_in_staff
from tests.world import PASSWORD, World

PIN, WRONG = "2468", "1357"


@pytest.fixture
def door(world: World) -> Door:
    return Door(world.db, TokenKeys(("a key",)))


def known(world: World, *, pin: str | None = PIN) -> str:
    """A person's enrolment number; with a PIN unless told otherwise."""
    who = world.person()
    number = world.row(person, who.id or 0).number
    if pin is not None:
        choose_pin(Door(world.db, TokenKeys(("a key",))), world.call(), number, pin)
    return number


def login_of(world: World, member: Actor) -> str:
    return world.row(staff, member.id or 0).login


def who_is(world: World, opaque_id: str) -> Actor:
    return world.db.read(lambda conn: identify(conn, key_of(opaque_id), world.clock.now))


def outcome(attempt: Callable[[], str]) -> str:
    """`ok`, or the code of the refusal."""
    try:
        attempt()
    except DomainError as refusal:
        return refusal.code
    return "ok"


class TestFirstPin:
    def test_chosen_once_and_signed_in(self, world: World, door: Door) -> None:
        number = known(world, pin=None)
        assert not has_pin(door, world.call(), number)
        opaque_id = choose_pin(door, world.call(), number.lower(), PIN)
        assert has_pin(door, world.call(), number)
        actor = who_is(world, opaque_id)
        (row,) = world.rows(person, number=number)
        assert (actor.kind, actor.id, actor.roles) == (ActorKind.PERSON, row.id, ())
        assert PIN not in row.pin_hash
        assert world.kinds()[-2:] == ["PinChosen", "PersonSignedIn"]

    def test_not_over_another(self, world: World, door: Door) -> None:
        number = known(world)
        with pytest.raises(PinAlreadyChosen):
            choose_pin(door, world.call(), number, "9753")
        sign_in_person(door, world.call(), number, PIN)
        assert world.refusals() == [("sign_in", "pin_already_chosen")]

    @pytest.mark.parametrize("pin", ["123", "1111", "", "abcd"])
    def test_a_bad_one(self, world: World, door: Door, pin: str) -> None:
        number = known(world, pin=None)
        with pytest.raises(BadInput):
            choose_pin(door, world.call(), number, pin)
        assert not has_pin(door, world.call(), number)
        assert world.rows(session) == []

    def test_before_there_is_one_nobody_signs_in(self, world: World, door: Door) -> None:
        with pytest.raises(PinNotChosen):
            sign_in_person(door, world.call(), known(world, pin=None), PIN)
        assert world.refusals() == [("sign_in", "pin_not_chosen")]

    def test_of_two_at_once_one_wins(self, world: World, door: Door) -> None:
        number = known(world, pin=None)
        pins = ["2468", "1357", "9753", "8642"]
        together = Barrier(len(pins))

        def choose(pin: str) -> str:
            together.wait()
            return outcome(lambda: choose_pin(door, world.call(), number, pin))

        with ThreadPoolExecutor(len(pins)) as threads:
            outcomes = list(threads.map(choose, pins))
        assert sorted(outcomes) == ["ok"] + ["pin_already_chosen"] * 3
        winner = pins[outcomes.index("ok")]
        sign_in_person(door, world.call(), number, winner)
        assert len(world.rows(event, kind="PinChosen")) == 1

    def test_the_same_request_again_is_the_same_session(self, world: World, door: Door) -> None:
        number = known(world, pin=None)
        call = replace(world.call(), request_id="k")
        first = choose_pin(door, call, number, PIN)
        assert choose_pin(door, call, number, PIN) == first
        with pytest.raises(PinAlreadyChosen):
            choose_pin(door, call, number, "9753")
        with pytest.raises(PinAlreadyChosen):
            choose_pin(door, replace(call, request_id="other"), number, PIN)
        assert len(world.rows(session)) == 1

    def test_the_same_request_twice_at_once_is_the_same_session(
        self, world: World, door: Door
    ) -> None:
        number = known(world, pin=None)
        call = replace(world.call(), request_id="k")
        together = Barrier(4)

        def choose(_: int) -> str:
            together.wait()
            return choose_pin(door, call, number, PIN)

        with ThreadPoolExecutor(4) as threads:
            assert len(set(threads.map(choose, range(4)))) == 1
        assert len(world.rows(session)) == 1
        assert world.refusals() == []


class TestPin:
    def test_right(self, world: World, door: Door) -> None:
        number = known(world)
        opaque_id = sign_in_person(door, world.call(), f" {number.lower()} ", PIN)
        actor = who_is(world, opaque_id)
        assert actor.kind is ActorKind.PERSON
        (logged,) = world.rows(event, kind="PersonSignedIn")[1:]
        assert (logged.person_id, logged.details) == (actor.id, {"session_id": actor.session_id})

    def test_a_new_session_each_time(self, world: World, door: Door) -> None:
        number = known(world)
        first, second = (sign_in_person(door, world.call(), number, PIN) for _ in range(2))
        assert first != second
        assert who_is(world, first).session_id != who_is(world, second).session_id

    def test_neither_the_token_nor_the_table_alone_is_enough(
        self, world: World, door: Door
    ) -> None:
        opaque_id = sign_in_person(door, world.call(), known(world), PIN)
        assert opaque_id not in {row.key for row in world.rows(session)}
        assert key_of(opaque_id) in {row.key for row in world.rows(session)}

    def test_unknown_number(self, world: World, door: Door) -> None:
        for _ in range(2):
            with pytest.raises(UnknownNumber):
                sign_in_person(door, world.call(), "CS999", PIN)
        with pytest.raises(UnknownNumber):
            has_pin(door, world.call(), "CS999")
        with pytest.raises(UnknownNumber):
            choose_pin(door, world.call(), "CS999", PIN)
        assert world.refusals() == [("sign_in", "unknown_number")] * 4
        assert all("CS999" not in str(row) for row in world.rows(event))

    def test_wrong(self, world: World, door: Door) -> None:
        number = known(world)
        for left in (4, 3, 2, 1):
            with pytest.raises(WrongPin, match=rf"{left} tr(y|ies) left"):
                sign_in_person(door, world.call(), number, WRONG)
        assert world.refusals() == [("sign_in", "wrong_pin")] * 4
        (row,) = world.rows(person, number=number)
        assert {logged.person_id for logged in world.rows(event, kind="Refused")} == {row.id}
        assert all(WRONG not in str(logged) for logged in world.rows(event))

    def test_a_right_one_forgives_the_wrong_ones(self, world: World, door: Door) -> None:
        number = known(world)
        for _ in range(3):
            for _ in range(4):
                with pytest.raises(WrongPin):
                    sign_in_person(door, world.call(), number, WRONG)
            sign_in_person(door, world.call(), number, PIN)

    def test_five_wrong_ones_lock_and_the_right_one_does_not_open(
        self, world: World, door: Door
    ) -> None:
        number = known(world)
        for _ in range(4):
            with pytest.raises(WrongPin):
                sign_in_person(door, world.call(), number, WRONG)
        with pytest.raises(NumberLocked):
            sign_in_person(door, world.call(), number, WRONG)
        sessions = len(world.rows(session))
        world.clock.now += LOCK_FOR - timedelta(seconds=1)
        with pytest.raises(NumberLocked):
            sign_in_person(door, world.call(), number, PIN)
        assert len(world.rows(session)) == sessions
        assert world.refusals()[-1] == ("sign_in", "number_locked")
        world.clock.advance(seconds=1)
        sign_in_person(door, world.call(), number, PIN)

    def test_twenty_guesses_at_once_count_one_by_one(self, world: World, door: Door) -> None:
        """Also with the right one among them, late: it is refused as the others."""
        number = known(world)
        together = Barrier(20)

        def guess(_: int) -> str:
            together.wait()
            return outcome(lambda: sign_in_person(door, world.call(), number, WRONG))

        with ThreadPoolExecutor(20) as threads:
            outcomes = list(threads.map(guess, range(20)))
        assert outcomes.count("wrong_pin") == 4
        assert outcomes.count("number_locked") == 16
        (row,) = world.rows(person, number=number)
        assert (row.failed_tries, row.locked_until) == (0, world.clock.now + LOCK_FOR)
        assert outcome(lambda: sign_in_person(door, world.call(), number, PIN)) == "number_locked"

    def test_the_lock_counts_at_the_end_too(self, world: World, door: Door) -> None:
        """A right PIN that was looked at before the lock and settled after it is refused."""
        number = known(world)
        right = world.db.read

        def lock_meanwhile(query: Callable[..., object]) -> object:
            seen = right(query)
            door.db.read = right  # pyright: ignore[reportAttributeAccessIssue]
            for _ in range(5):
                outcome(lambda: sign_in_person(door, world.call(), number, WRONG))
            return seen

        door.db.read = lock_meanwhile  # pyright: ignore[reportAttributeAccessIssue]
        with pytest.raises(NumberLocked):
            sign_in_person(door, world.call(), number, PIN)
        assert len(world.rows(session)) == 1

    @pytest.mark.parametrize("pin", ["", "2" * 201, "\ud800", "\x00"])
    def test_what_cannot_be_a_pin(self, world: World, door: Door, pin: str) -> None:
        number = known(world)
        with pytest.raises(BadInput):
            sign_in_person(door, world.call(), number, pin)
        (row,) = world.rows(person, number=number)
        assert row.failed_tries == 0

    def test_the_same_request_again_counts_once(self, world: World, door: Door) -> None:
        number = known(world)
        call = replace(world.call(), request_id="k")
        first = sign_in_person(door, call, number, PIN)
        assert sign_in_person(door, call, number, PIN) == first
        call = replace(world.call(), request_id="l")
        for _ in range(6):
            with pytest.raises(WrongPin, match="4 tries left"):
                sign_in_person(door, call, number, WRONG)
        (row,) = world.rows(person, number=number)
        assert row.failed_tries == 1

    def test_a_strangers_request_with_the_same_key_is_not_let_in(
        self, world: World, door: Door
    ) -> None:
        number, other = known(world), known(world, pin="9753")
        call = replace(world.call(), request_id="k")
        first = sign_in_person(door, call, number, PIN)
        with pytest.raises(DomainError):
            sign_in_person(door, call, number, WRONG)
        with pytest.raises(DomainError):
            sign_in_person(door, call, other, "9753")
        assert who_is(world, first).kind is ActorKind.PERSON


class TestReset:
    def test_the_old_pin_its_lock_and_all_sessions_end(self, world: World, door: Door) -> None:
        number = known(world)
        signed_in = [sign_in_person(door, world.call(), number, PIN) for _ in range(2)]
        for _ in range(5):
            outcome(lambda: sign_in_person(door, world.call(), number, WRONG))
        admin = world.staff()
        assert world.run(admin, reset_pin, number=number.lower(), reason="forgot it")
        for opaque_id in signed_in:
            assert who_is(world, opaque_id).kind is ActorKind.NOBODY
        with pytest.raises(PinNotChosen):
            sign_in_person(door, world.call(), number, PIN)
        choose_pin(door, world.call(), number, "9753")
        (logged,) = world.rows(event, kind="PinReset")
        assert (logged.actor_id, logged.reason) == (admin.id, "forgot it")
        assert len(world.rows(event, kind="SessionEnded")) == 3

    def test_only_by_admins(self, world: World) -> None:
        number = known(world)
        for role in (Role.PROFESSOR, Role.VIEWER):
            with pytest.raises(NotAllowed):
                world.run(world.staff(role), reset_pin, number=number, reason="x")


class TestStaff:
    def test_right(self, world: World, door: Door) -> None:
        member = world.staff(Role.VIEWER, site_id := world.site())
        login = login_of(world, member)
        opaque_id = sign_in_staff(door, world.call(), f"  {login.upper()} ", PASSWORD)
        actor = who_is(world, opaque_id)
        assert (actor.kind, actor.id) == (ActorKind.STAFF, member.id)
        assert actor.roles == ((site_id, Role.VIEWER),)
        assert world.kinds()[-1] == "StaffSignedIn"

    def test_unknown_and_wrong_look_the_same(self, world: World, door: Door) -> None:
        login = login_of(world, world.staff())
        messages = set()
        for name, password in (("nobody", PASSWORD), (login, "wrong password"), ("x" * 200, "y")):
            with pytest.raises(WrongPassword) as refusal:
                sign_in_staff(door, world.call(), name, password)
            messages.add(str(refusal.value))
        assert len(messages) == 1
        assert world.refusals() == [("sign_in", "wrong_password")] * 3

    def test_five_wrong_ones_lock(self, world: World, door: Door) -> None:
        login = login_of(world, world.staff())
        for _ in range(4):
            with pytest.raises(WrongPassword):
                sign_in_staff(door, world.call(), login, "wrong password")
        for password in ("wrong password", PASSWORD):
            with pytest.raises(NumberLocked):
                sign_in_staff(door, world.call(), login, password)
        world.clock.now += LOCK_FOR
        sign_in_staff(door, world.call(), login, PASSWORD)

    @pytest.mark.parametrize("password", ["", "\ud800", "x" * 201])
    def test_what_cannot_be_a_password(self, world: World, door: Door, password: str) -> None:
        login = login_of(world, world.staff())
        for name in (login, "nobody"):
            with pytest.raises((BadInput, WrongPassword)):
                sign_in_staff(door, world.call(), name, password)
        assert world.row(staff, 1).failed_tries == 0

    def test_a_persons_number_is_no_login_and_the_other_way_round(
        self, world: World, door: Door
    ) -> None:
        number, login = known(world), login_of(world, world.staff())
        with pytest.raises(WrongPassword):
            sign_in_staff(door, world.call(), number, PIN)
        with pytest.raises(UnknownNumber):
            sign_in_person(door, world.call(), login, PASSWORD)
