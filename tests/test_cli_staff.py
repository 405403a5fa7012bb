"""Staff accounts from the shell."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locker_app import cli
from locker_app.db.database import Database
from locker_app.db.tables import staff, staff_role
from locker_app.services.secrets import secret_matches
from locker_app.settings import get_settings
from tests.world import Clock, World

Shell = Callable[..., str]


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """Types a command and gives what it printed; of a fresh sample library."""
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CUBBY_ADMIN_PASSWORD", "correct horse battery")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    get_settings.cache_clear()
    before = signal.getsignal(signal.SIGTERM)

    def run(*typed: str, fails: bool = False) -> str:
        assert cli.main(list(typed)) == int(fails)
        said = capsys.readouterr()
        return (said.err if fails else said.out).strip()

    run("init")
    yield run
    signal.signal(signal.SIGTERM, before)
    get_settings.cache_clear()


def test_an_account_for_an_assistant(shell: Shell, tmp_path: Path) -> None:
    said = shell("staff", "add", "Ada", "--name", " Ada  Lovelace ", "--site", "central library")
    assert said.startswith("Ada Lovelace signs in at /staff/sign-in as ada, with the password ")
    database = Database(f"sqlite:///{tmp_path / 'cubby.db'}")
    world = World(database, Clock())
    (made,) = world.rows(staff, login="ada")
    (role,) = world.rows(staff_role, staff_id=made.id)
    database.close()
    assert secret_matches(made.password_hash, said.rpartition(" ")[2])
    assert (made.name, role.role, role.site_id) == ("Ada Lovelace", "professor", 1)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("admin", "--name", "Again"), "There is an account “admin” already."),
        (("no spaces", "--name", "X"), "A login has 2 to 64 letters"),
        (("ada", "--name", "  "), "A login has 2 to 64 letters"),
        (("ada", "--name", "X", "--site", "Nowhere"), "Say at which site"),
    ],
)
def test_what_can_not_be_made(shell: Shell, typed: tuple[str, ...], sentence: str) -> None:
    assert shell("staff", "add", *typed, fails=True).startswith(sentence)
