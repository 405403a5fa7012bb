"""Which display is taken, and that the reason is said."""

import logging
from pathlib import Path

import pytest

from edge.display import opening
from edge.display.oled import OledDisplay
from edge.display.opening import choose, open_display
from edge.display.picture import PictureDisplay
from edge.display.screen import Screen
from tests.edge.display.panel import wire


def machine(root: Path, model: str = "", spi: bool = False) -> Path:
    """A file system like that of `model`, with SPI switched on or off."""
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "dev").mkdir()
    if model:
        (root / "proc/device-tree/model").write_bytes(model.encode() + b"\0")
    if spi:
        (root / "dev/spidev0.1").touch()
    return root


@pytest.fixture
def _libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_installed", lambda name: True)


@pytest.mark.parametrize("model", ["Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi Zero W Rev 1.1"])
@pytest.mark.usefixtures("_libraries")
def test_a_pi_with_spi_has_a_display_on_the_wall(tmp_path: Path, model: str) -> None:
    choice = choose("auto", machine(tmp_path, model, spi=True))
    assert choice.kind == "ssd1331"
    assert "Raspberry Pi" in choice.why


@pytest.mark.usefixtures("_libraries")
def test_spi_that_is_switched_off_is_named(tmp_path: Path) -> None:
    choice = choose("auto", machine(tmp_path, "Raspberry Pi 4 Model B", spi=False))
    assert choice.kind == "picture"
    assert "SPI is switched off" in choice.why


@pytest.mark.parametrize("model", ["", "Some other board"])
def test_another_machine_has_a_picture(tmp_path: Path, model: str) -> None:
    choice = choose("auto", machine(tmp_path, model, spi=True))
    assert choice.kind == "picture"
    assert "no Raspberry Pi" in choice.why


def test_a_pi_without_the_libraries_has_a_picture(tmp_path: Path) -> None:
    choice = choose("auto", machine(tmp_path, "Raspberry Pi 4 Model B", spi=True))
    assert choice.kind == "picture"
    assert "can't be imported" in choice.why


def test_what_is_asked_for_is_taken_anywhere(tmp_path: Path) -> None:
    assert choose("ssd1331", tmp_path).kind == "ssd1331"
    assert choose("picture", tmp_path).kind == "picture"


def test_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="auto, ssd1331, picture"):
        open_display("hologram")


def test_opening_says_which_and_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    display = open_display("auto", tmp_path / "display.png")
    assert isinstance(display, PictureDisplay)
    assert display.name == "picture"
    assert caplog.messages == ["The display is a picture, as this machine is no Raspberry Pi."]
    display.show(Screen("Tap your card"))
    assert (tmp_path / "display.png").exists()


@pytest.mark.filterwarnings("ignore:Image.Image.getdata is deprecated")
def test_the_display_on_the_wall_is_opened_when_it_is_first_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel = wire(monkeypatch)
    display = open_display("ssd1331")
    assert isinstance(display, OledDisplay)
    assert panel.opened == []
    display.show(Screen("Tap your card"))
    assert panel.on
    assert (display.name, display.fault) == ("ssd1331", "")
