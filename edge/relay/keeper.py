"""The process that holds the relays' pins, apart from the rest: `python -m edge.relay.keeper`.

It ends each pulse by its own clock, however busy the program is that asked for it, and switches all
off when that program is gone, by whatever: its end of the pipe is closed by the system. Each line
on the pipe is an order (`edge.relay.orders`) and is answered by `ok` or `no REASON`.
"""

import argparse
import importlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from edge.relay.orders import READY, BadOrder, Open, parse
from edge.relay.pulses import BadPulse, Pulses, as_pins

MOST_WAITING = 4096
"""Bytes of orders that were not read to the end: more means that something else is writing."""


class Pins:
    """The relays' pins. All are off from the moment in which they become outputs."""

    def __init__(self, gpio: Any, pins: frozenset[int], *, active_low: bool) -> None:
        self._gpio = gpio
        self._pins = pins
        self._on, self._off = (gpio.LOW, gpio.HIGH) if active_low else (gpio.HIGH, gpio.LOW)
        gpio.setwarnings(False)  # that the pins are in use: by a keeper that was killed
        gpio.setmode(gpio.BCM)
        for pin in sorted(pins):
            # `initial` is set first; set up without it, the pin would pull its relay for a moment.
            gpio.setup(pin, gpio.OUT, initial=self._off)

    def switch(self, pin: int, on: bool) -> None:
        """Switch one relay."""
        self._gpio.output(pin, self._on if on else self._off)

    def all_off(self) -> None:
        """Switch all off, also those after one that fails. Raises what the first failure was."""
        failures: list[Exception] = []
        for pin in sorted(self._pins):
            try:
                self.switch(pin, on=False)
            except Exception as error:  # of libraries that raise what they like
                failures.append(error)
        if failures:
            raise failures[0]


class Keeper:
    """Takes orders from a pipe until it ends."""

    def __init__(self, pins: Pins, pulses: Pulses, clock: Callable[[], float]) -> None:
        self._pins, self._pulses, self._clock = pins, pulses, clock

    def run(self, orders: int, answers: int) -> None:
        """Serve until the other end of `orders` is closed. All is off then."""
        os.set_blocking(answers, False)
        waiting = b""
        try:
            _say(answers, READY)
            while len(waiting) <= MOST_WAITING:
                readable, _, _ = select.select([orders], [], [], self._until_next())
                self._end_pulses()
                if not readable:
                    continue
                got = os.read(orders, MOST_WAITING)
                if not got:
                    return
                *lines, waiting = (waiting + got).split(b"\n")
                for line in lines:
                    _say(answers, self._obey(line.decode(errors="replace")))
        finally:
            self._pins.all_off()

    def _until_next(self) -> float | None:
        end = self._pulses.next_end()
        return None if end is None else max(0.0, end - self._clock())

    def _end_pulses(self) -> None:
        for pin in self._pulses.ended(self._clock()):
            self._pins.switch(pin, on=False)

    def _obey(self, line: str) -> str:
        try:
            order = parse(line)
            if isinstance(order, Open):
                order.check(self._clock())
                self._pulses.open(order.pin, order.seconds, self._clock())
                self._pins.switch(order.pin, on=True)
            else:
                self._pulses.clear()
                self._pins.all_off()
        except (BadOrder, BadPulse) as refusal:
            return f"no: {refusal}"
        return "ok"


def _say(answers: int, line: str) -> None:
    """Answer, unless nobody has read the answers before: no pulse must wait for that to end."""
    with suppress(BlockingIOError):
        os.write(answers, line.encode() + b"\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the pins until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m edge.relay.keeper", description=__doc__)
    parser.add_argument("--pins", required=True, help="GPIO numbers, such as 5,6,13")
    parser.add_argument("--active-low", action="store_true", help="relays are on at a low level")
    asked = parser.parse_args(arguments)
    pins = as_pins(int(pin) for pin in asked.pins.split(","))
    # Ctrl-C and the end of a service go to all processes; this one ends after the one it serves.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    held = Pins(importlib.import_module("RPi.GPIO"), pins, active_low=asked.active_low)
    with suppress(BrokenPipeError):  # the program has gone: that is how this ends anyway
        Keeper(held, Pulses(pins), time.monotonic).run(0, 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
