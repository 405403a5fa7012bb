"""What the state machines share: an empty database for each of many examples, and settings."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from locker_app.db.database import Database
from tests.conftest import BOTH
from tests.postgresql import Cluster


@pytest.fixture(params=BOTH)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database, each in turn."""
    return request.param


@pytest.fixture
def fresh_database(
    kind: str, new_database_url: Callable[[str], str], request: pytest.FixtureRequest
) -> Callable[[], Database]:
    """Opens an empty database; on PostgreSQL the same one, emptied."""
    if kind == "sqlite":
        return lambda: Database(new_database_url("sqlite"))
    url = new_database_url("postgresql")
    cluster: Cluster = request.getfixturevalue("cluster")

    def emptied() -> Database:
        cluster.empty(cluster.name_in(url))
        return Database(url)

    return emptied


def of_examples(count: int) -> settings:
    """Settings for a machine that runs this many examples; each run has others. To look further
    than there is time for in each run: EXAMPLES=20 make test ARGS=tests/stateful"""
    return settings(
        max_examples=count * int(os.environ.get("EXAMPLES", "1")),
        stateful_step_count=40,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        print_blob=True,
    )
