"""The bridge between terminals and commands: a task of the server, for as long as it runs.

It finds the broker, or starts it, keeps the accounts of terminals there, takes what they say, and
says what is new. The app runs without it: while there is no broker, screens say so.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

from edge.protocol import (
    FROM_TERMINAL,
    MAX_BYTES,
    ROOT,
    SERVER,
    Avail,
    Invalid,
    Message,
    Part,
    Presence,
    ServerState,
    Shown,
    Telemetry,
    new_id,
    parse,
)
from locker_app.bridge.home import Home
from locker_app.bridge.home_assistant import Address
from locker_app.bridge.known import Known, Speaker
from locker_app.bridge.link import Incoming, Link
from locker_app.bridge.outbound import Outbound
from locker_app.bridge.voices import Voice
from locker_app.brokers.accounts import Account
from locker_app.brokers.broker import Broker, NoBroker
from locker_app.brokers.choosing import OFF, Running
from locker_app.db.database import Database
from locker_app.db.log import Logged
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.live import seen_terminals
from locker_app.live.seen_terminals import SeenTerminals
from locker_app.services.sealing import Seal

SHARED = (f"{ROOT}/+/+/evt/#", f"{ROOT}/+/+/res")
"""Facts and results are taken by one process of the server each."""
OF_ALL = tuple(f"{ROOT}/+/+/{tail}" for tail in ("avail", "info", "display", "tele"))
"""How terminals are, and what they show, every process hears for itself, also what was said before
it came."""
EPOCH_SECONDS = 1.5
"""How long after it was let in the server waits, at most, for the epoch that the broker knows: one
that knows none says nothing."""
RETRY_SECONDS = 30.0
"""After which it is tried again to start a broker."""
SILENT_SECONDS = 90.0
"""A terminal speaks every half minute. One that was silent for so long, though the broker said
nothing of it, is lost."""
_LOOK_SECONDS = 15.0
_LOG_SECONDS = 60.0
_OF_TERMINALS = frozenset(
    {
        *("TerminalCreated", "TerminalChanged", "TerminalProvisioned", "TerminalRevoked"),
        *("TerminalArchived", "TerminalRestored", "CardKeyMade"),
    }
)

_UNKNOWN_FACT = re.compile(r"evt/[a-z0-9_]{1,40}")
"""A fact of a kind that is not known here, from a terminal that is newer than this server."""

log = logging.getLogger(__name__)


class Bridge:
    """One for each process of the server."""

    def __init__(
        self,
        db: Database,
        seal: Seal,
        open_broker: Callable[[], Running],
        seen: SeenTerminals = seen_terminals.seen,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        alone: bool = True,
        home: Address | None = None,
        home_on: bool = False,
    ) -> None:
        """
        Args:
            db: where commands are run.
            seal: opens the keys of terminals.
            open_broker: finds the broker, in a thread; see `brokers.choosing`.
            seen: is told what terminals show and how they are.
            clock: the present.
            alone: no other process of the server takes what terminals say.
            home: where Home Assistant is told of figures; without it nothing is looked for there.
            home_on: whether it is; if not, what it was told before is removed.
        """
        self._db, self._open, self._seen, self._clock = db, open_broker, seen, clock
        self._alone = alone
        self._known = Known(db)
        self._outbound = Outbound(db, seal, self._known, self._publish, clock)
        self._home: Home | None = None
        if home is not None:
            self._home = Home(db, home, self._publish, seen, clock, on=home_on)
        self._voices: dict[int, Voice] = {}
        self._link: Link | None = None
        self._running: Running | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._anew = asyncio.Event()
        self._epochs: set[str] = set()
        self._epoch_was_heard = asyncio.Event()
        self._epoch_is_known = False
        self._connected_at = 0.0
        self._away: str | None = None
        """Why the broker is away, as the log has it."""
        self._to_clear: set[str] = set()
        """Topics where something is retained that nobody wants, and could not be cleared yet."""
        self._strangers = 0
        self._strangers_told = -_LOG_SECONDS
        self._tasks: set[asyncio.Task[None]] = set()
        db.listen(self._committed)

    @property
    def broker(self) -> Broker | None:
        """The broker, once it was found."""
        return None if self._running is None else self._running.broker

    @property
    def connected(self) -> bool:
        """Whether terminals can be spoken with."""
        return self._link is not None and self._link.connected

    async def run(self) -> None:
        """Until cancelled, unless terminals are switched off. In the end the broker, if it is
        our child, is ended too. A fault of ours begins it all again."""
        while True:
            self._loop = asyncio.get_running_loop()
            try:
                self._running = await asyncio.to_thread(self._open)
                await self._serve(self._running)
            except NoBroker as error:
                self._say("off" if str(error) == OFF else "", why=str(error))
                if str(error) == OFF:
                    return
                log.warning("%s", error)
            except Exception:
                log.exception("the bridge to terminals failed; it begins again soon")
                self._say(why="Something went wrong. It is tried again.")
            finally:
                await self._end()
            await asyncio.sleep(RETRY_SECONDS)

    def follow(self, events: Iterable[Logged] | None) -> None:
        """Events that another process committed; None when some may have been missed. On the event
        loop."""
        if self._loop is None:
            return
        if events is None:
            self._anew.set()
            self._outbound.say_all()
            self._spawn(self._outbound.look_for_commands())
        else:
            self._take_events(list(events))

    # -- begin and end -------------------------------------------------------------------------

    async def _serve(self, running: Running) -> None:
        link = self._link = Link(
            running.broker,
            _subscriptions(running.broker),
            on_message=self._hear,
            on_connected=self._connected,
            on_lost=self._lost,
            will=None if self._home is None else self._home.will,
            wishes=() if self._home is None else self._home.subscriptions,
        )
        await self._until_read()
        self._say(running.broker.kind.value)
        work: list[Awaitable[None]] = [link.run()]
        work += [self._keep_known(), self._look_after_silent()]
        work += self._outbound.tasks()
        if self._home is not None:
            work.append(self._home.run())
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            await asyncio.gather(*tasks)
        finally:
            with contextlib.suppress(Exception):
                self._outbound.say_state(stopping=True)
                if self._home is not None:
                    self._home.leave()
                await link.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self) -> None:
        self._loop = None
        for task in list(self._tasks):
            task.cancel()
        for voice in list(self._voices.values()):
            await voice.end()
        self._voices.clear()
        running, self._running, self._link = self._running, None, None
        if running is not None:
            await asyncio.to_thread(running.stop)

    async def _until_read(self) -> None:
        """Know the terminals, and have their accounts at the broker."""
        known = await self._read()
        while not known:
            await asyncio.sleep(1)
            known = await self._read()

    async def _read(self) -> bool:
        """Read the terminals anew; whether that worked."""
        try:
            gone, others = await self._known.read()
            self._outbound.begin_anew(others)
            await asyncio.sleep(0)  # what was said is on its way before they may come in
            if self._running is not None:
                accounts = [Account(one.login, one.row.password_hash) for one in self._known.all()]
                await asyncio.to_thread(self._running.accounts.sync, accounts)
        except OUTAGES as error:
            outages.failed(error)
            return False
        except Exception:
            log.exception("the accounts of terminals can't be kept; it is tried again")
            return False
        for one in gone:
            self._seen.forget(one.site_id, one.id)
        self._outbound.forget(gone)
        await self._keep_voices()
        return True

    async def _keep_voices(self) -> None:
        """Who is another device now begins anew; who may speak no more is heard no more."""
        for terminal_id, voice in list(self._voices.items()):
            now = self._known.of_id(terminal_id)
            same = now is not None and (now.row.password_hash == voice.speaker.row.password_hash)
            if now is not None and same:
                voice.speaker = now
            else:
                del self._voices[terminal_id]
                await voice.end()

    async def _keep_known(self) -> None:
        """Whenever something about terminals was committed."""
        while True:
            await self._anew.wait()
            self._anew.clear()
            if not await self._read():
                self._anew.set()
                await asyncio.sleep(1)
                continue
            with contextlib.suppress(*OUTAGES):
                await self._outbound.say_configs()
            self._outbound.say_state()

    # -- the connection ------------------------------------------------------------------------

    def _connected(self) -> None:
        self._connected_at = time.monotonic()
        for voice in self._voices.values():
            voice.hear_again()
        if self._home is not None:
            self._home.begin()
        self._away = None
        log.info("The broker for terminals is there")
        self._say(connected=True)
        self._clear()
        self._spawn(self._greet())

    async def _greet(self) -> None:
        """Say everything, in the epoch that the broker knows, or in a new one, if it knows none."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._epoch_was_heard.wait(), EPOCH_SECONDS)
        self._outbound.epoch = min(self._epochs) if self._epochs else new_id()
        self._epoch_is_known = True
        self._outbound.say_state()
        self._outbound.say_all()
        if self._home is not None:
            self._home.greet()
        with contextlib.suppress(*OUTAGES):
            await self._outbound.say_configs()
            await self._outbound.look_for_commands()

    def _lost(self, why: str) -> None:
        # Not when the next one is of use: the epoch that the broker knows may come before that.
        self._epochs, self._epoch_is_known = set(), False
        self._epoch_was_heard.clear()
        if why != self._away:
            log.warning("The broker for terminals is away: %s", why)
        self._away = why
        self._say(why=why)

    def _publish(
        self,
        topic: str,
        body: bytes,
        *,
        retain: bool = False,
        qos: int = 1,
        lives_s: float | None = None,
    ) -> bool:
        """As `Link.publish`; without a topic only whether something can be sent."""
        if self._link is None or not self._link.connected:
            return False
        if not topic:
            return True
        return self._link.publish(topic, body, retain=retain, qos=qos, lives_s=lives_s)

    def _say(self, kind: str | None = None, *, connected: bool = False, why: str = "") -> None:
        """Let screens know how it stands with the broker."""
        if kind is None:
            kind = "" if self.broker is None else self.broker.kind.value
        self._seen.broker(seen_terminals.Broker(kind, connected, why))

    # -- what happened here --------------------------------------------------------------------

    def _committed(self, events: list[Logged]) -> None:
        """Called in a database thread after each commit."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is just closing
                loop.call_soon_threadsafe(self._take_events, events)

    def _take_events(self, events: list[Logged]) -> None:
        if any(event.kind in _OF_TERMINALS for event in events):
            self._anew.set()
        self._outbound.follow(events)
        if self._home is not None:
            self._home.follow(events)

    # -- what terminals say --------------------------------------------------------------------

    def _hear(self, came: Incoming) -> None:
        parts = came.topic.split("/", 4)
        if len(parts) != 5 or f"{parts[0]}/{parts[1]}" != ROOT:
            came.taken()
            if self._home is not None:
                self._home.hear(came)
            return
        site, name, tail = parts[2], parts[3], parts[4]
        if name == SERVER:
            self._hear_server(came)
            return
        speaker = self._known.named(name)
        if speaker is None:
            came.taken()
            self._count_stranger()
            return
        voice = self._voice(speaker)
        kind = _kind_of(tail)
        if not came.body:  # nothing is retained there any more
            came.taken()
        elif site != str(speaker.site_id):
            self._hear_bad(voice, came, "a topic of another site")
        elif kind is None:
            self._hear_bad(voice, came, "an unknown topic")
        elif came.retained and tail.startswith(("evt/", "res")):
            self._hear_bad(voice, came, f"{tail}: retained, as no report may be")
        else:
            self._hear_message(speaker, voice, tail, kind, came)

    def _hear_bad(self, voice: Voice, came: Incoming, why: str) -> None:
        """What is retained would come again with each connection: it is counted once, and goes."""
        came.taken()
        if came.topic not in self._to_clear:
            voice.hear_bad(why)
        if came.retained:
            self._to_clear.add(came.topic)
            self._clear()

    def _clear(self) -> None:
        self._to_clear = {
            topic for topic in self._to_clear if not self._publish(topic, b"", retain=True)
        }

    def _hear_message(
        self, speaker: Speaker, voice: Voice, tail: str, kind: type[Part], came: Incoming
    ) -> None:
        body, why = came.body[: MAX_BYTES + 1], ""
        try:
            message = parse(body, kind)
        except Invalid as error:
            why = str(error)
            message = _envelope_of(body) if tail.startswith("evt/") else None
        if message is None:
            came.taken()
            voice.hear_bad(f"{tail}: {why}")
            return
        now, data = self._clock(), message.data
        match data:
            case Shown():
                self._seen.shown(speaker.site_id, speaker.id, data, now)
            case Telemetry():
                self._seen.telemetry(speaker.site_id, speaker.id, data, now)
            case Avail(state=Presence.ONLINE) if not came.retained:
                self._outbound.greet()
                self._seen.heard(speaker.site_id, speaker.id, now)
            case _ if not came.retained:
                self._seen.heard(speaker.site_id, speaker.id, now)
            case _:
                pass
        voice.hear(tail, message, came.taken, why)

    def _hear_server(self, came: Incoming) -> None:
        """What this process, or another one, says of itself: all agree on the oldest epoch."""
        came.taken()
        try:
            said = parse(came.body, ServerState).data
        except Invalid:
            return
        self._epochs.add(said.epoch)
        self._epoch_was_heard.set()
        if not self._epoch_is_known or said.epoch == self._outbound.epoch:
            if said.state == "stopping" and self._epoch_is_known and not self._alone:
                self._outbound.say_state()
            return
        if said.epoch < self._outbound.epoch:
            self._outbound.epoch = said.epoch
        self._outbound.say_state()

    def _voice(self, speaker: Speaker) -> Voice:
        voice = self._voices.get(speaker.id)
        if voice is None:
            answer = self._outbound.answer
            voice = Voice(self._db, speaker, answer, self._clock, alone=self._alone)
            self._voices[speaker.id] = voice
        return voice

    def _count_stranger(self) -> None:
        self._strangers += 1
        now = time.monotonic()
        if now - self._strangers_told >= _LOG_SECONDS:
            self._strangers_told = now
            log.warning("%d messages of nobody's terminal were ignored", self._strangers)
            self._strangers = 0
            self._anew.set()  # or of one that we have yet to hear of

    async def _look_after_silent(self) -> None:
        """Those who are silent though they should be there are lost, also while they were away
        from a broker that has forgotten them."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            if not self.connected or now - self._connected_at < SILENT_SECONDS:
                continue
            for speaker in self._known.all():
                voice = self._voice(speaker)
                if voice.is_online and now - voice.heard_at > SILENT_SECONDS:
                    voice.gone()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("the bridge failed at something; it goes on", exc_info=task.exception())


def _subscriptions(broker: Broker) -> tuple[str, ...]:
    """First what the server says of itself, as it has to come first."""
    return (f"{ROOT}/+/{SERVER}/state", *(broker.shared(one) for one in SHARED), *OF_ALL)


def _envelope_of(body: bytes) -> Message[Any] | None:
    """A fact in which a newer terminal says something that is not known here, such as a part of it
    that can fail; None if it can't even be counted."""
    try:
        return parse(body, Part)
    except Invalid:
        return None


def _kind_of(tail: str) -> type[Part] | None:
    """What is said on a terminal's topic that ends so; None where nothing is to be said."""
    kind = FROM_TERMINAL.get(tail)
    return Part if kind is None and _UNKNOWN_FACT.fullmatch(tail) else kind
