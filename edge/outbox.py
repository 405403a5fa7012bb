"""Facts that the server has to hear: each is on disk before anything is done about it, and stays
there until the server's own answer. That the broker has it means nothing.

At most 32 are on their way at once, in the order of their numbers. What isn't answered is sent
again with the same id, first after 1.5 s, then with growing pauses, and after each reconnect. How
often there is one doesn't matter: by that, all of them are sent again once in 1.5 s at most.
"""

import json
import sqlite3
from dataclasses import dataclass

from edge.clock import Clock, Quality
from edge.machines.events import Moment
from edge.protocol import AGAIN_AFTER_S, IN_FLIGHT, Part, new_id
from edge.store import StorageTrouble, Store

CAP = 5_000
"""Facts that are kept at most. Then no more taps are taken."""
LONGEST_PAUSE_S = 30.0
ASK_FOR_TIME_S = 0.5
"""How often it is asked whether a clock is known by now."""

_COLUMNS = "seq, id, tail, data, re, boot, ts, ts_q, mono"
_FROM = f"SELECT {_COLUMNS} FROM fact WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608


@dataclass(slots=True)
class Fact:
    """One row of the outbox, and how it goes with sending it."""

    seq: int
    id: str
    tail: str
    data: str
    """JSON."""
    re: str | None
    boot: int
    ts: int
    ts_q: Quality
    mono: float
    due: float = float("-inf")
    """When it is to be sent (again), on the monotonic clock."""
    sent: int = 0

    def body(self) -> bytes:
        """The message, the same each time."""
        head = {"v": 1, "id": self.id, "boot": self.boot, "seq": self.seq, "ts": self.ts}
        head |= {"ts_q": self.ts_q} | ({"re": self.re} if self.re else {})
        return json.dumps(head, separators=(",", ":"))[:-1].encode() + (
            b',"data":' + self.data.encode() + b"}"
        )


class Outbox:
    """The facts of one terminal."""

    def __init__(self, store: Store, clock: Clock, cap: int = CAP) -> None:
        self._store = store
        self._clock = clock
        self.cap = cap
        """Facts that are kept at most."""
        self._flight: dict[str, Fact] = {}
        """The window, in order."""
        self._answered: set[str] = set()
        """Still on disk: to be deleted with the next write."""
        self._last = 0
        """The highest number that was ever in the window."""
        self._lives = store.lives
        self.depth = 0
        """How many facts wait."""
        self._again_at = float("-inf")
        """When all are sent again, or were last, because somebody is new."""
        self._load()

    def record(
        self,
        tail: str,
        data: Part,
        id: str | None = None,
        re: str | None = None,
        at: float | None = None,
    ) -> str:
        """Put a fact on disk that came about `at`, on the monotonic clock; its id.

        Raises StorageTrouble when it can't be, or when there are too many already; then it is not
        there.
        """
        if self.depth >= self.cap:
            raise StorageTrouble("outbox full")
        at = self._clock.mono() if at is None else at
        ts, quality = self._clock.stamp(at)
        text = data.model_dump_json(exclude_none=True)
        fact_id = id or new_id(ts or None)
        with self._store.writing() as transaction:
            seq = self._store.next_seq(transaction)
            row = (seq, fact_id, tail, text, re, self._store.boot, ts, quality, at)
            transaction.execute(
                f"INSERT INTO fact ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                row,
            )
            forgotten = self._delete(transaction)
        self._answered -= forgotten
        self.depth += 1
        if len(self._flight) < IN_FLIGHT and self._nothing_behind():
            self._flight[fact_id] = Fact(*row)
            self._last = seq
        return fact_id

    def answered(self, fact_id: str) -> bool:
        """The server has it. Whether that was news; `tidy` takes it off the disk."""
        if self._flight.pop(fact_id, None) is None:
            return False
        self._answered.add(fact_id)
        self.depth -= 1
        return True

    def tidy(self) -> None:
        """Take what was answered off the disk, and fill the window. Raises StorageTrouble."""
        if self._lives != self._store.lives:
            self._load()
        if self._answered:
            with self._store.writing() as transaction:
                forgotten = self._delete(transaction)
            self._answered -= forgotten
        self._fill()

    def due(self, now: Moment) -> list[Fact]:
        """What is to be sent now, in order; it counts as sent.

        A fact of this start that was recorded while nobody's clock was known gets its time now, and
        is not sent before. One of an earlier start has none.
        """
        found = []
        for fact in self._flight.values():
            if fact.ts_q == "none" and fact.boot == self._store.boot:
                # As soon as the time is known, so that none overtakes those before it.
                if not self._set_time(fact):
                    fact.due = now.mono + ASK_FOR_TIME_S
                    continue
            elif now.mono < fact.due:
                continue
            fact.due = now.mono + min(AGAIN_AFTER_S * 2**fact.sent, LONGEST_PAUSE_S)
            fact.sent += 1
            found.append(fact)
        return found

    def forget_all(self) -> None:
        """Drop all that waits: it belongs to another terminal. Raises StorageTrouble."""
        self._store.clear()
        self._load()

    def again(self, now: Moment) -> None:
        """All that wait are to be sent: the connection is new, or the server is.

        Now, if that was not so just before; else when 1.5 s have passed since then.
        """
        if self._again_at > now.mono:
            return
        self._again_at = max(now.mono, self._again_at + AGAIN_AFTER_S)
        for fact in self._flight.values():
            if fact.sent:
                fact.due, fact.sent = min(fact.due, self._again_at), 0

    def next_due(self) -> float:
        """When something is to be sent, on the monotonic clock."""
        return min((fact.due for fact in self._flight.values()), default=float("inf"))

    def oldest_s(self, now: Moment) -> int:
        """For how long the oldest fact of this start has waited."""
        mine = (fact.mono for fact in self._flight.values() if fact.boot == self._store.boot)
        return max(0, int(now.mono - min(mine, default=now.mono)))

    @property
    def full(self) -> bool:
        """Whether nothing more is taken."""
        return self.depth >= self.cap

    def _set_time(self, fact: Fact) -> bool:
        ts, quality = self._clock.stamp(fact.mono)
        if quality == "none":
            return False
        try:
            with self._store.writing() as transaction:
                transaction.execute(
                    "UPDATE fact SET ts = ?, ts_q = ? WHERE seq = ?", (ts, quality, fact.seq)
                )
        except StorageTrouble:
            return False
        fact.ts, fact.ts_q = ts, quality
        return True

    def _delete(self, transaction: sqlite3.Connection) -> set[str]:
        gone = set(self._answered)
        transaction.executemany("DELETE FROM fact WHERE id = ?", [(one,) for one in gone])
        return gone

    def _nothing_behind(self) -> bool:
        return self.depth - 1 == len(self._flight)

    def _load(self) -> None:
        """Begin with what is on disk."""
        self._flight.clear()
        self._answered.clear()
        self._lives, self._last = self._store.lives, 0
        try:
            ((self.depth,),) = self._store.reading("SELECT count(*) FROM fact")
            self._fill()
        except StorageTrouble:
            self.depth = 0

    def _fill(self) -> None:
        room = IN_FLIGHT - len(self._flight)
        if room <= 0 or self.depth <= len(self._flight):
            return
        for row in self._store.reading(_FROM, self._last, room):
            self._last = row[0]
            self._flight[row[1]] = Fact(*row)
