"""Taking a ticket, leaving, stepping back, asking; and tickets that become a person's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import event, person, queue, session, ticket
from locker_app.db.tables import staff as accounts
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    GroupHasTicket,
    GroupNotAllowed,
    HasTicket,
    LastInLine,
    NoStepsLeft,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NotYourTicket,
    QueueClosed,
    QueueDraining,
    QueueFull,
    TicketMoved,
    WrongPin,
    WrongRoomPin,
)
from locker_app.domain.queues import QueueMode
from locker_app.services.presses import Pressed
from locker_app.services.queues import set_mode
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import key_of
from locker_app.services.sign_in import Door, choose_pin, sign_in_person, sign_in_staff
from locker_app.services.tickets import TicketGiven, ask, join_queue, leave_queue, step_back
from locker_app.services.visitors import open_visit, visit_and_join
from tests.world import PASSWORD, World


def refusal(do: Callable[[], Any]) -> str | None:
    try:
        do()
    except DomainError as refused:
        return refused.code
    return None


class TestThePredecessor:
    def test_its_own_example(self, world: World) -> None:
        queue_id, professor = world.queue(), world.staff()
        one = world.ticket(world.visitor(), queue_id, "1")
        assert (one.number, one.serving) == (1, True), "ticket 1 is served at once"
        two = world.ticket(world.visitor(), queue_id, "2")
        assert (two.number, two.serving) == (2, False), "ticket 2 waits"
        assert world.press(professor, queue_id) == Pressed(1, 2)
        assert world.line(queue_id) == {1: "done", 2: "serving"}
        assert world.press(professor, queue_id) == Pressed(2, 0)
        assert world.line(queue_id) == {1: "done", 2: "done"}
        assert world.shown(queue_id) == 2, "the current one stays"
        three = world.ticket(world.visitor(), queue_id, "3")
        assert (three.number, three.serving) == (3, False)
        assert world.shown(queue_id) == 2, "still"
        assert world.press(professor, queue_id) == Pressed(0, 3)
        assert world.line(queue_id)[3] == "serving"
        assert world.shown(queue_id) == 3

    def test_the_number_stays_when_the_first_one_leaves(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        world.run(who, leave_queue, ticket_id=world.ticket(who, queue_id).ticket_id)
        assert not world.ticket(world.visitor(), queue_id).serving
        assert world.shown(queue_id) == 1


class TestJoin:
    def test_a_ticket_and_what_is_kept_of_it(self, world: World) -> None:
        queue_id, who = world.queue(), world.person()
        world.ticket(world.visitor(), queue_id)
        world.ticket(world.visitor(), queue_id)
        mark = world.mark()
        given = world.run(who, join_queue, queue_id=queue_id, group=" 07", question=" why  not? ")
        assert given == TicketGiven(given.ticket_id, queue_id, 3, serving=False)
        row = world.row(ticket, given.ticket_id)
        assert (row.holder, row.person_id, row.visitor_id) == (f"person:{who.id}", who.id, None)
        assert (row.group_number, row.question, row.ahead_at_join) == ("7", "why not?", 1)
        assert (row.joined_at, row.called_at, row.staff_id) == (world.clock.now, None, None)
        (logged,) = [row for row in world.rows(event) if row.id > mark]
        assert (logged.kind, logged.queue_id, logged.person_id) == ("TicketTaken", queue_id, who.id)
        assert "why" not in str(logged.details)

    def test_a_visitor_needs_no_account(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        row = world.row(ticket, world.ticket(who, queue_id).ticket_id)
        assert (row.holder, row.person_id, row.visitor_id) == (f"visitor:{who.id}", None, who.id)
        assert (row.status, row.called_at) == ("serving", world.clock.now)
        assert world.kinds()[-2:] == ["TicketTaken", "TicketCalled"]

    def test_numbers_rise_by_one_and_refusals_use_none_up(self, world: World) -> None:
        queue_id, who = world.queue(groups="1-5"), world.visitor()
        numbers = []
        for group in ("1", "9", "2", "2", "3"):
            try:
                numbers.append(world.ticket(world.visitor(), queue_id, group).number)
            except (GroupNotAllowed, GroupHasTicket):
                continue
        assert numbers == [1, 2, 3]
        assert world.ticket(who, queue_id, "4").number == 4

    @pytest.mark.parametrize("group", ["", "  ", "<script>", "x" * 21, "a\x00"])
    def test_a_group_is_needed(self, world: World, group: str) -> None:
        queue_id = world.queue()
        with pytest.raises(BadInput) as refused:
            world.ticket(world.visitor(), queue_id, group)
        assert refused.value.field == "group"
        assert world.line(queue_id) == {}

    def test_a_question_fits_in_one_line(self, world: World) -> None:
        queue_id = world.queue()
        with pytest.raises(BadInput) as refused:
            world.run(world.visitor(), join_queue, queue_id=queue_id, group="1", question="x" * 201)
        assert refused.value.field == "question"

    def test_who_may_take_none(self, world: World) -> None:
        queue_id = world.queue()
        for actor, refused in ((NOBODY, NotSignedIn), (SYSTEM, NotAllowed), (None, NotAllowed)):
            with pytest.raises(refused):
                world.ticket(actor or world.staff(), queue_id)
        with pytest.raises(NotFound):
            world.ticket(world.visitor(), 999)

    def test_where_one_has_to_be_signed_in(self, world: World) -> None:
        queue_id = world.queue(sign_in_needed=True)
        with pytest.raises(NotSignedIn):
            world.ticket(world.visitor(), queue_id)
        assert world.ticket(world.person(), queue_id).number == 1

    def test_a_closed_queue(self, world: World) -> None:
        queue_id, staff = world.queue(), world.staff()
        world.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.CLOSED)
        with pytest.raises(QueueClosed):
            world.ticket(world.visitor(), queue_id)
        world.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.DRAINING)
        with pytest.raises(QueueDraining):
            world.ticket(world.visitor(), queue_id)
        world.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.OPEN)
        assert world.ticket(world.visitor(), queue_id).number == 1

    def test_the_code_that_is_shown_in_the_room(self, world: World) -> None:
        queue_id, who = world.queue(room_pin="K7Q2"), world.visitor()
        for wrong in ("", "K7Q", "K7Q22", "ü"):
            with pytest.raises(WrongRoomPin):
                world.run(who, join_queue, queue_id=queue_id, group="1", room_pin=wrong)
        given = world.run(who, join_queue, queue_id=queue_id, group="1", room_pin=" k7 q2")
        assert given.number == 1
        assert "K7Q" not in str([row.details for row in world.rows(event)])

    def test_a_full_line_counts_who_waits(self, world: World) -> None:
        queue_id, staff = world.queue(capacity=2), world.staff()
        world.tickets(queue_id, 3)
        with pytest.raises(QueueFull):
            world.ticket(world.visitor(), queue_id)
        world.press(staff, queue_id)
        assert world.ticket(world.visitor(), queue_id).number == 4

    @pytest.mark.parametrize("allowed", [1, 2])
    def test_tickets_of_one_holder(self, world: World, allowed: int) -> None:
        queue_id = world.queue(tickets_per_person=allowed)
        for who in (world.person(), world.visitor()):
            given = [world.ticket(who, queue_id) for _ in range(allowed)]
            with pytest.raises(HasTicket) as refused:
                world.ticket(who, queue_id)
            assert f"number {given[0].number}." in str(refused.value)
            world.run(who, leave_queue, ticket_id=given[0].ticket_id)
            assert world.ticket(who, queue_id).number == given[-1].number + 1

    @pytest.mark.parametrize("allowed", [1, 2])
    def test_tickets_of_one_group(self, world: World, allowed: int) -> None:
        queue_id = world.queue(tickets_per_group=allowed)
        for _ in range(allowed):
            world.ticket(world.visitor(), queue_id, "7")
        with pytest.raises(GroupHasTicket) as refused:
            world.ticket(world.visitor(), queue_id, "007")
        assert "number 1." in str(refused.value)
        world.press(world.staff(), queue_id)
        assert world.ticket(world.visitor(), queue_id, "7").number == allowed + 1

    def test_other_queues_do_not_count(self, world: World) -> None:
        site_id, who = world.site(), world.visitor()
        for queue_id in (world.queue(site_id), world.queue(site_id)):
            assert world.ticket(who, queue_id, "1") == TicketGiven(queue_id, queue_id, 1, True)

    def test_served_at_once_where_that_is_the_rule(self, world: World) -> None:
        queue_id, staff = world.queue(serve_at_once=True), world.staff()
        assert world.ticket(world.visitor(), queue_id).serving
        assert not world.ticket(world.visitor(), queue_id).serving, "one is being served"
        assert world.press(staff, queue_id) == Pressed(1, 2)
        assert world.press(staff, queue_id) == Pressed(2, 0)
        assert world.ticket(world.visitor(), queue_id).serving
        assert world.shown(queue_id) == 3

    def test_the_same_request_gets_the_same_ticket(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        twice = [world.repeat("k", who, join_queue, queue_id=queue_id, group="1") for _ in range(2)]
        assert twice[0] == twice[1]
        assert len(world.line(queue_id)) == 1

    def test_groups_that_were_helped_today_have_others_before_them(self, world: World) -> None:
        queue_id, staff = world.queue(fresh_groups_first=True), world.staff()
        world.ticket(world.visitor(), queue_id, "1")
        world.press(staff, queue_id)
        ahead = []
        for group in ("1", "2", "3"):
            given = world.ticket(world.visitor(), queue_id, group)
            ahead.append(world.row(ticket, given.ticket_id).ahead_at_join)
        assert ahead == [0, 0, 1]
        assert [world.press(staff, queue_id).called for _ in range(3)] == [3, 4, 2]

    def test_tomorrow_all_groups_are_fresh(self, world: World) -> None:
        queue_id, staff = world.queue(fresh_groups_first=True), world.staff()
        world.clock.now = datetime.fromisoformat("2026-03-02T22:59:59+00:00")
        world.ticket(world.visitor(), queue_id, "1")
        world.press(staff, queue_id)
        world.ticket(world.visitor(), queue_id, "1")
        world.ticket(world.visitor(), queue_id, "2")
        world.clock.advance(seconds=1)  # midnight in Berlin
        assert world.press(staff, queue_id).called == 2


class TestRefusalsInTheLog:
    def test_they_name_the_queue(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        given = world.ticket(who, queue_id)
        refusal(lambda: world.ticket(who, queue_id))
        refusal(lambda: world.run(world.visitor(), leave_queue, ticket_id=given.ticket_id))
        refusal(lambda: world.run(who, leave_queue, ticket_id=999))
        refusal(lambda: world.ticket(who, 999))
        site_id = world.row(queue, queue_id).site_id
        found = [(row.queue_id, row.site_id) for row in world.rows(event, kind="Refused")]
        assert found == [(queue_id, site_id)] * 2 + [(None, None)] * 2


class TestLeave:
    def test_from_the_line_and_from_the_desk(self, world: World) -> None:
        queue_id, people = world.queue(), world.visitors(3)
        given = [world.ticket(who, queue_id) for who in people]
        for index in (1, 0):
            number = world.run(people[index], leave_queue, ticket_id=given[index].ticket_id)
            assert number == index + 1
        assert world.line(queue_id) == {1: "withdrawn", 2: "withdrawn", 3: "waiting"}
        assert world.kinds()[-2:] == ["TicketWithdrawn"] * 2
        assert world.press(world.staff(), queue_id) == Pressed(0, 3)

    def test_only_ones_own_and_only_once(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        mine = world.ticket(who, queue_id).ticket_id
        same_id = Actor(ActorKind.PERSON, who.id)
        for stranger in (world.visitor(), world.person(), same_id):
            with pytest.raises(NotYourTicket):
                world.run(stranger, leave_queue, ticket_id=mine)
        world.run(who, leave_queue, ticket_id=mine)
        for ticket_id in (mine, 999):
            with pytest.raises(NotYourTicket):
                world.run(who, leave_queue, ticket_id=ticket_id)


class TestStepBack:
    def test_behind_the_next(self, world: World) -> None:
        queue_id, people = world.queue(), world.visitors(5)
        given = [world.ticket(who, queue_id) for who in people]
        assert world.run(people[1], step_back, ticket_id=given[1].ticket_id) == 3
        row = world.row(ticket, given[1].ticket_id)
        assert (row.status, row.steps, row.number) == ("waiting", 1, 2)
        assert world.run(people[1], step_back, ticket_id=given[1].ticket_id) == 4
        staff = world.staff()
        assert [world.press(staff, queue_id).called for _ in range(4)] == [3, 4, 2, 5]

    def test_whoever_comes_later_stays_behind(self, world: World) -> None:
        """However often the last two let each other by, the next ticket comes after both."""
        queue_id, people = world.queue(), world.visitors(3)
        given = [world.ticket(who, queue_id) for who in people]
        for index in (1, 2, 1, 2):
            world.run(people[index], step_back, ticket_id=given[index].ticket_id)
        world.ticket(world.visitor(), queue_id)
        staff = world.staff()
        assert [world.press(staff, queue_id).called for _ in range(3)] == [2, 3, 4]

    def test_as_often_as_the_queue_allows(self, world: World) -> None:
        queue_id, people = world.queue(steps_back=1), world.visitors(4)
        given = [world.ticket(who, queue_id) for who in people]
        world.run(people[1], step_back, ticket_id=given[1].ticket_id)
        with pytest.raises(NoStepsLeft):
            world.run(people[1], step_back, ticket_id=given[1].ticket_id)

    def test_not_from_the_end(self, world: World) -> None:
        queue_id, people = world.queue(), world.visitors(2)
        given = [world.ticket(who, queue_id) for who in people]
        with pytest.raises(LastInLine):
            world.run(people[1], step_back, ticket_id=given[1].ticket_id)
        assert world.row(ticket, given[1].ticket_id).steps == 0

    def test_not_while_being_served(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        given = world.ticket(who, queue_id)
        world.ticket(world.visitor(), queue_id)
        with pytest.raises(TicketMoved):
            world.run(who, step_back, ticket_id=given.ticket_id)

    def test_a_helped_group_lets_only_its_like_by(self, world: World) -> None:
        queue_id, staff = world.queue(fresh_groups_first=True), world.staff()
        people = world.visitors(5)
        world.ticket(people[0], queue_id, "1")
        world.press(staff, queue_id)
        again = world.ticket(people[0], queue_id, "1")
        fresh = [world.ticket(who, queue_id) for who in people[1:3]]
        assert world.run(people[1], step_back, ticket_id=fresh[0].ticket_id) == fresh[1].number
        for who, given in ((people[1], fresh[0]), (people[0], again)):
            with pytest.raises(LastInLine):
                world.run(who, step_back, ticket_id=given.ticket_id)

    def test_when_no_room_is_left_between_two_places(self, world: World) -> None:
        queue_id, people = world.queue(), world.visitors(5)
        given = [world.ticket(who, queue_id) for who in people]
        close = update(ticket).values(place=7 + ticket.c.number // 3)
        world.change(close)  # 2 at 7, the others at 8
        world.run(people[1], step_back, ticket_id=given[1].ticket_id)
        assert world.kinds()[-6:] == ["TicketSpaced"] * 5 + ["TicketSteppedBack"]
        staff = world.staff()
        assert [world.press(staff, queue_id).called for _ in range(4)] == [3, 2, 4, 5]


class TestAsk:
    def test_write_change_and_remove(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        mine = world.ticket(who, queue_id).ticket_id
        for question, stored in (("a  b", "a b"), ("c", "c"), (" ", "")):
            assert world.run(who, ask, ticket_id=mine, question=question)
            assert world.row(ticket, mine).question == stored
        assert not world.run(who, ask, ticket_id=mine, question="")
        assert world.kinds()[-4:] == ["TicketCalled"] + ["TicketAsked"] * 3

    def test_only_ones_own_open_one(self, world: World) -> None:
        queue_id, who = world.queue(), world.visitor()
        mine = world.ticket(who, queue_id).ticket_id
        with pytest.raises(NotYourTicket):
            world.run(world.visitor(), ask, ticket_id=mine, question="x")
        with pytest.raises(BadInput):
            world.run(who, ask, ticket_id=mine, question="x" * 201)
        world.press(world.staff(), queue_id)
        with pytest.raises(NotYourTicket):
            world.run(who, ask, ticket_id=mine, question="x")


class TestVisits:
    def test_the_same_key_names_the_same_session(self, world: World) -> None:
        ids = [world.run(NOBODY, open_visit, session_key=key) for key in ("a", "a", "b")]
        assert ids[0] == ids[1] != ids[2]

    def test_who_comes_and_joins_at_once(self, world: World) -> None:
        queue_id = world.queue(capacity=1)
        arguments = {"queue_id": queue_id, "group": "1"}
        given = world.run(NOBODY, visit_and_join, session_key="a", **arguments)
        (visit,) = world.rows(session)
        row = world.row(ticket, given.ticket_id)
        assert (row.visitor_id, visit.person_id, visit.staff_id) == (visit.id, None, None)
        with pytest.raises(GroupHasTicket):
            world.run(NOBODY, visit_and_join, session_key="b", **arguments)
        assert len(world.rows(session)) == 1, "refused, there is no visit either"

    def test_a_visitor_who_signs_in_keeps_the_tickets(self, world: World) -> None:
        queue_id, other_id = world.queue(), world.queue()
        keys, visitor, who = at_the_door(world)
        mine = [world.ticket(visitor, queue_id) for queue_id in (queue_id, other_id)]
        ended = world.ticket(world.visitor(), queue_id)
        sign_in(world, keys, who)
        for given in mine:
            row = world.row(ticket, given.ticket_id)
            assert (row.holder, row.person_id, row.visitor_id) == (f"person:{who.id}", who.id, None)
        assert world.row(ticket, ended.ticket_id).person_id is None
        claimed = world.rows(event, kind="TicketClaimed")
        assert [(row.person_id, row.details["visitor_id"]) for row in claimed] == [
            (who.id, visitor.id)
        ] * 2
        assert world.run(who, leave_queue, ticket_id=mine[0].ticket_id) == 1
        with pytest.raises(NotYourTicket):
            world.run(visitor, leave_queue, ticket_id=mine[1].ticket_id)

    def test_also_who_has_one_already(self, world: World) -> None:
        queue_id = world.queue()
        keys, visitor, who = at_the_door(world)
        world.ticket(who, queue_id)
        mine = world.ticket(visitor, queue_id)
        sign_in(world, keys, who)
        row = world.row(ticket, mine.ticket_id)
        assert (row.holder, row.slot) == (f"person:{who.id}", 1)
        with pytest.raises(HasTicket):
            world.ticket(who, queue_id)

    def test_not_with_a_wrong_pin_nor_as_staff(self, world: World) -> None:
        queue_id = world.queue()
        keys, visitor, who = at_the_door(world)
        mine = world.ticket(visitor, queue_id).ticket_id
        with pytest.raises(WrongPin):
            sign_in(world, keys, who, pin="2580")
        staff = world.staff()
        call = with_session(world)
        login = f"staff{staff.id}"
        world.change(update_login(staff, login))
        sign_in_staff(Door(world.db, keys), call, login, PASSWORD)
        assert world.row(ticket, mine).holder == f"visitor:{visitor.id}"

    def test_a_repeated_sign_in_from_a_browser_that_is_signed_in(self, world: World) -> None:
        """The cookie came with the first answer, so the second time it is a person's."""
        queue_id = world.queue()
        keys, visitor, who = at_the_door(world)
        world.ticket(visitor, queue_id)
        opaque_ids = [sign_in(world, keys, who, request_id="r")]
        door, number = Door(world.db, keys), world.row(person, who.id or 0).number
        again = with_session(world, request_id="r", session_key=key_of(opaque_ids[0]))
        opaque_ids.append(sign_in_person(door, again, number, "8520"))
        assert opaque_ids[0] == opaque_ids[1]
        assert len(world.rows(event, kind="TicketClaimed")) == 1


KEY = "of the visitor"


def with_session(world: World, request_id: str | None = None, session_key: str | None = KEY) -> Any:
    return replace(world.call(), session_key=session_key, request_id=request_id)


def at_the_door(world: World) -> tuple[TokenKeys, Actor, Actor]:
    """A visitor who is about to sign in, and the person they are, with a PIN."""
    keys, who = TokenKeys(("key",)), world.person()
    number = world.row(person, who.id or 0).number
    choose_pin(Door(world.db, keys), world.call(), number, "8520")
    session_id = world.run(NOBODY, open_visit, session_key=KEY)
    return keys, Actor(ActorKind.VISITOR, session_id, session_id), who


def sign_in(
    world: World, keys: TokenKeys, who: Actor, pin: str = "8520", request_id: str | None = None
) -> str:
    number = world.row(person, who.id or 0).number
    return sign_in_person(Door(world.db, keys), with_session(world, request_id), number, pin)


def update_login(staff: Actor, login: str) -> Any:
    return update(accounts).where(accounts.c.id == staff.id).values(login=login)
