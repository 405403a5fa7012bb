"""What staff see besides the board: the history, the ways in, the desk."""

import re

from playwright.sync_api import expect

from locker_app.domain.actors import Role
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.running import ADMIN_PASSWORD


def test_the_history_shows_what_was_done_and_what_was_refused(
    library: Library, phone: NewScreen, desktop: NewScreen, hold_back
) -> None:
    bank_id, student = library.bank(count=2, name="Annex"), library.person()
    history = desktop(library.staff()).open("/staff/history")
    screen = phone(student)
    held = hold_back(screen)
    screen.open(f"/lockers/{bank_id}").button("Get a locker").wait_for()
    held.begin()
    library.take(student, bank_id)
    screen.press("Get a locker")
    refused = history.page.get_by_role("row").filter(has_text="refused: get a locker")
    expect(refused.filter(has_text="Annex")).to_contain_text(library.name(student))
    done = history.page.get_by_role("row").filter(has_text="got a locker")
    expect(done.filter(has_text="Annex")).to_contain_text("A1")
    history.page.get_by_label("Refused").select_option("only")
    history.press("Filter")
    expect(history.page.get_by_role("row").filter(has_text="got a locker")).to_have_count(0)
    expect(refused.filter(has_text="Annex")).to_contain_text(library.name(student))
    held.end()
    screen.sees_refusal("Locker A1 is already yours")


def test_pages_for_staff_are_for_staff(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    bank_id = library.bank()
    staff_only = "This page is for staff"
    phone(library.person()).open(f"/staff/board/{bank_id}").sees(staff_only)
    phone().open("/staff/history").sees(staff_only)
    not_this = "This page is not for your account"
    professor = desktop(library.staff(Role.PROFESSOR)).open("/staff").sees(not_this)
    professor.sees("Admins and viewers may see it.").sees_no(staff_only)
    viewer = desktop(library.staff(Role.VIEWER)).open(f"/staff/board/{bank_id}")
    expect(viewer.doors).to_have_count(3)
    expect(viewer.button("A1, free")).to_have_count(0)  # there is nothing to open
    viewer.sees("Your account sees which lockers are free, not who has which.")
    viewer.page.get_by_role("searchbox", name="Locker number").fill("2")
    viewer.sees("1 of 3 lockers").page.keyboard.press("Enter")
    expect(viewer.panel).to_have_count(0)
    viewer.open("/staff/history").sees(not_this, "Admins may see it.")
    viewer.open("/staff/accounts").sees(not_this, "Admins of all sites may see it.")


def test_staff_sign_in(library: Library, desktop: NewScreen) -> None:
    screen = desktop().open("/staff/sign-in")
    for password in ("not this one, though", ADMIN_PASSWORD):
        screen.page.get_by_label("Name").fill("admin")
        screen.page.get_by_label("Password").fill(password)
        screen.press("Sign in")
        if password != ADMIN_PASSWORD:
            screen.sees_refusal("Wrong name or password.").is_live()
    screen.page.wait_for_url("**/staff")
    screen.is_live()
    expect(screen.doors).to_have_count(150)
    screen.page.get_by_role("link", name=re.compile("Entrance hall")).click()
    expect(screen.doors).to_have_count(50)
    screen.open("/staff/account").sees("Signed in as").press("Sign out", exact=True)
    screen.page.wait_for_url("**/")
    screen.open("/staff").sees("This page is for staff")


def test_a_board_of_no_bank_says_so(library: Library, desktop: NewScreen) -> None:
    library.bank()
    screen = desktop(library.staff()).open("/staff/board/99999")
    screen.sees("There is no bank of lockers at this address.")


def test_the_desk_of_one_site_resets_a_forgotten_pin(library: Library, desktop: NewScreen) -> None:
    """Whom it looks for it finds, and no more; what needs the right at all sites is not offered."""
    student, site_id = library.person(), library.site()
    desk = desktop(library.staff(Role.ADMIN, site_id)).open("/staff/people")
    desk.sees("Enter at least 3 letters of a name or number.")
    desk.page.get_by_role("searchbox").fill(library.number(student).lower())
    desk.page.get_by_role("link", name=library.name(student)).click()
    desk.button("Reset the PIN…").wait_for()
    expect(desk.button("Erase…")).to_have_count(0)
    desk.press("Reset the PIN…").dialog.get_by_label("Reason").fill("forgot it, showed the card")
    before = library.mark()
    desk.dialog.get_by_role("button", name="Reset the PIN").click()
    desk.sees("The PIN is reset.")
    assert library.kinds(before) == ["PinReset"]
