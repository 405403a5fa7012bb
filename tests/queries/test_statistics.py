"""How a site was used: the same as a slow reckoning minute by minute, also when clocks change."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from locker_app.db.tables import assignment, event, wait
from locker_app.domain.actors import NOBODY, Actor, Role
from locker_app.domain.errors import BadInput, DomainError, NotAllowed, NotFound, NotSignedIn
from locker_app.queries.scoped import site_statistics
from locker_app.queries.statistics import STAYS, Statistics, bars_of
from tests.world import World

DAY = date(2026, 3, 2)
ZONES = ("Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Asia/Kathmandu")


def look(
    world: World, site_id: int, first: date = DAY, last: date = DAY, actor: Actor | None = None
) -> Statistics:
    actor = actor or world.staff(Role.VIEWER)
    return world.db.read(
        lambda conn: site_statistics(
            conn, actor, world.clock.now, site_id=site_id, first=first, last=last
        )
    )


def claim(world: World, bank_id: int, since: datetime, until: datetime | None) -> dict[str, Any]:
    """Some claim on some door of the bank."""
    return {
        "site_id": world.view(bank_id).site_id,
        "bank_id": bank_id,
        "locker_id": world.locker_ids(bank_id)[0],
        "person_id": 1,
        "slot": 1,
        "assigned_at": since,
        "released_at": until,
    }


def test_nothing_yet(world: World) -> None:
    site_id = world.site()
    seen = look(world, site_id)
    assert (seen.assigned, seen.refused, seen.open, seen.held) == (0, 0, 0, 0)
    assert (seen.stays.count, seen.waits.count, seen.banks, seen.lines) == (0, 0, [], [])
    assert [day.day for day in seen.by_day] == [DAY]
    assert {hour.held for hour in seen.by_hour} == {0.0}


def test_one_claim_that_goes_on(world: World) -> None:
    bank_id = world.bank(count=2)
    world.take(world.person(), bank_id)  # at nine
    world.clock.advance(minutes=90)
    seen = look(world, world.view(bank_id).site_id)
    assert (seen.assigned, seen.open, seen.stays.count) == (1, 1, 0)
    held = {hour.hour: hour.held for hour in seen.by_hour}
    assert (held[8], held[9], held[10]) == (0.0, 1.0, 1.0)
    assert 11 not in held, "the day is not over"
    (row,) = seen.banks
    assert (row.doors, row.assigned, row.held) == (2, 1, round(90 / (10 * 60 + 30), 2))


def reference(
    rows: list[dict[str, Any]], zone: str, first: date, last: date, now: datetime
) -> tuple[dict[tuple[int, int], float], Counter[date], Counter[date]]:
    """Minute by minute: how many were held in each hour of each weekday, and what began and ended
    on each day."""
    here = ZoneInfo(zone)
    begin = datetime.combine(first, datetime.min.time(), here).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), here).astimezone(UTC)
    held: Counter[tuple[int, int]] = Counter()
    minutes: Counter[tuple[int, int]] = Counter()
    at = begin
    while at < min(end, now):
        local = at.astimezone(here)
        key = local.weekday(), local.hour
        minutes[key] += 1
        for row in rows:
            since, until = row["assigned_at"], row["released_at"]
            held[key] += since <= at and (until is None or until > at)
        at += timedelta(minutes=1)
    days: list[Counter[date]] = []
    for name in ("assigned_at", "released_at"):
        times = [row[name] for row in rows if row[name] and begin <= row[name] < min(end, now)]
        days.append(Counter(time.astimezone(here).date() for time in times))
    return {key: held[key] / minutes[key] for key in minutes}, *days


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "first", [date(2026, 3, 28), date(2026, 10, 24), date(2026, 10, 31), date(2026, 3, 7)]
)
def test_as_by_hand_also_when_clocks_change(world: World, zone: str, first: date) -> None:
    chance = random.Random(f"{zone}{first}")
    site_id = world.site(time_zone=zone)
    bank_id = world.bank(site_id, count=1)
    world.person()
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    rows = []
    for n in range(40):
        since = start + timedelta(minutes=chance.randrange(4 * 24 * 60))
        until = since + timedelta(minutes=chance.choice([1, 20, 60, 300, 1500]))
        row = claim(world, bank_id, since, None if n == 39 else until)
        rows.append(row)
    for row in rows:
        if row["released_at"] is None:  # one door, one open claim
            row["assigned_at"] = start + timedelta(days=2)
        world.change(insert(assignment).values(row))
    last = first + timedelta(days=1)
    world.clock.now = start + timedelta(days=chance.choice([2, 9]), hours=7, minutes=13)
    seen = look(world, site_id, first, last)
    held, begun, ended = reference(rows, zone, first, last, world.clock.now)
    assert {(h.weekday, h.hour): h.held for h in seen.by_weekday} == pytest.approx(held, abs=0.011)
    assert {day.day: day.assigned for day in seen.by_day if day.assigned} == dict(begun)
    assert {day.day: day.given_back for day in seen.by_day if day.given_back} == dict(ended)
    total = sum(held.values()) / len(held)
    if total:
        assert seen.held == pytest.approx(sum(b.held for b in seen.banks))


def test_stays_refusals_and_waits(world: World) -> None:
    bank_id = world.bank(count=1)
    site_id = world.view(bank_id).site_id
    one, other, third = world.people(3)
    taken = world.take(one, bank_id)
    for who in (other, third):
        with pytest.raises(DomainError):
            world.take(who, bank_id)
    world.join(other, bank_id)
    world.clock.advance(minutes=40)
    world.give_back(one, taken)
    world.clock.advance(minutes=1)
    seen = look(world, site_id)
    assert (seen.refused, seen.refusals) == (2, {"none_free": 2})
    assert (seen.stays.count, seen.stays.median) == (1, 2400)
    names = dict(zip(bars_of(STAYS), seen.stay_bars, strict=True))
    assert names["30 min – 1 h"] == 1
    assert sum(seen.stay_bars) == 1
    world.change(
        update(wait).values(outcome="took_locker", ended_at=world.clock.now + timedelta(minutes=5))
    )
    world.clock.advance(minutes=10)
    seen = look(world, site_id)
    assert (seen.waits.count, seen.waits.mean) == (1, 46 * 60)
    assert seen.wait_outcomes == {"took_locker": 1}


def test_lines_for_help(world: World) -> None:
    queue_id, professor = world.queue(), world.staff(Role.PROFESSOR)
    world.tickets(queue_id, 2)
    world.clock.advance(minutes=10)
    world.press(professor, queue_id)
    world.clock.advance(minutes=1)
    (line,) = look(world, 1).lines
    assert (line.tickets, line.done, line.no_show) == (1, 1, 0)
    assert line.services.mean == 600


def test_no_name_is_in_it(world: World) -> None:
    bank_id = world.bank(count=1)
    who = world.person()
    world.take(who, bank_id)
    seen = look(world, world.view(bank_id).site_id)
    assert "Person" not in str(seen)
    assert "CS0" not in str(seen)


def test_whose_it_is(world: World) -> None:
    site_id, elsewhere = world.site(), world.site()
    for role in (Role.ADMIN, Role.PROFESSOR, Role.VIEWER):
        look(world, site_id, actor=world.staff(role, site_id))
        with pytest.raises(NotAllowed):
            look(world, site_id, actor=world.staff(role, elsewhere))
    with pytest.raises(NotAllowed):
        look(world, site_id, actor=world.person())
    with pytest.raises(NotSignedIn):
        look(world, site_id, actor=NOBODY)
    with pytest.raises(NotFound):
        look(world, 99)
    with pytest.raises(BadInput):
        look(world, site_id, DAY, DAY - timedelta(days=1))


def test_refusals_elsewhere_and_of_lines_don_t_count(world: World) -> None:
    site_id = world.site()
    one = {
        "at": world.clock.now - timedelta(minutes=1),
        "kind": "Refused",
        "actor_kind": "nobody",
        "origin": "web",
        "details": {"command": "x", "code": "queue_full"},
    }
    for about in ({"site_id": site_id, "queue_id": 1}, {"site_id": None}, {"site_id": 99}):
        world.change(insert(event).values({**one, **about}))
    assert look(world, site_id).refused == 0
