"""Brokers for the whole session, and a stage for each test."""

from collections.abc import Callable, Iterator

import pytest

from locker_app.bridge import outbound, runner
from locker_app.db.database import Database
from tests.bridge.stage import Now, Stage, stage_of
from tests.broker import TestBroker, embedded, mosquitto
from tests.world import World


@pytest.fixture(scope="session")
def real_mosquitto() -> Iterator[TestBroker]:
    """Mosquitto, for all tests of a worker."""
    with mosquitto() as broker:
        yield broker


@pytest.fixture(scope="session")
def real_embedded() -> Iterator[TestBroker]:
    """The embedded one, likewise."""
    with embedded() as broker:
        yield broker


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said when there is time is said soon."""
    monkeypatch.setattr(outbound, "GRANTS_SECONDS", 0.05)
    monkeypatch.setattr(runner, "EPOCH_SECONDS", 0.1)


@pytest.fixture
def sqlite_world(new_database_url: Callable[..., str]) -> Iterator[World]:
    """A library on SQLite, in the real time."""
    db = Database(new_database_url("sqlite"))
    yield World(db, Now())
    db.close()


@pytest.fixture
def stage(sqlite_world: World, real_mosquitto: TestBroker) -> Iterator[Stage]:
    """A bridge on Mosquitto that runs."""
    with stage_of(sqlite_world, real_mosquitto) as made:
        made.start()
        yield made
