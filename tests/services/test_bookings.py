"""Booking a charging spot, staying longer or shorter, stopping, moving, and being there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import booking, charger, charger_wait, charging, person, site
from locker_app.domain.actors import NOBODY, SYSTEM, Actor
from locker_app.domain.bookings import BookingStatus
from locker_app.domain.errors import (
    BadInput,
    BookingOver,
    CoolingOff,
    DomainError,
    HasBooking,
    LimitReached,
    NoLater,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NotYourBooking,
    OthersWait,
    SpotOut,
    SpotTaken,
    StayTooLong,
    TooShort,
)
from locker_app.services.bookings import Booked, book, check_in, move, set_leave, stop
from locker_app.services.visitors import visit_and_book, visit_and_join_line
from tests.world import World

HOUR = timedelta(hours=1)


def row_of(world: World, given: Booked) -> Any:
    return world.row(booking, given.booking_id)


def leave(world: World, who: Actor, given: Booked, minutes: float) -> datetime:
    """They say that they leave in so many minutes from now."""
    leaves_at = world.clock.now + timedelta(minutes=minutes)
    return world.run(who, set_leave, booking_id=given.booking_id, leaves_at=leaves_at)


def refused(world: World, how: type[DomainError], who: Actor, fn: Any, **arguments: Any) -> str:
    with pytest.raises(how) as caught:
        world.run(who, fn, **arguments)
    return str(caught.value)


def test_a_spot_is_booked_from_now_until_one_leaves(world: World) -> None:
    (spot, _, _) = world.chargers()
    who, now = world.visitor(), world.clock.now
    given = world.run(who, book, charger_id=spot, leaves_at=now + HOUR, shown_as="  B  AB 12 ")
    assert given == Booked(given.booking_id, spot, "1", BookingStatus.ACTIVE, now, now + HOUR)
    row = row_of(world, given)
    assert (row.shown_as, row.visitor_id, row.came_at) == ("B AB 12", who.id, now)
    assert row.due_at == now + timedelta(minutes=45)  # the reminder
    assert world.kinds()[-2:] == ["BookingMade", "BookingBegun"]
    refused(world, SpotTaken, world.visitor(), book, charger_id=spot, leaves_at=now + HOUR)


def test_one_begins_when_another_ends(world: World) -> None:
    (spot,) = world.chargers(count=1)
    world.book(world.visitor(), spot, 60)
    later = world.book(world.visitor(), spot, 60, after=60)
    assert later.status is BookingStatus.BOOKED
    with pytest.raises(SpotTaken):
        world.book(world.visitor(), spot, 60, after=119)
    with pytest.raises(SpotTaken):
        world.book(world.visitor(), spot, 30, after=59)
    world.book(world.visitor(), spot, 60, after=120)


def test_who_books_now_leaves_before_the_next_one_comes(world: World) -> None:
    (spot,) = world.chargers(count=1)
    world.book(world.visitor(), spot, 60, after=60)
    with pytest.raises(SpotTaken) as caught:
        world.book(world.visitor(), spot, 61)
    assert "from 10:00" in str(caught.value)  # by the site's clocks: 9:00 in UTC
    world.book(world.visitor(), spot, 60)


def test_who_may_book(world: World) -> None:
    (spot,) = world.chargers(count=1, sign_in_needed=True)
    when: dict[str, Any] = {"charger_id": spot, "leaves_at": world.clock.now + HOUR}
    for who in (NOBODY, world.visitor()):
        refused(world, NotSignedIn, who, book, **when)
    for who in (world.staff(), SYSTEM):
        refused(world, NotAllowed, who, book, **when)
    gone = world.person()
    world.change(update(person).where(person.c.id == gone.id).values(archived_at=world.clock.now))
    refused(world, NotSignedIn, gone, book, **when)
    refused(world, NotSignedIn, NOBODY, visit_and_book, session_key="new", **when)
    world.run(world.person(), book, **when)


def test_a_browser_books_and_becomes_a_visitor_by_it(world: World) -> None:
    (spot,) = world.chargers(count=1)
    when: dict[str, Any] = {"charger_id": spot, "leaves_at": world.clock.now + HOUR}
    refused(world, NotAllowed, world.visitor(), visit_and_book, session_key="mine", **when)
    given = world.run(NOBODY, visit_and_book, session_key="mine", **when)
    assert row_of(world, given).visitor_id is not None
    refused(world, SpotTaken, NOBODY, visit_and_book, session_key="other", **when)
    where: dict[str, Any] = {"site_id": world.site_of(spot)}
    assert world.run(NOBODY, visit_and_join_line, session_key="other", **where)
    refused(world, NotAllowed, world.visitor(), visit_and_join_line, session_key="x", **where)


def test_which_spots_can_be_booked(world: World) -> None:
    spots = world.chargers(count=3)
    now = world.clock.now
    for spot, values in zip(
        spots,
        ({"archived_at": now}, {"out_of_service_at": now}, {"reported_at": now}),
        strict=True,
    ):
        world.change(update(charger).where(charger.c.id == spot).values(values))
    when: dict[str, Any] = {"leaves_at": now + HOUR}
    refused(world, NotFound, world.visitor(), book, charger_id=spots[0], **when)
    refused(world, NotFound, world.visitor(), book, charger_id=4711, **when)
    refused(world, SpotOut, world.visitor(), book, charger_id=spots[1], **when)
    refused(world, SpotOut, world.visitor(), book, charger_id=spots[2], **when)
    world.clock.advance(minutes=60)  # by then the report is old
    world.book(world.visitor(), spots[2])
    world.change(update(site).values(archived_at=now))
    refused(world, NotFound, world.visitor(), book, charger_id=spots[1], **when)


def test_times_that_cannot_be(world: World) -> None:
    (spot,) = world.chargers(count=1, max_stay_minutes=120)
    now = world.clock.now
    for minutes in (-1, 0):
        with pytest.raises(TooShort):
            world.book(world.visitor(), spot, minutes)
    with pytest.raises(StayTooLong) as caught:
        world.book(world.visitor(), spot, 121)
    assert "11:00" in str(caught.value)
    for after in (-5, 16 * 60):
        with pytest.raises(NoLater):
            world.book(world.visitor(), spot, 60, after=after)
    late: dict[str, Any] = {"charger_id": spot, "starts_at": now + HOUR, "leaves_at": now + HOUR}
    refused(world, TooShort, world.visitor(), book, **late)
    naive: dict[str, Any] = {
        "charger_id": spot,
        "leaves_at": (world.clock.now + HOUR).replace(tzinfo=None),
    }
    assert "time zone" in refused(world, BadInput, world.visitor(), book, **naive)
    far: dict[str, Any] = {"charger_id": spot, "leaves_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}
    assert "2199" in refused(world, BadInput, world.visitor(), book, **far)
    long: dict[str, Any] = {"charger_id": spot, "leaves_at": now + HOUR, "shown_as": "x" * 21}
    refused(world, BadInput, world.visitor(), book, **long)
    world.change(update(charging).values(book_later=False))
    with pytest.raises(NoLater):
        world.book(world.visitor(), spot, 60, after=10)
    world.book(world.visitor(), spot, 120)


def test_a_stay_may_go_on_over_midnight(world: World) -> None:
    (spot,) = world.chargers(count=1)
    world.clock.advance(hours=14, minutes=30)  # 23:30 there
    with pytest.raises(StayTooLong) as caught:
        world.book(world.visitor(), spot, 13 * 60)
    assert "11:30 tomorrow" in str(caught.value)
    world.book(world.visitor(), spot, 12 * 60)


def test_one_booking_for_each_holder_unless_the_site_allows_more(world: World) -> None:
    spots = world.chargers(count=3)
    who = world.visitor()
    world.book(who, spots[0])
    with pytest.raises(HasBooking):
        world.book(who, spots[1])
    with pytest.raises(HasBooking):
        world.book(who, spots[1], after=120)
    world.change(update(charging).values(bookings_per_holder=2))
    world.book(who, spots[1])
    with pytest.raises(HasBooking):
        world.book(who, spots[2])
    elsewhere = world.chargers(count=1)
    world.book(who, elsewhere[0])


def test_how_much_one_may_book_in_a_day(world: World) -> None:
    (spot,) = world.chargers(count=1, day_minutes=120)
    who = world.visitor()
    with pytest.raises(LimitReached) as caught:
        world.book(who, spot, 121)
    assert "2 h in one day" in str(caught.value) and "11:00" in str(caught.value)
    first = world.book(who, spot, 120)
    world.clock.advance(minutes=30)
    world.run(who, stop, booking_id=first.booking_id)
    with pytest.raises(LimitReached):  # what was used counts, not what was said
        world.book(who, spot, 91)
    second = world.book(who, spot, 90)
    with pytest.raises(LimitReached):
        leave(world, who, second, 91)
    world.clock.advance(minutes=90)
    world.run(who, stop, booking_id=second.booking_id)
    with pytest.raises(LimitReached) as caught:
        world.book(who, spot, 1)
    assert "used that up" in str(caught.value)
    with pytest.raises(LimitReached):
        world.wait_for_charger(who, world.site_of(spot))
    world.book(world.visitor(), spot, 30)
    world.clock.advance(hours=15)
    world.book(who, spot, 120)


def test_how_much_one_may_book_in_a_week(world: World) -> None:
    (spot,) = world.chargers(count=1, week_minutes=60)
    who = world.visitor()  # it is a Monday
    given = world.book(who, spot, 60)
    world.clock.advance(minutes=60)
    world.run(who, stop, booking_id=given.booking_id)
    for _ in range(6):
        world.clock.advance(days=1)
        with pytest.raises(LimitReached):
            world.book(who, spot, 15)
    world.clock.advance(days=1)
    world.book(who, spot, 60)


def test_what_was_cancelled_counts_for_nothing(world: World) -> None:
    (spot,) = world.chargers(count=1, day_minutes=60, cooling_off_minutes=30)
    who = world.visitor()
    given = world.book(who, spot, 60, after=30)
    world.clock.advance(minutes=10)
    world.run(who, stop, booking_id=given.booking_id)
    assert row_of(world, given).end_cause == "cancelled"
    world.book(who, spot, 60)


def test_after_a_stay_others_have_a_turn(world: World) -> None:
    (spot,) = world.chargers(count=1, cooling_off_minutes=30)
    who = world.visitor()
    given = world.book(who, spot)
    assert world.run(who, stop, booking_id=given.booking_id) == "1"
    world.clock.advance(minutes=29)
    with pytest.raises(CoolingOff) as caught:
        world.book(who, spot)
    assert "09:30" in str(caught.value)
    with pytest.raises(CoolingOff):
        world.wait_for_charger(who, world.site_of(spot))
    world.clock.advance(minutes=1)
    world.book(who, spot)


def test_only_ones_own_open_booking_can_be_changed(world: World) -> None:
    spots = world.chargers(count=2)
    who, other = world.visitors(2)
    given = world.book(who, spots[0])
    moves = (
        (set_leave, {"leaves_at": world.clock.now + HOUR}),
        (stop, {}),
        (move, {"charger_id": spots[1]}),
        (check_in, {}),
    )
    for fn, more in moves:
        refused(world, NotYourBooking, other, fn, booking_id=given.booking_id, **more)
        refused(world, NotYourBooking, who, fn, booking_id=4711, **more)
        refused(world, NotSignedIn, NOBODY, fn, booking_id=given.booking_id, **more)
        refused(world, NotAllowed, world.staff(), fn, booking_id=given.booking_id, **more)
    world.run(who, stop, booking_id=given.booking_id)
    for fn, more in moves:
        refused(world, BookingOver, who, fn, booking_id=given.booking_id, **more)


def test_what_is_only_offered_is_accepted_first(world: World) -> None:
    (spot,) = world.chargers(count=1)
    first, second = world.visitors(2)
    given = world.book(first, spot)
    world.wait_for_charger(second, world.site_of(spot))
    world.run(first, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    words = refused(world, NotYourBooking, second, stop, booking_id=offer.id)
    assert "Accept it first" in words


def test_a_stay_is_made_longer_and_shorter(world: World) -> None:
    (spot,) = world.chargers(count=1, max_stay_minutes=180)
    who = world.visitor()
    given = world.book(who, spot, 60)
    assert leave(world, who, given, 120) == world.clock.now + 2 * HOUR
    assert row_of(world, given).stated_at == given.leaves_at  # what was said first
    leave(world, who, given, 30)
    mark = world.mark()
    leave(world, who, given, 30)
    assert world.kinds(mark) == []  # nothing new
    with pytest.raises(TooShort):
        leave(world, who, given, 0)
    with pytest.raises(StayTooLong):
        leave(world, who, given, 181)
    world.book(world.visitor(), spot, 60, after=90)
    with pytest.raises(SpotTaken) as caught:
        leave(world, who, given, 91)
    assert "10:30" in str(caught.value)
    leave(world, who, given, 90)


def test_a_booking_for_later_is_changed_before_it_begins(world: World) -> None:
    (spot,) = world.chargers(count=1)
    who = world.visitor()
    given = world.book(who, spot, 60, after=60)
    with pytest.raises(TooShort):
        leave(world, who, given, 60)
    leave(world, who, given, 180)
    row = row_of(world, given)
    assert (row.status, row.due_at) == ("booked", given.starts_at)


def test_while_others_wait_a_stay_is_extended_only_as_far_as_the_site_says(world: World) -> None:
    (spot,) = world.chargers(count=1)
    who, other = world.visitors(2)
    given = world.book(who, spot, 60)
    place = world.wait_for_charger(other, world.site_of(spot))
    assert place
    with pytest.raises(OthersWait):
        leave(world, who, given, 61)
    leave(world, who, given, 50)  # shorter always
    until = world.clock.now + timedelta(minutes=15)
    world.change(update(charger_wait).values(snoozed_until=until))  # who wants a pause waits too
    with pytest.raises(OthersWait):
        leave(world, who, given, 61)
    world.change(update(charging).values(extend_while_waiting_minutes=15))
    with pytest.raises(OthersWait) as caught:
        leave(world, who, given, 76)
    assert "10:15" in str(caught.value)
    leave(world, who, given, 75)  # of what was said first
    with pytest.raises(OthersWait):
        leave(world, who, given, 76)


def test_who_has_stayed_too_long_may_go_on_when_nobody_is_kept_from_it(world: World) -> None:
    (spot,) = world.chargers(count=1, extend_while_waiting_minutes=60)
    who, other = world.visitors(2)
    given = world.book(who, spot, 60)
    world.clock.advance(minutes=65)  # in grace
    leave(world, who, given, 30)
    world.clock.advance(minutes=45)
    world.run_due()
    assert row_of(world, given).status == "overstayed"
    leave(world, who, given, 30)
    row = row_of(world, given)
    assert (row.status, row.overstayed_at) == ("active", None)
    world.clock.advance(minutes=45)
    world.wait_for_charger(other, world.site_of(spot))
    with pytest.raises(OthersWait):
        leave(world, who, given, 30)


def test_a_move_takes_the_stay_along_in_one_step(world: World) -> None:
    one, two, three = world.chargers(count=3)
    who = world.visitor()
    given = world.book(who, one, 60)
    world.clock.advance(minutes=10)
    assert world.run(who, move, booking_id=given.booking_id, charger_id=two) == "2"
    row = row_of(world, given)
    assert (row.charger_id, row.here_at, row.starts_at, row.leaves_at) == (
        two,
        world.clock.now,
        given.starts_at,
        given.leaves_at,
    )
    world.book(world.visitor(), one)
    refused(world, SpotTaken, who, move, booking_id=given.booking_id, charger_id=one)
    refused(world, HasBooking, who, move, booking_id=given.booking_id, charger_id=two)
    elsewhere = world.chargers(count=1)
    for nowhere in (elsewhere[0], 4711):
        refused(world, NotFound, who, move, booking_id=given.booking_id, charger_id=nowhere)
    world.change(
        update(charger).where(charger.c.id == three).values(out_of_service_at=world.clock.now)
    )
    refused(world, SpotOut, who, move, booking_id=given.booking_id, charger_id=three)


def test_a_move_to_a_spot_that_is_booked_from_later_on_says_so_first(world: World) -> None:
    one, two = world.chargers(count=2)
    who = world.visitor()
    given = world.book(who, one, 60)
    world.book(world.visitor(), two, 60, after=30)
    where: dict[str, Any] = {"booking_id": given.booking_id, "charger_id": two}
    assert "09:30" in refused(world, SpotTaken, who, move, **where)
    now = world.clock.now
    refused(world, StayTooLong, who, move, **where, leaves_at=now + 2 * HOUR)
    refused(world, TooShort, who, move, **where, leaves_at=now)
    world.run(who, move, **where, leaves_at=now + HOUR / 2)
    assert row_of(world, given).leaves_at == now + HOUR / 2
    assert world.kinds()[-2:] == ["BookingMoved", "LeaveChanged"]


def test_a_booking_for_later_is_moved_for_its_own_time(world: World) -> None:
    one, two = world.chargers(count=2)
    who = world.visitor()
    given = world.book(who, one, 60, after=60)
    world.book(world.visitor(), two, 60)
    world.run(who, move, booking_id=given.booking_id, charger_id=two)
    row = row_of(world, given)
    assert (row.status, row.charger_id, row.here_at) == ("booked", two, given.starts_at)


def test_who_overstays_says_until_when_before_moving(world: World) -> None:
    one, two = world.chargers(count=2)
    who = world.visitor()
    given = world.book(who, one, 60)
    world.clock.advance(minutes=75)
    refused(world, TooShort, who, move, booking_id=given.booking_id, charger_id=two)


def test_check_in_counts_from_a_while_before_the_begin(world: World) -> None:
    (spot,) = world.chargers(count=1, check_in_minutes=10)
    who = world.visitor()
    given = world.book(who, spot, 60, after=60)
    world.clock.advance(minutes=44)
    words = refused(world, BadInput, who, check_in, booking_id=given.booking_id)
    assert "09:45" in words
    world.clock.advance(minutes=1)
    assert world.run(who, check_in, booking_id=given.booking_id)
    assert not world.run(who, check_in, booking_id=given.booking_id)
    assert row_of(world, given).came_at == given.starts_at
    world.clock.advance(minutes=30)
    world.run_due()
    assert row_of(world, given).status == "active"


def test_who_does_not_come_loses_the_spot(world: World) -> None:
    (spot,) = world.chargers(count=1, check_in_minutes=10)
    absent, here = world.visitors(2)
    given = world.book(absent, spot, 60, after=60)
    world.clock.advance(minutes=60)
    world.run_due()
    assert row_of(world, given).status == "active"
    world.clock.advance(minutes=10)
    world.run_due()
    row = row_of(world, given)
    assert (row.end_cause, row.ended_at) == ("no_show", world.clock.now)
    now = world.book(here, spot, 60)  # for now one is there
    world.clock.advance(minutes=30)
    world.run_due()
    assert row_of(world, now).status == "active"
