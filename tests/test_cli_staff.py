"""Staff accounts from the shell."""

import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from locker_app import cli
from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import session, staff, staff_role
from locker_app.db.transaction import Tx, Work
from locker_app.domain.errors import InvitationOver, WrongPassword
from locker_app.services.secrets import TokenKeys, secret_matches
from locker_app.services.sign_in import Door, enter_by_invitation, sign_in_staff
from locker_app.settings import get_settings
from tests.world import Clock, World

Shell = Callable[..., str]


@pytest.fixture
def shell(
    tmp_path: Path,
    migrated_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
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

    shutil.copy(migrated_file, tmp_path / "cubby.db")
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
        (("no spaces", "--name", "X"), "“no spaces” can't be a login: it has 2 to 64"),
        (("a", "--name", "Some name"), "“a” can't be a login: it has 2 to 64 letters, digits or"),
        (("ada", "--name", "  "), "A name is needed"),
        (("ada", "--name", "X", "--site", "Nowhere"), "There is no site “Nowhere”: --site NAME is"),
        (("ada", "--name", "X", "--site", ""), "There is no site “”"),
    ],
)
def test_what_can_not_be_made(shell: Shell, typed: tuple[str, ...], sentence: str) -> None:
    assert shell("staff", "add", *typed, fails=True).startswith(sentence)


def test_all_accounts(shell: Shell) -> None:
    shell("staff", "add", "ada", "--name", "Ada Lovelace", "--site", "Central Library")
    said = [" ".join(line.split()) for line in shell("staff", "list").splitlines()]
    assert said[0] == "ada Ada Lovelace professor at Central Library has not signed in lately"
    assert said[1].startswith("admin ")
    assert "admin at all sites" in said[1]


def test_a_new_password_ends_what_the_old_one_opened(shell: Shell, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'cubby.db'}")
    world = World(database, Clock())
    (admin,) = world.rows(staff, login="admin")
    at = world.clock.now

    def signed_in(tx: Tx) -> None:
        ends = at.replace(year=at.year + 1)
        opened = {"key": "k", "staff_id": admin.id, "created_at": at, "expires_at": ends}
        tx.conn.execute(insert(session).values(opened))

    database.run(Work(signed_in, Trace("test")))
    world.change(staff.update().values(failed_tries=5, locked_until=at))

    said = shell("staff", "password", "Admin")

    made = said.removeprefix("admin signs in anew, with the password ").partition(". All")[0]
    (row,) = world.rows(staff, login="admin")
    (ended,) = world.rows(session)
    kinds = world.kinds()
    database.close()
    assert secret_matches(row.password_hash, made)
    assert (row.failed_tries, row.locked_until) == (0, None)
    assert ended.ended_at is not None
    assert kinds[-2:] == ["StaffPasswordSet", "SessionEnded"]


def test_a_password_that_is_asked_for(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda _prompt: typed.pop(0))
    typed += ["a long enough one", "another one"]
    said = shell("staff", "password", "admin", "--ask", fails=True)
    assert said == "The two passwords are not the same. Nothing was changed."
    typed += ["short", "short"]
    assert "A password has" in shell("staff", "password", "admin", "--ask", fails=True)
    typed += ["a long enough one"] * 2
    assert "a long" not in shell("staff", "password", "admin", "--ask")
    database = Database(f"sqlite:///{tmp_path / 'cubby.db'}")
    (row,) = World(database, Clock()).rows(staff, login="admin")
    database.close()
    assert secret_matches(row.password_hash, "a long enough one")
    assert "no staff account “bob”" in shell("staff", "password", "bob", fails=True)


def test_an_invitation_by_a_link_that_works_once(shell: Shell, tmp_path: Path) -> None:
    said = shell("staff", "invite", "Bob", "--name", "Bob Kahn", "--role", "admin")
    address, until = said.splitlines()
    assert until.startswith("Lets bob choose a password, once, until ")
    assert "invited until" in shell("staff", "list")
    database = Database(f"sqlite:///{tmp_path / 'cubby.db'}")
    world, door = World(database, Clock()), Door(database, TokenKeys(("a key",)))
    world.clock.now = datetime.now(UTC)
    link = address.rpartition("/invite/")[2]
    enter_by_invitation(door, world.call(), link, "a good password", address="10.0.0.7")
    with pytest.raises(InvitationOver):
        enter_by_invitation(door, world.call(), link, "another password")
    assert "from 10.0.0.7" in shell("staff", "list")
    again = shell("staff", "invite", "bob", "--forget").splitlines()[0].rpartition("/")[2]
    assert again != link
    with pytest.raises(WrongPassword):
        sign_in_staff(door, world.call(), "bob", "a good password")
    database.close()
    assert "no staff account “eve”" in shell("staff", "invite", "eve", fails=True)
    assert "already" in shell("staff", "invite", "bob", "--name", "Bob", fails=True)


def test_an_account_is_disabled_and_enabled(shell: Shell) -> None:
    said = shell("staff", "disable", "admin", fails=True)
    assert said == "This is the last admin of all sites who can sign in. Make another one first."
    shell("staff", "add", "root", "--name", "Grace Hopper", "--role", "admin")
    assert shell("staff", "disable", "admin") == "The account is disabled, and signed out."
    assert shell("staff", "disable", "admin") == "It is disabled already."
    assert "disabled" in shell("staff", "list")
    said = shell("site", "list", fails=True)
    assert said == "There is no staff account “admin”. Name one: --as LOGIN"
    assert "disabled" in shell("staff", "invite", "admin", fails=True)
    assert shell("staff", "enable", "admin") == "The account can be used again."
    assert shell("staff", "enable", "admin") == "It is not disabled."
