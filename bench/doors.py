"""Terminals to measure with: the real program in this process, and light ones, dozens at once.

Both keep each tap in the outbox of the program, on disk before it is sent.
"""

import asyncio
import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from bench.check import Broken
from bench.library import HELD, database_of
from bench.mqtt import Client, connected
from bench.server import SECRET_KEY
from edge.cards import card_id
from edge.clock import Clock
from edge.identity import Broker, CardKey, Identity
from edge.machines.effects import Effect, Pulse
from edge.machines.events import Answered, Event
from edge.outbox import Outbox
from edge.protocol import Mode, Tap, new_id
from edge.reader import Card
from edge.settings import Settings
from edge.store import Store
from edge.terminal import Terminal
from locker_app.db.log import Trace
from locker_app.db.tables import card, event
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import SYSTEM, Actor, ActorKind, Role
from locker_app.domain.terminals import PINS, TAKEN_PINS, TerminalPlan
from locker_app.services.card_keys import card_keys, first_key
from locker_app.services.command import Call, command
from locker_app.services.provisioning import Provisioned, make_code, provision
from locker_app.services.sealing import Seal
from locker_app.services.terminals import add_terminal

_SEAL = Seal((SECRET_KEY,))
_WHO = Actor(ActorKind.SYSTEM, roles=((None, Role.ADMIN),))
_RELAYS = dict(enumerate((pin for pin in PINS if pin not in TAKEN_PINS), 1))
_FOR_TERMINALS = ("ack", "cmd/#", "cfg", "grants", "idle")
_TAP = "evt/tap"
PATIENCE_SECONDS = 20.0
LATE_SECONDS = 90.0
"""For what comes faster than it can be answered."""


@dataclass(frozen=True, slots=True)
class Given:
    """A terminal that is set up, and whose cards are tapped there."""

    id: int
    secrets: Provisioned
    cards: list[bytes]


def make_terminals(folder: Path, banks: int, count: int, cards_each: int) -> list[Given]:
    """Set up so many, the banks in turn, before the server starts; with cards of people of the
    library for each."""
    db, now = database_of(folder), datetime.now(UTC)
    call = Call(now, "setup", actor=_WHO)
    try:
        made = []
        for number in range(count):
            plan = TerminalPlan(f"Terminal {number}", bank_id=number % banks + 1, relays=_RELAYS)
            terminal_id = db.run(command(call, add_terminal, site_id=1, plan=plan))
            code = db.run(command(call, make_code, terminal_id=terminal_id))
            given = provision(db, _SEAL, call, code.code)
            mine = range(number * cards_each, (number + 1) * cards_each)
            made.append(Given(terminal_id, given, [_uid(n) for n in mine]))
        db.run(Work(lambda tx: _link(tx, now, count * cards_each), Trace("setup")))
        return made
    finally:
        db.close()


def _uid(number: int) -> bytes:
    return b"\x04" + number.to_bytes(6)


def _link(tx: Tx, now: datetime, count: int) -> None:
    first_key(tx, SYSTEM, now, _SEAL)
    kid, key = card_keys(tx.conn, _SEAL)[0]
    new = {"label": "", "created_at": now, "linked_at": now, "seen_at": now, "verdict": ""}
    rows = [
        {**new, "number": card_id(kid, key, _uid(n)), "person_id": HELD + 1 + n, "answer": {}}
        for n in range(count)
    ]
    tx.conn.execute(card.insert(), rows)


def check_taps(folder: Path, sent: int) -> None:
    """That each tap is in the log once.

    Raises:
        Broken: some are not there, or more than once.
    """
    db = database_of(folder)
    try:
        asked = select(func.count()).where(event.c.kind == "CardTapped")
        found = db.read(lambda conn: conn.scalar(asked))
    finally:
        db.close()
    if found != sent:
        raise Broken(f"{sent} taps were sent, and {found} are in the database")


class Whole(Terminal):
    """The program itself, as on a Raspberry Pi, with a simulated reader; in a thread."""

    def __init__(self, folder: Path, given: Given, port: int) -> None:
        secrets = given.secrets
        identity = Identity(
            terminal=secrets.terminal,
            password=secrets.password,
            site=secrets.site,
            name=secrets.name,
            broker=Broker(host="127.0.0.1", port=port),
            card_keys=[CardKey(kid=kid, key=key) for kid, key in secrets.card_keys],
            grant_key=secrets.grant_key,
            server="http://127.0.0.1",
        )
        self._loop = asyncio.get_running_loop()
        self._waited_for: asyncio.Future[float] | None = None
        self._ready = asyncio.Event()
        self._pulsed_at = 0.0
        self.verdicts: Counter[str] = Counter()
        folder.mkdir(parents=True, exist_ok=True)
        made = threading.Event()

        def run() -> None:  # its database belongs to the thread that made it
            settings = Settings(folder, "simulated", "picture", "simulated")
            super(Whole, self).__init__(settings, identity)
            made.set()
            self.run()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        made.wait(PATIENCE_SECONDS)

    async def until_ready(self) -> None:
        """Wait until it shows that cards can be put on it."""
        await asyncio.wait_for(self._ready.wait(), PATIENCE_SECONDS)

    async def tap(self, uid: bytes) -> float:
        """A card is read; how long it takes until what was answered is done: the door, if one is to
        be opened, is; that this goes on record is not waited for."""
        self._waited_for = self._loop.create_future()
        began = self._pulsed_at = time.perf_counter()
        self._put((self.clock.mono(), Card(uid)))
        return await asyncio.wait_for(self._waited_for, PATIENCE_SECONDS) - began

    def _feed(self, event: Event) -> None:
        super()._feed(event)
        if not self._ready.is_set() and self.state.online and self.state.config is not None:
            self._loop.call_soon_threadsafe(self._ready.set)
        if (
            isinstance(event, Answered)
            and event.ack.show is not None
            and self._waited_for is not None
        ):
            self.verdicts[event.ack.verdict] += 1
            at = time.perf_counter() if event.ack.open is None else self._pulsed_at
            answer, self._waited_for = self._waited_for, None
            self._loop.call_soon_threadsafe(answer.set_result, at)

    def _do(self, effect: Effect) -> list[Event]:
        more = super()._do(effect)
        if isinstance(effect, Pulse):
            self._pulsed_at = time.perf_counter()
        return more

    async def leave(self) -> None:
        """End it."""
        self.stop()
        await asyncio.to_thread(self._thread.join)


class Light:
    """The outbox of a terminal and a connection, and nothing else.

    In a library each has a disk of its own. Here they share one, so each waits for it in a thread,
    to which its outbox belongs, and the others go on meanwhile.
    """

    def __init__(self, folder: Path, given: Given, disk: ThreadPoolExecutor) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = Clock()
        self._disk = disk
        self._store: Store = disk.submit(Store, folder).result()
        self._outbox: Outbox = disk.submit(Outbox, self._store, self._clock).result()
        self._given = given
        self._client: Client
        self._keys = {kid: base64.b64decode(key) for kid, key in given.secrets.card_keys}
        self._sent: dict[str, tuple[float, asyncio.Future[float]]] = {}
        self.seconds: list[float] = []
        self.taps = 0
        self.repeated = 0
        self.verdicts: Counter[str] = Counter()

    def topic(self, tail: str) -> str:
        """One of its own."""
        return f"cubby/1/{self._given.secrets.site}/{self._given.secrets.terminal}/{tail}"

    async def connect(self, port: int) -> None:
        """Be there."""
        secrets = self._given.secrets
        self._client = await connected(port, secrets.terminal, secrets.password, self._heard)
        state = f"cubby/1/{secrets.site}/srv/state"
        await self._client.subscribe(*(self.topic(tail) for tail in _FOR_TERMINALS), state)
        self._publish("avail", {"state": "online"})

    def tap(self, uid: bytes, began: float | None = None) -> "asyncio.Future[float]":
        """A card is read; when it was answered."""
        numbers = [card_id(kid, key, uid) for kid, key in self._keys.items()]
        answer = asyncio.get_running_loop().create_future()
        fact = new_id()
        self._sent[fact] = (began or time.perf_counter(), answer)
        self.taps += 1
        self._later(lambda: self._outbox.record(_TAP, Tap(card=numbers, mode=Mode.LOCKER), fact))
        return answer

    async def until_answered(self) -> None:
        """Wait for what was not answered yet, which is sent again as the program does."""
        end = time.monotonic() + LATE_SECONDS
        while self._sent and time.monotonic() < end:
            self._later(self._outbox.tidy)  # which takes those up for which there was no room
            await asyncio.sleep(0.05)

    def _later(self, do: Callable[[], object]) -> None:
        """Do something with the outbox, then say what is due."""
        loop = asyncio.get_running_loop()

        def with_the_disk() -> None:
            do()
            due = self._outbox.due(self._clock.moment())
            if due:
                said = [(one.tail, one.body(), one.sent > 1) for one in due]
                loop.call_soon_threadsafe(self._send, said)

        self._disk.submit(with_the_disk)

    def _send(self, said: list[tuple[str, bytes, bool]]) -> None:
        for tail, body, again in said:
            self.repeated += again
            self._client.publish(self.topic(tail), body)

    def leave(self) -> None:
        """Go away."""
        self._client.close()
        self._disk.submit(self._store.close).result()

    def _publish(self, tail: str, data: dict[str, object]) -> None:
        ts = int(time.time() * 1000)
        body = {"v": 1, "id": new_id(), "boot": self._store.boot, "seq": 0, "ts": ts}
        body |= {"ts_q": "ntp", "data": data}
        self._client.publish(self.topic(tail), json.dumps(body).encode())

    def _heard(self, topic: str, body: bytes) -> None:
        now = time.perf_counter()
        if not body:
            return
        if topic.endswith("/ack"):
            said = json.loads(body)
            began, answer = self._sent.pop(said["re"], (None, None))
            self._disk.submit(self._outbox.answered, said["re"])
            if began is not None and answer is not None:
                self.verdicts[said["data"]["verdict"]] += 1
                self.seconds.append(now - began)
                answer.set_result(now)
        elif topic.endswith("/srv/state"):
            self._clock.heard(json.loads(body)["ts"], self._clock.mono(), live=True)


def in_turn(cards: Sequence[bytes]) -> "list[bytes]":
    """As many people as there are cards, who get a locker, come for it, and give it back."""
    return [uid for _ in range(3) for uid in cards]
