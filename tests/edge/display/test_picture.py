"""The display that is a file."""

import io
import logging
from pathlib import Path

import pytest
from PIL import Image

from edge.display.draw import draw, png
from edge.display.picture import PictureDisplay
from edge.display.screen import Screen, Tone

READY = Screen("Tap your card", ("7 of 24 free",))
LOCKER = Screen("Locker 17", ("yours",), Tone.GOOD)


def test_the_file_holds_what_is_shown(tmp_path: Path) -> None:
    display = PictureDisplay(tmp_path / "new" / "folder" / "display.png")
    assert display.path is not None
    for screen in (READY, LOCKER):
        display.show(screen)
        assert display.shown == screen
        with Image.open(io.BytesIO(display.path.read_bytes())) as picture:
            assert picture.convert("RGB").tobytes() == draw(screen).tobytes()
    display.close()
    assert display.path.read_bytes() == png(LOCKER)


def test_nothing_else_lies_beside_it(tmp_path: Path) -> None:
    display = PictureDisplay(tmp_path / "display.png")
    display.show(READY)
    assert [path.name for path in tmp_path.iterdir()] == ["display.png"]


def test_it_is_replaced_and_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "display.png"
    display = PictureDisplay(path)
    display.show(READY)
    with path.open("rb") as reader:  # who opened the picture before reads all of that one
        display.show(LOCKER)
        assert reader.read() == png(READY)
    assert path.read_bytes() == png(LOCKER)


def test_the_same_screen_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "display.png"
    display = PictureDisplay(path)
    display.show(READY)
    path.unlink()
    display.show(Screen("Tap your card", ("7 of 24 free",)))
    assert not path.exists()


def test_without_a_file_it_keeps_what_is_shown() -> None:
    display = PictureDisplay()
    display.show(READY)
    assert display.shown == READY


def test_a_full_disk_is_told_once_and_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "display.png"
    display = PictureDisplay(path)
    display.show(READY)

    def full(file: Path, data: bytes) -> int:
        with file.open("wb") as opened:
            opened.write(data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        display.show(LOCKER)
        display.show(LOCKER)
    assert display.shown == LOCKER
    assert "No space left" in display.fault
    assert path.read_bytes() == png(READY)
    assert [file.name for file in tmp_path.iterdir()] == ["display.png"]
    assert len(caplog.records) == 1

    display.show(LOCKER)
    assert display.fault == ""
    assert path.read_bytes() == png(LOCKER)
