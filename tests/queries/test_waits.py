"""What a queue's tickets teach, read from either database."""

from datetime import timedelta
from itertools import count

from sqlalchemy import insert

from locker_app.db.tables import queue, ticket
from locker_app.domain.waits import Pace, Wait
from locker_app.queries.waits import pace_of, promise
from tests.world import World

_numbers = count(1)


def a_queue(world: World) -> int:
    """An empty queue, made without commands; its id."""
    name = f"Queue {next(_numbers)}"
    rules = {"tickets_per_person": 1, "tickets_per_group": 1, "steps_back": 2, "groups": ""}
    flags = {"sign_in_needed": False, "serve_at_once": False, "fresh_groups_first": False}
    texts = {"place": "", "mode": "open", "announcement": "", "room_pin": "", "reset_at": ""}
    where = {"site_id": world.site(), "name": name, "code": name, "created_at": world.clock.now}
    world.change(
        insert(queue).values(
            **rules, **flags, **texts, **where, round=1, last_number=0, shown_number=0
        )
    )
    return world.rows(queue)[-1].id


def called(world: World, queue_id: int, at: float, waited: float = 300, **more: object) -> None:
    """A ticket of long ago that was called then, so many seconds after it was taken."""
    now, number = world.clock.now, next(_numbers)
    called_at = now + timedelta(seconds=at)
    values = {
        "site_id": world.row(queue, queue_id).site_id,
        "queue_id": queue_id,
        "round": 1,
        "number": number,
        "place": number,
        "status": "done",
        "holder": f"person:{number}",
        "slot": 0,
        "group_number": str(number),
        "group_slot": 0,
        "question": "",
        "note": "",
        "steps": 0,
        "joined_at": called_at - timedelta(seconds=waited),
        "called_at": called_at,
        "ended_at": called_at + timedelta(seconds=60),
        "ahead_at_join": 4,
    }
    world.change(insert(ticket).values(**{**values, **more}))


def test_what_was_called_teaches_and_nothing_else(world: World) -> None:
    here, elsewhere = a_queue(world), a_queue(world)
    now = world.clock.now
    assert world.db.read(lambda conn: pace_of(conn, here, now)) == Pace()
    for i in range(10):
        called(world, here, i * 60)
        called(world, elsewhere, i * 10)
    left = {"status": "withdrawn", "called_at": None}
    called(world, here, 0, **left)

    pace = world.db.read(lambda conn: pace_of(conn, here, now))

    assert (pace.known, pace.seconds_per_ticket) == (True, 60)
    assert pace.called_at is not None
    assert abs(pace.called_at - now - timedelta(seconds=540)) < timedelta(milliseconds=5)


def test_who_is_being_served_was_called_too(world: World) -> None:
    here, now = a_queue(world), world.clock.now
    for i in range(10):
        called(world, here, i * 60)
    professor = world.staff()
    open_ = {"status": "serving", "staff_id": professor.id, "ended_at": None}
    called(world, here, 600, **open_)

    pace = world.db.read(lambda conn: pace_of(conn, here, now))

    assert pace.called_at is not None
    assert abs(pace.called_at - now - timedelta(seconds=600)) < timedelta(milliseconds=5)


def test_a_promise_and_how_good_they_were(world: World) -> None:
    here, now = a_queue(world), world.clock.now
    kept = {"low_seconds": 200, "likely_seconds": 290, "high_seconds": 310}
    for i in range(30):
        called(world, here, i * 60, **kept)
        called(world, here, i * 60 + 30, **kept, steps=1)  # who lets others by is no measure

    pace = world.db.read(lambda conn: pace_of(conn, here, now))
    then = now + timedelta(seconds=29 * 60 + 30)
    wait = world.db.read(lambda conn: promise(conn, here, 9, then))

    assert (pace.of, pace.inside, pace.typical_error) == (30, 1.0, 10)
    assert wait == Wait(300, 300, 309)
