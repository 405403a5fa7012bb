"""Crowds in lines for help: many join at one moment, two press at once, all do this and that."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest

from locker_app.db.database import Database
from locker_app.db.tables import event, queue, ticket
from locker_app.domain.actors import Actor, ActorKind, Role
from locker_app.domain.errors import DomainError
from locker_app.services.presses import undo
from locker_app.services.queues import reset_queue
from locker_app.services.serving import call, no_show, put_back
from locker_app.services.tickets import join_queue, leave_queue, step_back
from tests.folding import events_after
from tests.folding_lines import fold_lines, stored_lines
from tests.processes import forking
from tests.world import Clock, World

PROCESSES = 4
_start: Any = None


def join_together(
    world: World, queue_id: int, people: list[Actor], group: Callable[[int], str], start: Any
) -> list[str | int]:
    """All of them join at the same moment, each in a thread; the numbers, or codes of refusals."""
    together = Barrier(len(people), action=start)

    def join(index: int) -> str | int:
        together.wait()
        who = people[index]
        try:
            return world.run(who, join_queue, queue_id=queue_id, group=group(index)).number
        except DomainError as refused:
            return refused.code

    with ThreadPoolExecutor(len(people)) as threads:
        return list(threads.map(join, range(len(people))))


def join_in_process(url: str, queue_id: int, ids: list[int], now: datetime) -> list[str | int]:
    """The part of one process: its own connections, its own threads."""
    world = World(Database(url), Clock())
    world.clock.now = now
    people = [Actor(ActorKind.VISITOR, visitor_id, visitor_id) for visitor_id in ids]
    numbers = join_together(world, queue_id, people, lambda i: f"G{ids[i]}", _start.wait)
    world.db.close()
    return numbers


def wait_for_all(barrier: Any) -> None:
    global _start
    _start = barrier


def check(world: World) -> None:
    """Numbers without gaps, one ticket at each desk, and a log that says how it came."""
    for line in world.rows(queue):
        rows = world.rows(ticket, queue_id=line.id, round=line.round)
        assert sorted(row.number for row in rows) == list(range(1, line.last_number + 1))
    desks = Counter(
        (row.queue_id, row.staff_id)
        for row in world.rows(ticket, status="serving")
        if row.staff_id is not None
    )
    assert all(times == 1 for times in desks.values())
    folded = fold_lines(world.db.read(lambda conn: events_after(conn, 0)))
    assert folded == world.db.read(stored_lines)


def test_50_threads_join(world: World) -> None:
    queue_id, people = world.queue(), world.visitors(50)
    numbers = join_together(world, queue_id, people, lambda index: f"G{index}", None)
    assert sorted(map(int, numbers)) == list(range(1, 51))
    assert Counter(world.line(queue_id).values()) == {"serving": 1, "waiting": 49}
    assert world.line(queue_id)[1] == "serving"
    check(world)


def test_4_processes_of_13_threads_join(world: World) -> None:
    queue_id, people = world.queue(), world.visitors(PROCESSES * 13)
    ids = [who.id or 0 for who in people]
    context = forking()
    with ProcessPoolExecutor(
        PROCESSES, context, wait_for_all, (context.Barrier(PROCESSES),)
    ) as processes:
        parts = [
            processes.submit(
                join_in_process, world.db.url, queue_id, ids[part::PROCESSES], world.clock.now
            )
            for part in range(PROCESSES)
        ]
        numbers = [number for part in parts for number in part.result(60)]
    assert sorted(map(int, numbers)) == list(range(1, len(people) + 1))
    check(world)


@pytest.mark.parametrize("allowed", [1, 3])
def test_one_person_presses_join_20_times(world: World, allowed: int) -> None:
    queue_id = world.queue(tickets_per_person=allowed)
    people = [world.person()] * 20
    numbers = join_together(world, queue_id, people, lambda index: f"G{index}", None)
    assert Counter(map(str, numbers)) == {
        "has_ticket": 20 - allowed,
        **{str(number): 1 for number in range(1, allowed + 1)},
    }
    check(world)


def test_20_of_one_group_join(world: World) -> None:
    queue_id = world.queue(tickets_per_group=2)
    numbers = join_together(world, queue_id, world.visitors(20), lambda index: "7", None)
    assert Counter(map(str, numbers)) == {"1": 1, "2": 1, "group_has_ticket": 18}


def test_a_line_for_5_never_holds_6(world: World) -> None:
    queue_id = world.queue(capacity=5)
    numbers = join_together(world, queue_id, world.visitors(20), lambda index: f"G{index}", None)
    assert numbers.count("queue_full") == 14, "one is served, five wait"
    assert len(world.line(queue_id)) == 6


def test_staff_who_press_at_once_never_serve_the_same(world: World) -> None:
    site_id = world.site()
    queue_id, staff = world.queue(site_id), [world.staff(Role.PROFESSOR, site_id) for _ in range(4)]
    world.tickets(queue_id, 22)
    together = Barrier(len(staff))

    def work(who: Actor) -> list[int]:
        together.wait()
        return [world.press(who, queue_id).called for _ in range(7)]

    with ThreadPoolExecutor(len(staff)) as threads:
        called = [number for numbers in threads.map(work, staff) for number in numbers if number]
    assert sorted(called) == list(range(2, 23)), "each once, and nobody is skipped"
    in_log = [row.details["ticket_number"] for row in world.rows(event, kind="TicketCalled")]
    assert in_log == list(range(1, 23)), "in the order of the line"
    check(world)


class Somebody:
    """One of a crowd, a student or staff, who does this and that as fast as can be."""

    def __init__(self, world: World, who: Actor, queue_id: int, seed: int) -> None:
        self.world, self.who, self.queue_id = world, who, queue_id
        self.random = random.Random(seed)
        self.mine = 1
        self.done: Counter[str] = Counter()

    def act(self, times: int) -> Counter[str]:
        staff = (self.press, self.press, self.call, self.no_show, self.put_back, self.undo)
        student = (self.join, self.join, self.leave, self.step_back)
        for _ in range(times):
            do = self.random.choice(staff if self.who.kind is ActorKind.STAFF else student)
            try:
                do()
                self.done[do.__name__] += 1
            except DomainError as refused:
                self.done[refused.code] += 1
        return self.done

    def any_ticket(self, status: str) -> int:
        rows = self.world.rows(ticket, status=status)
        return self.random.choice(rows).id if rows else 1

    def join(self) -> None:
        self.mine = self.world.ticket(self.who, self.queue_id, f"G{self.who.id}").ticket_id

    def leave(self) -> None:
        self.world.run(self.who, leave_queue, ticket_id=self.mine)

    def step_back(self) -> None:
        self.world.run(self.who, step_back, ticket_id=self.mine)

    def press(self) -> None:
        self.world.press(self.who, self.queue_id)

    def call(self) -> None:
        self.world.run(self.who, call, ticket_id=self.any_ticket("waiting"))

    def no_show(self) -> None:
        self.world.run(self.who, no_show, ticket_id=self.any_ticket("serving"))

    def put_back(self) -> None:
        self.world.run(self.who, put_back, ticket_id=self.any_ticket("no_show"))

    def undo(self) -> None:
        if self.random.random() < 0.1:
            self.world.run(self.who, reset_queue, queue_id=self.queue_id)
        else:
            self.world.run(self.who, undo, queue_id=self.queue_id)


def test_a_crowd_that_does_this_and_that(world: World) -> None:
    """However they cross, numbers have no gaps, and the log says how it all came."""
    site_id = world.site()
    queue_id = world.queue(site_id, serve_at_once=True)
    people = [*world.visitors(9), *(world.staff(Role.PROFESSOR, site_id) for _ in range(3))]
    crowd = [Somebody(world, who, queue_id, seed) for seed, who in enumerate(people)]
    with ThreadPoolExecutor(len(crowd)) as threads:
        done = sum(threads.map(lambda one: one.act(25), crowd), Counter[str]())
    for expected in ("join", "leave", "step_back", "press", "undo", "no_show", "put_back"):
        assert done[expected] > 0, f"nothing was tested: {done}"
    check(world)
