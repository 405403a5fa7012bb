"""What is true of the lockers at any moment, whatever was done and by how many at once."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from locker_app.domain.lockers import LockerStatus
from locker_app.queries.lockers import bank_view
from locker_app.queries.sites import bank_counts, sites
from tests.folding import Rows
from tests.world import World


def check(world: World) -> None:
    """Raise if anything is wrong with the lockers now."""
    world.db.read(lambda conn: check_at(conn, world.clock.now))


def check_at(conn: Connection, now: datetime) -> Rows:
    """Raise if anything is wrong with the lockers at `now`; what was looked at."""
    rows = Rows.read(conn)
    claims = [claim for claim in rows.assignments if claim.released_at is None]
    places = [place for place in rows.waits if place.ended_at is None]
    _assert_unique("locker", [claim.locker_id for claim in claims])
    slots = [(claim.person_id, claim.site_id, claim.slot) for claim in claims]
    _assert_unique("slot of a person", slots)
    _assert_unique("person and site", [(place.person_id, place.site_id) for place in places])
    _check_holds(claims, places)
    _check_waiting(claims, places, rows.lockers)
    _check_counts(conn, now)
    _check_times(claims, now)
    for door in rows.lockers:
        assert bool(door.note) == (door.noted_at is not None), "a note has a time, and no note none"
    return rows


def _check_times(claims: list[Any], now: datetime) -> None:
    """What was marked as overdue or reminded of is; who was given longer is neither."""
    for claim in claims:
        if claim.overdue_at is not None:
            assert claim.due_at is not None and claim.due_at <= claim.overdue_at <= now
        if claim.reminded_at is not None:
            assert claim.remind_at is not None and claim.remind_at <= claim.reminded_at <= now


def _check_holds(claims: list[Any], places: list[Any]) -> None:
    """Every hold is for somebody's place in the list."""
    holds = {claim.id: claim for claim in claims if claim.assigned_at is None}
    offered = {place.assignment_id: place for place in places if place.assignment_id is not None}
    assert offered.keys() == holds.keys()
    for hold_id, hold in holds.items():
        place = offered[hold_id]
        assert (hold.person_id, hold.bank_id) == (place.person_id, place.bank_id)


def _check_waiting(claims: list[Any], places: list[Any], lockers: list[Any]) -> None:
    """Nobody waits beside a door that could be theirs."""
    claimed = {claim.locker_id for claim in claims}
    free = [d for d in lockers if d.out_of_service_at is None and d.id not in claimed]
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
