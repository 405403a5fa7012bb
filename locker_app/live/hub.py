"""The hub: committed events → touched topics → each projected once → sent once to its room.

The first change of a topic is sent at once, later ones at most twenty times a second. Topics that
nobody watches are not projected. Those that are due are projected off the event loop: first what
everybody may watch, for it has the most screens and costs the least, then what is private, each in
one snapshot of the database. Everything else here runs on the loop, so that a screen which joins
gets the last projection without waiting and then every later one in order.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.db.log import Logged
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.live.kinds import KINDS
from locker_app.live.projections.wire import Vars
from locker_app.live.topics import OF_OPENERS, OF_WHOLE_SITE, Topic, touched
from locker_app.queries.sessions import open_among

MIN_INTERVAL_SECONDS = 0.05
RETRY_SECONDS = 1.0
BEAT_SECONDS = 5.0
"""How often all screens are told the time, from which they know that they are live."""

TICK_SECONDS = 30.0
"""How often what moves on with time is looked at again, though nothing has happened."""
_MOVING = frozenset({"chargers", "charger_desk", "home"})
"""The kinds of topics that say when something is likely to happen."""

_RENAMING = frozenset({"PersonChanged", "PersonErased", "PeopleImported", "NamesForgotten"})
"""Facts after which a name may be another wherever it is shown; they are rare."""

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

    def sessions(self) -> set[int]:
        """The sessions in which anybody watches."""
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
        self._broken: set[Topic] = set()
        """Topics whose last projection failed by a fault of ours."""
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.asynccontextmanager
    async def running(self):
        """Follow this process's commits while the block lasts."""
        self._loop = asyncio.get_running_loop()
        self._db.listen(self._committed)
        work = (self._project_due(), self._beat(), self._look_after_sessions())
        tasks = [asyncio.create_task(task) for task in work]
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
        topics = touched(events)
        if any(event.kind in OF_WHOLE_SITE or event.kind in _RENAMING for event in events):
            topics |= self._channels.keys()  # seldom; what is as before is not sent again
        if any(event.kind in OF_OPENERS for event in events):
            topics |= {topic for topic in self._channels if topic.kind in ("door", "bank")}
        self.touch(topics)

    def touch(self, topics: Collection[Topic]) -> None:
        """Project these topics again, as far as anybody watches them. On the event loop."""
        for topic in topics:
            if self._audience.watched(topic):
                self._due.add(topic)
            else:
                self._channels.pop(topic, None)  # or the next to join would get what is old now
        self._wake.set()

    async def catch_up(self) -> None:
        """Look at everything that is watched, and at who watches, again: events were missed."""
        self.touch(list(self._channels))
        await self._evict_ended()

    async def tick(self) -> None:
        """Until cancelled, project again what moves on with time, as far as it is watched: what
        was likely in an hour no longer is when that has passed. What is as before is not sent."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.move_on()

    def move_on(self) -> None:
        """One tick. On the event loop."""
        self.touch([topic for topic in self._channels if topic.kind in _MOVING])

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
                for part in _public_first(topics):
                    await self._project_and_send(part)
            except OUTAGES as error:
                outages.failed(error)
                self._due.update(topics)
                await asyncio.sleep(RETRY_SECONDS)

    async def _project_and_send(self, topics: Collection[Topic]) -> None:
        """All in one snapshot; when that fails, each alone: one must not hold up the others."""
        try:
            projected = await self._db.aread(functools.partial(self._project, topics))
        except OUTAGES:
            raise
        except Exception:
            if len(topics) > 1:
                for topic in topics:
                    await self._project_and_send([topic])
                return
            (topic,) = topics
            self._failed(topic)
            return
        for topic, values in projected.items():
            self._broken.discard(topic)
            self._send_changes(topic, values)

    def _failed(self, topic: Topic) -> None:
        """Try again in a while; the log says so once."""
        if topic not in self._broken:
            logger.exception("the projection of %s failed; it is tried again", topic)
            self._broken.add(topic)
        retry_at = asyncio.get_running_loop().time() + RETRY_SECONDS
        self._channels.setdefault(topic, _Channel()).next_at = retry_at
        self._due.add(topic)

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

    async def _look_after_sessions(self) -> None:
        """Sessions also end by time, and by what no event says."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._evict_ended()
            except OUTAGES as error:
                outages.failed(error)

    async def _evict_ended(self) -> None:
        watching = self._audience.sessions()
        if watching:
            still = await self._db.aread(lambda conn: open_among(conn, watching, self._clock()))
            for session_id in watching - still:
                self._audience.evict(session_id)

    def _forget_unwatched(self) -> None:
        """A topic that nobody watches keeps no projection: it would grow old unseen."""
        for topic in [t for t in self._channels if not self._audience.watched(t)]:
            del self._channels[topic]
            self._broken.discard(topic)


def _public_first(topics: Collection[Topic]) -> Iterator[list[Topic]]:
    for private in (False, True):
        if part := [topic for topic in topics if KINDS[topic.kind].private is private]:
            yield part


def _differing(before: Vars, after: Vars) -> Vars:
    return {name: value for name, value in after.items() if before.get(name) != value}
