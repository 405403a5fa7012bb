"""A terminal, a real broker, and somebody who plays the server."""

import base64
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.clock import Clock
from edge.control import NoTerminal, ask
from edge.identity import Broker, CardKey, Identity, save
from edge.protocol import (
    FROM_TERMINAL,
    Ack,
    Config,
    Grant,
    Grants,
    Idle,
    Message,
    Part,
    ServerState,
    dump,
    new_id,
    parse,
    topic,
)
from edge.settings import IDENTITY, Settings
from edge.signing import sign
from edge.terminal import End, Terminal
from tests.broker import Client, TestBroker, wait_until

SITE = "lib"
KEY = base64.b64encode(b"k" * 32).decode()
GRANT_KEY = b"g" * 32
CARD = "04A22B1C3D4E80"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def identity(broker: TestBroker, name: str, password: str) -> Identity:
    return Identity(
        terminal=name,
        password=password,
        site=SITE,
        name=f"Terminal {name}",
        broker=Broker(host=broker.host, port=broker.port),
        card_keys=[CardKey(kid="k1", key=KEY)],
        grant_key=base64.b64encode(GRANT_KEY).decode(),
        server="http://localhost:1",
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the terminal."""

    tail: str
    message: Message[Any]


class Server:
    """Plays the server: keeps what one terminal says, and answers what it is told to answer."""

    def __init__(self, broker: TestBroker, name: str) -> None:
        self.name = name
        self.said: list[Said] = []
        self.answers: Callable[[Said], Ack | None] = lambda said: (
            None if said.tail == "evt/tap" else Ack.model_validate({"verdict": "noted"})
        )
        self._client = Client(broker, again=True)
        self._client.paho.on_message = self._hear
        self._client.open()
        assert self._client.connected.wait(20)
        self._listen()
        self.alive()

    def _listen(self) -> None:
        self._client.subscribe(topic(SITE, self.name, "#"))

    def reconnected(self) -> None:
        """After the broker was away: listen again, and say that the server is there."""
        wait_until(self._client.connected.is_set, "the server's connection")
        self._listen()
        self.alive()

    def close(self) -> None:
        self._client.__exit__(None, None, None)

    def alive(self, state: str = "online", epoch: str = "e1") -> None:
        data = ServerState.model_validate({"state": state, "epoch": epoch, "time": now_ms()})
        body = self.body(data)
        self._client.publish(f"cubby/1/{SITE}/srv/state", body, retain=True)

    def configure(self, **changed: Any) -> None:
        plain = {"version": 1, "kind": "locker", "mode": "locker", "name": "Lockers"}
        plain |= {"time_zone": "Europe/Berlin", "relays": {"17": 5, "18": 6}, "kids": ["k1"]}
        self.tell("cfg", Config.model_validate(plain | changed), retain=True)
        self.tell("idle", Idle(free=7, total=24), retain=True)

    def grant(self, card: str, door: int) -> None:
        self.send("grants", self.grants_body(card, door, of=self.name), retain=True)

    def grants_body(self, card: str, door: int, *, of: str) -> bytes:
        """Grants that are signed for the terminal `of`."""
        until = now_ms() + 60_000
        rows = [Grant(card=[card], locker=door, label=f"A{door}", until=until)]
        sig = sign(GRANT_KEY, of, 1, until, rows)
        return self.body(Grants(version=1, until=until, grants=rows, sig=sig))

    def body(self, data: Part, **more: Any) -> bytes:
        envelope = {"id": new_id(), "boot": 0, "seq": 0, "ts": now_ms(), "ts_q": "srv"} | more
        return dump(Message[type(data)](data=data, **envelope))

    def tell(self, tail: str, data: Part, *, retain: bool = False, **more: Any) -> None:
        self.send(tail, self.body(data, **more), retain=retain)

    def send(self, tail: str, body: bytes, *, retain: bool = False) -> None:
        # Not waited for: also called by the thread that would see the broker's answer.
        self._client.paho.publish(topic(SITE, self.name, tail), body, 1, retain)

    def answer(self, re: str, verdict: str = "assigned", **more: Any) -> None:
        exp = more.pop("exp", now_ms() + 10_000)
        ack = Ack.model_validate({"verdict": verdict} | more)
        self.tell("ack", ack, re=re, exp=exp)

    def facts(self, tail: str = "") -> list[Message[Any]]:
        """All facts that came, as often as they came."""
        return [one.message for one in self.said if one.tail.startswith(f"evt/{tail}")]

    def last(self, tail: str) -> Any:
        """What was said last there, or None."""
        found = [one.message.data for one in self.said if one.tail == tail]
        return found[-1] if found else None

    def wait(self, tail: str, fits: Callable[[Message[Any]], object] = lambda _: True) -> Any:
        """The first message on a topic that fits."""
        found: list[Message[Any]] = []

        def look() -> bool:
            heard = [one.message for one in self.said if one.tail == tail]
            found[:] = [one for one in heard if fits(one)]
            return bool(found)

        wait_until(look, f"{tail} of {self.name}")
        return found[0]

    def wait_shown(self, headline: str) -> None:
        """Until that is on the display."""
        wait_until(
            lambda: (shown := self.last("display")) and shown.headline == headline,
            f"“{headline}” instead of {self.last('display')}",
        )

    def _hear(self, _client: Any, _userdata: Any, message: Any) -> None:
        tail = message.topic.split("/", 4)[4]
        if tail not in FROM_TERMINAL:
            return
        said = Said(tail, parse(bytes(message.payload), FROM_TERMINAL[tail]))
        self.said.append(said)
        if tail.startswith("evt/") and (ack := self.answers(said)):
            self.tell("ack", ack, re=said.message.id, exp=now_ms() + 10_000)


class Threaded:
    """A terminal in a thread of the tests."""

    def __init__(
        self, folder: Path, who: Identity, cap: int = 5000, clock: Clock | None = None
    ) -> None:
        self.folder = folder
        settings = Settings(folder, "simulated", "picture", "simulated", cap)
        self.terminal: Terminal | None = None
        self.end: End | None = None

        def run() -> None:
            self.terminal = Terminal(settings, who, clock)
            self.end = self.terminal.run()

        self._thread = threading.Thread(target=run)
        self._thread.start()
        wait_until(lambda: self.terminal, "the terminal")

    def close(self) -> None:
        if self.terminal:
            self.terminal.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def wait_end(self) -> End | None:
        self._thread.join(20)
        return self.end

    def tap(self, uid: str = CARD) -> None:
        ask(self.folder, {"do": "tap", "uid": uid})

    def status(self) -> dict[str, Any]:
        return ask(self.folder, {"do": "status"})


class Process:
    """A terminal as it is started by people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edge", "--reader", "simulated", "--display", "picture"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "CUBBY_EDGE_DIR": str(folder)},
        )
        wait_until(lambda: self.try_status() or self._process.poll() is not None, "the terminal")

    @property
    def pid(self) -> int:
        return self._process.pid

    def try_status(self) -> dict[str, Any] | None:
        with contextlib.suppress(NoTerminal):
            return ask(self.folder, {"do": "status"})
        return None

    @property
    def boot(self) -> int:
        """How often it has started; 0 while it can't be asked."""
        return (self.try_status() or {"boot": 0})["boot"]

    def tap(self, uid: str = CARD) -> None:
        ask(self.folder, {"do": "tap", "uid": uid})

    def end(self, how: int) -> int:
        """Send a signal and wait; the exit code."""
        self._process.send_signal(how)
        return self._process.wait(20)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@dataclass(slots=True)
class Stage:
    """One terminal's place: its folder, its account, and its server."""

    folder: Path
    who: Identity
    server: Server

    @contextlib.contextmanager
    def thread(self, **more: Any) -> Iterator[Threaded]:
        terminal = Threaded(self.folder, self.who, **more)
        try:
            yield terminal
        finally:
            terminal.close()

    @contextlib.contextmanager
    def process(self) -> Iterator[Process]:
        terminal = Process(self.folder)
        try:
            yield terminal
        finally:
            terminal.close()


@contextlib.contextmanager
def stage(broker: TestBroker, name: str, folder: Path) -> Iterator[Stage]:
    """An account, an identity in `folder`, and a server that has configured it."""
    who = identity(broker, name, broker.add(name))
    save(folder / IDENTITY, who)
    server = Server(broker, name)
    try:
        server.configure()
        yield Stage(folder, who, server)
    finally:
        server.close()
