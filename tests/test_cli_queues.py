"""Queues from the shell: what each command does, and what is said when it can't be done."""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locker_app import cli
from locker_app.db.database import Database
from locker_app.db.tables import event, queue, ticket
from locker_app.domain.actors import Actor, ActorKind
from locker_app.services.tickets import join_queue
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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The same library, for those who join."""
    database = Database(f"sqlite:///{tmp_path / 'cubby.db'}")
    yield World(database, Clock())
    database.close()


def test_a_queue_from_beginning_to_end(shell: Shell, world: World) -> None:
    made = shell("queue", "create", "Chemistry", "--place", "Room 3", "--groups", "1-40,51")
    row = world.rows(queue)[-1]
    assert made == f"Chemistry is set up. Its short address is /q/{row.code}"
    assert (row.name, row.place, row.groups, row.mode) == (
        "Chemistry",
        "Room 3",
        "1-40, 51",
        "open",
    )
    for group in ("1", "2", "3"):
        world.run(world.person(), join_queue, queue_id=row.id, group=group)
    assert f"{row.code}  open  shows 1  2 waiting  Chemistry, Central Library" in shell(
        "queue", "list"
    )
    assert shell("queue", "next", "chemistry") == "Chemistry: 1 is done. It is 2's turn."
    assert shell("queue", "drain", row.code.lower()) == "Chemistry finishes those in line."
    assert shell("queue", "close", row.code) == "Chemistry is closed."
    assert shell("queue", "close", row.code) == "Chemistry: nothing to change."
    assert shell("queue", "open", row.code) == "Chemistry is open."
    assert shell("queue", "announce", row.code, "Back  soon") == "Chemistry: announced."
    assert world.row(queue, row.id).announcement == "Back soon"
    assert (
        shell("queue", "reset", row.code) == "Chemistry begins at 1 again. 2 tickets were cleared."
    )
    assert shell("queue", "next", row.code) == "Chemistry: Nobody was called."
    last = world.rows(event)[-1]
    assert (last.kind, last.actor_kind, last.origin) == ("QueueReset", "staff", "shell")


def test_what_can_not_be_done_is_said_in_a_sentence(shell: Shell, world: World) -> None:
    for typed, said in (
        (("queue", "open", "nowhere"), "There is no queue called “nowhere”."),
        (("queue", "list", "--as", "bob"), "There is no staff account “bob”."),
        (("queue", "create", "Physics lab"), "There is a queue of this name here already."),
        (("queue", "create", "X", "--groups", "9-1"), "--groups: “9-1” is no range"),
        (("queue", "create", "X", "--capacity", "0"), "--capacity: Enter a whole number from"),
        (("queue", "create", "X", "--room-pin", "1"), "--room-pin: The code of the room has"),
        (("queue", "create", "X", "--site", "Nowhere"), "--site NAME, one of “Central Library”"),
    ):
        assert said in shell(*typed, fails=True)
    assert len(world.rows(queue)) == 1


def test_who_may_not_may_not_here_either(shell: Shell, world: World) -> None:
    from locker_app.db.tables import staff
    from locker_app.domain.actors import Role

    viewer = world.staff(Role.VIEWER)
    assert viewer == Actor(ActorKind.STAFF, viewer.id, roles=((None, Role.VIEWER),))
    login = world.row(staff, viewer.id or 0).login

    said = shell("queue", "close", "Physics lab", "--as", login, fails=True)

    assert said == "Your account is not allowed to do this."


def test_a_line_is_worked_off(shell: Shell, world: World) -> None:
    line = world.rows(queue)[0]
    for group in ("1", "2", "3", "4", "5"):
        question = "Why?" if group == "2" else ""
        world.run(world.visitor(), join_queue, queue_id=line.id, group=group, question=question)

    assert (
        shell("queue", "desk", line.code, "Desk 2") == f"{line.name}: people are sent to “Desk 2”."
    )
    assert shell("queue", "next", line.code) == f"{line.name}: 1 is done. It is 2's turn."
    assert shell("queue", "note", line.code, "2", "brings the plot") == f"{line.name}: noted."
    shown = shell("queue", "show", line.code).splitlines()
    assert shown[0] == f"{line.name}: open, shows 2, 3 waiting"
    assert [text.split("  ")[0] for text in shown[1:]] == ["2", "3", "4", "5", "1"]
    assert "at Desk 2" in shown[1]
    assert "“Why?” (brings the plot)" in shown[1]
    assert "waiting 1" in shown[2]
    assert "done" in shown[5]

    assert shell("queue", "undo", line.code) == (
        f"{line.name}: taken back. 2 waits again. 1 is helped again."
    )
    assert shell("queue", "complete", line.code) == f"{line.name}: 1 is done."
    assert shell("queue", "complete", line.code) == f"{line.name}: nobody is helped."
    assert shell("queue", "pause", line.code) == f"{line.name}: a break. Nobody is called."
    assert shell("queue", "call", line.code, "4") == f"{line.name}: It is 4's turn."
    assert shell("queue", "no-show", line.code, "4") == (
        f"{line.name}: 4 did not come. Nobody was called."
    )
    assert shell("queue", "resume", line.code) == f"{line.name}: the break is over."
    assert shell("queue", "put-back", line.code, "4") == (
        f"{line.name}: 4 is at the front of the line again."
    )
    assert shell("queue", "remove", line.code, "3") == f"{line.name}: 3 is out of the line."
    assert shell("queue", "next", line.code) == f"{line.name}: It is 4's turn."
    assert [row.status for row in world.rows(ticket)] == [
        *("done", "waiting", "removed", "serving", "waiting")
    ]


def test_a_number_that_is_not_there(shell: Shell, world: World) -> None:
    line = world.rows(queue)[0]
    for doing in ("call", "no-show", "put-back", "remove"):
        said = shell("queue", doing, line.code, "7", fails=True)
        assert said == f"{line.name} has no number 7. `queue show` shows the line."
    world.run(world.visitor(), join_queue, queue_id=line.id, group="1")
    said = shell("queue", "remove", line.code, "1", fails=True)
    assert said == "This ticket has changed meanwhile. Look again."


def test_rules_are_shown_as_they_are_set(shell: Shell, world: World) -> None:
    line = world.rows(queue)[0]
    before = shell("queue", "rules", line.code)
    assert f"name = {line.name}" in before
    again = [word for text in before.splitlines() for word in ("--set", text)]
    assert shell("queue", "rules", line.code, *again) == f"{line.name}: nothing to change."

    said = shell(
        *("queue", "rules", line.code, "--set", "capacity=30", "--set", "sign_in_needed = yes"),
        *("--set", "monday=9:00-12:00, 14:00-16:30", "--set", "room_pin=4711"),
    )

    assert said.startswith(f"{line.name}: the rules are set.")
    row = world.row(queue, line.id)
    assert (row.capacity, row.sign_in_needed, row.room_pin) == (30, True, "4711")
    assert row.hours == [[0, "09:00", "12:00"], [0, "14:00", "16:30"]]
    assert "monday = 09:00-12:00, 14:00-16:30" in shell("queue", "rules", line.code)
    shell("queue", "rules", line.code, "--set", "capacity=none", "--set", "monday=")
    row = world.row(queue, line.id)
    assert (row.capacity, row.hours or []) == (None, [])


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("colour=red", "“colour=red” sets no rule. Write NAME=VALUE, with one of name, place"),
        ("capacity", "“capacity” sets no rule"),
        ("capacity=many", "capacity: Enter a whole number from 1 to 10000."),
        ("capacity=0", "capacity: Enter a whole number from 1 to 10000."),
        (f"capacity={'9' * 30}", "capacity: Enter a whole number from 1 to 10000."),
        ("sign_in_needed=perhaps", "sign_in_needed is yes or no."),
        ("friday=noon", "“noon” can't be read."),
    ],
)
def test_rules_that_can_not_be(shell: Shell, world: World, setting: str, said: str) -> None:
    line = world.rows(queue)[0]
    assert shell("queue", "rules", line.code, "--set", setting, fails=True).startswith(said)
    assert world.row(queue, line.id) == line


def test_looking_back(shell: Shell, world: World, tmp_path: Path) -> None:
    line = world.rows(queue)[0]
    for group in ("1", "2"):
        world.run(world.visitor(), join_queue, queue_id=line.id, group=group)
    shell("queue", "next", line.code)
    shell("queue", "next", line.code)
    path = tmp_path / "week.csv"

    said = shell("queue", "after", line.code, "--days", "7", "--csv", str(path)).splitlines()

    assert "2 tickets ended (2 done)" in said[0]
    assert said[1].startswith("wait     mean ")
    assert said[3] == f"2 tickets are in {path}"
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    assert rows[0].startswith("round,number,group")
    assert [row.split(",")[:3] for row in rows[1:]] == [["1", "1", "1"], ["1", "2", "2"]]
    nobody = shell("queue", "after", line.code, "--first", "2020-01-01")
    assert nobody.splitlines()[1:] == ["wait     nobody", "service  nobody"]
    gone = shell("queue", "after", line.code, "--csv", str(tmp_path / "no" / "x"), fails=True)
    assert "can't be written" in gone


@pytest.mark.parametrize("doing", ["show", "rules", "after"])
def test_what_is_read_is_read_as_somebody_too(shell: Shell, world: World, doing: str) -> None:
    from locker_app.db.tables import staff
    from locker_app.domain.actors import Role

    login = world.row(staff, world.staff(Role.VIEWER).id or 0).login

    said = shell("queue", doing, "Physics lab", "--as", login, fails=True)

    assert said == "Your account is not allowed to do this."
