"""Visits: what staff and time do, the rules of a site, and how they are forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from locker_app.db.tables import event, site, terminal, terminal_alert, visit
from locker_app.domain.actors import SYSTEM
from locker_app.domain.errors import (
    BadInput,
    NotFound,
    NotInside,
    ReasonNeeded,
    RulesChanged,
    TerminalRevoked,
    VisitNeeded,
)
from locker_app.domain.sites import version_of
from locker_app.domain.visits import VisitRules
from locker_app.queries.visits import inside, people_inside, visit_rules, visits_of
from locker_app.services import lockers, retention, sites, visits, waiting
from locker_app.services.expiry import next_deadline
from tests.services.test_taps import House
from tests.world import World


@pytest.fixture
def house(world: World) -> House:
    return House(world)


def count(house: House) -> int:
    now = house.world.clock.now
    return house.world.db.read(lambda conn: inside(conn, house.site, now))


def test_who_is_inside(world: World, house: House) -> None:
    house.tap(house.gate)
    now = world.clock.advance(minutes=1)
    (who,) = world.db.read(lambda conn: people_inside(conn, house.site, now))
    gate = world.row(terminal, house.gate_id)
    assert (who.person_id, who.gate) == (house.ada_id, gate.name)
    assert count(house) == 1
    house.tap(house.gate)
    assert count(house) == 0
    (last,) = world.db.read(lambda conn: visits_of(conn, house.ada_id))
    assert last.left_at == world.clock.now


def test_staff_end_a_visit_and_release_nothing(world: World, house: House) -> None:
    staff = world.staff()
    house.tap(house.gate)
    house.tap(house.terminal)
    (row,) = world.rows(visit)
    with pytest.raises(ReasonNeeded):
        world.run(staff, visits.end_visit, visit_id=row.id, reason=" ")
    assert world.run(staff, visits.end_visit, visit_id=row.id, reason="went home")
    with pytest.raises(NotInside):
        world.run(staff, visits.end_visit, visit_id=row.id, reason="again")
    with pytest.raises(NotFound):
        world.run(staff, visits.end_visit, visit_id=99, reason="x")
    assert len(world.open_claims()) == 1
    (ended,) = world.rows(event, kind="VisitEnded")
    assert (ended.reason, ended.details["cause"]) == ("went home", "ended_by_staff")


def test_releasing_a_locker_ends_no_visit(world: World, house: House) -> None:
    house.tap(house.gate)
    house.tap(house.terminal)
    door = world.locker_ids(house.bank)[0]
    world.run(world.staff(), lockers.force_release, locker_id=door, reason="x")
    assert count(house) == 1


def test_time_ends_a_visit(world: World, house: House) -> None:
    staff = world.staff()
    rules = VisitRules(max_minutes=60)
    house.tap(house.gate)
    assert world.run(staff, visits.change_visit_rules, site_id=house.site, rules=rules)
    began = world.clock.now
    assert world.db.read(next_deadline) == began + timedelta(minutes=60)
    world.clock.advance(minutes=90)
    assert count(house) == 0  # also when the timer is late
    assert world.run_due() == 1
    (row,) = world.rows(visit)
    assert (row.left_at, row.end_cause) == (began + timedelta(minutes=60), "time_up")
    assert world.run_due() == 0


def test_rules(world: World, house: House) -> None:
    staff = world.staff()
    seen = world.db.read(lambda conn: visit_rules(conn, house.site))
    assert seen == VisitRules()
    version = version_of(VisitRules, seen)
    changed = replace(seen, visit_needed=True)
    about = {"site_id": house.site, "version": version}
    assert world.run(staff, visits.change_visit_rules, rules=changed, **about)
    with pytest.raises(RulesChanged):
        world.run(staff, visits.change_visit_rules, rules=seen, **about)
    assert not world.run(staff, visits.change_visit_rules, site_id=house.site, rules=changed)
    with pytest.raises(BadInput):
        world.run(
            staff, visits.change_visit_rules, site_id=house.site, rules=VisitRules(max_minutes=1)
        )
    with pytest.raises(NotFound):
        world.run(staff, visits.change_visit_rules, site_id=99, rules=seen)
    assert len(world.rows(event, kind="VisitRulesChanged")) == 1


def test_the_phone_asks_for_a_visit_too(world: World) -> None:
    house = House(world, visit_needed=True)
    with pytest.raises(VisitNeeded):
        world.take(house.ada, house.bank)
    house.tap(house.gate)
    taken = world.take(house.ada, house.bank)
    bela = world.person()
    world.change(site.update().values(lockers_per_person=5))
    for _ in range(2):
        world.take(house.ada, house.bank)
    world.join(bela, house.bank)
    world.give_back(house.ada, taken)
    held = next(row for row in world.open_claims() if row.person_id == bela.id)
    with pytest.raises(VisitNeeded):
        world.run(bela, waiting.take_held, assignment_id=held.id)
    house.readers.link(bela, "bela")
    house.tap(house.gate, "bela")
    world.run(bela, waiting.take_held, assignment_id=held.id)


def test_nobody_is_inside_an_archived_site(world: World, house: House) -> None:
    house.tap(house.gate)
    world.run(world.staff(), sites.archive_site, site_id=house.site)
    assert [row.end_cause for row in world.rows(visit)] == ["ended_by_staff"]
    with pytest.raises(TerminalRevoked):
        house.tap(house.gate)


def test_names_leave_visits_and_alerts(world: World, house: House) -> None:
    world.change(site.update().values(names_kept_days=30))
    house.tap(house.gate)
    world.clock.advance(seconds=2)
    house.tap(house.terminal)  # too fast: an alert
    world.clock.advance(minutes=1)
    house.tap(house.gate)
    world.change(terminal_alert.update().values(cleared_at=world.clock.now))
    world.clock.advance(days=31)
    house.tap(house.gate)
    while world.run(SYSTEM, retention.forget_names, site_id=house.site):
        pass
    old, new = world.rows(visit)
    assert (old.person_id, new.person_id) == (None, house.ada_id)
    (alert,) = world.rows(terminal_alert)
    assert (alert.person_id, alert.subject) == (None, "")
    (said,) = world.rows(event, kind="NamesForgotten")
    assert said.details["visits"] == 2
    assert world.db.read(lambda conn: visits_of(conn, house.ada_id))[0].left_at is None
