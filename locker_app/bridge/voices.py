"""What one terminal says, one thing after the other, each fact once.

Facts are numbered without a gap. One that is ahead waits a moment for those before it, as the
terminal says again what was not answered; then it is applied, and that something is missing is an
alert. What comes late is applied all the same. A fact is a command with the id of its message as
idempotency key: said again, it gets the answer that it got.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from edge.protocol import (
    Ack,
    Avail,
    DoorMoved,
    Fault,
    Info,
    Message,
    OfflineOpen,
    Opened,
    Result,
    Tap,
    Telemetry,
)
from locker_app.bridge import words
from locker_app.bridge.known import Speaker
from locker_app.db.database import Database
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.domain.errors import DomainError
from locker_app.domain.terminals import STALE_AFTER, CommandStatus, TerminalState
from locker_app.queries.terminals import seq_of
from locker_app.services import terminal_reports as reports
from locker_app.services.command import Call, Command, Replayed, command
from locker_app.services.taps import take_tap

TAP = "evt/tap"
WAIT_SECONDS = 2.0
"""How long a fact that is ahead waits for those before it."""
LOOK_SECONDS = 0.05
"""How often it is asked meanwhile whether another process of the server has had them."""
MAX_WAITING = 256
"""Of one terminal; it has fewer on their way at once, unless it is broken."""
TOLD_EVERY_SECONDS = 60.0
"""How often it is said that a terminal's messages are bad."""
SEEN_SECONDS = 25.0
_LOG_SECONDS = 60.0
_ORIGIN = "mqtt"

log = logging.getLogger(__name__)

Answer = Callable[[Speaker, str, Ack, datetime], None]
"""Sends the answer to the fact of a terminal with this id; it is worth something until then."""


@dataclass(slots=True)
class _Fact:
    tail: str
    message: Message[Any]
    came: float
    why: str = ""
    """What of it is not understood, though its envelope is."""


@dataclass(slots=True)
class _Bad:
    """Messages that nobody understands, since they were told of last."""

    count: int = 0
    why: str = ""
    again: asyncio.TimerHandle | None = None
    """Tells of those that come within a minute of the last time."""


@dataclass(slots=True)
class _Last:
    """What the terminal said last of itself, as far as it was taken."""

    boot: int
    state: str
    info: Info | None = None
    clock_wrong: bool = False
    seen: float = -SEEN_SECONDS
    heard: float = field(default_factory=time.monotonic)


class Voice:
    """One terminal's. Everything here belongs on the event loop."""

    def __init__(
        self,
        db: Database,
        speaker: Speaker,
        answer: Answer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        alone: bool = True,
    ) -> None:
        """`alone`: no other process of the server takes facts of this terminal."""
        self._db, self.speaker, self._answer, self._clock = db, speaker, answer, clock
        self._alone = alone
        self._applied = speaker.row.seq
        self._moved_at = 0.0
        """When another process was seen to have applied one."""
        self._facts: dict[int, _Fact] = {}
        """Those that wait, by their numbers."""
        self._others: deque[tuple[Callable[[], Awaitable[None]], Callable[[], None]]] = deque()
        self._last = _Last(speaker.row.boot, speaker.row.state)
        self._bad = _Bad()
        self._failed_at = -_LOG_SECONDS
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @property
    def heard_at(self) -> float:
        """When anything came last, on the monotonic clock."""
        return self._last.heard

    @property
    def is_online(self) -> bool:
        """Whether the terminal said that it is there."""
        return self._last.state == TerminalState.ONLINE.value

    async def end(self) -> None:
        """Take nothing more."""
        if self._bad.again is not None:
            self._bad.again.cancel()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def hear(
        self, tail: str, message: Message[Any], taken: Callable[[], None], why: str = ""
    ) -> None:
        """Something came. `taken` is called when it need not be kept by the broker any more; `why`
        says what of a fact is not understood."""
        self._last.heard = time.monotonic()
        if tail.startswith("evt/"):
            self._hear_fact(tail, message, taken, why)
            return
        match message.data:
            case Avail():
                self._then(lambda: self._avail(message), taken)
            case Info():
                self._then(lambda: self._info(message), taken)
            case Result():
                self._then(lambda: self._result(message), taken)
            case Telemetry():
                taken()
                self._telemetry(message)
            case _:
                taken()

    def hear_bad(self, why: str) -> None:
        """Something came that nobody understands."""
        self._last.heard = time.monotonic()
        bad = self._bad
        bad.count, bad.why = bad.count + 1, why
        if bad.again is None:
            self._tell_bad()

    def _tell_bad(self) -> None:
        bad = self._bad
        bad.again = None
        if not bad.count:
            return
        bad.again = asyncio.get_running_loop().call_later(TOLD_EVERY_SECONDS, self._tell_bad)
        count, bad.count = bad.count, 0
        log.warning("%s said %d things that can't be read: %s", self._name, count, bad.why)
        told = {"count": min(count, 10**6), "why": bad.why[:200]}
        self._then(lambda: self._report(reports.bad_messages, **told))

    def hear_again(self) -> None:
        """The broker was away: that it was silent meanwhile means nothing."""
        self._last.heard = time.monotonic()

    def gone(self) -> None:
        """Nothing was heard for long, though it was online."""
        boot, self._last.state = self._last.boot, TerminalState.LOST.value
        self._then(lambda: self._report(reports.lost, boot=boot))

    @property
    def _name(self) -> str:
        return f"terminal {self.speaker.id}"

    def _hear_fact(
        self, tail: str, message: Message[Any], taken: Callable[[], None], why: str
    ) -> None:
        waiting = self._facts.get(message.seq)
        if waiting is not None and waiting.message.id == message.id:
            taken()  # said again while it waits
        elif waiting is not None or len(self._facts) >= MAX_WAITING:
            taken()  # two with one number, or far too many: it says them again
            self.hear_bad("too many facts, or two with one number")
        else:
            taken()  # the terminal keeps it until it is answered, so the broker need not
            self._facts[message.seq] = _Fact(tail, message, time.monotonic(), why)
            self._wake.set()

    def _then(
        self, do: Callable[[], Awaitable[None]], taken: Callable[[], None] = lambda: None
    ) -> None:
        if len(self._others) < MAX_WAITING:
            self._others.append((do, taken))
            self._wake.set()
        else:
            taken()

    async def _run(self) -> None:
        while True:
            if self._others:
                do, taken = self._others.popleft()
                await self._safely(do)
                taken()
            elif self._facts and (due := await self._next_due()) is not None:
                fact = self._facts[due]
                await self._safely(lambda fact=fact: self._apply(fact))
                del self._facts[due]
            elif not self._facts:
                self._wake.clear()
                if not self._others and not self._facts:
                    await self._wake.wait()

    async def _next_due(self) -> int | None:
        """The number of the fact to apply now. None when there is something else to do first, or
        when it may be by now: it has waited a little then."""
        first = min(self._facts)
        if first <= self._applied + 1:
            return first
        since = max(self._facts[first].came, self._moved_at)
        left = since + WAIT_SECONDS - time.monotonic()
        if left <= 0:
            return first
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), left if self._alone else LOOK_SECONDS)
        if not self._alone:
            applied = await self._db.aread(lambda conn: seq_of(conn, self.speaker.id))
            if applied > self._applied:
                self._applied, self._moved_at = applied, time.monotonic()
        return None

    async def _safely(self, do: Callable[[], Awaitable[None]]) -> None:
        """A fault of ours, or an outage, leaves it unanswered: the terminal says it again."""
        try:
            await do()
        except OUTAGES as error:
            outages.failed(error)
        except Exception:
            now = time.monotonic()
            if now - self._failed_at >= _LOG_SECONDS:
                self._failed_at = now
                log.exception("what %s said could not be taken; it is asked again", self._name)

    async def _apply(self, fact: _Fact) -> None:
        message, now = fact.message, self._clock()
        seq = message.seq
        if seq > self._applied + 1 and self._applied:
            await self._report(reports.missed, after=self._applied, before=seq)
        at = words.moment(message)
        fresh = at is not None and abs(now - at) <= STALE_AFTER
        try:
            answer = await self._apply_as(fact, now, at, fresh=fresh)
        except Replayed as refusal:
            answer = words.refused(refusal.code) if refusal.code != "terminal_revoked" else None
        except DomainError as refusal:
            answer = words.refused(refusal.code) if refusal.code != "terminal_revoked" else None
            self.hear_bad(refusal.code)
        self._applied = max(self._applied, seq)
        if answer is not None:
            until = (at if fresh and at is not None else now) + STALE_AFTER
            self._answer(self.speaker, message.id, answer, until)

    async def _apply_as(
        self, fact: _Fact, now: datetime, at: datetime | None, *, fresh: bool
    ) -> Ack:
        message = fact.message
        match message.data:
            case Tap() as tap:
                given = await self._fact(
                    message,
                    now,
                    take_tap,
                    card=list(tap.card),
                    mode=tap.mode.value,
                    at=at,
                    boot=message.boot,
                    seq=message.seq,
                )
                return words.answer_to_tap(given, fresh=fresh)
            case Opened() as door:
                said = {"number": door.locker, "re": message.re}
                await self._fact(message, now, reports.opened, **said)
            case DoorMoved() as door:
                said = {"number": door.locker, "is_open": door.open}
                await self._fact(message, now, reports.door_moved, **said)
            case Fault() as fault:
                said = {
                    "of": fault.of,
                    "over": fault.over,
                    "number": fault.locker,
                    "text": fault.text,
                }
                await self._fact(message, now, reports.fault, **said)
            case OfflineOpen() as opened:
                said = {
                    "card": list(opened.card),
                    "number": opened.locker,
                    "at": at,
                    "grants": opened.grants,
                }
                await self._fact(message, now, reports.opened_offline, **said)
            case _:
                said = {"kind": fact.tail, "why": fact.why}
                await self._fact(message, now, reports.unknown_fact, **said)
                if fact.tail == TAP:
                    return words.refused("not_understood")
        return words.noted()

    async def _fact(
        self, message: Message[Any], now: datetime, fn: Command[..., Any], **said: Any
    ) -> Any:
        call = Call(now, _ORIGIN, request_id=message.id, actor=self.speaker.actor)
        work = reports.counted(command(call, fn, **said), self.speaker.id, message.seq, now)
        return await self._db.arun(work)

    async def _report(self, fn: Command[..., Any], **said: Any) -> None:
        call = Call(self._clock(), _ORIGIN, actor=self.speaker.actor)
        await self._db.arun(command(call, fn, **said))

    async def _avail(self, message: Message[Avail]) -> None:
        state = message.data.state.value
        last = self._last
        if (message.boot, state) == (last.boot, last.state) or message.boot < last.boot:
            return
        if state == TerminalState.LOST and last.state == TerminalState.NEW:
            return  # the last will of the device that this terminal was before
        await self._report(reports.heard, state=TerminalState(state), boot=message.boot)
        last.boot, last.state = message.boot, state

    async def _info(self, message: Message[Info]) -> None:
        info = message.data
        if info == self._last.info:
            return
        await self._report(
            reports.announced,
            boot=message.boot,
            version=info.version,
            reader=info.reader,
            display=info.display,
            served=list(info.lockers),
            simulated=info.simulated,
            cfg=info.cfg,
        )
        self._last.info = info

    async def _result(self, message: Message[Result]) -> None:
        if message.re is None:
            self.hear_bad("a result without re")
            return
        status = CommandStatus(message.data.status.value)
        await self._report(reports.result, uid=message.re, status=status, note=message.data.reason)

    def _telemetry(self, message: Message[Telemetry]) -> None:
        """It comes at once and is not kept for later, so it also tells how the clock is."""
        now, last = self._clock(), self._last
        if time.monotonic() - last.seen >= SEEN_SECONDS:
            last.seen = time.monotonic()
            self._then(lambda: self._report(reports.seen))
        at = words.moment(message)
        if at is None:
            return
        wrong = abs(at - now) > STALE_AFTER
        if wrong != last.clock_wrong:
            last.clock_wrong = wrong
            off = round((at - now) / timedelta(seconds=1))
            self._then(lambda: self._report(reports.clock_is_wrong, off_seconds=off))
