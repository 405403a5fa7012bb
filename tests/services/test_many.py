"""One decision about many doors: what became of each, and never a silent half."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from locker_app.db.tables import event, session
from locker_app.domain.actors import NOBODY, Actor, Role
from locker_app.domain.errors import BadInput, NotAllowed, NotSignedIn, ReasonNeeded
from locker_app.services.lockers import take_out_of_service
from locker_app.services.many import MOST, Act, Aim, Became, act_on
from tests import invariants
from tests.world import World


def act(
    world: World, actor: Actor, what: Act, aims: list[Aim], key: str | None = None, **more: Any
) -> list[Became]:
    call = replace(world.call(actor), request_id=key)
    return asyncio.run(act_on(world.db, call, what, aims, **more))


def test_some_are_done_and_some_refused_and_each_is_said(world: World) -> None:
    bank_id, staff = world.bank(count=4), world.staff()
    held = world.fill(bank_id)
    aims = [Aim(taken.locker_id, taken.assignment_id) for _, taken in held]
    world.give_back(*held[1])
    world.give_back(*held[2])
    world.take(world.person(), bank_id)  # the door of the second
    became = act(world, staff, Act.RELEASE, [*aims, Aim(9999)], reason="end of term")
    assert [(one.label, one.code) for one in became] == [
        ("A1", ""),
        ("", "door_changed"),
        ("", "nothing_held"),
        ("A4", ""),
        ("", "not_found"),
    ]
    assert [one.done for one in became] == [True, False, False, True, False]
    assert world.doors(bank_id) == "fhff"
    reasons = {row.reason for row in world.rows(event, kind="LockerReleased") if row.reason}
    assert reasons == {"end of term"}
    assert len(world.refusals()) == 3
    invariants.check(world)


def test_the_same_key_again_gets_the_same_and_changes_nothing(world: World) -> None:
    bank_id, staff = world.bank(count=3), world.staff()
    aims = [Aim(taken.locker_id, taken.assignment_id) for _, taken in world.fill(bank_id)[:2]]
    first = act(world, staff, Act.RELEASE, aims, "key", reason="x")
    before = world.mark()
    assert act(world, staff, Act.RELEASE, aims, "key", reason="x") == first
    assert world.kinds(before) == []


def test_two_admins_at_once_do_it_once(world: World) -> None:
    bank_id = world.bank(count=8, limit_minutes=60)
    held = world.fill(bank_id)
    aims = [Aim(taken.locker_id, taken.assignment_id, taken.due_at) for _, taken in held]

    async def both() -> list[list[Became]]:
        calls = [world.call(world.staff()) for _ in range(2)]
        works = (act_on(world.db, call, Act.EXTEND, aims, minutes=30) for call in calls)
        return list(await asyncio.gather(*works))

    one, other = asyncio.run(both())
    assert all(a.done != b.done for a, b in zip(one, other, strict=True))
    assert {b.code for b in (*one, *other)} == {"", "door_changed"}
    assert len(world.rows(event, kind="LimitExtended")) == 8


def test_out_of_service_and_back_and_opening(world: World) -> None:
    bank_id, staff = world.bank(count=3), world.staff()
    doors = world.locker_ids(bank_id)
    world.run(staff, take_out_of_service, locker_id=doors[0], reason="x")
    became = act(world, staff, Act.OUT, [Aim(door, 0) for door in doors], reason="floor is wet")
    assert [one.code for one in became] == ["already_out_of_service", "", ""]
    became = act(world, staff, Act.OPEN, [Aim(door) for door in doors])
    assert {one.code for one in became} == {"no_terminal"}
    became = act(world, staff, Act.BACK, [Aim(door) for door in doors])
    assert all(one.done for one in became)
    assert world.doors(bank_id) == "fff"


def test_who_may_nowhere_is_refused_once(world: World) -> None:
    bank_id = world.bank(count=2)
    aims = [Aim(taken.locker_id) for _, taken in world.fill(bank_id)]
    for who, refusal in (
        (NOBODY, NotSignedIn),
        (world.person(), NotAllowed),
        (world.staff(Role.VIEWER), NotAllowed),
    ):
        before = world.mark()
        with pytest.raises(refusal):
            act(world, who, Act.RELEASE, aims, reason="x")
        assert world.kinds(before) == ["Refused"]
    assert world.doors(bank_id) == "hh"


def test_at_several_sites_only_where_one_may(world: World) -> None:
    here, there = world.bank(count=1), world.bank(count=1)
    aims = [Aim(world.fill(bank)[0][1].locker_id) for bank in (here, there)]
    site_id = world.rows(event, bank_id=here)[0].site_id
    became = act(world, world.staff(Role.ADMIN, site_id), Act.RELEASE, aims, reason="x")
    assert [one.code for one in became] == ["", "not_allowed"]
    with pytest.raises(NotAllowed):
        act(world, world.staff(Role.ADMIN, site_id), Act.RELEASE, aims[1:], reason="x")


def test_what_no_door_could_be_done_by_is_refused_as_a_whole(world: World) -> None:
    bank_id, staff = world.bank(count=2), world.staff()
    aims = [Aim(door) for door in world.locker_ids(bank_id)]
    before = world.mark()
    with pytest.raises(ReasonNeeded):
        act(world, staff, Act.RELEASE, aims, reason="  ")
    for odd in ([], [aims[0], aims[0]], [Aim(n) for n in range(1, MOST + 2)], [Aim(-1)]):
        with pytest.raises(BadInput):
            act(world, staff, Act.BACK, odd)
    with pytest.raises(BadInput):
        act(world, staff, Act.EXTEND, aims, minutes=0)
    for key in ("", "k" * 190, "with a space"):
        with pytest.raises(BadInput):
            act(world, staff, Act.BACK, aims, key)
    assert world.kinds(before) == []
    assert world.rows(session) == []
