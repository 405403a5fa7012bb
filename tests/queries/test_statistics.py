"""How a site was used: the same as a slow reckoning from the log, also when clocks change."""

import random
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from locker_app.db.tables import assignment, event, locker, site, wait
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, Role
from locker_app.domain.errors import BadInput, DomainError, NotAllowed, NotFound, NotSignedIn
from locker_app.queries.days_summed import bars_of
from locker_app.queries.scoped import site_statistics
from locker_app.queries.statistics import STAYS, Statistics
from locker_app.queries.statistics_tables import TABLES, as_file
from locker_app.services.banks import archive_bank
from locker_app.services.day_sums import keep_day, sites_to_sum_up
from locker_app.services.lockers import give_back
from tests.world import World

DAY = date(2026, 3, 2)


def look(
    world: World, site_id: int, first: date = DAY, last: date = DAY, actor: Actor | None = None
) -> Statistics:
    actor = actor or world.staff(Role.VIEWER)
    return world.db.read(
        lambda conn: site_statistics(
            conn, actor, world.clock.now, site_id=site_id, first=first, last=last
        )
    )


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


def live(world: World, site_id: int, chance: random.Random, steps: int) -> None:
    """Some days at a site: people who come, go and wait, and lines that are worked off."""
    banks = [world.bank(site_id, count=n) for n in (1, 2)]
    queues = [world.queue(site_id) for _ in range(2)]
    admin, people = world.staff(), world.people(6)
    for _ in range(steps):
        world.clock.advance(seconds=chance.randrange(30, 3 * 3600))
        world.run_due()
        who, bank_id, queue_id = chance.choice(people), chance.choice(banks), chance.choice(queues)
        mine = world.rows(assignment, person_id=who.id, released_at=None)
        with suppress(DomainError):
            match chance.randrange(8):
                case 0 | 1 | 2 if not mine:
                    world.take(who, bank_id)
                case 3 if not mine:
                    world.join(who, bank_id)
                case 4 | 5:
                    world.ticket(world.visitor(), queue_id)
                case 6:
                    world.press(admin, queue_id)
                case _:
                    world.run(who, give_back, assignment_id=mine[0].id if mine else 999)


class ByHand:
    """The same figures, slowly, from the event log alone."""

    def __init__(self, world: World, site_id: int, zone: str, first: date, last: date) -> None:
        self.zone, self.now = ZoneInfo(zone), world.clock.now
        self.log = [row for row in world.rows(event) if row.site_id == site_id]
        midnight = datetime.min.time()
        begin = datetime.combine(first, midnight, self.zone).astimezone(UTC)
        end = datetime.combine(last + timedelta(days=1), midnight, self.zone).astimezone(UTC)
        self.begin, self.end = max(begin, self._first_midnight()), min(end, self.now)
        self.claims: dict[int, list[Any]] = {}
        for row in self.log:
            if row.kind == "LockerAssigned":
                self.claims[row.details["assignment_id"]] = [row.bank_id, row.at, None]
            elif row.kind == "LockerReleased":
                self.claims[row.details["assignment_id"]][2] = row.at

    def _first_midnight(self) -> datetime:
        day = min(row.at for row in self.log).astimezone(self.zone).date()
        return datetime.combine(day, datetime.min.time(), self.zone).astimezone(UTC)

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def inside(self, at: datetime | None) -> bool:
        return at is not None and self.begin <= at < self.end

    def count(self, kind: str, *, queue: bool = False) -> Counter[Any]:
        """How many there were on each day, for each line if that is asked."""
        rows = [row for row in self.log if row.kind == kind and self.inside(row.at)]
        return Counter(
            (self.day(row.at), row.queue_id) if queue else self.day(row.at) for row in rows
        )

    def held(self, bank_id: int | None = None) -> dict[tuple[int, int], float]:
        """On average, in each hour of each weekday: by quarters of an hour."""
        held: dict[tuple[int, int], float] = defaultdict(float)
        length: dict[tuple[int, int], float] = defaultdict(float)
        at = self.begin
        while at < self.end:
            stop = min(at + timedelta(minutes=15), self.end)
            local = at.astimezone(self.zone)
            key = local.weekday(), local.hour
            length[key] += (stop - at).total_seconds()
            for bank, since, until in self.claims.values():
                if bank_id in (None, bank):
                    both = min(stop, until or self.end) - max(at, since)
                    held[key] += max(0.0, both.total_seconds())
            at = stop
        return {key: held[key] / length[key] for key in length}

    def mean(self, bank_id: int) -> float:
        """How many of a bank were held, day and night."""
        seconds = 0.0
        for bank, since, until in self.claims.values():
            both = min(self.end, until or self.end) - max(self.begin, since)
            seconds += max(0.0, both.total_seconds()) if bank == bank_id else 0
        return seconds / (self.end - self.begin).total_seconds()


@pytest.mark.parametrize(
    ("database_url", "zone", "begin", "seed"),
    [
        ("sqlite", "Europe/Berlin", datetime(2026, 3, 28, 6, 10, tzinfo=UTC), 1),
        ("postgresql", "America/St_Johns", datetime(2026, 10, 31, 6, 10, tzinfo=UTC), 2),
        ("sqlite", "Asia/Kathmandu", datetime(2026, 10, 24, 6, 10, tzinfo=UTC), 3),
    ],
    indirect=["database_url"],
)
def test_as_by_hand_from_the_log(world: World, zone: str, begin: datetime, seed: int) -> None:
    chance = random.Random(seed)
    world.clock.now = begin
    site_id = world.site(time_zone=zone)
    live(world, site_id, chance, steps=90)
    today = world.clock.now.astimezone(ZoneInfo(zone)).date()
    whole = (today - timedelta(days=9), today)
    part = (today - timedelta(days=3), today - timedelta(days=1))
    for first, last in (whole, part):
        seen, hand = look(world, site_id, first, last), ByHand(world, site_id, zone, first, last)
        as_by_hand(seen, hand)
    before = [look(world, site_id, *days) for days in (whole, part)]
    assert keep(world, site_id) >= 3
    assert [look(world, site_id, *days) for days in (whole, part)] == before
    assert keep(world, site_id) == 0


def as_by_hand(seen: Statistics, hand: ByHand) -> None:
    held = {(hour.weekday, hour.hour): hour.held for hour in seen.by_weekday}
    assert held == pytest.approx(hand.held(), abs=0.011)
    assigned, released = hand.count("LockerAssigned"), hand.count("LockerReleased")
    assert {day.day: day.assigned for day in seen.by_day if day.assigned} == assigned
    assert {day.day: day.given_back for day in seen.by_day if day.given_back} == released
    lockers = [
        row for row in hand.log if row.kind == "Refused" and row.bank_id and not row.queue_id
    ]
    refused = Counter(hand.day(row.at) for row in lockers if hand.inside(row.at))
    assert {day.day: day.refused for day in seen.by_day if day.refused} == refused
    assert seen.refused == refused.total() == sum(seen.refusals.values())
    stays = [until - since for _, since, until in hand.claims.values() if hand.inside(until)]
    assert (seen.stays.count, sum(seen.stay_bars)) == (len(stays), len(stays))
    if stays:
        exact = sorted(stay.total_seconds() for stay in stays)
        assert seen.stays.mean == pytest.approx(sum(exact) / len(exact), abs=1)
        assert seen.stays.median == pytest.approx(exact[(len(exact) + 1) // 2 - 1], abs=1800)
    still = [
        1 for _, since, until in hand.claims.values() if since < hand.end <= (until or hand.end)
    ]
    assert seen.open == len(still)
    for bank in seen.banks:
        assert bank.held == pytest.approx(hand.mean(bank.bank_id), abs=0.006)
        begun = [since for of, since, _ in hand.claims.values() if of == bank.bank_id]
        assert bank.assigned == sum(map(hand.inside, begun))
    ends = [row for row in hand.log if row.kind == "WaitEnded" and hand.inside(row.at)]
    assert seen.wait_outcomes == Counter(row.details["outcome"] for row in ends)
    joined, done = hand.count("TicketTaken", queue=True), hand.count("TicketCompleted", queue=True)
    by_line = {(one.day, one.queue_id): one for one in seen.line_days}
    assert {key: one.joined for key, one in by_line.items() if one.joined} == joined
    assert {key: one.done for key, one in by_line.items() if one.done} == done
    for line in seen.lines:
        assert line.joined == sum(n for (_, queue), n in joined.items() if queue == line.queue_id)
        assert line.done == sum(n for (_, queue), n in done.items() if queue == line.queue_id)


def keep(world: World, site_id: int) -> int:
    """Sum up all days that are over; how many there were."""
    days = 0
    while world.run(SYSTEM, keep_day, site_id=site_id):
        days += 1
    return days


def test_a_day_is_kept_once_it_has_settled(world: World) -> None:
    bank_id = world.bank(count=1)
    site_id = world.view(bank_id).site_id
    world.take(world.person(), bank_id)
    world.clock.now = datetime(2026, 3, 3, 1, 59, tzinfo=UTC)  # 2:59 in Berlin
    assert world.db.read(lambda conn: sites_to_sum_up(conn, world.clock.now)) == []
    assert keep(world, site_id) == 0
    world.clock.advance(minutes=1)
    assert world.db.read(lambda conn: sites_to_sum_up(conn, world.clock.now)) == [site_id]
    with pytest.raises(NotAllowed):
        world.run(world.staff(), keep_day, site_id=site_id)
    assert keep(world, site_id) == 1
    seen = look(world, site_id, DAY, DAY + timedelta(days=1))
    assert (seen.assigned, seen.open) == (1, 1)


def test_two_processes_keep_a_day_once(world: World) -> None:
    bank_id = world.bank(count=1)
    site_id = world.view(bank_id).site_id
    world.take(world.person(), bank_id)
    world.clock.advance(days=1)
    both = [world.start(SYSTEM, keep_day, site_id=site_id) for _ in range(2)]
    assert sorted(one.result() for one in both) == [False, True]
    assert look(world, site_id, DAY, DAY + timedelta(days=1)).assigned == 1


def test_another_time_zone_sums_up_anew(world: World) -> None:
    bank_id = world.bank(count=2)
    site_id = world.view(bank_id).site_id
    world.clock.now = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    world.take(world.person(), bank_id)
    world.clock.advance(days=2)
    assert keep(world, site_id) == 2
    world.change(update(site).where(site.c.id == site_id).values(time_zone="Asia/Tokyo"))
    days = DAY, DAY + timedelta(days=2)
    before = look(world, site_id, *days)
    assert [day.assigned for day in before.by_day] == [0, 1, 0]
    assert keep(world, site_id) == 3
    assert look(world, site_id, *days) == before


def test_banks_that_are_gone_and_doors_that_were_removed(world: World) -> None:
    site_id = world.site()
    small, gone = world.bank(site_id, count=2), world.bank(site_id, count=1, name="Old wing")
    who, other, admin = world.person(), world.person(), world.staff()
    taken, second = world.take(who, gone), world.take(other, small)
    world.clock.advance(hours=1)
    world.give_back(who, taken)
    world.give_back(other, second)
    world.run(admin, archive_bank, bank_id=gone)
    doors = locker.c.bank_id == small
    world.change(
        update(locker).where(doors, locker.c.number == 1).values(retired_at=world.clock.now)
    )
    world.clock.advance(hours=1)
    seen = look(world, site_id)
    old, left = sorted(seen.banks, key=lambda bank: bank.doors)
    assert (old.name, old.archived, old.assigned) == ("Old wing", True, 1)
    assert (left.doors, left.archived) == (1, False)
    # held for one of eleven hours; a door for ten of them, and two less the one hour it is gone
    assert (old.percent, left.percent) == (10, round(100 / 21, 1))
    assert [bank.id for bank in seen.now] == [small]
    assert [row[0] for row in TABLES["banks"].rows(seen)] == ["Old wing (out of use)", left.name]


def test_days_that_can_t_be_looked_back_on(world: World) -> None:
    site_id = world.site()
    for first, last, why in (
        (DAY, DAY - timedelta(days=1), "before the first"),
        (DAY, DAY + timedelta(days=1), "still to come"),
        (DAY - timedelta(days=400), DAY, "up to 400 days"),
        (date(1999, 1, 1), date(1999, 1, 2), "from 2000 on"),
    ):
        with pytest.raises(BadInput, match=why):
            look(world, site_id, first, last)


def test_files_run_nothing(world: World) -> None:
    site_id = world.site()
    world.bank(site_id, name="=HYPERLINK(1)")
    world.queue(site_id, name="+1")
    files = {name: as_file(name, look(world, site_id)) for name in TABLES}
    assert all(text.startswith("\ufeff") for text in files.values())
    assert "'=HYPERLINK(1)" in files["banks"]
    assert "'=HYPERLINK(1)" in files["now"]
    assert "'+1" in files["lines"]


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
    assert (line.joined, line.done, line.no_show, line.left) == (2, 1, 0, 0)
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
