"""Setting up sites, and their hours: outside of them no locker is given, nobody loses a turn."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select

from locker_app.db.tables import bank, event, session, site
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, Role
from locker_app.domain.errors import (
    BadInput,
    NoneFree,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RulesChanged,
    SiteClosed,
    WouldStrand,
)
from locker_app.domain.sites import SiteRules, version_of
from locker_app.live.kinds import KINDS
from locker_app.queries.scoped import bank_with_holders
from locker_app.services.banks import archive_bank
from locker_app.services.expiry import next_deadline
from locker_app.services.people import settle_staff_sign_in
from locker_app.services.sessions import staff_actor
from locker_app.services.sites import archive_site, change_site, restore_site, set_up_site
from locker_app.services.waiting import leave_waiting, take_held
from tests import invariants
from tests.world import World

OFFICE = [[day, "09:00", "17:00"] for day in range(5)]
"""The clock of the tests begins on a Monday at nine in Berlin."""
RULES = SiteRules("Library", "Europe/Berlin", hours=OFFICE)


@pytest.fixture
def admin(world: World) -> Actor:
    return world.staff()


@pytest.fixture
def site_id(world: World, admin: Actor) -> int:
    """A site with office hours."""
    return world.run(admin, set_up_site, rules=RULES)


def at(world: World, day: int, hour: int, minute: int = 0) -> None:
    """Let it be this hour of that day of March in Berlin."""
    world.clock.now = datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


class TestRules:
    def test_a_site_is_set_up(self, world: World, admin: Actor, site_id: int) -> None:
        row = world.row(site, site_id)
        assert (row.name, row.time_zone, row.hours) == ("Library", "Europe/Berlin", OFFICE)
        assert row.changes_at == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
        assert world.db.read(next_deadline) == row.changes_at
        with pytest.raises(BadInput):
            world.run(admin, set_up_site, rules=SiteRules("LIBRARY", "UTC"))

    def test_what_people_have_they_keep(self, world: World, admin: Actor) -> None:
        here = world.site(lockers_per_person=2)
        bank_id, person = world.bank(here), world.person()
        world.take(person, bank_id)
        world.take(person, bank_id)
        rules = SiteRules("Other", "Asia/Tokyo", hold_minutes=5)
        assert world.run(admin, change_site, site_id=here, rules=rules)
        assert not world.run(admin, change_site, site_id=here, rules=rules)
        assert world.doors(bank_id) == "hhf"
        (logged,) = world.rows(event, kind="SiteRulesChanged")
        assert logged.details["changed"] == "name, time_zone, lockers_per_person, hold_minutes"
        invariants.check(world)

    def test_changed_by_others_meanwhile(self, world: World, admin: Actor, site_id: int) -> None:
        seen = version_of(SiteRules, world.row(site, site_id))
        one, two = (SiteRules(name, "UTC") for name in ("One", "Two"))
        world.run(admin, change_site, site_id=site_id, rules=one, version=seen)
        with pytest.raises(RulesChanged):
            world.run(admin, change_site, site_id=site_id, rules=two, version=seen)

    def test_viewers_who_may_see_names_no_more_are_signed_out(
        self, world: World, admin: Actor, site_id: int
    ) -> None:
        shown = SiteRules("Library", "Europe/Berlin", viewers_see_names=True)
        world.run(admin, change_site, site_id=site_id, rules=shown)
        people = world.staff(Role.VIEWER, site_id), world.staff(Role.VIEWER), world.staff()
        for n, who in enumerate(people):
            assert who.id is not None
            world.run(
                NOBODY, settle_staff_sign_in, staff_id=who.id, matched=True, session_key=f"k{n}"
            )
        world.run(admin, change_site, site_id=site_id, rules=RULES)
        ended = [row.ended_at is not None for row in world.rows(session)]
        assert ended == [True, True, False]

    def test_viewers_see_names_where_the_site_says_so_and_nowhere_else(
        self, world: World, admin: Actor, site_id: int
    ) -> None:
        there = world.site()
        banks = [world.bank(site_id), world.bank(there)]
        for bank_id in banks:
            world.take(world.person(), bank_id)
        shown = SiteRules("Library", "Europe/Berlin", viewers_see_names=True)
        world.run(admin, change_site, site_id=site_id, rules=shown)
        viewer = world.staff(Role.VIEWER)
        assert viewer.id is not None

        def sees(conn: Connection) -> list[tuple[bool, bool]]:
            actor = staff_actor(conn, viewer.id or 0)
            looks = (bank_with_holders(conn, actor, world.clock.now, one) for one in banks)
            watch = (KINDS["holders"].may_watch(conn, actor, one) for one in banks)
            return [(bool(rows), may) for (_, rows), may in zip(looks, watch, strict=True)]

        assert world.db.read(sees) == [(True, True), (False, False)]


class TestHours:
    def test_no_locker_is_given_outside_of_them(self, world: World, site_id: int) -> None:
        bank_id, person = world.bank(site_id), world.person()
        taken = world.take(person, bank_id)
        at(world, 2, 17)
        other = world.person()
        for fn in (world.take, world.join):
            with pytest.raises(SiteClosed, match="It opens tomorrow at 09:00"):
                fn(other, bank_id)
        world.give_back(person, taken)
        at(world, 3, 9)
        world.take(other, bank_id)
        world.run_due()
        invariants.check(world)

    def test_the_time_of_a_hold_stands_still_while_closed(self, world: World, site_id: int) -> None:
        bank_id = world.bank(site_id, count=1)
        ((first, taken),) = world.fill(bank_id)
        waiting = world.person()
        world.join(waiting, bank_id)
        at(world, 2, 16, 55)
        world.give_back(first, taken)
        (hold,) = world.open_claims()
        assert hold.held_until == datetime(2026, 3, 3, 8, 5, tzinfo=UTC)
        at(world, 2, 20)
        world.run_due()
        with pytest.raises(SiteClosed):
            world.run(waiting, take_held, assignment_id=hold.id)
        at(world, 3, 9, 4)
        assert world.run(waiting, take_held, assignment_id=hold.id).label == "A1"
        invariants.check(world)

    @pytest.mark.parametrize("timer", [True, False])
    def test_those_who_wait_come_first_when_it_opens(
        self, world: World, site_id: int, timer: bool
    ) -> None:
        """Also when somebody is quicker than the timer."""
        bank_id = world.bank(site_id, count=1)
        ((first, taken),) = world.fill(bank_id)
        world.join(world.person(), bank_id)
        at(world, 2, 18)
        world.run_due()
        world.give_back(first, taken)
        assert world.doors(bank_id) == "f"
        invariants.check(world)
        at(world, 3, 9)
        if timer:
            world.run_due()
            invariants.check(world)
        with pytest.raises(NoneFree):
            world.take(world.person(), bank_id)
        world.run_due()
        assert world.doors(bank_id) == "r"
        assert "SiteOpened" in world.kinds()
        invariants.check(world)

    def test_a_hold_can_be_let_go_while_closed(self, world: World, site_id: int) -> None:
        bank_id = world.bank(site_id, count=1)
        ((first, taken),) = world.fill(bank_id)
        one, two = world.people(2)
        place = world.join(one, bank_id)
        world.join(two, bank_id)
        at(world, 2, 16, 59)
        world.give_back(first, taken)
        at(world, 2, 18)
        assert world.run(one, leave_waiting, wait_id=place)
        assert world.doors(bank_id) == "f"
        at(world, 3, 9)
        world.run_due()
        assert world.doors(bank_id) == "r"
        invariants.check(world)

    def test_the_timer_says_so_and_plans_the_next(self, world: World, site_id: int) -> None:
        at(world, 2, 17)
        assert world.run_due() == 1
        assert world.run_due() == 0
        assert world.kinds()[-1] == "SiteShut"
        assert world.row(site, site_id).changes_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)

    def test_new_hours_cost_nobody_a_hold(self, world: World, admin: Actor) -> None:
        here = world.site()
        bank_id = world.bank(here, count=1)
        ((first, taken),) = world.fill(bank_id)
        world.join(world.person(), bank_id)
        world.give_back(first, taken)
        tomorrow = SiteRules("Library", "Europe/Berlin", hours=[[1, "09:00", "10:00"]])
        world.run(admin, change_site, site_id=here, rules=tomorrow)
        (hold,) = world.open_claims()
        assert hold.held_until == datetime(2026, 3, 3, 8, 10, tzinfo=UTC)
        assert world.kinds()[-1] == "HoldProlonged"
        invariants.check(world)

    def test_hours_that_open_at_once_serve_who_waits(self, world: World, admin: Actor) -> None:
        here = world.site()
        bank_id = world.bank(here, count=1)
        ((first, taken),) = world.fill(bank_id)
        world.join(world.person(), bank_id)
        saturdays = SiteRules("Library", "Europe/Berlin", hours=[[5, "09:00", "10:00"]])
        world.run(admin, change_site, site_id=here, rules=saturdays)
        world.give_back(first, taken)
        assert world.doors(bank_id) == "f"
        world.run(admin, change_site, site_id=here, rules=SiteRules("Library", "Europe/Berlin"))
        assert world.doors(bank_id) == "r"
        assert world.row(site, here).changes_at is None
        invariants.check(world)


class TestArchive:
    def test_and_back_with_its_banks(self, world: World, admin: Actor, site_id: int) -> None:
        before, with_it = world.bank(site_id), world.bank(site_id)
        world.run(admin, archive_bank, bank_id=before)
        world.clock.advance(minutes=1)
        assert world.run(admin, archive_site, site_id=site_id)
        assert not world.run(admin, archive_site, site_id=site_id)
        with pytest.raises(NotFound):
            world.run(admin, change_site, site_id=site_id, rules=RULES)
        with pytest.raises(NotFound):
            world.take(world.person(), with_it)
        assert world.db.read(next_deadline) is None
        assert world.run(admin, restore_site, site_id=site_id)
        in_use = select(bank.c.id).where(bank.c.archived_at.is_(None))
        assert world.db.read(lambda conn: list(conn.scalars(in_use))) == [with_it]
        assert world.row(site, site_id).changes_at is not None
        invariants.check(world)

    def test_not_while_somebody_has_something(
        self, world: World, admin: Actor, site_id: int
    ) -> None:
        queue_id, bank_id = world.queue(site_id), world.bank(site_id)
        person = world.person()
        taken = world.take(person, bank_id)
        with pytest.raises(WouldStrand, match="A1"):
            world.run(admin, archive_site, site_id=site_id)
        world.give_back(person, taken)
        world.tickets(queue_id, 2)
        with pytest.raises(WouldStrand, match="2 people are in line"):
            world.run(admin, archive_site, site_id=site_id)
        assert world.row(site, site_id).archived_at is None


def test_a_site_is_for_admins_of_it(world: World, admin: Actor, site_id: int) -> None:
    elsewhere = world.run(admin, set_up_site, rules=SiteRules("Elsewhere", "UTC"))
    commands: list[tuple[Any, dict[str, Any]]] = [
        (change_site, {"rules": RULES}),
        (archive_site, {}),
        (restore_site, {}),
    ]
    strangers = [
        world.staff(Role.VIEWER),
        world.staff(Role.PROFESSOR),
        world.staff(Role.ADMIN, elsewhere),
    ]
    own = world.staff(Role.ADMIN, site_id)
    for fn, more in commands:
        for actor in strangers:
            with pytest.raises(NotAllowed):
                world.run(actor, fn, site_id=site_id, **more)
        with pytest.raises(NotSignedIn):
            world.run(NOBODY, fn, site_id=site_id, **more)
        world.run(own, fn, site_id=site_id, **more)
    for actor in (own, world.person(), SYSTEM):
        with pytest.raises(NotAllowed):
            world.run(actor, set_up_site, rules=SiteRules("Another", "UTC"))
