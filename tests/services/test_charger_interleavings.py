"""Two commands on charging spots at once on PostgreSQL, step by step: one has done its work but not
committed when the other comes. On SQLite there is one writer, so this cannot happen there."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from locker_app.db.database import Database
from locker_app.db.tables import booking, charger_wait
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.errors import OfferOver, SpotTaken
from locker_app.services.bookings import book, stop
from locker_app.services.charger_line import accept, snooze
from locker_app.services.expiry import run_due
from tests import invariants_chargers as invariants
from tests.services.test_interleavings import PATIENCE, held_up, uncommitted
from tests.world import Clock, World

HOUR = timedelta(hours=1)


@pytest.fixture
def world(new_database_url: Callable[..., str], clock: Clock) -> Iterator[World]:
    database = Database(new_database_url("postgresql"))
    yield World(database, clock)
    database.close()


@pytest.mark.parametrize("undone", [False, True])
def test_somebody_else_is_just_booking_it(world: World, undone: bool) -> None:
    (spot,) = world.chargers(count=1)
    first, second = world.visitors(2)
    what: dict[str, Any] = {"charger_id": spot, "leaves_at": world.clock.now + HOUR}
    with uncommitted(world, first, book, **what) as other:
        mine = world.start(second, book, **what)
        held_up(world, mine)
        assert not mine.done(), "who knows whether the other gets it"
        if undone:
            other.roll_back()
            assert mine.result(PATIENCE).name == "1"
        else:
            other.commit()
            with pytest.raises(SpotTaken):
                mine.result(PATIENCE)
    invariants.check(world)


def test_a_spot_at_another_site_is_booked_without_waiting(world: World) -> None:
    (spot,), (elsewhere,) = world.chargers(count=1), world.chargers(count=1)
    who, leaves_at = world.visitor(), world.clock.now + HOUR
    with uncommitted(world, who, book, charger_id=spot, leaves_at=leaves_at) as other:
        mine = world.start(who, book, charger_id=elsewhere, leaves_at=leaves_at)
        assert mine.result(PATIENCE).name == "1"
        other.commit()


def offered(world: World) -> tuple[int, int, Actor]:
    """An offer to somebody: the spot, the offer, and who it is."""
    (spot,) = world.chargers(count=1)
    who, waits = world.visitors(2)
    given = world.book(who, spot)
    world.wait_for_charger(waits, world.site_of(spot))
    world.run(who, stop, booking_id=given.booking_id)
    (offer,) = world.offers()
    return spot, offer.id, waits


def test_the_timer_leaves_a_site_alone_where_somebody_is_accepting(world: World) -> None:
    spot, offer_id, who = offered(world)
    world.clock.now = world.row(booking, offer_id).leaves_at - timedelta(seconds=1)
    leaves_at = world.clock.now + HOUR
    with uncommitted(world, who, accept, booking_id=offer_id, leaves_at=leaves_at) as other:
        world.clock.advance(seconds=1)
        assert world.run(SYSTEM, run_due) == 0  # it does not wait, and does nothing
        other.commit()
    assert world.run(SYSTEM, run_due) == 0  # nothing is due any more
    assert world.stays(spot)[-1] == ("active", None)


def test_whoever_accepts_while_it_is_let_go_by_is_too_late(world: World) -> None:
    spot, offer_id, who = offered(world)
    place = world.rows(charger_wait, booking_id=offer_id)[0].id
    with uncommitted(world, who, snooze, wait_id=place) as other:
        leaves_at = world.clock.now + HOUR
        mine = world.start(who, accept, booking_id=offer_id, leaves_at=leaves_at)
        held_up(world, mine)
        other.commit()
        with pytest.raises(OfferOver):
            mine.result(PATIENCE)
    assert world.stays(spot)[-1] == ("ended", "declined")
    invariants.check(world)
