"""What the database itself refuses, whatever the program does."""

from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from locker_app.db.tables import assignment, locker, session, staff_role, ticket, wait
from locker_app.domain.actors import Role
from tests.world import World


@pytest.fixture
def claim(world: World) -> dict[str, Any]:
    """The row of an open claim that is there, as somebody else could insert it again."""
    taken = world.take(world.person(), world.bank())
    row = world.row(assignment, taken.assignment_id)._asdict()
    del row["id"]
    return row


@pytest.fixture
def place(world: World) -> dict[str, Any]:
    """The row of an open place in a waiting list."""
    bank_id = world.bank(count=1)
    world.fill(bank_id)
    row = world.row(wait, world.join(world.person(), bank_id))._asdict()
    del row["id"]
    return row


@pytest.fixture
def line(world: World) -> list[dict[str, Any]]:
    """The rows of a ticket that is served and of one that waits, of visitors."""
    queue_id = world.queue()
    world.tickets(queue_id, 2)
    rows = [row._asdict() for row in world.rows(ticket)]
    for row in rows:
        del row["id"]
    return rows


def refused(world: World, statement: Any) -> None:
    with pytest.raises(IntegrityError):
        world.change(statement)


def test_one_open_claim_for_each_locker(world: World, claim: dict[str, Any]) -> None:
    another = {**claim, "person_id": world.person().id}
    refused(world, insert(assignment).values(another))
    hold = {**another, "assigned_at": None, "held_until": world.clock.now}
    refused(world, insert(assignment).values(hold))
    world.change(insert(assignment).values({**another, "released_at": world.clock.now}))
    world.change(update(assignment).values(released_at=world.clock.now))
    world.change(insert(assignment).values(another))


def test_one_open_claim_for_each_slot_of_a_person(world: World, claim: dict[str, Any]) -> None:
    second = {**claim, "locker_id": claim["locker_id"] + 1}
    refused(world, insert(assignment).values(second))
    world.change(insert(assignment).values({**second, "slot": 2}))
    third = {**claim, "locker_id": claim["locker_id"] + 2}
    world.change(insert(assignment).values({**third, "site_id": world.site()}))


def test_a_claim_is_held_or_given(world: World, claim: dict[str, Any]) -> None:
    neither = {**claim, "locker_id": claim["locker_id"] + 1, "slot": 2, "assigned_at": None}
    refused(world, insert(assignment).values(neither))
    refused(
        world, insert(assignment).values({**neither, "assigned_at": world.clock.now, "slot": 0})
    )


def test_one_open_place_for_each_person_and_site(world: World, place: dict[str, Any]) -> None:
    other_bank = world.bank(place["site_id"])
    refused(world, insert(wait).values(place))
    refused(world, insert(wait).values({**place, "bank_id": other_bank}))
    world.change(insert(wait).values({**place, "ended_at": world.clock.now}))
    world.change(insert(wait).values({**place, "site_id": world.site()}))


def test_one_place_for_each_hold(world: World, place: dict[str, Any]) -> None:
    (held,) = world.open_claims()
    offered = {**place, "assignment_id": held.id}
    world.change(insert(wait).values({**offered, "person_id": world.person().id}))
    refused(world, insert(wait).values({**offered, "person_id": world.person().id}))


@pytest.mark.parametrize("column", ["site_id", "bank_id", "locker_id", "person_id"])
def test_claims_are_of_what_there_is(world: World, claim: dict[str, Any], column: str) -> None:
    stranger = {**claim, "released_at": world.clock.now, column: 999}
    refused(world, insert(assignment).values(stranger))


def test_what_has_claims_is_not_deleted(world: World, claim: dict[str, Any]) -> None:
    refused(world, locker.delete().where(locker.c.id == claim["locker_id"]))


def test_a_number_is_one_door(world: World) -> None:
    bank_id = world.bank(count=2)
    refused(world, insert(locker).values(bank_id=bank_id, number=1))
    world.change(insert(locker).values(bank_id=world.bank(count=1), number=2))


def test_a_session_is_of_one(world: World) -> None:
    now, who, member = world.clock.now, world.person(), world.staff(Role.VIEWER)
    row = {"key": "k", "created_at": now, "expires_at": now}
    both = {**row, "person_id": who.id, "staff_id": member.id}
    refused(world, insert(session).values(both))
    world.change(insert(session).values({**row, "person_id": who.id}))
    world.change(insert(session).values({**row, "key": "of a visitor"}))
    refused(world, insert(session).values({**row, "staff_id": member.id}))
    refused(world, insert(staff_role).values(staff_id=999, role="admin"))


def test_a_number_is_given_once_in_a_round(world: World, line: list[dict[str, Any]]) -> None:
    again = {**line[0], "holder": "visitor:0", "group_number": "X", "number": 2}
    refused(world, insert(ticket).values(again))
    refused(world, insert(ticket).values({**again, "status": "done", "ended_at": world.clock.now}))
    world.change(insert(ticket).values({**again, "round": 2}))


@pytest.mark.parametrize("same", ["holder", "group_number"])
def test_one_open_ticket_for_each_slot(world: World, line: list[dict[str, Any]], same: str) -> None:
    other = {"holder": "visitor:0", "group_number": "X", "number": 3, "place": 3}
    del other[same]
    second = {**line[1], **other}
    slot = {"holder": "slot", "group_number": "group_slot"}[same]
    refused(world, insert(ticket).values(second))
    world.change(insert(ticket).values({**second, slot: 1}))
    ended = {**second, "number": 4, "status": "withdrawn", "ended_at": world.clock.now}
    world.change(insert(ticket).values(ended))


@pytest.mark.parametrize(
    ("status", "ended"),
    [("waiting", True), ("serving", True), ("done", False), ("no_show", False), ("cleared", False)],
)
def test_an_open_ticket_has_no_end(
    world: World, line: list[dict[str, Any]], status: str, ended: bool
) -> None:
    at = world.clock.now if ended else None
    refused(world, update(ticket).values(status=status, ended_at=at))


def test_one_ticket_at_each_desk(world: World, line: list[dict[str, Any]]) -> None:
    one, two = world.staff(), world.staff()
    world.change(update(ticket).values(staff_id=one.id))
    refused(world, update(ticket).values(status="serving"))
    world.change(
        update(ticket).where(ticket.c.number == 2).values(status="serving", staff_id=two.id)
    )
    world.change(update(ticket).where(ticket.c.number == 2).values(staff_id=None))
    world.change(update(ticket).values(staff_id=None))
