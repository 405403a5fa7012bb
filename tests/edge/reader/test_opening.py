"""Which reader a machine has, and the sentence that says why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.reader.chip import ChipReader
from edge.reader.opening import Machine, NoReader, open_reader
from edge.reader.sightings import ReaderDead
from edge.reader.simulated import SimulatedReader
from tests.edge.chip import SimulatedChip
from tests.edge.reader.conftest import Bench

SYSTEM, VENV = Path("/usr/lib/python3/dist-packages"), Path("/opt/venv/site-packages")


def _among(*names: str) -> Callable[[str], bool]:
    return lambda name: name in names


def _with(pi: Machine, **homes: Path) -> Machine:
    """With `RPi.GPIO` (old) and `rpi-lgpio` (new) installed in these folders."""
    names = {"RPi.GPIO": "old", "rpi-lgpio": "new"}
    return replace(pi, home=lambda package: homes.get(names[package]))


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    """A Pi 4 on which all is as it should be."""
    model, spi = tmp_path / "model", tmp_path / "spidev0.0"
    model.write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    spi.touch()
    modules = _among("spidev", "RPi", "mfrc522")
    return _with(Machine(model, spi, has_module=modules), new=SYSTEM)


def test_on_a_pi_it_is_the_chip(pi: Machine, bench: Bench) -> None:
    reader, why = open_reader("auto", machine=pi)
    assert isinstance(reader, ChipReader)
    assert why == "The MFRC522 at SPI 0, CE0."
    assert reader.poll() is None


def test_a_chip_that_does_not_answer_is_opened_all_the_same(
    pi: Machine, wire: Callable[[SimulatedChip], Bench]
) -> None:
    """Or a terminal with a loose wire would show a simulated reader and never come back."""
    chip = SimulatedChip()
    chip.fault = "zeros"
    wire(chip)
    reader, _ = open_reader("auto", machine=pi)
    with pytest.raises(ReaderDead, match="wires"):
        reader.poll()


def _pi_5(pi: Machine) -> Machine:
    pi.model_file.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    return _with(pi, old=SYSTEM)


def _no_pi(pi: Machine) -> Machine:
    pi.model_file.unlink()
    return pi


def _no_spi(pi: Machine) -> Machine:
    pi.spi_device.unlink()
    return pi


HINDRANCES = {
    "no Raspberry Pi": _no_pi,
    "SPI is switched off": _no_spi,
    "missing: mfrc522": lambda pi: replace(pi, has_module=_among("spidev", "RPi")),
    "lie in one folder": lambda pi: _with(pi, old=SYSTEM, new=SYSTEM),
    "install rpi-lgpio in its place": _pi_5,
}


@pytest.mark.parametrize("words", HINDRANCES)
def test_elsewhere_it_is_simulated_and_says_why(pi: Machine, words: str) -> None:
    machine = HINDRANCES[words](pi)
    reader, why = open_reader("auto", machine=machine)
    assert isinstance(reader, SimulatedReader)
    assert why.startswith("A simulated reader: ") and words in why
    with pytest.raises(NoReader, match=words):
        open_reader("mfrc522", machine=machine)


@pytest.mark.parametrize("homes", [{"old": SYSTEM}, {"old": SYSTEM, "new": VENV}])
def test_the_old_library_does_on_older_pis_and_harms_none_from_elsewhere(
    pi: Machine, bench: Bench, homes: dict[str, Path]
) -> None:
    reader, _ = open_reader("mfrc522", machine=_with(pi, **homes))
    assert reader.poll() is None


def test_a_simulated_reader_can_be_asked_for_on_a_pi(pi: Machine) -> None:
    reader, why = open_reader("simulated", machine=pi)
    assert isinstance(reader, SimulatedReader)
    assert "as asked for" in why


def test_this_machine_has_a_reader_of_some_kind() -> None:
    _, why = open_reader()
    assert why.endswith(".")


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="auto, mfrc522, simulated"):
        open_reader("pn532")
