"""The timer: it acts at deadlines, looks out for earlier ones, and goes on after what fails."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from locker_app import timer
from locker_app.db.database import Database
from locker_app.services import expiry
from locker_app.timer import HOUSEKEEPING_EVERY, LONGEST_SLEEP_SECONDS, keep_time
from tests.live import virtual
from tests.world import Clock, World

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Plan:
    """A database in which something is due at a time, and the times at which things were done."""

    def __init__(self) -> None:
        self.due: list[datetime] = []
        self.done: list[tuple[str, float]] = []
        self.fails: Exception | None = None

    async def aread(self, _query: Any) -> datetime | None:
        if self.fails is not None:
            raise self.fails
        return min(self.due, default=None)

    async def arun(self, work: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.done.append((work, asyncio.get_running_loop().time()))
        if work == "run_due":
            self.due = [at for at in self.due if at > now()]

    def at(self, what: str) -> list[float]:
        return [at for done, at in self.done if done == what]


def now() -> datetime:
    """The time of the test's loop."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now()

    monkeypatch.setattr(timer, "datetime", Now)
    monkeypatch.setattr(timer, "command", lambda _call, fn: fn.__name__)
    return Plan()


def play(plan: Plan, seconds: float) -> None:
    """Keep time for that long."""

    async def main() -> None:
        db: Any = plan
        keeping = asyncio.create_task(keep_time(db))
        await asyncio.sleep(seconds)
        assert not keeping.done()
        keeping.cancel()

    virtual.run(main())


def test_it_acts_at_the_deadline(plan: Plan) -> None:
    plan.due = [START + timedelta(seconds=at) for at in (0.5, 20, 20.25, 33.3)]
    play(plan, 40)
    assert plan.at("run_due") == pytest.approx([0.5, 20, 20.25, 33.3], abs=0.02)


def test_it_finds_a_deadline_that_another_process_made(plan: Plan) -> None:
    async def later() -> None:
        await asyncio.sleep(7.25)
        plan.due = [START + timedelta(seconds=7.5)]

    async def main() -> None:
        db: Any = plan
        tasks = [asyncio.create_task(keep_time(db)), asyncio.create_task(later())]
        await asyncio.sleep(10)
        for task in tasks:
            task.cancel()

    virtual.run(main())
    (acted,) = plan.at("run_due")
    assert 7.5 <= acted <= 7.5 + LONGEST_SLEEP_SECONDS


def test_what_was_due_long_ago_is_done_at_once(plan: Plan) -> None:
    plan.due = [START - timedelta(days=3)]
    play(plan, 1)
    assert plan.at("run_due") == pytest.approx([0], abs=0.02)


def test_it_keeps_the_house_once_an_hour(plan: Plan) -> None:
    play(plan, 2.5 * HOUSEKEEPING_EVERY.total_seconds())
    assert len(plan.at("forget_old_answers")) == 3


@pytest.mark.parametrize("error", [psycopg.OperationalError("away"), ZeroDivisionError("a fault")])
def test_what_fails_is_said_once_when_it_begins_and_once_when_it_ends(
    plan: Plan, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        db: Any = plan
        keeping = asyncio.create_task(keep_time(db))
        for _ in range(2):
            plan.fails = error
            await asyncio.sleep(100)
            plan.due = [START]
            plan.fails = None
            await asyncio.sleep(100)
        keeping.cancel()

    with caplog.at_level(logging.INFO):
        virtual.run(main())
    assert len(plan.at("run_due")) == 2  # made up for as soon as it works again
    assert len(caplog.records) <= 4


@pytest.fixture
def world(new_database_url: Callable[..., str]) -> Any:
    db = Database(new_database_url("sqlite"))
    clock = Clock()
    clock.now = datetime.now(UTC)
    yield World(db, clock)
    db.close()


def test_a_hold_lapses_although_nobody_looks(world: World) -> None:
    """With the real clock and database: it was due a moment before."""
    bank = world.bank(world.site(hold_minutes=1), count=1)
    first, second, third = world.people(3)
    world.clock.advance(minutes=-2)
    taken = world.take(first, bank)
    for person in (second, third):
        world.join(person, bank)
    world.give_back(first, taken)
    heard = asyncio.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def hear(_events: Any) -> None:
            loop.call_soon_threadsafe(heard.set)

        world.db.listen(hear)
        keeping = asyncio.create_task(keep_time(world.db))
        await heard.wait()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    asyncio.run(main())
    (hold,) = world.open_claims()
    assert hold.person_id == third.id
    assert world.db.read(expiry.next_deadline) is not None
