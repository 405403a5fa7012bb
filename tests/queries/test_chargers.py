"""What everybody sees of charging spots: where each stands, also when the clock is late; nothing of
holders but what they chose to show."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import charger
from locker_app.domain.actors import Actor
from locker_app.domain.chargers import ChargerStatus
from locker_app.domain.forecast import Basis
from locker_app.queries.chargers import (
    ChargingSite,
    Spot,
    charger_of_code,
    charging_site,
    counts,
    line_of,
    spots,
)
from locker_app.services.bookings import book, stop
from locker_app.services.charger_line import join_line
from tests.world import World


class Lot:
    """A site with charging spots."""

    def __init__(self, world: World, count: int = 3, **rules: Any) -> None:
        self.world = world
        self.site = world.site()
        self.ids = world.chargers(self.site, count, **rules)

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def passes(self, minutes: int) -> None:
        """Time goes on, and the clock does nothing yet."""
        self.world.clock.now += timedelta(minutes=minutes)

    def take(self, spot: int, minutes: int, who: Actor | None = None, **more: Any) -> int:
        """Somebody has a spot for so long; the booking."""
        leaves = more.get("starts_at", self.now) + timedelta(minutes=minutes)
        who = who or self.world.person()
        made = self.world.run(who, book, charger_id=self.ids[spot], leaves_at=leaves, **more)
        return made.booking_id

    @property
    def place(self) -> ChargingSite:
        found = self.world.db.read(lambda conn: charging_site(conn, self.site))
        assert found is not None
        return found

    def spots(self) -> list[Spot]:
        return self.world.db.read(lambda conn: spots(conn, self.place, self.now))

    def stands(self, spot: int = 0) -> ChargerStatus:
        return self.spots()[spot].status


@pytest.fixture
def lot(world: World) -> Lot:
    return Lot(world)


def test_a_spot_in_the_course_of_a_stay_that_the_clock_forgot(lot: Lot) -> None:
    assert lot.stands() is ChargerStatus.FREE
    lot.take(0, 60)
    assert lot.stands() is ChargerStatus.TAKEN
    lot.passes(60)
    assert lot.stands() is ChargerStatus.LEAVING
    lot.passes(10)
    assert lot.stands() is ChargerStatus.OVERSTAYED
    lot.passes(12 * 60)
    assert lot.stands() is ChargerStatus.FREE


def test_where_bookings_end_a_spot_is_free_after_the_grace(world: World) -> None:
    lot = Lot(world, at_end="end")
    lot.take(0, 60)
    (spot, *_), leaves = lot.spots(), lot.now + timedelta(minutes=60)
    assert spot.until == leaves
    lot.passes(69)
    assert lot.stands() is ChargerStatus.LEAVING
    lot.passes(1)
    assert lot.stands() is ChargerStatus.FREE


def test_a_stay_that_nothing_is_known_of_is_forecast_by_what_was_said(lot: Lot) -> None:
    lot.take(0, 60)
    said = lot.spots()[0].forecast
    assert said is not None
    assert (said.likely, said.low, said.basis) == (lot.now + timedelta(hours=1), None, Basis.STATED)
    lot.passes(65)
    later = lot.spots()[0].forecast
    assert later is not None
    assert later.likely == lot.now  # not five minutes ago


def test_what_is_broken_reported_or_booked_later(lot: Lot) -> None:
    for spot, values in ((0, {"out_of_service_at": lot.now}), (1, {"reported_at": lot.now})):
        lot.world.change(update(charger).where(charger.c.id == lot.ids[spot]).values(values))
    starts = lot.now + timedelta(hours=1)
    lot.take(2, 30, starts_at=starts)
    states = [spot.status for spot in lot.spots()]
    assert states == [ChargerStatus.OUT, ChargerStatus.REPORTED, ChargerStatus.FREE]
    assert lot.spots()[2].later == ((starts, starts + timedelta(minutes=30)),)
    lot.passes(60)
    states = [spot.status for spot in lot.spots()]
    assert states == [ChargerStatus.OUT, ChargerStatus.FREE, ChargerStatus.TAKEN]
    assert lot.spots()[2].later == ()


def test_the_next_in_line_has_it_held(world: World) -> None:
    lot = Lot(world, 1)
    holder, first, second = world.people(3)
    booking = lot.take(0, 60, holder)
    waits = [world.run(who, join_line, site_id=lot.site) for who in (first, second)]
    line = world.db.read(lambda conn: line_of(conn, lot.place, lot.now))
    assert (line.order, line.asking) == (waits, waits)
    world.run(holder, stop, booking_id=booking)
    assert lot.stands() is ChargerStatus.OFFERED
    assert lot.spots()[0].forecast is None
    line = world.db.read(lambda conn: line_of(conn, lot.place, lot.now))
    assert (line.order, line.asking) == (waits, waits[1:])
    lot.passes(5)
    assert lot.stands() is ChargerStatus.FREE  # the clock has not passed it on yet
    world.run_due()
    assert lot.stands() is ChargerStatus.OFFERED


def test_those_who_are_signed_in_come_first_where_that_is_the_rule(world: World) -> None:
    lot = Lot(world, 1, priority="signed_in")
    lot.take(0, 60)
    visitor, person = (
        world.run(who, join_line, site_id=lot.site) for who in (world.visitor(), world.person())
    )
    assert world.db.read(lambda conn: line_of(conn, lot.place, lot.now)).order == [person, visitor]


def test_counts_say_when_the_next_comes_free_while_none_is(lot: Lot) -> None:
    def counted() -> Any:
        return lot.world.db.read(lambda conn: counts(conn, lot.place, lot.now))

    lot.take(0, 90)
    assert (counted().total, counted().free, counted().next_at) == (3, 2, None)
    lot.take(1, 60)
    lot.take(2, 120)
    assert (counted().free, counted().next_at) == (0, lot.now + timedelta(hours=1))


def test_only_what_a_holder_shows_is_seen(lot: Lot) -> None:
    lot.take(0, 60, shown_as="B-AB 12")
    lot.take(1, 60)
    assert [spot.shown_as for spot in lot.spots()] == ["B-AB 12", "", ""]
    lot.passes(24 * 60)
    lot.world.run_due()
    assert "B-AB 12" not in str(lot.spots())


def test_codes_lead_to_spots_however_they_are_written(lot: Lot) -> None:
    code = lot.spots()[0].code
    for written in (code, code.lower(), f" {code[:3]} {code[3:]}"):
        found = lot.world.db.read(lambda conn, c=written: charger_of_code(conn, c))
        assert found == (lot.ids[0], lot.site)
    for written in ("", "ZZZZZZ", code + "2", "../../x"):
        assert lot.world.db.read(lambda conn, c=written: charger_of_code(conn, c)) is None
    assert lot.world.db.read(lambda conn: charging_site(conn, lot.site + 99)) is None


def test_the_clock_and_what_is_seen_agree(lot: Lot) -> None:
    """Whatever time has passed, doing what is due changes nothing that is seen."""
    lot.take(0, 30)
    lot.take(1, 45, starts_at=lot.now + timedelta(minutes=20))
    for minutes in (15, 10, 10, 5, 10, 60, 700):
        lot.passes(minutes)
        seen = [spot.status for spot in lot.spots()]
        lot.world.run_due()
        assert [spot.status for spot in lot.spots()] == seen, minutes
