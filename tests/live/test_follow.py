"""What other processes commit reaches this one's hub: on SQLite by looking, on PostgreSQL by being
told. The others are real processes."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from locker_app.db.database import Database
from locker_app.domain.actors import Actor
from locker_app.live import follow as follow_module
from locker_app.live.follow import follow
from locker_app.live.hub import Hub
from locker_app.live.topics import Topic
from locker_app.services.lockers import take_locker
from tests.live.screens import Audience, Screen
from tests.processes import forking
from tests.world import Clock, World


class House:
    """A library with a hub that follows, as in one worker; the others are elsewhere."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.db = Database(url)
        self.world = World(self.db, Clock())
        self.audience = Audience()
        self.hub = Hub(self.db, self.audience, lambda: self.world.clock.now)
        self.bank = self.world.bank(count=9)

    def watch(self) -> dict[str, Any]:
        topic = Topic("bank", self.bank)
        return Screen(self.hub, self.audience, topic)[topic]

    async def elsewhere(self) -> None:
        """Somebody gets a locker, in another process."""
        person = self.world.person()
        await asyncio.to_thread(in_another_process, self.url, person, self.bank)


def in_another_process(url: str, person: Actor, bank_id: int) -> None:
    process = forking().Process(target=take_there, args=(url, person, bank_id))
    process.start()
    process.join()
    assert process.exitcode == 0


def take_there(url: str, person: Actor, bank_id: int) -> None:
    """What the other process does."""
    db = Database(url)
    World(db, Clock()).run(person, take_locker, bank_id=bank_id)
    db.close()


async def until(holds: Callable[[], Any]) -> None:
    """Wait until something is the case; the test's own timeout ends it."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


def play(house: House, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run the test while the hub follows."""

    async def run() -> None:
        async with house.hub.running():
            following = asyncio.create_task(follow(house.db, house.hub))
            try:
                await main()
                assert not following.done()
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    asyncio.run(run())
    house.db.close()


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_module, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(follow_module, "RETRY_SECONDS", 0.01)


@pytest.fixture
def house(database_url: str) -> House:
    return House(database_url)


def test_a_change_in_another_process_is_seen_here(house: House) -> None:
    async def main() -> None:
        bank = house.watch()
        await until(lambda: bank.get("free") == 9)
        for free in (8, 7):
            await house.elsewhere()
            await until(lambda free=free: bank["free"] == free)

    play(house, main)


def test_own_changes_are_seen_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come by the commit; what is followed must not bring them once more."""
    published: list[int] = []
    publish = house.hub.publish
    monkeypatch.setattr(
        house.hub,
        "publish",
        lambda events: (published.extend(e.id for e in events), publish(events)),
    )

    async def main() -> None:
        bank = house.watch()
        for free in (8, 7, 6):
            person = house.world.person()
            await asyncio.to_thread(house.world.take, person, house.bank)
            await until(lambda free=free: bank.get("free") == free)
        await house.elsewhere()
        await until(lambda: bank["free"] == 5)

    play(house, main)
    assert len(published) - len(set(published)) <= 1  # one may be looked for while it commits


def test_an_event_between_many_of_ones_own_is_not_missed(house: House) -> None:
    """The follower counts: its own must not be taken for another's."""

    async def main() -> None:
        bank = house.watch()
        people = house.world.people(4)
        elsewhere = asyncio.create_task(house.elsewhere())
        for person in people:
            await asyncio.to_thread(house.world.take, person, house.bank)
        await elsewhere
        await until(lambda: bank.get("free") == 4)

    play(house, main)


def test_a_failing_read_only_interrupts_it(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of whatever kind: outages are said elsewhere, a fault of ours here."""
    failures = [ZeroDivisionError("a fault"), psycopg.OperationalError("away")]

    def fail(*_: Any) -> Any:
        raise failures.pop()

    def now_and_then(query: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: fail() if failures else query(*args)

    for name in ("last_event_id", "logged_by_id"):
        query = getattr(follow_module, name)
        monkeypatch.setattr(follow_module, name, now_and_then(query))

    async def main() -> None:
        bank = house.watch()
        await until(lambda: bank.get("free") == 9)
        for left in (1, 0, 0):
            await house.elsewhere()
            await until(lambda left=left: len(failures) <= left)
        await until(lambda: bank["free"] == 6)

    with caplog.at_level(logging.ERROR):
        play(house, main)
    assert "following the event log failed; it goes on" in caplog.messages


def test_what_happened_while_the_connection_was_lost_is_caught_up(
    new_database_url: Callable[..., str],
) -> None:
    house = House(new_database_url("postgresql"))

    def listening(conn: psycopg.Connection[Any]) -> list[Any]:
        query = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        return conn.execute(query).fetchall()

    async def main() -> None:
        bank = house.watch()
        await until(lambda: bank.get("free") == 9)
        house.audience.here = {12345}  # a session that is in no table: it ended meanwhile
        address = make_url(house.url).set(drivername="postgresql")
        with psycopg.connect(
            address.render_as_string(hide_password=False), autocommit=True
        ) as conn:
            await until(lambda: listening(conn))
            conn.execute("SELECT pg_terminate_backend(%s)", listening(conn)[0])
            await house.elsewhere()
            await until(lambda: bank["free"] == 8)
            await until(lambda: house.audience.evicted == [12345])

    play(house, main)
