"""The connection to the broker: paho, driven by the event loop itself.

No thread stands between the socket and the loop, as each hop between threads costs up to five
milliseconds when the process is busy. For every connection there is a client of its own: what one
could not send any more is gone with it, so that nothing old is sent when the broker is back. Who
waits for it says it again.
"""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from locker_app.brokers.broker import Broker, Kind

KEEPALIVE_SECONDS = 10
CONNECT_SECONDS = 10
LONGEST_PAUSE_SECONDS = 15.0
_FIRST_PAUSE_SECONDS = 0.2
_IN_FLIGHT = 100
_READ_BYTES = 64 * 1024
_GOODBYE_TRIES, _GOODBYE_SECONDS = 50, 0.01
_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_OK = MQTTErrorCode.MQTT_ERR_SUCCESS
_OLD_BROKER = frozenset({"Unsupported protocol version", "Protocol error", "Unspecified error"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that came, and what acknowledges it at the broker, once it was taken."""

    topic: str
    body: bytes
    retained: bool
    taken: Callable[[], None]


class _Client(paho.Client):
    """paho's, which asks the system for each packet three times or more; and each time the threads
    of a busy process may take turns. Here it is asked once for all that has come, and once for all
    that is to go."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._ahead = b""
        self._asked = False
        self._gone: int | None = None
        """Bytes of the packets that are to go which the system has taken, all in one."""

    def read_all(self) -> None:
        """Take all that has come. On the event loop, when the socket can be read."""
        self._asked = False
        self.loop_read()
        sock = self.socket()
        while self._ahead or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            if not self._ahead:
                self._asked = False
            self.loop_read()
            sock = self.socket()
            if sock is None:
                break

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self._ahead:
            if self._asked:
                raise BlockingIOError
            self._asked = True
            self._ahead = super()._sock_recv(_READ_BYTES)
        part, self._ahead = self._ahead[:bufsize], self._ahead[bufsize:]
        return part

    def _packet_write(self) -> MQTTErrorCode:
        if len(self._out_packet) < 2:
            return super()._packet_write()
        parts = [one["packet"][one["pos"] :] for one in list(self._out_packet)]
        try:
            self._gone = super()._sock_send(b"".join(parts))
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        except OSError:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        try:
            return super()._packet_write()  # which notes what has gone
        finally:
            self._gone = None

    def _sock_send(self, buf: bytes | bytearray) -> int:
        if self._gone is None:
            return super()._sock_send(buf)
        if not self._gone:
            self._call_socket_register_write()
            raise BlockingIOError
        taken = min(len(buf), self._gone)
        self._gone -= taken
        return taken


class _Acks:
    """Acknowledges messages in the order in which they came, whichever is taken first: MQTT asks
    for that, and the embedded broker ends a connection that does otherwise."""

    def __init__(self, acknowledge: Callable[[int, int], None]) -> None:
        self._acknowledge = acknowledge
        self._open: deque[int] = deque()
        self._taken: dict[int, int] = {}
        """The quality of service of what was taken and waits for what came before."""

    def came(self, mid: int, qos: int) -> Callable[[], None]:
        """A message came; what is to be called once it was taken."""
        if not qos:
            return lambda: None
        self._open.append(mid)
        waits = True

        def taken() -> None:
            nonlocal waits
            if waits:
                waits = False
                self._taken[mid] = qos
                self._go_on()

        return taken

    def _go_on(self) -> None:
        while self._open and self._open[0] in self._taken:
            mid = self._open.popleft()
            self._acknowledge(mid, self._taken.pop(mid))


class Link:
    """Stays connected for as long as `run` does. Everything here belongs on the event loop."""

    def __init__(
        self,
        broker: Broker,
        subscriptions: Iterable[str],
        *,
        on_message: Callable[[Incoming], None],
        on_connected: Callable[[], None],
        on_lost: Callable[[str], None],
        will: tuple[str, bytes] | None = None,
        wishes: Iterable[str] = (),
    ) -> None:
        """`wishes` are subscriptions that the broker may refuse."""
        self._broker, self._subscriptions, self._will = broker, tuple(subscriptions), will
        self._wishes = tuple(wishes)
        self._on_message, self._on_connected, self._on_lost = on_message, on_connected, on_lost
        self._client: paho.Client | None = None
        self._version = _V5
        self._begun, self._ended = asyncio.Event(), asyncio.Event()
        """It is of use, or never will be; it is over."""
        self._ready = False
        self._why = ""
        self._waiting_for: set[int] = set()
        """Subscriptions that the broker has not granted yet."""

    @property
    def connected(self) -> bool:
        """Whether what is published now goes to the broker."""
        return self._ready

    @property
    def _expires(self) -> bool:
        """Whether the broker is told how long a message is worth something, which the message says
        as well. The embedded one is not: no property gets through its gate."""
        return self._version is _V5 and self._broker.kind is not Kind.EMBEDDED

    async def run(self) -> None:
        """Connect, and connect again whenever the connection ends, until cancelled."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            was_ready = await self._connection()
            pause = _FIRST_PAUSE_SECONDS if was_ready else min(2 * pause, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - not all at once

    def publish(
        self,
        topic: str,
        body: bytes,
        *,
        retain: bool = False,
        qos: int = 1,
        lives_s: float | None = None,
    ) -> bool:
        """Send a message, which the broker may forget after `lives_s`; whether it went out."""
        client = self._client
        if client is None or not self._ready:
            return False
        properties = None
        if lives_s is not None and self._expires:
            properties = _expiring(max(1, round(lives_s)))
        # It goes with all else that is said in this turn of the loop.
        return client.publish(topic, body, qos, retain, properties).rc == _OK

    async def close(self) -> None:
        """Say goodbye, when what is on its way has arrived, or soon anyway."""
        client = self._client
        if client is None:
            return
        client.loop_write()  # at once: `run` may be about to end
        for _ in range(_GOODBYE_TRIES):
            if not client.want_write() and not client._out_messages:
                break
            await asyncio.sleep(_GOODBYE_SECONDS)
        client.disconnect()
        client.loop_write()
        self._drop()

    async def _connection(self) -> bool:
        """One connection, from its begin to its end; whether it was ever of use."""
        loop = asyncio.get_running_loop()
        self._begun, self._ended = asyncio.Event(), asyncio.Event()
        self._ready, self._why = False, ""
        client = self._client = self._new_client(loop)
        self._acks = _Acks(lambda mid, qos: self._ack(client, mid, qos))
        was_ready = False
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.to_thread(self._connect, client)
                await self._begun.wait()
            while not self._ended.is_set():
                was_ready = True
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), 1)
                client.loop_misc()
        except TimeoutError:
            self._why = "it does not answer"
        except (OSError, ValueError) as error:
            self._why = self._why or str(error) or type(error).__name__
        finally:
            self._drop()
        self._on_lost(self._why)
        return was_ready

    def _drop(self) -> None:
        client, self._client, self._ready = self._client, None, False
        if client is not None:
            client.on_disconnect = None
            client._sock_close()

    def _connect(self, client: paho.Client) -> None:
        """In a thread: it may take long to find the address, or to agree on encryption."""
        more: dict[str, Any] = {"clean_start": True} if self._version is _V5 else {}
        client.connect(self._broker.host, self._broker.port, KEEPALIVE_SECONDS, **more)

    def _new_client(self, loop: asyncio.AbstractEventLoop) -> paho.Client:
        more: dict[str, Any] = {} if self._version is _V5 else {"clean_session": True}
        client = _Client(
            CallbackAPIVersion.VERSION2,
            self._broker.user,
            protocol=self._version,
            manual_ack=True,
            **more,
        )
        client.username_pw_set(self._broker.user, self._broker.password)
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.connect_timeout = CONNECT_SECONDS
        if self._will is not None:
            client.will_set(*self._will, qos=1, retain=True)
        if self._broker.tls:
            ca = None if self._broker.ca_file is None else str(self._broker.ca_file)
            client.tls_set_context(ssl.create_default_context(cafile=ca))

        def on_open(_client: object, _data: object, sock: Any) -> None:
            _no_delay(sock)
            loop.call_soon_threadsafe(_if_open, sock, loop.add_reader, sock, client.read_all)

        def on_close(_client: object, _data: object, sock: Any) -> None:
            if sock.fileno() >= 0:
                loop.remove_reader(sock)
                loop.remove_writer(sock)

        here = threading.get_ident()

        def writable() -> None:
            """Write what there is. The loop is asked to wait for the socket only when that is full:
            whoever waits for one that can always be written to never rests."""
            client.loop_write()
            sock: Any = client.socket()
            if sock is not None and sock.fileno() >= 0:
                if client.want_write():
                    loop.add_writer(sock, writable)
                else:
                    loop.remove_writer(sock)

        def want_write(_client: object, _data: object, _sock: object) -> None:
            if threading.get_ident() == here:
                loop.call_soon(writable)
            else:
                loop.call_soon_threadsafe(writable)

        client.on_socket_open = on_open
        client.on_socket_close = on_close
        client.on_socket_register_write = want_write
        client.on_connect = self._connack
        client.on_subscribe = self._suback
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        return client

    def _connack(
        self, client: paho.Client, _data: object, _flags: object, reason: Any, _more: object
    ) -> None:
        if reason.is_failure:
            self._why = str(reason)
            if self._version is _V5 and str(reason) in _OLD_BROKER:
                self._version = _V311
            self._end()
            return
        # The first by itself: what is retained there has come when the others are granted.
        self._waiting_for = set()
        for part in (self._subscriptions[:1], self._subscriptions[1:]):
            code, mid = client.subscribe([(one, 1) for one in part])
            if code != _OK or mid is None:
                self._end()
                return
            self._waiting_for.add(mid)
        if self._wishes:
            client.subscribe([(one, 1) for one in self._wishes])

    def _suback(
        self, _client: paho.Client, _data: object, mid: int, reasons: list[Any], _more: object
    ) -> None:
        if mid not in self._waiting_for or self._ready:
            return
        if any(reason.is_failure for reason in reasons):
            self._why = "it does not let the server read what terminals say"
            self._end()
            return
        self._waiting_for.discard(mid)
        if self._waiting_for:
            return
        self._ready = True
        self._begun.set()
        self._on_connected()

    def _disconnected(
        self, _client: paho.Client, _data: object, _flags: object, reason: Any, _more: object
    ) -> None:
        if not self._why:
            self._why = str(reason)
        if not self._ready and self._version is _V5 and str(reason) in _OLD_BROKER:
            self._version = _V311
        self._end()

    def _end(self) -> None:
        self._begun.set()
        self._ended.set()

    def _ack(self, client: paho.Client, mid: int, qos: int) -> None:
        """What came by a connection that is over is acknowledged nowhere."""
        if self._client is client:
            client.ack(mid, qos)

    def _message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        taken = self._acks.came(message.mid, message.qos)
        try:
            self._on_message(Incoming(message.topic, bytes(message.payload), message.retain, taken))
        except Exception:  # the connection is everybody's
            log.exception("a message could not be taken; it goes on")
            taken()


@lru_cache(maxsize=64)
def _expiring(seconds: int) -> Properties:
    """Properties of a message that the broker forgets then. Making them takes longer than to send
    a message, so they are kept; nobody changes them."""
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = seconds
    return properties


def _if_open(sock: Any, do: Callable[..., Any], *args: Any) -> None:
    if sock.fileno() >= 0:
        do(*args)


def _no_delay(sock: Any) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
