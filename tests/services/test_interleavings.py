"""Two commands at once on PostgreSQL, step by step: one has done its work but not committed when
the other comes. On SQLite there is one writer, so this cannot happen there."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from locker_app.db.database import Database
from locker_app.db.tables import assignment, event, locker, wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.errors import AlreadyHolds, DoorChanged, LockersFree, NoneFree, NothingHeld
from locker_app.services.command import command
from locker_app.services.doors import extend_time, note_locker
from locker_app.services.expiry import run_due
from locker_app.services.lockers import (
    force_release,
    give_back,
    put_back_in_service,
    take_locker,
    take_out_of_service,
)
from locker_app.services.people import change_preferences
from locker_app.services.waiting import join_waiting, leave_waiting
from tests.world import Clock, World

PATIENCE = 30
_WAITING_FOR_A_LOCK = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def world(new_database_url: Callable[..., str], clock: Clock) -> Iterator[World]:
    database = Database(new_database_url("postgresql"))
    yield World(database, clock)
    database.close()


class Undone(Exception):
    """Rolls a command back that had done its work."""


class Uncommitted:
    """A command that has done all but commit."""

    def __init__(
        self, world: World, actor: Actor, fn: Callable[..., Any], **arguments: Any
    ) -> None:
        work = command(world.call(actor), fn, **arguments)
        self._done, self._may_end = Event(), Event()
        self._undo = False

        def attempt(tx: Tx) -> Any:
            result = work.attempt(tx)
            self._done.set()
            assert self._may_end.wait(PATIENCE)
            if self._undo:
                raise Undone
            return result

        self._future = world.db.submit(replace(work, attempt=attempt))
        assert self._done.wait(PATIENCE)

    def commit(self) -> Any:
        self._may_end.set()
        return self._future.result(PATIENCE)

    def roll_back(self) -> None:
        self._undo = True
        self._may_end.set()
        with pytest.raises(Undone):
            self._future.result(PATIENCE)


@contextmanager
def uncommitted(
    world: World, actor: Actor, fn: Callable[..., Any], **arguments: Any
) -> Iterator[Uncommitted]:
    other = Uncommitted(world, actor, fn, **arguments)
    try:
        yield other
    finally:
        other._may_end.set()


def held_up(world: World, *futures: Future[Any]) -> None:
    """Wait until all of these either are done or wait for a lock in the database."""
    for _ in range(100_000):
        busy = sum(not future.done() for future in futures)
        if world.db.read(lambda conn: conn.scalar(_WAITING_FOR_A_LOCK)) == busy:
            return
    raise AssertionError("neither done nor waiting")


class TestTheLastDoor:
    def test_somebody_else_is_just_getting_it(self, world: World) -> None:
        bank_id, first, second = world.bank(count=1), world.person(), world.person()
        with uncommitted(world, first, take_locker, bank_id=bank_id) as other:
            mine = world.start(second, take_locker, bank_id=bank_id)
            held_up(world, mine)
            assert not mine.done(), "who knows whether the other gets it"
            assert other.commit().label == "A1"
            with pytest.raises(NoneFree):
                mine.result(PATIENCE)

    def test_somebody_else_nearly_got_it(self, world: World) -> None:
        bank_id, first, second = world.bank(count=1), world.person(), world.person()
        with uncommitted(world, first, take_locker, bank_id=bank_id) as other:
            mine = world.start(second, take_locker, bank_id=bank_id)
            held_up(world, mine)
            other.roll_back()
            assert mine.result(PATIENCE).label == "A1"

    def test_another_door_is_had_without_waiting(self, world: World) -> None:
        bank_id, first, second = world.bank(count=2), world.person(), world.person()
        with uncommitted(world, first, take_locker, bank_id=bank_id) as other:
            mine = world.start(second, take_locker, bank_id=bank_id)
            assert mine.result(PATIENCE).label == "A2"
            other.commit()

    def test_it_is_just_going_out_of_service(self, world: World) -> None:
        bank_id = world.bank(count=1)
        (door,) = world.locker_ids(bank_id)
        staff, who = world.staff(), world.person()
        with uncommitted(world, staff, take_out_of_service, locker_id=door, reason="x") as other:
            mine = world.start(who, take_locker, bank_id=bank_id)
            held_up(world, mine)
            other.commit()
            with pytest.raises(NoneFree):
                mine.result(PATIENCE)
        assert world.doors(bank_id) == "x"

    def test_the_same_person_twice(self, world: World) -> None:
        bank_id, who = world.bank(count=2), world.person()
        with uncommitted(world, who, take_locker, bank_id=bank_id) as other:
            mine = world.start(who, take_locker, bank_id=bank_id)
            held_up(world, mine)
            other.commit()
            with pytest.raises(AlreadyHolds, match="A1"):
                mine.result(PATIENCE)
        assert world.doors(bank_id) == "hf"

    def test_the_same_person_twice_where_two_are_allowed(self, world: World) -> None:
        bank_id, who = world.bank(world.site(lockers_per_person=2)), world.person()
        with uncommitted(world, who, take_locker, bank_id=bank_id) as other:
            mine = world.start(who, take_locker, bank_id=bank_id)
            held_up(world, mine)
            other.commit()
            assert mine.result(PATIENCE).label == "A2"
        assert world.doors(bank_id) == "hhf"


class TestGivingBackWhileSomebodyJoins:
    def test_given_back_first(self, world: World) -> None:
        bank_id, who = world.bank(count=1), world.person()
        ((holder, taken),) = world.fill(bank_id)
        theirs = {"assignment_id": taken.assignment_id}
        with uncommitted(world, holder, give_back, **theirs) as other:
            mine = world.start(who, join_waiting, bank_id=bank_id)
            held_up(world, mine)
            other.commit()
            with pytest.raises(LockersFree):
                mine.result(PATIENCE)
        assert world.open_waits() == []

    def test_joined_first(self, world: World) -> None:
        bank_id, who = world.bank(count=1), world.person()
        ((holder, taken),) = world.fill(bank_id)
        with uncommitted(world, who, join_waiting, bank_id=bank_id) as other:
            theirs = world.start(holder, give_back, assignment_id=taken.assignment_id)
            held_up(world, theirs)
            other.commit()
            theirs.result(PATIENCE)
        assert world.doors(bank_id) == "r"

    def test_two_doors_for_two_who_wait(self, world: World) -> None:
        bank_id, waiting = world.bank(count=2), world.people(2)
        (one, two) = world.fill(bank_id)
        for who in waiting:
            world.join(who, bank_id)
        with uncommitted(world, one[0], give_back, assignment_id=one[1].assignment_id) as other:
            world.give_back(*two)
            other.commit()
        assert world.doors(bank_id) == "rr"
        held = {claim.person_id for claim in world.open_claims()}
        assert held == {who.id for who in waiting}

    def test_who_waits_is_just_leaving(self, world: World) -> None:
        bank_id, first, second = world.bank(count=1), world.person(), world.person()
        ((holder, taken),) = world.fill(bank_id)
        wait_id = world.join(first, bank_id)
        world.join(second, bank_id)
        with uncommitted(world, first, leave_waiting, wait_id=wait_id) as other:
            world.give_back(holder, taken)
            other.commit()
        (hold,) = world.open_claims()
        assert hold.person_id == second.id

    def test_who_waits_is_just_getting_one_in_another_bank(self, world: World) -> None:
        site_id, who = world.site(), world.person()
        full, other_bank = world.bank(site_id, count=1), world.bank(site_id)
        ((holder, taken),) = world.fill(full)
        world.join(who, full)
        with uncommitted(world, who, take_locker, bank_id=other_bank) as other:
            theirs = world.start(holder, give_back, assignment_id=taken.assignment_id)
            held_up(world, theirs)
            other.commit()
            theirs.result(PATIENCE)
        assert (world.doors(full), world.doors(other_bank)) == ("f", "hff")
        assert world.open_waits() == []


class TestOutOfServiceAndBack:
    def test_given_back_while_it_comes_back_into_service(self, world: World) -> None:
        bank_id, who, staff = world.bank(count=1), world.person(), world.staff()
        ((holder, taken),) = world.fill(bank_id)
        world.join(who, bank_id)
        door = taken.locker_id
        world.run(staff, take_out_of_service, locker_id=door, reason="x")
        with uncommitted(world, staff, put_back_in_service, locker_id=door) as other:
            theirs = world.start(holder, give_back, assignment_id=taken.assignment_id)
            held_up(world, theirs)
            other.commit()
            theirs.result(PATIENCE)
        assert world.doors(bank_id) == "r"

    def test_back_in_service_while_it_is_given_back(self, world: World) -> None:
        bank_id, who, staff = world.bank(count=1), world.person(), world.staff()
        ((holder, taken),) = world.fill(bank_id)
        world.join(who, bank_id)
        door = taken.locker_id
        world.run(staff, take_out_of_service, locker_id=door, reason="x")
        theirs = {"assignment_id": taken.assignment_id}
        with uncommitted(world, holder, give_back, **theirs) as other:
            back = world.start(staff, put_back_in_service, locker_id=door)
            held_up(world, back)
            other.commit()
            back.result(PATIENCE)
        assert world.doors(bank_id) == "r"

    def test_out_of_service_while_it_is_given_back(self, world: World) -> None:
        """The hold that the giver made moves on, it does not stay on a broken door."""
        bank_id, who, staff = world.bank(count=1), world.person(), world.staff()
        ((holder, taken),) = world.fill(bank_id)
        world.join(who, bank_id)
        theirs = {"assignment_id": taken.assignment_id}
        with uncommitted(world, holder, give_back, **theirs) as other:
            out = world.start(staff, take_out_of_service, locker_id=taken.locker_id, reason="x")
            held_up(world, out)
            other.commit()
            out.result(PATIENCE)
        assert world.doors(bank_id) == "x"
        assert world.open_claims() == []
        assert [row.assignment_id for row in world.open_waits()] == [None]

    def test_given_back_while_it_goes_out_of_service(self, world: World) -> None:
        bank_id, who, staff = world.bank(count=1), world.person(), world.staff()
        ((holder, taken),) = world.fill(bank_id)
        world.join(who, bank_id)
        door = taken.locker_id
        with uncommitted(world, staff, take_out_of_service, locker_id=door, reason="x") as other:
            theirs = world.start(holder, give_back, assignment_id=taken.assignment_id)
            held_up(world, theirs)
            other.commit()
            theirs.result(PATIENCE)
        assert world.doors(bank_id) == "x"
        assert world.open_claims() == []

    def test_a_hold_moves_while_another_door_is_given_back(self, world: World) -> None:
        bank_id, who, staff = world.bank(count=2), world.person(), world.staff()
        (one, two) = world.fill(bank_id)
        world.join(who, bank_id)
        world.give_back(*one)
        door = one[1].locker_id
        with uncommitted(world, staff, take_out_of_service, locker_id=door, reason="x") as other:
            theirs = world.start(two[0], give_back, assignment_id=two[1].assignment_id)
            held_up(world, theirs)
            other.commit()
            theirs.result(PATIENCE)
        assert world.doors(bank_id) == "xr"

    def test_another_door_is_given_back_while_a_hold_moves(self, world: World) -> None:
        bank_id, who, staff = world.bank(count=2), world.person(), world.staff()
        (one, two) = world.fill(bank_id)
        world.join(who, bank_id)
        world.give_back(*one)
        theirs = {"assignment_id": two[1].assignment_id}
        with uncommitted(world, two[0], give_back, **theirs) as other:
            out = world.start(staff, take_out_of_service, locker_id=one[1].locker_id, reason="x")
            held_up(world, out)
            other.commit()
            out.result(PATIENCE)
        assert world.doors(bank_id) == "xr"


class TestHolds:
    def hold(self, world: World) -> tuple[int, Actor, int]:
        """A bank of one door, held for somebody: bank, person and hold."""
        bank_id, who = world.bank(count=1), world.person()
        ((holder, taken),) = world.fill(bank_id)
        world.join(who, bank_id)
        world.give_back(holder, taken)
        (claim,) = world.open_claims()
        return bank_id, who, claim.id

    def test_released_by_force_while_it_is_taken(self, world: World) -> None:
        bank_id, who, _hold_id = self.hold(world)
        (door,) = world.locker_ids(bank_id)
        staff = world.staff()
        with uncommitted(world, who, take_locker, bank_id=bank_id) as other:
            forced = world.start(staff, force_release, locker_id=door, reason="x")
            held_up(world, forced)
            other.commit()
            with pytest.raises(NothingHeld):
                forced.result(PATIENCE)
        assert world.doors(bank_id) == "h"
        assert [row.outcome for row in world.rows(wait)] == ["took_locker"]

    def test_it_lapses_in_two_processes(self, world: World) -> None:
        bank_id, _, _hold_id = self.hold(world)
        world.clock.advance(minutes=10)
        with uncommitted(world, SYSTEM, run_due) as other:
            assert world.run_due() == 0
            assert other.commit() == 1
        assert world.doors(bank_id) == "f"
        assert len(world.rows(event, kind="HoldEnded")) == 1

    def test_declined_while_it_lapses(self, world: World) -> None:
        _bank_id, who, hold_id = self.hold(world)
        (place,) = world.open_waits()
        world.clock.advance(minutes=10)
        with uncommitted(world, SYSTEM, run_due) as other:
            declined = world.start(who, leave_waiting, wait_id=place.id)
            held_up(world, declined)
            other.commit()
            assert declined.exception(PATIENCE) is not None
        assert world.row(assignment, hold_id).release_cause == "lapsed"
        assert len(world.rows(event, kind="HoldEnded")) == 1
        assert len(world.rows(event, kind="WaitEnded")) == 1

    def test_a_time_limit_passes_in_two_processes(self, world: World) -> None:
        bank_id = world.bank(limit_minutes=30)
        taken = world.take(world.person(), bank_id)
        world.clock.advance(minutes=31)
        with uncommitted(world, SYSTEM, run_due) as other:
            assert world.run_due() == 0
            assert other.commit() == 2
        assert len(world.rows(event, kind="AssignmentOverdue")) == 1
        assert len(world.rows(event, kind="ReturnReminded")) == 1
        assert world.row(assignment, taken.assignment_id).overdue_at == world.clock.now


class TestTheSameKeyAtOnce:
    def start_again(self, world: World, who: Actor, bank_id: int) -> Future[Any]:
        call = replace(world.call(who), request_id="k")
        return world.db.submit(command(call, take_locker, bank_id=bank_id))

    def test_the_second_waits_and_gets_the_same_answer(self, world: World) -> None:
        bank_id, who = world.bank(), world.person()
        keyed = KeyedWorld(world)
        with uncommitted(keyed, who, take_locker, bank_id=bank_id) as other:
            again = self.start_again(world, who, bank_id)
            held_up(world, again)
            assert not again.done()
            assert other.commit() == again.result(PATIENCE)
        assert world.doors(bank_id) == "hff"
        assert len(world.rows(event, kind="LockerAssigned")) == 1

    def test_the_first_fails_and_the_second_does_it(self, world: World) -> None:
        bank_id, who = world.bank(), world.person()
        with uncommitted(KeyedWorld(world), who, take_locker, bank_id=bank_id) as other:
            again = self.start_again(world, who, bank_id)
            held_up(world, again)
            other.roll_back()
            assert again.result(PATIENCE).label == "A1"


class KeyedWorld(World):
    """The same world, whose calls all have the key `k`."""

    def __init__(self, world: World) -> None:
        self.db, self.clock = world.db, world.clock

    def call(self, actor: Actor = SYSTEM) -> Any:
        return replace(super().call(actor), request_id="k")


def test_reading_sees_one_moment(world: World) -> None:
    """A projection of several queries shows no half of a command."""
    bank_id, who = world.bank(), world.person()
    count = text("SELECT count(*) FROM assignment")

    def twice(conn: Any) -> tuple[int, int]:
        before = conn.scalar(count)
        world.take(who, bank_id)
        return before, conn.scalar(count)

    assert world.db.read(twice) == (0, 0)


def test_a_deadlock_is_tried_again(world: World) -> None:
    """Two people change their preferences and then each other's: one loses, and comes again."""
    one, two = world.people(2)
    first_has_one = Event()
    attempts: list[int] = []

    def crossing(mine: Actor, theirs: Actor, before: Event | None, after: Event | None) -> Any:
        work = command(world.call(mine), change_preferences, accessible=True, near_last=False)

        def attempt(tx: Tx) -> bool:
            attempts.append(1)
            lock = "SELECT 1 FROM person WHERE id = %s FOR UPDATE"
            tx.conn.exec_driver_sql(lock, (mine.id,))
            if after is not None:
                after.set()
            if before is not None:
                before.wait(PATIENCE)
            tx.conn.exec_driver_sql(lock, (theirs.id,))
            return work.attempt(tx)

        return world.db.submit(replace(work, attempt=attempt))

    second_has_two = Event()
    futures = [
        crossing(one, two, second_has_two, first_has_one),
        crossing(two, one, first_has_one, second_has_two),
    ]
    assert [future.result(PATIENCE) for future in futures] == [True, True]
    assert len(attempts) > 2


class TestTwoAdminsAtOneDoor:
    """The second waits for the first, and is then told that the door has changed."""

    def test_both_give_longer(self, world: World) -> None:
        bank_id = world.bank(count=1, limit_minutes=60)
        ((_, taken),) = world.fill(bank_id)
        asked: dict[str, Any] = {
            "locker_id": taken.locker_id,
            "minutes": 30,
            "seen_until": taken.due_at,
        }
        with uncommitted(world, world.staff(), extend_time, **asked) as other:
            mine = world.start(world.staff(), extend_time, **asked)
            held_up(world, mine)
            other.commit()
            with pytest.raises(DoorChanged):
                mine.result(PATIENCE)
        assert taken.due_at is not None
        due = world.row(assignment, taken.assignment_id).due_at
        assert due == taken.due_at + timedelta(minutes=30)

    def test_one_gives_longer_what_the_other_releases(self, world: World) -> None:
        bank_id = world.bank(count=1, limit_minutes=60)
        ((_, taken),) = world.fill(bank_id)
        about: dict[str, Any] = {"locker_id": taken.locker_id, "assignment_id": taken.assignment_id}
        with uncommitted(world, world.staff(), force_release, reason="x", **about) as other:
            mine = world.start(world.staff(), extend_time, minutes=30, **about)
            held_up(world, mine)
            other.commit()
            with pytest.raises(DoorChanged):
                mine.result(PATIENCE)
        assert world.doors(bank_id) == "f"

    def test_both_write_a_note(self, world: World) -> None:
        (door,) = world.locker_ids(world.bank(count=1))
        first = {"locker_id": door, "note": "key at the desk", "seen": ""}
        with uncommitted(world, world.staff(), note_locker, **first) as other:
            mine = world.start(world.staff(), note_locker, locker_id=door, note="mine", seen="")
            held_up(world, mine)
            other.commit()
            with pytest.raises(DoorChanged):
                mine.result(PATIENCE)
        assert world.row(locker, door).note == "key at the desk"

    def test_given_back_while_it_goes_out_of_service(self, world: World) -> None:
        bank_id = world.bank(count=1)
        ((holder, taken),) = world.fill(bank_id)
        asked = {"locker_id": taken.locker_id, "reason": "x"}
        with uncommitted(world, holder, give_back, assignment_id=taken.assignment_id) as other:
            mine = world.start(
                world.staff(), take_out_of_service, assignment_id=taken.assignment_id, **asked
            )
            held_up(world, mine)
            other.commit()
            mine.exception(PATIENCE)  # whichever came first
        assert world.doors(bank_id) in ("x", "f")
        assert world.open_claims() == []
