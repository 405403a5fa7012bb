"""What a visitor has at charging spots goes with them when they sign in."""

from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.log import Trace
from locker_app.db.tables import booking, charger_wait, site
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import Actor
from locker_app.domain.errors import HasBooking, NotYourBooking
from locker_app.services.bookings import stop
from locker_app.services.charger_claims import claim_bookings
from tests import invariants_chargers as invariants
from tests.world import World


def sign_in(world: World, visitor: Actor, person: Actor) -> int:
    """The person signs in where the visitor was; how much is theirs now."""

    def attempt(tx: Tx) -> int:
        return claim_bookings(tx, person, world.clock.now, visitor.id or 0, person.id or 0)

    return world.db.run(Work(attempt, Trace("test")))


def place_of(world: World, who: Actor) -> Any:
    (row,) = world.rows(charger_wait, holder=f"{who.kind.value}:{who.id}", ended_at=None)
    return row


def test_a_booking_is_the_persons_then(world: World) -> None:
    (spot,) = world.chargers(count=1)
    visitor, person = world.visitor(), world.person()
    given = world.book(visitor, spot)
    assert sign_in(world, visitor, person) == 1
    row = world.row(booking, given.booking_id)
    assert (row.holder, row.person_id, row.visitor_id) == (f"person:{person.id}", person.id, None)
    with pytest.raises(NotYourBooking):
        world.run(visitor, stop, booking_id=given.booking_id)
    world.run(person, stop, booking_id=given.booking_id)
    assert sign_in(world, visitor, person) == 0
    invariants.check(world)


def test_one_may_have_more_then_than_one_may_book(world: World) -> None:
    one, two = world.chargers(count=2)
    visitor, person = world.visitor(), world.person()
    world.book(visitor, one)
    world.book(person, two)
    sign_in(world, visitor, person)
    rows = world.rows(booking, person_id=person.id, ended_at=None)
    assert sorted(row.slot for row in rows) == [1, 2]
    invariants.check(world, claimed=True)


def test_an_offer_is_not_accepted_by_who_has_all_that_is_allowed(world: World) -> None:
    one, two = world.chargers(count=2)
    visitor, person, holder = world.visitor(), world.person(), world.visitor()
    given, mine = world.book(holder, one), world.book(person, two)
    world.wait_for_charger(visitor, world.site_of(one))
    world.run(holder, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    sign_in(world, visitor, person)
    with pytest.raises(HasBooking):
        world.accept(person, offer.id)
    world.run(person, stop, booking_id=mine.booking_id)
    world.accept(person, offer.id)
    invariants.check(world)


@pytest.mark.parametrize("visitor_first", [False, True])
def test_of_two_places_in_line_the_better_one_stays(world: World, visitor_first: bool) -> None:
    (spot,) = world.chargers(count=1)
    visitor, person = world.visitor(), world.person()
    world.book(world.visitor(), spot)
    for who in (visitor, person) if visitor_first else (person, visitor):
        world.wait_for_charger(who, world.site_of(spot))
        world.clock.advance(minutes=1)
    best = place_of(world, visitor if visitor_first else person).id
    assert sign_in(world, visitor, person) == visitor_first
    assert place_of(world, person).id == best
    assert {row.outcome for row in world.rows(charger_wait)} == {None, "left"}
    invariants.check(world)


@pytest.mark.parametrize("visitors", [False, True])
def test_a_place_with_an_offer_is_better_than_one_before_it(world: World, visitors: bool) -> None:
    spots = world.chargers(count=2, snoozes=1)
    visitor, person, holder = world.visitor(), world.person(), world.visitor()
    given = world.book(holder, spots[0])
    world.book(world.visitor(), spots[1])
    offered, other = (visitor, person) if visitors else (person, visitor)
    world.wait_for_charger(other, world.site_of(spots[0]))
    late = world.clock.now.replace(hour=20)
    world.change(update(charger_wait).values(snoozed_until=late))
    world.wait_for_charger(offered, world.site_of(spots[0]))
    world.run(holder, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    sign_in(world, visitor, person)
    assert place_of(world, person).booking_id == offer.id
    assert world.row(booking, offer.id).person_id == person.id
    world.accept(person, offer.id)
    invariants.check(world)


def test_two_offers_become_one_and_the_other_passes_on(world: World) -> None:
    spots = world.chargers(count=2)
    holders = world.visitors(2)
    given = [world.book(*one) for one in zip(holders, spots, strict=True)]
    visitor, person, third = world.visitor(), world.person(), world.visitor()
    for who in (visitor, person, third):
        world.wait_for_charger(who, world.site_of(spots[0]))
    for who, one in zip(holders, given, strict=True):
        world.run(who, stop, booking_id=one.booking_id)
    assert len(world.offers()) == 2
    sign_in(world, visitor, person)
    assert {row.holder for row in world.offers()} == {
        f"person:{person.id}",
        f"visitor:{third.id}",
    }
    invariants.check(world, claimed=True)


def test_at_a_site_in_use_no_more_nothing_is_claimed(world: World) -> None:
    (spot,) = world.chargers(count=1)
    visitor, person = world.visitor(), world.person()
    given = world.book(visitor, spot)
    world.change(update(site).values(archived_at=world.clock.now))
    assert sign_in(world, visitor, person) == 0
    assert world.row(booking, given.booking_id).visitor_id == visitor.id
