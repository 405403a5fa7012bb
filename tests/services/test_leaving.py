"""People who are changed, archived, brought back and erased, and commands that meet it."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import (
    assignment,
    booking,
    charger_wait,
    event,
    person,
    push_subscription,
    request,
    session,
)
from locker_app.db.tables import ticket as ticket_table
from locker_app.domain.actors import Actor, ActorKind, Role
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NumberTaken,
    PersonArchived,
    ReasonNeeded,
    StillHolds,
)
from locker_app.queries.person_data import person_data
from locker_app.services.bookings import book, stop
from locker_app.services.charger_desk import end_booking
from locker_app.services.charger_line import join_line
from locker_app.services.leaving import (
    archive_person,
    change_person,
    erase_person,
    unarchive_person,
)
from locker_app.services.people import add_person, settle_person_sign_in
from locker_app.services.push import subscribe
from locker_app.services.tickets import ask, join_queue
from tests.push.browsers import a_subscription
from tests.world import SYSTEM, World

WHY = "has left the university"


def values(world: World, who: Actor, **more: Any) -> dict[str, Any]:
    row = world.row(person, who.id or 0)
    same = {name: getattr(row, name) for name in ("number", "name", "accessible", "near_last")}
    return {"person_id": who.id, **same, **more}


def test_a_person_is_changed(world: World) -> None:
    admin, who = world.staff(), world.person()
    mark = world.mark()
    assert world.run(admin, change_person, **values(world, who, name="  Zoë  Ö ", near_last=True))
    row = world.row(person, who.id or 0)
    assert (row.name, row.name_key, row.near_last) == ("Zoë Ö", "zoe o", True)
    assert not world.run(admin, change_person, **values(world, who))
    (fact,) = [row for row in world.rows(event) if row.id > mark]
    assert (fact.kind, fact.details) == ("PersonChanged", {"changed": "name, near_last"})


def test_a_name_from_before_the_rule_may_stay(world: World) -> None:
    admin, who = world.staff(), world.person()
    world.change(update(person).where(person.c.id == who.id).values(name="=1+1"))
    assert world.run(admin, change_person, **values(world, who, near_last=True))
    for name in ("=1+2", "-"):
        with pytest.raises(BadInput) as refusal:
            world.run(admin, change_person, **values(world, who, name=name))
        assert refusal.value.field == "name"
    assert world.row(person, who.id or 0).name == "=1+1"


def test_two_have_never_one_number(world: World) -> None:
    admin, one, two = world.staff(), world.person(), world.person()
    number = world.row(person, one.id or 0).number
    with pytest.raises(NumberTaken):
        world.run(admin, change_person, **values(world, two, number=number.lower()))
    with pytest.raises(NumberTaken):
        world.run(admin, add_person, number=number, name="Another")


def test_only_who_may_at_all_sites(world: World) -> None:
    who, here = world.person(), world.site()
    for actor in (world.staff(Role.ADMIN, here), world.staff(Role.VIEWER), world.person()):
        for fn in (archive_person, unarchive_person, erase_person):
            with pytest.raises(NotAllowed):
                world.run(actor, fn, person_id=who.id or 0)
        with pytest.raises(NotAllowed):
            world.run(actor, change_person, **values(world, who, name="X"))
        with pytest.raises(NotAllowed):
            world.run(actor, add_person, number="X1", name="X")


def test_who_is_archived_signs_in_no_more(world: World) -> None:
    admin, who = world.staff(), world.person()
    assert who.id is not None
    assert world.run(admin, archive_person, person_id=who.id or 0)
    assert not world.run(admin, archive_person, person_id=who.id or 0)
    with pytest.raises(PersonArchived):
        world.run(
            SYSTEM, settle_person_sign_in, person_id=who.id or 0, matched=True, session_key="k"
        )
    for fn, where in ((world.take, world.bank()), (world.ticket, world.queue())):
        with pytest.raises(NotSignedIn):
            fn(who, where)
    assert world.run(admin, unarchive_person, person_id=who.id or 0)
    assert world.take(who, world.bank())


@pytest.mark.parametrize("fn", [archive_person, erase_person])
def test_who_holds_something_stays_unless_it_is_released(world: World, fn: Any) -> None:
    admin, who, other = world.staff(), world.person(), world.person()
    site = world.site(lockers_per_person=2)
    bank, full, queue = world.bank(site, count=1), world.bank(site, count=1), world.queue(site)
    world.take(who, bank)
    world.take(world.person(), full)
    world.join(other, bank)
    world.join(who, full)
    world.ticket(who, queue)
    with pytest.raises(StillHolds) as refused:
        world.run(admin, fn, person_id=who.id or 0)
    assert "A1" in str(refused.value)
    with pytest.raises(ReasonNeeded):
        world.run(admin, fn, person_id=who.id or 0, release=True)
    assert world.row(person, who.id or 0).archived_at is None
    world.run(admin, fn, person_id=who.id or 0, release=True, reason=WHY)
    assert [claim.person_id for claim in world.open_claims() if claim.bank_id == bank] == [other.id]
    assert [place.person_id for place in world.open_waits()] == [other.id]
    assert world.line(queue) == {1: "withdrawn"}


@pytest.mark.parametrize("fn", [archive_person, erase_person])
def test_who_charges_stays_unless_it_is_released(world: World, fn: Any) -> None:
    admin, who, other = world.staff(), world.person(), world.person()
    one, two = world.site(), world.site()
    (spot,), (full,) = world.chargers(one, 1), world.chargers(two, 1)
    leaves = world.clock.now + timedelta(hours=1)
    world.run(who, book, charger_id=spot, leaves_at=leaves, shown_as="B-AB 12")
    world.run(other, join_line, site_id=one)
    made = world.run(world.person(), book, charger_id=full, leaves_at=leaves)
    for waiting in (who, world.person()):
        world.run(waiting, join_line, site_id=two)
    with pytest.raises(StillHolds, match="charging spot 1"):
        world.run(admin, fn, person_id=who.id or 0)
    assert len(world.rows(booking, ended_at=None)) == 2
    with pytest.raises(ReasonNeeded):
        world.run(admin, fn, person_id=who.id or 0, release=True)
    world.run(admin, fn, person_id=who.id or 0, release=True, reason=WHY)
    (offer,) = world.rows(booking, charger_id=spot, ended_at=None)
    assert (offer.person_id, offer.status) == (other.id, "offered")
    world.run(admin, end_booking, booking_id=made.booking_id, reason=WHY)
    (offer,) = world.rows(booking, charger_id=full, ended_at=None)
    assert offer.person_id != who.id
    for act in (
        lambda: world.run(who, book, charger_id=spot, leaves_at=leaves),
        lambda: world.run(who, join_line, site_id=one),
    ):
        with pytest.raises(NotSignedIn):
            act()


def test_an_offer_alone_keeps_nobody_here(world: World) -> None:
    admin, who, here = world.staff(), world.person(), world.site()
    spot = world.chargers(here, 1)[0]
    leaves = world.clock.now + timedelta(hours=1)
    made = world.run(world.person(), book, charger_id=spot, leaves_at=leaves)
    world.run(who, join_line, site_id=here)
    world.run(admin, end_booking, booking_id=made.booking_id, reason=WHY)
    assert world.run(admin, archive_person, person_id=who.id or 0)
    assert world.rows(booking, ended_at=None) == []
    assert world.rows(charger_wait, ended_at=None) == []


def test_who_is_erased_is_in_no_table(world: World) -> None:
    admin, who, queue = world.staff(), world.person(), world.queue()
    assert who.id is not None
    number, name = "XQ12345", "Quentin Xylander"
    world.run(admin, change_person, **values(world, who, number=number, name=name))
    taken = world.take(who, world.bank())
    world.repeat("a-key", who, join_queue, queue_id=queue, group="1")
    leaves, spot = world.clock.now + timedelta(hours=1), world.chargers(count=1)[0]
    world.run(who, book, charger_id=spot, leaves_at=leaves, shown_as=f"{name[:8]} car")
    ticket = world.rows(ticket_table)[0]
    world.run(who, ask, ticket_id=ticket.id, question=f"I am {name}")
    opened = world.run(
        SYSTEM, settle_person_sign_in, person_id=who.id or 0, matched=True, session_key="k"
    )
    signed_in = Actor(ActorKind.PERSON, who.id, opened.session_id)
    told = a_subscription()
    world.run(signed_in, subscribe, endpoint=told["endpoint"], **told["keys"])
    world.run(
        admin, erase_person, person_id=who.id or 0, release=True, reason=f"{name} asked for it"
    )

    tables = (person, ticket_table, event, session, push_subscription, request, assignment)
    for table in (*tables, booking):
        for row in world.rows(table):
            assert not any(word in str(row) for word in (number, name, "Quentin")), table.name
    row = world.row(person, who.id)
    assert (row.number, row.name, row.name_key) == (f"~{who.id}", "Erased person", "")
    assert world.rows(session) == world.rows(push_subscription) == world.rows(request) == []
    assert world.row(assignment, taken.assignment_id).person_id == who.id, "the counts stay"
    with pytest.raises(NotFound):
        world.run(admin, erase_person, person_id=who.id or 0)
    with pytest.raises(NotFound):
        world.db.read(lambda conn: person_data(conn, who.id or 0, world.clock.now))
    assert world.run(admin, add_person, number=number, name=name), "the number is free again"


def test_all_that_there_is_of_somebody(world: World) -> None:
    who = world.person()
    world.take(who, world.bank())
    world.ticket(who, world.queue(), "7")
    here = world.site()
    spot = world.chargers(here, 1)[0]
    leaves = world.clock.now + timedelta(hours=1)
    made = world.run(who, book, charger_id=spot, leaves_at=leaves, shown_as="B-AB 12")
    world.run(who, stop, booking_id=made.booking_id)
    world.run(world.person(), book, charger_id=spot, leaves_at=leaves)
    world.run(who, join_line, site_id=here)
    data = world.db.read(lambda conn: person_data(conn, who.id or 0, world.clock.now))
    assert data["person"]["name"] == world.row(person, who.id or 0).name
    assert [row["locker"] for row in data["lockers"]] == ["A1"]
    assert [row["group"] for row in data["tickets"]] == ["7"]
    (stay,) = data["charging"]
    assert (stay["charger"], stay["shown_as"], stay["end_cause"]) == ("1", "B-AB 12", "stopped")
    assert [row["outcome"] for row in data["lines_for_charging"]] == [None]
    assert [row["charger"] for row in data["events"] if row["kind"] == "BookingEnded"] == ["1"]
    assert [row["kind"] for row in data["events"]][-7:] == [
        *("LockerAssigned", "TicketTaken", "TicketCalled"),
        *("BookingMade", "BookingBegun", "BookingEnded", "LineJoined"),
    ]


@pytest.mark.parametrize("fn", [archive_person, erase_person])
def test_leaving_while_taking_a_locker(world: World, fn: Any) -> None:
    """Whoever is first, nobody who has left has a locker."""
    admin, bank = world.staff(), world.bank(count=30)
    for who in world.people(8):
        done: list[str] = []

        def attempt(act: Any) -> None:
            try:
                act()
                done.append("done")  # noqa: B023
            except DomainError as refusal:
                done.append(refusal.code)  # noqa: B023

        threads = [
            threading.Thread(target=attempt, args=(act,))
            for act in (
                lambda who=who: world.take(who, bank),
                lambda who=who: world.run(admin, fn, person_id=who.id or 0),
            )
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = world.row(person, who.id or 0).archived_at is not None
        has = [claim for claim in world.open_claims() if claim.person_id == who.id]
        assert left != bool(has), done
