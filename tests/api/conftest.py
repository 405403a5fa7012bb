"""Fixtures of the API's tests: a library on SQLite, or on either kind of database in turn."""

from collections.abc import Callable, Iterator

import pytest

from locker_app.db.database import Database
from locker_app.settings import Settings
from tests.api.clients import Library
from tests.push.browsers import PUSH_KEY
from tests.world import Clock, World


@pytest.fixture(autouse=True)
def _push_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of the tests' own: the data folder is not theirs to write in."""
    monkeypatch.setattr(Settings, "push_key", lambda _self: PUSH_KEY)


@pytest.fixture
def sqlite(new_database_url: Callable[..., str]) -> Iterator[Database]:
    """An empty migrated SQLite database."""
    opened = Database(new_database_url("sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def library(sqlite: Database) -> Library:
    """A library on SQLite: what is HTTP's own need not be tried on both."""
    return Library(World(sqlite, Clock()))


@pytest.fixture
def any_library(world: World) -> Library:
    """A library on either kind of database in turn."""
    return Library(world)
