"""What staff do with a line: every move from every status by everybody; presses and undoing."""

from collections.abc import Callable
from typing import Any

import pytest

from locker_app.db.tables import desk, event, ticket
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, Role
from locker_app.domain.errors import (
    AtWork,
    BadInput,
    DomainError,
    GroupHasTicket,
    NotAllowed,
    NotFound,
    NothingToUndo,
    NotSignedIn,
    TicketMoved,
)
from locker_app.domain.queues import MOVES, Move, Part, TicketStatus, after
from locker_app.services.desks import label_desk
from locker_app.services.presses import Pressed, undo
from locker_app.services.queues import pause, reset_queue
from locker_app.services.serving import (
    call,
    complete,
    complete_and_call_next,
    no_show,
    note,
    put_back,
    remove,
)
from locker_app.services.tickets import TicketGiven, ask, leave_queue, step_back
from tests.conftest import ON_SQLITE
from tests.world import World

COMMANDS: dict[Move, tuple[Callable[..., Any], dict[str, Any]]] = {
    Move.CALL: (call, {}),
    Move.NO_SHOW: (no_show, {}),
    Move.PUT_BACK: (put_back, {}),
    Move.REMOVE: (remove, {}),
    Move.LEAVE: (leave_queue, {}),
    Move.STEP_BACK: (step_back, {}),
    Move.ASK: (ask, {"question": "why?"}),
    Move.NOTE: (note, {"note": "x"}),
}
"""Completing and clearing take no ticket: staff complete what they serve, and clear all."""


class Scene:
    """A queue with a ticket in each status, and everybody who may try something with one."""

    def __init__(self, world: World, status: TicketStatus) -> None:
        self.world = world
        site_id = world.site()
        self.queue_id = world.queue(site_id, tickets_per_group=9)
        self.holder, self.staff = world.visitor(), world.staff(Role.PROFESSOR, site_id)
        self.others = {
            "nobody": NOBODY,
            "system": SYSTEM,
            "another visitor": world.visitor(),
            "a person": world.person(),
            "a professor elsewhere": world.staff(Role.PROFESSOR, world.site()),
            "a viewer": world.staff(Role.VIEWER),
        }
        self.bring_to(status)

    def bring_to(self, status: TicketStatus) -> None:
        run, queue_id = self.world.run, self.queue_id
        self.world.ticket(self.world.visitor(), queue_id, "A")
        self.given = self.world.ticket(self.holder, queue_id, "B")
        self.world.ticket(self.world.visitor(), queue_id, "C")
        ticket_id = self.given.ticket_id
        run(self.staff, complete, queue_id=queue_id)
        match status:
            case TicketStatus.SERVING:
                run(self.staff, complete_and_call_next, queue_id=queue_id)
                run(self.staff, put_back, ticket_id=ticket_id)
                run(self.staff, call, ticket_id=ticket_id)
            case TicketStatus.DONE:
                run(self.staff, complete_and_call_next, queue_id=queue_id)
                run(self.staff, complete, queue_id=queue_id)
            case TicketStatus.NO_SHOW:
                run(self.staff, pause, queue_id=queue_id, paused=True)
                run(self.staff, call, ticket_id=ticket_id)
                run(self.staff, no_show, ticket_id=ticket_id)
            case TicketStatus.WITHDRAWN:
                run(self.holder, leave_queue, ticket_id=ticket_id)
            case TicketStatus.REMOVED:
                run(self.staff, remove, ticket_id=ticket_id)
            case TicketStatus.CLEARED:
                run(self.staff, reset_queue, queue_id=queue_id)
        assert self.status() is status

    def status(self) -> TicketStatus:
        return TicketStatus(self.world.row(ticket, self.given.ticket_id).status)

    def attempt(self, actor: Actor, move: Move) -> str | None:
        """The code of the refusal; None when it was done."""
        fn, arguments = COMMANDS[move]
        try:
            self.world.run(actor, fn, **{"ticket_id": self.given.ticket_id, **arguments})
        except DomainError as refused:
            return refused.code
        return None


@pytest.fixture(params=TicketStatus)
def scene(world: World, request: pytest.FixtureRequest) -> Scene:
    return Scene(world, request.param)


def by_whom_it_is_for(scene: Scene, move: Move) -> Actor:
    return scene.holder if MOVES[move][0] is Part.HOLDER else scene.staff


@pytest.mark.parametrize(
    ("scene", "move"),
    [(status, move) for move in COMMANDS for status in TicketStatus if after(move, status)],
    indirect=["scene"],
)
def test_every_move_that_can_be_made(scene: Scene, move: Move) -> None:
    expected = after(move, scene.status())
    refused = scene.attempt(by_whom_it_is_for(scene, move), move)
    assert (refused, scene.status()) == (None, expected)


@ON_SQLITE
def test_every_move_that_can_not_be_made(scene: Scene) -> None:
    """One after the other: none of them leaves anything behind."""
    before, mark = scene.status(), scene.world.mark()
    for move in COMMANDS:
        if after(move, before) is None:
            refused = scene.attempt(by_whom_it_is_for(scene, move), move)
            of_holder = MOVES[move][0] is Part.HOLDER
            ended = of_holder and before not in (TicketStatus.WAITING, TicketStatus.SERVING)
            at_work = move is Move.CALL and before is TicketStatus.SERVING
            code = "not_your_ticket" if ended else "at_work" if at_work else "ticket_moved"
            assert (move, refused, scene.status()) == (move, code, before)
    assert set(scene.world.kinds(mark)) == {"Refused"}


@ON_SQLITE
def test_every_move_by_all_others(scene: Scene) -> None:
    before, mark = scene.status(), scene.world.mark()
    for move in COMMANDS:
        of_holders = MOVES[move][0] is Part.HOLDER
        other = {"the staff": scene.staff} if of_holders else {"the holder": scene.holder}
        for name, actor in {**scene.others, **other}.items():
            expected = refusal_of_holders(name) if of_holders else refusal_of_staff(name)
            assert scene.attempt(actor, move) == expected, (move, name)
    assert scene.status() is before
    assert set(scene.world.kinds(mark)) == {"Refused"}


def refusal_of_holders(name: str) -> str:
    """Of what only the holder may do."""
    if name in ("another visitor", "a person"):
        return "not_your_ticket"
    return "not_signed_in" if name == "nobody" else "not_allowed"


def refusal_of_staff(name: str) -> str:
    """Of what only staff may do."""
    anonymous = name in ("nobody", "another visitor", "the holder")
    return "not_signed_in" if anonymous else "not_allowed"


QUEUE_COMMANDS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (complete_and_call_next, {}),
    (complete, {}),
    (undo, {}),
    (label_desk, {"label": "1"}),
]


@pytest.mark.parametrize(("fn", "arguments"), QUEUE_COMMANDS)
def test_only_staff_of_the_site_work_a_line_off(
    world: World, fn: Callable[..., Any], arguments: dict[str, Any]
) -> None:
    site_id = world.site()
    queue_id = world.queue(site_id)
    world.tickets(queue_id, 2)
    elsewhere, viewer = world.staff(Role.PROFESSOR, world.site()), world.staff(Role.VIEWER)
    expected: list[tuple[Actor, type[DomainError]]] = [
        (NOBODY, NotSignedIn),
        (world.visitor(), NotSignedIn),
        (world.person(), NotAllowed),
        (SYSTEM, NotAllowed),
        (viewer, NotAllowed),
        (elsewhere, NotAllowed),
    ]
    for actor, refused in expected:
        with pytest.raises(refused):
            world.run(actor, fn, **{"queue_id": queue_id, **arguments})
    with pytest.raises(NotFound):
        world.run(world.staff(), fn, **{"queue_id": 999, **arguments})
    assert world.line(queue_id) == {1: "serving", 2: "waiting"}


class Desks:
    """A queue with some in line, and two who serve it."""

    def __init__(self, world: World, in_line: int, **rules: Any) -> None:
        site_id = world.site()
        self.world = world
        self.queue_id = world.queue(site_id, **rules)
        self.one, self.two = (world.staff(Role.PROFESSOR, site_id) for _ in range(2))
        self.people = world.visitors(in_line)
        self.given = [world.ticket(who, self.queue_id) for who in self.people]

    def ticket_id(self, number: int) -> int:
        return self.given[number - 1].ticket_id

    def serves(self, staff: Actor) -> int:
        """The number that a staff member serves; 0 for none."""
        rows = self.world.rows(ticket, staff_id=staff.id, status="serving")
        assert len(rows) <= 1
        return rows[0].number if rows else 0

    def press(self, staff: Actor) -> Pressed:
        return self.world.press(staff, self.queue_id)

    def undo(self, staff: Actor) -> Pressed:
        return self.world.run(staff, undo, queue_id=self.queue_id)

    def do(self, staff: Actor, fn: Callable[..., Any], number: int) -> Any:
        which = {"ticket_id": self.ticket_id(number)}
        return self.world.run(staff, fn, **which)

    def leave(self, number: int) -> TicketGiven:
        given = self.given[number - 1]
        self.world.run(self.people[number - 1], leave_queue, ticket_id=given.ticket_id)
        return given

    @property
    def line(self) -> str:
        """The statuses by number, as letters; capitals where somebody serves."""
        return "".join(status[0] for status in self.world.line(self.queue_id).values())

    @property
    def shown(self) -> int:
        return self.world.shown(self.queue_id)


class TestPress:
    def test_what_is_kept_of_it(self, world: World) -> None:
        desks = Desks(world, 2)
        world.clock.advance(minutes=5)
        mark = world.mark()
        desks.press(desks.one)
        one, two = (world.row(ticket, given.ticket_id) for given in desks.given)
        assert (one.status, one.staff_id, one.ended_at) == ("done", desks.one.id, world.clock.now)
        assert (two.status, two.staff_id, two.called_at) == (
            "serving",
            desks.one.id,
            world.clock.now,
        )
        assert world.kinds(mark) == ["TicketCompleted", "TicketCalled"]
        called = world.rows(event, kind="TicketCalled")[-1].details
        assert (called["server_id"], called["cause"]) == (desks.one.id, "next")

    def test_two_each_have_their_own(self, world: World) -> None:
        desks = Desks(world, 4)
        assert desks.press(desks.one) == Pressed(1, 2), "1 was at no desk"
        assert desks.press(desks.two) == Pressed(0, 3)
        assert (desks.serves(desks.one), desks.serves(desks.two)) == (2, 3)
        assert desks.press(desks.one) == Pressed(2, 4)
        assert desks.press(desks.two) == Pressed(3, 0)
        assert desks.press(desks.two) == Pressed(0, 0), "4 is the other's"
        assert (desks.line, desks.shown) == ("ddds", 4)

    def test_nothing_to_do_is_no_press(self, world: World) -> None:
        desks = Desks(world, 0)
        mark = world.mark()
        assert desks.press(desks.one) == Pressed(0, 0)
        assert world.run(desks.one, complete, queue_id=desks.queue_id) == Pressed(0, 0)
        assert world.kinds(mark) == []
        assert world.rows(desk) == []

    def test_a_break_ends_the_current_and_calls_nobody(self, world: World) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        world.run(desks.one, pause, queue_id=desks.queue_id, paused=True)
        assert desks.press(desks.one) == Pressed(2, 0)
        assert desks.do(desks.one, call, 3) == Pressed(0, 3), "but a chosen one may be called"
        assert desks.do(desks.one, no_show, 3) == Pressed(3, 0)

    def test_who_leaves_the_desk_makes_it_free(self, world: World) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        desks.leave(2)
        assert desks.press(desks.one) == Pressed(0, 3)

    def test_complete_calls_nobody(self, world: World) -> None:
        desks = Desks(world, 2)
        assert world.run(desks.one, complete, queue_id=desks.queue_id) == Pressed(1, 0)
        assert (desks.line, desks.shown) == ("dw", 1)

    def test_the_same_press_twice_calls_one(self, world: World) -> None:
        desks = Desks(world, 3)
        for _ in range(2):
            pressed = world.repeat("k", desks.one, complete_and_call_next, queue_id=desks.queue_id)
            assert pressed == Pressed(1, 2)
        assert desks.line == "dsw"


class TestCall:
    def test_out_of_order(self, world: World) -> None:
        desks = Desks(world, 4)
        desks.press(desks.one)
        assert desks.do(desks.two, call, 4) == Pressed(0, 4)
        assert desks.shown == 4
        assert desks.press(desks.one) == Pressed(2, 3), "the others keep their order"
        assert world.rows(event, kind="TicketCalled")[2].details["cause"] == "chosen"

    def test_not_while_serving_another(self, world: World) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        for number in (2, 3):
            with pytest.raises(AtWork):
                desks.do(desks.one, call, number)

    def test_not_what_another_serves(self, world: World) -> None:
        desks = Desks(world, 2)
        desks.press(desks.one)
        with pytest.raises(TicketMoved):
            desks.do(desks.two, call, 2)

    def test_taking_over_the_first_one(self, world: World) -> None:
        desks = Desks(world, 2)
        joined = world.clock.now
        world.clock.advance(minutes=1)
        assert desks.do(desks.one, call, 1) == Pressed(0, 1)
        row = world.row(ticket, desks.ticket_id(1))
        assert (row.staff_id, row.called_at) == (desks.one.id, joined)
        with pytest.raises(NothingToUndo):
            desks.undo(desks.one)
        assert desks.press(desks.two) == Pressed(0, 2), "1 is somebody's now"


class TestNoShow:
    def test_calls_the_next(self, world: World) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        mark = world.mark()
        assert desks.do(desks.one, no_show, 2) == Pressed(2, 3)
        assert (desks.line, desks.shown) == ("dns", 3)
        assert world.kinds(mark) == ["TicketNoShow", "TicketCalled"]

    def test_of_one_at_no_desk(self, world: World) -> None:
        desks = Desks(world, 2)
        assert desks.do(desks.one, no_show, 1) == Pressed(1, 2)
        assert world.row(ticket, desks.ticket_id(1)).staff_id == desks.one.id

    def test_of_anothers_calls_nobody_while_serving(self, world: World) -> None:
        desks = Desks(world, 4)
        desks.press(desks.one)
        desks.press(desks.two)
        assert desks.do(desks.one, no_show, 3) == Pressed(3, 0)
        assert world.row(ticket, desks.ticket_id(3)).staff_id == desks.two.id
        assert desks.serves(desks.one) == 2
        assert desks.undo(desks.one) == Pressed(3, 0)
        assert desks.serves(desks.two) == 3


class TestPutBack:
    def test_to_the_front(self, world: World) -> None:
        desks = Desks(world, 4)
        desks.press(desks.one)
        assert desks.do(desks.two, put_back, 2) == 2
        assert (desks.line, desks.shown) == ("dwww", 1), "2 waits: 1 was called last"
        assert desks.press(desks.one) == Pressed(0, 2)

    def test_one_who_came_late_keeps_the_number(self, world: World) -> None:
        desks = Desks(world, 4)
        desks.press(desks.one)
        desks.do(desks.one, no_show, 2)
        desks.press(desks.one)
        assert desks.do(desks.one, put_back, 2) == 2
        row = world.row(ticket, desks.ticket_id(2))
        assert (row.staff_id, row.called_at, row.ended_at) == (None, None, None)
        assert desks.press(desks.one) == Pressed(4, 2)

    def test_into_an_empty_line(self, world: World) -> None:
        desks = Desks(world, 1)
        desks.do(desks.one, put_back, 1)
        assert (desks.line, desks.shown) == ("w", 0), "nobody was called before"
        assert desks.press(desks.one) == Pressed(0, 1)

    def test_the_number_called_last_of_the_others_is_shown(self, world: World) -> None:
        desks = Desks(world, 4)
        for staff, number in ((desks.one, 4), (desks.two, 2)):
            world.clock.advance(seconds=1)
            desks.do(staff, call, number)
        desks.do(desks.two, put_back, 4)
        assert desks.shown == 2, "which was called later"
        desks.do(desks.two, put_back, 2)
        assert desks.shown == 1
        world.clock.advance(seconds=1)
        assert desks.press(desks.two) == Pressed(1, 2)
        desks.do(desks.one, no_show, 2)
        assert desks.undo(desks.one) == Pressed(2, 4)
        assert desks.shown == 2

    def test_undoing_shows_no_number_that_was_put_back_since(self, world: World) -> None:
        desks = Desks(world, 2)
        desks.do(desks.two, call, 2)
        desks.do(desks.one, put_back, 1)
        assert desks.undo(desks.two) == Pressed(0, 2)
        assert (desks.line, desks.shown) == ("ww", 0)

    def test_numbers_of_the_round_before_are_not_shown(self, world: World) -> None:
        desks = Desks(world, 2)
        desks.press(desks.one)
        world.run(desks.one, reset_queue, queue_id=desks.queue_id)
        world.ticket(desks.people[0], desks.queue_id)
        (again,) = world.rows(ticket, round=2)
        world.run(desks.one, put_back, ticket_id=again.id)
        assert desks.shown == 0

    def test_in_front_of_one_that_was_put_back(self, world: World) -> None:
        desks = Desks(world, 4)
        for number in (1, 2, 3):
            desks.do(desks.one, no_show, number)
        for number in (1, 2, 3):
            desks.do(desks.one, put_back, number)
        desks.do(desks.one, put_back, 4)
        assert [desks.press(desks.one).called for _ in range(4)] == [4, 3, 2, 1]

    def test_one_whose_holder_has_taken_another(self, world: World) -> None:
        """The limit is for those who join: staff may have both in line."""
        desks = Desks(world, 1)
        desks.do(desks.one, no_show, 1)
        world.ticket(desks.people[0], desks.queue_id)
        desks.do(desks.one, put_back, 1)
        assert sorted(row.slot for row in world.rows(ticket)) == [0, 1]
        assert desks.line == "ww"

    def test_not_after_a_reset(self, world: World) -> None:
        desks = Desks(world, 1)
        desks.do(desks.one, no_show, 1)
        world.run(desks.one, reset_queue, queue_id=desks.queue_id)
        with pytest.raises(TicketMoved):
            desks.do(desks.one, put_back, 1)


class TestRemove:
    """A cookie that was lost leaves a ticket that nobody can give up but the staff."""

    def test_the_group_can_take_another(self, world: World) -> None:
        desks = Desks(world, 3)
        group = world.row(ticket, desks.ticket_id(2)).group_number
        with pytest.raises(GroupHasTicket, match="number 2"):
            world.ticket(world.visitor(), desks.queue_id, group)
        assert desks.do(desks.one, remove, 2) == 2
        assert world.ticket(world.visitor(), desks.queue_id, group).number == 4
        assert world.kinds()[-2:] == ["TicketRemoved", "TicketTaken"]
        assert desks.press(desks.one) == Pressed(1, 3)
        row = world.row(ticket, desks.ticket_id(2))
        assert (row.status, row.staff_id, row.ended_at is None) == ("removed", None, False)

    def test_a_press_that_called_another_can_be_undone_still(self, world: World) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        desks.do(desks.two, remove, 3)
        assert desks.undo(desks.one) == Pressed(1, 2)

    def test_neither_one_that_is_served_nor_one_that_ended(self, world: World) -> None:
        desks = Desks(world, 2)
        with pytest.raises(TicketMoved):
            desks.do(desks.one, remove, 1)
        desks.do(desks.one, remove, 2)
        with pytest.raises(TicketMoved):
            desks.do(desks.one, remove, 2)


class TestUndo:
    def test_all_is_as_before(self, world: World) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        before = world.rows(ticket)
        world.clock.advance(seconds=1)
        desks.press(desks.one)
        world.clock.advance(seconds=9.9)
        mark = world.mark()
        assert desks.undo(desks.one) == Pressed(2, 3)
        assert world.rows(ticket) == before
        assert (desks.line, desks.shown) == ("dsw", 2)
        assert world.kinds(mark) == ["TicketRestored"] * 2
        with pytest.raises(NothingToUndo):
            desks.undo(desks.one)

    def test_only_for_ten_seconds(self, world: World) -> None:
        desks = Desks(world, 2)
        desks.press(desks.one)
        world.clock.advance(seconds=10)
        with pytest.raises(NothingToUndo):
            desks.undo(desks.one)

    def test_only_ones_own(self, world: World) -> None:
        desks = Desks(world, 2)
        desks.press(desks.one)
        with pytest.raises(NothingToUndo):
            desks.undo(desks.two)

    def test_the_first_ticket_is_then_at_ones_desk(self, world: World) -> None:
        desks = Desks(world, 1)
        desks.press(desks.one)
        assert desks.undo(desks.one) == Pressed(1, 0)
        assert desks.serves(desks.one) == 1

    @pytest.mark.parametrize("number", [2, 3])
    def test_a_no_show_and_a_call(self, world: World, number: int) -> None:
        desks = Desks(world, 3)
        if number == 2:
            desks.press(desks.one)
            desks.do(desks.one, no_show, 2)
            assert desks.undo(desks.one) == Pressed(2, 3)
            assert (desks.line, desks.shown) == ("dsw", 2)
        else:
            desks.do(desks.one, call, 3)
            assert desks.undo(desks.one) == Pressed(0, 3)
            assert (desks.line, desks.shown) == ("sww", 1)

    def test_back_to_the_old_place(self, world: World) -> None:
        desks = Desks(world, 4)
        desks.do(desks.one, call, 3)
        desks.undo(desks.one)
        assert [desks.press(desks.one).called for _ in range(4)] == [2, 3, 4, 0]

    def test_not_when_the_called_one_left(self, world: World) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        desks.leave(2)
        with pytest.raises(NothingToUndo):
            desks.undo(desks.one)
        assert (desks.line, desks.serves(desks.one)) == ("dww", 0)

    def test_not_when_the_ended_one_was_put_back(self, world: World) -> None:
        desks = Desks(world, 2)
        desks.do(desks.one, no_show, 1)
        desks.do(desks.two, put_back, 1)
        with pytest.raises(NothingToUndo):
            desks.undo(desks.one)
        assert (desks.line, desks.serves(desks.one)) == ("ws", 2)

    def test_not_after_a_reset(self, world: World) -> None:
        desks = Desks(world, 1)
        desks.press(desks.one)
        world.run(desks.one, reset_queue, queue_id=desks.queue_id)
        with pytest.raises(NothingToUndo):
            desks.undo(desks.one)

    def test_a_press_that_did_nothing_hides_none(self, world: World) -> None:
        desks = Desks(world, 1)
        desks.press(desks.one)
        assert desks.press(desks.one) == Pressed(0, 0)
        assert desks.undo(desks.one) == Pressed(1, 0)

    def test_one_who_has_joined_again_meanwhile(self, world: World) -> None:
        desks = Desks(world, 1)
        desks.press(desks.one)
        world.ticket(desks.people[0], desks.queue_id)
        desks.undo(desks.one)
        assert desks.line == "sw"

    @pytest.mark.parametrize("first", ["one", "two"])
    def test_two_presses_undone_in_either_order(self, world: World, first: str) -> None:
        desks = Desks(world, 3)
        desks.press(desks.one)
        desks.press(desks.two)
        order = [desks.one, desks.two] if first == "one" else [desks.two, desks.one]
        desks.undo(order[0])
        assert desks.shown == (3 if first == "one" else 2)
        desks.undo(order[1])
        assert (desks.line, desks.shown) == ("sww", 1)


class TestNotesAndLabels:
    def test_a_note_on_any_ticket(self, world: World) -> None:
        desks = Desks(world, 1)
        desks.press(desks.one)
        mark = world.mark()
        for text, changed in (("asked  about 3", True), ("asked about 3", False), ("", True)):
            done = world.run(desks.two, note, ticket_id=desks.ticket_id(1), note=text)
            assert done == changed
        assert world.kinds(mark) == ["TicketNoted"] * 2
        with pytest.raises(BadInput):
            world.run(desks.two, note, ticket_id=desks.ticket_id(1), note="x" * 501)
        with pytest.raises(NotFound):
            world.run(desks.two, note, ticket_id=999, note="x")

    def test_the_label_of_a_desk(self, world: World) -> None:
        desks = Desks(world, 2)
        for label, changed in ((" Desk  A", True), ("Desk A", False), ("B", True)):
            done = world.run(desks.one, label_desk, queue_id=desks.queue_id, label=label)
            assert done == changed
        desks.press(desks.one)
        (row,) = world.rows(desk)
        assert (row.staff_id, row.label) == (desks.one.id, "B")
        labelled = world.rows(event, kind="DeskLabelled")
        assert [row.details["label"] for row in labelled] == ["Desk A", "B"]
        assert labelled[0].staff_id == desks.one.id
        with pytest.raises(BadInput):
            world.run(desks.one, label_desk, queue_id=desks.queue_id, label="x" * 21)
