"""The forecast follows the bookings, on either database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, insert, update

from locker_app.db.database import Database
from locker_app.db.tables import booking, site
from locker_app.domain.bookings import EndCause
from locker_app.domain.forecast import Basis, Forecast, Going, Model
from locker_app.queries import forecasts
from locker_app.queries.forecasts import forecasts_of, keep_up, promise, record
from locker_app.services.bookings import book
from tests.bookings import a_booking, a_charger, row_of
from tests.world import World

HOUR = timedelta(hours=1)


def of(world: World, site_id: int) -> dict[int, Forecast]:
    return world.db.read(lambda conn: forecasts_of(conn, site_id, world.clock.now))


def promised(world: World, site_id: int, holder: str = "person:9") -> Forecast | None:
    """What a command that begins a stay would say."""
    now = world.clock.now
    return world.db.read(lambda conn: promise(conn, site_id, Going(now, holder), now))


def keep(world: World, site_id: int) -> None:
    world.db.read(lambda conn: keep_up(conn, site_id, world.clock.now))


def past(world: World, spot: int, many: int = 8, hours: float = 3, **more: Any) -> None:
    """Stays of so many hours each, one a day, up to yesterday."""
    for day in range(many, 0, -1):
        began = world.clock.now - timedelta(days=day)
        a_booking(world, spot, began, began + hours * HOUR, **more)


def learnt_of(world: World, site_id: int) -> Model:
    """The model that this database's process has, for what only it knows."""
    model = world.db.read(lambda conn: forecasts._sites(conn).of(site_id)._model)
    assert model is not None
    return model


@contextmanager
def counted() -> Iterator[list[object]]:
    """Which bookings are learnt, one after the other, and not all at once."""
    learnt: list[object] = []
    learn = Model.learn

    def counts(model: Model, stay: Any, key: Any = None) -> None:
        learnt.append(key)
        learn(model, stay, key)

    all_at_once = AssertionError("all of it was read")
    with patch.object(Model, "learn", counts), patch.object(Model, "load", side_effect=all_at_once):
        yield learnt


def test_a_command_never_waits_for_the_past(world: World) -> None:
    site_id = world.site()
    past(world, a_charger(world, site_id))

    def nothing(*_: object, **__: object) -> None:
        raise AssertionError("a command read the past")

    with patch.object(forecasts.Statement, "rows", nothing), patch.object(Model, "load", nothing):
        assert promised(world, site_id) is None
    keep(world, site_id)
    with patch.object(forecasts.Statement, "rows", nothing), patch.object(Model, "load", nothing):
        said = promised(world, site_id)
    assert said is not None and said.basis is not Basis.STATED


@pytest.mark.parametrize(
    "more", [{"hours": 0.04}, {"end_cause": EndCause.FORCED.value}], ids=["by mistake", "by staff"]
)
def test_what_says_nothing_of_how_long_people_stay_is_not_learnt(
    world: World, more: dict[str, Any]
) -> None:
    site_id, now = world.site(), world.clock.now
    said: dict[str, Any] = {"likely_at": now, "low_at": now, "high_at": now}
    spot = a_charger(world, site_id)
    keep(world, site_id)
    past(world, spot, **more, **said)
    keep(world, site_id)  # as it comes in
    assert promised(world, site_id) is None
    world.clock.advance(days=2)
    keep(world, site_id)  # all at once
    assert promised(world, site_id) is None
    assert world.db.read(lambda conn: record(conn, site_id, world.clock.now)) is None


def test_a_command_gets_an_answer_while_others_learn(world: World) -> None:
    site_id = world.site()
    past(world, a_charger(world, site_id))
    keep(world, site_id)
    loading, go_on = Event(), Event()
    load = Model.load

    def slowly(model: Model, stays: Any) -> None:
        loading.set()
        go_on.wait(20)
        load(model, stays)

    world.clock.advance(days=2)
    with patch.object(Model, "load", slowly):
        learner = Thread(target=keep, args=(world, site_id))
        learner.start()
        assert loading.wait(20)
        said, shown = promised(world, site_id), of(world, site_id)
        go_on.set()
        learner.join()
    assert said is not None
    assert shown == {}


def test_what_was_promised_is_kept_with_the_booking(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spots = world.chargers(site_id, 2)
    leaves_at = now + 2 * HOUR
    early = world.run(world.person(), book, charger_id=spots[0], leaves_at=leaves_at)
    past(world, spots[1])
    keep(world, site_id)
    booked = world.run(world.person(), book, charger_id=spots[1], leaves_at=leaves_at)

    before, row = (world.row(booking, one.booking_id) for one in (early, booked))
    assert (before.likely_at, before.low_at, before.high_at) == (None, None, None)
    said = of(world, site_id)[row.id]
    assert (row.likely_at, row.low_at, row.high_at) == (said.likely, said.low, said.high)


def test_a_page_does_not_wait_while_the_past_is_learnt_at_first(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spot = a_charger(world, site_id)
    past(world, spot)
    a_booking(world, spot, now, None, stated_at=now + HOUR)
    seen: list[dict[int, Forecast]] = []
    load = Model.load

    def meanwhile(model: Model, stays: Any) -> None:
        asks = Thread(target=lambda: seen.append(of(world, site_id)))
        asks.start()
        asks.join(20)
        load(model, stays)

    with patch.object(Model, "load", meanwhile):
        keep(world, site_id)
    assert seen == [{}]
    assert len(of(world, site_id)) == 1


def test_stays_that_go_on_are_forecast_and_nothing_else(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spots = [a_charger(world, site_id) for _ in range(5)]
    elsewhere = a_charger(world, world.site())
    past(world, spots[0])
    going = a_booking(world, spots[0], now - HOUR, None)
    over = a_booking(world, spots[1], now - HOUR, None, status="overstayed")
    a_booking(world, spots[2], now + HOUR, None, status="booked", leaves_at=now + 2 * HOUR)
    a_booking(world, spots[3], now - HOUR, None, status="offered")
    a_booking(world, elsewhere, now - HOUR, None)

    said = of(world, site_id)

    assert said.keys() == {going, over}
    assert all(one.likely >= now for one in said.values())
    assert said[going].low is not None


def test_with_nothing_learnt_what_was_stated_counts(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spots = [a_charger(world, site_id), a_charger(world, site_id)]
    a_booking(world, spots[0], now, None)
    stated = a_booking(world, spots[1], now, None, stated_at=now + 2 * HOUR)
    assert of(world, site_id) == {stated: Forecast(now + 2 * HOUR, None, None, Basis.STATED)}


@pytest.mark.parametrize(
    "more",
    [
        {"end_cause": "no_show"},
        {"end_cause": "blocked"},
        {"end_cause": "fault"},
        {"end_cause": "lapsed"},
        {"end_cause": "declined"},
        {"end_cause": "cancelled"},
    ],
)
def test_what_was_no_stay_teaches_nothing(world: World, more: dict[str, Any]) -> None:
    site_id = world.site()
    past(world, a_charger(world, site_id), **more)
    keep(world, site_id)
    assert promised(world, site_id) is None


def test_what_ended_before_it_began_teaches_nothing(world: World) -> None:
    site_id = world.site()
    past(world, a_charger(world, site_id), hours=-1, end_cause="forced")
    keep(world, site_id)
    assert promised(world, site_id) is None


def test_following_comes_to_the_same_as_learning_anew(world: World) -> None:
    site_id, begin = world.site(), world.clock.now
    spots = [a_charger(world, site_id) for _ in range(3)]
    past(world, spots[0], hours=2)
    keep(world, site_id)
    # each look sees some that begin, some that end, and some that did both since the last one
    for step in range(12):
        began = begin + step * HOUR
        here = spots[step % 3]
        whose = f"person:{step % 4}"
        if step % 2:
            a_booking(world, here, began, began + timedelta(minutes=20 + step), holder=whose)
            world.clock.now = began + HOUR
        else:
            there = a_booking(world, here, began, None, holder=whose)
            world.clock.now = began + timedelta(minutes=30)
            of(world, site_id)
            ended = {"status": "ended", "end_cause": "stopped", "ended_at": world.clock.now}
            world.change(update(booking).where(booking.c.id == there).values(**ended))
        keep(world, site_id)
    going = a_booking(world, spots[0], world.clock.now, None, holder="person:1")

    followed, anew = of(world, site_id), Database(world.db.url)
    try:
        assert anew.read(lambda conn: forecasts_of(conn, site_id, world.clock.now)) == followed
    finally:
        anew.close()
    assert followed.keys() == {going}


def test_what_the_clock_ended_long_ago_is_learnt_now(world: World) -> None:
    """After a pause of the server, stays end as of when they were due."""
    site_id, now = world.site(), world.clock.now
    spot = a_charger(world, site_id)
    going = a_booking(world, spot, now - 2 * HOUR, None)
    keep(world, site_id)
    assert promised(world, site_id) is None
    then = world.clock.advance(days=5)
    ended = {"status": "ended", "end_cause": "time_up", "ended_at": now + HOUR}
    world.change(update(booking).where(booking.c.id == going).values(**ended))
    short = a_booking(world, spot, then - 30 * HOUR, then - 29 * HOUR)
    with counted() as learnt:
        of(world, site_id)
        of(world, site_id)
    assert learnt == [going, short]


def test_what_commits_late_is_learnt_once(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spot = a_charger(world, site_id)
    past(world, spot)
    keep(world, site_id)
    world.clock.advance(minutes=10)
    with counted() as learnt:
        keep(world, site_id)
        assert learnt == []
        late = a_booking(world, spot, now - HOUR, now - timedelta(minutes=3))
        for _ in range(3):
            keep(world, site_id)
            world.clock.advance(minutes=12)
    assert learnt == [late]


def test_a_booking_that_came_to_nothing_is_let_go(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spot = a_charger(world, site_id)
    past(world, spot)
    going = a_booking(world, spot, now, None)
    of(world, site_id)
    world.clock.advance(minutes=5)
    ended = {"status": "ended", "end_cause": "no_show", "ended_at": world.clock.now}
    world.change(update(booking).where(booking.c.id == going).values(**ended))
    assert of(world, site_id) == {}
    assert world.db.read(lambda conn: forecasts._sites(conn).of(site_id)._going) == set()


def test_an_older_snapshot_undoes_nothing(world: World) -> None:
    """A thread that began to read before another one may look after it."""
    site_id, now = world.site(), world.clock.now
    spots = [a_charger(world, site_id), a_charger(world, site_id)]
    past(world, spots[0])
    going = a_booking(world, spots[0], now, None)
    keep(world, site_id)
    world.clock.advance(minutes=20)

    def look(conn: Connection) -> dict[int, Forecast]:
        forecasts_of(conn, site_id, now)  # from here on it sees this moment
        ended = {"status": "ended", "end_cause": "stopped", "ended_at": world.clock.now}
        world.change(update(booking).where(booking.c.id == going).values(**ended))
        a_booking(world, spots[1], world.clock.now, None)
        keep(world, site_id)
        return forecasts_of(conn, site_id, world.clock.now)

    with patch.object(Model, "arrive", side_effect=AssertionError) as arrived:
        arrived.side_effect = lambda *_: None
        assert world.db.read(look).keys() == {going}
        assert len(of(world, site_id)) == 1
        assert arrived.call_count == 1


def test_a_name_that_is_forgotten_is_unlearnt_within_a_day(world: World) -> None:
    site_id = world.site()
    spot = a_charger(world, site_id)
    past(world, spot, holder="person:5", hours=1)
    past(world, spot, holder="person:6", hours=9)
    keep(world, site_id)
    said = promised(world, site_id, "person:5")
    assert said is not None and said.basis is Basis.HOLDER
    world.change(update(booking).values(holder=""))
    world.clock.advance(hours=24)
    keep(world, site_id)
    said = promised(world, site_id, "person:5")
    assert said is not None and said.basis is Basis.SITE
    nobody = promised(world, site_id, "")
    assert nobody is not None and nobody.basis is Basis.SITE


def test_another_zone_is_learnt_anew(world: World) -> None:
    site_id = world.site()
    past(world, a_charger(world, site_id))
    keep(world, site_id)
    before = learnt_of(world, site_id)
    keep(world, site_id)
    assert learnt_of(world, site_id) is before
    world.change(update(site).values(time_zone="Asia/Tokyo"))
    keep(world, site_id)
    assert learnt_of(world, site_id) is not before


def test_databases_learn_apart(world: World, new_database_url: Any) -> None:
    site_id = world.site()
    past(world, a_charger(world, site_id))
    keep(world, site_id)
    other = Database(new_database_url("sqlite"))
    try:
        now = world.clock.now
        assert other.read(lambda conn: promise(conn, site_id, Going(now), now)) is None
    finally:
        other.close()


def test_screens_that_ask_at_once_are_told_the_same(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spots = [a_charger(world, site_id), a_charger(world, site_id)]
    past(world, spots[0])
    going = a_booking(world, spots[0], now - 2 * HOUR, None, stated_at=now + HOUR)
    first = of(world, site_id)
    with patch.object(Model, "forecast", side_effect=AssertionError("asked again")):
        world.clock.advance(seconds=5)
        again = of(world, site_id)
    assert again.keys() == first.keys() == {going}
    assert again[going].likely == max(first[going].likely, world.clock.now)
    # another time passes, another stay is learnt, it is another stay: each is asked anew
    with patch.object(Model, "forecast", return_value=None) as asked:
        world.clock.advance(seconds=20)
        of(world, site_id)
        a_booking(world, spots[1], now - HOUR, world.clock.now)
        of(world, site_id)
        world.change(update(booking).where(booking.c.id == going).values(holder="person:77"))
        of(world, site_id)
        of(world, site_id)
    assert asked.call_count == 3


def test_how_it_came_true(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spot = a_charger(world, site_id)
    assert world.db.read(lambda conn: record(conn, site_id, now)) is None
    off = [1, -2, 3, -40, 100]
    for number, minutes in enumerate(off):
        likely = now - (number + 2) * HOUR
        said = {
            "likely_at": likely,
            "low_at": likely - timedelta(minutes=30),
            "high_at": likely + timedelta(minutes=50),
        }
        began, ended = likely - 9 * HOUR, likely + timedelta(minutes=minutes)
        a_booking(world, spot, began, ended, **said)
        # none of these is one that came true or not
        a_booking(world, spot, began, ended + 5 * HOUR, **said, end_cause="no_show")
        a_booking(world, spot, began, ended + 5 * HOUR, likely_at=likely)
        month = timedelta(days=31)
        then = {name: at - month for name, at in said.items()}
        a_booking(world, spot, began - month, ended - month + 5 * HOUR, **then)

    seen = world.db.read(lambda conn: record(conn, site_id, now))

    assert seen is not None
    assert (seen.typical_error, seen.inside, seen.stays) == (timedelta(minutes=3), 0.6, 5)


def test_the_last_hundred_say_how_it_came_true(world: World) -> None:
    site_id, now = world.site(), world.clock.now
    spot = a_charger(world, site_id)

    def stay(number: int, off: timedelta) -> dict[str, Any]:
        ended = now - number * HOUR
        said = {"likely_at": ended - off, "low_at": ended, "high_at": ended}
        return row_of(site_id, spot, ended - HOUR, ended, **said)

    rows = [stay(n, timedelta(minutes=1)) for n in range(1, 101)]
    rows += [stay(n, timedelta(minutes=99)) for n in range(101, 400)]
    world.change(insert(booking).values(rows))
    seen = world.db.read(lambda conn: record(conn, site_id, now))
    assert seen is not None
    assert (seen.typical_error, seen.inside, seen.stays) == (timedelta(minutes=1), 1.0, 100)


def test_the_hours_of_a_forecast_are_those_of_its_zone(world: World) -> None:
    """Models are made with the site's own zone, whatever the machine's."""
    site_id = world.site(time_zone="Pacific/Auckland")
    with patch.object(forecasts, "Model", wraps=Model) as made:
        keep(world, site_id)
    assert str(made.call_args.args[0]) == "Pacific/Auckland"
    assert isinstance(world.clock.now, datetime)
