"""What staff do about charging spots: out of service and back, end, move, see to reports, the
line."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from locker_app.db.tables import booking, charger, charger_wait, event
from locker_app.domain.actors import Actor
from locker_app.domain.chargers import AtEnd, ChargingRules
from locker_app.domain.errors import (
    BadInput,
    BookingOver,
    ChargerMoved,
    DomainError,
    NotFound,
    NotInLine,
    NotReported,
    ReasonNeeded,
    SpotOut,
    SpotTaken,
)
from locker_app.services.bookings import book, move
from locker_app.services.charger_desk import (
    Moved,
    clear_report,
    end_booking,
    move_booking,
    put_back,
    remove_waiting,
    take_out,
)
from locker_app.services.charger_line import join_line
from locker_app.services.chargers import archive_charger, change_charging
from locker_app.services.spot_reports import report_taken
from tests.services.test_setup_races import at_once
from tests.world import World

HOUR = timedelta(hours=1)
WHY = "the cable is torn"


@pytest.fixture
def admin(world: World) -> Actor:
    return world.staff()


@pytest.fixture
def here(world: World) -> int:
    """A site with three spots, 1 to 3."""
    site_id = world.site()
    world.chargers(site_id, 3)
    return site_id


def books(
    world: World, charger_id: int, hours: float = 1, starts_at: datetime | None = None
) -> tuple[Actor, int]:
    """Somebody books the spot from now, or from then, for so many hours: who, and the booking."""
    who = world.person()
    leaves = (starts_at or world.clock.now) + hours * HOUR
    made = world.run(who, book, charger_id=charger_id, leaves_at=leaves, starts_at=starts_at)
    return who, made.booking_id


def at(world: World, booking_id: int) -> Any:
    row = world.row(booking, booking_id)
    return row.charger_id if row.ended_at is None else row.end_cause


class TestOutOfService:
    def test_who_is_there_gets_another_spot(self, world: World, admin: Actor, here: int) -> None:
        _, first = books(world, 1)
        _, later = books(world, 1, starts_at=world.clock.now + 3 * HOUR)
        world.clock.advance(minutes=10)
        done = world.run(admin, take_out, charger_id=1, reason=f" {WHY} ")
        assert done == Moved(2, 0)
        assert (at(world, first), at(world, later)) == (2, 2)
        row = world.row(booking, first)
        assert (row.here_at, row.starts_at) == (world.clock.now, world.clock.now - HOUR / 6)
        moved = world.rows(event, kind="BookingMoved")
        assert [one.reason for one in moved] == [WHY, WHY]
        assert world.row(charger, 1).out_of_service_reason == WHY
        with pytest.raises(SpotOut):
            books(world, 1)
        with pytest.raises(ChargerMoved):
            world.run(admin, take_out, charger_id=1, reason=WHY)

    def test_without_another_one_they_are_first_in_line(
        self, world: World, admin: Actor, here: int
    ) -> None:
        who, mine = books(world, 1)
        books(world, 2, 2)
        books(world, 3, 2)
        soon, early = books(world, 1, starts_at=world.clock.now + 1.5 * HOUR)
        _, late = books(world, 1, starts_at=world.clock.now + 2.6 * HOUR, hours=0.2)
        waiting = world.person()
        world.run(waiting, join_line, site_id=here)
        world.clock.advance(minutes=31)
        assert world.run(admin, take_out, charger_id=1, reason=WHY) == Moved(1, 2)
        assert (at(world, mine), at(world, early)) == ("fault", "fault")
        assert at(world, late) == 2, "in two hours it is free"
        line = {row.person_id: row.first for row in world.rows(charger_wait, ended_at=None)}
        assert line == {waiting.id: False, who.id: True, soon.id: True}
        ended = world.rows(event, kind="BookingEnded")
        assert {one.reason for one in ended} == {WHY}

    def test_what_was_only_offered_goes_on_in_line(
        self, world: World, admin: Actor, here: int
    ) -> None:
        bookings = [books(world, one)[1] for one in (1, 2, 3)]
        waiting = world.person()
        world.run(waiting, join_line, site_id=here)
        world.run(admin, end_booking, booking_id=bookings[0], reason=WHY)
        (offer,) = world.rows(booking, status="offered")
        assert world.run(admin, take_out, charger_id=1, reason=WHY) == Moved(0, 0)
        assert at(world, offer.id) == "fault"
        (place,) = world.rows(charger_wait, ended_at=None)
        assert place.booking_id is None
        assert world.run(admin, put_back, charger_id=1)
        assert not world.run(admin, put_back, charger_id=1)
        (place,) = world.rows(charger_wait, ended_at=None)
        assert world.row(booking, place.booking_id).charger_id == 1

    def test_whose_time_is_over_is_not_put_first(
        self, world: World, admin: Actor, here: int
    ) -> None:
        _, mine = books(world, 1)
        world.clock.advance(minutes=75)
        world.run_due()
        assert world.row(booking, mine).status == "overstayed"
        assert world.run(admin, take_out, charger_id=1, reason=WHY) == Moved(0, 1)
        assert at(world, mine) == "fault"
        assert world.rows(charger_wait) == []

    def test_only_while_it_is_as_it_was_seen(self, world: World, admin: Actor, here: int) -> None:
        _, mine = books(world, 1)
        with pytest.raises(ChargerMoved):
            world.run(admin, take_out, charger_id=1, reason=WHY, seen=0)
        with pytest.raises(ReasonNeeded):
            world.run(admin, take_out, charger_id=1, reason=" ", seen=mine)
        assert world.run(admin, take_out, charger_id=1, reason=WHY, seen=mine) == Moved(1, 0)
        world.run(admin, archive_charger, charger_id=1)
        for charger_id in (1, 99):
            with pytest.raises(NotFound):
                world.run(admin, put_back, charger_id=charger_id)


class TestBookings:
    def test_staff_end_one(self, world: World, admin: Actor, here: int) -> None:
        _, mine = books(world, 1)
        with pytest.raises(ReasonNeeded):
            world.run(admin, end_booking, booking_id=mine, reason="")
        with pytest.raises(ChargerMoved):
            world.run(admin, end_booking, booking_id=mine, reason=WHY, charger_id=2)
        assert world.run(admin, end_booking, booking_id=mine, reason=WHY, charger_id=1) == "1"
        with pytest.raises(BookingOver):
            world.run(admin, end_booking, booking_id=mine, reason=WHY)
        with pytest.raises(NotFound):
            world.run(admin, end_booking, booking_id=99, reason=WHY)
        (logged,) = world.rows(event, kind="BookingEnded")
        assert (logged.reason, logged.details["cause"], logged.staff_id) == (WHY, "forced", None)
        assert logged.actor_id == admin.id

    def test_ending_an_offer_takes_the_place_in_line(
        self, world: World, admin: Actor, here: int
    ) -> None:
        mine = [books(world, one)[1] for one in (1, 2, 3)]
        one, other = world.people(2)
        for who in (one, other):
            world.run(who, join_line, site_id=here)
        world.run(admin, end_booking, booking_id=mine[0], reason=WHY)
        (offer,) = world.rows(booking, status="offered")
        world.run(admin, end_booking, booking_id=offer.id, reason=WHY)
        (place,) = world.rows(charger_wait, ended_at=None)
        assert place.person_id == other.id
        (offer,) = world.rows(booking, status="offered")
        assert offer.person_id == other.id
        (left,) = world.rows(event, kind="LineLeft")
        assert (left.person_id, left.reason, left.details["outcome"]) == (one.id, WHY, "removed")

    def test_staff_move_one(self, world: World, admin: Actor, here: int) -> None:
        _, mine = books(world, 1, 2)
        books(world, 2, starts_at=world.clock.now + HOUR)

        def to(charger_id: int) -> str:
            return world.run(
                admin, move_booking, booking_id=mine, charger_id=charger_id, reason=WHY
            )

        with pytest.raises(SpotTaken):
            to(2)
        with pytest.raises(BadInput):
            to(1)
        with pytest.raises(NotFound):
            to(world.chargers(count=1)[0])
        assert to(3) == "3"
        assert at(world, mine) == 3
        world.run(admin, take_out, charger_id=1, reason=WHY)
        with pytest.raises(SpotOut):
            to(1)
        with pytest.raises(ReasonNeeded):
            world.run(admin, move_booking, booking_id=mine, charger_id=2, reason=" ")
        world.clock.advance(hours=2, minutes=1)
        with pytest.raises(BookingOver):
            to(2)

    def test_an_offer_is_not_moved(self, world: World, admin: Actor, here: int) -> None:
        mine = [books(world, one)[1] for one in (1, 2, 3)]
        world.run(world.person(), join_line, site_id=here)
        world.run(admin, end_booking, booking_id=mine[0], reason=WHY)
        (offer,) = world.rows(booking, status="offered")
        with pytest.raises(ChargerMoved):
            world.run(admin, move_booking, booking_id=offer.id, charger_id=2, reason=WHY)


class TestReportsAndTheLine:
    def test_a_report_is_seen_to(self, world: World, admin: Actor, here: int) -> None:
        who, mine = books(world, 1)
        with pytest.raises(NotReported):
            world.run(admin, clear_report, charger_id=1)
        world.run(who, report_taken, booking_id=mine)
        with pytest.raises(SpotOut):
            books(world, 1)
        assert world.run(admin, clear_report, charger_id=1)
        books(world, 1)
        assert "ChargerCleared" in world.kinds()

    def test_somebody_is_taken_out_of_the_line(self, world: World, admin: Actor, here: int) -> None:
        mine = [books(world, one)[1] for one in (1, 2, 3)]
        places = [world.run(who, join_line, site_id=here) for who in world.people(3)]
        assert not world.run(admin, remove_waiting, wait_id=places[1], reason=WHY)
        world.run(admin, end_booking, booking_id=mine[0], reason=WHY)
        with pytest.raises(ReasonNeeded):
            world.run(admin, remove_waiting, wait_id=places[0], reason="")
        assert world.run(admin, remove_waiting, wait_id=places[0], reason=WHY)
        (offer,) = world.rows(booking, status="offered")
        assert world.row(charger_wait, places[2]).booking_id == offer.id
        with pytest.raises(NotInLine):
            world.run(admin, remove_waiting, wait_id=places[0], reason=WHY)
        with pytest.raises(NotFound):
            world.run(admin, remove_waiting, wait_id=99, reason=WHY)


def test_new_rules_cost_nobody_a_booking(world: World, admin: Actor, here: int) -> None:
    """A stay for which nobody had to say that they are there does not become a no-show."""
    _, mine = books(world, 1, 3, starts_at=world.clock.now + HOUR)
    world.clock.advance(hours=2)
    world.run_due()
    rules = ChargingRules(check_in_minutes=5, at_end=AtEnd.END, reminder_minutes=60)
    world.run(admin, change_charging, site_id=here, rules=rules)
    world.run_due()
    row = world.row(booking, mine)
    assert (row.status, row.came_at) == ("active", world.clock.now)
    assert row.due_at == row.leaves_at - HOUR
    world.clock.now = row.leaves_at + timedelta(minutes=10)
    world.run_due()
    assert at(world, mine) == "time_up"


def test_staff_take_out_a_spot_while_its_holder_moves(world: World, admin: Actor) -> None:
    """Whoever is first: nobody has two spots, and no open booking is on one that is out."""
    for _ in range(4):
        first, second, third = world.chargers(count=3)
        who, mine = books(world, first)
        got = at_once(
            lambda f=first: world.run(admin, take_out, charger_id=f, reason=WHY),
            lambda w=who, m=mine, s=second: world.run(w, move, booking_id=m, charger_id=s),
            lambda m=mine, t=third: world.run(
                admin, move_booking, booking_id=m, charger_id=t, reason=WHY
            ),
        )
        assert not any(isinstance(one, DomainError) for one in got)
        (row,) = world.rows(booking, id=mine)
        assert row.ended_at is None
        assert row.charger_id in (second, third)
