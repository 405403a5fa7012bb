"""The door of the embedded broker: who may come in, and what they may do there.

That broker knows neither accounts that change nor rights. So it listens with a password that only
we know, and each connection comes to it through here: name and password are checked, the client's
id becomes its name. Who publishes or subscribes where it may not gets the answer that others get,
and publishes to nobody and reads nothing, as with Mosquitto. Properties of messages are taken off
(`wire.plain_publish`).

What the broker sends is passed on at once: it holds small packets back until the last one was
acknowledged, so that is done right away (0024).
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from locker_app.brokers import wire
from locker_app.brokers.accounts import PASSWORDS, password_fits, read_password_file
from locker_app.brokers.mosquitto import LARGEST_PACKET
from locker_app.brokers.rights import Rights, may_read, may_write, rights_of

log = logging.getLogger(__name__)

_FIRST_SECONDS = 5
_PIECE = 64 * 1024
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
_SHARE = "$share/"
_NOWHERE, _NOTHING = "nowhere", "nothing"
"""Where what may not be published ends, and what is heard by who may not read: nobody may read the
one or write the other, and they are two, so that nobody hears there what another may not say."""


@dataclass(frozen=True, slots=True)
class Inner:
    """The broker behind the gate: its ports for MQTT 3.1.1 and 5, and what it asks for."""

    ports: dict[int, int]
    user: str
    password: str


class Refused(Exception):
    """The connection ends. The message says why, for the log."""


class Gate:
    """Everybody who is connected."""

    def __init__(self, folder: Path, prefix: str, inner: Inner) -> None:
        self._folder, self._prefix, self._inner = folder, prefix, inner
        self._hashes: dict[str, str] = {}
        self._inside: dict[asyncio.StreamWriter, tuple[str, str]] = {}
        self.reload()

    def reload(self) -> None:
        """Read the accounts again; whoever has another password now, or none, is cut off."""
        self._hashes = read_password_file((self._folder / PASSWORDS).read_text())
        for writer, (name, kept) in list(self._inside.items()):
            if self._hashes.get(name) != kept:
                log.warning("%s may connect no more", name)
                writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first packet to its end."""
        inner: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(_FIRST_SECONDS):
                name, level, packet = await self._enter(reader, writer)
                port = self._inner.ports[level]
                answers, inner = await asyncio.open_connection("127.0.0.1", port)
            inner.write(packet)
            await self._relay(
                rights_of(name, self._prefix), level, (reader, inner, answers, writer)
            )
        except Refused as why:
            log.warning("%s: %s", self._inside.get(writer, ("Somebody",))[0], why)
        except wire.Malformed as why:
            log.warning("A packet can't be read: %s", why)
        except (OSError, EOFError, TimeoutError):
            pass  # it, or the broker, is gone
        finally:
            self._inside.pop(writer, None)
            for end in (writer, inner):
                if end is not None:
                    end.close()

    async def _enter(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int, bytes]:
        """Check who it is: its name, its version of MQTT, and the first packet to pass on."""
        _, _, body = await _packet(reader, LARGEST_PACKET, {wire.CONNECT})
        said = wire.read_connect(body)
        kept = self._hashes.get(said.user)
        if not said.user:  # who only asks whether a broker is there does that too: no news
            writer.write(wire.refusal(said.level))
            raise EOFError
        if kept is None or not password_fits(said.password, kept):
            writer.write(wire.refusal(said.level))
            raise Refused("a name without an account, or a wrong password")
        rights = rights_of(said.user, self._prefix)
        if said.will_topic is not None and not may_write(rights, said.will_topic):
            writer.write(wire.refusal(said.level))
            raise Refused(f"{said.user} may have no last will at {said.will_topic[:200]!r}")
        self._inside[writer] = (said.user, kept)
        inner = self._inner
        packet = wire.connect_as(body, said.user, inner.user, inner.password)
        return said.user, said.level, packet

    async def _relay(
        self,
        rights: Rights,
        level: int,
        ends: tuple[
            asyncio.StreamReader, asyncio.StreamWriter, asyncio.StreamReader, asyncio.StreamWriter
        ],
    ) -> None:
        reader, inner, answers, writer = ends
        back = asyncio.ensure_future(_pass_on(answers, inner, writer))
        there = asyncio.ensure_future(_check_and_pass_on(reader, inner, rights, level))
        try:
            await asyncio.wait({back, there}, return_when=asyncio.FIRST_COMPLETED)
            if there.done():
                there.result()
        finally:
            for task in (back, there):
                task.cancel()
                with contextlib.suppress(Exception, asyncio.CancelledError):
                    await task


async def _check_and_pass_on(
    reader: asyncio.StreamReader, inner: asyncio.StreamWriter, rights: Rights, level: int
) -> None:
    aliases: dict[int, str] = {}
    while True:
        first, head, body = await _packet(reader, LARGEST_PACKET, wire.LATER)
        passed = head + body
        if first >> 4 == wire.PUBLISH:
            topic = wire.read_publish(first, body, level, aliases)
            if not may_write(rights, topic):
                passed = wire.publish_to(first, body, _NOWHERE)
            elif level == 5:
                passed = wire.plain_publish(first, body, topic) or passed
        elif first >> 4 == wire.SUBSCRIBE:
            asked = wire.read_subscribe(body, level)
            allowed = [one if may_read(rights, _unshared(one)) else _NOTHING for one in asked]
            if allowed != asked:
                passed = wire.subscribe_to(body, level, allowed)
        inner.write(passed)
        await inner.drain()


def _unshared(asked: str) -> str:
    """What a shared subscription is about."""
    if not asked.startswith(_SHARE):
        return asked
    return asked.removeprefix(_SHARE).partition("/")[2]


async def _pass_on(
    answers: asyncio.StreamReader, inner: asyncio.StreamWriter, writer: asyncio.StreamWriter
) -> None:
    conn = inner.get_extra_info("socket")
    while piece := await answers.read(_PIECE):
        if _QUICKACK is not None:
            conn.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        writer.write(piece)
        await writer.drain()


async def _packet(
    reader: asyncio.StreamReader, largest: int, kinds: Container[int]
) -> tuple[int, bytes, bytes]:
    """One packet: its first byte, its head, its body."""
    head = await reader.readexactly(2)
    if head[0] >> 4 not in kinds:
        raise Refused(f"a packet of kind {head[0] >> 4} where there may be none")
    length, shift = head[1] & 0x7F, 7
    while head[-1] & 0x80:
        if len(head) == 5:
            raise wire.Malformed("a length does not end")
        head += await reader.readexactly(1)
        length |= (head[-1] & 0x7F) << shift
        shift += 7
    if length > largest:
        raise Refused(f"a packet of {length} bytes")
    return head[0], head, await reader.readexactly(length)
