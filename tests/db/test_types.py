"""Times: aware, in UTC, in an order that the database sees as well."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Dialect, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from locker_app.db.tables import site
from locker_app.db.types import UtcDateTime
from tests.world import World

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2999, 1, 1),  # noqa: DTZ001
    timezones=ZONES,
)


def through(dialect: Dialect, moment: datetime | None) -> datetime | None:
    """What comes back of what the driver was given."""
    kind = UtcDateTime().dialect_impl(dialect)
    to_driver, back = kind.bind_processor(dialect), kind.result_processor(dialect, None)
    assert to_driver is not None
    assert back is not None
    return back(to_driver(moment))


def site_at(moment: datetime) -> dict[str, object]:
    return {"name": "x", "time_zone": "UTC", "created_at": moment}


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["lite", "pg"])
@given(moment=MOMENTS)
def test_there_and_back(dialect: Dialect, moment: datetime) -> None:
    back = through(dialect, moment)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(moments=st.lists(MOMENTS, min_size=2, max_size=6))
def test_the_database_sorts_by_time(world: World, moments: list[datetime]) -> None:
    world.change(site.delete())
    for moment in moments:
        world.change(insert(site).values(site_at(moment)))
    in_order = select(site.c.created_at).order_by(site.c.created_at)
    read = world.db.read(lambda conn: conn.execute(in_order).scalars().all())
    assert read == sorted(moments)


@pytest.mark.parametrize("where", ["values", "condition"])
def test_naive_times_are_refused(world: World, where: str) -> None:
    naive = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001 - that is the point
    refused: dict[str, Callable[[], object]] = {
        "values": lambda: world.change(insert(site).values(site_at(naive))),
        "condition": lambda: world.rows(site, created_at=naive),
    }
    with pytest.raises(StatementError, match="naive"):
        refused[where]()


def test_nothing_stays_nothing() -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        assert through(dialect, None) is None
