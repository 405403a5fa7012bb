"""Accounts: hashes that Mosquitto understands, files that are never half there."""

import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locker_app.brokers.accounts import (
    Account,
    Accounts,
    password_file,
    password_fits,
    password_hash,
    read_password_file,
)
from locker_app.brokers.rights import BRIDGES, HOME_ASSISTANT

_HASH = password_hash("secret")


@settings(max_examples=10)
@given(st.text(), st.text())
def test_a_hash_fits_its_password_only(password: str, other: str) -> None:
    kept = password_hash(password)
    assert password_fits(password, kept)
    assert password_fits(other, kept) == (other == password)


@settings(max_examples=30)
@given(st.text())
def test_what_is_no_hash_fits_nothing(kept: str) -> None:
    assert not password_fits("secret", kept)


@pytest.mark.parametrize(
    "kept",
    ["$7$0$AAAA$AAAA", "$7$9999999999$AAAA$AAAA", "$6$101$AAAA$AAAA", "$7$101$*$*", "$7$x$A$A"],
)
def test_a_hash_of_another_kind_fits_nothing(kept: str) -> None:
    assert not password_fits("secret", kept)


def test_the_hash_of_mosquitto_itself_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.touch(0o600)
    command = ["mosquitto_passwd", "-b", str(file), "door-1", "the password"]
    subprocess.run(command, check=True, capture_output=True)
    kept = read_password_file(file.read_text())
    assert password_fits("the password", kept["door-1"])
    assert kept["door-1"].count("$") == _HASH.count("$")


def test_a_name_can_not_bring_another_line() -> None:
    with pytest.raises(ValueError, match="line's end"):
        password_file([Account("door-1:x\ncubby", _HASH)])


@pytest.mark.parametrize(
    "name",
    ["", "cubby", "cubby-2", "srv", "home-assistant", "+", "#", "a/b", "Door", "a b", "a:b", "é"],
)
def test_a_terminal_can_not_have_such_a_name(tmp_path: Path, name: str) -> None:
    accounts = Accounts(tmp_path, _HASH)
    accounts.prepare()
    before = (tmp_path / "passwords").read_text()
    with pytest.raises(ValueError, match="no name"):
        accounts.sync([Account("door-1", _HASH), Account(name, _HASH)])
    assert (tmp_path / "passwords").read_text() == before


def test_files_are_written_and_the_broker_told_only_when_something_changed(tmp_path: Path) -> None:
    told: list[int] = []
    accounts = Accounts(tmp_path / "broker", _HASH, reload=lambda: told.append(1))
    one, other = Account("door-1", _HASH), Account("door-2", _HASH)
    assert accounts.sync([one, other])
    assert not accounts.sync([other, one])
    assert accounts.sync([other])
    assert len(told) == 2
    names = read_password_file((tmp_path / "broker" / "passwords").read_text())
    assert set(names) == {"door-2", *BRIDGES}


def test_home_assistant_has_an_account_while_it_has_a_password(tmp_path: Path) -> None:
    Accounts(tmp_path, _HASH, home_assistant=_HASH).sync([])
    assert HOME_ASSISTANT in read_password_file((tmp_path / "passwords").read_text())
    Accounts(tmp_path, _HASH).prepare()
    assert HOME_ASSISTANT not in read_password_file((tmp_path / "passwords").read_text())


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    Accounts(folder, _HASH).sync([])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {"passwords", "acl"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_starting_again_keeps_the_accounts_of_terminals(tmp_path: Path) -> None:
    Accounts(tmp_path, _HASH).sync([Account("door-1", _HASH)])
    Accounts(tmp_path, _HASH).prepare()
    assert "door-1" in read_password_file((tmp_path / "passwords").read_text())
