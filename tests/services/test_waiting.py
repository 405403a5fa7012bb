"""The waiting list: join, leave, and the next free locker held for whoever is first."""

from datetime import timedelta
from typing import Any

import pytest

from locker_app.db.tables import assignment, event, wait
from locker_app.domain.actors import Actor
from locker_app.domain.errors import (
    AlreadyHolds,
    AlreadyWaiting,
    HoldLapsed,
    HoldWaiting,
    LockersFree,
    NoneFree,
    NotFound,
    NotHolding,
    NotWaiting,
)
from locker_app.services.lockers import take_out_of_service
from locker_app.services.people import change_preferences
from locker_app.services.waiting import Taken, leave_waiting, take_held
from tests.world import World


def one_door(world: World, **site: Any) -> tuple[int, Actor, Taken]:
    """A bank whose one locker somebody has: bank, who, and what they got."""
    bank_id = world.bank(world.site(**site), count=1)
    ((holder, taken),) = world.fill(bank_id)
    return bank_id, holder, taken


def offered(world: World, who: Actor, **site: Any) -> tuple[int, int, int]:
    """A locker that is held for `who`: bank, hold, and place in the list."""
    bank_id, holder, taken = one_door(world, **site)
    wait_id = world.join(who, bank_id)
    world.give_back(holder, taken)
    (hold,) = world.open_claims()
    return bank_id, hold.id, wait_id


class TestJoin:
    def test_a_place_at_the_end(self, world: World) -> None:
        bank_id, *_ = one_door(world)
        people = world.people(3)
        ids = [world.join(who, bank_id) for who in people]
        assert world.view(bank_id).line == ids == sorted(ids)
        row = world.row(wait, ids[0])
        assert (row.person_id, row.bank_id, row.joined_at) == (
            people[0].id,
            bank_id,
            world.clock.now,
        )
        logged = world.rows(event, kind="WaitJoined")[0]
        assert (logged.person_id, logged.bank_id) == (people[0].id, bank_id)
        assert logged.details == {"wait_id": ids[0], "accessible": False}

    def test_not_while_a_locker_is_free(self, world: World) -> None:
        bank_id = world.bank()
        with pytest.raises(LockersFree):
            world.join(world.person(), bank_id)
        assert world.open_waits() == []

    def test_for_an_accessible_one_while_only_others_are_free(self, world: World) -> None:
        bank_id = world.bank(count=2, accessible=1)
        world.take(world.person(), bank_id)
        who = world.person()
        with pytest.raises(LockersFree):
            world.join(who, bank_id)
        world.join(who, bank_id, accessible=True)
        assert world.doors(bank_id) == "hf"

    def test_for_an_accessible_one_because_that_is_preferred(self, world: World) -> None:
        bank_id, who = world.bank(count=2, accessible=1), world.person()
        world.run(who, change_preferences, accessible=True, near_last=False)
        world.take(world.person(), bank_id)
        assert world.row(wait, world.join(who, bank_id)).accessible

    def test_not_twice_here_or_at_another_bank_of_the_site(self, world: World) -> None:
        site_id, who = world.site(), world.person()
        here, there = world.bank(site_id, count=1), world.bank(site_id, count=1)
        elsewhere = world.bank(count=1)
        for bank_id in (here, there, elsewhere):
            world.fill(bank_id)
        world.join(who, here)
        for bank_id in (here, there):
            with pytest.raises(AlreadyWaiting):
                world.join(who, bank_id)
        world.join(who, elsewhere)
        assert len(world.open_waits()) == 2

    def test_not_with_all_the_lockers_that_the_site_allows(self, world: World) -> None:
        bank_id, holder, _ = one_door(world)
        with pytest.raises(AlreadyHolds, match="A1"):
            world.join(holder, bank_id)

    def test_for_a_second_locker_where_two_are_allowed(self, world: World) -> None:
        bank_id, holder, _ = one_door(world, lockers_per_person=2)
        world.join(holder, bank_id)
        assert len(world.view(bank_id).line) == 1

    def test_not_while_one_is_held_for_me(self, world: World) -> None:
        who = world.person()
        bank_id, *_ = offered(world, who)
        with pytest.raises(HoldWaiting):
            world.join(who, bank_id)

    def test_no_such_bank(self, world: World) -> None:
        with pytest.raises(NotFound):
            world.join(world.person(), 99)

    def test_again_after_leaving(self, world: World) -> None:
        bank_id, *_ = one_door(world)
        first, second = world.people(2)
        world.run(first, leave_waiting, wait_id=world.join(first, bank_id))
        theirs = world.join(second, bank_id)
        mine = world.join(first, bank_id)
        assert world.view(bank_id).line == [theirs, mine]

    def test_a_lapsed_hold_counts_as_free_though_no_timer_ran(self, world: World) -> None:
        bank_id, *_ = offered(world, world.person())
        world.clock.advance(minutes=10)
        with pytest.raises(LockersFree):
            world.join(world.person(), bank_id)
        assert world.doors(bank_id) == "f"


class TestLeave:
    def test_the_list(self, world: World) -> None:
        bank_id, holder, taken = one_door(world)
        first, second = world.people(2)
        mine = world.join(first, bank_id)
        world.join(second, bank_id)
        assert world.run(first, leave_waiting, wait_id=mine) is False
        assert world.row(wait, mine).outcome == "left"
        world.give_back(holder, taken)
        assert [claim.person_id for claim in world.open_claims()] == [second.id]

    def test_decline_the_locker_held_and_the_next_gets_it(self, world: World) -> None:
        first, second = world.people(2)
        bank_id, hold_id, wait_id = offered(world, first)
        world.join(second, bank_id)
        assert world.run(first, leave_waiting, wait_id=wait_id) is True
        assert world.row(assignment, hold_id).release_cause == "declined"
        (hold,) = world.open_claims()
        assert hold.person_id == second.id
        assert world.row(wait, wait_id).outcome == "left"

    def test_decline_with_nobody_else_waiting(self, world: World) -> None:
        who = world.person()
        bank_id, _, wait_id = offered(world, who)
        world.run(who, leave_waiting, wait_id=wait_id)
        assert world.doors(bank_id) == "f"

    def test_only_ones_own_place_and_only_once(self, world: World) -> None:
        bank_id, *_ = one_door(world)
        first, second = world.people(2)
        mine = world.join(first, bank_id)
        with pytest.raises(NotWaiting):
            world.run(second, leave_waiting, wait_id=mine)
        assert world.view(bank_id).line == [mine]
        world.run(first, leave_waiting, wait_id=mine)
        for wait_id in (mine, 99):
            with pytest.raises(NotWaiting):
                world.run(first, leave_waiting, wait_id=wait_id)


class TestOffer:
    def test_the_first_in_the_list_gets_it_held(self, world: World) -> None:
        who = world.person()
        bank_id, hold_id, wait_id = offered(world, who, hold_minutes=7)
        row = world.row(assignment, hold_id)
        assert (row.person_id, row.assigned_at, row.slot) == (who.id, None, 1)
        assert row.held_until == world.clock.now + timedelta(minutes=7)
        assert world.row(wait, wait_id).assignment_id == hold_id
        assert world.doors(bank_id) == "r"
        assert world.view(bank_id).line == []
        (logged,) = world.rows(event, kind="LockerReserved")
        assert (logged.person_id, logged.actor_kind) == (who.id, "system")
        assert logged.details["wait_id"] == wait_id
        assert logged.details["held_until"] == row.held_until.isoformat()

    def test_in_the_order_of_the_list(self, world: World) -> None:
        bank_id = world.bank(count=3)
        held = world.fill(bank_id)
        people = world.people(3)
        for who in people:
            world.join(who, bank_id)
        for holder, taken in reversed(held):
            world.give_back(holder, taken)
        order = [claim.person_id for claim in world.open_claims()]
        assert order == [who.id for who in people]

    def test_nobody_else_gets_it(self, world: World) -> None:
        bank_id, *_ = offered(world, world.person())
        with pytest.raises(NoneFree):
            world.take(world.person(), bank_id)
        assert world.doors(bank_id) == "r"

    def test_to_the_first_who_can_use_the_door(self, world: World) -> None:
        bank_id = world.bank(count=2, accessible=1)
        low, high = world.fill(bank_id)
        in_wheelchair, other = world.people(2)
        first = world.join(in_wheelchair, bank_id, accessible=True)
        world.join(other, bank_id)
        world.give_back(*high)
        assert [c.person_id for c in world.open_claims() if c.held_until] == [other.id]
        assert world.view(bank_id).line == [first]
        world.give_back(*low)
        assert world.doors(bank_id) == "rr"

    def test_to_nobody_of_another_bank(self, world: World) -> None:
        site_id = world.site()
        here, there = world.bank(site_id, count=1), world.bank(site_id, count=1)
        world.fill(there)
        ((holder, taken),) = world.fill(here)
        world.join(world.person(), there)
        world.give_back(holder, taken)
        assert world.doors(here) == "f"

    def test_a_second_locker_to_who_has_one(self, world: World) -> None:
        bank_id = world.bank(world.site(lockers_per_person=2), count=2)
        who, other = world.people(2)
        world.take(who, bank_id)
        theirs = world.take(other, bank_id)
        world.join(who, bank_id)
        world.give_back(other, theirs)
        assert world.doors(bank_id) == "hr"
        assert world.take(who, bank_id).label == "A2"
        assert {claim.slot for claim in world.open_claims()} == {1, 2}

    def test_not_to_who_got_a_locker_in_another_bank(self, world: World) -> None:
        site_id = world.site()
        full, other_bank = world.bank(site_id, count=1), world.bank(site_id)
        ((holder, taken),) = world.fill(full)
        who = world.person()
        wait_id = world.join(who, full)
        world.take(who, other_bank)
        assert world.row(wait, wait_id).outcome == "took_locker"
        world.give_back(holder, taken)
        assert world.doors(full) == "f"

    def test_who_asks_when_it_becomes_their_turn_gets_it(self, world: World) -> None:
        """The hold before theirs has lapsed, and no timer ran."""
        bank_id, holder, taken = one_door(world)
        first, second = world.people(2)
        world.join(first, bank_id)
        world.join(second, bank_id)
        world.give_back(holder, taken)
        world.clock.advance(minutes=10)
        assert world.take(second, bank_id).label == "A1"
        assert world.open_waits() == []

    def test_who_asks_out_of_turn_does_not_get_it(self, world: World) -> None:
        bank_id, holder, taken = one_door(world)
        people = world.people(3)
        for who in people:
            world.join(who, bank_id)
        world.give_back(holder, taken)
        world.clock.advance(minutes=10)
        with pytest.raises(NoneFree):
            world.take(people[2], bank_id)
        world.run_due()
        assert world.take(people[1], bank_id).label == "A1"


class TestTakeHeld:
    def test_it_is_theirs(self, world: World) -> None:
        who = world.person()
        bank_id, hold_id, wait_id = offered(world, who)
        world.clock.advance(minutes=9, seconds=59)
        taken = world.run(who, take_held, assignment_id=hold_id)
        assert (taken.assignment_id, taken.label, taken.bank_id) == (hold_id, "A1", bank_id)
        assert world.doors(bank_id) == "h"
        row = world.row(wait, wait_id)
        assert (row.outcome, row.ended_at) == ("took_locker", world.clock.now)
        assert world.kinds()[-2:] == ["WaitEnded", "LockerAssigned"]
        assert world.run_due() == 0

    def test_too_late_though_no_timer_ran(self, world: World) -> None:
        who = world.person()
        bank_id, hold_id, _ = offered(world, who)
        world.clock.advance(minutes=10)
        assert world.doors(bank_id) == "f"
        with pytest.raises(HoldLapsed):
            world.run(who, take_held, assignment_id=hold_id)
        world.run_due()
        with pytest.raises(HoldLapsed):
            world.run(who, take_held, assignment_id=hold_id)

    def test_only_ones_own(self, world: World) -> None:
        who, other = world.people(2)
        bank_id, hold_id, _ = offered(world, who)
        with pytest.raises(NotHolding):
            world.run(other, take_held, assignment_id=hold_id)
        with pytest.raises(NotHolding):
            world.run(who, take_held, assignment_id=99)
        taken = world.run(who, take_held, assignment_id=hold_id)
        with pytest.raises(NotHolding):
            world.run(who, take_held, assignment_id=hold_id)
        world.give_back(who, taken)
        assert world.doors(bank_id) == "f"

    def test_not_on_a_door_that_went_out_of_service(self, world: World) -> None:
        who = world.person()
        bank_id, hold_id, _ = offered(world, who)
        (door,) = world.locker_ids(bank_id)
        world.run(world.staff(), take_out_of_service, locker_id=door, reason="x")
        with pytest.raises(HoldLapsed):
            world.run(who, take_held, assignment_id=hold_id)
        assert world.doors(bank_id) == "x"

    def test_a_hold_that_lapsed_before_its_door_went_out_of_service_stays_lapsed(
        self, world: World
    ) -> None:
        who = world.person()
        bank_id, hold_id, wait_id = offered(world, who)
        (door,) = world.locker_ids(bank_id)
        world.clock.advance(minutes=10)
        world.run(world.staff(), take_out_of_service, locker_id=door, reason="x")
        assert world.row(assignment, hold_id).release_cause == "lapsed"
        assert world.row(wait, wait_id).outcome == "lapsed"
