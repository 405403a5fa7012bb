"""What terminals show and how they are, as they said last: kept in memory, in each process.

The bridge of every process hears what is on the displays and how terminals are, and puts it here;
none of it is worth a row in the database. Nothing of it is an event either, so what is otherwise
than before touches the topic of the terminal's site, several times a second at most: fifty displays
whose clocks turn at once are one projection.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge.protocol import Shown, Telemetry
from locker_app.live.topics import Topic

EVERY_SECONDS = 0.2
"""How often the topic of a site is touched at most."""
HEARD_EVERY = timedelta(seconds=20)
"""How exactly screens know when a terminal was heard of, while it says nothing else that is new."""

Touch = Callable[[Collection[Topic]], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one terminal; None for what it has not said since this process began."""

    shown: Shown | None = None
    shown_at: datetime | None = None
    telemetry: Telemetry | None = None
    telemetry_at: datetime | None = None
    heard_at: datetime | None = None
    """When anything came from it last."""


NOTHING = Seen()


@dataclass(frozen=True, slots=True)
class Broker:
    """How this process stands with the broker by which it speaks with terminals."""

    kind: str = ""
    """mosquitto, embedded (the development broker), outside, or off; empty: not known yet."""
    connected: bool = False
    why: str = ""
    """A sentence that says why not, if there is more to say."""


class SeenTerminals:
    """What all terminals of this installation said last. Any thread may write and read it."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}
        self._told: dict[int, datetime] = {}
        """As of when screens know that a terminal was heard of."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._touch: Touch | None = None
        self._due: set[int] = set()
        self._resting: set[int] = set()
        """Sites that were touched a moment ago."""
        self._broker = Broker()
        self._asked: set[int] = set()
        """Sites whose screens say how it stands with the broker."""

    def broker(self, broker: Broker) -> None:
        """So it stands with the broker now."""
        if broker != self._broker:
            self._broker = broker
            for site_id in list(self._asked):
                self._changed(site_id)

    @property
    def how_broker_is(self) -> Broker:
        """How it stands with the broker, for who looks once."""
        return self._broker

    def broker_for(self, site_id: int) -> Broker:
        """How it stands with the broker; screens of this site hear when that changes."""
        self._asked.add(site_id)
        return self._broker

    def of(self, terminal_id: int) -> Seen:
        """What a terminal said last."""
        return self._seen.get(terminal_id, NOTHING)

    def shown(self, site_id: int, terminal_id: int, shown: Shown, at: datetime) -> None:
        """This is on its display now."""
        self._keep(site_id, terminal_id, at, shown=shown, shown_at=at)

    def telemetry(self, site_id: int, terminal_id: int, said: Telemetry, at: datetime) -> None:
        """This is how it is."""
        self._keep(site_id, terminal_id, at, telemetry=said, telemetry_at=at)

    def heard(self, site_id: int, terminal_id: int, at: datetime) -> None:
        """Something else came from it."""
        self._keep(site_id, terminal_id, at)

    def forget(self, site_id: int, terminal_id: int) -> None:
        """It is no terminal any more, or its display was cleared."""
        with self._lock:
            self._told.pop(terminal_id, None)
            if self._seen.pop(terminal_id, None) is None:
                return
        self._changed(site_id)

    def clear(self) -> None:
        """Know nothing, as in the beginning."""
        with self._lock:
            self._seen.clear()
            self._told.clear()
            self._asked.clear()
            self._broker = Broker()

    @contextlib.contextmanager
    def telling(self, touch: Touch) -> Iterator[None]:
        """While the block lasts, on the event loop: call `touch` there with topics that are to be
        looked at again."""
        self._loop, self._touch = asyncio.get_running_loop(), touch
        try:
            yield
        finally:
            self._loop = self._touch = None
            self._due.clear()
            self._resting.clear()

    def _keep(
        self,
        site_id: int,
        terminal_id: int,
        at: datetime,
        *,
        shown: Shown | None = None,
        shown_at: datetime | None = None,
        telemetry: Telemetry | None = None,
        telemetry_at: datetime | None = None,
    ) -> None:
        with self._lock:
            before = self._seen.get(terminal_id, NOTHING)
            self._seen[terminal_id] = replace(
                before,
                shown=shown or before.shown,
                shown_at=shown_at or before.shown_at,
                telemetry=telemetry or before.telemetry,
                telemetry_at=telemetry_at or before.telemetry_at,
                heard_at=at,
            )
            told = self._told.get(terminal_id)
            new = (
                told is None
                or at - told >= HEARD_EVERY
                or (shown is not None and shown != before.shown)
                or (telemetry is not None and _visible(telemetry) != _visible(before.telemetry))
            )
            if new:
                self._told[terminal_id] = at
        if new:
            self._changed(site_id)

    def _changed(self, site_id: int) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is just closing
                loop.call_soon_threadsafe(self._touch_soon, site_id)

    def _touch_soon(self, site_id: int) -> None:
        """At once, unless that was a moment ago. On the event loop."""
        if site_id in self._resting:
            self._due.add(site_id)
        elif self._touch is not None and self._loop is not None:
            self._resting.add(site_id)
            self._loop.call_later(EVERY_SECONDS, self._rested, site_id)
            self._touch([Topic("terminals", site_id)])

    def _rested(self, site_id: int) -> None:
        self._resting.discard(site_id)
        if site_id in self._due:
            self._due.discard(site_id)
            self._touch_soon(site_id)


def _visible(said: Telemetry | None) -> tuple[object, ...]:
    """What of it can be seen in the panel: a tenth of a degree is no news."""
    if said is None:
        return ()
    warm = None if said.temperature is None else round(said.temperature)
    signal = None if said.signal is None else round(said.signal / 5)
    return said.outbox, said.oldest_s // 10, warm, signal


seen = SeenTerminals()
"""That of this process."""
