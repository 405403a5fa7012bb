"""What time it is, as far as a terminal can tell: it has no clock of its own that lasts.

Whatever is decided (is a tap fresh, has a command expired) is decided by `mono`, which only goes
on and also counts the time that a machine sleeps. The time of day is the server's, carried forward
on `mono`; before the server was heard it is the system's, if the network has set that. Nothing ever
sets it back by what the system's clock does.
"""

import ctypes
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from edge.machines.events import Moment

Quality = Literal["ntp", "srv", "none"]

STEPPED_BACK_MS = 2_000
LISTENED = 6
"""As many live words of the server must agree that its clock was set back."""
ASK_SYSTEM_EVERY_S = 5.0
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_TIME_ERROR = 5


def mono() -> float:
    """Seconds of a clock that only goes on, also while the machine sleeps where that can be had."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


def set_by_network() -> bool:
    """Whether the system's clock is kept by the network: by timesyncd, chrony or ntpd."""
    if _SYNCHRONISED.exists():
        return True
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return False
    room = ctypes.create_string_buffer(1024)  # struct timex; all zero asks and sets nothing
    return adjtimex(room) not in (-1, _TIME_ERROR)


class Clock:
    """The time of day, and whose it is."""

    def __init__(
        self,
        mono: Callable[[], float] = mono,
        system: Callable[[], float] = time.time,
        synchronised: Callable[[], bool] = set_by_network,
    ) -> None:
        self.mono = mono
        self._system = system
        self._synchronised = synchronised
        self._asked_at = float("-inf")
        self._ntp: int | None = None
        """Milliseconds that the time is ahead of `mono`, by the system's clock."""
        self._srv: int | None = None
        """The same by the server's. What it says was true when it said it, so this is the least
        that can be: the message that was quickest counts."""
        self._live: deque[int] = deque(maxlen=LISTENED)

    def heard(self, ts: int, received: float, *, live: bool) -> None:
        """The server said that it was `ts`; `live`: and it said so just before `received`."""
        offset = ts - int(received * 1000)
        if self._srv is None or offset > self._srv:
            self._srv = offset
        if not live:
            return
        self._live.append(offset)
        newest = max(self._live)
        if len(self._live) == LISTENED and newest < self._srv - STEPPED_BACK_MS:
            self._srv = newest

    def moment(self) -> Moment:
        """Now. The time of day only from a clock that can be relied on."""
        now = self.mono()
        offset = self._srv if self._live else self._system_offset(now)
        return Moment(now, None if offset is None else int(now * 1000) + offset)

    def stamp(self, at: float) -> tuple[int, Quality]:
        """When `at` was, in milliseconds since 1970. (0, "none") if nobody's clock is known.

        What the broker had kept of the server's words is good enough here: it may lie in the past,
        so that a tap looks older than it is, and never newer.
        """
        now = self.mono()
        if self._live and self._srv is not None:
            return int(at * 1000) + self._srv, "srv"
        system = self._system_offset(now)
        if system is not None:
            return int(at * 1000) + system, "ntp"
        if self._srv is not None:
            return int(at * 1000) + self._srv, "srv"
        return 0, "none"

    def _system_offset(self, now: float) -> int | None:
        if now - self._asked_at >= ASK_SYSTEM_EVERY_S:
            self._asked_at = now
            if self._synchronised():
                seen = int(self._system() * 1000) - int(now * 1000)
                self._ntp = seen if self._ntp is None else max(seen, self._ntp)
        return self._ntp
