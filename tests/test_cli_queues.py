"""Queues from the shell: what each command does, and what is said when it can't be done."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locker_app import cli
from locker_app.db.database import Database
from locker_app.db.tables import event, queue
from locker_app.domain.actors import Actor, ActorKind
from locker_app.services.tickets import join_queue
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
        (("queue", "create", "X", "--groups", "9-1"), "“9-1” is no range"),
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
