"""The connection itself: old brokers, deaf brokers, encrypted ones."""

import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.clock import Clock
from edge.identity import Broker, CardKey, Identity
from edge.link import Link, Overheard
from edge.machines.events import LinkDown, LinkUp
from locker_app.brokers.certificates import make_authority, make_server

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


def _identity(port: int, ca: str | None = None) -> Identity:
    return Identity(
        terminal="door",
        password="x",
        site="lib",
        name="Door",
        broker=Broker(host="127.0.0.1", port=port, tls=ca is not None, ca=ca),
        card_keys=[CardKey(kid="k1", key=KEY)],
        grant_key=KEY,
        server="https://x",
    )


class OldBroker:
    """Knows MQTT 3.1.1 only, and of that only how to let somebody in."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self.says = b""
        """To whoever was just let in."""
        self.levels: list[int] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._let_in, args=(connection,), daemon=True).start()

    def _let_in(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            hello = connection.recv(1000)
            level = hello[hello.index(b"MQTT") + 4]
            self.levels.append(level)
            if level != 4:
                connection.sendall(b"\x20\x02\x00\x01")
                return
            connection.sendall(b"\x20\x02\x00\x00" + self.says)
            while connection.recv(1000):
                pass


@contextmanager
def _linked(port: int, ca: str | None = None) -> Iterator[tuple[Link, "queue.Queue[Any]"]]:
    happened: queue.Queue[Any] = queue.Queue()
    link = Link(_identity(port, ca), Clock(), happened.put, b"lost")
    link.start()
    try:
        yield link, happened
    finally:
        link.stop(b"bye")


def test_a_broker_that_knows_only_the_old_version_gets_it() -> None:
    broker = OldBroker()
    with _linked(broker.port) as (link, happened):
        while not isinstance(happened.get(timeout=20), LinkUp):
            pass
        assert broker.levels == [5, 4]
        assert link.publish("evt/tap", b"x")
    broker.close()


def test_without_a_broker_it_says_so_once_and_ends_quickly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with _linked(port) as (link, happened):
        assert happened.get(timeout=20) == LinkDown()
        assert not link.publish("evt/tap", b"x")
        assert not link.up


def test_an_encrypted_broker_is_trusted_by_its_authority_only(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority, stranger = make_authority(now), make_authority(now)
    pair = make_server(authority, ["127.0.0.1"], now)
    file = tmp_path / "broker.pem"
    file.write_text(pair.key + pair.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    broker = OldBroker(context)
    with _linked(broker.port, stranger.certificate) as (link, happened):
        assert isinstance(happened.get(timeout=20), LinkDown)
        assert not link.up
    assert not broker.levels, "nothing was said to it"
    with _linked(broker.port, authority.certificate) as (link, happened):
        while not isinstance(happened.get(timeout=20), LinkUp):
            pass
        assert link.publish("evt/tap", b"x")
    broker.close()


def test_a_broker_that_talks_nonsense_does_not_end_it() -> None:
    topic_of_bytes = b"\x30\x03\x00\x01\xff"
    packet_cut_short = b"\x30\x01\x00"
    for says in (topic_of_bytes, packet_cut_short):
        broker = OldBroker()
        broker.says = says
        with _linked(broker.port) as (_, happened):
            while not isinstance(happened.get(timeout=20), LinkUp):
                pass
            if says is topic_of_bytes:
                assert isinstance(happened.get(timeout=20), Overheard)
            else:
                assert isinstance(happened.get(timeout=20), LinkDown), "it notices, and comes back"
        broker.close()
