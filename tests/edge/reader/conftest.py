"""The real driver, with the simulated chip where a Pi has its bus and pins."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from edge.reader.chip import RESET_PIN, ChipReader
from tests.edge.chip import FakeSpidev, SimulatedChip, wired
from tests.edge.pins import FakeGpio


@dataclass
class Bench:
    """A chip that is wired to the driver, which thinks it runs on a Pi."""

    chip: SimulatedChip
    gpio: FakeGpio
    spidev: FakeSpidev
    driver: ModuleType

    def reader(self, **options: Any) -> ChipReader:
        return ChipReader(pause=self.chip.pass_time, **options)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[SimulatedChip], Bench]]:
    """Wires a chip; the driver is imported anew, as it keeps the modules that it found."""

    def wired_to(chip: SimulatedChip) -> Bench:
        gpio, spidev, package = wired(chip, RESET_PIN), FakeSpidev(chip), ModuleType("RPi")
        package.GPIO = gpio  # type: ignore[attr-defined]
        for name, module in (("RPi", package), ("RPi.GPIO", gpio), ("spidev", spidev)):
            monkeypatch.setitem(sys.modules, name, module)
        for name in [name for name in sys.modules if name.partition(".")[0] == "mfrc522"]:
            monkeypatch.delitem(sys.modules, name)
        return Bench(chip, gpio, spidev, importlib.import_module("mfrc522"))

    yield wired_to
    for name in [name for name in sys.modules if name.partition(".")[0] == "mfrc522"]:
        del sys.modules[name]


@pytest.fixture
def bench(wire: Callable[[SimulatedChip], Bench]) -> Bench:
    """A chip without noise and with nothing in its field."""
    return wire(SimulatedChip())
