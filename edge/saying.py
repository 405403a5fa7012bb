"""What a terminal says beside its facts: that it is there, what it is, what it shows, how it is."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from edge.clock import Clock
from edge.display.screen import Screen, fields_of
from edge.identity import Identity
from edge.link import Link
from edge.machines.events import Moment
from edge.machines.state import State
from edge.messages import written
from edge.outbox import Outbox
from edge.protocol import Avail, Info, Part, Presence, Shown
from edge.settings import VERSION
from edge.telemetry import measured

TELEMETRY_EVERY_S = 30.0
TELEMETRY_AGAIN_S = 2.0
"""How soon after the last time it may be told that nothing waits any more."""


class Parts(NamedTuple):
    """Names of what the terminal is made of."""

    reader: str
    display: str


class Saying:
    """Says it while there is a connection, and otherwise nothing."""

    def __init__(self, link: Link, clock: Clock, boot: int, parts: Parts, folder: Path) -> None:
        self._link, self._clock, self._boot = link, clock, boot
        self._parts, self._folder = parts, folder
        self._began_at = clock.mono()
        self._shown: Screen | None = None
        self._measured_at = float("-inf")
        self._waited = False
        """Facts waited when it was told last."""

    def say(self, tail: str, data: Part, re: str | None = None) -> None:
        """Publish it, in an envelope of now."""
        self._link.publish(tail, written(self._clock, self._boot, data, re))

    def announce(self, state: State, identity: Identity) -> None:
        """Say who this is; and soon what it shows and how it is."""
        config = state.config
        self.say("avail", Avail(state=Presence.ONLINE))
        info = Info(
            kind=config.kind if config else None,
            version=VERSION,
            reader=self._parts.reader[:40],
            display=self._parts.display[:40],
            lockers=sorted(int(door) for door in config.relays)[:500] if config else [],
            simulated=state.simulated,
            cfg=config.version if config else 0,
            kids=[one.kid for one in identity.card_keys][:8],
        )
        self.say("info", info)
        self._shown, self._measured_at = None, float("-inf")

    def show(self, seen: Screen) -> None:
        """Say what is on the display, if that is new."""
        if self._link.up and seen != self._shown:
            self._shown = seen
            self.say("display", Shown.model_validate(fields_of(seen)))

    def measure(self, outbox: Outbox, now: Moment) -> None:
        """Say how the terminal is, every half minute; and soon that nothing waits any more.

        Not before the time is known from what isn't old: the server takes it for the terminal's.
        """
        if now.wall is None:
            return
        emptied = self._waited and not outbox.depth
        pause = TELEMETRY_AGAIN_S if emptied else TELEMETRY_EVERY_S
        if not self._link.up or now.mono - self._measured_at < pause:
            return
        self._measured_at, self._waited = now.mono, outbox.depth > 0
        up = int(now.mono - self._began_at)
        self.say("tele", measured(self._folder, outbox.depth, outbox.oldest_s(now), up))


def time_of_day(state: State, now: Moment) -> str:
    """As people there read it; empty while it isn't known."""
    if now.wall is None or state.config is None:
        return ""
    try:
        zone = ZoneInfo(state.config.time_zone)
        return datetime.fromtimestamp(now.wall / 1000, UTC).astimezone(zone).strftime("%H:%M")
    except (ValueError, OSError, OverflowError, KeyError):  # unknown zones are KeyErrors
        return ""
