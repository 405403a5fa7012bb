"""What the board is sent: one change costs the same however many doors there are."""

import json
from typing import Any

import pytest
from sqlalchemy import delete

from locker_app.db.tables import locker
from locker_app.domain.actors import Actor
from locker_app.live.hub import _differing
from locker_app.live.kinds import KINDS
from locker_app.live.projections import board
from locker_app.live.projections.board import BLOCK, FEED_EVENTS
from locker_app.live.projections.wire import Vars
from locker_app.live.topics import Topic
from locker_app.queries.scoped import board_scope
from locker_app.services.doors import note_locker
from locker_app.services.lockers import take_out_of_service
from locker_app.web.pages.board import topics_of
from tests.world import World


def sent(world: World, bank_id: int) -> dict[str, Any]:
    """All vars of both topics of a bank."""

    def project(conn: Any) -> dict[str, Any]:
        now = world.clock.now
        doors, holders = (part(conn, bank_id, now) for part in (board.doors, board.holders))
        assert doors is not None
        assert holders is not None
        return {**doors, **holders}

    return world.db.read(project)


def change(world: World, bank_id: int, who: Actor) -> dict[str, Any]:
    before = sent(world, bank_id)
    world.take(who, bank_id)
    return _differing(before, sent(world, bank_id))


@pytest.mark.parametrize("count", [1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_every_door_is_in_one_block(world: World, count: int) -> None:
    bank_id = world.bank(count=count, accessible=1, name="Hall", prefix="H")
    vars_ = sent(world, bank_id)
    blocks = range(-(-count // BLOCK))
    numbers = [row for k in blocks for row in vars_[f"fixed_{bank_id}_{k}"]]
    assert [number for _, number, _ in numbers] == list(range(1, count + 1))
    assert [low for _, _, low in numbers] == [1] + [0] * (count - 1)
    assert "".join(vars_[f"letters_{bank_id}_{k}"] for k in blocks) == "f" * count
    assert all(vars_[f"rows_{bank_id}_{k}"] == [] for k in blocks)
    assert vars_[f"head_{bank_id}"][:3] == ["Hall", "Hall", "H"]
    assert len(vars_) == 2 + 3 * len(blocks)


def test_a_bank_without_doors_has_an_empty_block(world: World) -> None:
    bank_id = world.bank(count=1)
    world.change(delete(locker).where(locker.c.bank_id == bank_id))
    vars_ = sent(world, bank_id)
    assert (vars_[f"fixed_{bank_id}_0"], vars_[f"letters_{bank_id}_0"]) == ([], "")


def test_who_has_it_why_it_is_out_and_the_note_stand_beside_their_door(world: World) -> None:
    bank_id, staff = world.bank(count=60), world.staff()
    taken = world.take(world.person(), bank_id)
    ids = world.locker_ids(bank_id)
    world.run(staff, take_out_of_service, locker_id=ids[55], reason="hinge")
    world.run(staff, note_locker, locker_id=ids[59], note="key at the desk")
    vars_ = sent(world, bank_id)
    (held,) = vars_[f"rows_{bank_id}_0"]
    assert held[:2] == [taken.locker_id, taken.assignment_id]
    assert held[2].startswith("Person ")
    out, noted = vars_[f"rows_{bank_id}_1"]
    assert (out[0], out[6]) == (ids[55], "hinge")
    assert (noted[0], noted[1], noted[7]) == (ids[59], 0, "key at the desk")


def test_one_change_touches_one_block_however_many_doors(world: World) -> None:
    sizes = {}
    for count in (3 * BLOCK, 10 * BLOCK):
        bank_id = world.bank(count=count)
        changed = change(world, bank_id, world.person())
        assert set(changed) == {f"letters_{bank_id}_0", f"rows_{bank_id}_0"}
        sizes[count] = len(json.dumps(changed))
    small, large = sizes.values()
    assert large < small * 1.2


def test_one_change_costs_the_same_however_many_banks_and_sites(world: World) -> None:
    """All that a board watches, as it would be sent to it."""
    admin, person = world.staff(), world.person()
    sizes = []
    for others in (0, 13):
        site = world.site()
        bank_id = world.bank(site, count=BLOCK, name="Hall")
        for _ in range(others):
            world.bank(site)
            world.site()
        for _ in range(FEED_EVENTS // 2):  # the feed is full
            world.give_back(person, world.take(person, bank_id))
        before = on_board(world, admin, site)
        taken = world.take(person, bank_id)
        after = on_board(world, admin, site)
        assert len([topic for topic in before if topic.kind == "doors"]) == 1 + others
        changed = {topic: _differing(before[topic], after[topic]) for topic in before}
        kinds = {topic.kind for topic, vars_ in changed.items() if vars_}
        assert kinds == {"doors", "holders", "feed"}
        sizes.append(len(json.dumps([vars_ for vars_ in changed.values() if vars_])))
        world.give_back(person, taken)
    assert abs(sizes[1] - sizes[0]) < 40, "ids have more digits, that is all"


def on_board(world: World, admin: Actor, site_id: int) -> dict[Topic, Vars]:
    """What the topics send that a board of this site watches."""

    def project(conn: Any) -> dict[Topic, Vars]:
        now = world.clock.now
        scope = board_scope(conn, admin, now, site_id=site_id, bank_id=0)
        assert scope is not None
        assert scope.site == site_id
        vars_ = {
            topic: KINDS[topic.kind].project(conn, topic.key, now) for topic in topics_of(scope, 0)
        }
        return {topic: sent for topic, sent in vars_.items() if sent is not None}

    return world.db.read(project)
