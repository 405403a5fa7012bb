"""What everybody sees of a queue, and what holders of tickets see of theirs."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from locker_app.db.tables import queue
from locker_app.domain.actors import Actor
from locker_app.domain.queues import QueueMode, TicketStatus
from locker_app.queries.queues import (
    DONE_SHOWN,
    LineView,
    line_view,
    queue_of_code,
    queues_of_site,
    room_pin_of,
    site_of_queue,
)
from locker_app.queries.tickets import MyTicket, tickets_of
from locker_app.services.desks import label_desk
from locker_app.services.queues import announce, pause, reset_queue, set_mode
from locker_app.services.serving import complete, no_show
from locker_app.services.tickets import ask, join_queue, leave_queue, step_back
from tests.world import World


def view(world: World, queue_id: int) -> LineView:
    seen = world.db.read(lambda conn: line_view(conn, queue_id, world.clock.now))
    assert seen is not None
    return seen


def mine(world: World, who: Actor) -> list[MyTicket]:
    holder = f"{who.kind.value}:{who.id}"
    return world.db.read(lambda conn: tickets_of(conn, holder, world.clock.now))


def test_a_line_in_numbers(world: World) -> None:
    site_id = world.site()
    queue_id = world.queue(site_id, name="Optics", place="Room 1", groups="1-9", capacity=30)
    staff = world.staff()
    new = view(world, queue_id)
    assert (new.name, new.place, new.site_id, new.groups) == ("Optics", "Room 1", site_id, "1-9")
    assert (new.mode, new.paused, new.capacity) == (QueueMode.OPEN, False, 30)
    assert (new.given, new.shown, new.serving, new.line, new.done) == (0, 0, [], [], [])
    for group in range(1, 5):
        world.ticket(world.visitor(), queue_id, str(group))
    assert view(world, queue_id).serving == [(1, "")]  # served at once, at no desk yet
    world.run(staff, label_desk, queue_id=queue_id, label="Desk 4")
    world.press(staff, queue_id)
    seen = view(world, queue_id)
    assert (seen.given, seen.shown, seen.serving) == (4, 2, [(2, "Desk 4")])
    assert (seen.line, seen.done) == ([3, 4], [1])


def test_the_order_is_that_of_the_calls(world: World) -> None:
    queue_id, people = world.queue(), world.people(4)
    given = [world.ticket(who, queue_id) for who in people]
    world.run(people[1], step_back, ticket_id=given[1].ticket_id)
    assert view(world, queue_id).line == [3, 2, 4]


def test_groups_that_were_helped_today_come_last(world: World) -> None:
    """Since midnight at the site, whatever the server's clock says."""
    world.clock.now = datetime(2026, 3, 2, 22, 50, tzinfo=UTC)  # 23:50 in Berlin
    queue_id, staff = world.queue(fresh_groups_first=True), world.staff()
    first, second, third = world.visitors(3)
    world.ticket(first, queue_id, "A")
    world.run(staff, complete, queue_id=queue_id)
    world.ticket(second, queue_id, "A")
    world.ticket(third, queue_id, "B")
    assert view(world, queue_id).line == [3, 2]
    world.clock.advance(minutes=10)
    assert view(world, queue_id).line == [2, 3]


def test_several_desks_in_the_order_of_the_calls(world: World) -> None:
    queue_id, staff = world.queue(), [world.staff(), world.staff()]
    world.tickets(queue_id, 5)
    for one in (*staff, staff[0]):
        world.clock.advance(minutes=1)
        world.press(one, queue_id)
    assert [number for number, _ in view(world, queue_id).serving] == [3, 4]


def test_only_the_last_that_were_done_and_of_this_round(world: World) -> None:
    queue_id, staff = world.queue(), world.staff()
    many = DONE_SHOWN + 3
    given = world.tickets(queue_id, many + 1)
    for _ in range(many):
        world.clock.advance(seconds=1)
        world.press(staff, queue_id)
    assert view(world, queue_id).done == list(range(4, many + 1))
    world.run(staff, no_show, ticket_id=given[-1].ticket_id)
    assert view(world, queue_id).done[-1] == many
    world.run(staff, reset_queue, queue_id=queue_id)
    after = view(world, queue_id)
    assert (after.done, after.given, after.shown, after.round) == ([], 0, 0, 2)


def test_what_staff_say_and_decide(world: World) -> None:
    queue_id, staff = world.queue(room_pin="x1y2"), world.staff()
    (visitor,) = world.visitors(1)
    world.run(visitor, join_queue, queue_id=queue_id, group="1", room_pin="x1y2")
    world.run(staff, announce, queue_id=queue_id, text="Back at ten")
    world.run(staff, pause, queue_id=queue_id, paused=True)
    world.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.DRAINING)
    seen = view(world, queue_id)
    assert (seen.announcement, seen.announced_at) == ("Back at ten", world.clock.now)
    assert (seen.paused, seen.mode, seen.wants_room_pin) == (True, QueueMode.DRAINING, True)
    assert "X1Y2" not in repr(seen)
    world.press(staff, queue_id)
    assert view(world, queue_id).mode == QueueMode.CLOSED  # with nobody left in it
    (card,) = world.db.read(lambda conn: queues_of_site(conn, seen.site_id))
    assert card.mode == "closed"
    assert world.db.read(lambda conn: room_pin_of(conn, queue_id)) == "X1Y2"


def test_when_it_opens_next(world: World) -> None:
    """Monday, 2 March 2026, 8:00 UTC is 9:00 in Berlin."""
    queue_id = world.queue(hours=[[0, "10:00", "12:00"], [2, "10:00", "12:00"]])
    closed = view(world, queue_id)
    assert (closed.mode, closed.opens_at) == (
        QueueMode.CLOSED,
        world.clock.now + timedelta(hours=1),
    )
    world.clock.advance(hours=1)
    world.run_due()
    assert view(world, queue_id).opens_at is None
    without = world.queue()
    world.run(world.staff(), set_mode, queue_id=without, mode=QueueMode.CLOSED)
    assert view(world, without).opens_at is None


def test_queues_of_a_site_with_how_busy_they_are(world: World) -> None:
    site_id = world.site()
    busy, idle = world.queue(site_id), world.queue(site_id)
    world.queue()  # elsewhere
    world.tickets(busy, 3)
    cards = world.db.read(lambda conn: queues_of_site(conn, site_id))
    assert [(c.id, c.waiting, c.serving, c.shown) for c in cards] == [
        (busy, 2, 1, 1),
        (idle, 0, 0, 0),
    ]
    assert [(c.mode, c.paused) for c in cards] == [("open", False)] * 2


def test_a_code_leads_to_its_queue(world: World) -> None:
    site_id = world.site()
    queue_id = world.queue(site_id)
    code = world.row(queue, queue_id).code
    for text in (code, code.lower()):
        assert world.db.read(lambda conn, text=text: queue_of_code(conn, text)) == queue_id
    for text in ("", "nothere", "%", code[:-1]):
        assert world.db.read(lambda conn, text=text: queue_of_code(conn, text)) is None
    assert world.db.read(lambda conn: site_of_queue(conn, queue_id)) == site_id
    assert world.db.read(lambda conn: site_of_queue(conn, 2**31 - 1)) is None


@pytest.mark.parametrize("kind", ["person", "visitor"])
def test_a_ticket_of_mine(world: World, kind: str) -> None:
    queue_id, staff = world.queue(name="Optics", steps_back=2), world.staff()
    who = world.person() if kind == "person" else world.visitor()
    world.tickets(queue_id, 1)
    given = world.ticket(who, queue_id, "7")
    world.tickets(queue_id, 1)
    world.run(who, ask, ticket_id=given.ticket_id, question="Why?")
    world.run(who, step_back, ticket_id=given.ticket_id)
    (ticket,) = mine(world, who)
    assert (ticket.ticket_id, ticket.queue_id, ticket.number) == (given.ticket_id, queue_id, 2)
    assert (ticket.queue_name, ticket.group, ticket.question) == ("Optics", "7", "Why?")
    assert (ticket.status, ticket.steps_left, ticket.desk) == (TicketStatus.WAITING, 1, "")
    assert (ticket.called_at, ticket.ended_at) == (None, None)
    world.run(staff, label_desk, queue_id=queue_id, label="Desk 1")
    world.press(staff, queue_id)
    world.press(staff, queue_id)
    (ticket,) = mine(world, who)
    assert (ticket.status, ticket.desk) == (TicketStatus.SERVING, "Desk 1")
    assert mine(world, world.person()) == []


def test_how_it_ended_is_news_for_half_a_day(world: World) -> None:
    queue_id, other, staff, who = world.queue(), world.queue(), world.staff(), world.person()
    first = world.ticket(who, queue_id)
    world.run(staff, complete, queue_id=queue_id)
    assert [ticket.status for ticket in mine(world, who)] == [TicketStatus.DONE]
    world.clock.advance(minutes=1)
    second = world.ticket(who, queue_id)
    assert [t.ticket_id for t in mine(world, who)] == [second.ticket_id]  # an open one is the news
    world.run(who, leave_queue, ticket_id=second.ticket_id)
    assert [t.ticket_id for t in mine(world, who)] == [second.ticket_id]  # the last one alone
    third = world.ticket(who, other)
    assert [t.ticket_id for t in mine(world, who)] == [third.ticket_id, second.ticket_id]
    world.run(staff, reset_queue, queue_id=other)
    assert {t.status for t in mine(world, who)} == {TicketStatus.CLEARED, TicketStatus.WITHDRAWN}
    world.clock.advance(hours=12)
    assert mine(world, who) == []
    assert first.number == 1


def test_steps_that_the_rules_take_away_are_none(world: World) -> None:
    queue_id, who = world.queue(steps_back=1), world.person()
    world.tickets(queue_id, 1)
    given = world.ticket(who, queue_id)
    world.tickets(queue_id, 1)
    world.run(who, step_back, ticket_id=given.ticket_id)
    world.change(update(queue).where(queue.c.id == queue_id).values(steps_back=0))
    assert [ticket.steps_left for ticket in mine(world, who)] == [0]
