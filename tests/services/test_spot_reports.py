"""What those say who stand before a spot: that it is taken, or that it is empty."""

import pytest
from sqlalchemy import update

from locker_app.db.tables import booking, charger, charger_wait
from locker_app.domain.actors import NOBODY, Actor
from locker_app.domain.errors import (
    BadInput,
    BookingOver,
    NotAllowed,
    NotFound,
    NothingBooked,
    NotOverstayed,
    NotSignedIn,
    NotYourBooking,
    ReportedOften,
    SpotOut,
)
from locker_app.services.bookings import stop
from locker_app.services.spot_reports import Reported, report_free, report_taken
from tests.world import World


def report(world: World, who: Actor, booking_id: int) -> Reported:
    return world.run(who, report_taken, booking_id=booking_id)


def test_whose_spot_is_taken_is_offered_another_at_once(world: World) -> None:
    one, two = world.chargers(count=2)
    who = world.visitor()
    given = world.book(who, one)
    mark = world.mark()
    reported = report(world, who, given.booking_id)
    (offer,) = world.offers()
    assert (offer.charger_id, offer.visitor_id) == (two, who.id)
    assert reported.offered == offer.id
    assert world.row(charger_wait, reported.wait_id).first
    assert world.row(charger, one).reported_at == world.clock.now
    kinds = ["BookingEnded", "ChargerReported", "LineJoined", "SpotOffered"]
    assert world.kinds(mark) == kinds
    with pytest.raises(SpotOut):
        world.book(world.visitor(), one)
    with pytest.raises(BookingOver):
        report(world, who, given.booking_id)


def test_without_another_spot_one_is_first_in_line(world: World) -> None:
    one, two = world.chargers(count=2)
    who, other, waits = world.visitors(3)
    given = world.book(who, one)
    theirs = world.book(other, two)
    world.wait_for_charger(waits, world.site_of(one))
    world.clock.advance(minutes=5)
    assert report(world, who, given.booking_id).offered is None
    world.run(other, stop, booking_id=theirs.booking_id)
    (offer,) = world.offers()
    assert offer.visitor_id == who.id
    again = report(world, who, offer.id)  # that one is taken too: the place is still the first
    assert world.row(charger_wait, again.wait_id).first
    assert world.row(booking, offer.id).end_cause == "blocked"
    for spot in (one, two):
        world.change(update(charger).where(charger.c.id == spot).values(reported_at=None))
    taken = world.book(who, one)
    with pytest.raises(ReportedOften):
        report(world, who, taken.booking_id)
    world.run(who, stop, booking_id=taken.booking_id)
    world.clock.advance(days=1)
    taken = world.book(who, one)
    report(world, who, taken.booking_id)


def test_who_may_report_and_when(world: World) -> None:
    (spot,) = world.chargers(count=1)
    who = world.visitor()
    given = world.book(who, spot, 60, after=60)
    with pytest.raises(BadInput):
        report(world, who, given.booking_id)
    for nobody, wrong in (
        (world.visitor(), NotYourBooking),
        (NOBODY, NotSignedIn),
        (world.staff(), NotAllowed),
    ):
        with pytest.raises(wrong):
            report(world, nobody, given.booking_id)
    world.clock.advance(minutes=131)
    world.run_due()
    with pytest.raises(BookingOver):  # overstayed: they are there themselves
        report(world, who, given.booking_id)


def test_whose_spot_is_overstayed_by_somebody_is_first_in_line_and_it_is_not_reported(
    world: World,
) -> None:
    (spot,) = world.chargers(count=1)
    stays, waits = world.visitors(2)
    world.book(stays, spot, 60)
    later = world.book(waits, spot, 60, after=60)
    world.clock.advance(minutes=65)
    report(world, waits, later.booking_id)
    assert world.row(charger, spot).reported_at is None  # it is known who is there
    assert world.stays(spot) == [("overstayed", None), ("ended", "blocked")]
    assert world.run(world.visitor(), report_free, charger_id=spot) is False
    (offer,) = world.offers()
    assert offer.visitor_id == waits.id


def test_an_overstayed_spot_that_is_empty_is_given_again(world: World) -> None:
    (spot,) = world.chargers(count=1)
    with pytest.raises(NothingBooked):
        world.run(world.visitor(), report_free, charger_id=spot)
    given = world.book(world.visitor(), spot, 60)
    world.clock.advance(minutes=65)  # in grace
    with pytest.raises(NotOverstayed):
        world.run(world.visitor(), report_free, charger_id=spot)
    world.clock.advance(minutes=5)
    for who, wrong in ((NOBODY, NotSignedIn), (world.staff(), NotAllowed)):
        with pytest.raises(wrong):
            world.run(who, report_free, charger_id=spot)
    with pytest.raises(NotFound):
        world.run(world.visitor(), report_free, charger_id=4711)
    assert world.run(world.visitor(), report_free, charger_id=spot) is True
    assert world.row(booking, given.booking_id).end_cause == "found_free"
