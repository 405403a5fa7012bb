"""A server that is killed, and away while deadlines of bookings pass: when it is back it does what
was due, as of the time when it was, and whoever waits is served."""

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from locker_app.db.tables import booking, charger, charger_wait, event
from locker_app.services.bookings import stop
from tests import running
from tests.e2e.library import SECRET_KEY, Library
from tests.invariants_chargers import check_at

SOON = timedelta(seconds=3)
PATIENCE = 20.0


def test_deadlines_that_pass_while_the_server_is_away(tmp_path: Path) -> None:
    server = running.start(tmp_path / "data", CUBBY_SECRET_KEY=SECRET_KEY)
    library = Library(server.data)
    try:
        rules: dict[str, Any] = {"grace_minutes": 0, "reminder_minutes": 0}
        (ends,) = library.chargers(count=1, at_end="end", **rules)
        (overstays,) = library.chargers(count=1, **rules)
        (lapses,) = library.chargers(count=1, **rules)
        holders, (first, second, third) = library.visitors(3), library.visitors(3)
        spots = (ends, overstays, lapses)
        given = [library.book(*one) for one in zip(holders, spots, strict=True)]
        library.wait_for_charger(first, library.row(charger, ends).site_id)
        for who in (second, third):
            library.wait_for_charger(who, library.row(charger, lapses).site_id)
        library.run(holders[2], stop, booking_id=given[2].booking_id)
        deadline = datetime.now(UTC) + SOON
        for spot in spots:
            soon = update(booking).where(booking.c.charger_id == spot, booking.c.ended_at.is_(None))
            library.change(soon.values(leaves_at=deadline, due_at=deadline))
        server.stop(signal.SIGKILL)
        assert {row.due_at for row in library.rows(booking, ended_at=None)} == {deadline}
        mark = library.mark()
        _until(lambda: datetime.now(UTC) > deadline)
        assert library.mark() == mark  # nobody is there to do it
        back = datetime.now(UTC)
        server = running.start(server.data, server.port, CUBBY_SECRET_KEY=SECRET_KEY)
        _until(lambda: len(library.offers()) == 2)
    finally:
        server.stop(signal.SIGKILL)
    done = {row.kind: row.at for row in library.rows(event) if row.id > mark}
    done.pop("SpotOffered")
    assert done == dict.fromkeys(
        ("BookingEnded", "BookingOverstayed", "OfferEnded", "LineLeft"), deadline
    )
    offers = {row.charger_id: row for row in library.offers()}
    assert offers[ends].visitor_id == first.id
    assert offers[lapses].visitor_id == third.id  # the next one
    assert all(offer.made_at >= back for offer in offers.values())  # as of when it can be seen
    (lapsed,) = library.rows(charger_wait, visitor_id=second.id)
    assert lapsed.outcome == "lapsed"
    assert [status for status, _ in library.stays(overstays)] == ["overstayed"]
    library.db.read(lambda conn: check_at(conn, datetime.now(UTC)))
    library.db.close()
    assert "Traceback" not in server.output


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
