"""Pages of history: complete, without repeats, of the right sites."""

from typing import Any

import pytest
from sqlalchemy import insert

from locker_app.db.tables import event, person
from locker_app.domain.actors import SYSTEM, Actor, Role
from locker_app.domain.errors import DomainError
from locker_app.queries.events import (
    MAX_PAGE,
    SOMEBODY,
    EventView,
    events_page,
    last_event_id,
    logged_after,
)
from locker_app.services.lockers import force_release, take_out_of_service
from tests.world import World


def page(world: World, sites: frozenset[int] | None = None, **which: Any) -> list[EventView]:
    return world.db.read(lambda conn: events_page(conn, sites, **which))


def all_pages(
    world: World, size: int, sites: frozenset[int] | None = None, **which: Any
) -> list[int]:
    """The ids of all pages, one after the other."""
    ids: list[int] = []
    before: int | None = None
    while rows := page(world, sites, before=before, limit=size, **which):
        assert len(rows) <= size
        ids += [row.id for row in rows]
        before = ids[-1]
    return ids


@pytest.fixture
def busy(world: World) -> tuple[int, int]:
    """Two sites with some history; their ids."""
    sites = world.site(), world.site()
    for site_id in sites:
        bank_id = world.bank(site_id, count=3)
        for who, taken in world.fill(bank_id):
            world.give_back(who, taken)
        for who, _ in world.fill(bank_id):
            with pytest.raises(DomainError):
                world.take(who, bank_id)
    return sites


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_pages_are_complete_and_without_repeats(
    world: World, busy: tuple[int, int], size: int
) -> None:
    everything = [row.id for row in world.rows(event)]
    assert all_pages(world, size) == everything[::-1]


def test_pages_stay_in_place_while_events_are_added(world: World, busy: tuple[int, int]) -> None:
    everything = [row.id for row in world.rows(event)]
    first = page(world, limit=5)
    bank_id = world.bank()
    world.take(world.person(), bank_id)
    second = page(world, limit=5, before=first[-1].id)
    assert [row.id for row in first + second] == everything[::-1][:10]


def test_only_these_sites_and_none_is_everything(world: World, busy: tuple[int, int]) -> None:
    one, other = busy
    rows = world.rows(event)
    for sites in ({one}, {other}, {one, other}):
        expected = [row.id for row in rows if row.site_id in sites][::-1]
        assert all_pages(world, 4, frozenset(sites)) == expected
    assert all_pages(world, 4, frozenset()) == []
    assert len(all_pages(world, 4, None)) == len(rows)
    assert any(row.site_id is None for row in rows), "signing in happens at no site"


def test_only_refusals(world: World, busy: tuple[int, int]) -> None:
    refused = [row.id for row in world.rows(event, kind="Refused")]
    assert all_pages(world, 2, refused_only=True) == refused[::-1]
    assert len(refused) == 6
    assert all(row.refused for row in page(world, refused_only=True))
    one, _ = busy
    assert len(all_pages(world, 2, frozenset({one}), refused_only=True)) == 3


def test_only_one_locker(world: World, busy: tuple[int, int]) -> None:
    expected = [row.id for row in world.rows(event, locker_id=2)]
    assert len(expected) == 3
    assert all_pages(world, 2, locker_id=2) == expected[::-1]


def test_a_page_has_a_limit(world: World) -> None:
    one = {"at": world.clock.now, "kind": "X", "actor_kind": "system", "origin": "", "details": {}}
    world.change(insert(event).values([one] * (MAX_PAGE + 1)))
    assert len(page(world, limit=10**9)) == MAX_PAGE


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_not_everything(
    world: World, busy: tuple[int, int], limit: int
) -> None:
    assert page(world, limit=limit) == []


def test_an_event_in_words(world: World) -> None:
    site_id = world.site()
    bank_id = world.bank(site_id, name="Hall", prefix="H")
    who, admin = world.person(), world.staff(Role.ADMIN, site_id)
    taken = world.take(who, bank_id)
    world.clock.advance(minutes=5)
    world.run(admin, force_release, locker_id=taken.locker_id, reason="left open")
    newest, *_ = page(world)
    assert (newest.kind, newest.actor, newest.origin) == ("LockerReleased", "Staff", "test")
    assert (newest.bank_name, newest.locker_label, newest.reason) == ("Hall", "H1", "left open")
    assert newest.person_number is not None
    assert newest.person_name == f"Person {newest.person_number}"
    assert newest.at == world.clock.now
    assert newest.details == {"assignment_id": taken.assignment_id, "cause": "forced"}
    assert newest.time_zone == "Europe/Berlin"


def test_who_acted_is_found_by_kind_and_id(world: World) -> None:
    """A person and a staff member with the same id are not mixed up."""
    bank_id = world.bank()
    person, member = world.person(), world.staff()
    assert person.id == member.id
    taken = world.take(person, bank_id)
    assert page(world)[0].actor.startswith("Person")
    world.run(member, take_out_of_service, locker_id=taken.locker_id, reason="x")
    assert page(world)[0].actor == "Staff"
    with pytest.raises(DomainError):
        world.take(SYSTEM, bank_id)
    assert page(world)[0].actor == "system"


def test_what_was_logged_after(world: World, busy: tuple[int, int]) -> None:
    ids = [row.id for row in world.rows(event)]
    last = world.db.read(last_event_id)
    assert last == ids[-1]
    seen: list[int] = []
    after = 0
    while some := world.db.read(lambda conn: logged_after(conn, after, 5)):  # noqa: B023
        seen += [one.id for one in some]
        after = seen[-1]
    assert seen == ids
    assert world.db.read(lambda conn: logged_after(conn, last, 5)) == []


def test_an_empty_log(world: World) -> None:
    assert world.db.read(last_event_id) == 0
    assert page(world) == []


def test_persons_who_are_gone_leave_no_hole(world: World) -> None:
    """The log has no foreign keys: what names nobody any more is still shown."""
    who: Actor = world.person()
    world.change(person.delete().where(person.c.id == who.id))
    (newest, *_) = page(world)
    assert (newest.kind, newest.person_name) == ("PersonAdded", SOMEBODY)
