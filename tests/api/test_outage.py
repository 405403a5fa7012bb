"""While the database is away: clients are told to come back, and the log isn't flooded."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

from locker_app.db import outage
from locker_app.db.database import Database
from tests.api.clients import Library, code
from tests.postgresql import Cluster
from tests.world import PASSWORD, Clock, World


@contextmanager
def away(cluster: Cluster, name: str) -> Iterator[None]:
    """No connection to the database is to be had, and those there are break."""
    allow = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(allow.format(name, "false").encode())
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        yield
        admin.execute(allow.format(name, "true").encode())


def test_postgresql_goes_away_and_comes_back(
    new_database_url: Callable[..., str],
    cluster: Cluster,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage.outages, "_logged_at", float("-inf"))
    url = new_database_url("postgresql")
    database = Database(url)
    library = Library(World(database, Clock()))
    bank = library.world.bank()
    stranger = library.fresh_program()
    signed_in = {"Authorization": f"Bearer {library.token(library.world.person())}"}
    mark = library.world.mark()

    with away(cluster, make_url(url).database or ""), caplog.at_level(logging.ERROR):
        answers = [
            stranger.command(f"/banks/{bank}/take", **signed_in),
            stranger.ask("/banks/1/lockers"),
            stranger.ask("/sites"),
            stranger.command("/staff/sign-in", {"login": "admin", "password": PASSWORD}),
        ]
        assert stranger.get("/health").status_code == 503

    for answer in answers:
        assert (answer.status_code, code(answer)) == (503, "unavailable")
        assert answer.headers["retry-after"] == "5"
        assert "psycopg" not in answer.text
    assert sum(record.name == outage.__name__ for record in caplog.records) == 1
    assert library.world.mark() == mark
    assert stranger.command(f"/banks/{bank}/take", **signed_in).status_code == 200
    assert stranger.get("/health").status_code == 200
    database.close()
