"""Setting up a queue, its rules, opening and closing it, by hand and by the clock, and resets."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from locker_app.db.tables import desk, event, queue, ticket
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, Role
from locker_app.domain.codes import CODE_LETTERS
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    NotAllowed,
    NotFound,
    NothingToUndo,
    NotSignedIn,
    QueueClosed,
    QueueDraining,
    RulesChanged,
    TicketMoved,
)
from locker_app.domain.queues import QueueMode, QueueRules, version_of
from locker_app.services.desks import label_desk
from locker_app.services.expiry import next_deadline
from locker_app.services.presses import Pressed, undo
from locker_app.services.queues import (
    announce,
    change_rules,
    create_queue,
    pause,
    reset_queue,
    set_mode,
)
from locker_app.services.serving import call, complete, no_show, note, put_back
from tests.world import World

RULES: dict[str, Any] = {"name": "Lab"}


def berlin(text: str) -> datetime:
    """A time in March, when Berlin is an hour ahead."""
    return datetime.fromisoformat(f"{text}+01:00")


class TestCreate:
    def test_what_it_begins_with(self, world: World) -> None:
        site_id = world.site()
        professor = world.staff(Role.PROFESSOR, site_id)
        plan = {**RULES, "place": "Room 204", "capacity": 9, "hours": [], "groups": "1 - 9"}
        queue_id = world.run(professor, create_queue, site_id=site_id, plan=plan)  # type: ignore
        row = world.row(queue, queue_id)
        assert (row.name, row.place, row.capacity, row.groups) == ("Lab", "Room 204", 9, "1-9")
        assert (row.mode, row.round, row.last_number, row.shown_number) == ("open", 1, 0, 0)
        assert (row.hours, row.changes_at, row.created_at) == (None, None, world.clock.now)
        assert len(row.code) == 6
        assert set(row.code) <= set(CODE_LETTERS)
        (logged,) = world.rows(event, kind="QueueCreated")
        assert (logged.site_id, logged.queue_id) == (site_id, queue_id)

    def test_two_names_differ_at_a_site(self, world: World) -> None:
        site_id, admin = world.site(), world.staff()
        rules = QueueRules(name="Lab")
        world.run(admin, create_queue, site_id=site_id, plan=rules)
        with pytest.raises(BadInput) as refused:
            world.run(admin, create_queue, site_id=site_id, plan=QueueRules(name=" Lab "))
        assert refused.value.field == "name"
        world.run(admin, create_queue, site_id=world.site(), plan=rules)

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"name": 5},
            {"name": "x", "capacity": "many"},
            {"name": "x", "hours": [[0, "9", "10"]]},
            {"name": "x", "hours": 5},
            {"name": "x", "code": "AAAAAA"},
            "x",
            None,
            [],
        ],
    )
    def test_rules_from_strangers_are_checked(self, world: World, wrong: Any) -> None:
        site_id, admin = world.site(), world.staff()
        with pytest.raises(BadInput):
            world.run(admin, create_queue, site_id=site_id, plan=wrong)
        assert world.rows(queue) == []

    def test_rules_made_in_the_program_are_checked_too(self, world: World) -> None:
        odd: Any = QueueRules(name=["x"])  # pyright: ignore[reportArgumentType]
        with pytest.raises(BadInput):
            world.run(world.staff(), create_queue, site_id=world.site(), plan=odd)

    def test_no_such_site(self, world: World) -> None:
        with pytest.raises(NotFound):
            world.run(world.staff(), create_queue, site_id=999, plan=QueueRules(name="x"))


class TestRules:
    def test_only_what_differs_is_a_change(self, world: World) -> None:
        queue_id, admin = world.queue(name="Lab"), world.staff()
        new = QueueRules(name="Lab", capacity=5, room_pin="k7q2")
        assert world.run(admin, change_rules, queue_id=queue_id, rules=new).changed
        assert not world.run(admin, change_rules, queue_id=queue_id, rules=new).changed
        (logged,) = world.rows(event, kind="QueueRulesChanged")
        assert logged.details == {"changed": "room_pin, capacity"}, "a secret is not in the log"
        row = world.row(queue, queue_id)
        assert (row.capacity, row.room_pin) == (5, "K7Q2")

    def test_a_name_that_another_has(self, world: World) -> None:
        site_id, admin = world.site(), world.staff()
        world.queue(site_id, name="One")
        queue_id = world.queue(site_id, name="Two")
        with pytest.raises(BadInput) as refused:
            world.run(admin, change_rules, queue_id=queue_id, rules=QueueRules(name="One"))
        assert refused.value.field == "name"

    @pytest.mark.parametrize("name", ["LÄB Two", "läb  two ", "LÄB TWO"])
    def test_names_differ_by_more_than_capitals_and_spaces(self, world: World, name: str) -> None:
        site_id, admin = world.site(), world.staff()
        queue_id = world.queue(site_id, name="Läb two")
        other_id = world.queue(site_id, name="Another")
        for_other = {"queue_id": other_id, "rules": QueueRules(name=name)}
        with pytest.raises(BadInput) as refused:
            world.run(admin, change_rules, **for_other)
        assert refused.value.field == "name"
        with pytest.raises(BadInput):
            world.run(admin, create_queue, site_id=site_id, plan=QueueRules(name=name))
        world.run(admin, create_queue, site_id=world.site(), plan=QueueRules(name=name))
        rules = QueueRules(name=name)
        assert world.run(admin, change_rules, queue_id=queue_id, rules=rules).changed, "its own"

    def test_rules_that_others_changed_meanwhile_stay(self, world: World) -> None:
        queue_id, admin = world.queue(name="Lab", hours=[[0, "09:00", "12:00"]]), world.staff()
        seen = version_of(world.row(queue, queue_id))
        mine, theirs = QueueRules(name="Mine"), QueueRules(name="Theirs", room_pin="ABC")
        assert world.run(admin, change_rules, queue_id=queue_id, rules=theirs, version=seen).changed
        with pytest.raises(RulesChanged):
            world.run(admin, change_rules, queue_id=queue_id, rules=mine, version=seen)
        row = world.row(queue, queue_id)
        assert (row.name, version_of(row)) == ("Theirs", version_of(theirs))
        assert world.run(
            admin, change_rules, queue_id=queue_id, rules=mine, version=version_of(row)
        ).changed

    def test_who_is_in_line_stays(self, world: World) -> None:
        queue_id, admin = world.queue(name="Lab"), world.staff()
        world.tickets(queue_id, 3)
        rules = QueueRules(name="Lab", groups="1-3", sign_in_needed=True, capacity=1)
        world.run(admin, change_rules, queue_id=queue_id, rules=rules)
        assert world.line(queue_id) == {1: "serving", 2: "waiting", 3: "waiting"}


QUEUE_COMMANDS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (change_rules, {"rules": QueueRules(name="x")}),
    (set_mode, {"mode": QueueMode.CLOSED}),
    (pause, {"paused": True}),
    (announce, {"text": "x"}),
    (reset_queue, {}),
]


@pytest.mark.parametrize(("fn", "arguments"), QUEUE_COMMANDS)
def test_only_staff_of_the_site_may(
    world: World, fn: Callable[..., Any], arguments: dict[str, Any]
) -> None:
    site_id = world.site()
    queue_id = world.queue(site_id)
    elsewhere, viewer = world.staff(Role.PROFESSOR, world.site()), world.staff(Role.VIEWER)
    expected: list[tuple[Actor, type[DomainError]]] = [
        (NOBODY, NotSignedIn),
        (world.visitor(), NotSignedIn),
        (world.person(), NotAllowed),
        (SYSTEM, NotAllowed),
        (viewer, NotAllowed),
        (elsewhere, NotAllowed),
    ]
    before, mark = world.row(queue, queue_id), world.mark()
    for actor, refused in expected:
        with pytest.raises(refused):
            world.run(actor, fn, **{"queue_id": queue_id, **arguments})
    with pytest.raises(NotFound):
        world.run(world.staff(), fn, **{"queue_id": 999, **arguments})
    assert world.row(queue, queue_id) == before
    assert set(world.kinds(mark)) == {"StaffAdded", "Refused"}
    professor = world.staff(Role.PROFESSOR, site_id)
    world.run(professor, fn, **{"queue_id": queue_id, **arguments})
    assert world.kinds()[-1] != "Refused"


class TestByHand:
    def test_modes(self, world: World) -> None:
        queue_id, admin = world.queue(), world.staff()
        mark = world.mark()
        for mode, changed in (("open", False), ("closed", True), ("closed", False)):
            done = world.run(admin, set_mode, queue_id=queue_id, mode=QueueMode(mode))
            assert done == changed
        assert world.kinds(mark) == ["QueueModeChanged"]
        with pytest.raises(BadInput):
            world.run(admin, set_mode, queue_id=queue_id, mode="shut")  # type: ignore

    def test_a_closed_line_is_still_served(self, world: World) -> None:
        queue_id, admin = world.queue(), world.staff()
        world.tickets(queue_id, 2)
        world.run(admin, set_mode, queue_id=queue_id, mode=QueueMode.CLOSED)
        assert world.press(admin, queue_id) == Pressed(1, 2)

    def test_a_break(self, world: World) -> None:
        queue_id, admin = world.queue(), world.staff()
        mark = world.mark()
        for paused, changed in ((False, False), (True, True), (True, False), (False, True)):
            assert world.run(admin, pause, queue_id=queue_id, paused=paused) == changed
        assert world.kinds(mark) == ["QueuePaused", "QueueResumed"]

    def test_tickets_taken_in_a_break_wait(self, world: World) -> None:
        queue_id, admin = world.queue(serve_at_once=True), world.staff()
        world.run(admin, pause, queue_id=queue_id, paused=True)
        assert not world.ticket(world.visitor(), queue_id).serving
        world.run(admin, pause, queue_id=queue_id, paused=False)
        assert not world.ticket(world.visitor(), queue_id).serving
        assert world.press(admin, queue_id) == Pressed(0, 1)

    def test_an_announcement(self, world: World) -> None:
        queue_id, admin = world.queue(), world.staff()
        for text, changed in ((" Room  changed ", True), ("Room changed", False), ("", True)):
            assert world.run(admin, announce, queue_id=queue_id, text=text) == changed
            row = world.row(queue, queue_id)
            assert (row.announced_at is None) == (row.announcement == "")
        logged = world.rows(event, kind="QueueAnnounced")
        assert [row.details["text"] for row in logged] == ["Room changed", ""]
        with pytest.raises(BadInput):
            world.run(admin, announce, queue_id=queue_id, text="x" * 201)


class TestReset:
    def test_all_is_cleared_and_begins_anew(self, world: World) -> None:
        queue_id, admin = world.queue(), world.staff()
        given = world.tickets(queue_id, 4)
        world.press(admin, queue_id)
        world.run(admin, announce, queue_id=queue_id, text="x")
        world.run(admin, label_desk, queue_id=queue_id, label="A")
        mark = world.mark()
        assert world.run(admin, reset_queue, queue_id=queue_id) == 3
        rows = [world.row(ticket, one.ticket_id) for one in given]
        assert [row.status for row in rows] == ["done"] + ["cleared"] * 3
        assert rows[1].ended_at == world.clock.now
        row = world.row(queue, queue_id)
        assert (row.round, row.last_number, row.shown_number) == (2, 0, 0)
        assert (row.announcement, world.rows(desk)[0].label) == ("x", "A")
        assert world.kinds(mark) == ["TicketCleared"] * 3 + ["QueueReset"]
        assert world.rows(event)[-1].details == {"round": 2, "cleared": 3}
        again = world.ticket(world.visitor(), queue_id)
        assert (again.number, again.serving) == (1, True)

    def test_of_an_empty_queue(self, world: World) -> None:
        queue_id, admin = world.queue(), world.staff()
        assert world.run(admin, reset_queue, queue_id=queue_id) == 0
        assert world.row(queue, queue_id).round == 2

    def test_only_this_queue(self, world: World) -> None:
        site_id, admin = world.site(), world.staff()
        queue_id, other_id = world.queue(site_id), world.queue(site_id)
        world.tickets(other_id, 2)
        world.run(admin, reset_queue, queue_id=queue_id)
        assert world.line(other_id) == {1: "serving", 2: "waiting"}


class TestByTheClock:
    """The clock of these tests begins on a Monday at nine in Berlin."""

    HOURS = ((0, "10:00", "12:00"),)

    def test_it_opens_and_closes(self, world: World) -> None:
        queue_id = world.queue(hours=self.HOURS)
        assert world.row(queue, queue_id).mode == "closed"
        for at, mode in (("10:00", "open"), ("12:00", "closed")):
            world.clock.now = world.db.read(next_deadline) or world.clock.now
            assert world.clock.now == berlin(f"2026-03-02T{at}")
            assert world.run_due() == 1
            assert world.row(queue, queue_id).mode == mode
            assert world.run_due() == 0
        assert world.db.read(next_deadline) == berlin("2026-03-09T10:00")
        changed = world.rows(event, kind="QueueModeChanged")
        assert [row.details["mode"] for row in changed] == ["closed", "open", "closed"]
        assert changed[-1].actor_kind == "system"

    def test_those_in_line_are_still_served(self, world: World) -> None:
        world.clock.now = berlin("2026-03-02T11:00")
        queue_id, admin = world.queue(hours=self.HOURS), world.staff()
        world.tickets(queue_id, 2)
        world.clock.now = berlin("2026-03-02T12:00")
        with pytest.raises(QueueDraining):
            world.ticket(world.visitor(), queue_id)
        world.run_due()
        assert world.row(queue, queue_id).mode == "draining"
        assert world.press(admin, queue_id) == Pressed(1, 2)

    def test_a_late_timer_makes_no_difference(self, world: World) -> None:
        queue_id = world.queue(hours=self.HOURS)
        with pytest.raises(QueueClosed):
            world.ticket(world.visitor(), queue_id)
        world.clock.now = berlin("2026-03-02T10:00")
        assert world.ticket(world.visitor(), queue_id).number == 1
        world.clock.now = berlin("2026-03-09T13:00")
        with pytest.raises(QueueDraining):
            world.ticket(world.visitor(), queue_id)

    def test_what_was_done_by_hand_lasts_until_the_next_change(self, world: World) -> None:
        queue_id, admin = world.queue(hours=self.HOURS), world.staff()
        world.run(admin, set_mode, queue_id=queue_id, mode=QueueMode.OPEN)
        assert world.ticket(world.visitor(), queue_id).number == 1
        world.clock.now = berlin("2026-03-02T11:00")
        world.run(admin, set_mode, queue_id=queue_id, mode=QueueMode.CLOSED)
        world.clock.now = berlin("2026-03-02T13:00")
        assert world.run_due() == 1
        assert world.row(queue, queue_id).mode == "closed"

    def test_new_hours_hold_at_once(self, world: World) -> None:
        queue_id, admin = world.queue(name="Lab"), world.staff()
        for hours, mode, until in (
            (self.HOURS, "closed", "10:00"),
            ([[0, "08:00", "09:30"]], "open", "09:30"),
            ([[0, "08:00", "10:00"]], "open", None),
            ([], "open", None),
        ):
            rules = QueueRules(name="Lab", hours=hours)
            kept = world.run(admin, change_rules, queue_id=queue_id, rules=rules)
            assert world.row(queue, queue_id).mode == mode
            assert kept.changed
            assert kept.mode == (mode if until else None), "what is as before is not told"
            assert (kept.until and f"{kept.until:%H:%M}") == until, "by the site's clocks"
        assert world.db.read(next_deadline) is None

    def test_what_is_left_closed_with_no_hours_any_more(self, world: World) -> None:
        world.clock.now = berlin("2026-03-02T13:00")
        queue_id, admin = world.queue(name="Lab", hours=self.HOURS), world.staff()
        assert world.row(queue, queue_id).mode == "closed"
        kept = world.run(admin, change_rules, queue_id=queue_id, rules=QueueRules(name="Lab"))
        assert (kept.mode, kept.left) == (None, QueueMode.CLOSED)
        again = QueueRules(name="Lab", place="Room 1")
        kept = world.run(admin, change_rules, queue_id=queue_id, rules=again)
        assert kept.left is None, "that was said already"
        world.run(admin, set_mode, queue_id=queue_id, mode=QueueMode.OPEN)
        rules = QueueRules(name="Lab", hours=((0, "09:00", "18:00"),))
        world.run(admin, change_rules, queue_id=queue_id, rules=rules)
        kept = world.run(admin, change_rules, queue_id=queue_id, rules=QueueRules(name="Lab"))
        assert kept.left is None, "it is open"

    def test_new_hours_while_somebody_is_in_line(self, world: World) -> None:
        queue_id, admin = world.queue(name="Lab"), world.staff()
        world.tickets(queue_id, 1)
        rules = QueueRules(name="Lab", hours=self.HOURS)
        kept = world.run(admin, change_rules, queue_id=queue_id, rules=rules)
        assert (kept.mode, kept.until) == (QueueMode.DRAINING, berlin("2026-03-02T10:00"))

    def test_reset_at_night(self, world: World) -> None:
        queue_id, admin = world.queue(reset_at="04:00"), world.staff()
        world.tickets(queue_id, 2)
        world.clock.now = berlin("2026-03-03T03:59:59")
        assert world.press(admin, queue_id) == Pressed(1, 2)
        world.clock.now = berlin("2026-03-03T04:00")
        assert world.run_due() == 1
        assert [row.status for row in world.rows(ticket)] == ["done", "cleared"]
        assert world.rows(event)[-1].kind == "QueueReset"
        assert world.rows(event)[-1].actor_kind == "system"
        with pytest.raises(NothingToUndo):
            world.run(admin, undo, queue_id=queue_id)

    def test_a_night_after_a_day_without_tickets_resets_nothing(self, world: World) -> None:
        queue_id = world.queue(reset_at="04:00")
        mark = world.mark()
        for day in (3, 4):
            world.clock.now = berlin(f"2026-03-0{day}T04:00")
            assert world.run_due() == 1
        assert world.kinds(mark) == []
        assert world.row(queue, queue_id).changes_at == berlin("2026-03-05T04:00")

    def test_a_night_that_the_timer_slept_through(self, world: World) -> None:
        queue_id, admin = world.queue(reset_at="04:00", hours=self.HOURS), world.staff()
        world.clock.now = berlin("2026-03-02T11:00")
        old = world.tickets(queue_id, 2)
        world.clock.now = berlin("2026-03-09T11:00")
        new = world.ticket(world.visitor(), queue_id)
        assert (new.number, new.serving) == (1, True)
        assert {world.row(ticket, one.ticket_id).status for one in old} == {"cleared"}
        assert world.run(admin, complete, queue_id=queue_id) == Pressed(1, 0)

    def test_a_refused_command_leaves_it_to_the_timer(self, world: World) -> None:
        queue_id, who = world.queue(reset_at="04:00"), world.visitor()
        world.ticket(who, queue_id)
        world.clock.now = berlin("2026-03-03T05:00")
        with pytest.raises(BadInput):
            world.ticket(world.visitor(), queue_id, "")
        assert world.line(queue_id) == {1: "serving"}
        assert world.run_due() == 1
        assert world.line(queue_id) == {}

    def test_across_the_change_of_the_clocks(self, world: World) -> None:
        """On 29 March the clock in Berlin goes from 02:00 to 03:00, at 01:00 UTC."""
        world.clock.now = datetime.fromisoformat("2026-03-28T12:00:00+00:00")
        world.queue(hours=((6, "02:30", "04:30"),), reset_at="05:00")
        seen = []
        for _ in range(3):
            world.clock.now = world.db.read(next_deadline) or world.clock.now
            seen.append(world.clock.now.strftime("%H:%M"))
            world.run_due()
        assert seen == ["01:00", "02:30", "03:00"]


def test_a_ticket_of_an_earlier_round_is_history(world: World) -> None:
    queue_id, admin = world.queue(), world.staff()
    (given,) = world.tickets(queue_id, 1)
    world.run(admin, reset_queue, queue_id=queue_id)
    for fn in (call, no_show, put_back):
        with pytest.raises(TicketMoved):
            world.run(admin, fn, ticket_id=given.ticket_id)
    assert world.run(admin, note, ticket_id=given.ticket_id, note="but a note may be kept")
