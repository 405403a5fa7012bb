"""SQLite reads what everybody's clicks need by the indexes on what is open, not by what ever was.

It chooses by rules of thumb: a harmless ORDER BY once made it read each person's whole history,
which nothing shows until there is one.
"""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.db.statement import Statement
from locker_app.queries import forecasts, lockers, mine, queues, tickets, waits
from locker_app.services import claims, waiting


@pytest.fixture
def database(new_database_url: Callable[[str], str]) -> Iterator[Database]:
    opened = Database(new_database_url("sqlite"))
    yield opened
    opened.close()


def plan(conn: Connection, statement: Statement) -> str:
    """How SQLite would go about it."""
    compiled = statement._for(conn)
    nothing = [None] * len(compiled._order or [])
    rows = conn.exec_driver_sql("EXPLAIN QUERY PLAN " + compiled._sql, tuple(nothing))
    return " | ".join(row.detail for row in rows)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (claims._OPEN_CLAIMS, "open_claims_per_person (person_id=? AND site_id=?)"),
        (mine._CLAIMS_OF_PERSON, "open_claims_per_person (person_id=?)"),
        (mine._WAITS_OF_PERSON, "one_open_wait_per_person (person_id=?)"),
        (lockers._LINE, "open_waits_of_bank (bank_id=?)"),
        (lockers._DOORS, "one_open_claim_per_locker (locker_id=?)"),
        (claims._INSERT_SQLITE["low", False], "one_open_claim_per_locker (locker_id=?)"),
        (waits._ENDED, "ended_tickets_of_queue (queue_id=? AND ended_at>?)"),
        (waits._AT_DESKS, "one_ticket_per_desk (queue_id=?"),
        (queues._WAITING, "open_tickets_of_queue (queue_id=?)"),
        (queues._ENDED, "ended_tickets_of_queue (queue_id=? AND ended_at"),
        (queues._CARDS, "ended_tickets_of_queue (queue_id=? AND ended_at=?)"),
        (tickets._OPEN, "tickets_of_holder (holder=? AND ended_at=?)"),
        (tickets._ENDED, "tickets_of_holder (holder=? AND ended_at>?)"),
        (forecasts._GOING, "ended_bookings_of_site (site_id=? AND ended_at=?)"),
        (forecasts._ENDED, "ended_bookings_of_site (site_id=? AND ended_at>?)"),
        (forecasts._LAST, "ended_bookings_of_site (site_id=? AND ended_at>?)"),
        (forecasts._FORECAST, "ended_bookings_of_site (site_id=? AND ended_at>?)"),
        (waiting.WAIT_OF_HOLD, "one_wait_per_hold (assignment_id=?)"),
    ],
)
def test_only_what_is_open_is_read(database: Database, statement: Statement, index: str) -> None:
    assert index in database.read(lambda conn: plan(conn, statement))
