"""The hub: committed events → touched topics → each projected once → sent once to its room.

The first change of a topic is sent at once, later ones at most twenty times a second. Topics that
nobody watches are not projected. All topics that are due are projected in one snapshot of the
database, off the event loop; everything else here runs on the loop, so that a screen which joins
gets the last projection without waiting and then every later one in order.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.db.log import Logged
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.live.topics import KINDS, Topic, Vars, touched

MIN_INTERVAL_SECONDS = 0.05
RETRY_SECONDS = 1.0
BEAT_SECONDS = 5.0
"""How often all screens are told the time, from which they know that they are live."""

logger = logging.getLogger(__name__)


class Audience(Protocol):
    """Those who watch: `rooms` in the application, a list in a test."""

    def watched(self, topic: Topic) -> bool:
        """Whether anybody watches the topic."""
        ...

    def send(self, topic: Topic, values: Vars) -> None:
        """Send vars to all who watch the topic."""
        ...

    def beat(self, at: datetime) -> None:
        """Tell everybody the time."""
        ...

    def evict(self, session_id: int) -> None:
        """Let the screens of a session that has ended watch nothing private any more."""
        ...


@dataclass(slots=True)
class _Channel:
    """What was last sent of a topic, and when the next may follow."""

    last: Vars | None = None
    next_at: float = 0.0


class Hub:
    """Follows committed events and keeps all screens true. One for each process."""

    def __init__(
        self,
        db: Database,
        audience: Audience,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._audience = audience
        self._clock = clock
        self._channels: dict[Topic, _Channel] = {}
        self._due: set[Topic] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.asynccontextmanager
    async def running(self):
        """Follow this process's commits while the block lasts."""
        self._loop = asyncio.get_running_loop()
        self._db.listen(self._committed)
        tasks = [asyncio.create_task(self._project_due()), asyncio.create_task(self._beat())]
        try:
            yield self
        finally:
            self._loop = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def publish(self, events: Collection[Logged]) -> None:
        """Let the screens see what these events changed. On the event loop."""
        for event in events:
            if event.kind == "SessionEnded" and event.session_id is not None:
                self._audience.evict(event.session_id)
        self.touch(touched(events))

    def touch(self, topics: Collection[Topic]) -> None:
        """Project these topics again, as far as anybody watches them. On the event loop."""
        for topic in topics:
            if self._audience.watched(topic):
                self._due.add(topic)
            else:
                self._channels.pop(topic, None)  # or the next to join would get what is old now
        self._wake.set()

    def touch_all(self) -> None:
        """Project everything that is watched again: events may have been missed."""
        self.touch(list(self._channels))

    def snapshot(self, topic: Topic) -> Vars | None:
        """The last projection of a topic that somebody has just begun to watch; without one it is
        made now and sent to all who watch. On the event loop."""
        channel = self._channels.get(topic)
        if channel is not None and channel.last is not None:
            return channel.last
        self.touch([topic])
        return None

    def _committed(self, events: list[Logged]) -> None:
        """Called in a database thread after each commit."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is just closing
                loop.call_soon_threadsafe(self.publish, events)

    async def _project_due(self) -> None:
        while True:
            await self._wait_until_due()
            topics = self._take_due()
            if not topics:
                continue
            try:
                projected = await self._db.aread(functools.partial(self._project, topics))
            except OUTAGES as error:
                outages.failed(error)
            except Exception:
                logger.exception("projection failed; it is tried again")
            else:
                for topic, values in projected.items():
                    self._send_changes(topic, values)
                continue
            self._due.update(topics)
            await asyncio.sleep(RETRY_SECONDS)

    def _project(self, topics: Collection[Topic], conn: Connection) -> dict[Topic, Vars | None]:
        now = self._clock()
        return {topic: KINDS[topic.kind].project(conn, topic.key, now) for topic in topics}

    def _send_changes(self, topic: Topic, values: Vars | None) -> None:
        """Send what differs from what was sent last: all who watch have that."""
        if not self._audience.watched(topic):
            self._channels.pop(topic, None)
            return
        channel = self._channels.setdefault(topic, _Channel())
        before = channel.last
        channel.last = values
        if values is None:
            return
        changed = values if before is None else _differing(before, values)
        if changed:
            self._audience.send(topic, changed)

    def _take_due(self) -> list[Topic]:
        """The topics to project now; those sent a moment ago stay for the next round."""
        now = asyncio.get_running_loop().time()
        taken = []
        for topic in list(self._due):
            channel = self._channels.setdefault(topic, _Channel())
            if channel.next_at <= now:
                channel.next_at = now + MIN_INTERVAL_SECONDS
                self._due.discard(topic)
                taken.append(topic)
        return taken

    async def _wait_until_due(self) -> None:
        if not self._due:
            self._wake.clear()
            await self._wake.wait()
        now = asyncio.get_running_loop().time()
        waits = [self._channels[t].next_at - now if t in self._channels else 0 for t in self._due]
        if waits and (wait := min(waits)) > 0:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)

    async def _beat(self) -> None:
        while True:
            self._audience.beat(self._clock())
            self._forget_unwatched()
            await asyncio.sleep(BEAT_SECONDS)

    def _forget_unwatched(self) -> None:
        """A topic that nobody watches keeps no projection: it would grow old unseen."""
        for topic in [t for t in self._channels if not self._audience.watched(t)]:
            del self._channels[topic]


def _differing(before: Vars, after: Vars) -> Vars:
    return {name: value for name, value in after.items() if before.get(name) != value}
