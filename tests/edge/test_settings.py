"""What a terminal is told when it is started."""

from pathlib import Path

import pytest

from edge.__main__ import main
from edge.reader.chip import DEFAULT_GAIN_DB
from edge.settings import BadSetting, gain_for


def test_the_gain_is_one_that_the_reader_has() -> None:
    assert gain_for(48, {"CUBBY_EDGE_GAIN": "33"}) == 48
    assert gain_for(None, {"CUBBY_EDGE_GAIN": " 33 "}) == 33
    assert gain_for(None, {"CUBBY_EDGE_GAIN": ""}) == gain_for(None, {}) == DEFAULT_GAIN_DB
    for wrong in ("40", "many", "-33", "33.0"):
        with pytest.raises(BadSetting, match="18, 23, 33, 38, 43 or 48"):
            gain_for(None, {"CUBBY_EDGE_GAIN": wrong})


def test_a_wrong_gain_is_said_and_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUBBY_EDGE_GAIN", "40")
    assert main(["--dir", str(tmp_path / "there")]) == 1
    assert "CUBBY_EDGE_GAIN" in capsys.readouterr().err
    assert not (tmp_path / "there").exists()
