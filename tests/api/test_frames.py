"""Frames of a websocket: those of our pages reach Engine.IO, after any other the client is gone."""

import asyncio
from typing import Any

import pytest

from locker_app.api.frames import only_ours


def received(*messages: dict[str, Any]) -> list[Any]:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    ours = only_ours(receive)
    return [asyncio.run(ours()) for _ in messages]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "1",
        "40/_event,",
        '40/_event,{"event":{}}',
        "41/_event,",
        '42/_event,["event",{"name":"a"}]',
        '42/_event,["event",{"a":"line\u2028\n"}]',
    ],
)
def test_ours_pass(text: str) -> None:
    message = {"type": "websocket.receive", "text": text}
    assert received({"type": "websocket.connect"}, message) == [
        {"type": "websocket.connect"},
        message,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "2probe",
        "5",
        "z",
        "4",
        "42",
        "42/other,[]",
        "42/_event,[]",
        "42/_event,{}",
        '42/_event,[["event"]]',
        '42/_event,7["event",{}]',
        '451-/_event,["event",{"_placeholder":true,"num":0}]',
        "43/_event,1[]",
        "44/_event,{}",
        "40",
        "40/other,",
        "x" * 100_000,
    ],
)
def test_after_any_other_the_client_is_gone(text: str) -> None:
    (got,) = received({"type": "websocket.receive", "text": text})
    assert got["type"] == "websocket.disconnect"


def test_binary_frames_are_none_of_ours() -> None:
    (got,) = received({"type": "websocket.receive", "bytes": b"\x00", "text": None})
    assert got["type"] == "websocket.disconnect"
