"""Keeps Home Assistant up to date: what it is told (`home_assistant`), when, and by whom.

What an earlier run left at the broker is learnt first, so that only what is otherwise is published,
and what is gone, or all of it once it was switched off, is removed.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from locker_app.bridge import home_assistant as home
from locker_app.bridge.link import Incoming
from locker_app.db.database import Database
from locker_app.db.log import Logged
from locker_app.live.seen_terminals import SeenTerminals
from locker_app.queries.home_figures import HomeFigures, home_figures

EVERY_SECONDS = 2.0
_SHARE_OF_TIME = 10
_OF_NO_FIGURE = frozenset({"CommandGiven", "CommandMoved", "DoorOpened", "DoorMoved", "Refused"})


class Home:
    """Everything here belongs on the event loop."""

    def __init__(
        self,
        db: Database,
        address: home.Address,
        publish: Callable[..., bool],
        seen: SeenTerminals,
        clock: Callable[[], datetime],
        *,
        on: bool,
    ) -> None:
        """`on`: not switched off, in which case all there was is removed."""
        self._db, self._address, self._publish = db, address, publish
        self._seen, self._clock, self.on = seen, clock, on
        self._kept: dict[str, bytes] = {}
        self._greeted = False
        self._wake = asyncio.Event()

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Where what was left is, and where Home Assistant says that it has started."""
        return (*self._address.kept_topics, *sorted(self._address.birth_topics))

    @property
    def will(self) -> tuple[str, bytes] | None:
        """What the broker says when this process is gone."""
        return (self._address.status_topic, home.OFFLINE) if self.on else None

    def hear(self, came: Incoming) -> bool:
        """Whether the message was for this."""
        topic = came.topic
        if topic in self._address.birth_topics:
            if came.body == home.ONLINE:
                self._kept.clear()
                self._wake.set()
            return True
        if came.retained and self._address.is_own(topic):
            if came.body and not self._greeted:
                self._kept[topic] = came.body
            return True
        return topic == self._address.status_topic or self._address.is_own(topic)

    def begin(self) -> None:
        """The broker is there: listen to what it knows."""
        self._kept.clear()
        self._greeted = False

    def greet(self) -> None:
        """What the broker knows was heard."""
        self._greeted = True
        if self.on:
            self._publish(self._address.status_topic, home.ONLINE, retain=True)
        self._wake.set()

    def follow(self, events: Iterable[Logged]) -> None:
        """These events were committed."""
        if any(event.kind not in _OF_NO_FIGURE for event in events):
            self._wake.set()

    def leave(self) -> None:
        """The server ends."""
        if self.on:
            self._publish(self._address.status_topic, home.OFFLINE, retain=True)

    async def run(self) -> None:
        """Whenever something may be otherwise, and now and then."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._greeted:
                continue
            began = time.monotonic()
            await self._say()
            took = time.monotonic() - began
            await asyncio.sleep(max(EVERY_SECONDS, took * _SHARE_OF_TIME))

    async def _say(self) -> None:
        meant: dict[str, bytes] = {}
        if self.on:
            now = self._clock()
            rows = await self._db.aread(lambda conn: home_figures(conn, now))
            meant = home.announcement(self._figures(rows), self._address)
        for topic, body in home.changes(self._kept, meant):
            if not self._publish(topic, body, retain=True):
                return
            self._kept[topic] = body
        self._kept = {topic: body for topic, body in self._kept.items() if body}

    def _figures(self, rows: HomeFigures) -> home.Figures:
        terminals = []
        for one in rows.terminals:
            seen = self._seen.of(one.id)
            terminals.append(
                home.TerminalFigures(
                    id=one.login,
                    site_id=one.site_id,
                    name=one.name,
                    kind=one.kind,
                    online=one.online,
                    version=one.version,
                    outbox=None if seen.telemetry is None else seen.telemetry.outbox,
                    last_seen_at=seen.heard_at or one.seen_at,
                    faults=one.faults,
                )
            )
        return home.Figures(
            sites=tuple(home.SiteFigures(one.id, one.name, one.inside) for one in rows.sites),
            banks=tuple(
                home.BankFigures(
                    *(one.id, one.site_id, one.name, one.total),
                    *(one.free, one.held, one.out_of_service),
                )
                for one in rows.banks
            ),
            terminals=tuple(terminals),
        )
