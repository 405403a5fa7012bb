"""The real thing for tests: `locker_app.cli run` as a process, on a free port and a new folder.

It is forked from a process that has imported the app, unless a test is about the program itself.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from locker_app.settings import ROOT
from tests.processes import ForkedServer

READY_SECONDS = 90.0  # a build of the pages may come first
ADMIN_PASSWORD = "correct horse battery staple"


@dataclass
class Server:
    """A running server."""

    url: str
    port: int
    process: subprocess.Popen[bytes] | ForkedServer
    log: Path

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.log.parent

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop it and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment with only the given settings of Cubby."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("CUBBY_", "REFLEX_", "__REFLEX_", "PYTEST_"))
        and key != "DATABASE_URL"
    }
    return kept | settings


def start(
    data: Path,
    port: int | None = None,
    *,
    anew: bool = False,
    command: str = "run",
    **settings: str,
) -> Server:
    """Start a server and wait until it answers; `anew` as the shell does it.

    Raises:
        AssertionError: it ended, or did not answer in time; with what it printed.
    """
    port = port or free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / "server.log"
    usual = {
        "CUBBY_PORT": str(port),
        "CUBBY_DATA_DIR": str(data),
        "CUBBY_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "CUBBY_MQTT": "off",  # tests of terminals switch it on
    }
    environment = clean_environment(**(usual | settings))
    process = _start_anew(environment, log) if anew else ForkedServer(environment, log, command)
    server = Server(f"http://localhost:{port}", port, process, log)
    _wait_until_it_answers(server)
    return server


def _start_anew(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "locker_app.cli", "run"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def running(
    data: Path, port: int | None = None, *, anew: bool = False, **settings: str
) -> Iterator[Server]:
    """A server for the length of a block."""
    server = start(data, port, anew=anew, **settings)
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


def _wait_until_it_answers(server: Server) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert server.process.poll() is None, server.output
        try:
            if httpx.get(f"http://127.0.0.1:{server.port}/", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    server.stop(signal.SIGKILL)
    raise AssertionError(f"no answer within {READY_SECONDS} s\n{server.output}")
