"""People from the shell."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locker_app import cli
from locker_app.settings import get_settings

Shell = Callable[..., str]


@pytest.fixture
def shell(
    tmp_path: Path,
    migrated_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shell]:
    """Types a command and gives what it printed; of a library without people."""
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CUBBY_ADMIN_PASSWORD", "correct horse battery")
    monkeypatch.setenv("CUBBY_SAMPLE", "false")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    get_settings.cache_clear()
    before = signal.getsignal(signal.SIGTERM)

    def run(*typed: str, fails: bool = False) -> str:
        assert cli.main(list(typed)) == int(fails)
        said = capsys.readouterr()
        return (said.err if fails else said.out).strip()

    shutil.copy(migrated_file, tmp_path / "cubby.db")
    run("init")
    yield run
    signal.signal(signal.SIGTERM, before)
    get_settings.cache_clear()


def test_import_and_export_and_import_again(shell: Shell, tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_bytes("Matrikelnummer;Name;Vorname\r\nA1;Müller;Jürgen\r\n".encode("cp1252"))
    assert "1 new" in shell("people", "import", str(file), "--dry-run")
    file.write_bytes("\ufeffMatrikelnummer;Name;Vorname\r\nA1;Müller;Jürgen\r\n".encode())
    assert shell("people", "import", str(file), "--dry-run").endswith("0 wrong (UTF-8).")
    assert shell("people", "find", "mull") == "Nobody."
    assert shell("people", "import", str(file)) == "1 added, 0 changed."
    assert "Jürgen Müller" in shell("people", "find", "MÜL")
    assert shell("people", "export", str(out)).startswith("1 people")
    assert "1 as they are" in shell("people", "import", str(out))


def test_wrong_rows_are_said(shell: Shell, tmp_path: Path) -> None:
    file, report = tmp_path / "in.csv", tmp_path / "wrong.csv"
    file.write_text("a,b\nA1,Anna\nA1,Again\nA2,=1+1\n")
    columns = "number=a,name=2"
    said = shell("people", "import", str(file), fails=True)
    assert "Choose the column" in said
    dry = shell("people", "import", str(file), "--columns", columns, "--dry-run", fails=True)
    assert "Nothing was changed: 1 new" in dry
    assert "line 3" in dry
    typed = ("--columns", columns, "--dry-run", "--good-rows")
    assert "2 wrong" in shell("people", "import", str(file), *typed)
    said = shell("people", "import", str(file), "--columns", columns, fails=True)
    assert "Nothing was changed" in said
    assert "line 3" in said
    assert shell("people", "find", "a1") == "Nobody."
    typed = ("--columns", columns, "--good-rows", "--report", str(report))
    assert shell("people", "import", str(file), *typed).startswith("1 added, 0 changed, 2 rows")
    assert "'=1+1" in report.read_text()
    assert "no column" in shell("people", "import", str(file), "--columns", "name=x", fails=True)


def test_what_is_not_there(shell: Shell, tmp_path: Path) -> None:
    assert "No such file" in shell("people", "import", str(tmp_path / "x.csv"), fails=True)
    assert "Nobody here" in shell("people", "erase", "A1", "--yes", fails=True)


def test_one_person_from_beginning_to_end(shell: Shell) -> None:
    shell("people", "add", "a 1", "--name", "Anna Ahrens")
    assert "Somebody else" in shell("people", "add", "A1", "--name", "Bela", fails=True)
    assert "PIN is reset" in shell("people", "reset-pin", "A1", "--reason", "forgotten")
    assert json.loads(shell("people", "data", "A1"))["person"]["name"] == "Anna Ahrens"
    shell("people", "archive", "A1")
    assert shell("people", "find", "anna") == "Nobody."
    assert "Anna" in shell("people", "find", "anna", "--archived")
    shell("people", "unarchive", "A1")
    assert "Anna" in shell("people", "find", "ahr")
    assert "Erased" in shell("people", "erase", "A1", "--yes")
    assert "Nobody here" in shell("people", "data", "A1", fails=True)


@pytest.mark.parametrize("doing", ["import", "export", "add", "find", "reset-pin", "erase"])
def test_help_is_worth_reading(
    doing: str, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["people", doing, "--help"])
    assert len(capsys.readouterr().out.split()) > 20
