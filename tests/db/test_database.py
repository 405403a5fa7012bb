"""Commands in, rows out, events after the commit: the same on both databases."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from locker_app.db.database import Database
from locker_app.db.engine import is_sqlite, make_engine
from locker_app.db.log import Logged, Trace
from locker_app.db.tables import event, person
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import SYSTEM
from locker_app.domain.errors import DomainError, NoneFree
from locker_app.domain.facts import PersonAdded, Refused
from tests.world import Clock

NOW = Clock().now
TRACE = Trace("test")


def add(number: str) -> Callable[[Tx], int]:
    def attempt(tx: Tx) -> int:
        row = insert(person).values(number=number, name="x", created_at=NOW).returning(person.c.id)
        person_id = tx.conn.execute(row).scalar_one()
        tx.record(PersonAdded(site_id=None, person_id=person_id), SYSTEM, NOW)
        return person_id

    return attempt


def refused(tx: Tx) -> None:
    add("R1")(tx)
    raise NoneFree


def keep(tx: Tx, refusal: DomainError) -> None:
    tx.record(Refused(site_id=None, command="test", code=refusal.code), SYSTEM, NOW)


def numbers(conn: Connection) -> list[str]:
    return list(conn.execute(select(person.c.number).order_by(person.c.id)).scalars())


def kinds(conn: Connection) -> list[str]:
    return list(conn.execute(select(event.c.kind).order_by(event.c.id)).scalars())


@pytest.fixture
def told(database: Database) -> list[Logged]:
    heard: list[Logged] = []
    database.listen(heard.extend)
    return heard


def test_done_and_told(database: Database, told: list[Logged]) -> None:
    assert database.run(Work(add("A1"), TRACE)) == 1
    database.close()
    assert [(logged.kind, logged.person_id) for logged in told] == [("PersonAdded", 1)]


def test_told_only_after_the_commit(database: Database) -> None:
    seen: list[list[str]] = []
    database.listen(lambda events: seen.append(database.read(numbers)))
    database.run(Work(add("A1"), TRACE))
    database.run(Work(add("A2"), TRACE))
    database.close()
    assert seen == [["A1"], ["A1", "A2"]]


def test_a_refusal_keeps_only_that_it_was_refused(database: Database, told: list[Logged]) -> None:
    with pytest.raises(NoneFree):
        database.run(Work(refused, TRACE, keep))
    assert database.read(numbers) == []
    assert database.read(kinds) == ["Refused"]
    database.close()
    assert [logged.kind for logged in told] == ["Refused"]


def test_a_refusal_that_nobody_keeps(database: Database, told: list[Logged]) -> None:
    with pytest.raises(NoneFree):
        database.run(Work(refused, TRACE))
    assert database.read(kinds) == []
    database.close()
    assert told == []


def test_a_fault_keeps_and_tells_nothing(database: Database, told: list[Logged]) -> None:
    database.run(Work(add("A1"), TRACE))
    told.clear()
    with pytest.raises(IntegrityError):
        database.run(Work(add("A1"), TRACE, keep))
    assert database.read(kinds) == ["PersonAdded"]
    assert told == []


def test_a_listener_that_fails_is_not_the_commands_fault(
    database: Database, told: list[Logged], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(events: list[Logged]) -> None:
        raise RuntimeError("the hub is broken")

    database._listeners.insert(0, broken)
    assert database.run(Work(add("A1"), TRACE)) == 1
    with pytest.raises(NoneFree):
        database.run(Work(refused, TRACE, keep))
    database.close()
    assert [logged.kind for logged in told] == ["PersonAdded", "Refused"]
    assert "the hub is broken" in caplog.text


def test_from_the_event_loop(database: Database) -> None:
    async def both() -> tuple[int, list[str]]:
        added = await asyncio.gather(*[database.arun(Work(add(f"A{n}"), TRACE)) for n in range(9)])
        assert sorted(added) == sorted(set(added))
        with pytest.raises(NoneFree):
            await database.arun(Work(refused, TRACE, keep))
        return len(added), await database.aread(numbers)

    count, found = asyncio.run(both())
    assert (count, len(found)) == (9, 9)


def test_many_threads(database: Database) -> None:
    with ThreadPoolExecutor(20) as threads:
        ids = list(threads.map(lambda n: database.run(Work(add(f"A{n}"), TRACE)), range(200)))
    assert len(set(ids)) == 200
    assert len(database.read(numbers)) == 200


def test_reads_do_not_wait_for_a_command(database: Database) -> None:
    """And see nothing of it before its commit."""
    database.run(Work(add("A1"), TRACE))
    done, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        add("A2")(tx)
        done.set()
        assert go_on.wait(30)

    future = database.submit(Work(slow, TRACE))
    assert done.wait(30)
    assert database.read(numbers) == ["A1"]
    go_on.set()
    future.result(30)
    assert database.read(numbers) == ["A1", "A2"]


def test_a_read_sees_one_moment(database: Database) -> None:
    def twice(conn: Connection) -> tuple[list[str], list[str]]:
        before = numbers(conn)
        database.run(Work(add("A1"), TRACE))
        return before, numbers(conn)

    assert database.read(twice) == ([], [])


def test_a_read_writes_nothing_on_postgresql(new_database_url: Callable[[str], str]) -> None:
    database = Database(new_database_url("postgresql"))
    with pytest.raises(Exception, match="read-only"):
        database.read(lambda conn: conn.execute(text("DELETE FROM request")))
    database.run(Work(add("A1"), TRACE))
    database.close()


def test_after_closing_nothing_is_done(database: Database) -> None:
    database.close()
    with pytest.raises(RuntimeError):
        database.run(Work(add("A1"), TRACE))


def test_a_lost_connection_is_replaced(new_database_url: Callable[[str], str]) -> None:
    """PostgreSQL was restarted: what ran then fails, what comes later does not."""
    database = Database(new_database_url("postgresql"))
    database.run(Work(add("A1"), TRACE))
    others = (
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def cut_off(tx: Tx) -> None:
        add("A2")(tx)
        assert database.read(lambda conn: conn.scalar(text(others)))
        add("A3")(tx)

    with pytest.raises(Exception, match=r"terminat|closed"):
        database.run(Work(cut_off, TRACE))
    assert database.read(numbers) == ["A1"]
    assert database.run(Work(add("A4"), TRACE)) > 1
    assert database.read(lambda conn: conn.scalar(select(func.count()).select_from(person))) == 2
    database.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_databases_that_are_no_use(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite file or a PostgreSQL"):
        make_engine(url, writing=True)


def test_which_is_which() -> None:
    assert is_sqlite("sqlite:///data/cubby.db")
    assert not is_sqlite("postgresql://somewhere/cubby")


def test_a_sqlite_commit_is_on_disk(new_database_url: Callable[[str], str]) -> None:
    """What keeps a commit after a power cut is set on every connection, new ones as well."""
    database = Database(new_database_url("sqlite"))
    for engine in (database._read_engine, database._write_engine):
        with engine.connect() as conn:
            seen = [
                conn.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
            assert seen == ["wal", 2, 1]
    database.close()
