"""What is pushed equals a fresh query, whatever happens in whatever order."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locker_app.db.database import Database
from locker_app.db.tables import metadata
from locker_app.domain.actors import SYSTEM, Actor, Role
from locker_app.domain.errors import DomainError
from locker_app.live import hub as hub_module
from locker_app.live.hub import Hub
from locker_app.live.kinds import KINDS
from locker_app.live.topics import ALL, Topic
from locker_app.services.expiry import run_due
from locker_app.services.lockers import (
    force_release,
    give_back,
    put_back_in_service,
    take_locker,
    take_out_of_service,
)
from locker_app.services.people import change_preferences, reset_pin
from locker_app.services.waiting import join_waiting, leave_waiting, take_held
from tests.live.screens import Audience, Screen
from tests.world import Clock, World

Step = tuple[str, int, int]
DEEDS = ["take", "give back", "join", "leave", "held", "force", "out", "in", "prefer", "pin"]
DEEDS += ["time", "look", "go"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=5,
    max_size=40,
)


class Play:
    """A small library, its hub, screens that come and go, and whatever people do."""

    def __init__(self, db: Database) -> None:
        self.world = World(db, Clock())
        self.audience = Audience()
        self.hub = Hub(db, self.audience, lambda: self.world.clock.now)
        world = self.world
        site = world.site(hold_minutes=10, lockers_per_person=2)
        self.banks = [world.bank(site, 2, limit_minutes=30, accessible=1), world.bank(site, 1)]
        self.people, self.admin = world.people(3), world.staff(Role.ADMIN)
        self.lockers = [locker for bank in self.banks for locker in world.locker_ids(bank)]
        self.last = world.person()
        assert self.last.id is not None
        self.last_topic = Topic("person", self.last.id)
        self.turns = 0
        self.screens: list[Screen] = []

    def begin(self) -> None:
        """One screen looks at everything, from the start to the end."""
        self.screens.append(Screen(self.hub, self.audience, *self.topics))
        self.sentinel = Screen(self.hub, self.audience, self.last_topic)

    @property
    def topics(self) -> list[Topic]:
        ids = [person.id for person in self.people if person.id is not None]
        return [
            Topic("home", ALL),
            Topic("events", ALL),
            *(Topic(kind, bank) for kind in ("bank", "doors", "holders") for bank in self.banks),
            *(Topic("door", locker) for locker in self.lockers),
            *(Topic("person", person) for person in ids),
        ]

    def come(self, seed: int) -> None:
        """A screen joins some topics."""
        some = random.Random(seed).sample(self.topics, 6)
        self.screens.append(Screen(self.hub, self.audience, *some))

    def leave(self, which: int) -> None:
        """A screen goes away."""
        if self.screens:
            screen = self.screens.pop(which % len(self.screens))
            for watching in self.audience.watching.values():
                watching[:] = [other for other in watching if other is not screen]

    def do(self, what: str, one: int, two: int) -> None:
        """Somebody does something, or is refused."""
        world, bank = self.world, self.banks[two % 2]
        person, locker = self.people[one % 3], self.lockers[two % 3]
        claims = [c.id for c in world.open_claims() if c.person_id == person.id] or [1]
        waits = [w.id for w in world.open_waits() if w.person_id == person.id] or [1]
        because = {"reason": "a reason"}
        commands: dict[str, tuple[Actor, Any, dict[str, Any]]] = {
            "take": (person, take_locker, {"bank_id": bank, "accessible": two > 3}),
            "give back": (person, give_back, {"assignment_id": claims[0]}),
            "join": (person, join_waiting, {"bank_id": bank}),
            "leave": (person, leave_waiting, {"wait_id": waits[0]}),
            "held": (person, take_held, {"assignment_id": claims[-1]}),
            "force": (self.admin, force_release, {"locker_id": locker, **because}),
            "out": (self.admin, take_out_of_service, {"locker_id": locker, **because}),
            "in": (self.admin, put_back_in_service, {"locker_id": locker}),
            "prefer": (person, change_preferences, {"accessible": two > 2, "near_last": one > 2}),
            "pin": (self.admin, reset_pin, {"number": self._number(person), **because}),
        }
        actor, command, arguments = commands[what]
        with contextlib.suppress(DomainError):  # that changes screens too: it is in the history
            world.run(actor, command, **arguments)

    def pass_time(self, minutes: int) -> None:
        """Time passes, and the timer does what is due."""
        self.world.clock.advance(minutes=minutes)
        while self.world.run(SYSTEM, run_due):
            pass

    def _number(self, person: Actor) -> str:
        assert person.id is not None
        return self.world.row(metadata.tables["person"], person.id).number

    def fresh(self, topic: Topic) -> dict[str, Any]:
        now = self.world.clock.now
        return (
            self.world.db.read(lambda conn: KINDS[topic.kind].project(conn, topic.key, now)) or {}
        )

    async def settle(self) -> None:
        """Wait until all that was done is on the screens: a last change is, which came after."""
        self.turns += 1
        wanted = self.turns % 2 == 1
        prefer = {"accessible": False, "near_last": wanted}
        await asyncio.to_thread(self.world.run, self.last, change_preferences, **prefer)
        while self.sentinel[self.last_topic].get("near_last") is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def _play(play: Play, steps: list[Step]) -> None:
    async with play.hub.running():
        play.begin()
        for what, one, two in steps:
            if what == "look":
                play.come(one)
            elif what == "go":
                play.leave(one)
            elif what == "time":
                await asyncio.to_thread(play.pass_time, one * 5)
            else:
                await asyncio.to_thread(play.do, what, one, two)
        await play.settle()
        shown = [(topic, values) for screen in play.screens for topic, values in screen.items()]
        for topic, values in shown:
            assert values == play.fresh(topic), topic


@pytest.fixture
def fresh_database(new_database_url: Callable[..., str]) -> Callable[[], Database]:
    return lambda: Database(new_database_url("sqlite"))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hub_module, "MIN_INTERVAL_SECONDS", 0.0)
    yield


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_every_screen_shows_what_is_true(
    fresh_database: Callable[[], Database], steps: list[Step]
) -> None:
    db = fresh_database()
    try:
        asyncio.run(_play(Play(db), steps))
    finally:
        db.close()
