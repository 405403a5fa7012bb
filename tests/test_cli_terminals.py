"""Card terminals from the shell: set up, given a code, told something, revoked."""

import pytest
from sqlalchemy import update

from locker_app.db.tables import bank, terminal, terminal_command
from locker_app.settings import get_settings
from tests.test_cli_setup import Shell, shell, words, world
from tests.world import World

__all__ = ["shell", "world"]


@pytest.fixture
def here(shell: Shell, world: World) -> str:
    """A site with a bank and the terminal of its doors; its name on the wire."""
    shell("site", "create", "Library", "--zone", "Europe/Berlin")
    made = world.bank(1, count=3)
    said = shell("terminal", "add", "Hall", "--bank", str(made), "--relays", "1=5,2=6,3=13")
    login = world.rows(terminal)[0].login
    assert said == f"Hall is set up as {login}. Its code: terminal code {login}"
    return login


def test_set_up(shell: Shell, world: World, here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert words(shell("terminal", "list")) == [
        f"{here} Hall {world.rows(bank)[0].name} not provisioned"
    ]
    assert world.rows(terminal)[0].relays == {"1": 5, "2": 6, "3": 13}
    shell("terminal", "add", "Door", "--mode", "in", "--place", "Main door")
    assert "already" in shell("terminal", "add", "hall", "--mode", "in", fails=True)
    login = next(one.login for one in world.rows(terminal) if one.name == "Door")
    assert f"{login} Door gate, in Main door not provisioned" in words(shell("terminal", "list"))
    shell("terminal", "change", here, "--relays", "2-3,1=13")
    assert world.rows(terminal)[0].relays == {"1": 13, "2": 4, "3": 5}
    for wrong in ("1-99", "1=x", "1=5,1=6", "1=25", "1=5,2=5", "9=5"):
        assert "--relays" in shell("terminal", "change", here, "--relays", wrong, fails=True)
    said = shell("terminal", "change", "HALL", "--name", "Hall 1", "--pin", "yes")
    assert said == "Hall: it is kept."
    assert shell("terminal", "change", here, "--pin", "yes") == "Hall 1: nothing to change."
    assert "no terminal called" in shell("terminal", "code", "nowhere", fails=True)
    said = shell("terminal", "code", here)
    code = said.splitlines()[1]
    on_it = "On the device: python -m edge provision"
    assert said.splitlines()[2] == f"{on_it} http://localhost:3000 {code}"
    assert "CUBBY_PUBLIC_URL" in said.splitlines()[3], "which only this machine knows it by"
    monkeypatch.setenv("CUBBY_PUBLIC_URL", "https://lockers.example.org")
    get_settings.cache_clear()
    said = shell("terminal", "code", here).splitlines()
    assert said[2:] == [f"{on_it} https://lockers.example.org {said[1]}"]
    assert shell("terminal", "archive", "Door") == "Door is taken down."
    assert shell("terminal", "archive", "door", fails=True)
    assert "Door" not in shell("terminal", "list")
    assert "taken down" in shell("terminal", "list", "--archived")
    assert shell("terminal", "restore", "Door") == "Door is there again."


def test_a_bank_is_named_as_the_list_of_banks_shows_it(
    shell: Shell, world: World, here: str
) -> None:
    row = world.rows(bank)[0]
    assert words(shell("bank", "list"))[0].startswith(row.code)
    for number, named in enumerate((row.code, row.code.lower(), row.name, str(row.id))):
        shell("terminal", "add", f"Door {number}", "--bank", named)
    assert {one.bank_id for one in world.rows(terminal)} == {row.id}
    assert row.name in shell("locker", "list", row.code)
    said = "There is no bank called “{}”. `bank list` shows their codes."
    for wrong in ("9" * 23, "²", "-1", "nowhere"):
        refused = shell("terminal", "add", "Nowhere", f"--bank={wrong}", fails=True)
        assert said.format(wrong) in refused
    assert "does not exist here" in shell("terminal", "add", "X", "--bank", "999", fails=True)


def test_told_and_revoked(shell: Shell, world: World, here: str) -> None:
    assert "not connected" in shell("terminal", "identify", here, fails=True)
    said = shell("terminal", "tap", here, "04A1B2C3", fails=True)
    assert "No device is this terminal now, so it is not connected." in said
    world.change(update(terminal).values(state="online", password_hash="x"))
    assert shell("terminal", "identify", here) == "Hall is told to show itself."
    shell("terminal", "sync", here)
    shell("terminal", "restart", here)
    assert "real reader" in shell("terminal", "tap", here, "04A1B2C3", fails=True)
    world.change(update(terminal).values(simulated=True))
    shell("terminal", "tap", here, "04:A1:B2:C3")
    assert [row.kind for row in world.rows(terminal_command)] == [
        *("identify", "sync", "restart", "tap")
    ]
    assert shell("terminal", "revoke", here, "--reason", "stolen") == "Hall may speak no more."
    assert "revoked" in shell("terminal", "list")
    assert "does not exist" in shell("terminal", "seen-to", "7", fails=True)
