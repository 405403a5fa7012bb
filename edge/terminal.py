"""The program of a terminal: one loop that joins reader, rules, outbox, relays, display and link.

All that happens comes into one queue and is worked off by one thread, which alone knows the state
and the disk. `edge.machines` decides; here it is done. A part that fails is shown and told, and
never ends the program.
"""

import contextlib
import logging
import queue
from collections import Counter, deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from edge import cards
from edge.belonging import Belonging, KeysCame
from edge.clock import Clock
from edge.control import Asked, Control
from edge.display.opening import open_display
from edge.display.screen import Screen, Tone
from edge.doors import Doors
from edge.identity import Identity
from edge.keeping import TAP, Keeping
from edge.link import Link, Overheard
from edge.machines.effects import (
    Announce,
    Begin,
    Effect,
    FetchKeys,
    Finish,
    Flush,
    Pulse,
    PutCard,
    Record,
    Reply,
    Restart,
)
from edge.machines.events import (
    Answered,
    Broken,
    CardSeen,
    CardUnclear,
    Configured,
    DoorSensed,
    Event,
    Granted,
    LinkDown,
    LinkUp,
    Mended,
    Moment,
    NotStored,
    Tick,
)
from edge.machines.machine import step
from edge.machines.state import State
from edge.machines.view import screen
from edge.messages import Arrived, remembered, understood, written
from edge.protocol import (
    Avail,
    FaultOf,
    Invalid,
    Presence,
    Result,
    Status,
    new_id,
)
from edge.reader import Back, Card, Dead, SimulatedReader, Trouble, open_reader
from edge.saying import Parts, Saying, time_of_day
from edge.settings import IDENTITY, PICTURE, Settings
from edge.store import BEGUN, Store
from edge.workers import Drawing, Looking

log = logging.getLogger(__name__)

TURN_S = 0.25
"""How long the loop waits for something to happen."""
CHECK_EVERY_S = 2.0
WAITS_VISIBLY_S = 1.0
"""A fact that waits for longer is counted on the display; it would only flicker before."""
SAY_INVALID_EVERY_S = 60.0
INBOX = 20_000
SWITCHED_OFF = Screen("Switched off", tone=Tone.OFFLINE, link=False)
AGAIN = Screen("Starting again", tone=Tone.BUSY, link=False)


class End(StrEnum):
    """Why a terminal's program ended."""

    STOPPED = "stopped"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wants the program to end."""


class Terminal:
    """One terminal that is provisioned. Made and run by one thread; `stop` may be called by any."""

    def __init__(self, settings: Settings, identity: Identity, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.counters: Counter[str] = Counter()
        self._end: End | None = None
        reader, why = open_reader(settings.reader, gain_db=settings.gain_db)
        log.info("%s", why)
        self._reader = reader
        self._store = Store(settings.folder)
        self._keeping = Keeping(self._store, self.clock, settings.cap)
        self._doors = Doors(settings.relays, self.clock)
        self._belonging = Belonging(identity, settings.folder / IDENTITY, self._put)
        display = open_display(settings.display, settings.folder / PICTURE)
        self._parts = Parts(reader.name, display.name)
        self._drawing = Drawing(display)
        self.state = self._first_state()
        self._looking = Looking(reader, self._put)
        self._control = self._open_control()
        self._link = Link(identity, self.clock, self._put, self._presence(Presence.LOST))
        self._saying = Saying(
            self._link, self.clock, self._store.boot, self._parts, settings.folder
        )
        self.screen = Screen("Starting", tone=Tone.BUSY)
        self._checked_at = self._invalid_said_at = float("-inf")

    @property
    def identity(self) -> Identity:
        """Who this is, with the card keys that are in use now."""
        return self._belonging.identity

    def stop(self) -> None:
        """End soon. May be called in a signal's handler, as this kind of queue allows for that."""
        self._inbox.put(Stop())

    def run(self) -> End:
        """Work until somebody wants the end; and why that was."""
        try:
            self._begin()
            while self._end is None:
                self._pass()
        finally:
            self._close()
        return self._end

    def _begin(self) -> None:
        if self._store.damaged:
            # Told as broken and as mended at once: what was in it is lost, and it works again.
            self._feed(Broken(FaultOf.STORAGE, f"database damaged: {self._store.damaged}"))
        for tail in ("cfg", "grants"):
            body = self._store.kept(tail)
            try:
                event = body and remembered(tail, body, self.identity)
            except Invalid as error:
                log.warning("What was kept as %s can't be used: %s", tail, error)
                continue
            if event:
                self._feed(event)
        self._show()
        self._link.start()

    def _pass(self) -> None:
        """Wait until something happens, work it off, and do what is due."""
        for item in self._taken():
            try:
                self._handle(item)
            except Exception:
                self.counters["errors"] += 1
                log.exception("Something could not be worked off: %s", type(item).__name__)
        try:
            self._turn()
        except Exception:
            self.counters["errors"] += 1
            log.exception("A turn went wrong")

    def _taken(self) -> list[Any]:
        due = self._keeping.outbox.next_due() if self._link.up else float("inf")
        try:
            first = self._inbox.get(timeout=max(0.001, min(TURN_S, due - self.clock.mono())))
        except queue.Empty:
            return []
        items = [first]
        while len(items) < 100 and not self._inbox.empty():
            items.append(self._inbox.get_nowait())
        return items

    def _put(self, item: Any) -> None:
        """From any thread. When far too much comes, the newest is dropped: the server repeats."""
        if self._inbox.qsize() < INBOX:
            self._inbox.put(item)
        else:
            self.counters["dropped"] += 1

    def _handle(self, item: Any) -> None:
        match item:
            case Arrived():
                self._arrived(item)
            case Overheard(tail=tail, why=why):
                self._invalid(tail, why)
            case LinkUp() | LinkDown():
                self._feed(item)
            case (float(at), event):
                self._saw(at, event)
            case KeysCame(keys=keys):
                if self._belonging.take_keys(keys):
                    self._saying.announce(self.state, self.identity)
            case Asked():
                self._asked(item)
            case Stop():
                self._end = End.STOPPED

    def _turn(self) -> None:
        """What is due at this moment."""
        now = self.clock.moment()
        self._send(now)  # first: somebody stands there and waits for what becomes of a tap
        self._feed(Tick())
        self._check_parts(now)
        self._show()
        self._keeping.tidy(now)
        self._saying.measure(self._keeping.outbox, now)

    def _arrived(self, came: Arrived) -> None:
        try:
            event = understood(came, self.identity, self.clock)
        except Invalid as error:
            self._invalid(came.tail, str(error))
            return
        if event is None:
            return
        if isinstance(event, Answered) and not event.retained:
            self._keeping.outbox.answered(event.re)
        self._feed(event)
        if isinstance(event, Configured) and self.state.config is event.config:
            self._keeping.keep("cfg", came.body)
        elif isinstance(event, Granted) and self.state.grants is event.grants:
            self._keeping.keep("grants", came.body or None)

    def _invalid(self, tail: str, why: str) -> None:
        """Counted, and said once a minute: whoever floods us shall not fill the log."""
        self.counters["invalid"] += 1
        now = self.clock.mono()
        if now - self._invalid_said_at >= SAY_INVALID_EVERY_S:
            self._invalid_said_at = now
            log.warning("A message on %.60r can't be used: %s", tail, why)

    def _saw(self, at: float, event: Card | Trouble | Dead | Back) -> None:
        match event:
            case Card(uid=uid):
                self.counters["taps"] += 1
                kids = self.state.config.kids if self.state.config else []
                card = tuple(cards.card_ids(self.identity.keys(kids), uid))[:4]
                self._feed(CardSeen(new_id(), card, at))
            case Trouble():
                self.counters["unclear"] += 1
                self._feed(CardUnclear(event.value))
            case Dead(reason=reason):
                self._feed(Broken(FaultOf.READER, reason))
            case Back():
                self._feed(Mended(FaultOf.READER))

    def _asked(self, asked: Asked) -> None:
        try:
            asked.answer.set_result(self._answer(asked.what))
        except ValueError as error:  # of what was asked: no card has such a number
            asked.answer.set_result({"error": str(error)})
        except Exception as error:
            asked.answer.set_exception(error)

    def _answer(self, what: dict[str, Any]) -> dict[str, Any]:
        reader = self._reader
        match what:
            case {"do": "status"}:
                return self.status()
            case {"do": "door", "door": int(door), "open": bool(is_open)}:
                self._feed(DoorSensed(door, is_open))
                return {"ok": True}
            case {"do": "stop"}:
                self._end = End.STOPPED
                return {"ok": True}
            case _ if not isinstance(reader, SimulatedReader):
                return {"error": "The reader is a real one: hold a card there."}
            case {"do": "tap", "uid": str(uid)}:
                seconds = what.get("seconds")
                reader.put(cards.parse_uid(uid), None if seconds is None else float(seconds))
                return {"ok": True}
            case {"do": "take_away"}:
                reader.take_away()
                return {"ok": True}
            case {"do": "reader", "fail": str(reason)}:
                reader.fail(reason) if reason else reader.mend()
                return {"ok": True}
            case _:
                return {"error": "That can't be asked."}

    def status(self) -> dict[str, Any]:
        """How it goes, for whoever asks at the control socket."""
        shown = self.screen
        return {
            "terminal": self.identity.terminal,
            "name": self.identity.name,
            "screen": {
                "headline": shown.headline,
                "lines": list(shown.lines),
                "tone": shown.tone.value,
                "link": shown.link,
                "outbox": shown.outbox,
            },
            "link": self.state.link,
            "server": self.state.online,
            "outbox": self._keeping.outbox.depth,
            "boot": self._store.boot,
            "cfg": self.state.config.version if self.state.config else 0,
            "grants": self.state.grants.version if self.state.grants else 0,
            "reader": self._reader.name,
            "display": self._parts.display,
            "faults": [of.value for of, _ in self.state.faults],
            "storage": self._keeping.trouble,
            "opened": list(self._doors.opened),
            "counters": dict(self.counters),
        }

    def _feed(self, event: Event) -> None:
        """Let the machine react, and do what it wants; and so on with what comes of that."""
        events: deque[Event] = deque([event])
        while events:
            self.state, effects = step(self.state, events.popleft(), self.clock.moment())
            for effect in effects:
                more = self._do(effect)
                events += more
                if any(isinstance(one, NotStored) for one in more):
                    break  # a tap that is not on disk is none, and nothing is done for it

    def _do(self, effect: Effect) -> list[Event]:
        match effect:
            case Record():
                return self._record(effect)
            case Pulse():
                return [self._doors.pulse(effect)]
            case Begin(command=command):
                self._keeping.mark_command(command, BEGUN)
            case Finish(command=command, status=status):
                self._keeping.mark_command(command, status.value)
            case Reply(command=command, status=status, reason=reason):
                self._saying.say("res", Result(status=status, reason=reason), command)
            case Announce():
                self._doors.wire(self.state.config)
                self._saying.announce(self.state, self.identity)
            case Flush():
                self._keeping.outbox.again(self.clock.moment())
            case FetchKeys():
                self._look_for_keys()
            case PutCard(uid=uid, seconds=seconds):
                if isinstance(self._reader, SimulatedReader):
                    self._reader.put(bytes.fromhex(uid), seconds)
            case Restart():
                self._end = End.RESTART
        return []

    def _record(self, fact: Record) -> list[Event]:
        at = self.clock.mono()
        if fact.tail == TAP:
            at = next((one.read_at for one in self.state.waiting if one.tap == fact.id), at)
        if self._keeping.record(fact, at):
            return []
        trouble = Broken(FaultOf.STORAGE, self._keeping.trouble)
        return [NotStored(fact.id), trouble] if fact.tail == TAP and fact.id else [trouble]

    def _send(self, now: Moment) -> None:
        if not self._link.up:
            return
        for fact in self._keeping.outbox.due(now):
            self._link.publish(fact.tail, fact.body())

    def _show(self) -> None:
        """Have what the machine wants to be seen on the display, and in the panel."""
        now = self.clock.moment()
        waiting = self._keeping.outbox
        late = waiting.oldest_s(now) >= WAITS_VISIBLY_S or not self.state.online
        self.screen = replace(
            screen(self.state, now),
            clock=time_of_day(self.state, now),
            outbox=waiting.depth if late else 0,
        )
        self._drawing.show(self.screen)
        self._saying.show(self.screen)

    def _check_parts(self, now: Moment) -> None:
        self._judge(FaultOf.STORAGE, self._keeping.trouble)
        self._judge(FaultOf.DISPLAY, self._drawing.fault)
        self._judge(FaultOf.RELAY, self._doors.trouble)
        if now.mono - self._checked_at >= CHECK_EVERY_S:
            self._checked_at = now.mono
            self._look_for_keys()
            if self._belonging.was_replaced():
                log.info("The identity is another one now")
                self._end = End.RESTART

    def _look_for_keys(self) -> None:
        kids = self.state.config.kids if self.state.config else []
        self._belonging.look_for_keys(kids, self.clock.mono())

    def _judge(self, of: FaultOf, trouble: str) -> None:
        if trouble and not self.state.broken(of):
            self._feed(Broken(of, trouble))
        elif not trouble and self.state.broken(of):
            self._feed(Mended(of))

    def _first_state(self) -> State:
        belongs = self._store.kept("terminal")
        if belongs is not None and belongs != self.identity.terminal.encode():
            log.warning("What another terminal left in this folder is forgotten")
            self._keeping.forget_all()
        self._keeping.keep("terminal", self.identity.terminal.encode())
        commands = self._store.commands()
        return State(
            name=self.identity.name,
            started_at=self.clock.mono(),
            simulated=isinstance(self._reader, SimulatedReader),
            begun=tuple(one for one, how in commands if how == BEGUN),
            done=tuple((one, Status(how)) for one, how in commands if how != BEGUN),
        )

    def _presence(self, state: Presence) -> bytes:
        return written(self.clock, self._store.boot, Avail(state=state))

    def _open_control(self) -> Control | None:
        """Without it the terminal still works, and only can't be asked."""
        try:
            return Control(self.settings.folder, self._put)
        except OSError as error:
            log.error("There is no control socket: %s", error)
            return None

    def _close(self) -> None:
        """All off, quietly. Also when the loop itself failed."""
        last = AGAIN if self._end is End.RESTART else SWITCHED_OFF
        state = Presence.UPDATING if self._end is End.RESTART else Presence.OFFLINE
        with contextlib.ExitStack() as rest:  # each, also when the one before it fails
            rest.callback(self._store.close)
            rest.callback(self._drawing.stop, last)
            if self._control:
                rest.callback(self._control.close)
            rest.callback(self._doors.close)
            rest.callback(lambda: self._link.stop(self._presence(state)))
            rest.callback(self._saying.show, last)
            rest.callback(self._looking.stop)
            rest.callback(self._doors.all_off)
