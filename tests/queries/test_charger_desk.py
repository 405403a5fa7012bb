"""What those see who run charging spots: names, what comes later, what needs them, the line."""

from datetime import timedelta

import pytest

from locker_app.domain.actors import NOBODY, Role
from locker_app.domain.chargers import ChargerStatus
from locker_app.domain.errors import NotAllowed, NotFound, NotSignedIn
from locker_app.live.projections.charger_desk import charger_desk
from locker_app.queries.charger_desk import DeskView, desk_of_staff, desk_sites
from locker_app.services.bookings import book
from locker_app.services.charger_desk import take_out
from locker_app.services.charger_line import join_line
from locker_app.services.spot_reports import report_taken
from tests.world import World

HOUR = timedelta(hours=1)


def look(world: World, site_id: int) -> DeskView:
    admin, now = world.staff(), world.clock.now
    return world.db.read(lambda conn: desk_of_staff(conn, admin, now, site_id=site_id))


def test_a_site_as_its_staff_see_it(world: World) -> None:
    here = world.site()
    ids = world.chargers(here, 3)
    ada, ben, eve, guest = *world.people(3), world.visitor()
    now = world.clock.now
    world.run(ada, book, charger_id=ids[0], leaves_at=now + HOUR)
    later = world.run(
        guest, book, charger_id=ids[0], starts_at=now + 2 * HOUR, leaves_at=now + 3 * HOUR
    )
    seen = world.run(ben, book, charger_id=ids[1], leaves_at=now + HOUR)
    world.run(world.staff(), take_out, charger_id=ids[2], reason="torn")
    world.run(ben, report_taken, booking_id=seen.booking_id)
    world.run(eve, join_line, site_id=here)
    first, second, third = look(world, here).spots
    assert first.there is not None
    assert (first.there.person_id, first.spot.status) == (ada.id, ChargerStatus.TAKEN)
    assert [(one.id, one.who) for one in first.later] == [(later.booking_id, "")]
    assert (second.there, second.reported_at) == (None, now)
    assert (third.out_reason, third.spot.status) == ("torn", ChargerStatus.OUT)
    line = look(world, here).line
    assert [(one.person_id, one.first) for one in line] == [(ben.id, True), (eve.id, False)]

    sent = world.db.read(lambda conn: charger_desk(conn, here, now))
    assert sent is not None
    assert [row["who"] for row in sent["spots"][0]["later"]] == ["a visitor"]
    world.clock.advance(minutes=75)  # the timer is late
    first, second, _ = look(world, here).spots
    assert first.spot.status is ChargerStatus.OVERSTAYED
    assert second.reported_at is None, "it is over an hour old"


def test_only_for_those_who_run_them(world: World) -> None:
    here, other = world.site(), world.site()
    world.chargers(here, 1)
    now = world.clock.now

    def ask(actor: object, site_id: int = here) -> None:
        world.db.read(lambda conn: desk_of_staff(conn, actor, now, site_id=site_id))  # pyright: ignore[reportArgumentType]

    for who in (NOBODY, world.visitor()):
        with pytest.raises(NotSignedIn):
            ask(who)
    for who in (world.person(), world.staff(Role.VIEWER), world.staff(Role.ADMIN, other)):
        with pytest.raises(NotAllowed):
            ask(who)
    with pytest.raises(NotFound):
        ask(world.staff(), other)
    assert [site_id for site_id, _ in world.db.read(desk_sites)] == [here]
