"""Migrations: up, down and up again, and what they make is what the tables say."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ColumnDefault, Connection, column, insert, inspect, select, text
from sqlalchemy import table as table_of
from sqlalchemy.exc import IntegrityError

from alembic import command
from locker_app.db.database import Database
from locker_app.db.engine import make_engine
from locker_app.db.migrate import alembic_config, upgrade
from locker_app.db.tables import assignment, bank, metadata, queue, short_code, site
from tests.conftest import BOTH
from tests.processes import forking
from tests.world import Clock, World

T = TypeVar("T")
NewDatabase = Callable[..., str]

SKIPPED = pytest.mark.filterwarnings("ignore:.*expression-based index")
"""On SQLite, SQLAlchemy can't see indexes of expressions: `rules` looks for them itself."""


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, new_database_url: NewDatabase) -> str:
    """The address of a database without any table."""
    return new_database_url(request.param, migrated=False)


def look(url: str, query: Callable[[Connection], T]) -> T:
    engine = make_engine(url, writing=False)
    with engine.connect() as conn:
        seen = query(conn)
    engine.dispose()
    return seen


def tables(url: str) -> set[str]:
    return look(url, lambda conn: set(inspect(conn).get_table_names()))


def guards(conn: Connection) -> list[Any]:
    """Triggers, functions, indexes with their conditions, and checks."""
    if conn.dialect.name == "sqlite":
        kept = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 2"
        return [(row.type, row.name, _parts(row.sql)) for row in conn.execute(text(kept))]
    found: list[Any] = []
    for query in (
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    ):
        found += conn.execute(text(query)).all()
    return found


def _parts(sql: str | None) -> list[str]:
    """The lines of a statement in any order: a table that was made anew to change a check has its
    foreign keys in one or the other."""
    return sorted(line.strip(" ,\t") for line in (sql or "").splitlines())


def test_up_down_and_up_again(empty_url: str) -> None:
    config = alembic_config(empty_url)
    upgrade(empty_url)
    first = look(empty_url, guards)
    assert tables(empty_url) == {*metadata.tables, "alembic_version"}
    command.downgrade(config, "base")
    assert tables(empty_url) == {"alembic_version"}
    upgrade(empty_url)
    assert look(empty_url, guards) == first


def test_every_step_can_be_taken_back(empty_url: str) -> None:
    config = alembic_config(empty_url)
    revisions = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    for revision in reversed(revisions):
        command.upgrade(config, revision)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)
    assert tables(empty_url) == {*metadata.tables, "alembic_version"}


def test_one_line_of_history() -> None:
    script = ScriptDirectory.from_config(alembic_config("sqlite:///x.db"))
    assert len(script.get_heads()) == 1


@SKIPPED
def test_the_tables_are_what_the_classes_say(database_url: str) -> None:
    def differences(conn: Connection) -> list[Any]:
        context = MigrationContext.configure(
            conn, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, metadata)

    assert look(database_url, differences) == []


@SKIPPED
def test_partial_indexes_and_checks_are_what_the_classes_say(
    database_url: str, new_database_url: NewDatabase
) -> None:
    """Alembic compares neither the condition of an index nor a check."""
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    url = new_database_url(kind, migrated=False)
    engine = make_engine(url, writing=True)
    with engine.begin() as conn:
        metadata.create_all(conn)
    engine.dispose()
    assert look(database_url, rules) == look(url, rules)


def rules(conn: Connection) -> list[str]:
    """What each table demands, in words, as conditions of indexes never equal each other."""
    seen = inspect(conn)
    found: list[str] = []
    if conn.dialect.name == "sqlite":
        of_expressions = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%(%(%'"
        found += conn.scalars(text(of_expressions)).all()
    for table in metadata.tables:
        for index in seen.get_indexes(table):
            condition = {name: str(how) for name, how in index.get("dialect_options", {}).items()}
            unique = "unique" if index["unique"] else ""
            found.append(f"{table} {index['name']} {index['column_names']} {unique} {condition}")
        for check in seen.get_check_constraints(table):
            found.append(f"{table} {check['name']} {check['sqltext']}")
        for key in seen.get_foreign_keys(table):
            found.append(f"{table} {key['constrained_columns']} -> {key['referred_table']}")
        for unique in seen.get_unique_constraints(table):
            found.append(f"{table} unique {unique['column_names']}")
    return sorted(found)


def test_again_changes_nothing_and_loses_nothing(database: Database, clock: Clock) -> None:
    world = World(database, clock)
    bank_id = world.bank()
    world.take(world.person(), bank_id)
    upgrade(database.url)
    assert world.doors(bank_id) == "hff"


def test_two_processes_that_start_at_once(empty_url: str) -> None:
    with ProcessPoolExecutor(2, forking()) as processes:
        list(processes.map(upgrade, [empty_url, empty_url]))
    assert tables(empty_url) == {*metadata.tables, "alembic_version"}


def test_queues_whose_names_differ_by_capitals_are_told_apart(empty_url: str) -> None:
    """Migration 0004: the first keeps its name, and none becomes the name of another."""
    long = "x" * 60
    names = ["Lab", "lab", "LAB", "lab (2)", "Other", "Läb", "LÄB", long, long.upper()]
    command.upgrade(alembic_config(empty_url), "0003")
    engine = make_engine(empty_url, writing=True)
    with engine.begin() as conn:
        rules = {"time_zone": "UTC", "lockers_per_person": 1, "hold_minutes": 10}
        about = {**rules, "created_at": datetime(2026, 3, 2, tzinfo=UTC)}
        columns = (column(name, site.c[name].type) for name in ("id", "name", *about))
        then = table_of("site", *columns)
        conn.execute(insert(then), [{"id": n, "name": f"Site {n}", **about} for n in (1, 2)])
        conn.execute(insert(queue), [a_queue(1, name) for name in names] + [a_queue(2, "LAB")])
    upgrade(empty_url)
    names_now = select(queue.c.name).order_by(queue.c.id)
    assert look(empty_url, lambda conn: list(conn.scalars(names_now))) == [
        *("Lab", "lab (3)", "LAB (4)", "lab (2)", "Other", "Läb", "LÄB (2)"),
        *(long, "X" * 56 + " (2)", "LAB"),
    ]
    with pytest.raises(IntegrityError), engine.begin() as conn:
        conn.execute(insert(queue), [a_queue(2, "Lab")])
    engine.dispose()


def a_queue(site_id: int, name: str) -> dict[str, Any]:
    """A row as revision 0003 had it."""
    code = "".join(f"{ord(letter):x}" for letter in name)
    given = {"site_id": site_id, "name": name, "code": f"{site_id}{code}", "place": ""}
    rest = {c.name: c.default.arg for c in queue.c if isinstance(c.default, ColumnDefault)}
    return {**rest, **given, "created_at": datetime(2026, 3, 2, tzinfo=UTC)}


def test_what_was_there_keeps_what_it_points_to(empty_url: str) -> None:
    """Migration 0005 makes tables anew on SQLite, gives banks codes and notes those of queues."""
    command.upgrade(alembic_config(empty_url), "0004")
    engine = make_engine(empty_url, writing=True)
    with engine.begin() as conn:
        for statement in LIBRARY_OF_0004:
            conn.execute(text(statement))
    engine.dispose()
    upgrade(empty_url)
    codes = look(empty_url, lambda conn: list(conn.scalars(select(bank.c.code))))
    assert len(set(codes)) == 2
    kept = look(
        empty_url, lambda conn: {row.code: row.kind for row in conn.execute(select(short_code))}
    )
    assert kept == {"ABCDEF": "queue", **dict.fromkeys(codes, "bank")}
    assert look(empty_url, lambda conn: conn.scalar(select(assignment.c.locker_id))) == 1
    command.downgrade(alembic_config(empty_url), "0004")
    upgrade(empty_url)
    assert look(empty_url, lambda conn: conn.scalar(select(assignment.c.locker_id))) == 1


_AT = "'2026-03-02 08:00:00'"
LIBRARY_OF_0004 = [
    "INSERT INTO site (id, name, time_zone, lockers_per_person, hold_minutes, created_at) "
    f"VALUES (1, 'Library', 'UTC', 1, 10, {_AT})",
    *(
        "INSERT INTO bank (id, site_id, name, place, prefix, reminder_minutes, overdue_action) "
        f"VALUES ({n}, 1, 'Bank {n}', '', 'A', 15, 'notify')"
        for n in (1, 2)
    ),
    "INSERT INTO locker (id, bank_id, number, accessible) VALUES (1, 1, 1, false)",
    "INSERT INTO person (id, number, name, failed_tries, accessible, near_last, created_at) "
    f"VALUES (1, 'S1', 'Ada', 0, false, false, {_AT})",
    "INSERT INTO assignment (id, site_id, bank_id, locker_id, person_id, slot, assigned_at) "
    f"VALUES (1, 1, 1, 1, 1, 1, {_AT})",
    "INSERT INTO queue (id, site_id, name, place, code, mode, announcement, round, last_number, "
    "shown_number, tickets_per_person, tickets_per_group, groups, sign_in_needed, room_pin, "
    "steps_back, serve_at_once, fresh_groups_first, reset_at, created_at) VALUES "
    "(1, 1, 'Lab', '', 'ABCDEF', 'open', '', 1, 0, 0, 1, 1, '', false, '', 2, false, false, '', "
    f"{_AT})",
]
