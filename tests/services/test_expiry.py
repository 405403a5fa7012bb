"""What time does by itself, each thing once, however late and however often the timer runs."""

from datetime import timedelta

import pytest

from locker_app.db.tables import assignment, event, request, wait
from locker_app.domain.actors import SYSTEM
from locker_app.domain.lockers import OverdueAction
from locker_app.services.expiry import KEEP_ANSWERS, forget_old_answers, next_deadline, run_due
from locker_app.services.lockers import take_locker, take_out_of_service
from tests.world import World


def deadline(world: World) -> timedelta | None:
    """How long from now until something is due."""
    at = world.db.read(next_deadline)
    return None if at is None else at - world.clock.now


class TestHolds:
    def test_a_hold_lapses_and_the_next_gets_the_door(self, world: World) -> None:
        bank_id = world.bank(count=1)
        ((holder, taken),) = world.fill(bank_id)
        first, second, third = world.people(3)
        waits = [world.join(who, bank_id) for who in (first, second, third)]
        world.give_back(holder, taken)
        assert deadline(world) == timedelta(minutes=10)
        world.clock.advance(minutes=9, seconds=59)
        assert world.run_due() == 0
        world.clock.advance(seconds=1)
        mark = world.mark()
        assert world.run_due() == 1
        assert world.kinds(mark) == ["WaitEnded", "HoldEnded", "LockerReserved"]
        (hold,) = world.open_claims()
        assert hold.person_id == second.id
        assert hold.held_until == world.clock.now + timedelta(minutes=10)
        row = world.row(wait, waits[0])
        assert (row.outcome, row.ended_at) == ("lapsed", world.clock.now)
        assert world.rows(assignment, person_id=first.id)[0].release_cause == "lapsed"
        assert world.run_due() == 0

    def test_nobody_is_left_and_the_door_is_free(self, world: World) -> None:
        bank_id = world.bank(count=1)
        ((holder, taken),) = world.fill(bank_id)
        world.join(world.person(), bank_id)
        world.give_back(holder, taken)
        world.clock.advance(days=1)
        assert world.run_due() == 1
        assert world.doors(bank_id) == "f"
        assert deadline(world) is None

    def test_several_at_once(self, world: World) -> None:
        bank_id = world.bank(count=3)
        held = world.fill(bank_id)
        people = world.people(5)
        for who in people:
            world.join(who, bank_id)
        for one in held:
            world.give_back(*one)
        world.clock.advance(minutes=10)
        assert world.run_due() == 3
        assert [c.person_id for c in world.open_claims()] == [who.id for who in people[3:]]
        assert sorted(world.doors(bank_id)) == ["f", "r", "r"]


class TestReminder:
    def test_once_before_it_is_due(self, world: World) -> None:
        bank_id, who = world.bank(limit_minutes=60), world.person()
        taken = world.take(who, bank_id)
        assert deadline(world) == timedelta(minutes=45)
        world.clock.advance(minutes=44)
        assert world.run_due() == 0
        world.clock.advance(minutes=1)
        assert world.run_due() == 1
        assert world.run_due() == 0
        (logged,) = world.rows(event, kind="ReturnReminded")
        assert (logged.person_id, logged.actor_kind) == (who.id, "system")
        assert world.row(assignment, taken.assignment_id).reminded_at == world.clock.now
        assert deadline(world) == timedelta(minutes=15)

    def test_not_after_giving_back(self, world: World) -> None:
        bank_id, who = world.bank(limit_minutes=60), world.person()
        world.give_back(who, world.take(who, bank_id))
        assert deadline(world) is None
        world.clock.advance(hours=2)
        assert world.run_due() == 0

    def test_not_without_a_time_limit(self, world: World) -> None:
        world.take(world.person(), world.bank())
        world.clock.advance(days=365)
        assert world.run_due() == 0

    def test_not_in_a_limit_shorter_than_the_reminder(self, world: World) -> None:
        world.take(world.person(), world.bank(limit_minutes=10))
        assert deadline(world) == timedelta(minutes=10)
        world.clock.advance(minutes=10)
        world.run_due()
        assert world.rows(event, kind="ReturnReminded") == []


class TestOverdue:
    @pytest.mark.parametrize("action", OverdueAction)
    def test_once_and_as_the_bank_says(self, world: World, action: OverdueAction) -> None:
        bank_id = world.bank(count=1, limit_minutes=30, overdue_action=action)
        who, waiting = world.people(2)
        taken = world.take(who, bank_id)
        world.join(waiting, bank_id)
        world.clock.advance(minutes=15)
        world.run_due()
        world.clock.advance(minutes=15)
        assert world.doors(bank_id) == "o", "reads don't wait for the timer"
        assert world.run_due() == 1
        assert world.run_due() == 0
        (logged,) = world.rows(event, kind="AssignmentOverdue")
        assert logged.person_id == who.id
        assert logged.details["notify_staff"] == (action is not OverdueAction.NOTHING)
        row = world.row(assignment, taken.assignment_id)
        assert row.overdue_at == world.clock.now
        if action is OverdueAction.RELEASE:
            assert (row.released_at, row.release_cause) == (world.clock.now, "overdue")
            assert world.doors(bank_id) == "r"
            assert deadline(world) == timedelta(minutes=10)
        else:
            assert row.released_at is None
            assert world.doors(bank_id) == "o"
            assert deadline(world) is None

    def test_the_clock_of_a_held_locker_starts_when_it_is_taken(self, world: World) -> None:
        bank_id = world.bank(count=1, limit_minutes=30)
        ((holder, taken),) = world.fill(bank_id)
        who = world.person()
        world.join(who, bank_id)
        world.give_back(holder, taken)
        world.clock.advance(minutes=9)
        world.take(who, bank_id)
        world.clock.advance(minutes=29)
        world.run_due()
        assert world.doors(bank_id) == "h"
        world.clock.advance(minutes=1)
        assert world.doors(bank_id) == "o"

    def test_a_timer_that_was_off_for_a_day_catches_up(self, world: World) -> None:
        """The bank passes on what is overdue; the hold made now is not yet over."""
        bank_id = world.bank(count=1, limit_minutes=60, overdue_action=OverdueAction.RELEASE)
        world.take(world.person(), bank_id)
        waiting = world.person()
        world.join(waiting, bank_id)
        world.clock.advance(days=1)
        world.run_due()
        assert world.doors(bank_id) == "r"
        assert world.run_due() == 0
        assert world.take(waiting, bank_id).label == "A1"

    def test_out_of_service_does_not_stop_the_clock(self, world: World) -> None:
        bank_id = world.bank(count=1, limit_minutes=60, overdue_action=OverdueAction.RELEASE)
        taken = world.take(world.person(), bank_id)
        world.run(world.staff(), take_out_of_service, locker_id=taken.locker_id, reason="x")
        world.clock.advance(minutes=60)
        world.run_due()
        assert world.doors(bank_id) == "x"
        assert world.open_claims() == []


def test_nothing_is_due_in_an_empty_library(world: World) -> None:
    assert deadline(world) is None
    assert world.run_due() == 0


def test_the_earliest_deadline_of_all(world: World) -> None:
    long, short = world.bank(limit_minutes=600), world.bank(limit_minutes=60)
    full = world.bank(count=1)
    world.take(world.person(), long)
    assert deadline(world) == timedelta(minutes=585)
    world.take(world.person(), short)
    assert deadline(world) == timedelta(minutes=45)
    ((holder, taken),) = world.fill(full)
    world.join(world.person(), full)
    world.give_back(holder, taken)
    assert deadline(world) == timedelta(minutes=10)


def test_two_timers_at_once_do_each_thing_once(world: World) -> None:
    bank_id = world.bank(count=20, limit_minutes=30, overdue_action=OverdueAction.RELEASE)
    world.fill(bank_id)
    world.clock.advance(minutes=30)
    for future in [world.start(SYSTEM, run_due) for _ in range(8)]:
        future.result(timeout=60)
    world.run_due()
    for kind in ("ReturnReminded", "AssignmentOverdue", "LockerReleased"):
        done = [row.locker_id for row in world.rows(event, kind=kind)]
        assert sorted(done) == world.locker_ids(bank_id)


def test_old_answers_are_forgotten_and_younger_ones_kept(world: World) -> None:
    bank_id, (one, two) = world.bank(), world.people(2)
    world.repeat("old", one, take_locker, bank_id=bank_id)
    world.clock.advance(hours=1)
    world.repeat("young", two, take_locker, bank_id=bank_id)
    world.clock.now += KEEP_ANSWERS - timedelta(hours=1)
    assert world.run(SYSTEM, forget_old_answers) == 0
    world.clock.advance(seconds=1)
    assert world.run(SYSTEM, forget_old_answers) == 1
    assert [row.key for row in world.rows(request)] == ["young"]
