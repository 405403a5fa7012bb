"""The server: one process with the app, its timers and every connection.

One, because SQLite has one writer and rooms are per process; and because a killed
process then leaves nothing behind. Uvicorn was measured against Granian in
docs/decisions/0004-one-process-on-uvicorn.md.
"""

import asyncio
import gc
import importlib.util
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from locker_app.serving.environment import SERVING
from locker_app.serving.websocket import WebSocket
from locker_app.settings import Settings

_GRACE_SECONDS = 3  # for requests under way when the server is asked to stop
_TURN_SECONDS = 0.0005
"""After so long a thread lets another one go on. By Python's own 5 ms the thread that writes
waits for the event loop at each of the dozen statements of a command (docs/decisions/0027)."""
_LARGEST_FRAME = (
    256 * 1024
)  # bytes from a browser; Engine.IO takes a quarter, counted in characters


class _Server(uvicorn.Server):
    """Says when it answers, and always stops in order."""

    ready: Callable[[], None]
    stopping: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            _spare_the_collector()
            sys.setswitchinterval(_TURN_SECONDS)
            self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop once, however often it is asked: a stop takes `_GRACE_SECONDS` at most, and
        cutting it short would leave the app's own shutdown undone."""
        if not self.should_exit:
            self.stopping()
            super().handle_exit(sig, frame)


def serve(
    settings: Settings,
    listening: socket.socket,
    ready: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
) -> bool:
    """Serve until SIGINT or SIGTERM. True when it stopped as asked, False when it never started.

    Args:
        settings: those of this process.
        listening: the socket to serve at.
        ready: called once it answers.
        stopping: called, in a signal's handler, once it was asked to stop.
    """
    os.environ.update(SERVING)
    _log(settings)
    config = uvicorn.Config(
        "locker_app.asgi:create",
        factory=True,
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        ws=WebSocket,
        # Deflating the same frame anew for each of 500 screens costs more than it saves.
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # Socket.IO has its own
        ws_max_size=_LARGEST_FRAME,
        proxy_headers=False,  # the guard reads them, and only from proxies we were told of
        server_header=False,
        access_log=settings.log_level == "debug",
        log_level=settings.log_level if settings.log_level == "debug" else "warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    server.ready, server.stopping = ready, stopping
    signal.signal(signal.SIGTERM, _stop_quietly)
    signal.signal(signal.SIGINT, _stop_quietly)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listening]))
    return server.started


def _log(settings: Settings) -> None:
    """Our own messages from the chosen level on; of the libraries, what went wrong."""
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        level="DEBUG" if settings.log_level == "debug" else "WARNING",
    )
    logging.getLogger("locker_app").setLevel(settings.log_level.upper())
    if settings.log_level != "debug":
        # What strangers send that is no JSON is their error: a traceback each would fill the disk.
        logging.getLogger("engineio.server").setLevel("CRITICAL")


def _spare_the_collector() -> None:
    """What is here once the app has been loaded stays, so the collector need not look through it:
    that stopped everybody for 0.2 s every few seconds. What comes and goes is mostly freed by its
    references; it is looked through less often than Python would, which took 4 % of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 5, 5)


def _stop_quietly(_signal: int, _frame: FrameType | None) -> None:
    """Uvicorn raises the signal again once it has stopped; by then all is done."""
