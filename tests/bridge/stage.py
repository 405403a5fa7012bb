"""A bridge that runs in this process on a real broker and a real database, and terminals that say
just what a test has them say."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from sqlalchemy import insert

from edge.protocol import FROM_TERMINAL, TO_TERMINAL, Message, dump, new_id, parse
from edge.protocol import Part as Part
from locker_app.bridge.runner import Bridge
from locker_app.brokers.broker import Broker
from locker_app.brokers.choosing import Running
from locker_app.db.database import Database
from locker_app.db.tables import card, terminal
from locker_app.domain.actors import Actor
from locker_app.domain.terminals import TapMode, TerminalKind, TerminalPlan
from locker_app.live.seen_terminals import SeenTerminals
from locker_app.services.command import Call
from locker_app.services.provisioning import Provisioned, make_code, provision
from locker_app.services.sealing import Seal
from locker_app.services.terminals import add_terminal
from tests.broker import PATIENCE, Client, TestBroker, lets_in, wait_until
from tests.world import Clock, World

CONTRACT = Path(__file__).parents[2] / "docs" / "terminal-protocol.json"
SEAL = Seal(("a key of tests that is long enough",))
PINS = [pin for pin in range(2, 27) if pin not in (7, 8, 9, 10, 11, 24, 25)]


class Now(Clock):
    """The real time, moved by what a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = datetime.now(UTC) - datetime.now(UTC)

    @property
    def now(self) -> datetime:  # pyright: ignore[reportIncompatibleVariableOverride]
        return datetime.now(UTC) + self.ahead

    @now.setter
    def now(self, at: datetime) -> None:
        """What the base class begins with does not count."""


class NotOurs(Running):
    """A broker that goes on when a bridge ends."""

    def __init__(self, running: Running) -> None:
        super().__init__(running.broker, running.accounts)


class Bridging:
    """A bridge on an event loop of its own, in a thread."""

    def __init__(self, db: Database, broker: TestBroker, **options: Any) -> None:
        self.seen = SeenTerminals()
        self._ready: Future[Bridge] = Future()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None

        async def run() -> None:
            bridge = Bridge(db, SEAL, lambda: NotOurs(broker.running), self.seen, **options)
            self._task = asyncio.create_task(bridge.run())
            self._ready.set_result(bridge)
            await asyncio.wait([self._task])

        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(run()))
        self._thread.start()
        self.bridge = self._ready.result(PATIENCE)

    def until_connected(self) -> None:
        wait_until(lambda: self.bridge.connected, "the bridge's connection")

    def call(self, do: Callable[..., Any], *args: Any) -> None:
        """Do it on the event loop."""
        self._loop.call_soon_threadsafe(do, *args)

    def stop(self) -> None:
        """As at the end of the server."""
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the bridge does not end"
        self._loop.close()


@dataclass
class Heard:
    """Something that a terminal was told."""

    tail: str
    message: Message[Any]
    retained: bool


class Terminal:
    """A device that is a terminal, and says what it is told to say."""

    def __init__(self, stage: "Stage", id_: int, given: Provisioned) -> None:
        self.id, self.given, self._stage = id_, given, stage
        self.login, self.site = given.terminal, given.site
        self.seq, self.boot = 0, 1
        self.heard: list[Heard] = []
        self.client: Client | None = None

    def topic(self, tail: str) -> str:
        return f"cubby/1/{self.site}/{self.login}/{tail}"

    def connect(self) -> "Terminal":
        broker = self._stage.broker
        wait_until(lambda: lets_in(broker.broker, self.login, self.given.password), "the account")
        will = dump(self.message("avail", {"state": "lost"}))
        self.client = Client(
            broker, self.login, self.given.password, will=(self.topic("avail"), will), again=True
        )
        self.client.__enter__()
        self.subscribe()
        self.say("avail", {"state": "online"}, retain=True)
        return self

    def subscribe(self) -> None:
        """Listen, also after the broker was away."""
        assert self.client is not None
        client = self.client
        wait_until(client.paho.is_connected, "the connection")
        client.subscribe(
            *(self.topic(tail) for tail in ("ack", "cmd/#", "cfg", "grants", "idle")),
            f"cubby/1/{self.site}/srv/state",
        )

    def message(self, tail: str, data: dict[str, Any], **more: Any) -> Message[Any]:
        kind = FROM_TERMINAL[tail]
        now = int(datetime.now(UTC).timestamp() * 1000)
        said = {
            "v": 1,
            "id": new_id(),
            "boot": self.boot,
            "seq": 0,
            "ts": now,
            "ts_q": "ntp",
            "data": data,
            **more,
        }
        return parse(json.dumps(said).encode(), kind)

    def say(self, tail: str, data: dict[str, Any], *, retain: bool = False, **more: Any) -> str:
        """Say something; the id of the message."""
        message = self.message(tail, data, **more)
        self.send(tail, dump(message), retain=retain)
        return message.id

    def send(self, tail: str, body: bytes, *, retain: bool = False) -> None:
        assert self.client is not None
        qos = 0 if tail in ("display", "tele") else 1
        self.client.paho.publish(self.topic(tail), body, qos, retain)

    def fact(self, tail: str, data: dict[str, Any], **more: Any) -> Message[Any]:
        """Say a fact, with the next number."""
        self.seq += 1
        message = self.message(tail, data, **{"seq": self.seq, **more})
        self.send(tail, dump(message))
        return message

    def tap(self, number: str, mode: str = "locker", **more: Any) -> Message[Any]:
        return self.fact("evt/tap", {"card": [number], "mode": mode}, **more)

    def answers(self, to: str) -> list[Message[Any]]:
        self._take()
        return [one.message for one in self.heard if one.tail == "ack" and one.message.re == to]

    def answer(self, to: Message[Any]) -> Any:
        """The data of the answer to a fact."""
        wait_until(lambda: self.answers(to.id), "an answer")
        return self.answers(to.id)[0].data

    def told(self, tail: str) -> list[Message[Any]]:
        self._take()
        return [one.message for one in self.heard if one.tail == tail]

    def next(self, tail: str, than: int = 0) -> Message[Any]:
        """What it was told last of this kind, once it was told so more than so often."""
        wait_until(lambda: len(self.told(tail)) > than, f"{tail}")
        return self.told(tail)[-1]

    def until_told(self, tail: str, said: Callable[[Any], bool]) -> Any:
        """What it was told last of this kind, once that is so."""
        wait_until(lambda: any(said(one.data) for one in self.told(tail)[-1:]), tail)
        return self.told(tail)[-1].data

    def leave(self) -> None:
        assert self.client is not None
        self.client.__exit__(None, None, None)
        self.client = None

    def break_off(self) -> None:
        """The connection breaks, so that the broker sends the last will."""
        assert self.client is not None
        sock: Any = self.client.paho.socket()
        self.client.paho.loop_stop()
        sock.close()
        self.client = None

    def _take(self) -> None:
        if self.client is None:
            return
        for _ in range(self.client.messages.qsize()):
            came = self.client.messages.get_nowait()
            tail = "state" if came.topic.endswith("srv/state") else came.topic.split("/", 4)[4]
            if came.payload:
                message = as_contract(tail, bytes(came.payload))
                self.heard.append(Heard(tail, message, came.retain))


def as_contract(tail: str, body: bytes) -> Message[Any]:
    """What the server said on the topic that ends so, which has to be as the contract has it: as
    its file says, which is what others write terminals by, and with nothing beside that."""
    said = json.loads(body)
    _schema(tail).validate(said)
    message = parse(body, TO_TERMINAL[tail])
    assert json.loads(dump(message)) == said
    return message


@cache
def _schema(tail: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(CONTRACT.read_text())["to_terminal"][tail])


class Stage:
    """A library with terminals, a broker, and a bridge."""

    def __init__(self, world: World, broker: TestBroker) -> None:
        self.world, self.broker = world, broker
        self.bridges: list[Bridging] = []
        self.terminals: list[Terminal] = []
        self._cards = 0

    def start(self, db: Database | None = None, **options: Any) -> Bridging:
        """Start a bridge; another one runs beside those that do."""
        bridge = Bridging(db or self.world.db, self.broker, **options)
        self.bridges.append(bridge)
        bridge.until_connected()
        return bridge

    def stop(self, bridge: Bridging) -> None:
        self.bridges.remove(bridge)
        bridge.stop()

    def add(self, bank_id: int | None = None, **plan: Any) -> int:
        """Set up a terminal of a bank, with a relay for each of its doors, or a gate; its id."""
        world = self.world
        name = f"Terminal {len(world.rows(terminal)) + 1}"
        if bank_id is None:
            site_id = plan.pop("site_id")
            made = TerminalPlan(name, **{"kind": TerminalKind.GATE, "mode": TapMode.GATE, **plan})
        else:
            site_id = world.row(_bank(), bank_id).site_id
            numbers = [row.number for row in world.rows(_locker(), bank_id=bank_id)]
            relays = dict(zip(numbers, PINS, strict=False))
            made = TerminalPlan(name, bank_id=bank_id, **{"relays": relays, **plan})
        return world.run(world.staff(), add_terminal, site_id=site_id, plan=made)

    def provision(self, terminal_id: int) -> Provisioned:
        """Make a device this terminal."""
        world = self.world
        code = world.run(world.staff(), make_code, terminal_id=terminal_id).code
        return provision(world.db, SEAL, Call(world.clock.now, "test"), code)

    def terminal(self, bank_id: int | None = None, **plan: Any) -> Terminal:
        """A terminal that is connected and known to be."""
        terminal_id = self.add(bank_id, **plan)
        made = Terminal(self, terminal_id, self.provision(terminal_id))
        self.terminals.append(made)
        made.connect()
        wait_until(lambda: self.state(terminal_id) == "online", "the state")
        return made

    def state(self, terminal_id: int) -> str:
        return self.world.row(terminal, terminal_id).state

    def card_of(self, person: Actor) -> str:
        """A card that is this person's; its number."""
        self._cards += 1
        number = "k1." + "".join("ABCDEFGHIJ"[int(d)] for d in f"{self._cards:026}")
        now = self.world.clock.now
        values = {
            "number": number,
            "person_id": person.id,
            "linked_at": now,
            "created_at": now,
            "answer": {},
        }
        self.world.change(insert(card).values(**values))
        return number

    def end(self) -> None:
        for one in self.terminals:
            if one.client is not None:
                one.leave()
        for bridge in list(self.bridges):
            self.stop(bridge)


def _bank() -> Any:
    from locker_app.db.tables import bank

    return bank


def _locker() -> Any:
    from locker_app.db.tables import locker

    return locker


@contextmanager
def stage_of(world: World, broker: TestBroker) -> Iterator[Stage]:
    """A stage, cleared away in the end."""
    stage = Stage(world, broker)
    try:
        yield stage
    finally:
        stage.end()


def eventually(seen: Callable[[], Any], what: str = "it") -> None:
    wait_until(seen, what)


__all__ = ["Broker", "Now", "Part", "Stage", "Terminal", "eventually", "stage_of", "time"]
