"""What a door shows: every combination of service, claim and time, on both databases."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from locker_app.db.tables import assignment, locker, person, wait
from locker_app.domain.lockers import LockerStatus
from locker_app.queries.lockers import bank_holders, bank_view, door_view, is_free
from locker_app.queries.mine import claims_of
from locker_app.queries.sites import bank_counts
from locker_app.services.lockers import take_out_of_service
from tests.world import World

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Door:
    """What the tables say of one door; times are minutes from now."""

    out_of_service: bool
    claim: str
    """none, held (assigned), reserved (a hold), or released."""
    deadline: int | None
    marked_overdue: bool

    @property
    def shown(self) -> str:
        """The letter it must show, by the words of the specification."""
        if self.out_of_service:
            return "x"
        if self.claim in ("none", "released"):
            return "f"
        passed = self.deadline is not None and self.deadline <= 0
        if self.claim == "reserved":
            return "f" if passed else "r"
        return "o" if passed else "h"


DOORS = [
    Door(out_of_service, claim, deadline, marked)
    for out_of_service, claim, deadline, marked in product(
        (False, True), ("none", "held", "reserved", "released"), (None, -5, 0, 5), (False, True)
    )
    if not (claim == "none" and (deadline is not None or marked))
    and not (claim == "reserved" and (deadline is None or marked))
    and not (marked and (deadline is None or deadline > 0))
]


@pytest.fixture
def bank_id(world: World) -> int:
    """A bank with one door for each combination, in their order."""
    site_id = world.site()
    bank_id = world.bank(site_id, count=len(DOORS), accessible=7)
    now = world.clock.now
    for door, locker_id in zip(DOORS, world.locker_ids(bank_id), strict=True):
        if door.out_of_service:
            broken = {"out_of_service_at": now - MINUTE, "out_of_service_reason": "broken"}
            world.change(update(locker).where(locker.c.id == locker_id).values(broken))
        if door.claim != "none":
            world.change(insert(assignment).values(claim_of(world, door, bank_id, locker_id)))
    return bank_id


def claim_of(world: World, door: Door, bank_id: int, locker_id: int) -> dict[str, Any]:
    now = world.clock.now
    at = None if door.deadline is None else now + door.deadline * MINUTE
    reserved = door.claim == "reserved"
    return {
        "site_id": 1,
        "bank_id": bank_id,
        "locker_id": locker_id,
        "person_id": world.person().id,
        "slot": 1,
        "assigned_at": None if reserved else now - 60 * MINUTE,
        "held_until": at if reserved else None,
        "due_at": None if reserved else at,
        "overdue_at": now if door.marked_overdue else None,
        "released_at": now if door.claim == "released" else None,
        "release_cause": "given_back" if door.claim == "released" else None,
    }


EXPECTED = "".join(door.shown for door in DOORS)


def test_all_letters_occur() -> None:
    assert set(EXPECTED) == {status.value for status in LockerStatus}


def test_what_each_door_shows(world: World, bank_id: int) -> None:
    assert world.doors(bank_id) == EXPECTED


def test_counts_are_the_doors_folded(world: World, bank_id: int) -> None:
    view = world.view(bank_id)
    (counts,) = world.db.read(lambda conn: bank_counts(conn, view.site_id, world.clock.now))
    assert counts.total == len(DOORS)
    for status in LockerStatus:
        assert getattr(counts, status.name.lower()) == view.count(status), status
    assert view.free_accessible == EXPECTED[:7].count("f")


def test_each_door_alone_shows_the_same(world: World, bank_id: int) -> None:
    view = world.view(bank_id)

    def letters(conn: Any) -> str:
        doors = [door_view(conn, locker_id, world.clock.now) for locker_id in view.locker_ids]
        return "".join(door.status.value for door in doors if door is not None)

    assert world.db.read(letters) == EXPECTED


def test_holders_are_those_of_claims_and_of_broken_doors(world: World, bank_id: int) -> None:
    view = world.view(bank_id)
    holders = world.db.read(lambda conn: bank_holders(conn, bank_id, world.clock.now))
    by_door = {holder.locker_id: holder for holder in holders}
    for door, locker_id in zip(DOORS, view.locker_ids, strict=True):
        open_claim = door.claim in ("held", "reserved")
        assert (locker_id in by_door) == (open_claim or door.out_of_service)
        if locker_id in by_door:
            holder = by_door[locker_id]
            assert holder.status.value == door.shown
            assert (holder.assignment_id is not None) == open_claim
            assert (holder.person_name is not None) == open_claim
            assert holder.service_reason == ("broken" if door.out_of_service else None)
            minutes = None if holder.until is None else (holder.until - world.clock.now) / MINUTE
            assert minutes == (door.deadline if open_claim else None)


def test_free_to_be_given_is_not_claimed_and_in_service(world: World, bank_id: int) -> None:
    """A hold that has lapsed shows as free; the command that wants the door lapses it first."""
    free = select(locker.c.number).where(is_free(bank_id, accessible=False))
    numbers = world.db.read(lambda conn: set(conn.execute(free).scalars()))
    expected = {
        number
        for number, door in enumerate(DOORS, 1)
        if not door.out_of_service and door.claim in ("none", "released")
    }
    assert numbers == expected
    low = select(locker.c.number).where(is_free(bank_id, accessible=True))
    assert world.db.read(lambda conn: set(conn.execute(low).scalars())) == {
        number for number in expected if number <= 7
    }


def test_what_everybody_sees_names_nobody(world: World, bank_id: int) -> None:
    seen = repr(world.view(bank_id))
    for row in world.rows(person):
        assert row.name not in seen
        assert row.number not in seen


def test_doors_by_number(world: World) -> None:
    bank_id = world.bank(count=3)
    first, *_ = world.locker_ids(bank_id)
    world.change(update(locker).where(locker.c.id == first).values(number=50))
    world.run(world.staff(), take_out_of_service, locker_id=first, reason="x")
    view = world.view(bank_id)
    assert (view.numbers, view.doors, view.locker_ids[-1]) == ([2, 3, 50], "ffx", first)


def test_only_this_bank(world: World) -> None:
    site_id = world.site()
    one, other = world.bank(site_id, count=2), world.bank(site_id, count=2)
    world.fill(one)
    world.join(world.person(), one)
    assert (world.doors(one), world.doors(other)) == ("hh", "ff")
    assert world.view(other).line == []
    counts = world.db.read(lambda conn: bank_counts(conn, site_id, world.clock.now))
    assert [(row.id, row.held, row.free, row.waiting) for row in counts] == [
        (one, 2, 0, 1),
        (other, 0, 2, 0),
    ]


def test_the_line_has_who_waits_and_not_who_was_offered_or_left(world: World) -> None:
    bank_id = world.bank(count=1)
    ((holder, taken),) = world.fill(bank_id)
    ids = [world.join(who, bank_id) for who in world.people(3)]
    world.give_back(holder, taken)
    world.change(update(wait).where(wait.c.id == ids[2]).values(ended_at=world.clock.now))
    assert world.view(bank_id).line == [ids[1]]
    site_id = world.view(bank_id).site_id
    (counts,) = world.db.read(lambda conn: bank_counts(conn, site_id, world.clock.now))
    assert (counts.reserved, counts.waiting) == (1, 1)


@pytest.mark.parametrize("bank_id", [0, -1, 99, 2**31 - 1])
def test_no_such_bank(world: World, bank_id: int) -> None:
    world.bank()
    now: datetime = world.clock.now
    assert world.db.read(lambda conn: bank_view(conn, bank_id, now)) is None
    assert world.db.read(lambda conn: bank_holders(conn, bank_id, now)) == []
    assert world.db.read(lambda conn: door_view(conn, bank_id, now)) is None


def test_an_empty_bank(world: World) -> None:
    bank_id = world.bank(count=1)
    world.change(locker.delete())
    view = world.view(bank_id)
    assert (view.doors, view.numbers, view.line) == ("", [], [])
    (counts,) = world.db.read(lambda conn: bank_counts(conn, view.site_id, world.clock.now))
    assert (counts.total, counts.free) == (0, 0)


def test_status_for_the_holder_is_that_of_the_claim(world: World) -> None:
    """Who holds a broken door still has it; the board says that it is broken."""
    bank_id, who = world.bank(limit_minutes=30), world.person()
    taken = world.take(who, bank_id)
    world.run(world.staff(), take_out_of_service, locker_id=taken.locker_id, reason="x")
    (claim,) = world.db.read(lambda conn: claims_of(conn, who.id or 0, world.clock.now))
    assert claim.status is LockerStatus.HELD
    assert world.doors(bank_id)[0] == "x"
