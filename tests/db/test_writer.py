"""SQLite's writer: commands in groups, each in a savepoint of its own, all or none on disk."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from threading import Event
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from locker_app.db.database import Database
from locker_app.db.log import Logged, Trace
from locker_app.db.tables import person
from locker_app.db.transaction import Tx, Work
from locker_app.db.writer import MAX_GROUP
from locker_app.domain.actors import SYSTEM
from locker_app.domain.errors import DomainError, NoneFree
from locker_app.domain.facts import PersonAdded, Refused
from tests.world import Clock

TRACE = Trace("test")
PATIENCE = 30


@pytest.fixture
def database(new_database_url: Callable[[str], str]) -> Iterator[Database]:
    opened = Database(new_database_url("sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def commits(database: Database) -> Iterator[list[list[Logged]]]:
    """The events of each commit, in order."""
    told: list[list[Logged]] = []
    database.listen(told.append)
    yield told


def add(number: str) -> Callable[[Tx], int]:
    """Add a person, with an event."""

    def attempt(tx: Tx) -> int:
        now = Clock().now
        row = insert(person).values(number=number, name="x", created_at=now).returning(person.c.id)
        person_id = tx.conn.execute(row).scalar_one()
        tx.record(PersonAdded(site_id=None, person_id=person_id), SYSTEM, now)
        return person_id

    return attempt


def then(first: Callable[[Tx], Any], error: BaseException) -> Callable[[Tx], Any]:
    """Do it, then fail."""

    def attempt(tx: Tx) -> None:
        first(tx)
        raise error

    return attempt


def keep(tx: Tx, refusal: DomainError) -> None:
    tx.record(Refused(site_id=None, command="test", code=refusal.code), SYSTEM, Clock().now)


def fail(tx: Tx, refusal: DomainError) -> None:
    raise RuntimeError("even the refusal fails")


def numbers(database: Database) -> list[str]:
    return list(database.read(lambda conn: conn.execute(select(person.c.number)).scalars().all()))


def group(database: Database, *work: Work[Any]) -> list[Future[Any]]:
    """Submit these while the writer is busy, so that they are committed together."""
    busy, go_on = Event(), Event()

    def hold_up(tx: Tx) -> None:
        busy.set()
        assert go_on.wait(PATIENCE)

    database.submit(Work(hold_up, TRACE))
    assert busy.wait(PATIENCE)
    futures = [database.submit(one) for one in work]
    go_on.set()
    for future in futures:
        future.exception(PATIENCE)
    return futures


def of(*attempts: Callable[[Tx], Any]) -> list[Work[Any]]:
    return [Work(attempt, TRACE, keep) for attempt in attempts]


def kinds(events: list[Logged]) -> list[str]:
    return [logged.kind for logged in events]


def test_what_waits_is_committed_together(database: Database, commits: list[list[Logged]]) -> None:
    futures = group(database, *of(add("A1"), add("A2"), add("A3")))
    assert [future.result() for future in futures] == [1, 2, 3]
    assert [kinds(events) for events in commits] == [["PersonAdded"] * 3]
    assert numbers(database) == ["A1", "A2", "A3"]


def test_a_group_has_a_limit(database: Database, commits: list[list[Logged]]) -> None:
    group(database, *of(*[add(f"A{number}") for number in range(MAX_GROUP + 5)]))
    assert [len(events) for events in commits] == [MAX_GROUP, 5]


def test_a_refusal_undoes_itself_alone(database: Database, commits: list[list[Logged]]) -> None:
    one, two, three = group(database, *of(add("A1"), then(add("A2"), NoneFree()), add("A3")))
    assert (one.result(), three.result()) == (1, 2)
    with pytest.raises(NoneFree):
        two.result()
    assert numbers(database) == ["A1", "A3"]
    assert [kinds(events) for events in commits] == [["PersonAdded", "Refused", "PersonAdded"]]


def test_a_fault_undoes_itself_alone(database: Database, commits: list[list[Logged]]) -> None:
    one, two, three = group(database, *of(add("A1"), then(add("A2"), ValueError("x")), add("A3")))
    assert (one.result(), three.result()) == (1, 2)
    with pytest.raises(ValueError, match="x"):
        two.result()
    assert numbers(database) == ["A1", "A3"]
    assert [kinds(events) for events in commits] == [["PersonAdded"] * 2]


def test_a_statement_that_the_database_refuses_undoes_itself_alone(database: Database) -> None:
    one, two, three = group(database, *of(add("A1"), add("A1"), add("A3")))
    assert isinstance(two.exception(), IntegrityError)
    assert (one.result(), three.result()) == (1, 2)
    assert numbers(database) == ["A1", "A3"]


def test_a_fault_while_a_refusal_is_kept_undoes_itself_alone(database: Database) -> None:
    refused = Work(then(add("A2"), NoneFree()), TRACE, fail)
    one, two, three = group(database, *of(add("A1")), refused, *of(add("A3")))
    assert (one.result(), three.result()) == (1, 2)
    assert isinstance(two.exception(), RuntimeError)
    assert numbers(database) == ["A1", "A3"]


def test_when_the_commit_fails_all_fail_and_nothing_is_kept(
    database: Database, commits: list[list[Logged]]
) -> None:
    def break_the_commit(tx: Tx) -> None:
        """A foreign key that is looked at only when the transaction commits."""
        tx.conn.execute(text("PRAGMA defer_foreign_keys = ON"))
        tx.conn.execute(text("INSERT INTO staff_role (staff_id, role) VALUES (99, 'admin')"))

    futures = group(
        database, *of(add("A1"), break_the_commit, then(add("A2"), NoneFree()), add("A3"))
    )
    assert all(isinstance(future.exception(), IntegrityError) for future in futures)
    assert numbers(database) == []
    assert commits == []
    assert database.run(Work(add("A4"), TRACE)) == 1, "and the next is done as ever"
    assert numbers(database) == ["A4"]


def test_when_the_database_is_locked_by_another_all_fail_and_the_next_is_done(
    database: Database, new_database_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database.url.removeprefix("sqlite:///")
    with database._write_engine.connect() as conn:  # the writer's connection, back in its pool
        conn.exec_driver_sql("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Exception, match="locked"):
        database.run(Work(add("A1"), TRACE))
    other.execute("COMMIT")
    other.close()
    assert database.run(Work(add("A2"), TRACE)) == 1


def test_who_no_longer_waits_stops_nobody(database: Database) -> None:
    """A browser that goes away cancels its command; the writer goes on."""
    busy, go_on = Event(), Event()

    def hold_up(tx: Tx) -> None:
        busy.set()
        assert go_on.wait(PATIENCE)

    first = database.submit(Work(hold_up, TRACE))
    assert busy.wait(PATIENCE)
    gone, stays = (database.submit(Work(add(number), TRACE)) for number in ("A1", "A2"))
    first.cancel()
    assert gone.cancel()
    go_on.set()
    assert stays.result(PATIENCE) == 1
    assert numbers(database) == ["A2"], "what was not begun is not done"


def test_who_no_longer_waits_for_it_on_the_event_loop_stops_nobody(database: Database) -> None:
    async def give_up() -> int:
        for number in range(20):
            impatient = asyncio.ensure_future(database.arun(Work(add(f"A{number}"), TRACE)))
            await asyncio.sleep(0)
            impatient.cancel()
        return await asyncio.wait_for(database.arun(Work(add("B1"), TRACE)), PATIENCE)

    assert asyncio.run(give_up()) >= 1
    assert "B1" in numbers(database)


def test_a_listener_that_fails_stops_nobody(
    database: Database, commits: list[list[Logged]], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(events: list[Logged]) -> None:
        raise RuntimeError("the hub is broken")

    database._listeners.insert(0, broken)
    assert database.run(Work(add("A1"), TRACE)) == 1
    assert database.run(Work(add("A2"), TRACE)) == 2
    database.close()
    assert [kinds(events) for events in commits] == [["PersonAdded"], ["PersonAdded"]]
    assert "the hub is broken" in caplog.text


def test_closing_finishes_what_is_queued(new_database_url: Callable[[str], str]) -> None:
    url = new_database_url("sqlite")
    database = Database(url)
    futures = [database.submit(Work(add(f"A{number}"), TRACE)) for number in range(200)]
    database.close()
    assert [future.result(0) for future in futures] == list(range(1, 201))


def test_after_closing_nothing_is_taken(new_database_url: Callable[[str], str]) -> None:
    database = Database(new_database_url("sqlite"))
    database.close()
    with pytest.raises(RuntimeError):
        database.submit(Work(add("A1"), TRACE))


def test_events_are_told_in_the_order_of_the_log(
    database: Database, commits: list[list[Logged]]
) -> None:
    for number in range(100):
        database.submit(Work(add(f"A{number}"), TRACE))
    database.close()
    ids = [logged.id for events in commits for logged in events]
    assert ids == list(range(1, 101))
