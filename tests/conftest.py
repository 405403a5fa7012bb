"""What the tests share: a database of either kind for each test, a clock, a small library.

A test that asks for `database` or `world` runs twice, on SQLite and on PostgreSQL. The schema is
made by the migrations, once for each kind, and copied; a PostgreSQL database is emptied after a
test and used again.
"""

import gc
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import event

from locker_app.db import engine
from locker_app.db.database import Database
from locker_app.db.migrate import upgrade
from locker_app.services import secrets
from tests.broker import KINDS, TestBroker, of_kind
from tests.postgresql import Cluster
from tests.world import Clock, World

settings.register_profile("cubby", deadline=None)  # a busy machine is slow and not wrong
settings.load_profile("cubby")

BOTH = ("sqlite", "postgresql")

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For a matrix of a rule of ours, of which the database decides nothing, beside a test of the same
commands on both."""

LONGEST = ("stateful", "security", "chaos", "e2e")
"""The folders whose files take longest, in this order. Left to the end, one of them would run alone
while the other workers have nothing left to do; and all that shares a server runs in a row."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=_turn)


gc.disable()  # what is imported and collected stays; looking it through was a third of that time


def pytest_collection_finish() -> None:
    """Look for garbage from now on, and not among what is there for good."""
    gc.freeze()
    gc.enable()


def _turn(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)


@pytest.fixture(autouse=True, scope="session")
def _cheap_hashes() -> Iterator[None]:
    """Hashing is slow on purpose; a test that does it a hundred times need not be."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(secrets, "hasher", cheap)
        patch.setattr(secrets, "_NOBODYS_HASH", cheap.hash("nobody has this one"))
        yield


@pytest.fixture(autouse=True, scope="session")
def _compile_once(clusters: list[Cluster]) -> Iterator[None]:
    """What SQLAlchemy has learnt of a kind of database, and the SQL it has written for it, are kept
    with an engine. Each test has engines of its own, which take that from the first one; it was a
    sixth of the time that a test with a database takes. And they take the connections to PostgreSQL
    that other tests are done with."""
    first: dict[str, sqlalchemy.Engine] = {}

    def create(*where: Any, **options: Any) -> sqlalchemy.Engine:
        made = sqlalchemy.create_engine(*where, **options)
        name = made.dialect.name
        if name == "postgresql":
            for cluster in clusters:
                _keep_connections(made, cluster)
        if name in first:
            cast(Any, made.dialect).initialize = _is_known
            made.dialect = first[name].dialect
            made._compiled_cache = first[name]._compiled_cache
        else:  # not before it has asked the database what it is
            event.listen(made, "connect", lambda *_: first.setdefault(name, made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", create)
        yield


def _is_known(_connection: object) -> None:
    """In place of asking a database once more what it is."""


def _keep_connections(made: sqlalchemy.Engine, cluster: Cluster) -> None:
    pool: Any = made.pool
    new, name = pool._creator, cast(str, made.url.database)
    pool._creator = lambda record=None: cluster.kept(name) or new(record)
    made.dialect.do_terminate = made.dialect.do_close
    made.dialect.do_close = cluster.let_go  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture(scope="session")
def mosquitto_broker() -> Iterator[TestBroker]:
    """Mosquitto, shared: use names and topics of your own, and leave it running."""
    with of_kind("mosquitto") as broker:
        yield broker


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[TestBroker]:
    """The embedded broker, shared in the same way."""
    with of_kind("embedded") as broker:
        yield broker


@pytest.fixture(params=KINDS)
def any_broker(request: pytest.FixtureRequest) -> TestBroker:
    """Each of the two in turn."""
    return request.getfixturevalue(f"{request.param}_broker")


@pytest.fixture(scope="session")
def clusters() -> list[Cluster]:
    """The tests' PostgreSQL server, once it is started."""
    return []


@pytest.fixture(scope="session")
def cluster(clusters: list[Cluster]) -> Iterator[Cluster]:
    """The tests' PostgreSQL server."""
    server = Cluster()
    clusters.append(server)
    yield server
    clusters.remove(server)
    server.stop()


@pytest.fixture(scope="session")
def migrated_cluster(cluster: Cluster) -> str:
    """The name of a PostgreSQL database with the schema and nothing in it, to be copied."""
    name = cluster.create()
    upgrade(cluster.url(name))
    return name


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("template") / "cubby.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def empty_names() -> list[str]:
    """The names of migrated PostgreSQL databases that tests are done with and that are empty."""
    return []


@pytest.fixture
def new_database_url(
    request: pytest.FixtureRequest, tmp_path: Path, empty_names: list[str]
) -> Iterator[Callable[..., str]]:
    """Makes databases, `new_database_url("sqlite")`, that are gone after the test.

    With `migrated=False` one without any table.
    """
    cluster = cache(lambda: cast(Cluster, request.getfixturevalue("cluster")))
    in_use: list[str] = []
    bare: list[str] = []

    def make(kind: str, *, migrated: bool = True) -> str:
        if kind == "sqlite":
            path = tmp_path / f"cubby{len(list(tmp_path.glob('*.db')))}.db"
            if migrated:
                shutil.copy(request.getfixturevalue("migrated_file"), path)
            return f"sqlite:///{path}"
        if not migrated:
            bare.append(cluster().create())
            return cluster().url(bare[-1])
        template = request.getfixturevalue("migrated_cluster")
        in_use.append(empty_names.pop() if empty_names else cluster().create(template=template))
        return cluster().url(in_use[-1])

    yield make
    for name in in_use:
        cluster().empty(name)
        empty_names.append(name)
    for name in bare:
        cluster().drop(name)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, new_database_url: Callable[..., str]) -> str:
    """The address of an empty migrated database, of either kind in turn."""
    return new_database_url(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty migrated database, of either kind in turn."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until a test moves it."""
    return Clock()


@pytest.fixture
def world(database: Database, clock: Clock) -> World:
    """A library to set up and act in, on either kind of database in turn."""
    return World(database, clock)
