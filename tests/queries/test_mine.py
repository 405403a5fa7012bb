"""What a person sees of their own: lockers, holds, and places in waiting lists."""

from datetime import timedelta

from locker_app.domain.actors import Actor
from locker_app.domain.lockers import LockerStatus
from locker_app.queries.mine import Claim, Waiting, claims_of, waits_of
from locker_app.services.waiting import leave_waiting
from tests.world import World


def claims(world: World, who: Actor) -> list[Claim]:
    return world.db.read(lambda conn: claims_of(conn, who.id or 0, world.clock.now))


def waits(world: World, who: Actor) -> list[Waiting]:
    return world.db.read(lambda conn: waits_of(conn, who.id or 0))


def test_a_locker_that_is_mine(world: World) -> None:
    site_id = world.site()
    bank_id = world.bank(site_id, limit_minutes=60, name="Hall", place="Left", prefix="H")
    who, other = world.people(2)
    taken = world.take(who, bank_id)
    (claim,) = claims(world, who)
    assert (claim.assignment_id, claim.wait_id) == (taken.assignment_id, None)
    assert (claim.site_id, claim.bank_id) == (site_id, bank_id)
    assert (claim.bank_name, claim.place, claim.label) == ("Hall", "Left", "H1")
    assert (claim.status, claim.since) == (LockerStatus.HELD, world.clock.now)
    assert (claim.due_at, claim.held_until) == (world.clock.now + timedelta(hours=1), None)
    assert not claim.reminded
    assert claims(world, other) == []


def test_it_is_reminded_overdue_and_gone(world: World) -> None:
    bank_id, who = world.bank(limit_minutes=60), world.person()
    taken = world.take(who, bank_id)
    world.clock.advance(minutes=45)
    world.run_due()
    assert [claim.reminded for claim in claims(world, who)] == [True]
    world.clock.advance(minutes=15)
    assert [claim.status for claim in claims(world, who)] == [LockerStatus.OVERDUE]
    world.give_back(who, taken)
    assert claims(world, who) == []


def test_a_locker_held_for_me_with_what_declines_it(world: World) -> None:
    bank_id, who = world.bank(count=1), world.person()
    ((holder, taken),) = world.fill(bank_id)
    wait_id = world.join(who, bank_id)
    world.give_back(holder, taken)
    (claim,) = claims(world, who)
    assert (claim.status, claim.wait_id) == (LockerStatus.RESERVED, wait_id)
    assert claim.held_until == world.clock.now + timedelta(minutes=10)
    assert (claim.since, claim.due_at) == (None, None)
    assert waits(world, who) == []
    world.run(who, leave_waiting, wait_id=claim.wait_id or 0)
    assert claims(world, who) == []


def test_a_hold_that_has_lapsed_is_not_mine_though_no_timer_ran(world: World) -> None:
    bank_id, who = world.bank(count=1), world.person()
    ((holder, taken),) = world.fill(bank_id)
    world.join(who, bank_id)
    world.give_back(holder, taken)
    world.clock.advance(minutes=10)
    assert claims(world, who) == []


def test_lockers_at_several_sites(world: World) -> None:
    who = world.person()
    banks = [world.bank(), world.bank()]
    for bank_id in banks:
        world.take(who, bank_id)
    assert [claim.bank_id for claim in claims(world, who)] == banks


def test_where_i_wait_and_how_many_are_ahead(world: World) -> None:
    bank_id = world.bank(count=2, name="Hall")
    held = world.fill(bank_id)
    people = world.people(4)
    ids = [world.join(who, bank_id) for who in people]
    assert [waits(world, who)[0].ahead for who in people] == [0, 1, 2, 3]
    world.give_back(*held[0])
    world.run(people[1], leave_waiting, wait_id=ids[1])
    assert waits(world, people[0]) == []
    assert [waits(world, who)[0].ahead for who in people[2:]] == [0, 1]
    (place,) = waits(world, people[3])
    assert (place.wait_id, place.bank_id, place.bank_name) == (ids[3], bank_id, "Hall")


def test_only_the_same_bank_is_ahead(world: World) -> None:
    site_id = world.site()
    here, there = world.bank(site_id, count=1), world.bank(site_id, count=1)
    world.fill(here)
    world.fill(there)
    world.join(world.person(), there)
    who = world.person()
    world.join(who, here)
    assert [place.ahead for place in waits(world, who)] == [0]
