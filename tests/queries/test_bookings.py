"""What somebody sees of the charging spots that are theirs: bookings, offers, places in the line,
what became of them without their doing, and what they may still book."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from locker_app.domain.actors import Actor
from locker_app.domain.bookings import BookingStatus, latest_leave
from locker_app.domain.chargers import ChargingRules
from locker_app.queries.bookings import Stays, stays_of
from locker_app.services.bookings import book, stop
from locker_app.services.charger_desk import end_booking, move_booking, take_out
from locker_app.services.charger_line import join_line, snooze
from tests.world import World

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Lot:
    """A site with two charging spots, and somebody who looks at what is theirs."""

    def __init__(self, world: World, **rules: Any) -> None:
        self.world, world.clock.now = world, MORNING
        self.site = world.site()
        self.ids = world.chargers(self.site, 2, **rules)
        self.me, self.staff = world.person(), world.staff()

    def passes(self, minutes: int) -> None:
        self.world.clock.now += timedelta(minutes=minutes)
        self.world.run_due()

    def take(self, spot: int = 0, minutes: int = 60, who: Actor | None = None, **more: Any) -> int:
        leaves = more.get("starts_at", self.world.clock.now) + timedelta(minutes=minutes)
        spot_id = self.ids[spot]
        return self.world.run(
            who or self.me, book, charger_id=spot_id, leaves_at=leaves, **more
        ).booking_id

    def mine(self, who: Actor | None = None) -> Stays:
        who, now = who or self.me, self.world.clock.now
        holder = f"{who.kind.value}:{who.id}"
        return self.world.db.read(lambda conn: stays_of(conn, holder, now))

    def news(self) -> list[tuple[str, str, str, str]]:
        return [(one.what, one.name, one.was, one.reason) for one in self.mine().news]


@pytest.fixture
def lot(world: World) -> Lot:
    return Lot(world, at_end="end")


def test_a_booking_is_its_holders_alone(lot: Lot) -> None:
    lot.take()
    (mine,) = lot.mine().bookings
    assert (mine.name, mine.status) == ("1", BookingStatus.ACTIVE)
    assert mine.out_at == MORNING + timedelta(minutes=70)
    assert mine.come_by is None
    other = lot.mine(lot.world.person())
    assert (other.bookings, other.waits, other.news, other.allowances) == ([], [], [], [])


def test_visitors_have_theirs(lot: Lot) -> None:
    visitor = lot.world.visitor()
    lot.take(1, who=visitor)
    assert [one.name for one in lot.mine(visitor).bookings] == ["2"]
    assert lot.mine().bookings == []


def test_one_that_asks_for_its_holder(world: World) -> None:
    lot = Lot(world, check_in_minutes=10)
    starts = MORNING + timedelta(minutes=30)
    lot.take(starts_at=starts)
    (mine,) = lot.mine().bookings
    assert (mine.status, mine.come_by) == (BookingStatus.BOOKED, starts + timedelta(minutes=10))
    lot.passes(40)
    assert lot.mine().bookings == []
    assert lot.news() == [("no_show", "1", "", "")]


def test_an_offer_and_the_place_it_is_for(lot: Lot) -> None:
    world = lot.world
    holders = world.people(2)
    first, _ = (lot.take(spot, who=who) for spot, who in enumerate(holders))
    wait_id = world.run(lot.me, join_line, site_id=lot.site)
    (wait,) = lot.mine().waits
    assert (wait.offered, wait.snoozes_left) == (False, 2)
    world.run(holders[0], stop, booking_id=first)
    (offer,), (wait,) = lot.mine().bookings, lot.mine().waits
    assert (offer.status, offer.name, offer.wait_id) == (BookingStatus.OFFERED, "1", wait_id)
    assert wait.offered
    world.run(lot.me, snooze, wait_id=wait_id)
    (wait,) = lot.mine().waits
    assert (wait.offered, wait.snoozes_left) == (False, 1)
    assert wait.snoozed_until == MORNING + timedelta(minutes=15)
    assert lot.mine().bookings == []


def test_an_offer_that_nobody_answered_is_told_once(lot: Lot) -> None:
    world = lot.world
    holders = world.people(2)
    first, _ = (lot.take(spot, who=who) for spot, who in enumerate(holders))
    world.run(lot.me, join_line, site_id=lot.site)
    world.run(holders[0], stop, booking_id=first)
    lot.passes(6)
    assert lot.news() == [("line_lapsed", "", "", "")]


def test_news_of_what_ended_by_itself_until_the_next_booking(lot: Lot) -> None:
    lot.take()
    lot.passes(70)
    assert lot.news() == [("time_up", "1", "", "")]
    lot.passes(1)
    lot.take(1)
    assert lot.news() == []


def test_what_one_does_oneself_is_no_news(lot: Lot) -> None:
    lot.world.run(lot.me, stop, booking_id=lot.take())
    assert lot.news() == []


def test_what_staff_did_is_told_with_the_reason(lot: Lot) -> None:
    world, booking_id = lot.world, lot.take()
    lot.passes(1)
    world.run(
        lot.staff, move_booking, booking_id=booking_id, charger_id=lot.ids[1], reason="cable broken"
    )
    assert lot.news() == [("moved", "2", "1", "cable broken")]
    lot.passes(1)
    world.run(lot.staff, end_booking, booking_id=booking_id, reason="towed away")
    assert lot.news() == [("forced", "2", "", "towed away")]
    lot.passes(12 * 60)
    assert lot.news() == []


def test_a_fault_moves_or_cancels_and_says_why(lot: Lot) -> None:
    lot.take()
    lot.take(1, who=lot.world.person())
    lot.passes(1)
    lot.world.run(lot.staff, take_out, charger_id=lot.ids[0], reason="sparks")
    assert ("fault", "1", "", "sparks") in lot.news()


def test_an_offer_that_staff_took_back_is_told_as_one(lot: Lot) -> None:
    world, holders = lot.world, lot.world.people(2)
    bookings = [lot.take(spot, who=who) for spot, who in enumerate(holders)]
    wait_id = world.run(lot.me, join_line, site_id=lot.site)
    world.run(holders[0], stop, booking_id=bookings[0])
    lot.passes(1)
    world.run(lot.staff, take_out, charger_id=lot.ids[0], reason="the post is broken")
    assert lot.news() == [("offer_fault", "1", "", "the post is broken")]
    world.run(holders[1], stop, booking_id=bookings[1])
    (offer,) = lot.mine().bookings
    world.run(lot.staff, end_booking, booking_id=offer.booking_id, reason="towed away")
    assert ("offer_forced", "2", "", "towed away") in lot.news()
    assert "offer_fault" not in {one[0] for one in lot.news()}, wait_id


def test_what_is_left_of_a_day_goes_by_what_is_booked_and_was_used(world: World) -> None:
    lot = Lot(world, day_minutes=90, week_minutes=200, cooling_off_minutes=30)
    (fresh,) = lot.mine().allowances
    assert (fresh.cooling_until, fresh.days[0][1], fresh.weeks[0][1]) == (None, 90, 200)
    assert fresh.days[0][0] <= MORNING < fresh.days[1][0]
    booking_id = lot.take(minutes=80)
    (now,) = lot.mine().allowances
    assert (now.days[0][1], now.days[1][1], now.weeks[0][1]) == (10, 90, 120)
    lot.passes(20)
    world.run(lot.me, stop, booking_id=booking_id)
    (after,) = lot.mine().allowances
    assert (after.days[0][1], after.weeks[0][1]) == (70, 180)
    assert after.cooling_until == world.clock.now + timedelta(minutes=30)


def test_what_may_still_be_booked_is_what_the_command_allows(world: World) -> None:
    """A stay that ends as late as is said is taken, and one of a minute more refused."""
    lot = Lot(world, day_minutes=90)
    world.run(lot.me, stop, booking_id=lot.take(minutes=30))
    left = lot.mine().allowances[0].days[0][1]
    assert left == 90
    lot.take(minutes=50)
    lot.passes(40)
    (mine,) = lot.mine().bookings
    used = lot.mine().allowances[0].days[0][1]
    latest = latest_leave(mine.starts_at, ChargingRules(day_minutes=90), "UTC")
    assert mine.leaves_at + timedelta(minutes=used) == latest.at
