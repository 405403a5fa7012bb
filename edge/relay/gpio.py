"""Relays at the pins of a Raspberry Pi, held by a process of their own: see `edge.relay.keeper`.

That process is begun again when it ends, and its first act is to switch all off.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from edge.relay.orders import READY, Off, Open
from edge.relay.pulses import LONGEST_S, Pulses, as_pins
from edge.relay.relays import RelayDead

log = logging.getLogger(__name__)

PAUSES_S = (0.0, 0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Before the keeper is begun again, by how many in a row didn't live for LIVED_S. The first time at
once, as its first act is to switch off what was on."""
LIVED_S = 5.0
CLOSE_WITHIN_S = 3.0
_PROGRAM = Path(__file__).resolve().parents[2]


class GpioRelays:
    """Hands each order to the keeper and doesn't wait for it."""

    name = "relays at GPIO pins"

    def __init__(self, pins: Iterable[int], *, active_low: bool = True) -> None:
        self._pulses = Pulses(as_pins(pins))
        command = [sys.executable, "-m", "edge.relay.keeper"]
        command += ["--pins", ",".join(str(pin) for pin in sorted(self._pulses.pins))]
        self._command = [*command, "--active-low"] if active_low else command
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._trouble = "The relays are being set up."
        self._told = False
        self._thread = threading.Thread(target=self._keep, name="relays", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why they can't be switched now; empty while all is well."""
        with self._lock:
            return self._trouble

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until all are off and orders are taken. Return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._trouble, seconds)

    def open(self, pin: int, seconds: float) -> None:
        """Have a relay switched on for so long. Raises BadPulse or RelayDead."""
        self._pulses.check(pin, seconds)
        self._order(Open(pin, min(seconds, LONGEST_S), time.monotonic()))

    def all_off(self) -> None:
        """End all pulses now. Without a keeper all is off already: it saw to that as it ended."""
        with suppress(RelayDead):
            self._order(Off())

    def close(self) -> None:
        """End all pulses and give the pins back, which takes some milliseconds."""
        with self._lock:
            self._closing.set()
            process = self._process
            self._trouble = "The relays are closed."
        if process and process.stdin:
            with suppress(OSError):
                process.stdin.close()
        self._thread.join(CLOSE_WITHIN_S)
        if process and process.poll() is None:
            process.kill()

    def _order(self, order: Open | Off) -> None:
        with self._lock:
            if self._trouble or not self._process or not self._process.stdin:
                raise RelayDead(self._trouble)
            try:
                os.write(self._process.stdin.fileno(), order.line().encode() + b"\n")
            except OSError as error:  # it has just ended, or reads no orders any more
                raise RelayDead(f"The relays don't take orders: {error}") from error

    def _keep(self) -> None:
        """Have a keeper, until all is closed."""
        failures = 0
        while not self._closing.wait(PAUSES_S[min(failures, len(PAUSES_S) - 1)]):
            began = time.monotonic()
            try:
                self._serve()
            except Exception as error:  # without this thread nothing would begin it again
                self._set_trouble(f"The process that holds the relays can't be begun: {error}")
            failures = 0 if time.monotonic() - began > LIVED_S else failures + 1

    def _serve(self) -> None:
        """Begin a keeper and read its answers until it ends. Raises OSError."""
        process = subprocess.Popen(  # noqa: S603 - ourselves
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": _python_path()},
        )
        assert process.stdin and process.stdout
        os.set_blocking(process.stdin.fileno(), False)
        with self._lock:
            self._process = process
        if self._closing.is_set():
            process.stdin.close()
        for line in process.stdout:
            answer = line.decode(errors="replace").strip()
            if answer == READY:
                self._set_trouble("")
            elif answer.startswith("no"):
                log.error("The relays refused an order: %s", answer)
        code = process.wait()
        self._set_trouble(f"The process that holds the relays ended ({code}).")
        with suppress(OSError):
            process.stdin.close()
        process.stdout.close()

    def _set_trouble(self, trouble: str) -> None:
        """Remember how it is, and log when that begins and when it ends."""
        with self._changed:
            if self._closing.is_set():
                return
            if trouble and not self._told:
                log.error("%s It is begun again until it works.", trouble)
            elif self._told and not trouble:
                log.info("The relays can be switched again.")
            self._told = bool(trouble)
            self._trouble = trouble
            self._changed.notify_all()


def _python_path() -> str:
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(_PROGRAM), before] if before else [str(_PROGRAM)])
