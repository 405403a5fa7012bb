"""Prepared statements say the same as SQLAlchemy's ordinary way, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.statement import Statement
from locker_app.db.tables import event, person
from locker_app.db.transaction import Tx, Work
from locker_app.db.types import UtcDateTime
from tests.world import Clock

NOW = Clock().now + timedelta(microseconds=123456)
_COLUMNS = (
    "number",
    "name",
    "name_key",
    "accessible",
    "near_last",
    "failed_tries",
    "created_at",
    "locked_until",
)
_ADD = Statement(
    insert(person).values({name: bindparam(name) for name in _COLUMNS}).returning(person.c.id)
)
_ALL = Statement(select(person).order_by(person.c.id))
_BY_NUMBER = Statement(select(person.c.id, person.c.name).where(person.c.number == bindparam("n")))
_CREATED_BEFORE = Statement(
    select(person.c.number)
    .where(person.c.created_at < bindparam("moment"), person.c.accessible == bindparam("low"))
    .order_by(person.c.id)
)
_LOCK = Statement(
    update(person)
    .where(person.c.locked_until.is_(None))
    .values(locked_until=bindparam("until"), failed_tries=0)
)
_NAMES = ("at", "kind", "actor_kind", "origin", "details")
_LOG = Statement(insert(event).values({name: bindparam(name) for name in _NAMES}))


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database._write_engine.begin() as connection:
        yield connection


def add(conn: Connection, number: str, **values: Any) -> Any:
    row = {
        "name": "Ada",
        "name_key": "ada",
        "accessible": False,
        "near_last": False,
        "failed_tries": 0,
        "created_at": NOW,
        "locked_until": None,
    }
    return _ADD.value(conn, number=number, **{**row, **values})


def ordinary(conn: Connection) -> list[Any]:
    return list(conn.execute(select(person).order_by(person.c.id)).all())


def test_what_is_written_is_read_both_ways(conn: Connection) -> None:
    later = (NOW + timedelta(hours=1)).astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert add(conn, "A1", accessible=True, locked_until=later) == 1
    assert add(conn, "A2", near_last=True, name="Ünï “code” 🔒") == 2
    prepared = _ALL.rows(conn)
    assert [tuple(row) for row in prepared] == [tuple(row) for row in ordinary(conn)]
    first, second = prepared
    assert first.locked_until == later
    assert first.locked_until.utcoffset() == timedelta(0)
    assert first.created_at == NOW
    assert (first.accessible, first.near_last, second.near_last) == (True, False, True)
    assert [type(first.accessible), type(second.accessible)] == [bool, bool]
    assert second.name == "Ünï “code” 🔒"
    assert second.locked_until is None


def test_ordinary_rows_are_read_prepared(conn: Connection) -> None:
    conn.execute(
        insert(person), [{"number": "A1", "name": "x", "created_at": NOW, "locked_until": NOW}]
    )
    assert [tuple(row) for row in _ALL.rows(conn)] == [tuple(row) for row in ordinary(conn)]


def test_first_and_value(conn: Connection) -> None:
    assert _BY_NUMBER.first(conn, n="A1") is None
    assert _BY_NUMBER.value(conn, n="A1") is None
    assert _BY_NUMBER.rows(conn, n="A1") == []
    add(conn, "A1", name="Ada")
    row = _BY_NUMBER.first(conn, n="A1")
    assert row == (1, "Ada")
    assert row is not None
    assert (row.id, row._asdict()) == (1, {"id": 1, "name": "Ada"})
    assert _BY_NUMBER.value(conn, n="A1") == 1


def test_values_are_converted_in_conditions(conn: Connection) -> None:
    for hours in (1, 2, 3):
        add(conn, f"A{hours}", created_at=NOW + timedelta(hours=hours), accessible=hours != 2)
    elsewhere = timezone(timedelta(hours=-8))
    moment = (NOW + timedelta(hours=2, minutes=30)).astimezone(elsewhere)
    assert [row.number for row in _CREATED_BEFORE.rows(conn, moment=moment, low=True)] == ["A1"]
    assert [row.number for row in _CREATED_BEFORE.rows(conn, moment=moment, low=False)] == ["A2"]


def test_values_that_stand_in_the_statement(conn: Connection) -> None:
    add(conn, "A1", failed_tries=3)
    add(conn, "A2", locked_until=NOW)
    assert _LOCK.count(conn, until=NOW + timedelta(hours=1)) == 1
    first, second = ordinary(conn)
    assert (first.failed_tries, first.locked_until) == (0, NOW + timedelta(hours=1))
    assert second.locked_until == NOW


def test_the_callers_values_stay_as_they_are(conn: Connection) -> None:
    values = {"until": NOW}
    add(conn, "A1")
    _LOCK.count(conn, **values)
    assert values == {"until": NOW}


def test_json(conn: Connection) -> None:
    details = {
        "text": "“quoted” 'x' %s :a ? \\",
        "n": None,
        "list": [1, 2.5, True],
        "in": {"a": {}},
    }
    _LOG.count(conn, at=NOW, kind="Test", actor_kind="system", origin="test", details=details)
    prepared = Statement(select(event.c.details, event.c.at)).rows(conn)
    assert prepared == [(details, NOW)]
    assert conn.scalar(select(event.c.details)) == details


def test_naive_times_are_refused(conn: Connection) -> None:
    naive = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="naive"):
        _LOCK.count(conn, until=naive)
    with pytest.raises(ValueError, match="naive"):
        _CREATED_BEFORE.rows(conn, moment=naive, low=True)


def test_functions_keep_their_type(conn: Connection) -> None:
    add(conn, "A1", created_at=NOW)
    latest = Statement(select(func.max(person.c.created_at, type_=UtcDateTime()).label("latest")))
    assert latest.value(conn) == NOW


def test_unnamed_and_repeated_columns(conn: Connection) -> None:
    add(conn, "A1")
    twice = Statement(select(person.c.id, person.c.id.label("again"), func.count()).group_by("id"))
    assert tuple(twice.rows(conn)[0]) == (1, 1, 1)


def test_a_delete_says_how_many(conn: Connection) -> None:
    for number in ("A1", "A2", "A3"):
        add(conn, number, accessible=number != "A2")
    removed = Statement(delete(person).where(person.c.accessible == bindparam("low")))
    assert removed.count(conn, low=True) == 2
    assert [row.number for row in ordinary(conn)] == ["A2"]


def test_it_is_part_of_the_transaction(database: Database) -> None:
    def attempt(tx: Tx) -> None:
        add(tx.conn, "A1")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.run(Work(attempt, Trace("test")))
    assert database.read(_ALL.rows) == []


def test_a_value_that_is_missing_is_an_error(conn: Connection) -> None:
    with pytest.raises(Exception, match=r"number|n"):
        _BY_NUMBER.rows(conn)


def test_utc_is_what_comes_back(conn: Connection) -> None:
    add(conn, "A1")
    (row,) = _ALL.rows(conn)
    assert row.created_at.tzinfo is UTC or row.created_at.utcoffset() == timedelta(0)
