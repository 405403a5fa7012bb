"""Longer times, notes and opening from afar; who comes second is told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import assignment, event, locker
from locker_app.domain.actors import NOBODY, Actor, ActorKind, Role
from locker_app.domain.errors import (
    BadInput,
    DoorChanged,
    NotAllowed,
    NoTerminal,
    NotFound,
    NothingHeld,
    NoTimeLimit,
    NotSignedIn,
    ReasonNeeded,
)
from locker_app.domain.lockers import OverdueAction
from locker_app.services.doors import extend_time, note_locker, open_door
from locker_app.services.lockers import force_release, take_out_of_service
from tests import invariants
from tests.folding import folded, stored
from tests.world import World

HOUR = timedelta(hours=1)


def extend(world: World, locker_id: int, minutes: int = 60, **seen: Any) -> str:
    return world.run(world.staff(), extend_time, locker_id=locker_id, minutes=minutes, **seen)


def settled(world: World) -> None:
    invariants.check(world)
    assert world.db.read(folded) == world.db.read(stored)


class TestExtend:
    def test_the_time_limit(self, world: World) -> None:
        bank_id = world.bank(limit_minutes=60)
        taken = world.take(world.person(), bank_id)
        due = world.clock.now + HOUR
        assert extend(world, taken.locker_id, seen_until=due) == "A1"
        row = world.row(assignment, taken.assignment_id)
        assert row.due_at == due + HOUR
        assert row.remind_at == due + HOUR - timedelta(minutes=15)
        (logged,) = world.rows(event, kind="LimitExtended")
        assert logged.person_id == row.person_id, "the holder's phone hears of it"
        settled(world)

    def test_what_was_overdue_is_not_any_more_and_is_reminded_of_again(self, world: World) -> None:
        bank_id = world.bank(limit_minutes=60)
        taken = world.take(world.person(), bank_id)
        world.clock.advance(minutes=50)
        world.run_due()
        world.clock.advance(minutes=20)
        world.run_due()
        assert world.doors(bank_id)[0] == "o"
        extend(world, taken.locker_id, 30)
        assert world.doors(bank_id)[0] == "h"
        row = world.row(assignment, taken.assignment_id)
        assert row.due_at == world.clock.now + timedelta(minutes=30), "from now, not from then"
        assert row.reminded_at is row.overdue_at is None
        settled(world)
        world.clock.advance(minutes=31)
        world.run_due()
        assert world.kinds()[-2:] == ["ReturnReminded", "AssignmentOverdue"]
        settled(world)

    def test_a_bank_that_takes_back_takes_it_back_later(self, world: World) -> None:
        bank_id = world.bank(limit_minutes=60, overdue_action=OverdueAction.RELEASE)
        taken = world.take(world.person(), bank_id)
        extend(world, taken.locker_id)
        world.clock.advance(minutes=61)
        world.run_due()
        assert world.doors(bank_id)[0] == "h"
        world.clock.advance(minutes=60)
        world.run_due()
        assert world.doors(bank_id)[0] == "f"

    def test_a_hold(self, world: World) -> None:
        bank_id = world.bank(count=1)
        ((holder, taken),) = world.fill(bank_id)
        world.join(world.person(), bank_id)
        world.give_back(holder, taken)
        (hold,) = world.open_claims()
        extend(world, taken.locker_id, 30, assignment_id=hold.id, seen_until=hold.held_until)
        (longer,) = world.open_claims()
        assert longer.held_until == hold.held_until + timedelta(minutes=30)
        world.clock.advance(minutes=35)
        world.run_due()
        assert world.doors(bank_id) == "r"
        settled(world)
        world.clock.advance(minutes=10)
        with pytest.raises(NothingHeld):  # its time is over, though no timer has run
            extend(world, taken.locker_id)

    def test_whom_it_is_refused(self, world: World) -> None:
        taken = world.take(world.person(), world.bank(limit_minutes=60))
        for who, refusal in (
            (NOBODY, NotSignedIn),
            (world.person(), NotAllowed),
            (world.staff(Role.VIEWER), NotAllowed),
            (world.staff(Role.PROFESSOR), NotAllowed),
            (world.staff(Role.ADMIN, world.site()), NotAllowed),
        ):
            with pytest.raises(refusal):
                world.run(who, extend_time, locker_id=taken.locker_id, minutes=5)

    def test_where_there_is_nothing_to_extend(self, world: World) -> None:
        bank_id = world.bank()
        door = world.locker_ids(bank_id)[0]
        with pytest.raises(NothingHeld):
            extend(world, door)
        world.take(world.person(), bank_id)
        with pytest.raises(NoTimeLimit):
            extend(world, door)
        with pytest.raises(NotFound):
            extend(world, 9999)

    @pytest.mark.parametrize("minutes", [0, -5, 43_201, "60", None, 1.5])
    def test_odd_times(self, world: World, minutes: Any) -> None:
        taken = world.take(world.person(), world.bank(limit_minutes=60))
        with pytest.raises(BadInput):
            extend(world, taken.locker_id, minutes)

    def test_two_who_press_at_once_extend_it_once(self, world: World) -> None:
        taken = world.take(world.person(), world.bank(limit_minutes=60))
        seen = {"assignment_id": taken.assignment_id, "seen_until": world.clock.now + HOUR}
        both = [
            world.start(world.staff(), extend_time, locker_id=taken.locker_id, minutes=60, **seen)
            for _ in range(2)
        ]
        refused = [future.exception(30) for future in both]
        assert sorted(type(error).__name__ for error in refused) == ["DoorChanged", "NoneType"]
        assert world.row(assignment, taken.assignment_id).due_at == world.clock.now + 2 * HOUR
        settled(world)

    def test_the_door_has_changed_hands(self, world: World) -> None:
        bank_id = world.bank(limit_minutes=60)
        who = world.person()
        before = world.take(who, bank_id)
        world.give_back(who, before)
        world.take(world.person(), bank_id)
        with pytest.raises(DoorChanged):
            extend(world, before.locker_id, assignment_id=before.assignment_id)


class TestVersions:
    def test_released_is_only_what_was_seen(self, world: World) -> None:
        bank_id, who, staff = world.bank(), world.person(), world.staff()
        before = world.take(who, bank_id)
        about = {"locker_id": before.locker_id, "assignment_id": before.assignment_id}
        world.give_back(who, before)
        with pytest.raises(NothingHeld):
            world.run(staff, force_release, reason="x", **about)
        world.take(world.person(), bank_id)
        with pytest.raises(DoorChanged):
            world.run(staff, force_release, reason="x", **about)
        assert world.doors(bank_id)[0] == "h"

    def test_out_of_service_goes_only_what_was_seen(self, world: World) -> None:
        bank_id, staff = world.bank(), world.staff()
        door = world.locker_ids(bank_id)[0]
        taken = world.take(world.person(), bank_id)
        out = {"locker_id": door, "reason": "hinge"}
        for seen in (0, taken.assignment_id + 1):
            with pytest.raises(DoorChanged):
                world.run(staff, take_out_of_service, assignment_id=seen, **out)
        assert world.doors(bank_id)[0] == "h"
        world.run(staff, take_out_of_service, assignment_id=taken.assignment_id, **out)
        assert world.doors(bank_id)[0] == "x"
        other = world.locker_ids(bank_id)[1]
        world.run(staff, take_out_of_service, locker_id=other, reason="x", assignment_id=0)
        settled(world)


class TestNotes:
    def note(self, world: World, staff: Actor, door: int, text: str, **seen: str) -> str:
        return world.run(staff, note_locker, locker_id=door, note=text, **seen)

    def test_written_changed_and_removed(self, world: World) -> None:
        door, staff = world.locker_ids(world.bank())[0], world.staff()
        assert self.note(world, staff, door, "  sticks  a bit ", seen="") == "A1"
        row = world.row(locker, door)
        assert (row.note, row.noted_at, row.noted_by) == (
            "sticks a bit",
            world.clock.now,
            staff.id,
        )
        settled(world)
        before = world.mark()
        self.note(world, staff, door, "sticks a bit")
        assert world.kinds(before) == [], "the same again is nothing new"
        self.note(world, staff, door, "")
        assert world.kinds(before) == ["LockerNoteRemoved"]
        row = world.row(locker, door)
        assert (row.note, row.noted_at, row.noted_by) == ("", None, None)
        settled(world)

    def test_the_log_keeps_no_note(self, world: World) -> None:
        door = world.locker_ids(world.bank())[0]
        self.note(world, world.staff(), door, "belongs to Ada")
        assert "Ada" not in str(world.rows(event))

    def test_somebody_elses_note_is_not_written_over(self, world: World) -> None:
        door = world.locker_ids(world.bank())[0]
        self.note(world, world.staff(), door, "key at the desk", seen="")
        with pytest.raises(DoorChanged, match="note"):
            self.note(world, world.staff(), door, "mine", seen="")
        assert world.row(locker, door).note == "key at the desk"

    def test_who_may_and_how_long(self, world: World) -> None:
        door = world.locker_ids(world.bank())[0]
        for who in (world.person(), world.staff(Role.VIEWER), Actor(ActorKind.SYSTEM)):
            with pytest.raises(NotAllowed):
                self.note(world, who, door, "x")
        with pytest.raises(BadInput):
            self.note(world, world.staff(), door, "x" * 501)
        self.note(world, world.staff(), door, "x" * 500)


class TestOpening:
    def test_a_bank_without_a_terminal_says_so(self, world: World) -> None:
        door = world.locker_ids(world.bank())[0]
        with pytest.raises(NoTerminal, match="no terminal"):
            world.run(world.staff(), open_door, locker_id=door)
        assert world.refusals() == [("open_door", "no_terminal")]

    def test_somebodys_door_needs_a_reason_and_the_claim_that_was_seen(self, world: World) -> None:
        bank_id, staff = world.bank(), world.staff()
        taken = world.take(world.person(), bank_id)
        door = taken.locker_id
        with pytest.raises(ReasonNeeded):
            world.run(staff, open_door, locker_id=door)
        with pytest.raises(DoorChanged):
            world.run(staff, open_door, locker_id=door, reason="x", assignment_id=0)
        with pytest.raises(NoTerminal):
            world.run(
                staff, open_door, locker_id=door, reason="x", assignment_id=taken.assignment_id
            )

    def test_who_may(self, world: World) -> None:
        door = world.locker_ids(world.bank())[0]
        for who in (world.person(), world.staff(Role.VIEWER)):
            with pytest.raises(NotAllowed):
                world.run(who, open_door, locker_id=door)


def test_a_late_deadline_in_the_table_is_the_one_that_counts(world: World) -> None:
    """What another process has changed between the look and the press."""
    taken = world.take(world.person(), world.bank(limit_minutes=60))
    seen = world.clock.now + HOUR
    moved = update(assignment).where(assignment.c.id == taken.assignment_id)
    world.change(moved.values(due_at=seen + HOUR))
    with pytest.raises(DoorChanged):
        extend(world, taken.locker_id, seen_until=seen)
