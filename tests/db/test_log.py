"""The event log: what a fact becomes, and that nothing in it is ever changed."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from locker_app.db.log import LOGGED_COLUMNS, Logged, Trace, logged
from locker_app.db.tables import event
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import SYSTEM, Actor, ActorKind
from locker_app.domain.facts import Fact, LockerReleased, LockerReserved, PersonSignedIn
from locker_app.domain.lockers import ReleaseCause
from tests.world import World

STAFF = Actor(ActorKind.STAFF, 4)


def record(world: World, *facts: Fact, trace: Trace | None = None) -> list[Logged]:
    def attempt(tx: Tx) -> list[Logged]:
        for fact in facts:
            tx.record(fact, STAFF, world.clock.now)
        return tx.events

    return world.db.run(Work(attempt, trace or Trace("web", "key")))


def released(world: World, **other: object) -> LockerReleased:
    subject = {"site_id": 1, "bank_id": 2, "locker_id": 3, "person_id": 5, "assignment_id": 6}
    return LockerReleased(**{**subject, "cause": ReleaseCause.FORCED, "reason": "r", **other})  # pyright: ignore[reportArgumentType]


def test_a_fact_becomes_a_row(world: World) -> None:
    record(world, released(world))
    (row,) = world.rows(event)
    assert (row.at, row.kind, row.origin, row.request_id) == (
        world.clock.now,
        "LockerReleased",
        "web",
        "key",
    )
    assert (row.actor_kind, row.actor_id) == ("staff", 4)
    assert (row.site_id, row.bank_id, row.locker_id, row.person_id) == (1, 2, 3, 5)
    assert (row.staff_id, row.reason) == (None, "r")
    assert row.details == {"assignment_id": 6, "cause": "forced"}


def test_times_in_details_can_be_read_back(world: World) -> None:
    until = world.clock.now + timedelta(minutes=10, microseconds=5)
    subject = {"site_id": 1, "bank_id": 2, "locker_id": 3, "person_id": 5, "assignment_id": 6}
    record(world, LockerReserved(wait_id=7, held_until=until, **subject))
    (row,) = world.rows(event)
    assert until.fromisoformat(row.details["held_until"]) == until


def test_the_hub_hears_what_the_log_keeps(world: World) -> None:
    told: list[Logged] = []
    world.db.listen(told.extend)
    signed_in = PersonSignedIn(site_id=None, person_id=5, session_id=9)
    assert record(world, released(world), signed_in) == told
    kept = world.db.read(
        lambda conn: [logged(row) for row in conn.execute(select(*LOGGED_COLUMNS))]
    )
    assert kept == told
    assert told[0] == Logged(1, "LockerReleased", 1, 2, 3, person_id=5)
    assert told[1] == Logged(2, "PersonSignedIn", None, person_id=5, session_id=9)


def test_ids_grow_in_the_order_of_writing(world: World) -> None:
    ids = [one.id for one in record(world, *[released(world) for _ in range(5)])]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET reason = 'better'",
        "UPDATE event SET id = 99",
        "DELETE FROM event",
        "DELETE FROM event WHERE id = 1",
        "TRUNCATE event",
        "INSERT OR REPLACE INTO event SELECT * FROM event",
        "REPLACE INTO event SELECT * FROM event",
        "INSERT INTO event SELECT * FROM event WHERE true"
        " ON CONFLICT (id) DO UPDATE SET reason = 'better'",
    ],
)
def test_nothing_in_it_is_changed(world: World, change: str) -> None:
    """Not even what is no good SQL on this database."""
    record(world, released(world))
    before = world.rows(event)
    with pytest.raises(DBAPIError):
        world.change(text(change))
    assert world.rows(event) == before


def of_somebody(world: World) -> None:
    """One event of each kind of actor, about somebody, with a reason and with sessions."""

    def attempt(tx: Tx) -> None:
        for actor in (STAFF, Actor(ActorKind.PERSON, 5), Actor(ActorKind.VISITOR, 9)):
            tx.record(released(world), actor, world.clock.now)
            tx.record(
                PersonSignedIn(site_id=None, person_id=5, session_id=9), actor, world.clock.now
            )

    world.db.run(Work(attempt, Trace("web", "key")))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET person_id = NULL",
        "UPDATE event SET reason = NULL",
        "UPDATE event SET person_id = NULL, reason = NULL WHERE id = 1",
        "UPDATE event SET actor_id = NULL WHERE actor_kind IN ('person', 'visitor')",
    ],
)
def test_who_it_was_may_be_forgotten(world: World, change: str) -> None:
    of_somebody(world)
    before = world.rows(event)
    world.change(text(change))
    assert world.rows(event) != before


_OTHERS = [column.name for column in event.c if column.name not in ("person_id", "reason")]


@pytest.mark.parametrize("column", _OTHERS)
def test_and_nothing_else(world: World, column: str) -> None:
    """Not even set to nothing, where it is something; and not beside what may be forgotten."""
    of_somebody(world)
    before = world.rows(event)
    other = {"id": "99", "at": "'2020-01-01 00:00:00'", "details": "'{}'"}.get(column, "7")
    if column in ("kind", "actor_kind", "origin", "request_id"):
        other = "'x'"
    for change in (f"{column} = {other}", f"person_id = NULL, {column} = {other}"):
        with pytest.raises(DBAPIError):
            world.change(text(f"UPDATE event SET {change} WHERE id = 1"))
    for row in before:
        if getattr(row, column) is not None and not (
            column == "actor_id" and row.actor_kind != "staff"
        ):
            with pytest.raises(DBAPIError):
                world.change(text(f"UPDATE event SET {column} = NULL WHERE id = {row.id}"))
    assert world.rows(event) == before


@pytest.mark.parametrize("change", ["person_id = 6", "reason = 'better'", "actor_id = 6"])
def test_nobody_becomes_somebody_else(world: World, change: str) -> None:
    of_somebody(world)
    before = world.rows(event)
    with pytest.raises(DBAPIError):
        world.change(text(f"UPDATE event SET {change} WHERE id = 3"))
    world.change(text("UPDATE event SET person_id = NULL, reason = NULL"))
    with pytest.raises(DBAPIError):
        world.change(text(f"UPDATE event SET {change} WHERE id = 3"))
    assert [row.kind for row in world.rows(event)] == [row.kind for row in before]


def test_the_system_acts_without_an_id(world: World) -> None:
    def attempt(tx: Tx) -> None:
        tx.record(released(world), SYSTEM, world.clock.now)

    world.db.run(Work(attempt, Trace("timer")))
    (row,) = world.rows(event)
    assert (row.actor_kind, row.actor_id, row.request_id) == ("system", None, None)
