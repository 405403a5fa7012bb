"""Setting up charging spots: what is said of them, their order, the rules of a site."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from locker_app.db.tables import booking, charger, charger_wait, charging, event
from locker_app.domain.actors import Actor
from locker_app.domain.chargers import AtEnd, ChargerPlan, ChargingRules
from locker_app.domain.errors import BadInput, DomainError, NotFound, RulesChanged, WouldStrand
from locker_app.domain.sites import version_of
from locker_app.queries.codes import where_to
from locker_app.queries.setup import chargers_to_set_up, charging_rules
from locker_app.services.chargers import (
    add_chargers,
    archive_charger,
    change_charger,
    change_charging,
    move_charger,
    restore_charger,
)
from locker_app.services.sites import archive_site, restore_site
from tests.services.test_setup_races import at_once
from tests.world import World


@pytest.fixture
def admin(world: World) -> Actor:
    return world.staff()


def names(world: World, site_id: int) -> list[str]:
    rows = world.db.read(lambda conn: chargers_to_set_up(conn, site_id))
    return [row.name for row in rows if not row.archived]


def book(world: World, charger_id: int, **more: Any) -> None:
    """Somebody has this spot for an hour."""
    who, now = world.person(), world.clock.now
    first = {
        "site_id": world.row(charger, charger_id).site_id,
        "charger_id": charger_id,
        "holder": f"person:{who.id}",
        "slot": 1,
        "person_id": who.id,
        "shown_as": "",
        "status": "active",
        "made_at": now,
        "starts_at": now,
        "here_at": now,
        "leaves_at": now + timedelta(hours=1),
    }
    world.change(insert(booking).values({**first, **more}))


def rules_row(world: World, site_id: int) -> Any:
    (row,) = world.rows(charging, site_id=site_id)
    return row


class TestSpots:
    def test_many_at_once(self, world: World, admin: Actor) -> None:
        here = world.site()
        plans = [ChargerPlan(name, " North  side ", "11 kW") for name in "123"]
        ids = world.run(admin, add_chargers, site_id=here, plans=plans)
        more = world.run(admin, add_chargers, site_id=here, plans=[ChargerPlan("0")])
        assert names(world, here) == ["1", "2", "3", "0"]
        row = world.row(charger, ids[0])
        assert (row.place, row.details, row.position) == ("North side", "11 kW", 1)
        assert len({world.row(charger, one).code for one in ids + more}) == 4
        to = world.db.read(lambda conn: where_to(conn, row.code))
        assert to == f"/c/{row.code}"
        assert world.kinds().count("ChargerCreated") == 4
        assert world.db.read(lambda conn: charging_rules(conn, here)) == ChargingRules()

    @pytest.mark.parametrize(
        ("plans", "field"),
        [
            ([], "plans"),
            ([ChargerPlan("a"), ChargerPlan("A")], "name"),
            ([ChargerPlan("3"), ChargerPlan("1")], "name"),
            ([ChargerPlan(" ")], "name"),
            ([ChargerPlan("9" * 21)], "name"),
            ([ChargerPlan("9", "x" * 101)], "place"),
            ([ChargerPlan("9", details="x" * 61)], "details"),
            ([ChargerPlan("9", "\0")], "place"),
            ([ChargerPlan(f"n{n}") for n in range(500)], "names"),
        ],
    )
    def test_what_can_not_be(
        self, world: World, admin: Actor, plans: list[ChargerPlan], field: str
    ) -> None:
        here = world.site()
        world.chargers(here, 1)
        with pytest.raises(BadInput) as refused:
            world.run(admin, add_chargers, site_id=here, plans=plans)
        assert refused.value.field == field
        assert names(world, here) == ["1"]

    def test_at_no_site_and_at_an_archived_one(self, world: World, admin: Actor) -> None:
        here = world.site()
        world.run(admin, archive_site, site_id=here)
        for site_id in (here, 99):
            with pytest.raises(NotFound):
                world.run(admin, add_chargers, site_id=site_id, plans=[ChargerPlan("1")])

    def test_what_is_said_of_one_changes(self, world: World, admin: Actor) -> None:
        first, second = world.chargers(count=2)
        seen = version_of(ChargerPlan, world.row(charger, first))
        plan = ChargerPlan("North 1", "At the gate", "22 kW")
        assert world.run(admin, change_charger, charger_id=first, plan=plan, version=seen)
        assert not world.run(admin, change_charger, charger_id=first, plan=plan)
        with pytest.raises(RulesChanged):
            world.run(admin, change_charger, charger_id=first, plan=ChargerPlan("1"), version=seen)
        with pytest.raises(BadInput) as refused:
            world.run(admin, change_charger, charger_id=second, plan=ChargerPlan("NORTH 1"))
        assert refused.value.field == "name"
        (logged,) = world.rows(event, kind="ChargerChanged")
        assert (logged.charger_id, logged.details["changed"]) == (first, "name, place, details")
        for charger_id in (99, 2**31 - 1):
            with pytest.raises(NotFound):
                world.run(admin, change_charger, charger_id=charger_id, plan=plan)

    def test_their_order(self, world: World, admin: Actor) -> None:
        here = world.site()
        first, _, third = world.chargers(here)
        assert world.run(admin, move_charger, charger_id=third, up=True)
        assert names(world, here) == ["1", "3", "2"]
        assert not world.run(admin, move_charger, charger_id=first, up=True)
        assert world.run(admin, move_charger, charger_id=first, up=False)
        world.run(admin, archive_charger, charger_id=first)
        assert not world.run(admin, move_charger, charger_id=third, up=True)
        assert names(world, here) == ["3", "2"]
        with pytest.raises(NotFound):
            world.run(admin, move_charger, charger_id=first, up=True)

    def test_archived_and_back(self, world: World, admin: Actor) -> None:
        here = world.site()
        first, _ = world.chargers(here, 2)
        code = world.row(charger, first).code
        assert world.run(admin, archive_charger, charger_id=first)
        assert not world.run(admin, archive_charger, charger_id=first)
        assert world.db.read(lambda conn: where_to(conn, code)) is None
        world.run(admin, add_chargers, site_id=here, plans=[ChargerPlan("1")])
        with pytest.raises(BadInput):
            world.run(admin, restore_charger, charger_id=first)
        world.run(admin, change_charger, charger_id=3, plan=ChargerPlan("3"))
        assert world.run(admin, restore_charger, charger_id=first)
        assert not world.run(admin, restore_charger, charger_id=first)
        assert names(world, here) == ["1", "2", "3"]
        assert world.db.read(lambda conn: where_to(conn, code)) == f"/c/{code}"

    def test_nobody_is_stranded(self, world: World, admin: Actor) -> None:
        here = world.site()
        first, second = world.chargers(here, 2)
        book(world, first)
        with pytest.raises(WouldStrand):
            world.run(admin, archive_charger, charger_id=first)
        with pytest.raises(WouldStrand):
            world.run(admin, archive_site, site_id=here)
        assert names(world, here) == ["1", "2"]
        assert world.run(admin, archive_charger, charger_id=second)
        ended = {"status": "ended", "ended_at": world.clock.now, "end_cause": "stopped"}
        world.change(booking.update().values(ended))
        world.change(
            insert(charger_wait).values(
                site_id=here, holder="person:1", joined_at=world.clock.now, snoozes=0
            )
        )
        with pytest.raises(WouldStrand, match="1 person waits"):
            world.run(admin, archive_site, site_id=here)

    def test_they_come_back_with_their_site(self, world: World, admin: Actor) -> None:
        here = world.site()
        first, _ = world.chargers(here, 2)
        world.run(admin, archive_charger, charger_id=first)
        world.clock.advance(minutes=1)
        world.run(admin, archive_site, site_id=here)
        assert names(world, here) == []
        world.clock.advance(minutes=1)
        world.run(admin, restore_site, site_id=here)
        assert names(world, here) == ["2"]


class TestRules:
    def test_they_change(self, world: World, admin: Actor) -> None:
        here = world.site()
        world.chargers(here, 1)
        seen = version_of(ChargingRules, rules_row(world, here))
        rules = ChargingRules(at_end=AtEnd.END, day_minutes=240, reminder_minutes=0)
        assert world.run(admin, change_charging, site_id=here, rules=rules, version=seen)
        assert not world.run(admin, change_charging, site_id=here, rules=rules)
        assert world.db.read(lambda conn: charging_rules(conn, here)) == rules
        with pytest.raises(RulesChanged):
            world.run(admin, change_charging, site_id=here, rules=ChargingRules(), version=seen)
        (logged,) = world.rows(event, kind="ChargingRulesChanged")
        assert logged.details["changed"] == "at_end, reminder_minutes, day_minutes"

    def test_before_there_is_a_spot(self, world: World, admin: Actor) -> None:
        here = world.site()
        rules = ChargingRules(book_later=False)
        shown = version_of(ChargingRules, world.db.read(lambda conn: charging_rules(conn, here)))
        assert world.run(admin, change_charging, site_id=here, rules=rules, version=shown)
        world.chargers(here, 1)
        assert world.db.read(lambda conn: charging_rules(conn, here)) == rules

    @pytest.mark.parametrize(
        "wrong",
        [
            {"max_stay_minutes": 14},
            {"max_stay_minutes": 7 * 24 * 60 + 1},
            {"bookings_per_holder": 0},
            {"check_in_minutes": 0},
            {"day_minutes": 24 * 60 + 1},
            {"overstay_minutes": 0},
            {"snoozes": -1},
        ],
    )
    def test_a_rule_that_can_not_be(
        self, world: World, admin: Actor, wrong: dict[str, int]
    ) -> None:
        here = world.site()
        with pytest.raises(BadInput) as refused:
            world.run(admin, change_charging, site_id=here, rules=replace(ChargingRules(), **wrong))
        assert refused.value.field in wrong
        assert world.rows(charging) == []


class TestTwoAtOnce:
    def test_two_admins_change_the_rules_they_saw(self, world: World) -> None:
        here = world.site()
        world.chargers(here, 1)
        seen = version_of(ChargingRules, rules_row(world, here))

        def change(snoozes: int) -> bool:
            rules = ChargingRules(snoozes=snoozes)
            who = admins[snoozes % 2]
            return world.run(who, change_charging, site_id=here, rules=rules, version=seen)

        admins = [world.staff(), world.staff()]
        got = at_once(lambda: change(4), lambda: change(5))
        assert sorted(got, key=str) == [True, "rules_changed"]

    def test_two_admins_use_a_name(self, world: World) -> None:
        here, admin = world.site(), world.staff()
        first, second = world.chargers(here, 2)

        def add() -> list[int]:
            return world.run(admin, add_chargers, site_id=here, plans=[ChargerPlan("Gate")])

        def rename(charger_id: int) -> bool:
            return world.run(admin, change_charger, charger_id=charger_id, plan=ChargerPlan("GATE"))

        got = at_once(add, lambda: rename(first), lambda: rename(second))
        assert got.count("bad_input") == 2
        assert len(names(world, here)) == len({name.casefold() for name in names(world, here)})

    def test_two_admins_move_spots(self, world: World) -> None:
        here, admin = world.site(), world.staff()
        ids = world.chargers(here, 4)
        got = at_once(
            *(
                lambda one=one: world.run(admin, move_charger, charger_id=one, up=True)
                for one in ids[1:]
            )
        )
        assert not any(isinstance(one, DomainError) for one in got)
        positions = [row.position for row in world.rows(charger)]
        assert sorted(positions) == [1, 2, 3, 4]
