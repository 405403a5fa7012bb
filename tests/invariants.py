"""What is true of the lockers at any moment, whatever was done and by how many at once."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import bank, queue, short_code, site
from locker_app.domain.hours import is_open_at
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
    _check_waiting(claims, places, _given_out(conn, rows.lockers, now))
    _check_archived(conn, claims, places, rows.lockers)
    _check_counts(conn, now)
    _check_times(claims, now)
    for door in rows.lockers:
        assert bool(door.note) == (door.noted_at is not None), "a note has a time, and no note none"
    _check_codes(conn)
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


def _given_out(conn: Connection, lockers: list[Any], now: datetime) -> list[Any]:
    """The doors that could be given now: there, and at a site that is open and was seen to be."""
    hours = select(bank.c.id, site.c.hours, site.c.time_zone, site.c.changes_at)
    open_banks = {
        row.id
        for row in conn.execute(hours.join(site, site.c.id == bank.c.site_id))
        if not row.hours
        or (is_open_at(row.hours, now, row.time_zone) and row.changes_at and row.changes_at > now)
    }
    return [door for door in lockers if door.retired_at is None and door.bank_id in open_banks]


def _check_archived(
    conn: Connection, claims: list[Any], places: list[Any], lockers: list[Any]
) -> None:
    """Nobody has, or waits for, what is not there any more; numbers of what is there differ."""
    gone = {door.id for door in lockers if door.retired_at is not None}
    assert not gone & {claim.locker_id for claim in claims}
    archived = set(conn.scalars(select(bank.c.id).where(bank.c.archived_at.is_not(None))))
    assert not archived & {row.bank_id for row in [*claims, *places]}
    assert not archived & {door.bank_id for door in lockers if door.id not in gone}
    _assert_unique("number", [(d.bank_id, d.number) for d in lockers if d.id not in gone])


def _check_codes(conn: Connection) -> None:
    """No two things share a short address, and each is known to be taken."""
    codes = [*conn.scalars(select(bank.c.code)), *conn.scalars(select(queue.c.code))]
    _assert_unique("code", codes)
    assert set(codes) == set(conn.scalars(select(short_code.c.code)))


def _check_counts(conn: Connection, now: datetime) -> None:
    """The counts of a bank are its doors, counted."""
    for place in sites(conn):
        for counts in bank_counts(conn, place.id, now):
            view = bank_view(conn, counts.id, now)
            assert view is not None
            assert counts.total == len(view.doors) == len(view.numbers)
            assert counts.waiting == len(view.line)
            for status in LockerStatus:
                assert getattr(counts, status.name.lower()) == view.count(status)


def _assert_unique(what: str, values: list[Any]) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    assert not twice, f"twice the same {what}: {twice}"
