"""Other processes for tests, quick to start: forked from one that has imported what they need."""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path

_PRELOADED = ["pytest", "locker_app.db.migrate", "tests.world", "tests.warm", "edge.terminal"]


def forking() -> ForkServerContext:
    """The context to start processes from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


class ForkedServer:
    """A server as a process that was forked; what is used of it is as `subprocess.Popen` has it."""

    def __init__(self, environment: Mapping[str, str], log: Path, command: str = "run") -> None:
        what = (environment, log, command)
        self._process = forking().Process(target=_serve, args=what, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._process.exitcode

    def send_signal(self, how: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            os.kill(self.pid, signal.Signals(how))

    def wait(self, timeout: float) -> int:
        """Wait for its end; its exit code."""
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("locker_app.cli run", timeout)
        return code


def _serve(environment: Mapping[str, str], log: Path, command: str) -> None:
    from tests.warm import serve  # only there: it has imported it already

    serve(environment, log, command)
