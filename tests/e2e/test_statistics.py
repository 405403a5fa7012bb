"""Statistics: pictures, tables and files of how a site was used, for those who may see them."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from locker_app.domain.actors import Role
from tests.e2e.conftest import NewScreen
from tests.e2e.inspection import Inspector
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
    site_id = library.site_of(bank_id)
    who = library.person()
    library.give_back(who, library.take(who, bank_id))
    library.take(library.person(), bank_id)
    screen = new(library.staff(Role.VIEWER, site_id)).open(f"/staff/statistics?site={site_id}")
    screen.sees("2 times somebody got a locker", "At this moment, live.")
    expect(screen.page.locator("svg.recharts-surface").first).to_be_visible()
    screen.page.get_by_role("link", name="Today").click()
    expect(screen.page).to_have_url(f"/staff/statistics?site={site_id}&days=1")
    today = screen.page.get_by_label("From").input_value()
    expect(screen.page.get_by_label("To", exact=True)).to_have_value(today)
    card = screen.page.locator("section", has=screen.page.get_by_role("heading", name="Each day"))
    card.get_by_text("Table", exact=True).click()
    expect(card.get_by_role("row", name=today)).to_contain_text("2")
    with screen.page.expect_download() as kept:
        card.get_by_role("link", name="CSV").click()
    path = tmp_path / "days.csv"
    kept.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Day"], row["Got a locker"], row["Gave it back"]) == (today, "2", "1")
    frames = "".join(screen.frames)
    assert library.name(who) not in frames
    assert library.number(who) not in frames


def test_days_by_the_keyboard_and_wrong_ones(library: Library, desktop: NewScreen) -> None:
    site_id = library.site()
    screen = desktop(library.staff()).open(f"/staff/statistics?site={site_id}")
    screen.sees("Nothing in this time.")
    screen.page.get_by_label("From").fill("2026-03-10")
    screen.page.get_by_label("To", exact=True).fill("2026-03-01")
    screen.page.get_by_label("To", exact=True).press("Enter")
    screen.sees_refusal("The last day is before the first.")


def test_for_those_who_may(library: Library, desktop: NewScreen, phone: NewScreen) -> None:
    here, there = library.site(), library.site()
    elsewhere = desktop(library.staff(Role.ADMIN, there))
    elsewhere.open(f"/staff/statistics?site={here}").sees("This page is for staff")
    phone().open(f"/staff/statistics?site={here}").sees("This page is for staff")


def test_charts_are_loaded_for_their_page_alone(library: Library, desktop: NewScreen) -> None:
    site_id = library.site_of(library.bank())
    other = desktop(library.staff()).open("/staff/history")
    before = scripts(other.page)
    charts = desktop(library.staff()).open(f"/staff/statistics?site={site_id}")
    charts.sees("At this moment, live.")
    assert not any("echart" in name or "figures" in name for name in before)
    assert len(scripts(charts.page) - before) >= 1


def test_accessible(library: Library, desktop: NewScreen) -> None:
    bank_id = library.bank(count=3)
    library.take(library.person(), bank_id)
    site_id = library.site_of(bank_id)
    screen = desktop(library.staff()).open(f"/staff/statistics?site={site_id}")
    screen.sees("1 times somebody got a locker")
    inspector = Inspector()
    inspector.inspect(screen.page, "statistics")
    screen = desktop(library.staff()).open("/staff/history?kind=LockerAssigned")
    screen.page.get_by_role("row").nth(1).wait_for()
    inspector.inspect(screen.page, "history, filtered")
    screen.open("/staff/history?who=Nobody").sees("Nobody here is called")
    inspector.inspect(screen.page, "history, nobody meant")
    assert inspector.found == []
