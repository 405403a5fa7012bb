"""Engines for SQLite and PostgreSQL, set up for durable commits."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

BUSY_MILLISECONDS = 10_000
_POOL_SIZE = 8
_MEMORY = "cubby_memory"


def is_sqlite(url: str) -> bool:
    """Whether the address names a SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def make_engines(url: str) -> tuple[Engine, Engine]:
    """An engine to read with, in transactions that see one moment, and one to write with.

    Raises:
        ValueError: as `make_engine`.
    """
    writing = make_engine(url, writing=True)
    writing.update_execution_options(**{_MEMORY: {}})
    if is_sqlite(url):
        reading = make_engine(url, writing=False)
        reading.update_execution_options(**{_MEMORY: memory_of(writing)})
        return reading, writing
    one_moment = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return writing.execution_options(**one_moment), writing


def memory_of(of: Engine | Connection) -> dict[str, Any]:
    """What this process keeps in memory about the database, by names: the same to read and to write
    with, and gone with the engines. What is lost must be found again in the database."""
    return of.get_execution_options()[_MEMORY]


def make_engine(url: str, *, writing: bool) -> Engine:
    """An engine for the address. On SQLite a writing one takes the write lock when it begins.

    Raises:
        ValueError: the address is neither SQLite in a file nor PostgreSQL.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_SIZE,
            pool_pre_ping=True,
        )
    if backend != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ValueError("DATABASE_URL must name a SQLite file or a PostgreSQL database.")
    engine = create_engine(parsed, pool_size=_POOL_SIZE)
    event.listen(engine, "connect", _set_up_sqlite)
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"
    event.listen(engine, "begin", lambda conn: run_plain(conn, begin))
    return engine


def run_plain(conn: Connection, sql: str) -> None:
    """Have the driver run SQL that has neither values nor rows: SQLAlchemy's own way takes ten
    times as long, which counts for what stands around every command."""
    driver: Any = conn.connection.dbapi_connection
    driver.execute(sql)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """WAL with full sync: a commit that was answered survives a power cut."""
    connection.isolation_level = None  # we say BEGIN ourselves, so that it can be IMMEDIATE
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16384",
    ):
        connection.execute(f"PRAGMA {pragma}")
