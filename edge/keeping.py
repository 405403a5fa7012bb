"""What a terminal writes down, and what becomes of it when nothing can be written."""

import logging
from collections import deque

from edge.clock import Clock
from edge.machines.effects import Record
from edge.machines.events import Moment
from edge.outbox import Outbox
from edge.store import StorageTrouble, Store

log = logging.getLogger(__name__)

PROBE_EVERY_S = 2.0
REMEMBERED = 100
"""Facts that are kept in memory until they can be written; the oldest go first. No taps: a tap that
is not on disk is none."""
TAP = "evt/tap"


class Keeping:
    """The outbox and the store, and whether they can be relied on."""

    def __init__(self, store: Store, clock: Clock, cap: int) -> None:
        self.store = store
        self.outbox = Outbox(store, clock, cap)
        self.trouble = ""
        """Why nothing can be written; empty while all is well."""
        self._room = max(1, cap // 100)
        self._unwritten: deque[tuple[Record, float]] = deque(maxlen=REMEMBERED)
        self._probed_at = float("-inf")

    def record(self, fact: Record, at: float) -> bool:
        """Write a fact down that came about `at`, on the monotonic clock.

        Whether it was. If it was not, a tap is none, and anything else is written later.
        """
        try:
            self.outbox.record(fact.tail, fact.data, fact.id, fact.re, at)
        except StorageTrouble as trouble:
            self._failed(trouble)
            if fact.tail != TAP:
                self._unwritten.append((fact, at))
            return False
        return True

    def keep(self, name: str, body: bytes | None) -> None:
        """Remember what the server said, unless that is known already."""
        if self.store.kept(name) == body:
            return
        try:
            self.store.keep(name, body)
        except StorageTrouble as trouble:
            self._failed(trouble)

    def mark_command(self, command: str, status: str) -> None:
        """Remember how it goes with a command. It is remembered in memory in any case."""
        try:
            self.store.mark_command(command, status)
        except StorageTrouble as trouble:
            self._failed(trouble)

    def forget_all(self) -> None:
        """Drop what belongs to another terminal."""
        try:
            self.outbox.forget_all()
        except StorageTrouble as trouble:
            self._failed(trouble)

    def tidy(self, now: Moment) -> None:
        """Take off the disk what was answered; try again what could not be written."""
        try:
            self.outbox.tidy()
        except StorageTrouble as trouble:
            self._failed(trouble)
        if self.trouble and now.mono - self._probed_at >= PROBE_EVERY_S:
            self._probed_at = now.mono
            self._probe()

    def _probe(self) -> None:
        if self.outbox.depth > self.outbox.cap - self._room:
            return
        try:
            self.store.probe()
            self.outbox.tidy()
            while self._unwritten:
                fact, at = self._unwritten[0]
                self.outbox.record(fact.tail, fact.data, fact.id, fact.re, at)
                self._unwritten.popleft()
        except StorageTrouble as trouble:
            self._failed(trouble)
        else:
            log.info("Facts can be written down again")
            self.trouble = ""

    def _failed(self, trouble: StorageTrouble) -> None:
        if not self.trouble:
            log.error("Facts can't be written down: %s", trouble)
        self.trouble = str(trouble) or "unknown"
