"""Watching: a page asks for topics, its right is checked, and it gets a snapshot and then changes.

The order matters. The socket enters its session's room before the session is looked at, so that a
session that ends meanwhile takes the socket with it; and joining and the snapshot happen without
giving up the event loop in between, so that no change is missed or overtaken.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import reflex as rx
from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.domain.actors import NOBODY, Actor
from locker_app.live.hub import RETRY_SECONDS, Hub
from locker_app.live.kinds import KINDS
from locker_app.live.projections.wire import Vars
from locker_app.live.rooms import Rooms, asking_sid
from locker_app.live.topics import Topic

Identify = Callable[[Connection], Actor]


@dataclass(frozen=True, slots=True)
class Watched:
    """Who looks, and which of the topics that the page wants exist and are theirs to see."""

    actor: Actor
    topics: frozenset[Topic]


@dataclass(frozen=True, slots=True)
class Live:
    """The live side of this process: its database, hub and rooms."""

    db: Database
    hub: Hub
    rooms: Rooms

    async def watch(
        self, state: rx.State, identify: Identify, topics: Callable[[Actor], list[Topic]]
    ) -> Watched:
        """Let the screen behind this state watch the topics that its actor may, and no others.

        `topics` says which the page wants, given who looks. Asking again, as every page does when
        it loads or reconnects, replaces what was watched before.
        """
        sid = self.rooms.sid_of(state)
        try:
            return await self._watch(sid, identify, topics)
        except OUTAGES as error:
            await self._come_back(sid, error)
            return Watched(NOBODY, frozenset())

    async def watch_also(self, state: rx.State, identify: Identify, topic: Topic) -> bool:
        """Let the screen watch one topic besides, in place of any other of its kind; whether it
        may. What it watches otherwise is not sent again."""
        sid = self.rooms.sid_of(state)
        try:
            actor, allowed = await self.db.aread(
                lambda conn: _allowed(conn, identify(conn), lambda _: [topic])
            )
        except OUTAGES as error:
            await self._come_back(sid, error)
            return False
        if sid is None or not self.rooms.still_in(sid, actor.session_id):
            return False
        self._unwatch(sid, topic.kind)
        if allowed:
            self._show(sid, topic)
        return bool(allowed)

    def unwatch(self, state: rx.State, kind: str) -> None:
        """Let the screen watch no topic of this kind any more, and take it off it."""
        sid = self.rooms.sid_of(state)
        if sid is not None:
            self._unwatch(sid, kind)

    def _unwatch(self, sid: str, kind: str) -> None:
        if self.rooms.leave(sid, kind):
            self.rooms.blank(sid, [kind])

    def _show(self, sid: str, topic: Topic) -> None:
        """Join and send the snapshot, without giving up the event loop in between."""
        self.rooms.join(sid, topic)
        values = self.hub.snapshot(topic)
        if values is not None:
            self.rooms.send_to(sid, topic, values)

    async def _come_back(self, sid: str | None, error: BaseException) -> None:
        """A screen that can't be told what is true must not look live. It comes back by itself."""
        outages.failed(error)
        await asyncio.sleep(RETRY_SECONDS)
        if sid is not None:
            await self.rooms.drop(sid)

    async def _watch(
        self, sid: str | None, identify: Identify, topics: Callable[[Actor], list[Topic]]
    ) -> Watched:
        actor = await self.db.aread(identify)
        if sid is not None:
            self.rooms.enter(sid, actor.session_id)
        actor, allowed = await self.db.aread(lambda conn: _allowed(conn, identify(conn), topics))
        watched = Watched(actor, frozenset(allowed))
        if sid is None or not self.rooms.still_in(sid, actor.session_id):
            return watched  # gone, or signed out just now: nothing is shown
        self.rooms.greet(sid, datetime.now(UTC), actor.session_id)
        shown = {topic.kind for topic in allowed}
        self.rooms.blank(sid, [k for k, kind in KINDS.items() if kind.private and k not in shown])
        for topic in allowed:
            self._show(sid, topic)
        return watched

    def tell(self, state: rx.State, topic: Topic, into: type[rx.State], values: Vars) -> None:
        """Send vars of a State class to the screen behind this state alone, if it watches the
        topic. The server keeps nothing of them."""
        sid = self.rooms.sid_of(state)
        if sid is not None and self.rooms.watches(sid, topic):
            self.rooms.show(sid, into, values)

    def answer(self, state: rx.State, into: type[rx.State], values: Vars) -> None:
        """Send vars of a State class to the connection that an event came by, and to no other
        that its tab may have by now. The server keeps nothing of them."""
        self.rooms.show(asking_sid(state), into, values)


def _allowed(
    conn: Connection, actor: Actor, topics: Callable[[Actor], list[Topic]]
) -> tuple[Actor, list[Topic]]:
    wanted = topics(actor)
    return actor, [t for t in wanted if KINDS[t.kind].may_watch(conn, actor, t.key)]


_current: Live | None = None


def start(live: Live) -> None:
    """Make this the live side of the process."""
    global _current
    _current = live


def current() -> Live:
    """The live side of the process.

    Raises:
        RuntimeError: nothing was started yet.
    """
    if _current is None:
        raise RuntimeError("the application has not been started")
    return _current
