"""Just enough of MQTT's packets (3.1.1 and 5) to know who connects, publishes and subscribes."""

from collections.abc import Iterable
from dataclasses import dataclass

CONNECT, PUBLISH, SUBSCRIBE = 1, 3, 8
LATER = frozenset((PUBLISH, 4, 5, 6, 7, SUBSCRIBE, 10, 12, 14))
"""What a client may send once it is connected; all but a second CONNECT and another sign-in."""
_USER, _PASSWORD, _WILL = 0x80, 0x40, 0x04
_RETAIN = 0x01
_SUBSCRIBE_BYTE = SUBSCRIBE << 4 | 2
_FIXED = {0x01: 1, 0x17: 1, 0x19: 1, 0x24: 1, 0x25: 1, 0x28: 1, 0x29: 1, 0x2A: 1}
_FIXED |= {0x13: 2, 0x21: 2, 0x22: 2, 0x23: 2, 0x02: 4, 0x11: 4, 0x18: 4, 0x27: 4}
_TEXTS = {0x03: 1, 0x08: 1, 0x09: 1, 0x12: 1, 0x15: 1, 0x16: 1, 0x1A: 1, 0x1C: 1, 0x1F: 1, 0x26: 2}
_SUBSCRIPTION_ID = 0x0B
_TOPIC_ALIAS = 0x23


class Malformed(Exception):
    """These bytes are no packet that we understand."""


@dataclass(frozen=True, slots=True)
class Connect:
    """What a client says when it connects."""

    level: int
    user: str
    password: str
    will_topic: str | None


class _Reading:
    """A packet's bytes, from a place on."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.body):
            raise Malformed("it ends too early")
        self.at += count
        return self.body[self.at - count : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def raw(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        try:
            text = self.raw().decode()
        except UnicodeDecodeError:
            raise Malformed("a text is not UTF-8") from None
        if "\0" in text:
            raise Malformed("a text has a zero in it")
        return text

    def length(self) -> int:
        """A number of one to four bytes, by seven bits each."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Malformed("a length does not end")

    def alias_among_properties(self) -> int:
        """Skip properties of version 5; the topic alias among them, 0 without."""
        length = self.length()  # which moves `at`
        end, alias = self.at + length, 0
        while self.at < end:
            kind = self.length()
            if kind == _TOPIC_ALIAS:
                alias = self.number(2)
            elif kind in _FIXED:
                self.take(_FIXED[kind])
            elif kind == _SUBSCRIPTION_ID:
                self.length()
            elif kind in _TEXTS:
                for _ in range(_TEXTS[kind]):
                    self.raw()
            else:
                raise Malformed("an unknown property")
        if self.at != end:
            raise Malformed("properties of another length")
        return alias


def read_connect(body: bytes) -> Connect:
    """What a CONNECT says.

    Raises:
        Malformed: it can't be read, or is of a version that we don't speak.
    """
    return _connect(_Reading(body))[0]


def connect_as(body: bytes, client_id: str, user: str, password: str) -> bytes:
    """The same CONNECT, as a whole packet, under other names. Its last will has no properties: see
    `plain_publish`."""
    reading = _Reading(body)
    _, head, will = _connect(reading)
    flags = head[7] | _USER | _PASSWORD
    made = head[:7] + bytes([flags]) + head[8:]
    made += _sized(client_id) + will + _sized(user) + _sized(password)
    return packet(CONNECT << 4, made)


def _connect(reading: _Reading) -> tuple[Connect, bytes, bytes]:
    """What it says, its bytes before the client's id, and those of its last will without
    properties."""
    if reading.raw() != b"MQTT" or (level := reading.number(1)) not in (4, 5):
        raise Malformed("not MQTT 3.1.1 or 5")
    flags = reading.number(1)
    reading.take(2)
    if level == 5:
        reading.alias_among_properties()
    head = reading.body[: reading.at]
    reading.text()
    begin, will_topic, properties = reading.at, None, b""
    if flags & _WILL:
        if level == 5:
            reading.alias_among_properties()
            begin, properties = reading.at, b"\0"
        will_topic = reading.text()
        reading.raw()
    will = properties + reading.body[begin : reading.at]
    user = reading.text() if flags & _USER else ""
    password = reading.raw().decode(errors="replace") if flags & _PASSWORD else ""
    return Connect(level, user, password, will_topic), head, will


def plain_publish(first: int, body: bytes, topic: str) -> bytes | None:
    """The same PUBLISH of version 5, as a whole packet to this topic without any properties; None
    when it has none.

    The embedded broker can't tell a client of 3.1.1 of a message that has some: its thread for all
    of these ends then.
    """
    reading = _Reading(body)
    reading.text()
    number = reading.take(2) if first & 0x06 else b""
    begin = reading.at
    reading.alias_among_properties()
    if reading.at == begin + 1:
        return None
    return packet(first, _sized(topic) + number + b"\0" + body[reading.at :])


def read_publish(first: int, body: bytes, level: int, aliases: dict[int, str]) -> str:
    """The topic of a PUBLISH. `aliases` are those of this connection, and get new ones.

    Raises:
        Malformed: it can't be read, or has an alias that stands for nothing.
    """
    reading = _Reading(body)
    topic = reading.text()
    if first & 0x06:
        reading.take(2)
    alias = reading.alias_among_properties() if level == 5 else 0
    if topic and alias:
        aliases[alias] = topic
    if not topic and not alias:
        raise Malformed("no topic")
    if not topic and alias not in aliases:
        raise Malformed("an alias of nothing")
    return topic or aliases[alias]


def publish_to(first: int, body: bytes, topic: str) -> bytes:
    """The same PUBLISH, as a whole packet, to another topic, and not to be retained there."""
    reading = _Reading(body)
    reading.raw()
    return packet(first & ~_RETAIN, _sized(topic) + body[reading.at :])


def read_subscribe(body: bytes, level: int) -> list[str]:
    """The filters of a SUBSCRIBE.

    Raises:
        Malformed: it can't be read.
    """
    return [asked for asked, _ in _subscriptions(_Reading(body), level)]


def subscribe_to(body: bytes, level: int, filters: Iterable[str]) -> bytes:
    """The same SUBSCRIBE, as a whole packet, with other filters in the place of its own."""
    reading = _Reading(body)
    options = [option for _, option in _subscriptions(reading, level)]
    begin = _Reading(body)
    _skip_to_filters(begin, level)
    made = [_sized(each) + option for each, option in zip(filters, options, strict=True)]
    return packet(_SUBSCRIBE_BYTE, body[: begin.at] + b"".join(made))


def _skip_to_filters(reading: _Reading, level: int) -> None:
    reading.take(2)
    if level == 5:
        reading.alias_among_properties()


def _subscriptions(reading: _Reading, level: int) -> list[tuple[str, bytes]]:
    _skip_to_filters(reading, level)
    found = []
    while reading.at < len(reading.body):
        found.append((reading.text(), reading.take(1)))
    return found


def packet(first: int, body: bytes) -> bytes:
    """A whole packet."""
    return bytes([first]) + length_of(body) + body


def _sized(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2) + raw


def length_of(body: bytes) -> bytes:
    """The length of a packet's body, as it stands before it."""
    left, made = len(body), bytearray()
    while True:
        left, byte = divmod(left, 128)
        made.append(byte | (0x80 if left else 0))
        if not left:
            return bytes(made)


def refusal(level: int) -> bytes:
    """A CONNACK that says: not authorised."""
    return b"\x20\x03\x00\x87\x00" if level == 5 else b"\x20\x02\x00\x05"
