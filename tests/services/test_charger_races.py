"""Crowds at charging spots: many want one at the same moment, or do this and that at once."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import booking, charger_wait, event
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.errors import DomainError, HasBooking, SpotTaken
from locker_app.services.bookings import check_in, move, set_leave, stop
from locker_app.services.charger_desk import put_back, take_out
from locker_app.services.charger_line import accept, leave_line, snooze
from locker_app.services.command import command
from locker_app.services.spot_reports import report_taken
from locker_app.services.stays import guarded
from tests import invariants_chargers as invariants
from tests.processes import forking
from tests.services.test_setup_races import at_once
from tests.world import Clock, World

PROCESSES = 2
HOUR = timedelta(hours=1)
_start: Any = None


def book_together(
    world: World, spot: int, people: list[Actor], start: Callable[[], Any] | None = None
) -> Counter[str]:
    """All of them book the spot at the same moment, each in a thread; what they were told."""
    together = Barrier(len(people), action=start)

    def attempt(who: Actor) -> str:
        together.wait()
        try:
            return world.book(who, spot).status
        except DomainError as refused:
            return refused.code

    with ThreadPoolExecutor(len(people)) as threads:
        return Counter(threads.map(attempt, people))


def book_in_process(url: str, spot: int, ids: list[int], now: datetime) -> Counter[str]:
    """The part of one process: its own connections, its own threads."""
    world = World(Database(url), Clock())
    world.clock.now = now
    people = [Actor(ActorKind.VISITOR, visitor_id, visitor_id) for visitor_id in ids]
    told = book_together(world, spot, people, _start.wait)
    world.db.close()
    return told


def doing(world: World, who: Actor, fn: Callable[..., Any], **arguments: Any) -> Callable[[], Any]:
    """This command of theirs, to be sent at once with others."""
    return lambda: world.run(who, fn, **arguments)


def wait_for_all(barrier: Any) -> None:
    global _start
    _start = barrier


def test_50_threads_book_one_spot(world: World) -> None:
    (spot,) = world.chargers(count=1)
    told = book_together(world, spot, world.visitors(50))
    assert told == {"active": 1, "spot_taken": 49}
    assert len(world.rows(booking)) == len(world.rows(event, kind="BookingMade")) == 1
    assert len(world.refusals()) == 49
    invariants.check(world)


def test_2_processes_of_10_threads_book_one_spot(world: World) -> None:
    (spot,) = world.chargers(count=1)
    ids = [who.id or 0 for who in world.visitors(PROCESSES * 10)]
    context = forking()
    with ProcessPoolExecutor(
        PROCESSES, context, wait_for_all, (context.Barrier(PROCESSES),)
    ) as processes:
        parts = [
            processes.submit(
                book_in_process, world.db.url, spot, ids[part::PROCESSES], world.clock.now
            )
            for part in range(PROCESSES)
        ]
        told = sum((part.result(60) for part in parts), Counter[str]())
    assert told == {"active": 1, "spot_taken": 19}
    invariants.check(world)


def test_one_holder_books_many_spots_at_once(world: World) -> None:
    spots, who = world.chargers(count=20), world.visitor()
    told = at_once(*(partial(world.book, who, spot) for spot in spots))
    assert told.count("has_booking") == 19
    invariants.check(world)


def test_an_offer_is_accepted_or_lapses_and_never_both(world: World) -> None:
    for _ in range(5):
        (spot,) = world.chargers(count=1)
        who, first, second = world.visitors(3)
        given = world.book(who, spot)
        for one in (first, second):
            world.wait_for_charger(one, world.site_of(spot))
        world.run(who, stop, booking_id=given.booking_id)
        (offer,) = world.rows(booking, charger_id=spot, status="offered")
        world.clock.now = offer.leaves_at - timedelta(microseconds=1)
        until: dict[str, Any] = {"booking_id": offer.id, "leaves_at": offer.leaves_at + HOUR}
        accepting = command(world.call(first), accept, **until)
        world.clock.now = offer.leaves_at  # for the timer it is over, for the holder not yet
        accepted, _ = at_once(partial(world.db.run, accepting), world.run_due)
        rows = world.rows(booking, charger_id=spot, ended_at=None)
        assert len(rows) == 1
        assert (rows[0].id == offer.id) == (accepted != "offer_over")
        assert rows[0].visitor_id == (first if rows[0].id == offer.id else second).id
        invariants.check(world)


def test_two_spots_that_come_free_at_once_with_one_in_line(world: World) -> None:
    for _ in range(5):
        spots = world.chargers(count=2)
        holders, waits = world.visitors(2), world.visitor()
        given = [world.book(*one).booking_id for one in zip(holders, spots, strict=True)]
        world.wait_for_charger(waits, world.site_of(spots[0]))
        at_once(
            *(
                doing(world, who, stop, booking_id=booking_id)
                for who, booking_id in zip(holders, given, strict=True)
            )
        )
        offers = [row for row in world.offers() if row.visitor_id == waits.id]
        assert len(offers) == 1
        invariants.check(world)


def test_many_move_to_the_only_free_spot(world: World) -> None:
    *spots, free = world.chargers(count=9)
    people = world.visitors(8)
    given = [world.book(*one) for one in zip(people, spots, strict=True)]
    told = at_once(
        *(
            doing(world, who, move, booking_id=one.booking_id, charger_id=free)
            for who, one in zip(people, given, strict=True)
        )
    )
    assert Counter(told) == {"9": 1, "spot_taken": 7}
    assert len(world.rows(booking, ended_at=None)) == 8
    invariants.check(world)


def test_50_do_this_and_that_at_once(world: World) -> None:
    spots = world.chargers(count=4, extend_while_waiting_minutes=30, snoozes=3)
    site_id, people, admin = world.site_of(spots[0]), world.visitors(25), world.staff()
    chance = random.Random(20260302)
    for round_ in range(3):
        world.clock.advance(minutes=20)
        acts = [_act(world, chance, who, spots, site_id) for who in people * 2]
        if round_:
            out = spots[chance.randrange(4)]
            acts.append(doing(world, admin, take_out, charger_id=out, reason="x"))
            acts.append(doing(world, admin, put_back, charger_id=out))
        acts += [world.run_due, world.run_due]
        at_once(*acts)
        world.run_due()
        invariants.check(world)
    assert world.rows(charger_wait), "some had to wait"


def _act(
    world: World, chance: random.Random, who: Actor, spots: list[int], site_id: int
) -> Callable[[], Any]:
    """Something that this holder may want now."""
    spot, leaves_at = (
        chance.choice(spots),
        world.clock.now + chance.randint(20, 90) * timedelta(minutes=1),
    )
    mine = world.rows(booking, visitor_id=who.id, ended_at=None)
    place = world.rows(charger_wait, visitor_id=who.id, ended_at=None)
    if mine and mine[0].status == "offered":
        booking_id = mine[0].id
        return chance.choice(
            (
                partial(world.accept, who, booking_id),
                partial(world.accept, who, booking_id),
                doing(world, who, snooze, wait_id=place[0].id if place else 1),
                doing(world, who, report_taken, booking_id=booking_id),
            )
        )
    if mine:
        about = {"booking_id": mine[0].id}
        return chance.choice(
            (
                doing(world, who, move, charger_id=spot, **about),
                doing(world, who, set_leave, leaves_at=leaves_at, **about),
                doing(world, who, stop, **about),
                doing(world, who, check_in, **about),
            )
        )
    if place and chance.random() < 0.2:
        return doing(world, who, leave_line, wait_id=place[0].id)
    return chance.choice(
        (
            partial(world.book, who, spot, chance.randint(10, 90)),
            partial(world.book, who, spot, 30, after=chance.randint(5, 120)),
            partial(world.wait_for_charger, who, site_id),
        )
    )


def _raw(world: World, **values: Any) -> None:
    """A booking that nobody has checked."""
    now = world.clock.now
    row = {
        "slot": 1,
        "shown_as": "",
        "status": "booked",
        "made_at": now,
        "starts_at": values["here_at"],
        **values,
    }
    world.change(insert(booking).values(row))


def test_the_database_itself_refuses_what_overlaps(world: World) -> None:
    spot, other = world.chargers(count=2)
    site_id, now = world.site_of(spot), world.clock.now
    at = {"site_id": site_id, "charger_id": spot}
    _raw(world, **at, holder="visitor:1", here_at=now + HOUR, leaves_at=now + 2 * HOUR)
    wrong = [(0.5, 1.5), (1, 2), (1.25, 1.5), (1.99, 3), (0, 4)]
    for n, (here, leaves) in enumerate(wrong):
        times = {"here_at": now + here * HOUR, "leaves_at": now + leaves * HOUR}
        with pytest.raises(IntegrityError):
            _raw(world, **at, holder=f"visitor:1{n}", **times)
        _raw(world, **{**at, "charger_id": other}, holder=f"visitor:2{n}", **times)
        world.change(
            update(booking)
            .where(booking.c.charger_id == other)
            .values(status="ended", ended_at=now, end_cause="stopped")
        )
    _raw(world, **at, holder="visitor:3", here_at=now, leaves_at=now + HOUR)
    _raw(world, **at, holder="visitor:4", here_at=now + 2 * HOUR, leaves_at=now + 3 * HOUR)
    longer = update(booking).where(booking.c.holder == "visitor:3")
    with pytest.raises(IntegrityError):
        world.change(longer.values(leaves_at=now + HOUR + timedelta(microseconds=1)))
    over = update(booking).where(booking.c.status == "ended")
    with pytest.raises(IntegrityError):  # what has ended comes back no more
        world.change(over.values(charger_id=spot, status="booked", ended_at=None))


def test_the_database_itself_refuses_a_second_one_there_and_one_booking_too_many(
    world: World,
) -> None:
    spot, other = world.chargers(count=2)
    now = world.clock.now
    there = {"site_id": world.site_of(spot), "charger_id": spot, "status": "active"}
    _raw(world, **there, holder="visitor:1", here_at=now, leaves_at=now + HOUR)
    with pytest.raises(IntegrityError):
        late = {"here_at": now + HOUR, "leaves_at": now + 2 * HOUR}
        _raw(world, **there, holder="visitor:2", **late)
    with pytest.raises(IntegrityError):
        again = {**there, "charger_id": other, "here_at": now, "leaves_at": now + HOUR}
        _raw(world, **again, holder="visitor:1")


def test_what_the_database_refuses_is_a_refusal(world: World) -> None:
    """Should anything come by without the site's lock, it is told that the spot is taken."""
    spot, other = world.chargers(count=2)
    now = world.clock.now
    first = world.book(world.visitor(), spot)
    row = world.row(booking, first.booking_id)._asdict()
    del row["id"]
    later = {"status": "booked", "here_at": now + HOUR, "leaves_at": now + 2 * HOUR}
    wrong: list[tuple[type[DomainError], dict[str, Any]]] = [
        (SpotTaken, {**row, "holder": "visitor:0", "status": "booked"}),
        (SpotTaken, {**row, "holder": "visitor:0", **later, "status": "active"}),
        (HasBooking, {**row, "charger_id": other}),
    ]
    for how, values in wrong:

        def attempt(tx: Tx, values: dict[str, Any] = values) -> None:
            with guarded():
                tx.conn.execute(insert(booking).values(values))

        with pytest.raises(how):
            world.db.run(Work(attempt, Trace("test")))
    with pytest.raises(IntegrityError):  # anything else is a fault of ours
        world.db.run(Work(_nonsense, Trace("test")))


def _nonsense(tx: Tx) -> None:
    with guarded():
        tx.conn.execute(update(booking).values(leaves_at=booking.c.here_at))
