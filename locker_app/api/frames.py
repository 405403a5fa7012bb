"""What a websocket frame from a browser looks like, before Engine.IO and Socket.IO read it.

They take a frame that is none of theirs for an error of their own, with a traceback in the log,
and leave the connection half open. Our pages send four kinds of frame; who sends another is no
page of ours, and is let go.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_OURS = re.compile(
    r"""3                            # pong
      | 1                            # the browser closes
      | 40/_event,(\{.*)?            # hello, with the page's first event
      | 41/_event,                   # goodbye
      | 42/_event,\["[a-z_]{1,30}".* # an event by name
    """,
    re.VERBOSE | re.DOTALL,
)
_GOODBYE: Message = {"type": "websocket.disconnect", "code": 1008}


def only_ours(receive: Receive) -> Receive:
    """Receive like `receive`, and after a frame that is none of ours: that the client has gone."""

    async def receive_ours() -> Message:
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        text = message.get("text")
        return message if text is not None and _OURS.fullmatch(text) else dict(_GOODBYE)

    return receive_ours
