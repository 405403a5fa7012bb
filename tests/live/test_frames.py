"""The frames that are written to many connections at once."""

import pytest
from websockets.frames import Frame, Opcode

from locker_app.live.frames import offer, text_frame, writer_of


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536])
def test_a_frame_is_what_the_websocket_library_would_send(length: int) -> None:
    text = "é" * (length // 2) + "x" * (length % 2)
    frame = Frame(Opcode.TEXT, text.encode())
    assert text_frame(text) == frame.serialize(mask=False)


def test_a_connection_is_written_to_by_what_it_offers() -> None:
    written: list[bytes] = []
    scope = {"type": "websocket", "extensions": {}}
    offer(scope, written.append)
    write = writer_of(scope)
    assert write is not None
    write(b"frame")
    assert written == [b"frame"]


@pytest.mark.parametrize("scope", [{}, {"extensions": {}}])
def test_a_connection_that_offers_nothing_has_no_writer(scope: dict[str, object]) -> None:
    assert writer_of(scope) is None
