"""The board and the history: staff watch, step in, and are told the truth while they do."""

import re

from playwright.sync_api import expect

from locker_app.domain.actors import Role
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.running import ADMIN_PASSWORD


def test_force_release_needs_a_reason_and_reaches_the_phone(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    bank_id, student = library.bank(count=2), library.person()
    library.take(student, bank_id)
    mine = phone(student).open(f"/lockers/{bank_id}")
    expect(mine.number).to_have_text("A1")
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    board.press("A1, held")
    expect(board.dialog).to_contain_text(library.name(student))
    board.press("Force release").press("Release it")
    board.sees_refusal("Please give a reason")
    expect(mine.number).to_have_text("A1")
    board.press("Cancel").press("Force release")
    board.page.get_by_label("Reason").wait_for()
    expect(board.dialog.get_by_role("alert")).to_have_count(0)  # a new question, not refused yet
    board.page.get_by_label("Reason").fill("left over night")
    board.press("Release it")
    expect(mine.number).to_have_count(0)
    mine.sees("2 of 2 free")
    board.shows_door(1, "f")
    expect(board.dialog).to_contain_text("Nobody has this locker.")
    expect(board.dialog.get_by_role("table")).to_contain_text("left over night")


def test_a_dialog_stays_true_while_its_door_changes_hands(
    library: Library, desktop: NewScreen
) -> None:
    bank_id = library.bank(count=1)
    before, after = library.people(2)
    taken = library.take(before, bank_id)
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}").press("A1, held")
    board.press("Force release")
    board.page.get_by_label("Reason").fill("has gone home")
    expect(board.dialog).to_contain_text(f"taken from {library.name(before)}")
    library.give_back(before, taken)
    expect(board.dialog).to_contain_text("Nobody has this locker.")
    library.take(after, bank_id)
    expect(board.dialog).to_contain_text(f"{library.name(after)} {library.number(after)}")
    # What was confirmed was about somebody else: it is asked for again.
    expect(board.button("Release it")).to_have_count(0)
    assert library.claim(after).released_at is None
    board.press("Force release")
    expect(board.dialog).to_contain_text(f"taken from {library.name(after)}")
    expect(board.page.get_by_label("Reason")).to_have_value("")


def test_out_of_service_and_back(library: Library, phone: NewScreen, desktop: NewScreen) -> None:
    bank_id = library.bank(count=2)
    student = phone(library.person()).open(f"/lockers/{bank_id}")
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}").press("A1, free")
    board.press("Out of service").press("Take out of service")
    board.sees_refusal("Please give a reason")
    board.page.get_by_label("Reason").fill("the lock is stuck")
    board.press("Take out of service")
    expect(board.dialog).to_contain_text("Out of service: the lock is stuck")
    board.shows_door(1, "x")
    student.shows_door(1, "x").sees("1 of 2 free").press("Get a locker")
    expect(student.number).to_have_text("A2")
    assert not [frame for frame in student.frames if "stuck" in frame]
    board.press("Back in service")
    student.shows_door(1, "f")
    board.press("Close")
    expect(board.dialog).to_have_count(0)


def test_the_history_shows_what_was_done_and_what_was_refused(
    library: Library, phone: NewScreen, desktop: NewScreen, hold_back
) -> None:
    bank_id, student = library.bank(count=2, name="Annex"), library.person()
    history = desktop(library.staff()).open("/staff/history")
    screen = phone(student)
    held = hold_back(screen)
    screen.open(f"/lockers/{bank_id}")
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
    desktop(library.staff(Role.PROFESSOR)).open("/staff").sees(staff_only)
    viewer = desktop(library.staff(Role.VIEWER)).open(f"/staff/board/{bank_id}")
    expect(viewer.doors).to_have_count(3)
    viewer.open("/staff/history").sees(staff_only)


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
    screen.page.get_by_role("link", name=re.compile("Entrance hall")).click()
    expect(screen.doors).to_have_count(50)
    screen.open("/staff/account").sees("Signed in as").press("Sign out", exact=True)
    screen.page.wait_for_url("**/")
    screen.open("/staff").sees("This page is for staff")


def test_a_board_of_no_bank_says_so(library: Library, desktop: NewScreen) -> None:
    library.bank()
    screen = desktop(library.staff()).open("/staff/board/99999")
    screen.sees("There is no bank of lockers at this address.")


def test_the_desk_resets_a_forgotten_pin(library: Library, desktop: NewScreen) -> None:
    student = library.person()
    desk = desktop(library.staff()).open("/staff/account")
    desk.page.get_by_label("Enrolment number").fill(library.number(student).lower())
    desk.page.get_by_label("Reason").fill("forgot it, showed the card")
    before = library.mark()
    desk.press("Reset the PIN").sees("The PIN is reset.")
    assert library.kinds(before) == ["PinReset"]
    desk.page.get_by_label("Enrolment number").fill("NOBODY999")
    desk.press("Reset the PIN").sees("This enrolment number is not known here.")
