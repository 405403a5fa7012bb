"""Crowds: many threads and several processes want the same few lockers at the same moment."""

import contextlib
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest

from locker_app.db.database import Database
from locker_app.db.tables import event, locker
from locker_app.domain.actors import SYSTEM, Actor, ActorKind
from locker_app.domain.errors import DomainError, LockersFree
from locker_app.domain.lockers import OverdueAction
from locker_app.services.expiry import run_due
from locker_app.services.lockers import (
    force_release,
    give_back,
    put_back_in_service,
    take_locker,
    take_out_of_service,
)
from locker_app.services.waiting import join_waiting, leave_waiting
from tests import invariants
from tests.folding import Tables, folded, stored
from tests.processes import forking
from tests.world import Clock, World

LOCKERS, PROCESSES = 10, 4
_start: Any = None


def outcome(do: Callable[[], Any]) -> str:
    """What somebody got: a label, or the code of the refusal."""
    try:
        return do().label
    except DomainError as refusal:
        return refusal.code


def take_together(
    world: World, bank_id: int, people: list[Actor], start: Callable[[], Any]
) -> list[str]:
    """All these people try to get a locker at the same moment, each in a thread."""
    together = Barrier(len(people), action=start)

    def take(who: Actor) -> str:
        together.wait()
        return outcome(lambda: world.take(who, bank_id))

    with ThreadPoolExecutor(len(people)) as threads:
        return list(threads.map(take, people))


def take_in_process(url: str, bank_id: int, ids: list[int], now: datetime) -> list[str]:
    """The part of one process: its own connections, its own threads."""
    world = World(Database(url), Clock())
    world.clock.now = now
    people = [Actor(ActorKind.PERSON, person_id) for person_id in ids]
    outcomes = take_together(world, bank_id, people, _start.wait)
    world.db.close()
    return outcomes


def wait_for_all(barrier: Any) -> None:
    global _start
    _start = barrier


def assert_ten_winners(world: World, bank_id: int, outcomes: list[str]) -> None:
    expected = Counter({f"A{number}": 1 for number in range(1, LOCKERS + 1)})
    expected["none_free"] = len(outcomes) - LOCKERS
    assert Counter(outcomes) == expected
    assert world.doors(bank_id) == "h" * LOCKERS
    assert len({claim.person_id for claim in world.open_claims()}) == LOCKERS
    assert len(world.rows(event, kind="LockerAssigned")) == LOCKERS
    assert len(world.refusals()) == len(outcomes) - LOCKERS
    invariants.check(world)


def test_50_threads_for_10_lockers(world: World) -> None:
    bank_id, people = world.bank(count=LOCKERS), world.people(50)
    assert_ten_winners(world, bank_id, take_together(world, bank_id, people, lambda: None))


def test_4_processes_of_13_threads_for_10_lockers(world: World) -> None:
    bank_id, people = world.bank(count=LOCKERS), world.people(PROCESSES * 13)
    ids = [person.id or 0 for person in people]
    context = forking()
    with ProcessPoolExecutor(
        PROCESSES, context, wait_for_all, (context.Barrier(PROCESSES),)
    ) as processes:
        parts = [
            processes.submit(
                take_in_process, world.db.url, bank_id, ids[part::PROCESSES], world.clock.now
            )
            for part in range(PROCESSES)
        ]
        outcomes = [outcome for part in parts for outcome in part.result(60)]
    assert_ten_winners(world, bank_id, outcomes)


def test_fewer_people_than_lockers_get_the_lowest(world: World) -> None:
    bank_id, people = world.bank(count=20), world.people(12)
    outcomes = take_together(world, bank_id, people, lambda: None)
    assert sorted(outcomes) == sorted(f"A{number}" for number in range(1, 13))


@pytest.mark.parametrize("allowed", [1, 2])
def test_one_person_clicks_20_times(world: World, allowed: int) -> None:
    bank_id = world.bank(world.site(lockers_per_person=allowed), count=20)
    outcomes = take_together(world, bank_id, [world.person()] * 20, lambda: None)
    assert outcomes.count("already_holds") == 20 - allowed
    assert len(world.open_claims()) == allowed
    invariants.check(world)


def test_one_person_in_two_banks_of_a_site(world: World) -> None:
    site_id, who = world.site(), world.person()
    banks = [world.bank(site_id, count=5) for _ in range(4)]
    together = Barrier(len(banks))

    def take(bank_id: int) -> str:
        together.wait()
        return outcome(lambda: world.take(who, bank_id))

    with ThreadPoolExecutor(len(banks)) as threads:
        outcomes = list(threads.map(take, banks))
    assert outcomes.count("already_holds") == len(banks) - 1
    assert len(world.open_claims()) == 1


def test_20_join_while_the_lockers_come_back(world: World) -> None:
    """Afterwards nobody waits while a locker is free."""
    for _ in range(5):
        bank_id = world.bank(count=3)
        held, waiting = world.fill(bank_id), world.people(8)
        together = Barrier(len(held) + len(waiting))

        def give(part: tuple[Actor, Any]) -> None:
            together.wait()  # noqa: B023
            world.give_back(*part)

        def join(who: Actor) -> None:
            together.wait()  # noqa: B023
            with contextlib.suppress(LockersFree):
                world.join(who, bank_id)  # noqa: B023

        with ThreadPoolExecutor(len(held) + len(waiting)) as threads:
            futures = [threads.submit(join, who) for who in waiting]
            futures += [threads.submit(give, part) for part in held]
            for future in futures:
                future.result(60)
        invariants.check(world)


class Somebody:
    """One of a crowd that does this and that, at random, as fast as it can."""

    def __init__(self, world: World, who: Actor, staff: Actor, banks: list[int], seed: int) -> None:
        self.world, self.who, self.staff, self.banks = world, who, staff, banks
        self.random = random.Random(seed)
        self.doors = [row.id for row in world.rows(locker)]
        self.done: Counter[str] = Counter()
        self.claim_id = self.wait_id = 1

    def act(self, times: int) -> Counter[str]:
        for _ in range(times):
            do = self.random.choice(
                (self.take, self.take, self.back, self.back, self.join, self.leave, self.meddle)
            )
            try:
                do()
                self.done[do.__name__] += 1
            except DomainError as refusal:
                self.done[refusal.code] += 1
        return self.done

    def take(self) -> None:
        bank_id = self.random.choice(self.banks)
        low = self.random.random() < 0.3
        taken = self.world.run(self.who, take_locker, bank_id=bank_id, accessible=low)
        self.claim_id = taken.assignment_id

    def back(self) -> None:
        self.world.run(self.who, give_back, assignment_id=self.claim_id)

    def join(self) -> None:
        bank_id = self.random.choice(self.banks)
        low = self.random.random() < 0.3
        self.wait_id = self.world.run(self.who, join_waiting, bank_id=bank_id, accessible=low)

    def leave(self) -> None:
        self.world.run(self.who, leave_waiting, wait_id=self.wait_id)

    def meddle(self) -> None:
        """What staff and time do."""
        door, reason = self.random.choice(self.doors), "x"
        match self.random.randrange(4):
            case 0:
                self.world.run(self.staff, force_release, locker_id=door, reason=reason)
            case 1:
                self.world.run(self.staff, take_out_of_service, locker_id=door, reason=reason)
            case 2:
                self.world.run(self.staff, put_back_in_service, locker_id=door)
            case _:
                self.world.clock.advance(minutes=3)
                self.world.run(SYSTEM, run_due)


@pytest.mark.parametrize("allowed", [1, 2])
def test_a_crowd_that_does_this_and_that(world: World, allowed: int) -> None:
    """However they cross, everything fits together in the end, and the log says how."""
    site_id = world.site(lockers_per_person=allowed, hold_minutes=5)
    banks = [
        world.bank(site_id, count=3, accessible=1),
        world.bank(site_id, count=2, limit_minutes=30, overdue_action=OverdueAction.RELEASE),
    ]
    staff, people = world.staff(), world.people(12)
    crowd = [Somebody(world, who, staff, banks, seed) for seed, who in enumerate(people)]
    with ThreadPoolExecutor(len(crowd)) as threads:
        done = sum(threads.map(lambda one: one.act(25), crowd), Counter[str]())
    for expected in ("take", "back", "join", "leave", "meddle", "none_free", "lockers_free"):
        assert done[expected] > 0, f"nothing was tested: {done}"
    world.run_due()
    invariants.check(world)
    assert comparable(world.db.read(folded)) == comparable(world.db.read(stored))


def comparable(tables: Tables) -> Tables:
    """Without slots: two claims of one person may be logged in either order."""
    for claim in tables.assignments.values():
        del claim["slot"]
    return tables
