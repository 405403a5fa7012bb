"""The line for a charging spot, and the offers that those in it get."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import booking, charger, charger_wait, charging
from locker_app.domain.actors import NOBODY, Actor
from locker_app.domain.errors import (
    BadInput,
    HasBooking,
    InLineAlready,
    LimitReached,
    NoSnoozesLeft,
    NotAllowed,
    NotFound,
    NotInLine,
    NotSignedIn,
    NotYourBooking,
    OfferOver,
    SpotsFree,
    SpotTaken,
    StayTooLong,
    TooShort,
)
from locker_app.services.bookings import Booked, set_leave, stop
from locker_app.services.charger_line import accept, leave_line, snooze
from tests.world import World

HOUR = timedelta(hours=1)


def full(world: World, **rules: Any) -> tuple[int, int, Actor, Booked]:
    """A site with one spot, which somebody has for an hour: the spot, the site, who, and what."""
    (spot,) = world.chargers(count=1, **rules)
    who = world.visitor()
    return spot, world.site_of(spot), who, world.book(who, spot)


def test_who_waits_is_offered_what_comes_free_and_accepts(world: World) -> None:
    spot, site_id, who, given = full(world)
    first, second = world.visitors(2)
    place = world.wait_for_charger(first, site_id)
    world.wait_for_charger(second, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    until = world.clock.now + timedelta(minutes=5)
    assert (offer.visitor_id, offer.charger_id, offer.leaves_at) == (first.id, spot, until)
    assert world.row(charger_wait, place).booking_id == offer.id
    with pytest.raises(SpotTaken):  # it is free for nobody else
        world.book(world.visitor(), spot)
    with pytest.raises(NotYourBooking):
        world.accept(second, offer.id)
    with pytest.raises(NotYourBooking):
        world.accept(second, 4711)
    world.clock.advance(minutes=4)
    taken = world.accept(first, offer.id)
    assert (taken.booking_id, taken.starts_at) == (offer.id, world.clock.now)
    assert world.row(charger_wait, place).outcome == "took"
    with pytest.raises(HasBooking):
        world.accept(first, offer.id)
    assert world.kinds()[-4:] == ["BookingMade", "BookingBegun", "LineLeft", "Refused"]


def test_who_may_wait(world: World) -> None:
    _spot, site_id, who, _given = full(world)
    with pytest.raises(HasBooking):
        world.wait_for_charger(who, site_id)
    waits = world.visitor()
    world.wait_for_charger(waits, site_id)
    with pytest.raises(InLineAlready):
        world.wait_for_charger(waits, site_id)
    with pytest.raises(NotSignedIn):
        world.wait_for_charger(NOBODY, site_id)
    with pytest.raises(NotAllowed):
        world.wait_for_charger(world.staff(), site_id)
    for nowhere in (4711, world.site()):
        with pytest.raises(NotFound):
            world.wait_for_charger(waits, nowhere)
    world.chargers(site_id, 2)  # one of them is for who waits
    with pytest.raises(SpotsFree):
        world.wait_for_charger(world.visitor(), site_id)
    world.change(update(charging).values(sign_in_needed=True))
    with pytest.raises(NotSignedIn):
        world.wait_for_charger(world.visitor(), site_id)


def test_what_is_free_for_a_moment_only_is_not_offered(world: World) -> None:
    (spot,) = world.chargers(count=1)
    world.book(world.visitor(), spot, 60, after=14)
    waits = world.visitor()
    world.wait_for_charger(waits, world.site_of(spot))
    assert world.offers() == []
    world.book(world.visitor(), spot, 14)  # it is there for whoever wants so little


def test_an_offer_leaves_some_time_before_the_next_booking(world: World) -> None:
    spot, site_id, who, given = full(world, offer_minutes=60)
    world.book(world.visitor(), spot, 60, after=80)
    waits = world.visitor()
    world.wait_for_charger(waits, site_id)
    world.clock.advance(minutes=60)
    world.run(who, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    assert offer.leaves_at == world.clock.now + timedelta(minutes=15)
    with pytest.raises(SpotTaken):
        world.accept(waits, offer.id, 21)
    with pytest.raises(TooShort):
        world.accept(waits, offer.id, 0)
    world.accept(waits, offer.id, 20)


def test_nobody_books_what_is_offered_for_just_after_the_offer(world: World) -> None:
    spot, site_id, who, given = full(world)
    waits = world.visitor()
    world.wait_for_charger(waits, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    with pytest.raises(SpotTaken):
        world.book(world.visitor(), spot, 60, after=6)
    world.book(world.visitor(), spot, 60, after=20)


def test_an_offer_that_nobody_answers_passes_on(world: World) -> None:
    spot, site_id, who, given = full(world)
    line = world.visitors(2)
    places = [world.wait_for_charger(one, site_id) for one in line]
    world.run(who, stop, booking_id=given.booking_id)
    world.clock.advance(minutes=5)
    (offer,) = world.offers()
    with pytest.raises(OfferOver):  # though the timer is late
        world.accept(line[0], offer.id)
    world.run_due()
    assert world.row(charger_wait, places[0]).outcome == "lapsed"
    (offer,) = world.offers()
    assert offer.visitor_id == line[1].id
    world.clock.advance(minutes=5)
    world.run_due()
    assert world.offers() == [] and world.rows(charger_wait, ended_at=None) == []
    assert [cause for _, cause in world.stays(spot)] == ["stopped", "lapsed", "lapsed"]


def test_an_offer_can_go_by_and_the_place_stays(world: World) -> None:
    _spot, site_id, who, given = full(world, snoozes=1)
    first, second = world.visitors(2)
    place = world.wait_for_charger(first, site_id)
    with pytest.raises(OfferOver):
        world.run(first, snooze, wait_id=place)
    world.wait_for_charger(second, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    until = world.run(first, snooze, wait_id=place)
    assert until == world.clock.now + timedelta(minutes=15)
    (offer,) = world.offers()
    taken = world.accept(second, offer.id, 60)
    world.clock.advance(minutes=20)
    world.run(second, stop, booking_id=taken.booking_id)
    (offer,) = world.offers()
    assert offer.visitor_id == first.id
    with pytest.raises(NoSnoozesLeft):
        world.run(first, snooze, wait_id=place)


def test_whoever_let_an_offer_go_by_is_asked_again_when_the_spot_is_still_free(
    world: World,
) -> None:
    _spot, site_id, who, given = full(world)
    waits = world.visitor()
    place = world.wait_for_charger(waits, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    world.run(waits, snooze, wait_id=place)
    assert world.offers() == []  # whoever comes may have it meanwhile
    world.clock.advance(minutes=15)
    world.run_due()
    (offer,) = world.offers()
    assert offer.visitor_id == waits.id


def test_whoever_leaves_the_line_passes_the_offer_on(world: World) -> None:
    _spot, site_id, who, given = full(world)
    line = world.visitors(2)
    places = [world.wait_for_charger(one, site_id) for one in line]
    for nobody, wrong in ((line[1], NotInLine), (NOBODY, NotSignedIn), (world.staff(), NotAllowed)):
        for fn in (leave_line, snooze):
            with pytest.raises(wrong):
                world.run(nobody, fn, wait_id=places[0])
    with pytest.raises(NotInLine):
        world.run(line[0], leave_line, wait_id=4711)
    world.run(who, stop, booking_id=given.booking_id)
    assert world.run(line[0], leave_line, wait_id=places[0])
    (offer,) = world.offers()
    assert offer.visitor_id == line[1].id
    with pytest.raises(NotInLine):
        world.run(line[0], leave_line, wait_id=places[0])


def test_leaving_the_line_before_anything_is_offered(world: World) -> None:
    _, site_id, _, _ = full(world)
    waits = world.visitor()
    place = world.wait_for_charger(waits, site_id)
    assert not world.run(waits, leave_line, wait_id=place)
    assert world.row(charger_wait, place).outcome == "left"


def test_two_spots_free_at_once_with_one_waiting_make_one_offer(world: World) -> None:
    spots = world.chargers(count=2)
    holders = world.visitors(2)
    given = [world.book(who, spot) for who, spot in zip(holders, spots, strict=True)]
    waits = world.visitor()
    world.wait_for_charger(waits, world.site_of(spots[0]))
    for who, one in zip(holders, given, strict=True):
        world.run(who, stop, booking_id=one.booking_id)
    (offer,) = world.offers()
    assert offer.charger_id == spots[0]
    world.book(world.visitor(), spots[1])


def test_whoever_books_another_spot_needs_the_place_no_more(world: World) -> None:
    spots = world.chargers(count=2)
    holders = world.visitors(2)
    given = [world.book(who, spot) for who, spot in zip(holders, spots, strict=True)]
    line = world.visitors(2)
    places = [world.wait_for_charger(one, world.site_of(spots[0])) for one in line]
    world.run(holders[0], stop, booking_id=given[0].booking_id)
    world.run(line[1], leave_line, wait_id=places[1])
    world.run(holders[1], stop, booking_id=given[1].booking_id)
    third = world.visitor()
    (offer,) = world.offers()
    assert offer.charger_id == spots[0]
    with pytest.raises(SpotsFree):
        world.wait_for_charger(third, world.site_of(spots[0]))
    taken = world.book(line[0], spots[1])
    assert taken.charger_id == spots[1]
    assert world.offers() == []
    assert world.row(charger_wait, places[0]).outcome == "took"
    assert world.stays(spots[0])[-1] == ("ended", "declined")


def test_booking_what_is_offered_accepts_it(world: World) -> None:
    spot, site_id, who, given = full(world)
    waits = world.visitor()
    world.wait_for_charger(waits, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    with pytest.raises(StayTooLong):
        world.book(waits, spot, 13 * 60)
    taken = world.book(waits, spot)
    assert (taken.booking_id, taken.status) == (offer.id, "active")


def test_a_booking_for_later_ends_the_place_of_those_who_may_have_one_only(world: World) -> None:
    spot, site_id, _, _ = full(world)
    one, other = world.visitors(2)
    place = world.wait_for_charger(one, site_id)
    world.book(one, spot, 60, after=120)
    assert world.row(charger_wait, place).outcome == "took"
    world.change(update(charging).values(bookings_per_holder=2))
    place = world.wait_for_charger(other, site_id)
    world.book(other, spot, 60, after=240)
    assert world.row(charger_wait, place).outcome is None


def test_a_booking_for_later_gives_up_what_is_offered_when_one_may_have_one_only(
    world: World,
) -> None:
    spot, site_id, who, given = full(world)
    first, second = world.visitors(2)
    place = world.wait_for_charger(first, site_id)
    world.wait_for_charger(second, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    world.book(first, spot, 60, after=120)
    assert world.row(charger_wait, place).outcome == "took"
    (offer,) = world.offers()
    assert offer.visitor_id == second.id


def test_persons_come_before_visitors_where_the_site_says_so(world: World) -> None:
    _, site_id, who, given = full(world, priority="signed_in")
    world.wait_for_charger(world.visitor(), site_id)
    person = world.person()
    world.wait_for_charger(person, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    assert offer.person_id == person.id


def test_who_has_charged_least_comes_first_where_the_site_says_so(world: World) -> None:
    spot, site_id, who, given = full(world, priority="least_used")
    world.clock.advance(minutes=30)
    world.run(who, stop, booking_id=given.booking_id)
    fresh, then = world.visitors(2)
    given = world.book(then, spot)
    world.wait_for_charger(who, site_id)
    world.wait_for_charger(fresh, site_id)
    world.run(then, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    assert offer.visitor_id == fresh.id


def test_who_has_used_up_the_limit_is_asked_when_there_is_some_again(world: World) -> None:
    spots = world.chargers(count=2, day_minutes=60, bookings_per_holder=2)
    who, other = world.visitors(2)
    mine = world.book(who, spots[0], 30)
    theirs = world.book(other, spots[1], 60)
    place = world.wait_for_charger(who, world.site_of(spots[0]))
    world.run(who, set_leave, booking_id=mine.booking_id, leaves_at=world.clock.now + HOUR)
    world.run(other, stop, booking_id=theirs.booking_id)
    assert world.offers() == []
    midnight = world.clock.now.replace(hour=23)  # in UTC
    assert world.row(charger_wait, place).snoozed_until == midnight
    with pytest.raises(LimitReached):
        world.book(who, spots[1], 15)
    world.clock.now = midnight
    world.run_due()
    (offer,) = world.offers()
    assert offer.visitor_id == who.id


def test_what_neighbours_see_is_checked(world: World) -> None:
    _spot, site_id, who, given = full(world)
    waits = world.visitor()
    world.wait_for_charger(waits, site_id)
    world.run(who, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    leaves_at = world.clock.now + HOUR
    with pytest.raises(BadInput):
        world.run(waits, accept, booking_id=offer.id, leaves_at=leaves_at, shown_as="x" * 21)
    world.run(waits, accept, booking_id=offer.id, leaves_at=leaves_at, shown_as="AB 1")
    assert world.row(booking, offer.id).shown_as == "AB 1"


def test_a_spot_that_is_out_is_neither_free_nor_offered(world: World) -> None:
    spot, site_id, who, given = full(world)
    waits = world.visitor()
    world.wait_for_charger(waits, site_id)
    out = update(charger).where(charger.c.id == spot)
    world.change(out.values(out_of_service_at=world.clock.now))
    world.run(who, stop, booking_id=given.booking_id)
    assert world.offers() == []
    world.wait_for_charger(world.visitor(), site_id)
