"""Charging spots for staff, by clicks: set up on a laptop, watched live and stepped in on a phone.
How the same pages look at other widths is for the inspector."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import update

from locker_app.db.tables import booking, charger
from locker_app.domain.actors import Actor
from locker_app.services.bookings import book, stop
from locker_app.services.charger_desk import take_out
from locker_app.services.spot_reports import report_taken
from tests.e2e.conftest import NewScreen
from tests.e2e.inspection import Inspector
from tests.e2e.library import Library
from tests.e2e.screens import Screen

HOUR = timedelta(hours=1)


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """Fails the test when anything was found on any page."""
    made = Inspector()
    yield made
    assert not made.found, "\n".join(made.found)


def test_spots_are_set_up(library: Library, desktop: NewScreen, phone: NewScreen) -> None:
    site_id = library.site()
    screen = desktop(library.staff()).open(f"/staff/setup/{site_id}")
    page = screen.page
    page.get_by_role("link", name="Set up chargers").click()
    screen.sees("No charging spot has been set up here yet.")
    for names, why in (
        ("3-1", "smaller number comes first"),
        ("1, 1", "there twice"),
        ("", "Write"),
    ):
        page.locator("#add-names").fill(names)
        screen.press("Add them").sees_refusal(why)
        expect(page.locator("#add-names")).to_have_attribute("aria-invalid", "true")
    page.locator("#add-names").fill("1-3")
    page.locator("#add-place").fill("Car park")
    page.locator("#add-details").fill("Type 2, 11 kW")
    screen.press("Add them").sees("3 spots were added.")
    spots = page.get_by_test_id("setup-spot")
    expect(spots).to_have_count(3)
    page.locator("#add-names").fill("3")
    screen.press("Add them").sees_refusal("There is a spot “3” here already")
    screen.sees_no("3 spots were added.")
    code = library.rows(charger, site_id=site_id)[0].code

    watching = phone().open(f"/go/{code}").sees("Type 2, 11 kW")
    screen.press("Change spot 1")
    page.locator("#change-name").fill("2")
    screen.press("Keep this").sees_refusal("There is a spot “2” here already")
    page.locator("#change-name").fill("North 1")
    page.locator("#change-details").fill("22 kW")
    screen.press("Keep this")
    expect(screen.dialog).to_have_count(0)
    watching.sees("22 kW", "North 1")
    screen.press("Move down spot North 1")
    expect(spots.nth(1)).to_contain_text("North 1")

    # archived only while nobody has it
    who = library.person()
    made = take(library, who, spot(library, site_id, "2"))
    screen.press("Archive spot 2").press("Archive", exact=True).sees_refusal("Somebody has spot 2")
    library.run(who, stop, booking_id=made)
    screen.press("Archive", exact=True)
    expect(spots.nth(2)).to_contain_text("archived")
    screen.press("Use again spot 2")
    expect(page.get_by_text("archived")).to_have_count(0)

    # the rules, each refused at its field
    page.get_by_label("Longest stay, in minutes").fill("5")
    screen.press("Keep these rules").sees_refusal("Enter a whole number from 15")
    expect(page.get_by_label("Longest stay, in minutes")).to_be_focused()
    page.get_by_label("Longest stay, in minutes").fill("60")
    page.get_by_label("After the grace").select_option("end")
    page.get_by_label("Minutes of one person on a day").fill("x")
    screen.press("Keep these rules").sees_refusal("Enter a whole number from 15 to 1440.")
    page.get_by_label("Minutes of one person on a day").fill("")
    screen.press("Keep these rules").sees("The rules are kept.")
    page.get_by_label("Longest stay, in minutes").fill("1.5")
    screen.press("Keep these rules").sees_refusal("Enter a whole number from 15 to 10080.")
    screen.sees_no("The rules are kept.")
    screen.reload()
    expect(page.get_by_label("Longest stay, in minutes")).to_have_value("60")
    expect(page.get_by_label("After the grace")).to_have_value("end")

    screen.open("/staff/setup").sees("3 charging spots")
    screen.open(f"/staff/setup/chargers/{site_id}")
    page.get_by_role("link", name="QR codes to print").click()
    expect(page.get_by_label("Sheet for Spot North 1")).to_contain_text(f"/go/{code}")


def test_staff_watch_and_step_in(library: Library, phone: NewScreen) -> None:
    site_id = library.site()
    ids = library.chargers(site_id, 3)
    ada, ben, eve = library.people(3)
    screen = phone(library.staff()).open(f"/staff/chargers/{site_id}")
    summary = screen.page.get_by_test_id("desk-summary")
    expect(summary).to_contain_text("3 of 3 free, 0 waiting")
    expect(spots(screen).first).to_contain_text("free")

    mine = take(library, ada, ids[0])
    expect(spots(screen).first).to_contain_text(library.name(ada))
    expect(spots(screen).first).to_contain_text("taken")
    expect(summary).to_contain_text("2 of 3 free")

    # moved: the target is taken while the question is open
    screen.press("Move… Spot 1")
    screen.dialog.get_by_label("To spot").select_option(label="2")
    screen.dialog.get_by_label("Reason").fill("a lorry has to pass")
    others = take(library, ben, ids[1])
    expect(summary).to_contain_text("1 of 3 free")
    screen.press("Move them").sees_refusal("taken for that time")
    screen.dialog.get_by_label("To spot").select_option(label="3")
    screen.press("Move them").sees("They are on spot 3 now.")
    expect(spots(screen).nth(2)).to_contain_text(library.name(ada))

    # a report is seen to
    told = phone(eve).open(f"/chargers/{site_id}")
    third = take(library, eve, ids[0])
    library.run(eve, report_taken, booking_id=third)
    expect(spots(screen).first).to_contain_text("reported as taken")
    expect(spots(screen).first).to_have_attribute("data-needed", "true")
    expect(screen.page.get_by_test_id("desk-place")).to_contain_text(library.name(eve))
    screen.press("Seen to Spot 1")
    expect(spots(screen).first).to_contain_text("held for the next in line")

    # out of service: whoever has it is told why; without a reason it is refused
    screen.press("Out of service… Spot 2")
    screen.press("Take it out of service").sees_refusal("give a reason")
    expect(screen.dialog.get_by_label("Reason")).to_be_focused()
    screen.dialog.get_by_label("Reason").fill("the cable is torn")
    screen.press("Take it out of service").sees("Cancelled: 1")
    expect(spots(screen).nth(1)).to_contain_text("the cable is torn")
    assert library.row(booking, others).end_cause == "fault"
    expect(screen.page.get_by_test_id("desk-place")).to_have_count(2)
    screen.press(f"Remove {library.name(eve)} from the line…")
    screen.dialog.get_by_label("Reason").fill("has left")
    screen.press("Remove them").sees("They are out of the line.")
    expect(spots(screen).first).to_contain_text(library.name(ben))
    screen.press("Back in service Spot 2")
    expect(spots(screen).nth(1)).to_contain_text("free")

    # ended, while it was over already
    screen.press("End… Spot 3")
    screen.press("End the booking").sees_refusal("give a reason")
    expect(screen.dialog.get_by_label("Reason")).to_be_focused()
    library.run(ada, stop, booking_id=mine)
    expect(screen.dialog).to_contain_text("This booking is over.")
    expect(screen.dialog).not_to_contain_text("is told at once")
    expect(screen.button("End the booking")).to_be_disabled()
    screen.press("Leave it as it is")
    expect(screen.dialog).to_have_count(0)
    told.sees("free")

    # the history of one spot, by the name that it has
    screen.open(f"/staff/history?place=charger-{ids[1]}").sees("charger out of service")
    expect(screen.page.get_by_label("Where")).to_have_value(f"charger-{ids[1]}")
    expect(screen.page.get_by_role("row").nth(1)).to_contain_text("Charger 2")

    # names are for staff only
    guest = phone().open(f"/staff/chargers/{site_id}").sees("This page is for staff")
    assert not any(library.name(ben) in frame for frame in guest.frames)


def take(library: Library, who: Actor, charger_id: int) -> int:
    """They book the spot for an hour; the booking."""
    leaves = library.clock.now + timedelta(hours=1)
    return library.run(who, book, charger_id=charger_id, leaves_at=leaves).booking_id


def spot(library: Library, site_id: int, name: str) -> int:
    """The id of the site's spot of this name."""
    (row,) = library.rows(charger, site_id=site_id, name=name)
    return row.id


def spots(screen: Screen) -> Locator:
    """All spots on the page of staff."""
    return screen.page.get_by_test_id("desk-spot")


def test_pages_of_staff_are_for_everybody(
    library: Library, desktop: NewScreen, inspector: Inspector
) -> None:
    site_id = library.site()
    ids = library.chargers(site_id, 5)
    ada, ben, eve, guest = *library.people(3), library.visitor()
    now = library.clock.now
    late = take(library, ada, ids[0])
    over = {"starts_at": now - 3 * HOUR, "here_at": now - 3 * HOUR, "leaves_at": now - HOUR}
    over |= {"status": "overstayed", "overstayed_at": now - HOUR / 2, "due_at": now + HOUR}
    library.change(update(booking).where(booking.c.id == late).values(over))
    take(library, ben, ids[1])
    library.run(eve, report_taken, booking_id=take(library, eve, ids[2]))
    take(library, guest, ids[4])
    admin = library.staff()
    library.run(admin, take_out, charger_id=ids[3], reason="cable " * 40)
    screen = desktop(admin)

    def look(name: str) -> None:
        inspector.inspect(screen.page, name)

    screen.open(f"/staff/chargers/{site_id}").sees("overstayed", "out of service")
    look("chargers of staff")
    for what in ("Out of service… Spot 2", "End… Spot 1", "Move… Spot 2"):
        screen.press(what).dialog.wait_for()
        look(f"chargers of staff, {what}")
        screen.press("Leave it as it is")
    screen.open(f"/staff/setup/chargers/{site_id}").sees("Rules of these spots")
    look("set-up of chargers")
    screen.press("Change spot 2").dialog.wait_for()
    look("set-up of chargers, change")
    screen.open(f"/staff/sheets/{site_id}").page.locator(".sheet").first.wait_for()
    look("sheets of chargers")
