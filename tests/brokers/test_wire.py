"""MQTT's packets: what the gate of the embedded broker reads of them, and no upset by any."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locker_app.brokers import wire
from locker_app.brokers.wire import (
    Malformed,
    connect_as,
    length_of,
    packet,
    plain_publish,
    publish_to,
    read_connect,
    read_publish,
    read_subscribe,
    subscribe_to,
)

_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def _sized(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return len(raw).to_bytes(2) + raw


@st.composite
def _connects(draw: st.DrawFn) -> tuple[bytes, wire.Connect]:
    level = draw(st.sampled_from([4, 5]))
    user, password, will = draw(_TEXT), draw(_TEXT), draw(st.none() | _TEXT)
    flags = 0xC2 | (0x2C if will is not None else 0)
    five = level == 5
    # session expiry, a user property, a receive maximum
    properties = b"\x11\0\0\0\x05" + b"\x26\0\x01a\0\x01b" + b"\x21\0\x0a"
    body = _sized("MQTT") + bytes([level, flags]) + b"\0\x3c"
    body += length_of(properties) + properties if five else b""
    body += _sized(draw(_TEXT))
    if will is not None:
        body += (b"\x05\x18\0\0\0\x01" if five else b"") + _sized(will) + _sized(b"\0\xff gone")
    body += _sized(user) + _sized(password)
    return body, wire.Connect(level, user, password, will)


@given(_connects(), _TEXT, _TEXT)
@settings(max_examples=20)
def test_a_connect_under_another_name_says_the_same_else(
    connect: tuple[bytes, wire.Connect], name: str, password: str
) -> None:
    body, said = connect
    assert read_connect(body) == said
    made = connect_as(body, "door-1", name, password)
    assert made[0] == 0x10
    again = made[1 + len(length_of(made[2:])) :]
    assert length_of(again) == made[1 : 1 + len(length_of(again))]
    assert read_connect(again) == wire.Connect(said.level, name, password, said.will_topic)
    assert _sized("door-1") in again
    if said.will_topic is not None:
        assert _sized(said.will_topic) + _sized(b"\0\xff gone") in again


@given(_TEXT.filter(bool), st.binary(max_size=30), st.sampled_from([0, 1, 2]))
@settings(max_examples=20)
def test_the_topic_of_what_is_published(topic: str, payload: bytes, qos: int) -> None:
    number = b"\0\x07" if qos else b""
    body = _sized(topic) + number + payload
    assert read_publish(0x30 | qos << 1, body, 4, {}) == topic
    five = _sized(topic) + number + b"\x03\x23\0\x04" + payload
    aliases: dict[int, str] = {}
    assert read_publish(0x30 | qos << 1, five, 5, aliases) == topic
    assert read_publish(0x30, b"\0\0\x03\x23\0\x04" + payload, 5, aliases) == topic
    elsewhere = publish_to(0x31 | qos << 1, body, "nowhere")
    assert elsewhere == packet(0x30 | qos << 1, _sized("nowhere") + number + payload)


@given(_TEXT.filter(bool), st.binary(max_size=30), st.sampled_from([0, 1, 2]))
@settings(max_examples=10)
def test_a_publish_without_its_properties(topic: str, payload: bytes, qos: int) -> None:
    first, number = 0x31 | qos << 1, b"\0\x07" if qos else b""
    plain = _sized(topic) + number + b"\0" + payload
    expiring = b"\x0a\x23\0\x04\x02\0\0\0\x05\x01\x01"
    for said in (topic, ""):  # and with an alias in the place of its topic
        body = _sized(said) + number + expiring + payload
        assert plain_publish(first, body, topic) == packet(first, plain)
    assert plain_publish(first, plain, topic) is None


def test_an_alias_of_nothing_is_refused() -> None:
    with pytest.raises(Malformed):
        read_publish(0x30, b"\0\0\x03\x23\0\x04", 5, {})
    with pytest.raises(Malformed):
        read_publish(0x30, b"\0\0\0", 5, {})
    with pytest.raises(Malformed):
        read_publish(0x30, b"\0\0", 4, {})


@given(st.lists(_TEXT, max_size=4))
@settings(max_examples=15)
def test_all_filters_of_a_subscription_are_read(filters: list[str]) -> None:
    asked = b"".join(_sized(one) + b"\x01" for one in filters)
    assert read_subscribe(b"\0\x01" + asked, 4) == filters
    assert read_subscribe(b"\0\x01\x02\x0b\x07" + asked, 5) == filters
    others = [each + "/x" for each in filters]
    made = subscribe_to(b"\0\x01\x02\x0b\x07" + asked, 5, others)
    body = made[1 + len(length_of(made[2:])) :]
    assert packet(0x82, body) == made
    assert read_subscribe(body, 5) == others


@given(st.binary(max_size=60), st.sampled_from([4, 5]), st.integers(0, 40))
@settings(max_examples=60)
def test_bytes_of_any_kind_are_read_or_refused(noise: bytes, level: int, cut: int) -> None:
    head = _sized("MQTT") + bytes([level])
    good = head + b"\xc6\0\x3c" + (b"\0" if level == 5 else b"")
    for body in (noise, head + noise, good + noise, (good + _sized("id") + noise)[:cut]):
        for read in (
            lambda body=body: read_connect(body),
            lambda body=body: read_publish(0x32, body, level, {}),
            lambda body=body: read_subscribe(body, level),
        ):
            try:
                read()
            except Malformed as refused:
                assert str(refused)


@pytest.mark.parametrize(
    "head", [b"\0\x06MQIsdp\x03", b"\0\x04MQTT\x03", b"\0\x04MQTT\x06", b"\0\x04mqtt\x04"]
)
def test_another_version_is_refused(head: bytes) -> None:
    with pytest.raises(Malformed, match=r"3\.1\.1 or 5"):
        read_connect(head + b"\x02\0\x3c\0\0")
