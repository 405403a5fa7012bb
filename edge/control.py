"""A door in the terminal itself: a socket that only its owner can use, for tests, demo and service.

One line of JSON is asked, one is answered. `python -m edge tap` and `status` use it.
"""

import contextlib
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.settings import SOCKET

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
PAUSE_S = 1.0
"""After a question that could not even be taken."""
MOST_BYTES = 64 * 1024


class NoTerminal(Exception):
    """No terminal runs in that folder, or it doesn't answer. The text is for people."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for its answer."""

    what: dict[str, Any]
    answer: "Future[dict[str, Any]]" = field(default_factory=Future)


class Control:
    """Takes questions and hands them to `put`; whoever takes them sets the answer.

    Making it raises OSError when there can be no socket.
    """

    def __init__(self, folder: Path, put: Callable[[Asked], None]) -> None:
        self._path = folder / SOCKET
        self._put = put
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._closing = threading.Event()
        try:
            self._listen()
        except OSError:
            self._listener.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more questions."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _listen(self) -> None:
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            with _short(self._path) as name:
                self._listener.bind(name)
        finally:
            os.umask(before)
        self._listener.listen(8)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if self._closing.wait(PAUSE_S):
                    return
                log.warning("A question could not be taken: %s", error)  # too many open files
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(TIMEOUT_S)
                connection.sendall(json.dumps(self._answer(connection)).encode() + b"\n")

    def _answer(self, connection: socket.socket) -> dict[str, Any]:
        try:
            what = json.loads(_line(connection))
        except (ValueError, RecursionError):
            return {"error": "That is no question."}
        if not isinstance(what, dict):
            return {"error": "That is no question."}
        asked = Asked(what)
        self._put(asked)
        try:
            return asked.answer.result(TIMEOUT_S)
        except TimeoutError:
            return {"error": "The terminal is busy."}
        except Exception as error:
            log.exception("A question could not be answered")
            return {"error": f"It failed: {type(error).__name__}."}


def ask(folder: Path, what: dict[str, Any]) -> dict[str, Any]:
    """The answer of the terminal in that folder. Raises NoTerminal."""
    path = folder / SOCKET
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S * 2)
            with _short(path) as name:
                connection.connect(name)
            connection.sendall(json.dumps(what).encode() + b"\n")
            answer = json.loads(_line(connection))
    except (OSError, ValueError):
        raise NoTerminal(f"No terminal runs in {folder}.") from None
    if "error" in answer:
        raise NoTerminal(str(answer["error"]))
    return answer


def _line(connection: socket.socket) -> bytes:
    content = b""
    while not content.endswith(b"\n"):
        part = connection.recv(8192)
        if not part or len(content) > MOST_BYTES:
            break
        content += part
    return content


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket that fits: a system takes about a hundred bytes. Raises OSError."""
    if len(os.fsencode(path)) < 100 or sys.platform != "linux":
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
