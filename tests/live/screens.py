"""An audience without sockets: who watches what, and what each has been sent."""

import asyncio
from collections import defaultdict
from datetime import datetime

from locker_app.live.hub import Hub
from locker_app.live.topics import Topic, Vars


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
