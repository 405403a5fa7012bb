"""The hub: what is projected when, and sent how often. Time passes only when nothing is to do."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from locker_app.db.log import Logged
from locker_app.live import hub as hub_module
from locker_app.live.hub import BEAT_SECONDS, MIN_INTERVAL_SECONDS, RETRY_SECONDS, Hub
from locker_app.live.kinds import KINDS, Kind
from locker_app.live.topics import Topic
from tests.live import virtual
from tests.live.screens import Audience, Screen

ONE, TWO = Topic("bank", 1), Topic("bank", 2)


class Fake:
    """A database with a number for each topic, that counts how often it is asked."""

    def __init__(self) -> None:
        self.numbers = {1: 0, 2: 0}
        self.asked: list[int] = []
        self.snapshots = 0
        self.open_sessions: set[int] = set()
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self.listener: Any = None
        self.broken: dict[int, Exception] = {}

    def listen(self, listener: Any) -> None:
        self.listener = listener

    async def aread(self, query: Callable[[Any], Any]) -> Any:
        self.snapshots += 1
        answer = query(self)
        if self.before_answer is not None:
            await self.before_answer()
        return answer

    def project(self, _conn: Any, key: int, _now: Any) -> dict[str, Any] | None:
        self.asked.append(key)
        if key in self.broken:
            raise self.broken[key]
        return {"number": self.numbers[key], "same": True} if key in self.numbers else None


class House:
    """A hub over the fake, with an audience."""

    def __init__(self) -> None:
        self.db, self.audience = Fake(), Audience()
        self.hub = Hub(self.db, self.audience)  # pyright: ignore[reportArgumentType]

    def watch(self, *topics: Topic) -> Screen:
        return Screen(self.hub, self.audience, *topics)

    def change(self, key: int) -> None:
        """Change a number and say so."""
        self.db.numbers[key] += 1
        self.hub.touch([Topic("bank", key)])

    @property
    def numbers(self) -> list[int]:
        return [values["number"] for _, values in self.audience.sent]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    made = House()
    monkeypatch.setitem(KINDS, "bank", Kind(made.db.project, lambda *_: True, private=False))
    among = lambda db, ids, now: db.open_sessions & set(ids)  # noqa: E731
    monkeypatch.setattr(hub_module, "open_among", among)
    return made


def play(house: House, *steps: Callable[[], Any], then: float = 1.0) -> None:
    """Run steps one after the other, each when all that follows from the last is done."""

    async def main() -> None:
        async with house.hub.running():
            for step in steps:
                step()
                await quiet()
            await asyncio.sleep(then)

    virtual.run(main())


async def quiet() -> None:
    """Let everything run that needs no time."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_the_first_change_is_sent_at_once(house: House) -> None:
    play(house, lambda: house.watch(ONE), then=5)
    assert house.audience.times == [(ONE, pytest.approx(0, abs=1e-3))]


def test_changes_in_a_row_are_sent_at_most_twenty_times_a_second(house: House) -> None:
    async def main() -> None:
        async with house.hub.running():
            screen = house.watch(ONE)
            for _ in range(1000):
                house.change(1)
                await asyncio.sleep(0.001)
            await asyncio.sleep(1)
            assert screen[ONE]["number"] == 1000

    virtual.run(main())
    assert len(house.numbers) == pytest.approx(1 / MIN_INTERVAL_SECONDS, abs=2)
    assert house.numbers == sorted(house.numbers)
    assert house.numbers[-1] == 1000


def test_many_changes_at_once_are_one_frame(house: House) -> None:
    play(house, lambda: house.watch(ONE), lambda: [house.change(1) for _ in range(100)])
    assert house.numbers == [0, 100]


def test_what_did_not_change_is_not_sent(house: House) -> None:
    play(house, lambda: house.watch(ONE), lambda: house.change(1), then=1)
    assert house.audience.sent == [(ONE, {"number": 0, "same": True}), (ONE, {"number": 1})]
    house.audience.sent.clear()
    play(house, lambda: house.hub.touch([ONE]))
    assert house.audience.sent == []


def test_a_busy_topic_does_not_hold_up_another(house: House) -> None:
    async def main() -> None:
        async with house.hub.running():
            house.watch(ONE, TWO)
            await asyncio.sleep(1)
            house.change(1)
            await asyncio.sleep(0.01)
            house.change(1)
            house.change(2)
            await asyncio.sleep(1)

    virtual.run(main())
    times = {topic: [at for t, at in house.audience.times if t == topic] for topic in (ONE, TWO)}
    assert times[ONE] == pytest.approx([0, 1, 1 + MIN_INTERVAL_SECONDS], abs=1e-3)
    assert times[TWO] == pytest.approx([0, 1.01], abs=1e-3)


def test_topics_that_are_due_together_are_one_snapshot(house: House) -> None:
    play(house, lambda: house.watch(ONE, TWO))
    assert sorted(house.db.asked) == [1, 2]
    assert house.db.snapshots == 1


def test_what_nobody_watches_is_not_projected(house: House) -> None:
    play(house, lambda: house.change(1), lambda: house.watch(TWO), lambda: house.change(1))
    assert house.db.asked == [2]


def test_however_many_watch_it_is_projected_once(house: House) -> None:
    play(house, lambda: [house.watch(ONE) for _ in range(50)], lambda: house.change(1))
    assert house.db.asked == [1, 1]


def test_a_late_joiner_gets_what_is_newest_without_asking(house: House) -> None:
    late: list[Screen] = []

    def join() -> None:
        late.append(house.watch(ONE))
        assert late[0][ONE] == {"number": 1, "same": True}

    play(house, lambda: house.watch(ONE), lambda: house.change(1), lambda: None, then=1)
    asked = len(house.db.asked)
    play(house, join)
    assert len(house.db.asked) == asked


def test_nobody_gets_what_grew_old_while_nobody_watched(house: House) -> None:
    def leave() -> None:
        house.audience.watching.clear()

    def come_back() -> None:
        assert house.watch(ONE)[ONE] == {}

    play(
        house,
        lambda: house.watch(ONE),
        leave,
        lambda: house.change(1),
        come_back,
    )
    assert house.numbers == [0, 1]


def test_a_topic_left_and_joined_while_it_is_projected_is_projected_again(house: House) -> None:
    """Else the joiner would get what was true before."""
    screens: list[Screen] = []

    async def meanwhile() -> None:
        house.db.before_answer = None
        house.audience.watching.clear()
        house.change(1)
        screens.append(house.watch(ONE))

    house.watch(ONE)
    house.db.before_answer = meanwhile
    play(house)
    assert screens[0][ONE]["number"] == 1


def test_a_topic_touched_while_it_is_projected_is_projected_again(house: House) -> None:
    async def meanwhile() -> None:
        house.db.before_answer = None
        house.change(1)

    screen = house.watch(ONE)
    house.db.before_answer = meanwhile
    play(house)
    assert house.numbers == [0, 1]
    assert screen[ONE]["number"] == 1


def test_a_joiner_during_a_projection_ends_with_what_is_true(house: House) -> None:
    joined: list[Screen] = []

    async def meanwhile() -> None:
        house.db.before_answer = None
        joined.append(house.watch(ONE))

    def change() -> None:
        house.db.before_answer = meanwhile
        house.change(1)

    play(house, lambda: house.watch(ONE), lambda: None, change, then=1)
    assert joined[0][ONE] == {"number": 1, "same": True}


def test_an_outage_is_waited_out(house: House) -> None:
    house.db.broken[1] = sqlite3.OperationalError("disk I/O error")

    async def main() -> None:
        async with house.hub.running():
            screen = house.watch(ONE)
            await asyncio.sleep(RETRY_SECONDS / 2)
            assert screen[ONE] == {}
            house.db.broken.clear()
            house.change(1)
            await asyncio.sleep(RETRY_SECONDS)
            assert screen[ONE]["number"] == 1

    virtual.run(main())


def test_one_that_fails_does_not_freeze_the_others(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.db.broken[1] = ZeroDivisionError("a fault of ours")

    async def main() -> None:
        async with house.hub.running():
            broken, sound = house.watch(ONE), house.watch(TWO)
            for number in range(1, 100):
                house.change(2)
                await asyncio.sleep(2 * MIN_INTERVAL_SECONDS)
                assert sound[TWO]["number"] == number
            house.db.broken.clear()
            await asyncio.sleep(RETRY_SECONDS)
            assert broken[ONE]["number"] == 0

    virtual.run(main())
    assert [record.getMessage() for record in caplog.records] == [
        "the projection of bank:1 failed; it is tried again"
    ]
    assert house.db.asked.count(1) < 20  # tried about once a second, not with each of the others


def test_what_is_gone_is_not_sent(house: House) -> None:
    play(house, lambda: house.watch(Topic("bank", 9)))
    assert house.audience.sent == []


def test_everybody_hears_the_time(house: House) -> None:
    play(house, then=3 * BEAT_SECONDS - 1)
    assert len(house.audience.beats) == 3


def test_commits_reach_the_screens_from_another_thread(house: House) -> None:
    event = Logged(1, "LockerAssigned", 1, bank_id=1, locker_id=1, person_id=1)

    async def main() -> None:
        async with house.hub.running():
            screen = house.watch(ONE)
            await asyncio.sleep(1)
            house.db.numbers[1] = 7
            await asyncio.to_thread(house.db.listener, [event])
            while screen[ONE]["number"] != 7:  # noqa: ASYNC110
                await asyncio.sleep(0)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["BankRulesChanged", "BankDoorsChanged", "SiteArchived"])
def test_what_set_up_changes_is_looked_for_everywhere(house: House, kind: str) -> None:
    """What a bank is called also stands where only a person or a door is watched."""
    play(
        house,
        lambda: house.watch(ONE, TWO),
        lambda: house.db.numbers.update({1: 5, 2: 6}),
        lambda: house.hub.publish([Logged(1, kind, 1, bank_id=1)]),
    )
    assert sorted(house.numbers) == [0, 0, 5, 6]  # in whatever order


def test_a_terminal_that_comes_or_goes_is_seen_where_it_opens_doors(house: House) -> None:
    """The event names neither the bank nor the doors."""

    def goes() -> None:
        house.db.numbers[1] = 7
        house.hub.publish([Logged(1, "TerminalHeard", 1, terminal_id=9)])

    play(house, lambda: house.watch(ONE), goes)
    assert house.numbers == [0, 7]


def test_a_commit_after_the_end_harms_nobody(house: House) -> None:
    play(house)
    house.db.listener([Logged(1, "LockerAssigned", 1, bank_id=1)])


def ended(session_id: int) -> Logged:
    return Logged(1, "SessionEnded", None, session_id=session_id)


def test_who_signs_out_is_evicted_at_once(house: House) -> None:
    house.audience.here = {4, 5}
    play(house, lambda: house.hub.publish([ended(4)]), then=0)
    assert house.audience.evicted == [4]


def test_a_session_that_ends_by_itself_is_evicted_within_a_beat(house: House) -> None:
    house.audience.here, house.db.open_sessions = {4, 5}, {5}
    play(house, then=BEAT_SECONDS + 1)
    assert house.audience.evicted == [4]
    house.db.open_sessions = set()
    play(house, then=BEAT_SECONDS + 1)
    assert house.audience.evicted == [4, 5]


def test_after_missed_events_all_is_looked_at_again(house: House) -> None:
    async def main() -> None:
        async with house.hub.running():
            screen = house.watch(ONE)
            await asyncio.sleep(1)
            house.db.numbers[1] = 5  # and nobody says so
            house.audience.here = {4}
            await house.hub.catch_up()
            await asyncio.sleep(MIN_INTERVAL_SECONDS)
            assert screen[ONE]["number"] == 5
            assert house.audience.evicted == [4]

    virtual.run(main())
