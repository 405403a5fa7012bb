"""Charging spots over HTTP: book, stay, move, wait in line, report; and set-up."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from locker_app.db.tables import booking
from locker_app.domain.actors import Role
from tests.api.clients import Client, Library, code
from tests.bookings import a_booking
from tests.world import World

HOUR = timedelta(hours=1)


def at(world: World, hours: float) -> str:
    """So many hours from now."""
    return (world.clock.now + hours * HOUR).isoformat()


def booked(client: Client, charger_id: int, leaves_at: str, **more: Any) -> dict[str, Any]:
    answer = client.command(f"/chargers/{charger_id}/bookings", {"leaves_at": leaves_at, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_stay_from_scan_to_end(any_library: Library) -> None:
    library, world = any_library, any_library.world
    spots = world.chargers(count=2)
    driver, until = library.visitor(), at(world, 2)
    listed = driver.ask(f"/sites/{world.site_of(spots[0])}/chargers").json()
    post = listed["chargers"][0]
    seen = driver.ask(f"/chargers/by-code/{post['code'].lower()}").json()
    assert (seen["charger_id"], len(seen["chargers"]), seen["record"]) == (spots[0], 2, None)
    assert (post["status"], post["forecast"], post["later"]) == ("free", None, [])

    mine = booked(driver, spots[0], until, shown_as="B AB 12")
    assert (mine["name"], mine["status"]) == ("1", "active")
    path = f"/bookings/{mine['booking_id']}"
    longer = driver.put(f"/api/v1{path}/leave-time", json={"leaves_at": at(world, 3)})
    assert datetime.fromisoformat(longer.json()["leaves_at"]) == world.clock.now + 3 * HOUR
    assert driver.command(f"{path}/check-in").json() == {"changed": False}
    assert driver.command(f"{path}/move", {"charger_id": spots[1]}).json() == {"name": "2"}
    there = library.program().ask(f"/sites/{seen['site_id']}/chargers").json()["chargers"][1]
    assert (there["status"], there["shown_as"]) == ("taken", "B AB 12")
    assert there["forecast"]["basis"] == "stated"
    assert there["forecast"]["low"] is None
    (own,) = driver.ask("/me/charging").json()["bookings"]
    assert (own["charger_id"], own["name"], own["site_id"]) == (spots[1], "2", seen["site_id"])
    assert driver.command(f"{path}/stop").json() == {"name": "2"}
    assert driver.ask("/me/charging").json()["bookings"] == []
    again = driver.command(f"{path}/stop")
    assert (again.status_code, code(again)) == (409, "booking_over")


def test_a_time_may_have_any_zone_and_must_have_one(library: Library) -> None:
    world = library.world
    (spot,) = world.chargers(count=1)
    driver = library.visitor()
    soon = (world.clock.now + HOUR).timestamp()
    for odd in (
        "2026-03-02T14:30:00",
        "14:30",
        5,
        soon,
        int(soon),
        None,
        "9999-12-31T23:59:59+00:00",
        "",
    ):
        answer = driver.command(f"/chargers/{spot}/bookings", {"leaves_at": odd})
        assert answer.status_code == 422, odd
    tokyo = (world.clock.now + 2 * HOUR).astimezone(ZoneInfo("Asia/Tokyo")).isoformat()
    mine = booked(driver, spot, tokyo)
    assert datetime.fromisoformat(mine["leaves_at"]) == world.clock.now + 2 * HOUR


def test_the_line_its_offer_and_what_becomes_of_it(any_library: Library) -> None:
    library, world = any_library, any_library.world
    (spot,) = world.chargers(count=1)
    site_id = world.site_of(spot)
    first, second, third = (library.visitor() for _ in range(3))
    early = first.command(f"/sites/{site_id}/charger-line")
    assert (early.status_code, code(early)) == (409, "spots_free")
    mine = booked(first, spot, at(world, 2))
    waits = [who.command(f"/sites/{site_id}/charger-line").json() for who in (second, third)]
    assert code(second.command(f"/sites/{site_id}/charger-line")) == "in_line_already"
    path = f"/charger-waits/{waits[0]['wait_id']}"
    assert code(second.command(f"{path}/snooze")) == "offer_over"
    assert first.command(f"/bookings/{mine['booking_id']}/stop").status_code == 200

    seen = library.program().ask(f"/sites/{site_id}/chargers").json()
    assert (seen["waiting"], seen["chargers"][0]["status"]) == (2, "offered")
    (offer,) = second.ask("/me/charging").json()["bookings"]
    assert (offer["status"], offer["wait_id"]) == ("offered", waits[0]["wait_id"])
    until = second.command(f"{path}/snooze").json()["until"]
    assert datetime.fromisoformat(until) > world.clock.now
    late = second.command(f"/bookings/{offer['booking_id']}/accept", {"leaves_at": at(world, 1)})
    assert (late.status_code, code(late)) == (409, "offer_over")
    (theirs,) = third.ask("/me/charging").json()["bookings"]
    other = second.command(f"/bookings/{theirs['booking_id']}/accept", {"leaves_at": at(world, 1)})
    assert code(other) == "not_your_booking"
    taken = third.command(
        f"/bookings/{theirs['booking_id']}/accept", {"leaves_at": at(world, 1)}
    ).json()
    assert (taken["charger_id"], taken["status"]) == (spot, "active")
    assert second.command(f"{path}/leave").json() == {"declined": False}


def test_reports(library: Library) -> None:
    world = library.world
    spots = world.chargers(count=2)
    driver, passer = library.visitor(), library.visitor()
    mine = booked(driver, spots[0], at(world, 1))
    told = driver.command(f"/bookings/{mine['booking_id']}/report-taken").json()
    assert told["wait_id"] and told["offered"]
    seen = passer.ask(f"/sites/{world.site_of(spots[0])}/chargers").json()["chargers"]
    assert [one["status"] for one in seen] == ["reported", "offered"]
    stay = booked(driver, spots[1], at(world, 1))
    path = f"/chargers/{spots[1]}/report-free"
    assert code(passer.command(path)) == "not_overstayed"
    late = {"status": "overstayed", "overstayed_at": world.clock.now}
    world.change(update(booking).where(booking.c.id == stay["booking_id"]).values(**late))
    assert passer.command(path).json() == {"free": True}
    assert code(passer.command(path)) == "nothing_booked"
    assert code(library.program().command(path)) == "not_signed_in"


def test_what_is_not_there(library: Library) -> None:
    world, driver = library.world, library.visitor()
    site_id, until = world.site(), {"leaves_at": at(library.world, 1)}
    for path in (f"/sites/{site_id}/chargers", "/sites/99/chargers", "/chargers/by-code/NOPE99"):
        assert driver.ask(path).status_code == 404
    assert driver.ask("/chargers/by-code/" + "x" * 41).status_code == 422
    assert code(driver.command("/chargers/99/bookings", until)) == "not_found"
    assert code(driver.command(f"/sites/{site_id}/charger-line")) == "not_found"
    assert code(driver.command("/bookings/99/stop")) == "not_your_booking"
    assert code(driver.command("/charger-waits/99/leave")) == "not_in_line"
    assert driver.command("/chargers/0/bookings", until).status_code == 422
    assert driver.command("/chargers/1/bookings", {**until, "holder": "me"}).status_code == 422
    staff = library.program(world.staff())
    assert staff.ask("/me/charging").json()["bookings"] == []
    (spot,) = world.chargers(site_id, 1)
    assert code(staff.command(f"/chargers/{spot}/bookings", until)) == "not_allowed"


def test_set_up(any_library: Library) -> None:
    library, world = any_library, any_library.world
    site_id, admin = world.site(), library.program(any_library.world.staff())
    nothing = admin.ask(f"/sites/{site_id}/charging").json()
    assert (nothing["chargers"], nothing["rules"]["at_end"]) == ([], "overstay")
    names = {"chargers": [{"name": "1", "details": "Type 2, 11 kW"}, {"name": "2"}]}
    made = admin.command(f"/sites/{site_id}/chargers", names).json()["charger_ids"]
    assert code(admin.command(f"/sites/{site_id}/chargers", names)) == "bad_input"
    assert admin.command(f"/chargers/{made[1]}/position", {"up": True}).json()["changed"]
    rules = {"at_end": "end", "priority": "least_used", "grace_minutes": 5, "day_minutes": 240}
    put = admin.put(
        f"/api/v1/sites/{site_id}/charging", json={**rules, "version": nothing["version"]}
    )
    assert put.json() == {"changed": True}
    stale = admin.put(
        f"/api/v1/sites/{site_id}/charging", json={**rules, "version": nothing["version"]}
    )
    assert code(stale) == "rules_changed"
    odd = admin.put(f"/api/v1/sites/{site_id}/charging", json={"grace_minutes": 9999})
    assert (odd.status_code, code(odd)) == (422, "bad_input")
    for wrong in ({"at_end": "tow"}, {"grace_minutes": "5"}, {"grace_minutes": 5.5}, {"tow": 1}):
        answer = admin.put(f"/api/v1/sites/{site_id}/charging", json=wrong)
        assert answer.status_code == 422, wrong
    seen = admin.ask(f"/sites/{site_id}/charging").json()
    assert [one["name"] for one in seen["chargers"]] == ["2", "1"]
    assert (seen["rules"]["at_end"], seen["rules"]["day_minutes"]) == ("end", 240)
    named = {"name": "North", "version": seen["chargers"][0]["version"]}
    assert admin.put(f"/api/v1/chargers/{made[1]}", json=named).json() == {"changed": True}
    assert code(admin.put(f"/api/v1/chargers/{made[1]}", json=named)) == "rules_changed"
    mine = booked(library.visitor(), made[0], at(world, 1))
    assert code(admin.command(f"/chargers/{made[0]}/archive")) == "would_strand"
    assert admin.command(f"/chargers/{made[1]}/archive").json() == {"changed": True}
    assert admin.command(f"/chargers/{made[1]}/restore").json() == {"changed": True}
    assert mine["charger_id"] == made[0]


def test_the_same_key_books_once(library: Library) -> None:
    world = library.world
    (spot,) = world.chargers(count=1)
    driver, body = library.visitor(), {"leaves_at": at(library.world, 1)}
    answers = [driver.command(f"/chargers/{spot}/bookings", body, key="one") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(world.rows(booking)) == 1


def test_staff_step_in(any_library: Library) -> None:
    library, world = any_library, any_library.world
    spots = world.chargers(count=2)
    driver, staff = library.visitor(), library.program(world.staff())
    mine = booked(driver, spots[0], at(world, 1))
    why = {"reason": "cable torn"}
    assert code(staff.command(f"/chargers/{spots[0]}/take-out", {"reason": " "})) == "reason_needed"
    seen = {**why, "seen": 0}
    assert code(staff.command(f"/chargers/{spots[0]}/take-out", seen)) == "charger_moved"
    out = staff.command(f"/chargers/{spots[0]}/take-out", {**why, "seen": mine["booking_id"]})
    assert out.json() == {"moved": 1, "cancelled": 0}
    (news,) = driver.ask("/me/charging").json()["news"]
    assert (news["what"], news["name"], news["was"]) == ("moved", "2", "1")
    assert staff.command(f"/chargers/{spots[0]}/put-back").json() == {"changed": True}
    assert code(staff.command(f"/chargers/{spots[0]}/clear-report")) == "not_reported"
    path = f"/bookings/{mine['booking_id']}"
    moved = staff.command(f"{path}/reassign", {**why, "charger_id": spots[0]})
    assert moved.json() == {"name": "1"}
    assert staff.command(f"{path}/end", why).json() == {"name": "1"}
    assert code(staff.command(f"{path}/end", why)) == "booking_over"
    lasting = [booked(library.visitor(), spot, at(world, 1)) for spot in spots]
    wait = driver.command(f"/sites/{world.site_of(spots[0])}/charger-line").json()
    desk = staff.ask(f"/sites/{world.site_of(spots[0])}/charger-desk").json()
    assert [one["id"] for one in desk["line"]] == [wait["wait_id"]]
    assert [one["there"]["id"] for one in desk["spots"]] == [one["booking_id"] for one in lasting]
    assert desk["spots"][0]["spot"]["status"] == "taken"
    assert code(driver.ask(f"/sites/{world.site_of(spots[0])}/charger-desk")) == "not_signed_in"
    removed = staff.command(f"/charger-waits/{wait['wait_id']}/remove", why)
    assert removed.json() == {"declined": False}


FORMULA = '=HYPERLINK("http://elsewhere.example","Click")'


def test_bookings_as_a_file(any_library: Library) -> None:
    library, world = any_library, any_library.world
    spots = world.chargers(count=2)
    site_id, who = world.site_of(spots[0]), world.person()
    driver = library.program(who)
    first = booked(driver, spots[0], at(world, 1), shown_as=FORMULA[:20])
    driver.command(f"/bookings/{first['booking_id']}/stop")
    booked(library.visitor(), spots[1], at(world, 2))
    a_booking(world, spots[1], world.clock.now - 30 * HOUR, world.clock.now, end_cause="lapsed")
    today = world.clock.now.astimezone(ZoneInfo("Europe/Berlin")).date()
    days = {"first": (today - timedelta(days=3)).isoformat(), "last": today.isoformat()}
    staff = library.program(world.staff())

    answer = staff.ask(f"/sites/{site_id}/bookings.csv", **days)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert answer.headers["x-rows"] == str(len(rows)) == "2"
    assert (rows[0]["spot"], rows[0]["status"], rows[0]["how_it_ended"]) == (
        "1",
        "ended",
        "stopped",
    )
    assert rows[0]["person_number"] == library.number_of(who)
    assert rows[0]["shown_as"] == "'" + FORMULA[:20]
    assert (rows[1]["spot"], rows[1]["status"], rows[1]["minutes"]) == ("2", "active", "")
    leaves_at = datetime.fromisoformat(rows[1]["leaves_at"])
    assert abs(leaves_at - world.clock.now - 2 * HOUR) <= timedelta(seconds=1)
    assert leaves_at.utcoffset() in (HOUR, 2 * HOUR)
    one = staff.ask(f"/sites/{site_id}/bookings.csv", **days, charger_id=spots[1]).text
    assert "stopped" not in one
    assert "active" in one
    wrong = staff.ask(f"/sites/{site_id}/bookings.csv", first="2026-03-02", last="2026-03-01")
    assert (wrong.status_code, code(wrong)) == (422, "bad_input")
    viewer = library.program(world.staff(Role.VIEWER))
    assert viewer.ask(f"/sites/{site_id}/bookings.csv", **days).status_code == 403


def test_how_spots_were_used(library: Library) -> None:
    world = library.world
    (spot,) = world.chargers(count=1)
    booked(library.visitor(), spot, at(world, 1))
    viewer = library.program(world.staff(Role.VIEWER))
    today = world.clock.now.astimezone(ZoneInfo("Europe/Berlin")).date().isoformat()
    path = f"/sites/{world.site_of(spot)}/statistics"
    seen = viewer.ask(path, first=today, last=today).json()["charging"]
    assert (seen["spots"], seen["began"], seen["no_shows"]) == (1, 1, 0)
    assert seen["stay_bars"][0] == {"minutes_to": 30, "count": 0}
    assert [(one["name"], one["stays"]) for one in seen["by_spot"]] == [("1", 1)]
    file = viewer.ask(f"{path}/spot-days.csv", first=today, last=today).content
    assert f"{today},1,0,0,0,0" in file.decode("utf-8-sig")
