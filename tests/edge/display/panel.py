"""A simulated SSD1331 at the end of the wires: what `spidev` and `RPi.GPIO` send becomes pixels.

It knows the commands that the data sheet gives it and fails on every other, as on pixels outside
the window that was asked for: a driver that sends nonsense doesn't pass.
"""

import sys
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from PIL import Image

WIDTH, HEIGHT = 96, 64
DC, RESET, READER_RESET = 24, 27, 25
# How many bytes follow each command.
_FOLLOWED_BY = {
    0x15: 2, 0x75: 2,  # the window's columns, its rows
    0x81: 1, 0x82: 1, 0x83: 1, 0x87: 1,  # contrast of red, green and blue, and of all together
    0x8A: 1, 0x8B: 1, 0x8C: 1, 0xA0: 1, 0xA1: 1, 0xA2: 1, 0xA8: 1, 0xAD: 1, 0xB0: 1, 0xB1: 1,
    0xB3: 1, 0xBB: 1, 0xBE: 1,
    0xA4: 0, 0xAE: 0, 0xAF: 0, 0xE3: 0,
}  # fmt: skip
_65K_COLOURS = 0x40


class Panel:
    """The chip, and how its wires may break."""

    def __init__(self) -> None:
        self.transfers = 0
        self.opened: list[tuple[int, int]] = []
        self.pins_used: set[int] = set()
        self.outputs: set[int] = set()
        self.speed = 0
        self.break_after: int | None = None
        """How many more transfers go well; None for no end."""
        self.error: Exception = OSError(5, "Input/output error")
        self._levels: dict[int, int] = {}
        self._reset()

    def _reset(self) -> None:
        self.on = False
        self.contrast = [0x80, 0x80, 0x80]
        self.pixels_written = 0
        self._cells = bytearray(WIDTH * HEIGHT * 2)
        self._window = (0, WIDTH - 1, 0, HEIGHT - 1)
        self._at = (0, 0)
        self._half: int | None = None
        self._format = 0

    def image(self) -> Image.Image:
        """What one sees, each colour as the 5, 6 and 5 bits of it that the chip keeps."""
        colours = bytearray()
        for high, low in zip(self._cells[::2], self._cells[1::2], strict=True):
            colours += bytes((high & 0xF8, (high & 7) << 5 | (low & 0xE0) >> 3, (low & 0x1F) << 3))
        return Image.frombytes("RGB", (WIDTH, HEIGHT), bytes(colours))

    def send(self, sent: Sequence[int]) -> None:
        """One transfer by SPI."""
        if self.break_after is not None:
            if self.break_after <= 0:
                raise self.error
            self.break_after -= 1
        self.transfers += 1
        assert self._levels.get(RESET) == 1, "the display is held in reset"
        if self._levels.get(DC):
            for byte in sent:
                self._data(byte)
        else:
            self._commands(list(sent))

    def _commands(self, sent: list[int]) -> None:
        while sent:
            command = sent.pop(0)
            count = _FOLLOWED_BY[command]
            values, sent = sent[:count], sent[count:]
            assert len(values) == count
            self._command(command, values)

    def _command(self, command: int, values: list[int]) -> None:
        left, right, top, bottom = self._window
        if command in (0xAE, 0xAF):
            self.on = command == 0xAF
        elif 0x81 <= command <= 0x83:
            self.contrast[command - 0x81] = values[0]
        elif command == 0xA0:
            self._format = values[0]
        elif command == 0x15:
            left, right = values
            assert 0 <= left <= right < WIDTH
        elif command == 0x75:
            top, bottom = values
            assert 0 <= top <= bottom < HEIGHT
        if command in (0x15, 0x75):
            self._window, self._at, self._half = (left, right, top, bottom), (left, top), None

    def _data(self, byte: int) -> None:
        assert self._format & 0xC0 == _65K_COLOURS
        if self._half is None:
            self._half = byte
            return
        left, right, _, bottom = self._window
        x, y = self._at
        assert y <= bottom, "more pixels than the window holds"
        start = 2 * (y * WIDTH + x)
        self._cells[start : start + 2] = bytes((self._half, byte))
        self._half = None
        self.pixels_written += 1
        self._at = (x + 1, y) if x < right else (left, y + 1)

    def output(self, pin: int, level: int) -> None:
        """Sets a pin, which must have been set up for it."""
        if pin not in self.outputs:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        if pin == RESET and self._levels.get(pin) == 0 and level:
            self._reset()
        self._levels[pin] = level

    def setup(self, pin: int, direction: object) -> None:
        """Makes a pin an output."""
        self.pins_used.add(pin)
        self.outputs.add(pin)

    def clean(self, pins: Any = None) -> None:
        """Gives pins back, all of them if none is named."""
        gone = set(self.outputs) if pins is None else set(pins)
        self.pins_used |= gone
        self.outputs -= gone


class _Spi:
    """As `spidev.SpiDev`."""

    max_speed_hz = 0

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._open = False

    def open(self, port: int, device: int) -> None:
        self._panel.opened.append((port, device))
        self._open = True

    def writebytes(self, sent: Sequence[int]) -> None:
        assert len(sent) <= 4096, "more than Linux takes at once"
        if not self._open:
            raise OSError(9, "Bad file descriptor")
        self._panel.speed = self.max_speed_hz
        self._panel.send(sent)

    def close(self) -> None:
        self._open = False


def wire(monkeypatch: pytest.MonkeyPatch) -> Panel:
    """A panel where the display's driver looks for it: behind `spidev` and `RPi.GPIO`."""
    panel = Panel()
    gpio: Any = ModuleType("RPi.GPIO")
    gpio.BCM, gpio.OUT, gpio.LOW, gpio.HIGH = 11, 0, 0, 1
    gpio.setmode = lambda mode: None
    gpio.setup, gpio.output, gpio.cleanup = panel.setup, panel.output, panel.clean
    monkeypatch.setitem(sys.modules, "RPi.GPIO", gpio)
    monkeypatch.setitem(sys.modules, "RPi", SimpleNamespace(GPIO=gpio))
    monkeypatch.setitem(sys.modules, "spidev", SimpleNamespace(SpiDev=lambda: _Spi(panel)))
    return panel
