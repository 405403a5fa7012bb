"""Relays: off unless told otherwise, on for as long as told and never longer."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.reader.chip import RESET_PIN
from edge.relay import (
    LONGEST_S,
    BadPulse,
    GpioRelays,
    RelayDead,
    SimulatedRelays,
    open_relays,
)
from edge.relay.keeper import Keeper, Pins
from edge.relay.orders import BadOrder, Off, Open, parse
from edge.relay.pulses import Pulses, as_pins
from tests.edge.pins import FakeGpio

ROOT = Path(__file__).resolve().parents[2]

GPIO_MODULE = '''
"""Tells each act on a pin to the test, by a named pipe."""
import os

BCM, OUT, LOW, HIGH = 11, 0, 0, 1
_told = os.open(os.environ["PINS_TOLD_TO"], os.O_WRONLY)


def setwarnings(wanted): ...
def setmode(mode): ...


def setup(pin, direction, initial=None):
    os.write(_told, f"setup {pin} {initial}\\n".encode())


def output(pin, level):
    os.write(_told, f"output {pin} {level}\\n".encode())
'''


class Told:
    """What was done to the pins of another process, one act after the other."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._pipe = os.open(path, os.O_RDWR)  # also for writing: so it never ends
        self._rest = b""

    def next(self, within: float = 30.0) -> str:
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._pipe], [], [], within)
            assert ready, "nothing was done to the pins"
            self._rest += os.read(self._pipe, 4096)
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def close(self) -> None:
        os.close(self._pipe)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """For processes begun from here, `RPi.GPIO` is a stand-in that tells what it is asked."""
    package = tmp_path / "modules" / "RPi"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "GPIO.py").write_text(GPIO_MODULE)
    pipe = tmp_path / "told"
    acts = Told(pipe)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("PINS_TOLD_TO", str(pipe))
    yield acts
    acts.close()


@pytest.fixture
def relays(told: Told) -> Iterator[GpioRelays]:
    """Two relays that are on at a low level, ready."""
    made = GpioRelays([5, 6])
    assert [told.next(), told.next()] == ["setup 5 1", "setup 6 1"]
    assert made.wait_until_ready(30)
    yield made
    made.close()


def _off(told: Told) -> None:
    assert [told.next(), told.next()] == ["output 5 1", "output 6 1"]


def test_a_pulse_is_on_and_then_off_and_the_caller_does_not_wait(
    relays: GpioRelays, told: Told
) -> None:
    began = time.monotonic()
    relays.open(6, 0.2)
    assert told.next() == "output 6 0"
    assert told.next() == "output 6 1"
    assert time.monotonic() - began >= 0.2
    relays.close()
    _off(told)


def test_all_off_ends_what_is_on(relays: GpioRelays, told: Told) -> None:
    relays.open(5, 9)
    assert told.next() == "output 5 0"
    relays.all_off()
    _off(told)


def test_pins_that_are_no_relays_and_lengths_that_are_none_are_refused(relays: GpioRelays) -> None:
    with pytest.raises(BadPulse, match="No relay is at pin 7"):
        relays.open(7, 1)
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(BadPulse, match="can't last"):
            relays.open(5, seconds)


def test_closed_relays_are_off_and_stay_closed(relays: GpioRelays, told: Told) -> None:
    relays.open(5, 9)
    assert told.next() == "output 5 0"
    relays.close()
    _off(told)
    relays.close()
    with pytest.raises(RelayDead, match="closed"):
        relays.open(5, 1)


def test_a_keeper_that_is_killed_is_begun_again_and_its_first_act_is_off(
    relays: GpioRelays, told: Told
) -> None:
    relays.open(5, 9)
    assert told.next() == "output 5 0"
    process = relays._process
    assert process
    process.kill()
    assert [told.next(), told.next()] == ["setup 5 1", "setup 6 1"]
    assert relays.wait_until_ready(30)
    relays.open(6, 0.01)
    assert [told.next(), told.next()] == ["output 6 0", "output 6 1"]


def test_without_a_keeper_nothing_is_opened_and_it_is_said(
    told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "modules" / "RPi" / "GPIO.py").write_text("raise RuntimeError('no pins here')")
    relays = GpioRelays([5])
    try:
        with relays._changed:
            assert relays._changed.wait_for(lambda: "ended" in relays._trouble, 30)
        with pytest.raises(RelayDead, match="ended"):
            relays.open(5, 1)
    finally:
        relays.close()


PROGRAM = """
import os, signal, sys, time
from edge.relay import GpioRelays
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & has it ignored
relays = GpioRelays([5, 6])
assert relays.wait_until_ready(30)
relays.open(5, float(sys.argv[1]))
print("open", flush=True)
if sys.argv[2] == "busy":
    sum(range(10**12))  # one call into C: no thread of this process gets a turn
sys.stdin.read()
"""


@pytest.fixture
def program(told: Told) -> Iterator[Callable[[str, str], subprocess.Popen[bytes]]]:
    """A program that opens door 5 for so long, then waits or is busy."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(seconds: str, then: str) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, seconds, then],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        begun.append(process)
        assert [told.next(), told.next()] == ["setup 5 1", "setup 6 1"]
        assert process.stdout and process.stdout.readline() == b"open\n"
        assert told.next() == "output 5 0"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_all_is_off_when_the_program_dies(
    program: Callable[[str, str], subprocess.Popen[bytes]], told: Told, ending: signal.Signals
) -> None:
    process = program("9", "wait")
    began = time.monotonic()
    process.send_signal(ending)
    _off(told)
    assert time.monotonic() - began < 8


def test_a_pulse_ends_while_the_program_is_busy_or_stopped(
    program: Callable[[str, str], subprocess.Popen[bytes]], told: Told
) -> None:
    process = program("0.1", "busy")
    process.send_signal(signal.SIGSTOP)
    assert told.next() == "output 5 1"


def test_relays_can_be_tried_one_after_the_other(told: Told) -> None:
    command = [sys.executable, "-m", "edge.relay", "--seconds", "0.01"]
    done = subprocess.run([*command, "6", "5"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "GPIO 6\nGPIO 5\n"), done.stderr
    acts = [told.next() for _ in range(8)]
    assert acts[:2] == ["setup 5 1", "setup 6 1"]
    assert acts[2:6] == ["output 6 0", "output 6 1", "output 5 0", "output 5 1"]
    done = subprocess.run([*command, "25"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "GPIO 25 belongs to" in done.stderr


class _Pipes:
    """A keeper's two pipes, and what was written to the one and came from the other."""

    def __init__(self) -> None:
        self.orders, self._to = os.pipe()
        self._from, self.answers = os.pipe()

    def run(self, keeper: Keeper, orders: bytes) -> list[str]:
        os.write(self._to, orders)
        os.close(self._to)
        try:
            keeper.run(self.orders, self.answers)
        finally:
            os.close(self.answers)
            os.close(self.orders)
            with os.fdopen(self._from) as answers:
                said = answers.read().splitlines()
        return said


def _keeper(gpio: FakeGpio, *, active_low: bool = True) -> Keeper:
    pins = as_pins([5, 6])
    return Keeper(Pins(gpio, pins, active_low=active_low), Pulses(pins), lambda: 100.0)


@pytest.mark.parametrize(("active_low", "off"), [(True, 1), (False, 0)])
def test_pins_are_off_before_they_become_outputs(active_low: bool, off: int) -> None:
    gpio = FakeGpio()
    _keeper(gpio, active_low=active_low)
    assert gpio.log == [("setup", 5, off), ("setup", 6, off)]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("open 5 1.0 100.0", "ok"),
        ("off", "ok"),
        ("open 7 1.0 100.0", "no: No relay is at pin 7."),
        ("open 5 nan 100.0", "no: A pulse can't last nan seconds."),
        ("open 5 1.0 98.5", "no: it came after 1.5 s"),
        ("open 5 1.0 102.0", "no: it came after -2.0 s"),
        ("open 5 1.0 nan", "no: it came after nan s"),
        ("open five 1.0 100.0", "no: invalid literal for int() with base 10: 'five'"),
        ("open 5", "no: no such order"),
        ("", "no: no such order"),
        ("\xff", "no: no such order"),
    ],
)
def test_each_order_is_answered(line: str, answer: str) -> None:
    gpio = FakeGpio()
    said = _Pipes().run(_keeper(gpio), line.encode("latin-1") + b"\n")
    assert said == ["ready", answer]
    assert (("output", 5, 0) in gpio.log) == (answer == "ok" and line != "off")
    assert gpio.levels == {5: 1, 6: 1}, "off at the end"


def test_half_an_order_opens_nothing_and_one_without_end_ends_it() -> None:
    gpio = FakeGpio()
    assert _Pipes().run(_keeper(gpio), b"open 5 1.0 100.0") == ["ready"]
    assert _Pipes().run(_keeper(gpio), b"open" * 3000) == ["ready"]
    assert ("output", 5, 0) not in gpio.log


def test_one_pin_that_fails_leaves_no_other_on() -> None:
    gpio = FakeGpio()
    keeper = _keeper(gpio)
    gpio.broken = {5}
    with pytest.raises(OSError, match="the pin is gone"):
        _Pipes().run(keeper, b"open 6 1.0 100.0\n")
    assert gpio.log[-1] == ("output", 6, 1)


PULSES = st.lists(st.tuples(st.floats(0.01, 3), st.sampled_from([5, 6]), st.floats(0.001, 100)))


@given(PULSES)
def test_nothing_is_on_longer_than_it_may_be_however_often_it_is_asked(
    asked: list[tuple[float, int, float]],
) -> None:
    pulses, now = Pulses(as_pins([5, 6])), 0.0
    on: dict[int, float] = {}
    for wait, pin, seconds in asked:
        now += wait
        while (end := pulses.next_end()) is not None and end <= now:
            for ended in pulses.ended(end):
                assert end - on.pop(ended) <= LONGEST_S + 1e-6
        pulses.open(pin, seconds, now)
        on.setdefault(pin, now)
        end = pulses.next_end()
        assert end is not None and end > now
    assert set(pulses.ended(now + LONGEST_S)) == set(on)
    assert pulses.next_end() is None


@given(st.lists(st.floats(0.001, 9), min_size=1, max_size=20))
def test_a_pulse_that_is_under_way_never_ends_earlier_by_another(lengths: list[float]) -> None:
    pulses, ends = Pulses(as_pins([5])), []
    for seconds in lengths:
        pulses.open(5, seconds, 0.0)
        ends.append(pulses.next_end() or 0.0)
    assert ends[-1] == max(lengths)
    assert all(earlier <= later for earlier, later in pairwise(ends))


@pytest.mark.parametrize("pin", [-1, 0, 1, 28, 99])
def test_pins_that_no_header_has_are_refused(pin: int) -> None:
    with pytest.raises(ValueError, match="GPIO 2 to 27"):
        open_relays("gpio", [pin])


@pytest.mark.parametrize("pin", [RESET_PIN, 24, 27, 8])
def test_a_relay_can_not_take_a_pin_of_the_reader_or_the_display(pin: int) -> None:
    with pytest.raises(ValueError, match=f"GPIO {pin} belongs to"):
        GpioRelays([5, pin])


@given(st.integers(2, 27), st.floats(0.01, 10), st.floats(0, 1e9))
def test_orders_are_read_as_they_were_written(pin: int, seconds: float, at: float) -> None:
    assert parse(Open(pin, seconds, at).line()) == Open(pin, seconds, at)
    assert parse(Off().line()) == Off()
    with pytest.raises(BadOrder):
        parse(Open(pin, seconds, at).line() + " 1")


def test_simulated_relays_remember_pulses_and_end_them() -> None:
    now = 50.0
    relays = SimulatedRelays([5, 6], clock=lambda: now)
    relays.open(5, 2)
    relays.open(6, 1000)
    assert relays.pulses == [(5, 2, 50.0), (6, LONGEST_S, 50.0)]
    assert relays.on == {5, 6}
    now = 52.0
    assert relays.on == {6}
    relays.all_off()
    assert relays.on == frozenset()
    with pytest.raises(BadPulse):
        relays.open(7, 1)
    relays.trouble = "jammed"
    with pytest.raises(RelayDead, match="jammed"):
        relays.open(5, 1)
    relays.close()


def test_which_relays_a_machine_has(told: Told) -> None:
    assert isinstance(open_relays("auto", []).relays, SimulatedRelays)
    relays, why = open_relays("simulated", [5])
    assert isinstance(relays, SimulatedRelays) and "as asked for" in why
    with pytest.raises(ValueError, match="auto, gpio, simulated"):
        open_relays("usb", [5])
    relays, _ = open_relays("gpio", [5], active_low=False)
    assert told.next() == "setup 5 0"
    relays.close()
    assert told.next() == "output 5 0"
