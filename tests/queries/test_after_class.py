"""Looking back: how many were helped, how long they waited, by hour, day, group and staff."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from locker_app.db.log import Trace
from locker_app.db.tables import queue, ticket
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, Actor, Role
from locker_app.domain.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from locker_app.queries.after_class import MAX_GROUPS, AfterClass, Times, bar_names
from locker_app.queries.scoped import queue_looked_back, tickets_looked_back
from locker_app.queries.tickets_file import CHUNK, tickets_of
from tests.world import World

DAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 9:00 in Berlin


def utc(*when: int) -> datetime:
    """That time in UTC."""
    return datetime(*when, tzinfo=UTC)  # pyright: ignore[reportArgumentType]


def a_queue(world: World, site_id: int | None = None) -> int:
    """A queue, made behind the commands' back; its id."""
    site_id = site_id or world.site()
    number = len(world.rows(queue)) + 1
    world.change(
        insert(queue).values(
            site_id=site_id,
            name=f"Physics {number}",
            place="Room 204",
            code=f"CODE{number}",
            created_at=MORNING,
        )
    )
    return world.rows(queue)[-1].id


def past(queue_id: int, number: int, **given: Any) -> dict[str, Any]:
    """A ticket that was taken in the morning, waited for 10 minutes, and took 5."""
    values = {
        "joined_at": MORNING,
        "wait": 10,
        "service": 5,
        "status": "done",
        "group": str(number),
        "staff_id": None,
        **given,
    }
    called = None if values["wait"] is None else values["joined_at"] + _minutes(values["wait"])
    return {
        "site_id": 1,
        "queue_id": queue_id,
        "round": values.get("round", 1),
        "number": number,
        "place": number,
        "status": values["status"],
        "holder": f"visitor:{number}",
        "slot": 0,
        "group_number": values["group"],
        "group_slot": 0,
        "question": values.get("question", ""),
        "note": "",
        "steps": 0,
        "ahead_at_join": 0,
        "staff_id": values["staff_id"],
        "joined_at": values["joined_at"],
        "called_at": called,
        "ended_at": (called or values["joined_at"]) + _minutes(values["service"]),
    }


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def keep(world: World, *tickets: dict[str, Any]) -> None:
    """Put tickets into the database."""

    def attempt(tx: Tx) -> None:
        tx.conn.execute(insert(ticket), list(tickets))

    world.db.run(Work(attempt, Trace("test")))


def look_back(
    world: World, queue_id: int, first: date = DAY, last: date = DAY, actor: Actor | None = None
) -> AfterClass:
    actor = actor or world.staff()
    return world.db.read(
        lambda conn: queue_looked_back(
            conn, actor, world.clock.now, queue_id=queue_id, first=first, last=last
        )
    )


def test_nothing_yet(world: World) -> None:
    seen = look_back(world, a_queue(world))
    assert (seen.tickets, seen.done, seen.no_shows) == (0, 0, 0)
    assert (seen.waits.count, seen.services.mean, sum(seen.wait_bars)) == (0, 0, 0)
    assert seen.by_hour == seen.by_day == seen.by_group == seen.by_staff == []


def test_how_many_and_how_long(world: World) -> None:
    queue_id, ann = a_queue(world), world.staff()
    waits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100]
    keep(
        world,
        *[past(queue_id, n, wait=wait, staff_id=ann.id) for n, wait in enumerate(waits, 1)],
        past(queue_id, 11, status="no_show", wait=20, service=2, staff_id=ann.id),
        past(queue_id, 12, status="withdrawn", wait=None),
        past(queue_id, 13, status="cleared", wait=None),
    )
    seen = look_back(world, queue_id)
    assert seen.counts == {"done": 10, "no_show": 1, "withdrawn": 1, "cleared": 1}
    assert (seen.waits.count, seen.waits.longest) == (11, 6000)
    assert (seen.waits.median, seen.waits.p90) == (360, 1200)
    assert seen.waits.mean == round(165 * 60 / 11)
    assert (seen.services.count, seen.services.median) == (10, 300), "nobody served a no-show"
    assert seen.wait_bars == [4, 5, 0, 1, 0, 1]
    assert len(list(bar_names())) == len(seen.wait_bars)
    (helper,) = seen.by_staff
    assert (helper.key, helper.done, helper.no_show) == ("Staff", 10, 1)


def test_short_services_are_told_apart_to_the_second(world: World) -> None:
    queue_id = a_queue(world)
    services = [10, 11, 12, 13, 14, 15, 16, 17, 18, 59]  # all in the same minute
    keep(
        world,
        *[
            past(queue_id, n, wait=(100 + n) / 60, service=seconds / 60)
            for n, seconds in enumerate(services, 1)
        ],
    )
    seen = look_back(world, queue_id)
    assert seen.services == Times(count=10, mean=18, median=14, p90=18, longest=59)
    assert seen.waits == Times(count=10, mean=106, median=105, p90=109, longest=110)


def test_what_nobody_helped_is_no_help(world: World) -> None:
    queue_id, ann = a_queue(world), world.staff()
    ends = ["done", "done", "no_show", "withdrawn", "cleared"]
    keep(
        world,
        *[
            past(queue_id, n, status=status, group="7", staff_id=ann.id)
            for n, status in enumerate(ends, 1)
        ],
    )
    seen = look_back(world, queue_id)
    (helper,) = seen.by_staff
    assert (helper.tickets, helper.done, helper.no_show) == (3, 2, 1)
    assert (helper.tickets, helper.done) == (seen.done + seen.no_shows, seen.done)
    (group,) = seen.by_group
    assert (group.tickets, group.done, group.no_show) == (5, 2, 1)


def test_by_hour_and_day_of_the_site(world: World) -> None:
    queue_id = a_queue(world)
    before_midnight = datetime(2026, 3, 2, 22, 50, tzinfo=UTC)  # 23:50 in Berlin
    keep(
        world,
        past(queue_id, 1),
        past(queue_id, 2, joined_at=MORNING + _minutes(50), wait=30),
        past(queue_id, 3, joined_at=MORNING + _minutes(70)),
        past(queue_id, 4, joined_at=before_midnight),
    )
    one = look_back(world, queue_id)
    assert [(part.key, part.tickets, part.mean_wait) for part in one.by_hour] == [
        ("09:00", 2, 1200),
        ("10:00", 1, 600),
    ]
    two = look_back(world, queue_id, DAY, DAY + timedelta(days=1))
    assert [(part.key, part.tickets) for part in two.by_day] == [
        ("2026-03-02", 3),
        ("2026-03-03", 1),
    ]
    assert two.by_hour[-1].key == "23:00"


def test_the_hour_is_right_on_both_sides_of_a_change_of_clocks(world: World) -> None:
    queue_id = a_queue(world)
    at_nine = [datetime(2026, 3, 28, 8, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)]
    keep(world, *[past(queue_id, n, joined_at=at) for n, at in enumerate(at_nine, 1)])
    seen = look_back(world, queue_id, date(2026, 3, 20), date(2026, 4, 5))
    assert [(part.key, part.tickets) for part in seen.by_hour] == [("09:00", 2)]


@pytest.mark.parametrize(
    ("zone", "clocks"),
    [
        ("Asia/Kolkata", {"09:00": 2, "10:00": 1}),
        ("Asia/Kathmandu", {"09:00": 1, "10:00": 2}),
        ("Australia/Adelaide", {"14:00": 2, "15:00": 1}),
    ],
)
def test_the_hour_is_right_where_clocks_are_half_or_quarter_hours_ahead(
    world: World, zone: str, clocks: dict[str, int]
) -> None:
    queue_id = a_queue(world, world.site(time_zone=zone))
    at = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    taken = (at - _minutes(0.1), at + _minutes(29.9), at + _minutes(30))
    keep(world, *[past(queue_id, n, joined_at=when) for n, when in enumerate(taken, 1)])
    seen = look_back(world, queue_id)
    assert {part.key: part.tickets for part in seen.by_hour} == clocks


@pytest.mark.parametrize(
    ("zone", "change", "hours", "days"),
    [  # what the clocks of the site show half a minute before each change, and at it
        ("Europe/Berlin", utc(2026, 3, 29, 1), ("01:00", "03:00"), ("03-29",)),
        ("Europe/Berlin", utc(2026, 10, 25, 1), ("02:00",), ("10-25",)),
        ("Australia/Lord_Howe", utc(2026, 4, 4, 15), ("01:00",), ("04-05",)),
        ("Australia/Lord_Howe", utc(2026, 10, 3, 15, 30), ("01:00", "02:00"), ("10-04",)),
        ("America/Havana", utc(2026, 3, 8, 5), ("01:00", "23:00"), ("03-07", "03-08")),
    ],
)
def test_hour_and_day_are_right_to_the_second_of_a_change_of_clocks(
    world: World, zone: str, change: datetime, hours: tuple[str, ...], days: tuple[str, ...]
) -> None:
    queue_id = a_queue(world, world.site(time_zone=zone))
    taken = (change - _minutes(0.5), change)
    keep(
        world,
        *[past(queue_id, n, joined_at=at, wait=0, service=0.4) for n, at in enumerate(taken, 1)],
    )
    for around in (timedelta(days=1), timedelta(days=60)):
        seen = look_back(world, queue_id, change.date() - around, change.date() + around)
        assert tuple(part.key for part in seen.by_hour) == hours
        assert tuple(part.key[5:] for part in seen.by_day) == days


def test_by_group_those_that_came_most_often_first(world: World) -> None:
    queue_id = a_queue(world)
    groups = ["7", "12", "12", "LAB A"]
    keep(world, *[past(queue_id, n, group=group) for n, group in enumerate(groups, 1)])
    seen = look_back(world, queue_id)
    assert [(part.key, part.done) for part in seen.by_group] == [("12", 2), ("7", 1), ("LAB A", 1)]


def test_other_queues_and_open_tickets_do_not_count(world: World) -> None:
    queue_id, other = a_queue(world), a_queue(world)
    still = past(queue_id, 1, status="waiting", wait=None) | {"ended_at": None}
    keep(world, still, past(other, 1))
    assert look_back(world, queue_id).tickets == 0
    assert look_back(world, other).tickets == 1


def test_how_good_the_estimates_were(world: World) -> None:
    queue_id = a_queue(world)
    assert look_back(world, queue_id).pace.of == 0
    said = {"low_seconds": 300, "likely_seconds": 480, "high_seconds": 900}
    waits = [10, 10, 10, 10, 9, 9, 9, 9, 20, 30]  # in minutes; the last two are longer than said
    keep(
        world,
        *[
            past(queue_id, n, wait=wait, joined_at=MORNING + _minutes(5 * n)) | said
            for n, wait in enumerate(waits, 1)
        ],
    )
    pace = look_back(world, queue_id).pace
    assert (round(pace.inside * pace.of), pace.of) == (8, 10)
    assert pace.typical_error == 120


def test_who_may_look_back(world: World) -> None:
    site_id = world.site()
    queue_id = a_queue(world, site_id)
    for role in (Role.PROFESSOR, Role.ADMIN):
        look_back(world, queue_id, actor=world.staff(role, site_id))
    with pytest.raises(NotSignedIn):
        look_back(world, queue_id, actor=NOBODY)
    strangers = [world.person(), world.staff(Role.VIEWER, site_id)]
    for stranger in [*strangers, world.staff(Role.PROFESSOR, world.site())]:
        with pytest.raises(NotAllowed):
            look_back(world, queue_id, actor=stranger)
    with pytest.raises(NotFound):
        look_back(world, 99)
    with pytest.raises(BadInput):
        look_back(world, queue_id, DAY, DAY - timedelta(days=1))


def test_a_file_has_every_ticket_once_in_pieces(world: World) -> None:
    queue_id, actor = a_queue(world), world.staff()
    count = CHUNK + 5  # most of them end in the same second
    keep(world, *[past(queue_id, n, service=n % 3) for n in range(1, count + 1)])
    found: list[Any] = []

    def piece(conn: Any) -> list[Any]:
        at = tickets_looked_back(
            conn, actor, world.clock.now, queue_id=queue_id, first=DAY, last=DAY
        )
        return tickets_of(conn, at, found[-1] if found else None)

    while rows := world.db.read(piece):
        assert len(rows) <= CHUNK
        found += rows
    assert sorted(row.number for row in found) == list(range(1, count + 1))
    assert [row.ended_at for row in found] == sorted(row.ended_at for row in found)


def test_a_term_is_quick(world: World) -> None:
    """The bound is wide: machines that run tests are busy with other things."""
    queue_id, count = a_queue(world), 30_000
    keep(
        world,
        *[
            past(
                queue_id,
                n,
                joined_at=MORNING + timedelta(days=n % 90, minutes=n % 500),
                wait=n % 60,
                group=str(n % 300),
            )
            for n in range(1, count + 1)
        ],
    )
    actor = world.staff()
    began = time.perf_counter()
    seen = look_back(world, queue_id, DAY, DAY + timedelta(days=99), actor)
    took = time.perf_counter() - began
    assert seen.tickets == count
    assert (len(seen.by_group), seen.groups) == (MAX_GROUPS, 300)
    assert took < 10
