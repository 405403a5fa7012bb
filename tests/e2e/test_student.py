"""Getting a locker and giving it back, seen by everybody whom it concerns."""

import re

from playwright.sync_api import expect

from locker_app.services.lockers import give_back
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library


def test_from_the_first_pin_to_giving_back(
    library: Library, phone: NewScreen, desktop: NewScreen, new_tab
) -> None:
    bank_id = library.bank(count=5, name="Atrium")
    student = library.person()
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    neighbour = phone(library.person()).open(f"/lockers/{bank_id}")
    visitor = desktop().open("/")
    card = visitor.page.get_by_role("link", name=re.compile("Atrium"))
    expect(card).to_contain_text("5 of 5 free")

    mine = phone().open(f"/lockers/{bank_id}")
    mine.page.get_by_role("link", name="Sign in to get a locker").click()
    mine.page.get_by_label("Enrolment number").fill(library.number(student).lower())
    mine.press("Continue")
    mine.page.get_by_label("Choose a PIN").fill("2580")
    mine.page.get_by_label("The same PIN again").fill("2580")
    mine.press("Choose this PIN")
    mine.page.wait_for_url(f"**/lockers/{bank_id}")
    mine.is_live().press("Get a locker")
    expect(mine.number).to_have_text("A1")
    assert mine.number.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 90

    board.shows_door(1, "h").sees(library.name(student), library.number(student), "got a locker")
    neighbour.shows_door(1, "h").sees("4 of 5 free")
    expect(card).to_contain_text("4 of 5 free")

    tab = new_tab(mine.page.context).open(f"/lockers/{bank_id}")
    expect(tab.number).to_have_text("A1")
    device = desktop().open("/sign-in")
    device.page.get_by_label("Enrolment number").fill(library.number(student))
    device.page.keyboard.press("Enter")
    device.page.get_by_label("Your PIN").fill("2580")
    device.page.keyboard.press("Enter")
    device.page.wait_for_url("**/")
    device.is_live().sees("Yours")
    device.page.get_by_role("link", name="A1").click()
    expect(device.number).to_have_text("A1")
    mine.reload()
    expect(mine.number).to_have_text("A1")

    device.press("Give it back")
    for screen in (mine, tab, device):
        expect(screen.number).to_have_count(0)
        screen.sees("5 of 5 free")
    board.shows_door(1, "f").sees("locker released")
    neighbour.shows_door(1, "f").sees("5 of 5 free")
    expect(card).to_contain_text("5 of 5 free")


def test_each_gets_the_lowest_free_door(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank(count=4)
    first, second, third = library.people(3)
    library.take(first, bank_id)
    screens = [phone(person).open(f"/lockers/{bank_id}") for person in (second, third)]
    for number, screen in enumerate(screens, start=2):
        screen.press("Get a locker")
        expect(screen.number).to_have_text(f"A{number}")
    library.run(first, give_back, assignment_id=library.claim(first).id)
    last = screens[1].press("Give it back").press("Get a locker")
    expect(last.number).to_have_text("A1")


def test_a_locker_elsewhere_is_named_where_it_is(library: Library, phone: NewScreen) -> None:
    site_id = library.site()
    here = library.bank(site_id, name="Here")
    there = library.bank(site_id, name="There")
    student = library.person()
    library.take(student, there)
    screen = phone(student).open(f"/lockers/{here}")
    screen.sees("Locker A1 is yours", "It is in There. Give it back there to get one here.")
    expect(screen.button("Get a locker")).to_have_count(0)
    screen.page.get_by_role("link", name="Go to locker A1").click()
    expect(screen.number).to_have_text("A1")


def test_accessible_height_is_kept_and_given(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank(count=3, accessible=1)
    library.take(library.person(), bank_id)
    student = library.person()
    me = phone(student).open("/me")
    me.page.get_by_label("Only at accessible height").click()
    me.sees("Kept.")
    screen = phone(student).open(f"/lockers/{bank_id}")
    low_only = screen.page.get_by_label("Only at accessible height")
    expect(low_only).to_be_checked()
    expect(low_only).to_be_disabled()
    screen.button("Join the waiting list").wait_for()
    expect(screen.button("Get a locker")).to_have_count(0)
    me.page.get_by_label("Only at accessible height").click()
    expect(low_only).to_be_enabled()  # live, on the other phone
    screen.press("Get a locker")
    expect(screen.number).to_have_text("A2")
    screen.press("Give it back")
    low = phone(library.person()).open(f"/lockers/{bank_id}")
    low.page.get_by_label("Only at accessible height").click()
    low.press("Join the waiting list")
    expect(low.place).to_have_text("1")
