"""Names leave the history: after as many days as a site says, in pieces, once a night, and what
happened stays."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import (
    assignment,
    booking,
    charger_wait,
    event,
    session,
    site,
    ticket,
    wait,
)
from locker_app.domain.actors import NOBODY, SYSTEM
from locker_app.domain.errors import NotAllowed
from locker_app.services import retention
from locker_app.services.bookings import book, stop
from locker_app.services.charger_desk import end_booking
from locker_app.services.charger_line import join_line, leave_line
from locker_app.services.lockers import force_release
from locker_app.services.people import settle_person_sign_in
from locker_app.services.retention import (
    OF_NO_SITE,
    drop_orphans,
    forget_names,
    sites_due,
    withdraw_orphans,
)
from locker_app.services.waiting import leave_waiting
from tests.world import World


def keeps(world: World, site_id: int, days: int | None) -> None:
    world.change(update(site).where(site.c.id == site_id).values(names_kept_days=days))


def night(world: World) -> int:
    """Do all that is due; how many pieces it was."""
    pieces = 0
    for site_id in world.db.read(lambda conn: sites_due(conn, world.clock.now)):
        while world.run(SYSTEM, forget_names, site_id=site_id):
            pieces += 1
    return pieces


def live(world: World, site_id: int) -> dict[str, Any]:
    """A day at the site: lockers, a waiting list, tickets of a person and of a visitor."""
    bank, queue = world.bank(site_id, count=1), world.queue(site_id)
    who, other, admin = world.person(), world.person(), world.staff()
    taken = world.take(who, bank)
    place = world.join(other, bank)
    world.run(other, leave_waiting, wait_id=place)
    world.run(admin, force_release, locker_id=taken.locker_id, reason="Rahul's bag")
    for holder in (who, world.visitor()):
        world.ticket(holder, queue)
    for _ in range(3):
        world.press(admin, queue)
    spot = world.chargers(site_id, 1)[0]
    guest, leaves = world.visitor(), world.clock.now + timedelta(hours=1)
    mine = {"charger_id": spot, "leaves_at": leaves, "shown_as": "B-AB 12"}
    made = world.run(guest, book, **mine)
    place = world.run(who, join_line, site_id=site_id)
    world.run(who, leave_line, wait_id=place)
    world.run(guest, stop, booking_id=made.booking_id)
    world.run(who, book, **mine)
    world.run(SYSTEM, settle_person_sign_in, person_id=who.id or 0, matched=True, session_key="k")
    return {"who": who, "bank": bank, "queue": queue}


def test_names_leave_when_it_is_time(world: World) -> None:
    here = world.site()
    keeps(world, here, 30)
    live(world, here)
    before = world.rows(event)
    night(world)
    assert world.rows(event) == before, "it is not old yet"
    world.clock.advance(days=1)
    world.run_due()  # what somebody has is over
    before = world.rows(event)
    world.clock.advance(days=31)
    assert night(world) >= 2
    after = [row for row in world.rows(event) if row.kind != "NamesForgotten"]
    assert all(row.person_id is None and row.reason is None for row in after)
    assert all(row.actor_id is None for row in after if row.actor_kind in ("person", "visitor"))
    assert any(row.actor_id is not None for row in after if row.actor_kind == "staff")
    assert not any(row.details.get(name) for row in after for name in ("visitor_id", "session_id"))
    kept = ("id", "at", "kind", "site_id", "bank_id", "locker_id", "queue_id", "charger_id")
    kept += ("staff_id", "origin")
    assert [[getattr(row, name) for name in kept] for row in after] == [
        [getattr(row, name) for name in kept] for row in before
    ]
    for table in (assignment, wait, ticket, booking, charger_wait):
        assert all(row.person_id is None for row in world.rows(table))
    assert all(
        (row.holder, row.visitor_id, row.question, row.note) == ("", None, "", "")
        for row in world.rows(ticket)
    )
    for table in (booking, charger_wait):
        assert all((row.holder, row.visitor_id) == ("", None) for row in world.rows(table))
    assert all(row.shown_as == "" for row in world.rows(booking))
    facts = {row.site_id: row.details for row in world.rows(event, kind="NamesForgotten")}
    assert {here, None} == facts.keys()
    assert (facts[here]["assignments"], facts[here]["waits"], facts[here]["tickets"]) == (1, 1, 2)
    assert (facts[here]["bookings"], facts[here]["places"]) == (2, 1)
    world.clock.advance(days=30)
    night(world)
    assert world.rows(session) == [], "those of persons and visitors, when they have been over"


def test_what_is_still_held_keeps_its_holder(world: World) -> None:
    here = world.site()
    keeps(world, here, 1)
    bank, queue, who = world.bank(here), world.queue(here), world.person()
    world.take(who, bank)
    world.ticket(who, queue)
    world.clock.advance(days=9)
    night(world)
    assert world.rows(assignment)[0].person_id == who.id
    assert world.rows(ticket)[0].holder == f"person:{who.id}"


def test_each_site_for_itself_and_none_for_ever(world: World) -> None:
    one, two = world.site(), world.site()
    keeps(world, one, 10)
    for here in (one, two):
        bank = world.bank(here)
        who = world.person()
        world.give_back(who, world.take(who, bank))
    world.clock.advance(days=400)
    night(world)
    assert [row.person_id is None for row in world.rows(assignment)] == [True, False]
    unsited = [row for row in world.rows(event) if row.kind == "PersonAdded"]
    assert all(row.person_id is not None for row in unsited), "one site keeps names for ever"
    keeps(world, two, 500)
    night(world)
    assert [row.person_id is None for row in world.rows(assignment)] == [True, False]


def test_once_a_night_in_the_zone_of_the_site(world: World) -> None:
    here = world.site(time_zone="Asia/Kolkata")
    keeps(world, here, 10)
    world.clock.now = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)  # 02:30 there
    night(world)
    due = lambda: here in world.db.read(lambda conn: sites_due(conn, world.clock.now))  # noqa: E731
    assert not due()
    assert not due()
    world.clock.advance(minutes=29)
    assert not due()
    world.clock.advance(minutes=1)
    assert due()
    night(world)
    assert not due()


def test_in_pieces_that_outlive_a_restart(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PIECE", 3)
    here = world.site()
    keeps(world, here, 10)
    bank = world.bank(here)
    for who in world.people(10):
        world.give_back(who, world.take(who, bank))
    world.clock.advance(days=11)
    assert world.run(SYSTEM, forget_names, site_id=here)
    assert here in world.db.read(lambda conn: sites_due(conn, world.clock.now)), "it goes on"
    assert night(world) >= 5
    (fact,) = world.rows(event, kind="NamesForgotten", site_id=here)
    assert (fact.details["assignments"], fact.details["events"]) == (10, 20)
    assert not world.run(SYSTEM, forget_names, site_id=here)


def test_several_processes_do_it_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PIECE", 2)
    here = world.site()
    keeps(world, here, 10)
    bank = world.bank(here)
    for who in world.people(8):
        world.give_back(who, world.take(who, bank))
    world.clock.advance(days=11)
    threads = [threading.Thread(target=night, args=(world,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    night(world)
    (fact,) = world.rows(event, kind="NamesForgotten", site_id=here)
    assert fact.details["assignments"] == 8


def test_nobody_else_does_it(world: World) -> None:
    for actor in (NOBODY, world.staff(), world.person()):
        with pytest.raises(NotAllowed):
            world.run(actor, forget_names, site_id=OF_NO_SITE)
        with pytest.raises(NotAllowed):
            world.run(actor, withdraw_orphans)
        with pytest.raises(NotAllowed):
            world.run(actor, drop_orphans)


def test_tickets_of_browsers_that_are_gone_leave_the_line(world: World) -> None:
    queue, gone = world.queue(), world.visitor()
    world.ticket(world.person(), queue)
    world.ticket(gone, queue)
    world.ticket(world.visitor(), queue)
    over = update(session).where(session.c.id == gone.id)
    assert world.run(SYSTEM, withdraw_orphans) == 0
    world.change(over.values(expires_at=world.clock.now))
    assert world.run(SYSTEM, withdraw_orphans) == 1
    assert world.line(queue) == {1: "serving", 2: "withdrawn", 3: "waiting"}


def test_places_of_browsers_that_are_gone_leave_the_line_for_chargers(world: World) -> None:
    here = world.site()
    spot = world.chargers(here, 1)[0]
    leaves = world.clock.now + timedelta(hours=1)
    made = world.run(world.person(), book, charger_id=spot, leaves_at=leaves)
    gone, other = world.visitor(), world.visitor()
    for who in (gone, other):
        world.run(who, join_line, site_id=here)
    world.run(world.staff(), end_booking, booking_id=made.booking_id, reason="x")
    assert world.run(SYSTEM, drop_orphans) == 0
    over = update(session).where(session.c.id == gone.id)
    world.change(over.values(expires_at=world.clock.now))
    assert world.run(SYSTEM, drop_orphans) == 1
    (place,) = world.rows(charger_wait, ended_at=None)
    (offer,) = world.rows(booking, ended_at=None)
    assert (place.visitor_id, place.booking_id, offer.visitor_id) == (other.id, offer.id, other.id)


def test_what_is_still_charged_keeps_its_holder(world: World) -> None:
    here = world.site()
    keeps(world, here, 1)
    spot = world.chargers(here, 1, max_stay_minutes=10000)[0]
    leaves = world.clock.now + timedelta(days=5)
    made = world.run(world.visitor(), book, charger_id=spot, leaves_at=leaves)
    world.clock.advance(days=3)
    night(world)
    assert world.row(booking, made.booking_id).holder != ""
