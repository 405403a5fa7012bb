"""What is true of the lockers at any moment, whatever was done and by how many at once."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import assignment, locker, wait
from locker_app.domain.lockers import LockerStatus
from locker_app.queries.lockers import bank_view
from locker_app.queries.sites import bank_counts, sites
from tests.world import World


def check(world: World) -> None:
    """Raise if anything is wrong with the lockers now."""
    world.db.read(lambda conn: check_at(conn, world.clock.now))


def check_at(conn: Connection, now: datetime) -> None:
    """Raise if anything is wrong with the lockers at `now`."""
    _check_claims(conn)
    _check_waiting(conn)
    _check_counts(conn, now)


def _open(conn: Connection, table: Any, ended: Any) -> list[Any]:
    return list(conn.execute(select(table).where(ended.is_(None)).order_by(table.c.id)).all())


def _check_claims(conn: Connection) -> None:
    claims = _open(conn, assignment, assignment.c.released_at)
    _assert_unique("locker", [claim.locker_id for claim in claims])
    slots = [(claim.person_id, claim.site_id, claim.slot) for claim in claims]
    _assert_unique("slot of a person", slots)


def _check_waiting(conn: Connection) -> None:
    """Every hold is somebody's place in the list, and nobody waits beside a door for them."""
    claims = {claim.id: claim for claim in _open(conn, assignment, assignment.c.released_at)}
    places = _open(conn, wait, wait.c.ended_at)
    _assert_unique("person and site", [(place.person_id, place.site_id) for place in places])
    holds = {claim.id for claim in claims.values() if claim.assigned_at is None}
    offered = [place.assignment_id for place in places if place.assignment_id is not None]
    assert sorted(offered) == sorted(holds)
    for place in places:
        if place.assignment_id is not None:
            hold = claims[place.assignment_id]
            assert (hold.person_id, hold.bank_id) == (place.person_id, place.bank_id)
    claimed = {claim.locker_id for claim in claims.values()}
    in_service = conn.execute(select(locker).where(locker.c.out_of_service_at.is_(None))).all()
    free = [door for door in in_service if door.id not in claimed]
    for place in places:
        if place.assignment_id is None:
            suitable = [
                door.number
                for door in free
                if door.bank_id == place.bank_id and (door.accessible or not place.accessible)
            ]
            assert not suitable, f"person {place.person_id} waits beside free {suitable}"


def _check_counts(conn: Connection, now: datetime) -> None:
    """The counts of a bank are its doors, counted."""
    for site in sites(conn):
        for counts in bank_counts(conn, site.id, now):
            view = bank_view(conn, counts.id, now)
            assert view is not None
            assert counts.total == len(view.doors) == len(view.numbers)
            assert counts.waiting == len(view.line)
            for status in LockerStatus:
                assert getattr(counts, status.name.lower()) == view.count(status)


def _assert_unique(what: str, values: list[Any]) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    assert not twice, f"twice the same {what}: {twice}"
