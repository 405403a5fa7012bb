"""Watching: who gets what when a page asks, and what happens when a session ends meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.transaction import Work
from locker_app.domain.actors import NOBODY, Actor, ActorKind, Role
from locker_app.live.hub import Hub
from locker_app.live.kinds import KINDS
from locker_app.live.topics import Topic
from locker_app.live.watching import Live
from locker_app.services.sessions import identify, open_session, sign_out
from tests.live.screens import Rooms
from tests.world import Clock, World

KEY = "the key of a session"


class House:
    """A library on SQLite with the live side, and a session of an admin's."""

    def __init__(self, db: Database) -> None:
        self.world = World(db, Clock())
        self.rooms = Rooms()
        self.hub = Hub(db, self.rooms, lambda: self.world.clock.now)
        self.live = Live(db, self.hub, self.rooms)  # pyright: ignore[reportArgumentType]
        self.bank = self.world.bank()
        self.admin = self.sign_in(self.world.staff(Role.ADMIN))
        self.public, self.private = Topic("bank", self.bank), Topic("holders", self.bank)

    def sign_in(self, actor: Actor, key: str = KEY) -> Actor:
        """Open a session for them; who they are in it."""
        column = "person_id" if actor.kind is ActorKind.PERSON else "staff_id"
        now, owner = self.world.clock.now, {column: actor.id}
        self.world.db.run(Work(lambda tx: open_session(tx, now, key, **owner), Trace("test")))
        return self.who(key)

    def who(self, key: str = KEY) -> Actor:
        return self.world.db.read(lambda conn: identify(conn, key, self.world.clock.now))

    def sign_out(self) -> None:
        self.world.run(self.admin, sign_out)

    async def watch(self, *topics: Topic, key: str = KEY, sid: str | None = "a") -> Any:
        """Ask for topics as a page does."""
        now = self.world.clock.now
        state: Any = sid
        return await self.live.watch(
            state, lambda conn: identify(conn, key, now), lambda _actor: list(topics)
        )


@pytest.fixture
def house(new_database_url: Callable[..., str]) -> Iterator[House]:
    db = Database(new_database_url("sqlite"))
    yield House(db)
    db.close()


def play(house: House, main: Callable[[], Any]) -> None:
    async def run() -> None:
        async with house.hub.running():
            await main()

    asyncio.run(run())


def test_one_gets_what_one_may_and_is_told_which_that_is(house: House) -> None:
    async def main() -> None:
        watched = await house.watch(house.public, house.private)
        assert watched.actor == house.admin
        assert watched.topics == {house.public, house.private}
        assert house.rooms.of("a") == {house.public, house.private}
        other = await house.watch(house.public, house.private, key="of nobody", sid="b")
        assert other.actor == NOBODY
        assert other.topics == house.rooms.of("b") == {house.public}
        await house.rooms.shows("a", house.private)
        await house.rooms.shows("b", house.public)
        assert not house.rooms.shown("b", house.private)

    play(house, main)


def test_asking_again_replaces_what_was_watched(house: House) -> None:
    async def main() -> None:
        await house.watch(house.public, house.private)
        await house.watch(house.public)
        assert house.rooms.of("a") == {house.public}

    play(house, main)


def test_what_is_not_for_this_screen_is_taken_off_it(house: House) -> None:
    private = {kind for kind, known in KINDS.items() if known.private}

    async def main() -> None:
        await house.watch(house.public, house.private)
        assert house.rooms.blanked["a"] == private - {"holders"}
        await house.watch(house.public)
        assert house.rooms.blanked["a"] == private

    play(house, main)


def test_a_screen_that_has_gone_watches_nothing(house: House) -> None:
    async def main() -> None:
        watched = await house.watch(house.public, sid=None)
        assert watched.topics == {house.public}
        assert house.rooms.rooms == {}

    play(house, main)


def test_who_signs_out_before_is_nobody(house: House) -> None:
    async def main() -> None:
        house.sign_out()
        watched = await house.watch(house.public, house.private)
        assert watched.actor == NOBODY
        assert house.rooms.of("a") == {house.public}

    play(house, main)


class Interrupted:
    """The database, with something that happens before or after one of the reads of a watch."""

    def __init__(self, db: Database, moment: int, happens: Callable[[], Awaitable[None]]) -> None:
        self._db, self._moment, self._happens = db, moment, happens
        self._passed = 0

    async def aread(self, query: Any) -> Any:
        await self._pass()
        answer = await self._db.aread(query)
        await self._pass()
        return answer

    async def _pass(self) -> None:
        self._passed += 1
        if self._passed == self._moment:
            await self._happens()


@pytest.mark.parametrize("heard", [True, False], ids=["heard at once", "heard late"])
@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5])
def test_a_session_that_ends_at_any_moment_leaves_nothing_behind(
    house: House, moment: int, heard: bool
) -> None:
    """Nothing private is watched in the end, and none was sent after the eviction."""

    async def end() -> None:
        await asyncio.to_thread(house.sign_out)
        while heard and not house.rooms.evicted:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def main() -> None:
        db: Any = Interrupted(house.world.db, moment, end)
        house.live = Live(db, house.hub, house.live.rooms)
        await house.watch(house.public, house.private)
        if moment == 5:
            await end()
        while not house.rooms.evicted:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert house.rooms.of("a") <= {house.public}
        await asyncio.to_thread(house.world.take, house.world.person(), house.bank)
        house.live = Live(house.world.db, house.hub, house.live.rooms)
        await house.watch(house.public, key="of nobody", sid="b")
        await house.rooms.shows("b", house.public)
        after = house.rooms.log[house.rooms.log.index(("evict", house.admin.session_id)) :]
        assert ("send", "a", house.private) not in after

    play(house, main)


def test_what_is_told_reaches_only_who_watches(house: House) -> None:
    async def main() -> None:
        await house.watch(house.public, house.private)
        await house.watch(house.public, key="of nobody", sid="b")
        into: Any = "a class"
        for sid in ("a", "b", "gone"):
            state: Any = sid
            house.live.tell(state, house.private, into, {"rows": [1]})
        assert house.rooms.told == [("a", into, {"rows": [1]})]

    play(house, main)


class TestOneTopicMore:
    """As when a door is opened: what is on the screen already is not sent again."""

    async def also(self, house: House, topic: Topic, key: str = KEY, sid: str | None = "a") -> bool:
        now = house.world.clock.now
        state: Any = sid
        return await house.live.watch_also(state, lambda conn: identify(conn, key, now), topic)

    def test_it_comes_beside_the_others_and_in_place_of_its_kind(self, house: House) -> None:
        one, other = (Topic("door", door) for door in house.world.locker_ids(house.bank)[:2])

        async def main() -> None:
            await house.watch(house.public, house.private)
            await house.rooms.shows("a", house.private)
            before = len(house.rooms.log)
            assert await self.also(house, one)
            assert await self.also(house, other)
            await house.rooms.shows("a", other)
            assert house.rooms.of("a") == {house.public, house.private, other}
            assert house.rooms.blanked["a"] == {"door"}
            sent = {topic for what, _, topic in house.rooms.log[before:] if what == "send"}
            assert sent <= {one, other}
            state: Any = "a"
            house.live.unwatch(state, "door")
            assert house.rooms.of("a") == {house.public, house.private}

        play(house, main)

    def test_who_may_not_gets_nothing(self, house: House) -> None:
        door = Topic("door", house.world.locker_ids(house.bank)[0])

        async def main() -> None:
            await house.watch(house.public, key="of nobody", sid="b")
            assert not await self.also(house, door, "of nobody", "b")
            assert not await self.also(house, door, KEY, "b"), "another's cookie, later"
            assert not await self.also(house, door, KEY, "never came")
            assert not await self.also(house, door, KEY, None)
            assert house.rooms.of("b") == {house.public}

        play(house, main)

    @pytest.mark.parametrize("moment", [1, 2])
    def test_a_session_that_ends_meanwhile(self, house: House, moment: int) -> None:
        door = Topic("door", house.world.locker_ids(house.bank)[0])

        async def end() -> None:
            await asyncio.to_thread(house.sign_out)
            while not house.rooms.evicted:  # noqa: ASYNC110
                await asyncio.sleep(0)

        async def main() -> None:
            await house.watch(house.public)
            db: Any = Interrupted(house.world.db, moment, end)
            house.live = Live(db, house.hub, house.live.rooms)
            assert not await self.also(house, door)
            assert door not in house.rooms.of("a")

        play(house, main)
