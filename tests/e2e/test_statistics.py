"""Statistics: pictures, tables and files of how a site was used, for those who may see them."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from locker_app.domain.actors import Role
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library


def scripts(page: Page) -> set[str]:
    """The scripts that the page has loaded."""
    found = "performance.getEntriesByType('resource').map(e => e.name).filter(n => /\\.js/.test(n))"
    return set(page.evaluate(found))


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_what_somebody_sees_who_looks_back(
    library: Library, request: pytest.FixtureRequest, size: str, tmp_path: Path
) -> None:
    new: NewScreen = request.getfixturevalue(size)
    bank_id = library.bank(count=3, name=f"Roof {size}")
    site_id = library.site_of_bank(bank_id)
    queue_id = library.queue(site_id)
    who = library.person()
    library.give_back(who, library.take(who, bank_id))
    library.take(library.person(), bank_id)
    library.tickets(queue_id, 2)
    (spot,) = library.chargers(site_id, 1)
    library.book(library.visitor(), spot)
    screen = new(library.staff(Role.VIEWER, site_id)).open(f"/staff/statistics?site={site_id}")
    screen.sees("Lockers given: 2", "At this moment, live.", "Joined: 2. Helped: 0.")
    expect(screen.page.locator("svg.recharts-surface").first).to_be_visible()
    screen.page.get_by_role("link", name="Today").click()
    expect(screen.page).to_have_url(f"/staff/statistics?site={site_id}&days=1")
    expect(screen.page.get_by_role("link", name="Today")).to_have_attribute("aria-current", "page")
    today = screen.page.get_by_label("From").input_value()
    expect(screen.page.get_by_label("To", exact=True)).to_have_value(today)
    card = screen.page.locator(
        "section", has=screen.page.get_by_role("heading", name="Each day", exact=True)
    )
    card.get_by_text("Table", exact=True).click()
    expect(card.get_by_role("row", name=today)).to_contain_text("2")
    with screen.page.expect_download() as kept:
        card.get_by_role("link", name="CSV").click()
    path = tmp_path / "days.csv"
    kept.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Day"], row["Got a locker"], row["Gave it back"]) == (today, "2", "1")
    screen.sees("Stays that began: 1. Refused: 0.", "Charging by weekday and hour")
    spots = screen.page.locator(
        "section", has=screen.page.get_by_role("heading", name="Busiest charging spots")
    )
    spots.get_by_text("Table", exact=True).click()
    expect(spots.get_by_role("row").nth(1)).to_contain_text("11")
    expect(screen.page.get_by_role("link", name="CSV: All bookings")).to_have_count(0)
    now = screen.page.locator(
        "section", has=screen.page.get_by_role("heading", name="Now", exact=True)
    )
    now.get_by_text("Table", exact=True).click()
    expect(now.get_by_role("row", name=f"Roof {size}")).to_contain_text("321000")
    library.take(library.person(), bank_id)
    expect(now.get_by_role("row", name=f"Roof {size}")).to_contain_text("312000")
    frames = "".join(screen.frames)
    assert library.name(who) not in frames
    assert library.number(who) not in frames


def test_days_by_the_keyboard_and_wrong_ones(library: Library, desktop: NewScreen) -> None:
    site_id = library.site()
    screen = desktop(library.staff()).open("/staff/history")
    before = scripts(screen.page)
    screen.open(f"/staff/statistics?site={site_id}").sees("Nothing in this time.")
    assert scripts(screen.page) - before, "charts are loaded for their page alone"
    screen.page.get_by_label("From").fill("2026-03-10")
    screen.page.get_by_label("To", exact=True).fill("2026-03-01")
    screen.page.get_by_label("To", exact=True).press("Enter")
    screen.sees_refusal("The last day is before the first.")
    for days, why in (
        ("first=2150-01-01&last=2150-01-02", "Choose days up to today"),
        ("first=2001-01-01&last=2003-01-02", "Choose up to 400 days"),
        ("first=yesterday", "Please check the days"),
    ):
        screen.open(f"/staff/statistics?site={site_id}&{days}").sees_refusal(why)


def test_for_those_who_may(library: Library, desktop: NewScreen) -> None:
    here, there = library.site(), library.site()
    elsewhere = desktop(library.staff(Role.ADMIN, there))
    elsewhere.open(f"/staff/statistics?site={here}").sees("This page is not for your account")
    desktop().open(f"/staff/statistics?site={here}").sees("This page is for staff")
