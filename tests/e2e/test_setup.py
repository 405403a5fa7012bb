"""Set-up, staff accounts and sheets, by clicks: what is changed is live on all screens."""

import re

import pytest
from playwright.sync_api import expect

from locker_app.db.tables import bank
from tests.e2e.conftest import NewScreen
from tests.e2e.inspection import Inspector
from tests.e2e.library import Library


@pytest.fixture(params=["phone", "desktop"])
def screens(request: pytest.FixtureRequest) -> NewScreen:
    """Screens of either width in turn."""
    return request.getfixturevalue(request.param)


def test_doors_come_and_go_while_others_look(
    library: Library, screens: NewScreen, phone: NewScreen
) -> None:
    bank_id, student = library.bank(count=2), library.person()
    library.take(student, bank_id)
    watching = phone().open(f"/lockers/{bank_id}").sees("1 of 2 free")
    screen = screens(library.staff()).open(f"/staff/setup/bank/{bank_id}")
    doors = screen.page.get_by_label("Doors", exact=True)
    doors.fill("1-5")
    screen.press("Keep these doors").sees("3 added")
    watching.sees("4 of 5 free")
    doors.fill("2-5")
    screen.press("Keep these doors").sees_refusal("1 door is held, or on hold for somebody: A1")
    doors.fill("1-3")
    screen.press("Keep these doors").sees("2 removed")
    watching.sees("2 of 3 free")
    screen.press("Archive this bank…").press("Archive", exact=True)
    screen.sees_refusal("A1")
    screen.press("Keep it in use")
    expect(screen.dialog).to_have_count(0)


def test_closed_is_seen_before_it_is_pressed(
    library: Library, desktop: NewScreen, phone: NewScreen
) -> None:
    bank_id = library.bank(count=2)
    student = phone(library.person()).open(f"/lockers/{bank_id}")
    student.button("Get a locker").wait_for()
    site_id = library.row(bank, bank_id).site_id
    screen = desktop(library.staff()).open(f"/staff/setup/{site_id}")
    name = screen.page.locator("#name")
    name.fill(f"Library {site_id}")
    # A minute of the week, which it is hardly just now.
    screen.page.get_by_label("Sunday").fill("03:00-03:01")
    screen.press("Keep these settings").sees("The settings are kept.")
    expect(student.page.get_by_test_id("closed")).to_contain_text("Closed now")
    expect(student.button("Get a locker")).to_have_count(0)
    screen.page.get_by_label("Sunday").fill("")
    screen.press("Keep these settings")
    student.button("Get a locker").wait_for()


def test_somebody_is_invited_and_chooses_a_password(
    library: Library, screens: NewScreen, phone: NewScreen
) -> None:
    screen = screens(library.staff()).open("/staff/accounts")
    login = f"ada{library.person().id}"
    screen.press("Invite somebody…")
    screen.dialog.get_by_label("Name", exact=True).fill("Ada Lovelace")
    screen.dialog.get_by_label("Sign-in name").fill(login)
    screen.press("Make the account and a link").sees_refusal("Choose at least one role")
    boxes = screen.dialog.get_by_role("group", name="All sites")
    boxes.get_by_label("admin").check()
    screen.press("Make the account and a link")
    link = screen.dialog.get_by_label("The link")
    expect(link).to_have_value(re.compile("/invite/[0-9a-f]{64}$"))
    path = "/invite/" + link.input_value().rpartition("/")[2]
    guest = phone().open(path).sees(login)
    guest.page.get_by_label("Password", exact=True).fill("a good password")
    guest.page.get_by_label("The same again").fill("another password")
    guest.press("Choose it and sign in").sees_refusal("not the same")
    guest.page.get_by_label("Password", exact=True).fill("a good password")
    guest.page.get_by_label("The same again").fill("a good password")
    guest.press("Choose it and sign in")
    guest.page.wait_for_url("**/staff")
    phone().open(path).sees("This link works no more")


def test_a_code_on_paper_leads_to_its_bank(library: Library, screens: NewScreen) -> None:
    bank_id = library.bank(count=2)
    row = library.row(bank, bank_id)
    screen = screens(library.staff()).open(f"/staff/sheets/{row.site_id}")
    sheet = screen.page.get_by_label(f"Sheet for {row.name}")
    expect(sheet).to_contain_text(f"/go/{row.code}")
    screen.press("Eight on a page")
    expect(screen.page.locator(".sheets")).to_have_attribute("data-size", "door")
    screen.page.get_by_text("Which ones").click()
    screen.page.get_by_label(row.name, exact=True).uncheck()
    expect(sheet).to_have_count(0)
    screen.open(f"/go/{row.code.lower()}")
    screen.page.wait_for_url(f"**/lockers/{bank_id}")
    screen.open("/go/nothing").sees("Nothing has this code")


def test_nothing_is_found_on_these_pages(library: Library, desktop: NewScreen) -> None:
    """By axe, in both themes and at all widths."""
    bank_id = library.bank(count=2)
    site_id = library.row(bank, bank_id).site_id
    screen, inspector = desktop(library.staff()), Inspector()
    for path in (
        "/staff/setup",
        f"/staff/setup/{site_id}",
        f"/staff/setup/bank/{bank_id}",
        f"/staff/sheets/{site_id}",
        "/staff/accounts",
        "/staff/account",
        "/unknown-code",
        "/invite/nobody",
    ):
        screen.open(path)
        expect(screen.page.locator(".wait")).to_have_count(0)
        inspector.inspect(screen.page, path)
    assert not inspector.found, "\n".join(inspector.found)
