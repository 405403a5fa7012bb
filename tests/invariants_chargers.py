"""What is true of charging spots, bookings and their line at any moment, whatever was done and by
how many at once."""

from collections import Counter
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import booking, charger, charger_wait, charging, site
from locker_app.domain.bookings import USEFUL, overlap
from locker_app.services.booking_clock import next_deadline
from locker_app.services.spot_rows import (
    THERE,
    Ground,
    cools_until,
    free_slot,
    free_until,
    ground_of,
    limited_until,
    usable,
)
from tests.folding import events_after
from tests.folding_chargers import fold_spots, stored_spots
from tests.world import World


def check(world: World, *, claimed: bool = False) -> None:
    """Raise if anything is wrong with the charging spots now, or the log does not say how it came.
    Who signed in may have more bookings than one may make."""
    world.db.read(lambda conn: check_at(conn, world.clock.now, claimed=claimed))
    folded = fold_spots(world.db.read(lambda conn: events_after(conn, 0)))
    assert folded == world.db.read(stored_spots)


def check_at(conn: Connection, now: datetime, *, claimed: bool = False) -> None:
    """Raise if anything is wrong with the charging spots at `now`."""
    bookings = list(conn.execute(select(booking).where(booking.c.ended_at.is_(None))))
    waits = list(conn.execute(select(charger_wait).where(charger_wait.c.ended_at.is_(None))))
    _check_overlap(bookings)
    _check_offers(bookings, waits)
    _unique("place in line of a holder", [(row.site_id, row.holder) for row in waits])
    for row in bookings:
        assert row.due_at is not None, "the clock forgets no open booking"
    deadline = next_deadline(conn)
    seen_to = deadline is None or deadline > now
    for row in conn.execute(
        select(charging, site.c.time_zone).join(site, site.c.id == charging.c.site_id)
    ):
        ground = ground_of(row)
        here = [one for one in bookings if one.site_id == ground.site_id]
        _check_holders(here, ground, claimed=claimed)
        if seen_to:
            _check_begun(here, now)
            line = [one for one in waits if one.site_id == ground.site_id]
            _check_waiting(conn, ground, here, line, now)


def _check_overlap(bookings: list[Any]) -> None:
    for one, other in combinations(bookings, 2):
        if one.charger_id == other.charger_id:
            spans = (one.here_at, one.leaves_at), (other.here_at, other.leaves_at)
            assert not overlap(*spans), f"bookings {one.id} and {other.id} overlap"
    _unique("spot with somebody there", [one.charger_id for one in bookings if one.status in THERE])


def _check_begun(bookings: list[Any], now: datetime) -> None:
    """Whose time has come is there, unless somebody else still is."""
    there = {row.charger_id for row in bookings if row.status in THERE}
    for row in bookings:
        if row.status == "booked" and row.here_at <= now:
            assert row.charger_id in there, f"booking {row.id} does not begin"


def _check_holders(bookings: list[Any], ground: Ground, *, claimed: bool) -> None:
    _unique("slot of a holder", [(row.holder, row.slot) for row in bookings])
    most = max(Counter(row.holder for row in bookings).values(), default=0)
    assert claimed or most <= ground.rules.bookings_per_holder, "one for each holder"


def _check_offers(bookings: list[Any], waits: list[Any]) -> None:
    """Every offer is for one place in the line."""
    offers = {row.id: row.holder for row in bookings if row.status == "offered"}
    places = [(row.booking_id, row.holder) for row in waits if row.booking_id is not None]
    assert sorted(places) == sorted(offers.items())


def _check_waiting(
    conn: Connection, ground: Ground, bookings: list[Any], line: list[Any], now: datetime
) -> None:
    """Nobody waits beside a spot that could be theirs."""
    waiting = [
        row
        for row in line
        if row.booking_id is None
        and row.snoozed_until is None
        and free_slot(conn, ground, row.holder) is not None
        and cools_until(conn, ground, row.holder, now) is None
        and limited_until(conn, ground, row.holder, now) is None
    ]
    if not waiting:
        return
    for spot in conn.execute(select(charger).where(charger.c.site_id == ground.site_id)):
        there = [row for row in bookings if row.charger_id == spot.id]
        until = free_until(there, now, now) if usable(spot, now) else None
        assert until is None or until - now < USEFUL, (
            f"{waiting[0].holder} waits beside a free spot"
        )


def _unique(what: str, values: list[Any]) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    assert not twice, f"twice the same {what}: {twice}"
