"""A queue as its staff see it: the line with groups and names, desks, what has ended."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from locker_app.domain.actors import SYSTEM
from locker_app.domain.queues import UNDO_FOR, QueueRules
from locker_app.live.kinds import KINDS
from locker_app.queries.helm import ENDED, HelmView, helm_view
from locker_app.queries.queues import line_view
from locker_app.services.desks import label_desk
from locker_app.services.expiry import run_due
from locker_app.services.queues import change_rules, reset_queue
from locker_app.services.serving import call, complete, no_show, note
from locker_app.services.tickets import join_queue, leave_queue, step_back
from tests.world import World


def view(world: World, queue_id: int) -> HelmView:
    found = world.db.read(lambda conn: helm_view(conn, queue_id, world.clock.now))
    assert found is not None
    return found


def numbers(tickets: list) -> list[int]:
    return [one.number for one in tickets]


def test_no_such_queue(world: World) -> None:
    assert world.db.read(lambda conn: helm_view(conn, 99, world.clock.now)) is None
    assert world.db.read(lambda conn: KINDS["helm"].project(conn, 99, world.clock.now)) is None


def test_who_waits_with_group_name_question_and_note(world: World) -> None:
    queue_id, student, professor = world.queue(), world.person(), world.staff()
    world.tickets(queue_id, 1)
    given = world.run(student, join_queue, queue_id=queue_id, group="7", question="Why?")
    world.run(professor, note, ticket_id=given.ticket_id, note="again")
    world.tickets(queue_id, 1)
    seen = view(world, queue_id)
    assert numbers(seen.line) == [2, 3]
    theirs, visitors = seen.line
    assert theirs.who.startswith("Person CS")
    assert (theirs.group, theirs.question, theirs.note) == ("7", "Why?", "again")
    assert visitors.who == ""
    (first,) = seen.serving
    assert (first.number, first.staff_id, first.staff_name) == (1, None, "")


def test_the_order_is_that_of_the_calls(world: World) -> None:
    queue_id, professor = world.queue(), world.staff()
    visitors = world.visitors(4)
    given = [world.ticket(who, queue_id) for who in visitors]
    world.run(visitors[1], step_back, ticket_id=given[1].ticket_id)
    seen = view(world, queue_id)
    assert numbers(seen.line) == [3, 2, 4]
    assert seen.line[1].steps == 1
    called = [world.press(professor, queue_id).called for _ in range(3)]
    assert called == [3, 2, 4]


def test_groups_that_were_helped_today(world: World) -> None:
    queue_id, professor = world.queue(fresh_groups_first=True), world.staff()
    one, other = world.visitors(2)
    world.ticket(one, queue_id, "7")
    world.press(professor, queue_id)
    world.tickets(queue_id, 1)
    world.press(professor, queue_id)
    world.ticket(one, queue_id, "7")
    world.ticket(other, queue_id, "8")
    seen = view(world, queue_id)
    assert [(row.group, row.visits) for row in seen.line] == [("8", 0), ("7", 1)]
    world.clock.advance(days=1)
    assert [row.visits for row in view(world, queue_id).line] == [0, 0]


def test_desks_with_what_a_press_did(world: World) -> None:
    queue_id, ann, bob = world.queue(), world.staff(), world.staff()
    given = world.tickets(queue_id, 4)
    world.press(ann, queue_id)
    world.run(bob, label_desk, queue_id=queue_id, label="Desk 2")
    world.clock.advance(seconds=3)
    world.run(bob, call, ticket_id=given[3].ticket_id)
    seen = view(world, queue_id)
    first, second = seen.desks
    assert (first.staff_id, first.number, first.ended_number, first.called_number) == (
        ann.id,
        2,
        1,
        2,
    )
    assert (second.label, second.number, second.ended_number) == ("Desk 2", 4, 0)
    assert first.pressed_at == world.clock.now - timedelta(seconds=3)
    assert numbers(seen.serving) == [2, 4]
    sent = world.db.read(lambda conn: KINDS["helm"].project(conn, queue_id, world.clock.now))
    assert sent is not None
    until = int((world.clock.now + UNDO_FOR).timestamp() * 1000)
    assert sent["desks"][1] == [bob.id, "Staff", "Desk 2", 4, until, 0, 4]


def test_what_has_ended_lately_newest_first(world: World) -> None:
    queue_id, professor = world.queue(), world.staff()
    leaver = world.visitor()
    given = world.tickets(queue_id, 2)
    left = world.ticket(leaver, queue_id)
    for step in (
        lambda: world.run(professor, no_show, ticket_id=given[0].ticket_id),
        lambda: world.run(professor, complete, queue_id=queue_id),
        lambda: world.run(leaver, leave_queue, ticket_id=left.ticket_id),
    ):
        world.clock.advance(seconds=1)
        step()
    ended = [(row.number, row.status) for row in view(world, queue_id).ended]
    assert ended == [(3, "withdrawn"), (2, "done"), (1, "no_show")]


def test_not_all_that_ever_ended_and_nothing_of_the_last_round(world: World) -> None:
    queue_id, professor = world.queue(), world.staff()
    world.tickets(queue_id, ENDED + 3)
    for _ in range(ENDED + 2):
        world.clock.advance(seconds=1)
        world.press(professor, queue_id)
    assert len(view(world, queue_id).ended) == ENDED
    world.run(professor, reset_queue, queue_id=queue_id)
    seen = view(world, queue_id)
    assert (seen.line, seen.serving, seen.ended) == ([], [], [])


def test_what_the_clock_does_next_and_one_truth_about_the_mode(world: World) -> None:
    hours, monday = ((0, "09:00", "12:00"), (2, "09:00", "12:00")), date(2026, 3, 2)
    berlin = ZoneInfo("Europe/Berlin")

    def at(days: int, clock: str) -> datetime:
        return datetime.combine(monday + timedelta(days), time.fromisoformat(clock), berlin)

    world.clock.now = at(0, "10:00").astimezone(UTC)
    queue_id, staff = world.queue(name="Lab", hours=hours), world.staff()

    def shown() -> tuple[str, str, int]:
        seen = world.db.read(lambda conn: KINDS["helm"].project(conn, queue_id, world.clock.now))
        line = world.db.read(lambda conn: line_view(conn, queue_id, world.clock.now))
        assert seen is not None and line is not None
        assert seen["mode"] == line.mode.value, "the dashboard says what all others say"
        return seen["mode"], seen["becomes"], seen["becomes_at"]

    def millis(when: datetime) -> int:
        return round(when.timestamp() * 1000)

    world.tickets(queue_id, 1)
    assert shown() == ("open", "closes", millis(at(0, "12:00")))
    world.clock.now = at(0, "12:00").astimezone(UTC)
    world.run(SYSTEM, run_due)
    assert shown() == ("draining", "opens", millis(at(2, "09:00")))
    world.press(staff, queue_id)
    assert shown() == ("closed", "opens", millis(at(2, "09:00")))
    rules = QueueRules(name="Lab", hours=hours, reset_at="04:00")
    world.run(staff, change_rules, queue_id=queue_id, rules=rules)
    assert shown() == ("closed", "resets", millis(at(1, "04:00")))
    world.run(staff, change_rules, queue_id=queue_id, rules=QueueRules(name="Lab"))
    assert shown() == ("closed", "", 0)
