"""Keeps a program running as a child: started again when it dies, gone when we are."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)
"""Seconds before it is started again, after the first, second, … death in a row."""
_STEADY_SECONDS = 2
"""Whoever has run this long is not blamed for earlier deaths."""
_STOP_SECONDS = 5
_LEASH = Path(__file__).with_name("leash.py")


class Died(Exception):
    """It ended instead of starting. The message is what it said last."""


class Keeper:
    """One child, and the thread that starts it, hears what it says, and starts it again.

    It is started by a thread that lives as long as we do: on Linux the child's end is tied to that
    of the thread, see `leash`.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        heard: Callable[[str], None] | None = None,
        begun: Callable[[int], None] = lambda _pid: None,
    ) -> None:
        """
        Args:
            name: what to call it in the log.
            command: how to start it. It writes what is wrong to its standard error.
            heard: gets each line that it says; by default they go to our log.
            begun: gets its process each time that it was started.
        """
        self._name, self._command = name, command
        self._has_begun = begun
        self._heard = heard or (lambda line: log.info("%s: %s", name, line))
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = threading.Event()
        self._said = ""
        self._deaths = 0
        self._thread = threading.Thread(target=self._keep, name=f"{name} keeper", daemon=True)

    @property
    def pid(self) -> int | None:
        """Its process, while there is one. Changes when it is started again."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self, is_ready: Callable[[], bool], seconds: float = 15) -> None:
        """Start it and wait until it is ready.

        Raises:
            Died: it isn't ready in time, or has ended. It is not tried again.
        """
        self._thread.start()
        end = time.monotonic() + seconds
        while not is_ready():
            if self._deaths or time.monotonic() > end:
                self.stop()
                raise Died(self._said or "it does not answer")
            time.sleep(0.01)

    def reload(self) -> None:
        """Have it read its files again. One that is just being started does so anyway."""
        self.send(signal.SIGHUP)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if there is one."""
        with self._lock:
            if self._process is not None:
                self._process.send_signal(number)

    def stop(self) -> None:
        """End it, and don't start it again. Does nothing the second time."""
        self._stopping.set()
        self.send(signal.SIGTERM)
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            self.send(signal.SIGKILL)
            self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._run()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > _STEADY_SECONDS:
                self._deaths = 0
            pause = PAUSES[min(self._deaths, len(PAUSES) - 1)]
            self._deaths += 1
            log.warning(
                "%s has ended (%s); it is started again in %s s", self._name, _how(code), pause
            )
            self._stopping.wait(pause)

    def _run(self) -> int:
        """Once, until it ends: its exit code."""
        with self._lock:
            if self._stopping.is_set():
                return 0
            process = self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # Ctrl-C is for us: terminals are told good-bye by it before it ends.
                start_new_session=True,
            )
        self._has_begun(process.pid)
        assert process.stderr is not None
        assert process.stdin is not None
        for line in process.stderr:
            self._hear(line)
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stderr.close()
        return process.wait()

    def _hear(self, line: bytes) -> None:
        said = line.decode(errors="replace").strip()
        if said:
            self._said = said[:500]
            self._heard(self._said)


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with code {code}"
