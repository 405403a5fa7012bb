"""The contract and the file that shows it agree, and nothing that comes by wire breaks a reader."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.protocol import (
    FROM_TERMINAL,
    MAX_BYTES,
    RETAINED,
    TO_TERMINAL,
    Invalid,
    Message,
    Part,
    Tap,
    document,
    dump,
    new_id,
    parse,
    topic,
)

FILE = Path(__file__).parents[2] / "docs" / "terminal-protocol.json"
EXAMPLES: list[dict[str, Any]] = json.loads(FILE.read_text())["examples"]
KINDS: dict[str, type[Part]] = FROM_TERMINAL | TO_TERMINAL
GOOD = [one for one in EXAMPLES if one["good"]]
BAD = [one for one in EXAMPLES if not one["good"]]
named = pytest.mark.parametrize("tail", sorted(KINDS))


def _bytes(example: dict[str, Any]) -> bytes:
    return example["raw"].encode() if "raw" in example else json.dumps(example["body"]).encode()


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text() == document(EXAMPLES), f"python -m edge.protocol {FILE.name}"


@named
def test_each_topic_has_examples_of_both_kinds(tail: str) -> None:
    assert any(one["topic"] == tail for one in GOOD)
    assert any(one["topic"] == tail for one in BAD)


def test_good_examples_are_read_and_say_the_same_when_written_again() -> None:
    for example in GOOD:
        kind = KINDS[example["topic"]]
        message = parse(_bytes(example), kind)
        assert parse(dump(message), kind) == message, example["about"]
        for key, value in example["body"]["data"].items():
            if key in kind.model_fields:
                assert message.data.model_dump(mode="json")[key] == value, example["about"]


def test_bad_examples_are_refused_without_showing_what_was_in_them() -> None:
    for example in BAD:
        with pytest.raises(Invalid) as refused:
            parse(_bytes(example), KINDS[example["topic"]])
        assert "<b>" not in str(refused.value)
        assert len(str(refused.value)) < 200


@given(tail=st.sampled_from(sorted(KINDS)), body=st.binary(max_size=300))
def test_odd_bytes_are_invalid_and_nothing_else(tail: str, body: bytes) -> None:
    _read(body, KINDS[tail])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(data=st.data(), value=_JSON)
def test_a_good_message_with_one_odd_value_is_read_or_invalid(
    data: st.DataObject, value: object
) -> None:
    example = data.draw(st.sampled_from(GOOD))
    body = json.loads(json.dumps(example["body"]))
    inside = data.draw(st.booleans()) and body["data"]
    chosen = body["data"] if inside else body
    chosen[data.draw(st.sampled_from(sorted(chosen)))] = value
    _read(json.dumps(body).encode(), KINDS[example["topic"]])


def _read(body: bytes, kind: type[Part]) -> None:
    """Raises whatever but Invalid."""
    try:
        message = parse(body, kind)
    except Invalid:
        return
    assert parse(dump(message), kind) == message


@pytest.mark.parametrize(
    "body",
    [
        b"x" * (MAX_BYTES + 1),
        b"[" * MAX_BYTES,
        b'{"a":' * 3000,
        b"\xff\xfe",
        b'{"v":1,"v":1}',
        b"1" * 10_000,
        json.dumps({"v": 1, "seq": 10**400}).encode(),
        b'{"v":1,"seq":NaN}',
    ],
    ids=["long", "deep", "deeper", "no text", "twice", "number", "huge number", "no number"],
)
def test_hostile_bodies_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse(body, Tap)


@given(
    card=st.lists(
        st.binary(min_size=17, max_size=17).map(
            lambda raw: f"k{raw[16] % 10}." + base64.b32encode(raw[:16])[:26].decode()
        ),
        min_size=1,
        max_size=4,
    ),
    mode=st.sampled_from(["locker", "in", "out", "gate"]),
    numbers=st.tuples(*[st.integers(0, 2**53)] * 3),
    exp=st.none() | st.integers(0, 2**53),
)
def test_a_message_comes_out_as_it_went_in(
    card: list[str], mode: str, numbers: tuple[int, int, int], exp: int | None
) -> None:
    boot, seq, ts = numbers
    tap = Tap.model_validate({"card": card, "mode": mode})
    message = Message[Tap](id=new_id(), boot=boot, seq=seq, ts=ts, ts_q="srv", exp=exp, data=tap)
    assert parse(dump(message), Tap) == message


def test_ids_are_ordered_by_time_and_topics_name_the_terminal() -> None:
    assert new_id(1) < new_id(2) < new_id(2**47)
    assert len({new_id(5) for _ in range(100)}) == 100
    assert topic("lib", "door-1", "evt/tap") == "cubby/1/lib/door-1/evt/tap"
    assert not any(tail.startswith(("evt", "cmd", "ack", "res")) for tail in RETAINED)
