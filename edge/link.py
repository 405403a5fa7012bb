"""The connection to the broker. It lives in a thread of its own and decides nothing.

What comes is handed on as it is. A new client of paho for each connection: its own queue of
unanswered messages would send again what the outbox sends again anyway.
"""

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from edge.clock import Clock
from edge.identity import Identity
from edge.machines.events import LinkDown, LinkUp
from edge.messages import Arrived
from edge.patience import Patience
from edge.protocol import QOS, RETAINED, SERVER, topic

log = logging.getLogger(__name__)

KEEPALIVE_S = 10
CONNECT_S = 5.0
SILENT_S = 15
FAREWELL_S = 1.0
MOST_BYTES = 64 * 1024
"""Of a message that is handed on; the contract's own limit is judged later."""
TAILS = ("ack", "cmd/#", "cfg", "grants", "idle")
_UNSUPPORTED_VERSION = 132
_NOT_ADMITTED = frozenset({134, 135, 138})
"""A wrong name or password, not authorised, banned. Any other refusal, such as that the broker is
busy, may pass, and says nothing about this terminal."""
_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311


@dataclass(frozen=True, slots=True)
class Overheard:
    """A message that was not even looked at: too long, or its topic is no text."""

    tail: str
    why: str = "too_long"


class _Client(paho.Client):
    """paho's, which says when its thread has ended, also when that broke: nobody reads then."""

    def __init__(self, ended: threading.Event, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._when_ended = ended

    def _thread_main(self) -> None:
        try:
            super()._thread_main()
        except Exception:  # of what the broker sent, and nobody had thought of
            log.exception("The connection to the broker broke in a way that it should not")
        finally:
            self._when_ended.set()


class Link:
    """Connects, and connects again, until it is stopped."""

    def __init__(
        self, identity: Identity, clock: Clock, put: Callable[[Any], None], will: bytes
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._put = put
        self._will = will
        """What the broker says for us if we are gone without a word."""
        self._version = _V5
        self._client: paho.Client | None = None
        self._up = threading.Event()
        self._ended = threading.Event()
        self._stopping = threading.Event()
        self._refused = False
        self._patience = Patience()
        self._told = ""
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether the broker took us."""
        return self._up.is_set()

    def publish(self, tail: str, body: bytes) -> bool:
        """Say something. Whether it could be handed to the connection, and no more than that."""
        client = self._client
        if client is None or not self.up:
            return False
        sent = client.publish(
            topic(self._identity.site, self._identity.terminal, tail),
            body,
            qos=QOS.get(tail, 1),
            retain=tail in RETAINED,
        )
        return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def stop(self, farewell: bytes = b"") -> None:
        """Say goodbye, if that is possible within a second, and end."""
        self._stopping.set()
        client = self._client
        if client is not None and self.up and farewell:
            name = topic(self._identity.site, self._identity.terminal, "avail")
            with contextlib.suppress(RuntimeError, ValueError):
                client.publish(name, farewell, qos=1, retain=True).wait_for_publish(FAREWELL_S)
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(CONNECT_S + 2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._refused = False
            try:
                self._connect_once()
            except Exception as error:  # whatever is wrong, it is tried again
                self._say(f"No connection to the broker: {_reason(error)}")
                if not isinstance(error, OSError):
                    log.exception("The connection failed in a way that it should not")
            self._end()
            self._stopping.wait(self._patience.pause_s())

    def _connect_once(self) -> None:
        """One connection, from its beginning to its end. Raises OSError and what paho raises."""
        client = self._client = self._made()
        broker = self._identity.broker
        client.connect(broker.host, broker.port, KEEPALIVE_S)
        self._ended.clear()
        client.loop_start()
        try:
            self._wait_for_end(client)
        finally:
            client.disconnect()
            client.loop_stop()

    def _wait_for_end(self, client: paho.Client) -> None:
        """Paho says when a connection ends. If it ever forgets to, that shows here."""
        patience = SILENT_S
        while not self._ended.wait(1.0) and not self._stopping.is_set():
            patience = SILENT_S if client.is_connected() else patience - 1
            if patience <= 0:
                return

    def _made(self) -> paho.Client:
        client = _Client(
            self._ended,
            CallbackAPIVersion.VERSION2,
            self._identity.terminal,
            clean_session=None if self._version == _V5 else True,
            protocol=self._version,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(20)
        client.max_queued_messages_set(200)
        client.username_pw_set(self._identity.terminal, self._identity.password)
        name = topic(self._identity.site, self._identity.terminal, "avail")
        client.will_set(name, self._will, qos=1, retain=True)
        if self._identity.broker.tls:
            client.tls_set_context(ssl.create_default_context(cadata=self._identity.broker.ca))
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = _acknowledge_at_once
        return client

    def _on_connect(self, client: paho.Client, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            if (
                reason.value == _UNSUPPORTED_VERSION
                and self._version != MQTTProtocolVersion.MQTTv311
            ):
                self._version = MQTTProtocolVersion.MQTTv311
                self._patience.begin_anew()
            else:
                self._refused = reason.value in _NOT_ADMITTED
                self._say(f"The broker refused this terminal: {reason}")
            client.disconnect()
            return
        mine = [topic(self._identity.site, self._identity.terminal, tail) for tail in TAILS]
        server = topic(self._identity.site, SERVER, "state")
        client.subscribe([(name, 1) for name in (*mine, server)])
        self._patience.connected(self._clock.mono())
        self._told = ""
        log.info("Connected to the broker")
        self._up.set()
        self._put(LinkUp())

    def _on_disconnect(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if self._up.is_set() and not self._stopping.is_set():
            self._say(f"The connection to the broker ended: {reason}")
        self._ended.set()

    def _on_message(self, client: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        _acknowledge_at_once(client)
        try:
            tail = "/".join(message.topic.split("/")[4:])
        except UnicodeDecodeError:
            self._put(Overheard("", "not_text"))
            return
        if len(message.payload) > MOST_BYTES:
            self._put(Overheard(tail))
        else:
            self._put(
                Arrived(tail, bytes(message.payload), bool(message.retain), self._clock.mono())
            )

    def _end(self) -> None:
        was_up = self._up.is_set()
        self._up.clear()
        if was_up or self._refused or self._patience.failures == 0:
            self._put(LinkDown(self._refused))
        self._patience.ended(self._clock.mono(), refused=self._refused)

    def _say(self, what: str) -> None:
        """An outage is logged when it begins, and when another one takes its place."""
        if what != self._told:
            log.warning("%s. It is tried again.", what)
        self._told = what


def _no_delay(_client: Any, _userdata: Any, connection: Any) -> None:
    """Without it a message waits for the answer to the one before."""
    with contextlib.suppress(OSError, AttributeError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _acknowledge_at_once(client: paho.Client, *_: Any) -> None:
    """The embedded broker waits for it before it sends on. Linux forgets it after each use."""
    connection: Any = client.socket()
    if connection is not None and hasattr(socket, "TCP_QUICKACK"):
        with contextlib.suppress(OSError, AttributeError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
