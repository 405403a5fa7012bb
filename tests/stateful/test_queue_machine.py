"""All commands on lines for help in any order, with doubles, undoing, strangers, resets and time,
beside a model.

After each step the answers, the tables, the log and what is seen must fit the model: nobody is
skipped or called twice, each ticket is in one state, and the order is right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, select

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import event, ticket
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Role
from locker_app.domain.errors import DomainError
from locker_app.domain.queues import QueueMode
from locker_app.queries.queues import line_view
from locker_app.services.desks import label_desk
from locker_app.services.expiry import next_deadline, run_due
from locker_app.services.presses import Pressed, undo
from locker_app.services.queues import announce, pause, reset_queue, set_mode
from locker_app.services.serving import (
    call,
    complete,
    complete_and_call_next,
    no_show,
    note,
    put_back,
    remove,
)
from locker_app.services.tickets import TicketGiven, ask, join_queue, leave_queue, step_back
from locker_app.services.visitors import claim_tickets
from tests.folding import events_after
from tests.folding_lines import Lines, fold_lines, stored_lines
from tests.stateful.conftest import of_examples
from tests.stateful.queue_model import Model, Queue, Refusal
from tests.world import Clock, World

UNKNOWN = 9_999
WHO = st.integers(0, 5)
STAFF = st.sampled_from([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4])
"""Two admins, a professor, and two who may not."""
QUEUES = st.sampled_from([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 7])
INDEX = st.integers(0, 30)
"""Which ticket of those there are, counted around; the open ones most of the time."""
KEY = st.sampled_from([None, None, None, "a", "b"])
GROUPS = st.sampled_from(["1", "2", "3", "4", "5", "6", "6", "7", ""])
HOURS = [[day, "08:00", "18:00"] for day in range(7)]


@dataclass(frozen=True)
class Asked:
    """A command as it was sent, and what it is in the model."""

    actor: Actor
    fn: Callable[..., Any]
    arguments: tuple[tuple[str, Any], ...]
    model: Callable[[Model], Any]
    key: str | None = None

    @property
    def request(self) -> Any:
        return self.fn, self.arguments

    @property
    def whose_key(self) -> Any:
        return self.actor.kind, self.actor.id, self.key


class QueueMachine(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        here, there = world.site(), world.site()
        self.queues = [
            world.queue(here, hours=HOURS, reset_at="04:00"),
            world.queue(
                there,
                tickets_per_person=2,
                tickets_per_group=2,
                capacity=4,
                steps_back=1,
                serve_at_once=True,
                fresh_groups_first=True,
            ),
        ]
        self.people = [*world.visitors(4), *world.people(2)]
        admins = [world.staff(), world.staff()]
        professor, viewer = world.staff(Role.PROFESSOR, here), world.staff(Role.VIEWER)
        self.staff = [*admins, professor, viewer, self.people[0]]
        one = Queue(self.queues[0], here, hours=[[*row] for row in HOURS], reset_at="04:00")
        two = Queue(self.queues[1], there, 2, 2, 4, 1, at_once=True, fresh_first=True)
        self.model = Model({one.id: one, two.id: two})
        self.model.plan(one, world.clock.now)
        self.model.sites = {admin.id or 0: None for admin in admins} | {professor.id or 0: here}
        self.kept: dict[Any, tuple[Asked, Any, Any]] = {}
        self.keyed: list[Asked] = []
        self.log, self.read_up_to = Lines(), 0
        self.world.db.read(self.follow)

    def teardown(self) -> None:
        self.world.db.close()

    # Sending a command, and what must come of it.

    def ask(
        self,
        actor: Actor,
        fn: Callable[..., Any],
        model: Callable[[Model], Any],
        key: str | None = None,
        **arguments: Any,
    ) -> None:
        self.send(Asked(actor, fn, tuple(arguments.items()), model, key))

    def send(self, asked: Asked) -> None:
        answer, said = self.answer(asked)
        kinds = self.world.db.read(self.follow)
        before = self.kept.get(asked.whose_key) if asked.key else None
        if before is not None and before[0].request != asked.request:
            assert (said, kinds) == ("key_reused", [])
        elif before is not None:
            assert (answer, said, kinds) == (*before[1:], [])
        else:
            self.first_time(asked, answer, said, kinds)

    def first_time(self, asked: Asked, answer: Any, said: Any, kinds: list[str]) -> None:
        trial = self.model.tried()
        try:
            expected = asked.model(trial)
        except Refusal as refusal:
            assert said == str(refusal)
            assert kinds == ["Refused"]
        else:
            assert said == expected
            assert "Refused" not in kinds
            self.model = trial
            if isinstance(answer, TicketGiven):
                given = self.model.tickets.pop(0)
                given.id = answer.ticket_id
                self.model.tickets[given.id] = given
        if asked.key:
            self.kept[asked.whose_key] = (asked, answer, said)
            self.keyed.append(asked)

    def follow(self, conn: Connection) -> list[str]:
        """Read on in the log; the kinds of what was added."""
        added = events_after(conn, self.read_up_to)
        fold_lines(added, self.log)
        self.read_up_to = added[-1].id if added else self.read_up_to
        return [row.kind for row in added]

    def answer(self, asked: Asked) -> tuple[Any, Any]:
        """The answer as it is, and what the model can say of it."""
        arguments = dict(asked.arguments)
        try:
            if asked.key is None:
                answer = self.world.run(asked.actor, asked.fn, **arguments)
            else:
                answer = self.world.repeat(asked.key, asked.actor, asked.fn, **arguments)
        except DomainError as refusal:
            return None, refusal.code
        if isinstance(answer, TicketGiven):
            return answer, (answer.number, answer.serving)
        if isinstance(answer, Pressed):
            return answer, (answer.ended, answer.called)
        return answer, answer

    # Whom and what it is about.

    def queue_id(self, index: int) -> int:
        return UNKNOWN if index == 7 else self.queues[index % 2]

    def ticket_id(self, index: int, *statuses: str) -> int:
        """A ticket's id: with these statuses, if there are such; open ones are likelier."""
        tickets = list(self.model.tickets.values())
        wanted = [one for one in tickets if one.status in statuses]
        picked = wanted or [one for one in tickets if one.is_open] * 3 + tickets[-3:]
        return picked[index % len(picked)].id if picked and index != 30 else UNKNOWN

    def holder(self, who: int) -> str:
        actor = self.people[who]
        return f"{actor.kind.value}:{actor.id}"

    def whose(self, ticket_id: int, who: int) -> int:
        """The holder's index, if it is about a ticket; else who would have been asked."""
        one = self.model.tickets.get(ticket_id)
        holders = [self.holder(index) for index in range(len(self.people))]
        return who if one is None else holders.index(one.holder)

    def right_of(self, actor: Actor) -> int | None:
        """Staff as the model knows them."""
        if actor.kind is ActorKind.VISITOR:
            return None
        return actor.id if actor.kind is ActorKind.STAFF else 0

    # What those in line do.

    @rule(who=WHO, queue=QUEUES, group=GROUPS, key=KEY)
    def join(self, who: int, queue: int, group: str, key: str | None) -> None:
        queue_id, now, holder = self.queue_id(queue), self.world.clock.now, self.holder(who)
        self.ask(
            self.people[who],
            join_queue,
            lambda model: model.join(holder, queue_id, group, now),
            key,
            queue_id=queue_id,
            group=group,
        )

    @initialize(queue=st.integers(0, 1), few=st.booleans())
    def beginning(self, queue: int, few: bool) -> None:
        self.everybody_joins(queue, few)

    @rule(queue=st.integers(0, 1), few=st.booleans())
    def everybody_joins(self, queue: int, few: bool) -> None:
        for who in range(2 if few else len(self.people)):
            self.join(who, queue, str(who), None)
            self.all_fits_together()

    @rule(who=WHO, index=INDEX, own=st.booleans(), key=KEY)
    def leave(self, who: int, index: int, own: bool, key: str | None) -> None:
        ticket_id, now = self.ticket_id(index), self.world.clock.now
        who = self.whose(ticket_id, who) if own else who
        holder = self.holder(who)
        self.ask(
            self.people[who],
            leave_queue,
            lambda model: model.leave(holder, ticket_id, now),
            key,
            ticket_id=ticket_id,
        )

    @rule(who=WHO, index=INDEX, own=st.sampled_from([True, True, True, False]), key=KEY)
    def let_one_by(self, who: int, index: int, own: bool, key: str | None) -> None:
        ticket_id, now = self.ticket_id(index, *(["waiting"] if own else [])), self.world.clock.now
        who = self.whose(ticket_id, who) if own else who
        holder = self.holder(who)
        self.ask(
            self.people[who],
            step_back,
            lambda model: model.step_back(holder, ticket_id, now),
            key,
            ticket_id=ticket_id,
        )

    @rule(index=INDEX, text=st.sampled_from(["", "why?"]))
    def asks(self, index: int, text: str) -> None:
        ticket_id, now = self.ticket_id(index), self.world.clock.now
        who = self.whose(ticket_id, 0)
        holder = self.holder(who)
        rows = self.world.rows(ticket, id=ticket_id)

        def expected(model: Model) -> bool:
            model.own(holder, ticket_id, now)
            return rows[0].question != text

        self.ask(self.people[who], ask, expected, None, ticket_id=ticket_id, question=text)

    @rule(who=st.integers(0, 3), person=st.integers(4, 5))
    def visitor_signs_in(self, who: int, person: int) -> None:
        visitor, signed_in = self.people[who], self.people[person]
        now = self.world.clock.now

        def attempt(tx: Tx) -> None:
            claim_tickets(tx, signed_in, now, visitor.id or 0, signed_in.id or 0)

        self.world.db.run(Work(attempt, Trace("test")))
        self.model.claim(self.holder(who), self.holder(person), now)
        kinds = self.world.db.read(self.follow)
        assert set(kinds) <= {"TicketClaimed", "TicketCleared", "QueueReset", "QueueModeChanged"}

    # What staff do, and who may not.

    def staffs(
        self,
        staff: int,
        fn: Callable[..., Any],
        model: Callable[..., Any],
        key: str | None,
        **of: Any,
    ) -> None:
        actor, now = self.staff[staff], self.world.clock.now
        right, subject = self.right_of(actor), next(iter(of.values()))
        self.ask(actor, fn, lambda m: model(m, right, subject, now), key, **of)

    @rule(staff=STAFF, queue=QUEUES, key=KEY)
    def press(self, staff: int, queue: int, key: str | None) -> None:
        def expected(model: Model, who: int | None, queue_id: int, now: Any) -> Any:
            return model.press(who, queue_id, now, on=True)

        self.staffs(staff, complete_and_call_next, expected, key, queue_id=self.queue_id(queue))

    @rule(staff=STAFF, queue=QUEUES, key=KEY)
    def press_and_call_nobody(self, staff: int, queue: int, key: str | None) -> None:
        def expected(model: Model, who: int | None, queue_id: int, now: Any) -> Any:
            return model.press(who, queue_id, now, on=False)

        self.staffs(staff, complete, expected, key, queue_id=self.queue_id(queue))

    @rule(staff=STAFF, index=INDEX, likely=st.booleans(), key=KEY)
    def calls(self, staff: int, index: int, likely: bool, key: str | None) -> None:
        statuses = ["waiting"] if likely else ["serving"]
        ticket_id = self.ticket_id(index, *statuses)
        self.staffs(staff, call, Model.call, key, ticket_id=ticket_id)

    @rule(staff=STAFF, index=INDEX, key=KEY)
    def nobody_comes(self, staff: int, index: int, key: str | None) -> None:
        ticket_id = self.ticket_id(index, "serving")
        self.staffs(staff, no_show, Model.no_show, key, ticket_id=ticket_id)

    @rule(staff=STAFF, index=INDEX, which=st.sampled_from(["serving", "no_show", "any"]), key=KEY)
    def puts_back(self, staff: int, index: int, which: str, key: str | None) -> None:
        ticket_id = self.ticket_id(index, which)
        self.staffs(staff, put_back, Model.put_back, key, ticket_id=ticket_id)

    @rule(staff=STAFF, index=INDEX, which=st.sampled_from(["waiting", "any"]), key=KEY)
    def removes(self, staff: int, index: int, which: str, key: str | None) -> None:
        ticket_id = self.ticket_id(index, which)
        self.staffs(staff, remove, Model.remove, key, ticket_id=ticket_id)

    @rule(staff=STAFF, queue=QUEUES, key=KEY)
    def undoes(self, staff: int, queue: int, key: str | None) -> None:
        self.staffs(staff, undo, Model.undo, key, queue_id=self.queue_id(queue))

    @precondition(lambda self: any(one.status == "waiting" for one in self.model.tickets.values()))
    @rule(
        staff=st.sampled_from([(0, 1), (1, 0), (0, 0)]),
        queue=st.integers(0, 1),
        what=st.sampled_from(["press", "press", "call", "no_show"]),
        meanwhile=st.sampled_from(
            [
                *("nothing", "press", "leave", "put_back", "take_over", "join", "step_back"),
                *("remove", "long"),
            ]
        ),
        index=INDEX,
    )
    def changes_ones_mind(
        self, staff: tuple[int, int], queue: int, what: str, meanwhile: str, index: int
    ) -> None:
        """A press, something that happens in those ten seconds, and the press taken back."""
        do = {
            "press": lambda: self.press(staff[0], queue, None),
            "call": lambda: self.calls(staff[0], index, True, None),
            "no_show": lambda: self.nobody_comes(staff[0], index, None),
        }
        happens = {
            "nothing": lambda: self.world.clock.advance(seconds=9),
            "press": lambda: self.press(staff[1], queue, None),
            "leave": lambda: self.leave(0, index, True, None),
            "put_back": lambda: self.puts_back(staff[1], index, "no_show", None),
            "take_over": lambda: self.calls(staff[1], index, False, None),
            "join": lambda: self.join(index % 6, queue, "6", None),
            "step_back": lambda: self.let_one_by(0, index, True, None),
            "remove": lambda: self.removes(staff[1], index, "waiting", None),
            "long": lambda: self.world.clock.advance(seconds=10),
        }
        for step in (do[what], happens[meanwhile]):
            step()
            self.all_fits_together()
        self.undoes(staff[0], queue, None)

    @rule(queue=st.integers(0, 1), index=st.integers(0, 3))
    def one_comes_again(self, queue: int, index: int) -> None:
        """Who was helped joins again, before others of groups that were not."""
        for who, group in ((index, str(index)), (5, "7"), (4, "8")):
            self.join(who, queue, group, None)
            if who == index:
                self.press(0, queue, None)
                self.press(0, queue, None)
                self.join(who, queue, group, None)
            self.all_fits_together()

    @precondition(lambda self: any(one.status == "waiting" for one in self.model.tickets.values()))
    @rule(index=INDEX, staff=st.integers(0, 2))
    def called_by_mistake(self, index: int, staff: int) -> None:
        """Somebody from the middle is called, and put back, to the front."""
        ticket_id = self.ticket_id(index, "waiting")
        self.staffs(staff, call, Model.call, None, ticket_id=ticket_id)
        self.all_fits_together()
        self.staffs(staff, put_back, Model.put_back, None, ticket_id=ticket_id)

    @precondition(lambda self: any(one.status == "no_show" for one in self.model.tickets.values()))
    @rule(index=INDEX)
    def one_comes_late(self, index: int) -> None:
        self.puts_back(0, index, "no_show", None)

    @precondition(lambda self: self.model.presses)
    @rule(which=INDEX)
    def undoes_the_last(self, which: int) -> None:
        presses = list(self.model.presses)
        queue_id, staff_id = presses[which % len(presses)]
        staff = next(index for index, actor in enumerate(self.staff) if actor.id == staff_id)
        self.undoes(staff, self.queues.index(queue_id), None)

    @rule(staff=STAFF, queue=QUEUES, key=KEY, sure=st.integers(0, 3))
    def resets(self, staff: int, queue: int, key: str | None, sure: int) -> None:
        if sure == 0:  # rarely, or no line would become long
            self.staffs(staff, reset_queue, Model.reset, key, queue_id=self.queue_id(queue))

    @rule(staff=STAFF, queue=QUEUES, mode=st.sampled_from([*QueueMode, QueueMode.OPEN]), key=KEY)
    def opens_or_closes(self, staff: int, queue: int, mode: QueueMode, key: str | None) -> None:
        def expected(model: Model, who: int | None, queue_id: int, now: Any) -> Any:
            return model.set_mode(who, queue_id, mode.value, now)

        self.staffs(staff, set_mode, expected, key, queue_id=self.queue_id(queue), mode=mode)

    @rule(staff=STAFF, queue=QUEUES, paused=st.booleans(), key=KEY)
    def takes_a_break(self, staff: int, queue: int, paused: bool, key: str | None) -> None:
        def expected(model: Model, who: int | None, queue_id: int, now: Any) -> Any:
            return model.pause(who, queue_id, paused, now)

        self.staffs(staff, pause, expected, key, queue_id=self.queue_id(queue), paused=paused)

    @rule(staff=STAFF, queue=QUEUES, text=st.sampled_from(["", "x", "y"]))
    def says_something(self, staff: int, queue: int, text: str) -> None:
        """An announcement, or the label of a desk: the log is all there is to compare with."""
        queue_id = self.queue_id(queue)
        said = self.log.queues.get(queue_id, {}).get("announcement")
        label = self.log.labels.get((queue_id, self.staff[staff].id or 0), "")

        def announced(model: Model, who: int | None, queue_id: int, now: Any) -> Any:
            model.staffed(who, queue_id, now)
            return said != text

        def labelled(model: Model, who: int | None, queue_id: int, now: Any) -> Any:
            model.staffed(who, queue_id, now)
            return label != text

        self.staffs(staff, announce, announced, None, queue_id=queue_id, text=text)
        self.staffs(staff, label_desk, labelled, None, queue_id=queue_id, label=text)

    @rule(staff=STAFF, index=INDEX, text=st.sampled_from(["", "x"]))
    def notes(self, staff: int, index: int, text: str) -> None:
        ticket_id = self.ticket_id(index, "any")
        rows = self.world.rows(ticket, id=ticket_id)

        def expected(model: Model, who: int | None, ticket_id: int, now: Any) -> Any:
            model.staffed_ticket(who, ticket_id, now)
            return rows[0].note != text

        self.staffs(staff, note, expected, None, ticket_id=ticket_id, note=text)

    @rule(which=st.sampled_from(["nobody", "system", "staff"]), index=INDEX, what=st.integers(0, 3))
    def stranger(self, which: str, index: int, what: int) -> None:
        """Who is no person and no visitor has no tickets."""
        actor = {"nobody": NOBODY, "system": SYSTEM, "staff": self.staff[0]}[which]
        ticket_id = self.ticket_id(index)
        fn, arguments = [
            (join_queue, {"queue_id": self.queues[0], "group": "1"}),
            (leave_queue, {"ticket_id": ticket_id}),
            (step_back, {"ticket_id": ticket_id}),
            (ask, {"ticket_id": ticket_id, "question": "x"}),
        ][what]

        def expected(model: Model) -> None:
            raise Refusal("not_signed_in" if actor is NOBODY else "not_allowed")

        self.ask(actor, fn, expected, **arguments)

    # What time does, and doubles.

    @rule(seconds=st.sampled_from([1, 9, 10, 60, 3600, 8 * 3600]))
    def time_goes_by(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule(early=st.booleans(), timer=st.booleans())
    def until_something_is_due(self, early: bool, timer: bool) -> None:
        at = self.model.next_deadline() or self.world.clock.now
        self.world.clock.now = max(self.world.clock.now, at)
        if early:
            self.world.clock.advance(seconds=-1)
        if timer:
            self.timer()

    @rule()
    def timer(self) -> None:
        now = self.world.clock.now
        for _ in range(2):
            self.ask(SYSTEM, run_due, lambda model: model.run_due(now))
        assert self.model.run_due(now) == 0

    @precondition(lambda self: self.keyed)
    @rule(which=st.integers(0, 1000))
    def the_same_request_again(self, which: int) -> None:
        self.send(self.keyed[which % len(self.keyed)])

    # After each step.

    @invariant()
    def all_fits_together(self) -> None:
        self.world.db.read(self.look)

    def look(self, conn: Connection) -> None:
        stored = stored_lines(conn)
        assert self.log == stored, "folding the log gives the tables"
        self.compare_tickets(stored)
        for queue in self.model.queues.values():
            self.compare_queue(conn, queue, stored)
        assert next_deadline(conn) == self.model.next_deadline()

    def compare_tickets(self, stored: Lines) -> None:
        assert {
            row["id"]: (
                *(row["queue_id"], row["round"], row["number"], row["status"], row["holder"]),
                *(row["slot"], row["group_number"], row["group_slot"], row["steps"]),
                *(row["staff_id"], row["called_at"], row["ended_at"]),
            )
            for row in stored.tickets.values()
        } == {
            one.id: (
                *(one.queue, one.round, one.number, one.status, one.holder),
                *(one.slot, one.group, one.group_slot, one.steps),
                *(one.staff, one.called, one.ended),
            )
            for one in self.model.tickets.values()
        }

    def compare_queue(self, conn: Connection, queue: Queue, stored: Lines) -> None:
        row, now = stored.queues[queue.id], self.world.clock.now
        assert (row["mode"], row["paused_at"] is not None) == (queue.mode, queue.paused)
        assert (row["round"], row["last_number"]) == (queue.round, queue.last)
        assert row["shown_number"] == queue.shown
        numbers = [one.number for one in self.model.tickets.values() if one.queue == queue.id]
        this_round = numbers[len(numbers) - queue.last :]
        assert sorted(this_round) == list(range(1, queue.last + 1)), "no gap, no number twice"
        view = line_view(conn, queue.id, now)
        assert view is not None
        assert view.line == [one.number for one in self.model.line(queue, now)]
        serving = sorted(one.number for one in self.model.of(queue, "serving"))
        assert sorted(number for number, _ in view.serving) == serving


EXAMPLES = {"sqlite": 14, "postgresql": 4}


def test_queues(kind: str, fresh_database: Callable[[], Database]) -> None:
    class Machine(QueueMachine):
        def __init__(self) -> None:
            super().__init__(World(fresh_database(), Clock()))

    run_state_machine_as_test(Machine, settings=of_examples(EXAMPLES[kind]))


def test_events_keep_no_words_of_those_in_line(world: World) -> None:
    """A log that is kept for years holds what happened: not what was asked and noted."""
    queue_id, who, staff = world.queue(), world.person(), world.staff()
    given = world.run(who, join_queue, queue_id=queue_id, group="1", question="SECRET one")
    world.run(who, ask, ticket_id=given.ticket_id, question="SECRET two")
    world.run(staff, note, ticket_id=given.ticket_id, note="SECRET three")
    logged = world.db.read(lambda conn: conn.execute(select(event)).all())
    assert not [row for row in logged if "SECRET" in str(tuple(row))]
    assert not [row for row in logged if "Person" in str(row.details)]
