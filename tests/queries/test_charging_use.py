"""How charging spots were used: figures that were counted by hand, also when clocks change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from locker_app.db.tables import booking, charger, charger_wait, day_sum, site
from locker_app.domain.actors import SYSTEM, Role
from locker_app.queries.charging_use import Charging
from locker_app.queries.scoped import site_statistics
from locker_app.queries.statistics_tables import CHARGING, TABLES, as_file
from locker_app.services.bookings import book
from locker_app.services.day_sums import keep_day, sites_to_sum_up
from tests.bookings import a_booking, a_charger
from tests.world import World

DAY = date(2026, 3, 29)
"""In Berlin the clocks skip the hour from two to three."""
MINUTE = timedelta(minutes=1)


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def look(world: World, site_id: int, first: date = DAY, last: date = DAY) -> Charging:
    viewer = world.staff(Role.VIEWER)
    found = world.db.read(
        lambda conn: site_statistics(
            conn, viewer, world.clock.now, site_id=site_id, first=first, last=last
        )
    )
    return found.charging


def a_site(world: World) -> tuple[int, list[int]]:
    """A site that was set up on the 28th of March at noon, with two spots."""
    world.clock.now = utc(28, 11)
    site_id = world.site()
    spots = [a_charger(world, site_id, name=name) for name in ("=North", "South")]
    world.clock.now = utc(30, 12)
    return site_id, spots


def history(world: World) -> tuple[int, list[int]]:
    """Stays of two days: what follows counts them by hand."""
    site_id, (north, south) = a_site(world)
    # from 23:30 on Saturday to 03:30 on Sunday in Berlin: three hours, as one is skipped
    a_booking(world, north, utc(28, 22, 30), utc(29, 1, 30), leaves_at=utc(29, 2))
    # two hours on Sunday, overstayed by 50 minutes
    late = {"leaves_at": utc(29, 10, 10), "overstayed_at": utc(29, 10, 20)}
    a_booking(world, south, utc(29, 9), utc(29, 11), **late)
    # moved on Sunday evening, over midnight
    a_booking(world, north, utc(29, 21), utc(29, 23))
    # what was no stay
    stated = {"stated_at": utc(29, 14)}
    a_booking(world, south, utc(29, 12), utc(29, 12, 15), end_cause="no_show", **stated)
    a_booking(world, south, utc(29, 14), utc(29, 13), end_cause="cancelled", **stated)
    a_booking(world, south, utc(29, 15), utc(29, 15, 5), end_cause="lapsed")
    a_booking(world, south, utc(29, 16), utc(29, 16, 5), end_cause="fault", **stated)
    world.change(update(booking).where(booking.c.stated_at.is_(None)).values(stated_at=None))
    return site_id, [north, south]


def test_a_day_that_is_an_hour_short(world: World) -> None:
    site_id, _ = history(world)

    seen = look(world, site_id)

    used = {hour.hour: hour.held for hour in seen.by_weekday}
    assert 2 not in used
    assert (used[0], used[1], used[3]) == (1.0, 1.0, 0.5)
    assert (used[4], used[10], used[11], used[12], used[13]) == (0.0, 0.0, 1.0, 1.0, 0.0)
    assert used[23] == 1.0
    assert {hour.weekday for hour in seen.by_weekday} == {6}
    (day,) = seen.by_day
    assert (day.began, day.ended, day.overstayed, day.no_shows) == (2, 2, 1, 1)
    assert (seen.began, seen.no_shows) == (2, 1)
    assert (seen.stays.count, seen.stays.longest, seen.stays.median) == (2, 3 * 3600, 2 * 3600)
    assert (seen.overstays.count, seen.overstays.median) == (1, 50 * 60)
    # an hour of Sunday night, three and a half of 23: and two of 23
    by_name = {one.name: one for one in seen.by_spot}
    assert (by_name["=North"].stays, by_name["South"].stays) == (1, 1)
    assert by_name["=North"].percent == round(100 * 3.5 / 23, 1)
    assert by_name["South"].percent == round(100 * 2 / 23, 1)


def test_why_bookings_ended(world: World) -> None:
    site_id, _ = history(world)
    world.change(
        update(booking).where(booking.c.end_cause == "stopped").values(stated_at=utc(28, 1))
    )
    seen = look(world, site_id)
    assert seen.ends == {"stopped": 2, "no_show": 1, "cancelled": 1, "fault": 1}


def test_days_come_to_the_same_when_they_are_kept(world: World) -> None:
    site_id, spots = history(world)
    said = {"likely_at": utc(29, 20), "low_at": utc(29, 19), "high_at": utc(29, 23)}
    world.change(update(booking).where(booking.c.end_cause == "stopped").values(**said))
    days = date(2026, 3, 28), date(2026, 3, 30)
    fresh = look(world, site_id, *days)
    world.clock.advance(days=1)
    fresh_later = look(world, site_id, *days)
    while world.db.read(lambda conn: sites_to_sum_up(conn, world.clock.now)):
        world.run(SYSTEM, keep_day, site_id=site_id)
    assert {"spot", "spot_hour", "spot_stay", "spot_forecast"} <= {
        row.what for row in world.rows(day_sum)
    }
    assert look(world, site_id, *days) == fresh_later
    assert (fresh.began, fresh.stays, fresh.ends) == (
        *(fresh_later.began, fresh_later.stays, fresh_later.ends),
    )
    world.change(update(site).values(time_zone="Asia/Tokyo"))
    assert look(world, site_id, *days).began == 3
    assert len(spots) == 2


def test_a_day_is_not_kept_while_the_clock_owes_it_an_end(world: World) -> None:
    """After a pause of the server: what ends as of yesterday has to be in yesterday's sums."""
    site_id, (north, _) = a_site(world)
    a_booking(world, north, utc(28, 20), None, due_at=utc(28, 22))
    world.clock.now = utc(30, 12)
    world.run(SYSTEM, keep_day, site_id=site_id)
    assert world.rows(day_sum) == []
    assert world.db.read(lambda conn: sites_to_sum_up(conn, world.clock.now)) == []
    ended = {"status": "ended", "ended_at": utc(28, 22), "end_cause": "time_up", "due_at": None}
    world.change(update(booking).values(**ended))
    assert world.db.read(lambda conn: sites_to_sum_up(conn, world.clock.now)) == [site_id]
    world.run(SYSTEM, keep_day, site_id=site_id)
    assert {row.many for row in world.rows(day_sum, what="spot_ended")} <= {1}
    assert [row.many for row in world.rows(day_sum, what="spot_stay")] == [1]


def test_what_goes_on_counts_up_to_now(world: World) -> None:
    site_id, (north, south) = a_site(world)
    a_booking(world, north, utc(30, 9), None)
    a_booking(world, south, utc(30, 13), None, status="booked", leaves_at=utc(30, 15))
    seen = look(world, site_id, date(2026, 3, 30), date(2026, 3, 30))
    used = {hour.hour: hour.held for hour in seen.by_weekday}
    assert (used[10], used[11], used[13]) == (0.0, 1.0, 1.0)
    assert 14 not in used, "that hour is still to come"
    assert (seen.began, seen.stays.count) == (1, 0)


def test_an_archived_spot_is_listed_when_it_was_used(world: World) -> None:
    site_id, (north, south) = a_site(world)
    a_booking(world, north, utc(29, 9), utc(29, 12))
    gone = {"archived_at": utc(29, 12)}
    world.change(update(charger).where(charger.c.id.in_([north, south])).values(**gone))
    seen = look(world, site_id)
    assert [(one.name, one.archived) for one in seen.by_spot] == [("=North", True)]
    # of the time until it was archived: 13 hours of a Sunday that has 23
    assert seen.by_spot[0].percent == round(100 * 3 / 13, 1)
    assert (seen.spots, seen.is_empty) == (0, False)


def test_waits_refusals_and_forecasts(world: World) -> None:
    site_id, (north, south) = a_site(world)
    for number, (minutes, outcome) in enumerate(((4, "took"), (20, "took"), (50, "left"))):
        values = {"site_id": site_id, "holder": f"person:{number}", "snoozes": 0, "first": False}
        values |= {"joined_at": utc(29, 9), "ended_at": utc(29, 9, minutes), "outcome": outcome}
        world.change(insert(charger_wait).values(**values))
    for week, (off, low) in enumerate(((10, -60), (-20, -30), (90, 80))):
        ended = utc(16, 12) + timedelta(days=7 * (week > 1))
        likely = ended - off * MINUTE
        said = {"likely_at": likely, "low_at": likely + low * MINUTE}
        said |= {"high_at": likely + 15 * MINUTE}
        a_booking(world, north, ended - 60 * MINUTE, ended, **said)
    seen = look(world, site_id, date(2026, 3, 16), date(2026, 3, 30))
    assert (seen.waits.count, seen.waits.median, seen.waits.longest) == (2, 240, 1200)
    assert seen.wait_outcomes == {"took": 2, "left": 1}
    assert [(w.monday, w.stays, w.typical_error, w.inside) for w in seen.forecasts] == [
        (date(2026, 3, 16), 2, 600, 1.0),
        (date(2026, 3, 23), 1, 5400, 0.0),
    ]
    world.clock.now = utc(30, 12)
    assert south


def test_refusals_are_counted(world: World) -> None:
    (spot,) = world.chargers(count=1)
    world.book(world.visitor(), spot)
    later = world.clock.now + timedelta(hours=1)
    for _ in range(2):
        call = world.start(world.visitor(), book, charger_id=spot, leaves_at=later)
        assert call.exception() is not None
    world.clock.advance(minutes=1)
    day = world.clock.now.date()
    seen = look(world, world.site_of(spot), day, day)
    assert seen.refusals == {"spot_taken": 2}
    assert [one.refused for one in seen.by_day] == [2]


def test_nothing_yet_and_no_spots(world: World) -> None:
    day = world.clock.now.date()
    empty = look(world, world.site(), day, day)
    assert (empty.is_empty, empty.began, empty.ends, empty.forecasts) == (True, 0, {}, [])
    (spot,) = world.chargers(count=1)
    unused = look(world, world.site_of(spot), day, day)
    assert (unused.is_empty, [one.percent for one in unused.by_spot]) == (False, [0.0])


def test_tables_have_the_figures_and_no_formulas(world: World) -> None:
    site_id, _ = history(world)
    viewer = world.staff(Role.VIEWER)
    found = world.db.read(
        lambda conn: site_statistics(
            conn, viewer, world.clock.now, site_id=site_id, first=DAY, last=DAY
        )
    )
    rows: dict[str, Any] = {name: TABLES[name].rows(found) for name in CHARGING}
    assert all(len(row) == len(TABLES[name].head) for name in CHARGING for row in rows[name])
    assert rows["spot-days"] == [["2026-03-29", 2, 2, 1, 1, 0]]
    assert ["1 h – 2 h", 0] in rows["spot-stays"]
    assert ["2 h – 4 h", 2] in rows["spot-stays"]
    assert ["30 min – 1 h", 1] in rows["overstays"]
    assert "\n'=North,1," in as_file("spots", found).replace("\r", "")
