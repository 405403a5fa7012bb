"""Sites and banks from the shell: set up, changed, archived, and what is said when it can't be."""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locker_app import cli
from locker_app.db.database import Database
from locker_app.db.tables import bank, event, site
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
    """Types a command and gives what it printed; there is an admin and nothing else."""
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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The same installation."""
    database = Database(f"sqlite:///{tmp_path / 'cubby.db'}")
    yield World(database, Clock())
    database.close()


def words(said: str) -> list[str]:
    return [" ".join(line.split()) for line in said.splitlines()]


def test_a_place_from_nothing(shell: Shell, world: World) -> None:
    assert "site create NAME" in shell("site", "list")
    assert "bank create NAME" in shell("bank", "list")
    said = shell("bank", "create", "Hall", "--doors", "1-5", fails=True)
    assert said == "Say at which site: one of none: site create NAME"
    hours = ("--set", "monday=9:00-18:00", "--set", "names_kept_days=90")
    said = shell("site", "create", "City Library", "--zone", "europe/berlin", *hours)
    assert said.startswith("City Library is set up.")
    (made,) = world.rows(site)
    assert (made.time_zone, made.hours) == ("Europe/Berlin", [[0, "09:00", "18:00"]])
    doors = ("--doors", "1-5", "--accessible", "1-2", "--small", "5", "--prefix", "a")
    said = shell("bank", "create", "Hall", *doors, "--set", "limit_minutes=60")
    (row,) = world.rows(bank)
    assert said == f"Hall is set up, 5 doors. Its short address is /go/{row.code}"
    assert (row.prefix, row.limit_minutes) == ("A", 60)
    assert {one.actor_kind for one in world.rows(event, kind="BankCreated")} == {"staff"}
    assert words(shell("site", "list")) == ["City Library Europe/Berlin 1 bank"]
    assert words(shell("bank", "list")) == [
        f"{row.code} 5 doors 0 taken 0 waiting Hall, City Library"
    ]


def test_rules_are_shown_as_they_are_set(shell: Shell, world: World) -> None:
    shell("site", "create", "City Library", "--zone", "UTC")
    shell("bank", "create", "Hall", "--doors", "1-5")
    for noun, name, rule in (
        ("site", "City Library", "hold_minutes = 20"),
        ("bank", "Hall", "overdue_action = release"),
    ):
        assert rule not in shell(noun, "rules", name)
        setting = rule.replace(" ", "")
        assert shell(noun, "rules", name, "--set", setting).endswith("the rules are set.")
        assert rule in shell(noun, "rules", name).splitlines()
        assert shell(noun, "rules", name, "--set", setting).endswith("nothing to change.")
    assert "monday =" in shell("site", "rules", "city library").splitlines()
    said = shell("bank", "rules", "Hall", "--set", "monday=9-17", fails=True)
    assert said.startswith("“monday=9-17” sets no rule. Write NAME=VALUE, with one of name,")
    said = shell("bank", "rules", "Hall", "--set", "overdue_action=explode", fails=True)
    assert said == "overdue_action is one of nothing, notify, release."
    said = shell("site", "rules", "City Library", "--set", "viewers_see_names=perhaps", fails=True)
    assert said == "viewers_see_names is yes or no."


def test_doors_and_what_would_strand_somebody(shell: Shell, world: World) -> None:
    shell("site", "create", "City Library", "--zone", "UTC")
    shell("bank", "create", "Hall", "--doors", "1-5", "--accessible", "1-4", "--prefix", "A")
    bank_id = world.rows(bank)[0].id
    who = world.person()
    taken = world.take(who, bank_id)
    assert shell("bank", "doors", "hall").splitlines() == [
        "doors = 1-5", "accessible = 1-4", "small =", "medium =", "large =", "taken = 1",
    ]  # fmt: skip
    said = shell("bank", "doors", "Hall", "--doors", "1-3, 8")
    assert said == "Hall has 4 doors: 1 added, 2 removed, 0 changed."
    for doing in (("doors", "Hall", "--doors", "2-3"), ("renumber", "Hall", "101"),
                  ("archive", "Hall")):  # fmt: skip
        said = shell("bank", *doing, fails=True)
        assert said.startswith("1 door is held, or on hold for somebody: A1."), doing
    assert "A1" in shell("site", "archive", "City Library", fails=True)
    said = shell("bank", "doors", "Hall", "--doors", "x", fails=True)
    assert said == "--doors: “x” can't be read. Write numbers like 1-50, 61."
    assert world.view(bank_id).numbers == [1, 2, 3, 8]
    world.give_back(who, taken)
    assert shell("bank", "renumber", "Hall", "101") == "Hall: numbered anew."
    assert world.view(bank_id).numbers == [101, 102, 103, 104]


def test_archived_and_back(shell: Shell) -> None:
    shell("site", "create", "City Library", "--zone", "UTC")
    shell("bank", "create", "Hall", "--doors", "1-5")
    assert shell("bank", "archive", "Hall") == "Hall is archived."
    assert "archived" in shell("bank", "list")
    assert shell("bank", "restore", "Hall") == "Hall is in use again."
    assert shell("site", "archive", "City Library") == "City Library is archived."
    assert shell("site", "archive", "City Library") == "City Library: nothing to change."
    assert words(shell("site", "list")) == ["City Library UTC archived"]
    shell("site", "restore", "City Library")
    assert "5 doors" in shell("bank", "list")
    assert "no bank called “Nowhere”" in shell("bank", "archive", "Nowhere", fails=True)


def test_only_admins_do_it(shell: Shell) -> None:
    shell("site", "create", "City Library", "--zone", "UTC")
    shell("staff", "add", "ada", "--name", "Ada")
    said = shell("bank", "create", "Hall", "--doors", "1", "--as", "ada", fails=True)
    assert said == "Your account is not allowed to do this."
    assert "no staff account “bob”" in shell("site", "list", "--as", "bob", fails=True)


@pytest.mark.parametrize("noun", ["site", "bank", "staff"])
def test_help_shows_examples(shell: Shell, capsys: pytest.CaptureFixture[str], noun: str) -> None:
    with pytest.raises(SystemExit):
        cli.main([noun, "--help"])
    said = capsys.readouterr().out
    assert f"examples:\n  {noun} " in said
