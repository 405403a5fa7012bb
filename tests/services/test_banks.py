"""Setting up banks: nobody loses what they have, and what is changed is changed for all."""

from typing import Any

import pytest

from locker_app.db.tables import bank, event, locker
from locker_app.domain.actors import NOBODY, Actor, Role
from locker_app.domain.banks import BankRules, DoorPlan, doors_version
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RulesChanged,
    WouldStrand,
)
from locker_app.domain.sites import version_of
from locker_app.queries.setup import bank_to_set_up
from locker_app.services import banks
from locker_app.services.banks import (
    archive_bank,
    change_bank,
    change_doors,
    renumber_bank,
    restore_bank,
    set_up_bank,
)
from locker_app.services.lockers import force_release
from tests import invariants
from tests.world import World


@pytest.fixture
def admin(world: World) -> Actor:
    return world.staff()


def numbers(world: World, bank_id: int) -> list[int]:
    return world.view(bank_id).numbers


def doors(world: World, admin: Actor, bank_id: int, text: str, **more: str) -> banks.DoorsChanged:
    return world.run(admin, change_doors, bank_id=bank_id, doors=DoorPlan(text, **more))


def version(world: World, bank_id: int) -> str:
    view = world.db.read(lambda conn: bank_to_set_up(conn, bank_id))
    assert view is not None
    return doors_version(view.doors)


class TestSetUp:
    def test_a_bank_with_its_doors(self, world: World, admin: Actor) -> None:
        site_id = world.site()
        plan = DoorPlan("1-3, 7", accessible="1-2", small="7")
        rules = BankRules(" Hall ", "Left", "a", limit_minutes=60)
        bank_id = world.run(admin, set_up_bank, site_id=site_id, rules=rules, doors=plan)
        row = world.row(bank, bank_id)
        assert (row.name, row.place, row.prefix, row.limit_minutes) == ("Hall", "Left", "A", 60)
        assert numbers(world, bank_id) == [1, 2, 3, 7]
        assert world.view(bank_id).accessible == [1, 2]
        assert [row.size for row in world.rows(locker, bank_id=bank_id)] == ["", "", "", "S"]
        assert world.take(world.person(), bank_id).label == "A1"
        invariants.check(world)

    def test_two_names_differ_at_a_site(self, world: World, admin: Actor) -> None:
        site_id = world.site()
        world.bank(site_id, name="Hall")
        with pytest.raises(BadInput) as refused:
            world.run(
                admin, set_up_bank, site_id=site_id, rules=BankRules("HALL"), doors=DoorPlan("1")
            )
        assert refused.value.field == "name"

    def test_at_a_site_that_is_not(self, world: World, admin: Actor) -> None:
        with pytest.raises(NotFound):
            world.run(admin, set_up_bank, site_id=99, rules=BankRules("X"), doors=DoorPlan("1"))


class TestRules:
    def test_what_people_have_they_keep(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(limit_minutes=60)
        taken = world.take(world.person(), bank_id)
        rules = BankRules("New name", "There", "A", limit_minutes=5)
        assert world.run(admin, change_bank, bank_id=bank_id, rules=rules)
        assert world.doors(bank_id) == "hff"
        (claim,) = world.open_claims()
        assert claim.due_at == taken.due_at, "a new limit is for those who come from now on"
        (logged,) = world.rows(event, kind="BankRulesChanged")
        assert logged.details["changed"] == "name, place, limit_minutes"
        assert not world.run(admin, change_bank, bank_id=bank_id, rules=rules)

    def test_changed_by_others_meanwhile(self, world: World, admin: Actor) -> None:
        bank_id = world.bank()
        seen = version_of(BankRules, world.row(bank, bank_id))
        one, two = (BankRules(name, prefix="A") for name in ("One", "Two"))
        world.run(admin, change_bank, bank_id=bank_id, rules=one, version=seen)
        with pytest.raises(RulesChanged):
            world.run(admin, change_bank, bank_id=bank_id, rules=two, version=seen)

    def test_what_stands_on_a_door_that_somebody_has_stays(
        self, world: World, admin: Actor
    ) -> None:
        bank_id = world.bank(name="Hall", count=2)
        person = world.person()
        taken = world.take(person, bank_id)
        rules = BankRules("Hall", prefix="B")
        with pytest.raises(WouldStrand, match="A1"):
            world.run(admin, change_bank, bank_id=bank_id, rules=rules)
        world.give_back(person, taken)
        assert world.run(admin, change_bank, bank_id=bank_id, rules=rules)


class TestDoors:
    def test_added_removed_and_changed(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=4)
        before = world.locker_ids(bank_id)
        taken = world.take(world.person(), bank_id)
        done = doors(world, admin, bank_id, "1-2, 10-11", accessible="2, 11", large="1")
        assert done == banks.DoorsChanged(added=2, removed=2, altered=2)
        assert numbers(world, bank_id) == [1, 2, 10, 11]
        assert world.view(bank_id).accessible == [2, 11]
        assert world.locker_ids(bank_id)[:2] == before[:2], "who has a door keeps that door"
        assert world.doors(bank_id) == "hfff"
        assert taken.locker_id == before[0]
        (logged,) = world.rows(event, kind="BankDoorsChanged")
        assert logged.details == {"added": "10-11", "removed": "3-4", "altered": "1-2"}
        again = doors(world, admin, bank_id, "1-2, 10-11", accessible="2, 11", large="1")
        assert again == banks.DoorsChanged(0, 0, 0)
        doors(world, admin, bank_id, "1-11")
        assert numbers(world, bank_id) == list(range(1, 12)), "a number can come back"
        invariants.check(world)

    def test_who_takes_doors_away_need_not_name_them_elsewhere(
        self, world: World, admin: Actor
    ) -> None:
        bank_id = world.bank(count=4, accessible=3)
        done = doors(world, admin, bank_id, "1-2, 5", accessible="1-3, 5", small="4")
        assert done.version == version(world, bank_id)
        assert world.view(bank_id).accessible == [1, 2, 5]
        with pytest.raises(BadInput, match="no door 3"):
            doors(world, admin, bank_id, "1-2, 5", accessible="1-3")

    def test_removed_doors_are_given_to_nobody(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=3)
        gone = world.locker_ids(bank_id)[1]
        doors(world, admin, bank_id, "1, 3")
        assert [world.take(person, bank_id).label for person in world.people(2)] == ["A1", "A3"]
        with pytest.raises(DomainError):
            world.take(world.person(), bank_id)
        with pytest.raises(NotFound):
            world.run(admin, force_release, locker_id=gone, reason="x")
        invariants.check(world)

    def test_not_while_somebody_has_one(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=3)
        world.fill(bank_id)
        with pytest.raises(WouldStrand, match=r"2 doors are held.*A2, A3"):
            doors(world, admin, bank_id, "1")
        assert numbers(world, bank_id) == [1, 2, 3]
        assert world.refusals()[-1] == ("change_doors", "would_strand")

    def test_not_while_one_is_on_hold(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=1)
        ((first, taken),) = world.fill(bank_id)
        world.join(world.person(), bank_id)
        world.give_back(first, taken)
        assert world.doors(bank_id) == "r"
        with pytest.raises(WouldStrand, match="A1"):
            doors(world, admin, bank_id, "2")
        world.clock.advance(minutes=11)
        doors(world, admin, bank_id, "2")  # a hold whose time is over holds nothing up
        invariants.check(world)

    def test_not_the_last_that_somebody_who_waits_could_use(
        self, world: World, admin: Actor
    ) -> None:
        bank_id = world.bank(count=2, accessible=1)
        world.fill(bank_id)
        world.join(world.person(), bank_id, accessible=True)
        with pytest.raises(WouldStrand, match="1 person waits"):
            doors(world, admin, bank_id, "1-2")

    def test_new_doors_go_to_those_who_wait(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=1)
        world.fill(bank_id)
        world.join(world.person(), bank_id)
        doors(world, admin, bank_id, "1-3")
        assert world.doors(bank_id) == "hrf"
        invariants.check(world)

    def test_a_door_that_becomes_accessible_goes_to_who_waits_for_one(
        self, world: World, admin: Actor
    ) -> None:
        bank_id = world.bank(count=2, accessible=1)
        world.take(world.person(), bank_id)
        world.join(world.person(), bank_id, accessible=True)
        assert world.doors(bank_id) == "hf"
        doors(world, admin, bank_id, "1-2", accessible="1-2")
        assert world.doors(bank_id) == "hr"

    def test_changed_by_others_meanwhile(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=2)
        seen = version(world, bank_id)
        doors(world, admin, bank_id, "1-3")
        with pytest.raises(RulesChanged):
            world.run(admin, change_doors, bank_id=bank_id, doors=DoorPlan("1"), version=seen)
        with pytest.raises(RulesChanged):
            world.run(admin, renumber_bank, bank_id=bank_id, first=5, version=seen)


class TestNumbers:
    def test_anew_from_any_number_on(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=3)
        before = world.locker_ids(bank_id)
        assert world.run(admin, renumber_bank, bank_id=bank_id, first=2)
        assert numbers(world, bank_id) == [2, 3, 4]
        assert world.locker_ids(bank_id) == before
        assert not world.run(admin, renumber_bank, bank_id=bank_id, first=2)
        invariants.check(world)

    def test_not_while_somebody_has_one(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=3)
        world.take(world.person(), bank_id)
        with pytest.raises(WouldStrand, match="A1"):
            world.run(admin, renumber_bank, bank_id=bank_id, first=101)
        assert numbers(world, bank_id) == [1, 2, 3]


class TestArchive:
    def test_and_back(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=3)
        doors(world, admin, bank_id, "1-2")
        world.clock.advance(minutes=1)
        assert world.run(admin, archive_bank, bank_id=bank_id)
        assert not world.run(admin, archive_bank, bank_id=bank_id)
        refused: list[tuple[Any, dict[str, Any]]] = [
            (change_bank, {"rules": BankRules("X")}),
            (change_doors, {"doors": DoorPlan("1")}),
            (renumber_bank, {"first": 5}),
        ]
        for fn, more in refused:
            with pytest.raises(NotFound):
                world.run(admin, fn, bank_id=bank_id, **more)
        for fn in (world.take, world.join):
            with pytest.raises(NotFound):
                fn(world.person(), bank_id)
        invariants.check(world)
        world.clock.advance(days=1)
        assert world.run(admin, restore_bank, bank_id=bank_id)
        assert not world.run(admin, restore_bank, bank_id=bank_id)
        assert numbers(world, bank_id) == [1, 2], "the door that was removed before stays removed"
        world.take(world.person(), bank_id)
        invariants.check(world)

    def test_not_while_somebody_has_one(self, world: World, admin: Actor) -> None:
        bank_id = world.bank(count=1)
        ((person, taken),) = world.fill(bank_id)
        with pytest.raises(WouldStrand, match="A1"):
            world.run(admin, archive_bank, bank_id=bank_id)
        world.join(world.person(), bank_id)
        world.give_back(person, taken)
        with pytest.raises(WouldStrand, match="A1"):
            world.run(admin, archive_bank, bank_id=bank_id)

    def test_another_may_have_taken_its_name(self, world: World, admin: Actor) -> None:
        site_id = world.site()
        bank_id = world.bank(site_id, name="Hall")
        world.run(admin, archive_bank, bank_id=bank_id)
        world.bank(site_id, name="Hall")
        with pytest.raises(BadInput):
            world.run(admin, restore_bank, bank_id=bank_id)


COMMANDS: list[tuple[Any, dict[str, Any]]] = [
    (change_bank, {"rules": BankRules("X")}),
    (change_doors, {"doors": DoorPlan("1")}),
    (renumber_bank, {"first": 7}),
    (archive_bank, {}),
    (restore_bank, {}),
]


def test_only_admins_of_the_site_may(world: World) -> None:
    site_id, elsewhere = world.site(), world.site()
    bank_id = world.bank(site_id)
    strangers = [
        world.staff(Role.VIEWER),
        world.staff(Role.PROFESSOR),
        world.staff(Role.ADMIN, elsewhere),
        world.person(),
    ]
    own = world.staff(Role.ADMIN, site_id)
    for fn, more in COMMANDS:
        for actor in strangers:
            with pytest.raises(NotAllowed):
                world.run(actor, fn, bank_id=bank_id, **more)
        with pytest.raises(NotSignedIn):
            world.run(NOBODY, fn, bank_id=bank_id, **more)
        world.run(own, fn, bank_id=bank_id, **more)
