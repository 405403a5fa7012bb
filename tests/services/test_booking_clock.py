"""What time does with bookings by itself: on time, late, several steps at once, and twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import booking, charger, charger_wait, charging, event
from locker_app.domain.actors import Actor
from locker_app.domain.bookings import REPORT_LASTS
from locker_app.domain.errors import BookingOver, SpotTaken
from locker_app.services.bookings import move, set_leave, stop
from locker_app.services.expiry import next_deadline
from tests.world import World

HOUR = timedelta(hours=1)


def one_spot(world: World, **rules: Any) -> int:
    (spot,) = world.chargers(count=1, **rules)
    return spot


def pass_by(world: World, **time: float) -> datetime:
    """So much time passes, and the timer is on time with all that is due until then."""
    end = world.clock.now + timedelta(**time)
    while (at := world.db.read(next_deadline)) is not None and at <= end:
        world.clock.now = max(at, world.clock.now)
        assert world.run_due() > 0
    world.clock.now = end
    return end


def happened(world: World, mark: int) -> list[tuple[str, datetime]]:
    return [(row.kind, row.at) for row in world.rows(event) if row.id > mark]


def test_nothing_is_due_while_nobody_has_a_spot(world: World) -> None:
    one_spot(world)
    assert world.db.read(next_deadline) is None
    assert world.run_due() == 0


def test_a_stay_is_reminded_of_and_overstays_and_is_forgotten(world: World) -> None:
    spot = one_spot(world, overstay_minutes=60)
    begun = world.clock.now
    given = world.book(world.visitor(), spot)
    mark = world.mark()
    pass_by(world, hours=24)
    assert happened(world, mark) == [
        ("LeaveReminded", begun + timedelta(minutes=45)),
        ("BookingOverstayed", begun + timedelta(minutes=70)),
        ("BookingEnded", begun + timedelta(minutes=130)),
    ]
    row = world.row(booking, given.booking_id)
    assert (row.end_cause, row.ended_at) == ("overstayed", begun + timedelta(minutes=130))
    assert row.due_at is None and world.db.read(next_deadline) is None


def book_a_day(world: World, spot: int) -> None:
    """Three who follow each other with little in between, and do nothing more."""
    for after in (0, 65, 125):
        world.book(world.visitor(), spot, 60, after=after)


def outcomes(world: World, spot: int, begun: datetime) -> list[tuple[str, Any, Any]]:
    return [
        (row.end_cause, row.starts_at - begun, row.ended_at - begun)
        for row in world.rows(booking, charger_id=spot)
    ]


@pytest.mark.parametrize("at_end", ["end", "overstay"])
def test_a_late_timer_does_the_same_as_one_on_time(world: World, at_end: str) -> None:
    late, on_time = (
        one_spot(world, at_end=at_end, overstay_minutes=30, check_in_minutes=10) for _ in range(2)
    )
    begun = world.clock.now
    book_a_day(world, late)
    world.clock.advance(days=7)
    assert world.run_due() >= 5  # at once
    assert world.run_due() == 0
    done = outcomes(world, late, begun)
    begun = world.clock.now
    book_a_day(world, on_time)
    pass_by(world, days=2)
    assert outcomes(world, on_time, begun) == done


def test_the_next_one_begins_when_the_other_ends(world: World) -> None:
    spot = one_spot(world, at_end="end")
    world.book(world.visitor(), spot, 60)
    later = world.book(world.visitor(), spot, 60, after=60)
    pass_by(world, minutes=60)
    assert world.stays(spot) == [("ended", "time_up"), ("active", None)]
    row = world.row(booking, later.booking_id)
    assert (row.starts_at, row.here_at) == (later.starts_at, later.starts_at)


def test_whose_spot_is_still_taken_waits_and_begins_when_it_is_free(world: World) -> None:
    spot = one_spot(world)
    stays, waits = world.visitors(2)
    first = world.book(stays, spot, 60)
    later = world.book(waits, spot, 60, after=60)
    mark = world.mark()
    pass_by(world, minutes=60)
    assert world.kinds(mark) == ["LeaveReminded", "BookingOverstayed", "BookingBlocked"]
    assert world.stays(spot) == [("overstayed", None), ("booked", None)]
    with pytest.raises(SpotTaken):  # somebody waits for it
        leaves_at = world.clock.now + HOUR
        world.run(stays, set_leave, booking_id=first.booking_id, leaves_at=leaves_at)
    world.clock.advance(minutes=20)
    world.run(stays, stop, booking_id=first.booking_id)
    row = world.row(booking, later.booking_id)
    assert (row.status, row.starts_at, row.here_at) == ("active", world.clock.now, row.starts_at)


def test_whose_spot_never_comes_free_gives_up(world: World) -> None:
    spot = one_spot(world)
    world.book(world.visitor(), spot, 60)
    later = world.book(world.visitor(), spot, 60, after=60)
    pass_by(world, minutes=120)
    row = world.row(booking, later.booking_id)
    assert (row.end_cause, row.ended_at) == ("blocked", later.leaves_at)


def test_whose_spot_is_still_taken_may_move_and_begins_there(world: World) -> None:
    one, two = world.chargers(count=2)
    world.book(world.visitor(), one, 60)
    waits = world.visitor()
    later = world.book(waits, one, 60, after=60)
    pass_by(world, minutes=70)
    world.run(waits, move, booking_id=later.booking_id, charger_id=two)
    row = world.row(booking, later.booking_id)
    assert (row.status, row.charger_id, row.starts_at) == ("active", two, world.clock.now)
    assert world.kinds()[-2:] == ["BookingMoved", "BookingBegun"]


def test_an_offer_is_made_as_of_now_also_after_a_pause(world: World) -> None:
    """The server was away, and nobody could see an offer: nobody loses a place by that."""
    spot = one_spot(world, at_end="end")
    world.book(world.visitor(), spot, 60)
    line = world.visitors(2)
    for who in line:
        world.wait_for_charger(who, world.site_of(spot))
    world.clock.advance(hours=5)
    world.run_due()
    (offer,) = world.offers()
    assert (offer.visitor_id, offer.made_at) == (line[0].id, world.clock.now)
    (gone,) = world.rows(booking, status="ended")
    assert gone.ended_at == gone.leaves_at + timedelta(minutes=10)


def test_commands_do_what_is_due_first(world: World) -> None:
    spot = one_spot(world, at_end="end")
    who = world.visitor()
    given = world.book(who, spot, 60)
    world.clock.advance(minutes=70)  # and no timer
    world.book(world.visitor(), spot, 60)
    with pytest.raises(BookingOver):
        world.run(who, stop, booking_id=given.booking_id)


def test_short_stays_are_not_reminded_of(world: World) -> None:
    spot = one_spot(world)
    who = world.visitor()
    given = world.book(who, spot, 10)
    mark = world.mark()
    pass_by(world, minutes=10)
    assert world.kinds(mark) == []
    leaves_at = world.clock.now + HOUR
    world.run(who, set_leave, booking_id=given.booking_id, leaves_at=leaves_at)
    mark = world.mark()
    pass_by(world, minutes=45)
    assert world.kinds(mark) == ["LeaveReminded"]


def test_a_reminder_that_comes_too_late_is_left_out(world: World) -> None:
    spot = one_spot(world)
    world.book(world.visitor(), spot, 60)
    mark = world.mark()
    world.clock.advance(minutes=61)
    world.run_due()
    assert world.kinds(mark) == []


def test_a_report_grows_old(world: World) -> None:
    spot = one_spot(world)
    world.change(update(charger).values(reported_at=world.clock.now))
    waits = world.visitor()
    world.wait_for_charger(waits, world.site_of(spot))
    assert world.db.read(next_deadline) == world.clock.now + REPORT_LASTS
    world.clock.advance(hours=1)
    world.run_due()
    assert world.row(charger, spot).reported_at is None
    (offer,) = world.offers()
    assert offer.visitor_id == waits.id


def test_new_rules_count_for_what_is_due_by_the_old_ones(world: World) -> None:
    spot = one_spot(world, at_end="end", grace_minutes=0, reminder_minutes=0)
    given = world.book(world.visitor(), spot, 60)
    world.change(update(charging).values(grace_minutes=30))  # behind the back of its command
    world.clock.advance(minutes=60)
    world.run_due()
    row = world.row(booking, given.booking_id)
    assert (row.status, row.due_at) == ("active", given.leaves_at + HOUR / 2)


def test_those_who_let_an_offer_go_by_have_a_deadline(world: World) -> None:
    spot = one_spot(world)
    world.book(world.visitor(), spot, 300)
    waits: Actor = world.visitor()
    place = world.wait_for_charger(waits, world.site_of(spot))
    until = world.clock.now + HOUR
    world.change(update(charger_wait).values(snoozed_until=until))
    assert world.db.read(next_deadline) == until
    world.clock.now = until
    assert world.run_due() == 1
    assert world.row(charger_wait, place).snoozed_until is None
