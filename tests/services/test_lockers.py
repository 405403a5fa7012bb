"""Get, give back, force release, out of service and back."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from locker_app.db.tables import assignment, event, locker, person, wait
from locker_app.domain.actors import Actor
from locker_app.domain.errors import (
    AlreadyHolds,
    AlreadyInService,
    AlreadyOutOfService,
    BadInput,
    DoorChanged,
    HoldWaiting,
    NoneAccessibleFree,
    NoneFree,
    NotFound,
    NothingHeld,
    NotHolding,
    ReasonNeeded,
)
from locker_app.services.lockers import (
    force_release,
    give_back,
    put_back_in_service,
    take_locker,
    take_out_of_service,
)
from locker_app.services.people import change_preferences
from tests.world import World


def out_of_service(world: World, locker_id: int) -> str:
    return world.run(world.staff(), take_out_of_service, locker_id=locker_id, reason="broken")


def prefer(world: World, who: Actor, *, accessible: bool = False, near_last: bool = False) -> None:
    world.run(who, change_preferences, accessible=accessible, near_last=near_last)


class TestTake:
    def test_the_lowest_free_number(self, world: World) -> None:
        bank_id = world.bank(count=3)
        people = world.people(3)
        first, second = world.take(people[0], bank_id), world.take(people[1], bank_id)
        assert (first.label, second.label) == ("A1", "A2")
        world.give_back(people[0], first)
        assert world.take(people[2], bank_id).label == "A1"
        assert world.doors(bank_id) == "hhf"

    def test_the_answer_the_row_and_the_event_agree(self, world: World) -> None:
        bank_id, who = world.bank(limit_minutes=60), world.person()
        taken = world.take(who, bank_id)
        due = world.clock.now + timedelta(hours=1)
        assert (taken.bank_id, taken.due_at) == (bank_id, due)
        row = world.row(assignment, taken.assignment_id)
        assert (row.person_id, row.locker_id, row.bank_id) == (who.id, taken.locker_id, bank_id)
        assert (row.assigned_at, row.due_at) == (world.clock.now, due)
        assert row.remind_at == due - timedelta(minutes=15)
        assert row.held_until is row.released_at is row.overdue_at is None
        (logged,) = world.rows(event, kind="LockerAssigned")
        assert (logged.person_id, logged.locker_id) == (who.id, taken.locker_id)
        assert (logged.actor_kind, logged.actor_id) == ("person", who.id)
        assert logged.details["assignment_id"] == taken.assignment_id
        assert logged.at == world.clock.now

    def test_without_a_time_limit_nothing_is_due(self, world: World) -> None:
        taken = world.take(world.person(), world.bank())
        row = world.row(assignment, taken.assignment_id)
        assert taken.due_at is row.due_at is row.remind_at is None

    def test_one_for_each_person_and_site(self, world: World) -> None:
        site_id, who = world.site(), world.person()
        here, there = world.bank(site_id), world.bank(site_id)
        elsewhere = world.bank()
        world.take(who, here)
        for bank_id in (here, there):
            with pytest.raises(AlreadyHolds, match="A1"):
                world.take(who, bank_id)
        assert world.take(who, elsewhere).label == "A1"

    def test_as_many_as_the_site_allows(self, world: World) -> None:
        bank_id, who = world.bank(world.site(lockers_per_person=2)), world.person()
        first, second = world.take(who, bank_id), world.take(who, bank_id)
        with pytest.raises(AlreadyHolds):
            world.take(who, bank_id)
        world.give_back(who, first)
        assert world.take(who, bank_id).label == "A1"
        assert {claim.slot for claim in world.open_claims()} == {1, 2}
        world.give_back(who, second)
        assert world.doors(bank_id) == "hff"

    def test_none_free(self, world: World) -> None:
        bank_id = world.bank(count=2)
        world.fill(bank_id)
        with pytest.raises(NoneFree):
            world.take(world.person(), bank_id)
        assert world.refusals() == [("take_locker", "none_free")]

    def test_only_this_bank(self, world: World) -> None:
        site_id = world.site()
        full, empty = world.bank(site_id, count=1), world.bank(site_id)
        world.fill(full)
        with pytest.raises(NoneFree):
            world.take(world.person(), full)
        assert world.doors(empty) == "fff"

    def test_not_one_that_is_out_of_service(self, world: World) -> None:
        bank_id = world.bank(count=2)
        out_of_service(world, world.locker_ids(bank_id)[0])
        assert world.take(world.person(), bank_id).label == "A2"
        with pytest.raises(NoneFree):
            world.take(world.person(), bank_id)

    def test_no_such_bank(self, world: World) -> None:
        world.bank()
        with pytest.raises(NotFound):
            world.take(world.person(), 99)
        (refused,) = world.rows(event, kind="Refused")
        assert refused.bank_id is None, "a stranger's number does not get into the log"

    def test_a_refusal_names_what_was_tried(self, world: World) -> None:
        site_id = world.site()
        bank_id, who = world.bank(site_id, count=1), world.person()
        world.fill(bank_id)
        with pytest.raises(NoneFree):
            world.take(who, bank_id)
        (refused,) = world.rows(event, kind="Refused")
        assert (refused.site_id, refused.bank_id) == (site_id, bank_id)
        assert (refused.actor_kind, refused.actor_id) == ("person", who.id)
        assert refused.details == {"command": "take_locker", "code": "none_free"}

    @pytest.mark.parametrize(
        "arguments",
        [
            {"bank_id": "1"},
            {"bank_id": None},
            {"bank_id": 0},
            {"bank_id": -1},
            {"bank_id": 2**31},
            {"bank_id": 1.0},
            {"bank_id": True},
            {"bank_id": [1]},
            {},
            {"bank_id": 1, "accessible": "yes"},
            {"bank_id": 1, "accessible": 1},
            {"bank_id": 1, "person_id": 2},
        ],
    )
    def test_odd_arguments(self, world: World, arguments: dict[str, object]) -> None:
        bank_id, who = world.bank(), world.person()
        with pytest.raises(BadInput):
            world.run(who, take_locker, **arguments)  # pyright: ignore[reportCallIssue, reportArgumentType]
        assert world.doors(bank_id) == "fff"


class TestPreferences:
    def test_accessible_when_asked_for(self, world: World) -> None:
        bank_id = world.bank(count=3, accessible=1)
        world.fill(world.bank())
        assert world.take(world.person(), bank_id, accessible=True).label == "A1"
        with pytest.raises(NoneAccessibleFree):
            world.take(world.person(), bank_id, accessible=True)
        assert world.take(world.person(), bank_id).label == "A2"

    def test_accessible_when_preferred(self, world: World) -> None:
        bank_id, who = world.bank(count=3, accessible=1), world.person()
        prefer(world, who, accessible=True)
        world.take(world.person(), bank_id)
        with pytest.raises(NoneAccessibleFree):
            world.take(who, bank_id)

    def test_near_the_last_one(self, world: World) -> None:
        bank_id, who = world.bank(count=6), world.person()
        others = world.fill(bank_id)
        world.give_back(*others[4])
        prefer(world, who, near_last=True)
        first = world.take(who, bank_id)
        assert first.label == "A5", "no last one, and this is free"
        world.give_back(who, first)
        for number in (1, 3, 6):
            world.give_back(*others[number - 1])
        world.take(world.person(), bank_id)  # A1
        world.take(world.person(), bank_id)  # A3
        assert world.doors(bank_id) == "hhhhff"
        assert world.take(who, bank_id).label == "A5"

    def test_of_two_that_are_as_near_the_lower(self, world: World) -> None:
        bank_id, who = world.bank(count=5), world.person()
        prefer(world, who, near_last=True)
        others = [(p, world.take(p, bank_id)) for p in world.people(2)]
        mine = world.take(who, bank_id)  # A3
        world.give_back(who, mine)
        world.take(world.person(), bank_id)  # A3 is somebody else's now
        world.give_back(*others[1])
        assert world.doors(bank_id) == "hfhff"
        assert world.take(who, bank_id).label == "A2"

    def test_near_and_accessible(self, world: World) -> None:
        bank_id, who = world.bank(count=6, accessible=4), world.person()
        prefer(world, who, near_last=True)
        others = world.fill(bank_id)
        world.give_back(*others[5])
        world.give_back(who, world.take(who, bank_id))  # A6
        for number in (1, 3):
            world.give_back(*others[number - 1])
        prefer(world, who, accessible=True, near_last=True)
        assert world.take(who, bank_id).label == "A3"

    def test_a_locker_that_was_only_held_for_me_was_not_my_last(self, world: World) -> None:
        bank_id, who = world.bank(count=6), world.person()
        prefer(world, who, near_last=True)
        others = world.fill(bank_id)
        world.give_back(*others[5])
        world.give_back(who, world.take(who, bank_id))  # A6 was mine
        world.take(world.person(), bank_id)
        world.join(who, bank_id)
        world.give_back(*others[1])  # A2 is held for me
        world.clock.advance(minutes=11)
        world.run_due()
        world.give_back(*others[4])
        assert world.doors(bank_id) == "hfhhfh"
        assert world.take(who, bank_id).label == "A5"


class TestGiveBack:
    def test_it_is_free_again(self, world: World) -> None:
        bank_id, who = world.bank(), world.person()
        taken = world.take(who, bank_id)
        world.clock.advance(minutes=5)
        assert world.give_back(who, taken) == "A1"
        assert world.doors(bank_id) == "fff"
        row = world.row(assignment, taken.assignment_id)
        assert (row.released_at, row.release_cause) == (world.clock.now, "given_back")
        (logged,) = world.rows(event, kind="LockerReleased")
        assert logged.details["cause"] == "given_back"
        assert world.take(who, bank_id).label == "A1"

    def test_only_ones_own_and_only_once(self, world: World) -> None:
        bank_id, who, other = world.bank(), world.person(), world.person()
        taken = world.take(who, bank_id)
        with pytest.raises(NotHolding):
            world.give_back(other, taken)
        assert world.doors(bank_id) == "hff"
        world.give_back(who, taken)
        world.take(other, bank_id)
        with pytest.raises(NotHolding):
            world.give_back(who, taken)
        assert world.doors(bank_id) == "hff", "A1 is the other's now"
        with pytest.raises(NotHolding):
            world.run(who, give_back, assignment_id=99)

    def test_a_hold_is_not_given_back_but_declined(self, world: World) -> None:
        bank_id, who = world.bank(count=1), world.person()
        ((holder, taken),) = world.fill(bank_id)
        world.join(who, bank_id)
        world.give_back(holder, taken)
        (hold,) = world.open_claims()
        with pytest.raises(NotHolding):
            world.run(who, give_back, assignment_id=hold.id)
        assert world.doors(bank_id) == "r"

    def test_also_when_overdue(self, world: World) -> None:
        bank_id, who = world.bank(limit_minutes=30), world.person()
        taken = world.take(who, bank_id)
        world.clock.advance(minutes=31)
        world.run_due()
        world.give_back(who, taken)
        assert world.doors(bank_id) == "fff"


class TestForceRelease:
    def test_with_a_reason_that_is_kept(self, world: World) -> None:
        bank_id, admin, who = world.bank(), world.staff(), world.person()
        taken = world.take(who, bank_id)
        shown = world.run(admin, force_release, locker_id=taken.locker_id, reason="  found   open ")
        assert shown == "A1"
        assert world.doors(bank_id) == "fff"
        (logged,) = world.rows(event, kind="LockerReleased")
        assert (logged.reason, logged.details["cause"]) == ("found open", "forced")
        assert (logged.actor_kind, logged.actor_id) == ("staff", admin.id)
        assert logged.person_id == who.id
        with pytest.raises(NotHolding):
            world.give_back(who, taken)

    def test_no_reason(self, world: World) -> None:
        bank_id = world.bank()
        taken = world.take(world.person(), bank_id)
        with pytest.raises(ReasonNeeded):
            world.run(world.staff(), force_release, locker_id=taken.locker_id, reason=" ")
        with pytest.raises(BadInput):
            world.run(world.staff(), force_release, locker_id=taken.locker_id, reason="x" * 501)
        assert world.doors(bank_id) == "hff"

    def test_nobody_has_it(self, world: World) -> None:
        (locker_id,) = world.locker_ids(world.bank(count=1))
        with pytest.raises(NothingHeld):
            world.run(world.staff(), force_release, locker_id=locker_id, reason="x")

    def test_no_such_locker(self, world: World) -> None:
        with pytest.raises(NotFound):
            world.run(world.staff(), force_release, locker_id=99, reason="x")

    def test_a_dialog_opened_on_somebody_else_releases_nobody(self, world: World) -> None:
        bank_id, admin = world.bank(count=1), world.staff()
        ((first, shown),) = world.fill(bank_id)
        world.give_back(first, shown)
        second = world.take(world.person(), bank_id)
        with pytest.raises(DoorChanged):
            world.run(
                admin,
                force_release,
                locker_id=shown.locker_id,
                reason="x",
                assignment_id=shown.assignment_id,
            )
        assert world.doors(bank_id) == "h"
        world.run(
            admin,
            force_release,
            locker_id=shown.locker_id,
            reason="x",
            assignment_id=second.assignment_id,
        )
        assert world.doors(bank_id) == "f"

    def test_a_hold_too_and_the_next_gets_it(self, world: World) -> None:
        bank_id, first, second = world.bank(count=1), world.person(), world.person()
        ((holder, taken),) = world.fill(bank_id)
        world.join(first, bank_id)
        world.join(second, bank_id)
        world.give_back(holder, taken)
        admin, mark = world.staff(), world.mark()
        world.run(admin, force_release, locker_id=taken.locker_id, reason="asked for it")
        assert world.kinds(mark) == ["WaitEnded", "HoldEnded", "LockerReserved"]
        (hold,) = world.open_claims()
        assert hold.person_id == second.id
        (row,) = world.rows(wait, person_id=first.id)
        assert (row.outcome, row.ended_at) == ("left", world.clock.now)

    def test_the_next_in_the_list_gets_it(self, world: World) -> None:
        bank_id, waiting = world.bank(count=1), world.person()
        ((_, taken),) = world.fill(bank_id)
        world.join(waiting, bank_id)
        world.run(world.staff(), force_release, locker_id=taken.locker_id, reason="x")
        assert world.doors(bank_id) == "r"


class TestOutOfService:
    def test_a_free_door(self, world: World) -> None:
        bank_id = world.bank(count=2)
        first, _ = world.locker_ids(bank_id)
        assert out_of_service(world, first) == "A1"
        assert world.doors(bank_id) == "xf"
        row = world.row(locker, first)
        assert (row.out_of_service_at, row.out_of_service_reason) == (world.clock.now, "broken")
        (logged,) = world.rows(event, kind="LockerTakenOutOfService")
        assert (logged.locker_id, logged.reason) == (first, "broken")
        with pytest.raises(AlreadyOutOfService):
            out_of_service(world, first)

    def test_and_back(self, world: World) -> None:
        bank_id, admin = world.bank(count=2), world.staff()
        first, second = world.locker_ids(bank_id)
        out_of_service(world, first)
        assert world.run(admin, put_back_in_service, locker_id=first) == "A1"
        assert world.doors(bank_id) == "ff"
        assert world.row(locker, first).out_of_service_reason is None
        for locker_id in (first, second):
            with pytest.raises(AlreadyInService):
                world.run(admin, put_back_in_service, locker_id=locker_id)

    def test_with_a_reason(self, world: World) -> None:
        (locker_id,) = world.locker_ids(world.bank(count=1))
        with pytest.raises(ReasonNeeded):
            world.run(world.staff(), take_out_of_service, locker_id=locker_id, reason="")

    def test_no_such_locker(self, world: World) -> None:
        with pytest.raises(NotFound):
            out_of_service(world, 99)
        with pytest.raises(NotFound):
            world.run(world.staff(), put_back_in_service, locker_id=99)

    def test_who_holds_it_keeps_it_and_nobody_gets_it_after(self, world: World) -> None:
        bank_id, waiting = world.bank(count=1), world.person()
        ((holder, taken),) = world.fill(bank_id)
        world.join(waiting, bank_id)
        out_of_service(world, taken.locker_id)
        assert [claim.id for claim in world.open_claims()] == [taken.assignment_id]
        world.give_back(holder, taken)
        assert world.doors(bank_id) == "x"
        assert world.open_claims() == []
        assert len(world.open_waits()) == 1

    def test_back_while_somebody_still_holds_it(self, world: World) -> None:
        """Nobody in the list gets it, and nobody loses their place."""
        bank_id, waiting = world.bank(count=1), world.people(2)
        ((holder, taken),) = world.fill(bank_id)
        for one in waiting:
            world.join(one, bank_id)
        out_of_service(world, taken.locker_id)
        mark = world.mark()
        world.run(world.staff(), put_back_in_service, locker_id=taken.locker_id)
        assert [row.person_id for row in world.open_waits()] == [one.id for one in waiting]
        assert "WaitEnded" not in world.kinds(mark)
        world.give_back(holder, taken)
        assert [claim.person_id for claim in world.open_claims()] == [waiting[0].id]

    def test_back_with_people_waiting(self, world: World) -> None:
        bank_id, waiting = world.bank(count=1), world.person()
        (locker_id,) = world.locker_ids(bank_id)
        out_of_service(world, locker_id)
        world.join(waiting, bank_id)
        world.run(world.staff(), put_back_in_service, locker_id=locker_id)
        assert world.doors(bank_id) == "r"
        assert world.take(waiting, bank_id).label == "A1"

    def test_while_held_for_somebody_who_then_is_first_again(self, world: World) -> None:
        bank_id, first, second = world.bank(count=2), world.person(), world.person()
        (one, other) = world.fill(bank_id)
        world.join(first, bank_id)
        world.join(second, bank_id)
        world.give_back(*one)
        out_of_service(world, one[1].locker_id)
        assert world.doors(bank_id) == "xh"
        assert [row.assignment_id for row in world.open_waits()] == [None, None]
        (ended,) = world.rows(event, kind="HoldEnded")
        assert (ended.details["cause"], ended.reason) == ("forced", "broken")
        world.give_back(*other)
        (hold,) = world.open_claims()
        assert hold.person_id == first.id

    def test_while_held_for_somebody_with_another_door_free(self, world: World) -> None:
        """Nobody waits while there is a door: the hold moves to it."""
        bank_id, who = world.bank(count=3), world.person()
        one, two, three = world.fill(bank_id)
        world.join(who, bank_id)
        world.give_back(*two)
        world.give_back(*three)
        world.give_back(*one)
        assert world.doors(bank_id) == "frf"
        out_of_service(world, two[1].locker_id)
        assert world.doors(bank_id) == "rxf"
        (hold,) = world.open_claims()
        assert (hold.person_id, hold.locker_id) == (who.id, one[1].locker_id)
        assert [row.assignment_id for row in world.open_waits()] == [hold.id]
        assert world.take(who, bank_id).label == "A1"

    def test_a_hold_moves_only_to_a_door_that_suits(self, world: World) -> None:
        bank_id, who = world.bank(count=2, accessible=1), world.person()
        low, high = world.fill(bank_id)
        world.join(who, bank_id, accessible=True)
        world.give_back(*low)
        world.give_back(*high)
        out_of_service(world, low[1].locker_id)
        assert world.doors(bank_id) == "xf"
        assert [row.assignment_id for row in world.open_waits()] == [None]


class TestHolding:
    """What a locker held for somebody means for getting another."""

    def held_for(self, world: World, who: Actor, bank_id: int) -> int:
        (holder, taken), *_ = world.fill(bank_id)
        wait_id = world.join(who, bank_id)
        world.give_back(holder, taken)
        return wait_id

    def test_get_a_locker_takes_the_one_held(self, world: World) -> None:
        bank_id, who = world.bank(count=2, limit_minutes=60), world.person()
        wait_id = self.held_for(world, who, bank_id)
        world.clock.advance(minutes=9)
        taken = world.take(who, bank_id)
        assert taken.label == "A1"
        assert taken.due_at == world.clock.now + timedelta(hours=1)
        assert world.row(wait, wait_id).outcome == "took_locker"
        row = world.row(assignment, taken.assignment_id)
        assert (row.held_until, row.assigned_at) == (None, world.clock.now)
        assert row.remind_at == world.clock.now + timedelta(minutes=45)

    def test_not_one_in_another_bank(self, world: World) -> None:
        site_id, who = world.site(), world.person()
        here, there = world.bank(site_id, count=1), world.bank(site_id)
        self.held_for(world, who, here)
        with pytest.raises(HoldWaiting):
            world.take(who, there)

    def test_one_in_another_bank_where_two_are_allowed(self, world: World) -> None:
        """The hold stays: it can be taken, declined, or lapse."""
        site_id, who = world.site(lockers_per_person=2), world.person()
        here, there = world.bank(site_id, count=1), world.bank(site_id)
        wait_id = self.held_for(world, who, here)
        world.take(who, there)
        assert world.doors(here) == "r"
        assert [row.id for row in world.open_waits()] == [wait_id]
        assert world.take(who, here).label == "A1"
        assert world.open_waits() == []

    def test_when_the_hold_has_lapsed_and_no_timer_ran(self, world: World) -> None:
        site_id, who = world.site(), world.person()
        here, there = world.bank(site_id, count=1), world.bank(site_id)
        self.held_for(world, who, here)
        world.clock.advance(minutes=10)
        assert world.take(who, there).label == "A1"
        assert world.doors(here) == "f"


@pytest.mark.parametrize("reason", ["a\x00b", "\ud800"])
def test_text_that_no_database_takes_is_bad_input(world: World, reason: str) -> None:
    taken = world.take(world.person(), world.bank())
    with pytest.raises(BadInput):
        world.run(world.staff(), force_release, locker_id=taken.locker_id, reason=reason)


def test_a_person_deleted_meanwhile_cannot_take(world: World) -> None:
    bank_id = world.bank()
    ghost = world.person()
    world.change(person.delete().where(person.c.id == ghost.id))
    with pytest.raises(NotFound):
        world.take(ghost, bank_id)
    assert world.doors(bank_id) == "fff"


def test_the_prefix_is_on_the_door(world: World) -> None:
    bank_id = world.bank(prefix="")
    assert world.take(world.person(), bank_id).label == "1"


def test_lockers_in_order_of_number_not_of_id(world: World) -> None:
    bank_id = world.bank(count=2)
    first, second = world.locker_ids(bank_id)
    world.change(update(locker).where(locker.c.id == first).values(number=9))
    assert world.take(world.person(), bank_id).locker_id == second
