"""Real brokers for tests, of either kind, as the app runs them: on a free port of loopback, with
their files in a folder of their own; and a client that waits for what it is to see.

    with mosquitto() as broker:
        password = broker.add("door-1")
        with Client(broker, "door-1", password) as door: ...
"""

import contextlib
import os
import queue
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from locker_app.brokers.accounts import Account, new_password, password_hash
from locker_app.brokers.broker import Broker
from locker_app.brokers.choosing import Running, answers, free_port, open_broker
from locker_app.settings import Settings

PATIENCE = 20
"""Seconds that a test waits for what should come at once; a busy machine is slow and not wrong."""
KINDS = ("mosquitto", "embedded")
HOME_ASSISTANT_PASSWORD = "of Home Assistant"  # the same at each broker
V5 = MQTTProtocolVersion.MQTTv5
V311 = MQTTProtocolVersion.MQTTv311


def wait_until(seen: Callable[[], Any], what: str = "it", every_s: float = 0.005) -> None:
    """Wait for something to become true; look less often at what takes long to see."""
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end, f"{what} did not come in {PATIENCE} s"
        time.sleep(every_s)


class TestBroker:
    """A broker that runs, its accounts, and what can be done to it."""

    __test__ = False

    def __init__(self, kind: str, folder: Path, port: int | None = None) -> None:
        self.kind = kind
        self.settings = Settings.model_validate(
            {
                "mqtt": kind,
                "data_dir": folder,
                "mqtt_port": port or free_port(0),
                "mqtt_url": "",
                "home_assistant_password": HOME_ASSISTANT_PASSWORD,
            }
        )
        self._accounts: dict[str, Account] = {}
        self.running: Running = open_broker(self.settings)

    @property
    def broker(self) -> Broker:
        """As the app knows it, with the server's own account."""
        return self.running.broker

    @property
    def host(self) -> str:
        return self.broker.host

    @property
    def port(self) -> int:
        return self.broker.port

    @property
    def pid(self) -> int:
        """The process of the broker; it is another one after `kill`."""
        wait_until(lambda: self.running.pid, "the broker's process")
        pid = self.running.pid
        assert pid is not None
        return pid

    def add(self, name: str) -> str:
        """Make an account for a terminal, or give it another password: the password."""
        password = new_password()
        self._accounts[name] = Account(name, password_hash(password))
        self._sync()
        return password

    def know(self, hashes: Mapping[str, str]) -> None:
        """Make accounts whose passwords somebody else has made, by name."""
        self._accounts |= {name: Account(name, hashed) for name, hashed in hashes.items()}
        self._sync()

    def remove(self, *names: str) -> None:
        """Take accounts away."""
        for name in names:
            del self._accounts[name]
        self._sync()

    def kill(self) -> None:
        """kill -9, and wait until it answers again."""
        before = self.pid
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.running.pid not in (None, before), "another process")
        wait_until(lambda: answers(self.port), "an answer of the broker")

    def freeze(self) -> None:
        """Stop its process without ending it: connections stay, and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def down(self) -> None:
        """Stop it. What it keeps on disk stays."""
        self.running.stop()

    def up(self) -> None:
        """Start it again, on the same port, with the same accounts."""
        port = self.port
        self.running = open_broker(self.settings)
        assert self.port == port

    def _sync(self) -> None:
        """Have the accounts there, and wait until the broker has read them."""
        probe = new_password()
        accounts = [*self._accounts.values(), Account("probe", password_hash(probe))]
        self.running.accounts.sync(accounts)
        wait_until(lambda: lets_in(self.broker, "probe", probe), "the new accounts")


def lets_in(broker: Broker, name: str, password: str) -> bool:
    """Whether the broker accepts them. Whoever is connected by that name is cut off by it."""
    user, secret = name.encode(), password.encode()
    body = b"\x00\x04MQTT\x04\xc2\x00\x05"
    for text in (user, user, secret):
        body += len(text).to_bytes(2) + text
    with socket.create_connection((broker.host, broker.port), timeout=PATIENCE) as conn:
        conn.sendall(b"\x10" + bytes([len(body)]) + body)
        return conn.recv(4) == b"\x20\x02\x00\x00"


@contextlib.contextmanager
def mosquitto(folder: Path | None = None, port: int | None = None) -> Iterator[TestBroker]:
    """Mosquitto, with what it keeps on disk in `folder`, else in one that is removed."""
    with _running("mosquitto", folder, port) as broker:
        yield broker


@contextlib.contextmanager
def embedded(folder: Path | None = None, port: int | None = None) -> Iterator[TestBroker]:
    """The embedded one."""
    with _running("embedded", folder, port) as broker:
        yield broker


@contextlib.contextmanager
def of_kind(kind: str) -> Iterator[TestBroker]:
    """One of `KINDS`."""
    with _running(kind, None, None) as broker:
        yield broker


@contextlib.contextmanager
def _running(kind: str, folder: Path | None, port: int | None) -> Iterator[TestBroker]:
    where = folder or Path(
        tempfile.mkdtemp(prefix="cubby-mqtt-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
    )
    broker = TestBroker(kind, where, port)
    try:
        yield broker
    finally:
        broker.down()
        if folder is None:
            shutil.rmtree(where)


class Client:
    """A client of paho that keeps what it sees. It connects again by itself, unless told not to."""

    def __init__(
        self,
        broker: TestBroker | Broker,
        name: str = "",
        password: str = "",
        *,
        client_id: str | None = None,
        version: MQTTProtocolVersion = V5,
        will: tuple[str, bytes] | None = None,
        clean: bool = True,
        again: bool = False,
    ) -> None:
        self._broker = broker.broker if isinstance(broker, TestBroker) else broker
        self.name = name or self._broker.user
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.reasons: list[str] = []
        self.connected, self.ended = threading.Event(), threading.Event()
        self.session_present = False
        self._granted: set[int] = set()
        self._clean, self._again, self._version = clean, again, version
        more: dict[str, Any] = {} if version is V5 else {"clean_session": clean}
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2, client_id or self.name, protocol=version, **more
        )
        self.paho.username_pw_set(self.name, password if name else self._broker.password)
        if will is not None:
            self.paho.will_set(*will, qos=1, retain=True)
        self.paho.reconnect_delay_set(0.02, 0.2)  # pyright: ignore[reportArgumentType]
        self.paho.on_socket_open = _no_delay
        self.paho.on_connect = self._on_connect
        self.paho.on_connect_fail = lambda *_: self.ended.set()
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = lambda _c, _u, message: self.messages.put(message)
        self.paho.on_subscribe = lambda _c, _u, mid, *_: self._granted.add(mid)

    def open(self) -> Self:
        """Begin to connect."""
        more: dict[str, Any] = {}
        if self._version is V5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 0 if self._clean else 3600
            more = {"clean_start": self._clean, "properties": properties}
        self.paho.connect_async(self._broker.host, self._broker.port, 30, **more)
        self.paho.loop_start()
        return self

    def __enter__(self) -> Self:
        self.open()
        assert self.connected.wait(PATIENCE), f"{self.name} was not let in: {self.reasons}"
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def subscribe(self, *filters: str, qos: int = 1) -> None:
        """Subscribe, and wait until it is granted."""
        for one in filters:
            code, mid = self.paho.subscribe(one, qos)
            assert code == paho.MQTT_ERR_SUCCESS
            assert mid is not None
            wait_until(lambda mid=mid: mid in self._granted, f"the subscription to {one}")

    def publish(
        self, topic: str, payload: bytes = b"", *, qos: int = 1, retain: bool = False
    ) -> None:
        """Publish, and wait until the broker has acknowledged it."""
        self.paho.publish(topic, payload, qos, retain).wait_for_publish(PATIENCE)

    def next(self) -> paho.MQTTMessage:
        """The next message that came."""
        return self.messages.get(timeout=PATIENCE)

    def topics(self) -> list[str]:
        """Of all messages that have come and were not taken yet."""
        return [self.messages.get_nowait().topic for _ in range(self.messages.qsize())]

    def cut(self) -> None:
        """Break the connection without a word, as a cable does."""
        conn: Any = self.paho.socket()
        conn.shutdown(socket.SHUT_RDWR)

    def wait_end(self) -> None:
        """Wait until the broker has ended the connection, or refused it."""
        assert self.ended.wait(PATIENCE), f"{self.name} is still connected"

    def _on_connect(self, _c: Any, _u: Any, flags: Any, reason: Any, _p: Any) -> None:
        self.reasons.append(str(reason))
        self.session_present = flags.session_present
        if reason.is_failure:
            self.ended.set()
        else:
            self.ended.clear()
            self.connected.set()

    def _on_disconnect(self, client: paho.Client, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        self.reasons.append(str(reason))
        self.connected.clear()
        self.ended.set()
        if not self._again:
            client.disconnect()


def _no_delay(_c: Any, _u: Any, conn: Any) -> None:
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
