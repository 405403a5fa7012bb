"""An audience without sockets: who watches what, and what each has been sent."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from locker_app.live.hub import Hub
from locker_app.live.projections.wire import Vars
from locker_app.live.topics import Topic


class Screen(dict[Topic, Vars]):
    """What one screen shows of each topic that it watches."""

    def __init__(self, hub: Hub, audience: "Audience", *topics: Topic) -> None:
        super().__init__({topic: {} for topic in topics})
        for topic in topics:
            audience.watching[topic].append(self)
            self[topic].update(hub.snapshot(topic) or {})


class Audience:
    """What `rooms` is in the application."""

    def __init__(self) -> None:
        self.watching: dict[Topic, list[Screen]] = defaultdict(list)
        self.sent: list[tuple[Topic, Vars]] = []
        self.times: list[tuple[Topic, float]] = []
        self.beats: list[datetime] = []
        self.here: set[int] = set()
        self.evicted: list[int] = []

    def watched(self, topic: Topic) -> bool:
        return bool(self.watching.get(topic))

    def send(self, topic: Topic, values: Vars) -> None:
        self.sent.append((topic, values))
        self.times.append((topic, asyncio.get_running_loop().time()))
        for screen in self.watching[topic]:
            screen[topic].update(values)

    def beat(self, at: datetime) -> None:
        self.beats.append(at)

    def sessions(self) -> set[int]:
        return set(self.here)

    def evict(self, session_id: int) -> None:
        self.here.discard(session_id)
        self.evicted.append(session_id)


class Rooms:
    """What `live.rooms` is to `live.watching`: sockets are names, and a State is its socket's."""

    def __init__(self) -> None:
        self.rooms: dict[str, set[str]] = defaultdict(set)
        self.topics: dict[str, set[Topic]] = defaultdict(set)
        self.blanked: dict[str, set[str]] = {}
        self.told: list[tuple[str, Any, Vars]] = []
        self.log: list[tuple[Any, ...]] = []
        self.evicted: list[int] = []

    def of(self, sid: str) -> set[Topic]:
        """What this socket watches."""
        return self.topics.get(sid, set())

    def shown(self, sid: str, topic: Topic) -> bool:
        """Whether this socket was ever sent the topic."""
        return ("send", sid, topic) in self.log

    async def shows(self, sid: str, topic: Topic) -> None:
        """Wait until it was."""
        while not self.shown(sid, topic):  # noqa: ASYNC110
            await asyncio.sleep(0)

    def sid_of(self, state: Any) -> str | None:
        return state

    def enter(self, sid: str, session_id: int | None) -> None:
        self.rooms[sid] = {"everyone", f"session:{session_id}"}
        self.topics[sid] = set()

    def still_in(self, sid: str, session_id: int | None) -> bool:
        room = "everyone" if session_id is None else f"session:{session_id}"
        return room in self.rooms[sid]

    def join(self, sid: str, topic: Topic) -> None:
        self.topics[sid].add(topic)

    def leave(self, sid: str, kind: str) -> bool:
        watched = {topic for topic in self.of(sid) if topic.kind == kind}
        self.topics[sid] -= watched
        return bool(watched)

    def watches(self, sid: str, topic: Topic) -> bool:
        return topic in self.of(sid)

    def watched(self, topic: Topic) -> bool:
        return any(topic in topics for topics in self.topics.values())

    def send(self, topic: Topic, values: Vars) -> None:
        self.log += [("send", sid, topic) for sid, topics in self.topics.items() if topic in topics]

    def send_to(self, sid: str, topic: Topic, values: Vars) -> None:
        self.log.append(("send", sid, topic))

    def show(self, sid: str, state: Any, values: Vars) -> None:
        self.told.append((sid, state, values))

    def blank(self, sid: str, kinds: Iterable[str]) -> None:
        self.blanked[sid] = set(kinds)

    def greet(self, sid: str, at: datetime, session_id: int | None) -> None:
        """Of no interest here."""

    def beat(self, at: datetime) -> None:
        """Of no interest here."""

    def sessions(self) -> set[int]:
        return set()

    def evict(self, session_id: int) -> None:
        self.evicted.append(session_id)
        self.log.append(("evict", session_id))
        for sid, rooms in self.rooms.items():
            if f"session:{session_id}" in rooms:
                rooms.clear()
                self.topics[sid].clear()
