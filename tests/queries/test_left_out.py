"""Doors that were removed, and banks and sites that are archived: left out wherever something is
given, counted or listed, though their rows are there."""

import asyncio
from typing import Any

import pytest

from locker_app.db.tables import bank, locker, queue, site
from locker_app.domain.actors import Actor
from locker_app.domain.banks import DoorPlan
from locker_app.domain.errors import NotFound
from locker_app.domain.queues import QueueMode, QueueRules
from locker_app.live.hub import _differing
from locker_app.live.projections import board, lockers
from locker_app.queries import scoped
from locker_app.queries.codes import where_to
from locker_app.queries.lockers import bank_holders, door_view, locker_ids
from locker_app.queries.queues import queue_of_code, site_of_queue
from locker_app.queries.sites import bank_counts, site_of_bank, site_of_locker, sites
from locker_app.services.banks import archive_bank, change_doors
from locker_app.services.doors import extend_time, note_locker, open_door
from locker_app.services.lockers import force_release, put_back_in_service, take_out_of_service
from locker_app.services.many import Act, Aim, act_on
from locker_app.services.queues import create_queue, set_mode
from locker_app.services.sites import archive_site, restore_site
from tests import invariants
from tests.world import World


@pytest.fixture
def admin(world: World) -> Actor:
    return world.staff()


def test_a_removed_door_is_nowhere(world: World, admin: Actor) -> None:
    site_id = world.site()
    bank_id = world.bank(site_id, count=3)
    there = world.locker_ids(bank_id)
    gone = there[1]
    world.run(admin, note_locker, locker_id=gone, note="hinge")
    world.run(admin, take_out_of_service, locker_id=gone, reason="stuck")
    world.run(admin, change_doors, bank_id=bank_id, doors=DoorPlan("1, 3"))
    assert world.row(locker, gone).retired_at is not None

    def look(conn: Any) -> tuple[Any, ...]:
        now = world.clock.now
        (counts,) = bank_counts(conn, site_id, now)
        return (
            locker_ids(conn, bank_id),
            bank_holders(conn, bank_id, now),
            (counts.total, counts.free, counts.out_of_service),
            door_view(conn, gone, now),
            site_of_locker(conn, gone),
        )

    assert world.db.read(look) == ([there[0], there[2]], [], (2, 2, 0), None, None)
    told = world.db.read(lambda conn: board.door(conn, gone, world.clock.now))
    assert told == {"locker_id": gone, "gone": True}, "who has its panel open is told"
    assert world.doors(bank_id) == "ff"
    commands: list[tuple[Any, dict[str, Any]]] = [
        (force_release, {"reason": "x"}),
        (take_out_of_service, {"reason": "x"}),
        (put_back_in_service, {}),
        (note_locker, {"note": "x"}),
        (extend_time, {"minutes": 5}),
        (open_door, {"reason": "x"}),
    ]
    for fn, more in commands:
        with pytest.raises(NotFound):
            world.run(admin, fn, locker_id=gone, **more)
    aims = [Aim(there[0]), Aim(gone), Aim(there[2])]
    became = asyncio.run(act_on(world.db, world.call(admin), Act.OUT, aims, reason="x"))
    assert [(one.label, one.code) for one in became] == [("A1", ""), ("", "not_found"), ("A3", "")]
    invariants.check(world)


def test_an_archived_bank_is_nowhere(world: World, admin: Actor) -> None:
    site_id = world.site()
    bank_id, other = world.bank(site_id), world.bank(site_id)
    code = world.row(bank, bank_id).code
    assert world.db.read(lambda conn: where_to(conn, code)) == f"/lockers/{bank_id}"
    world.run(admin, archive_bank, bank_id=bank_id)

    def look(conn: Any) -> tuple[Any, ...]:
        now = world.clock.now
        scope = scoped.board_scope(conn, admin, now, site_id=site_id, bank_id=0)
        return (
            [counts.id for counts in bank_counts(conn, site_id, now)],
            scope and scope.banks,
            scoped.board_scope(conn, admin, now, site_id=site_id, bank_id=bank_id),
            site_of_bank(conn, bank_id),
            board.doors(conn, bank_id, now),
            board.holders(conn, bank_id, now),
            lockers.bank(conn, bank_id, now),
            where_to(conn, code),
        )

    told = {"bank_id": bank_id, "archived": True}
    assert world.db.read(look) == ([other], [other], None, None, None, None, told, None)
    with pytest.raises(NotFound):
        world.db.read(lambda conn: scoped.bank_with_holders(conn, admin, world.clock.now, bank_id))
    invariants.check(world)


def test_an_archived_site_is_nowhere_and_its_queues_are_closed(world: World, admin: Actor) -> None:
    site_id, student = world.site(), world.person()
    world.bank(site_id)
    queue_id = world.queue(site_id)
    always = world.queue(site_id, hours=[[day, "00:00", "23:59"] for day in range(7)])
    code = world.row(queue, queue_id).code
    world.run(admin, archive_site, site_id=site_id)

    def look(conn: Any) -> tuple[Any, ...]:
        return (
            [row.id for row in sites(conn)],
            queue_of_code(conn, code),
            site_of_queue(conn, queue_id),
            where_to(conn, code),
        )

    assert world.db.read(look) == ([], None, None, None)
    for fn in (scoped.banks_of_site, scoped.queues_at_site):
        with pytest.raises(NotFound):
            world.db.read(lambda conn, fn=fn: fn(conn, admin, world.clock.now, site_id))
    with pytest.raises(NotFound):
        world.ticket(student, queue_id)
    with pytest.raises(NotFound):
        world.run(admin, set_mode, queue_id=queue_id, mode=QueueMode.OPEN)
    with pytest.raises(NotFound):
        world.run(admin, create_queue, site_id=site_id, plan=QueueRules(name="Another"))
    world.clock.advance(days=1)
    assert world.run_due() == 0, "no clock opens them"
    assert world.run(admin, restore_site, site_id=site_id)
    modes = {row.id: row.mode for row in world.rows(queue)}
    assert modes == {queue_id: "closed", always: "open"}, "without hours, staff open it"
    assert world.ticket(student, always).number == 1
    assert world.row(site, site_id).archived_at is None
    invariants.check(world)


@pytest.mark.parametrize("change", [("1-120", "1-30"), ("1-30", "1-120"), ("1-120", "61-130")])
def test_a_board_that_is_open_follows_every_change_of_the_doors(
    world: World, admin: Actor, change: tuple[str, str]
) -> None:
    """What it was sent before and what differs now, put together, are the doors that there are."""
    bank_id = world.bank(count=1)
    shown: dict[str, Any] = {}
    for numbers in change:
        world.run(admin, change_doors, bank_id=bank_id, doors=DoorPlan(numbers))
        now = world.db.read(lambda conn: board.doors(conn, bank_id, world.clock.now))
        assert now is not None
        shown |= _differing(shown, now)
    count = shown[f"head_{bank_id}"][4]
    blocks = range(-(-count // board.BLOCK))
    doors = [row for k in blocks for row in shown[f"fixed_{bank_id}_{k}"]]
    assert [number for _, number, _ in doors] == world.view(bank_id).numbers
    assert [door for door, _, _ in doors] == world.locker_ids(bank_id)
    assert "".join(shown[f"letters_{bank_id}_{k}"] for k in blocks) == "f" * count
