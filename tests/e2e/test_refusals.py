"""Refusals, in plain words and where one looks.

Most can't be met on a page that is live, as the button is gone. So the screen is kept from
hearing the news, and the button is pressed on what is old.
"""

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from locker_app.db.tables import assignment, person
from locker_app.domain.actors import Actor
from locker_app.domain.people import WRONG_TRIES_BEFORE_LOCK
from locker_app.services.lockers import take_out_of_service
from locker_app.services.people import reset_pin
from locker_app.services.secrets import hash_secret
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen


@pytest.fixture
def stale(hold_back):
    """Opens a page, and lets the world go on behind its back until a button was pressed."""

    def press(screen: Screen, path: str, button: str, meanwhile) -> Screen:
        held = hold_back(screen)
        screen.open(path)
        screen.button(button).wait_for()
        held.begin()
        meanwhile()
        screen.press(button)
        held.end()
        return screen

    return press


def test_one_who_has_one_already(library: Library, phone: NewScreen, stale) -> None:
    bank_id, student = library.bank(), library.person()
    screen = stale(
        phone(student),
        f"/lockers/{bank_id}",
        "Get a locker",
        lambda: library.take(student, bank_id),
    )
    screen.sees_refusal("Locker A1 is already yours. Give it back to get another.")
    expect(screen.number).to_have_text("A1")


def test_none_is_free(library: Library, phone: NewScreen, stale) -> None:
    bank_id = library.bank(count=1)
    screen = stale(
        phone(library.person()),
        f"/lockers/{bank_id}",
        "Get a locker",
        lambda: library.fill(bank_id),
    )
    screen.sees_refusal("No locker is free here right now. Join the waiting list")
    screen.button("Join the waiting list").wait_for()


def test_the_last_door_goes_out_of_service(library: Library, phone: NewScreen, stale) -> None:
    bank_id, admin = library.bank(count=1), library.staff()
    locker_id = library.door(bank_id, 1)
    screen = stale(
        phone(library.person()),
        f"/lockers/{bank_id}",
        "Get a locker",
        lambda: library.run(admin, take_out_of_service, locker_id=locker_id, reason="stuck"),
    )
    screen.sees_refusal("No locker is free here right now.").shows_door(1, "x")


def test_the_hold_lapsed(library: Library, phone: NewScreen, stale) -> None:
    bank_id, student = library.bank(count=1), library.person()
    ((holder, taken),) = library.fill(bank_id)
    library.join(student, bank_id)
    library.give_back(holder, taken)
    screen = stale(
        phone(student),
        f"/lockers/{bank_id}",
        "Take this locker",
        lambda: library.is_due(student, "held_until"),
    )
    screen.sees_refusal("The time to take this locker is over. Join the waiting list again.")


def test_it_was_given_back_already(library: Library, phone: NewScreen, stale) -> None:
    bank_id, student = library.bank(), library.person()
    taken = library.take(student, bank_id)
    screen = stale(
        phone(student),
        f"/lockers/{bank_id}",
        "Give it back",
        lambda: library.give_back(student, taken),
    )
    screen.sees_refusal("This locker is not yours, or not any more.")
    expect(screen.number).to_have_count(0)


def test_not_waiting_any_more(library: Library, phone: NewScreen, stale) -> None:
    site_id = library.site()
    bank_id, other = library.bank(site_id, count=1), library.bank(site_id)
    library.fill(bank_id)
    student = library.person()
    library.join(student, bank_id)
    screen = stale(
        phone(student),
        f"/lockers/{bank_id}",
        "Leave the waiting list",
        lambda: library.take(student, other),
    )
    screen.sees_refusal("You are not on the waiting list.")


def test_signed_out_meanwhile(library: Library, phone: NewScreen, stale) -> None:
    bank_id, student = library.bank(), library.person()

    def ends() -> None:
        number = library.number(student)
        library.run(library.staff(), reset_pin, number=number, reason="forgotten")

    screen = stale(phone(student), f"/lockers/{bank_id}", "Get a locker", ends)
    screen.is_live()
    screen.page.get_by_role("link", name="Sign in to get a locker").wait_for()
    assert library.rows(assignment, person_id=student.id) == []


def test_an_unknown_number(phone: NewScreen) -> None:
    screen = phone().open("/sign-in")
    field = screen.page.get_by_label("Enrolment number")
    field.fill("XX9999999")
    screen.press("Continue")
    screen.sees_refusal("This enrolment number is not known here. Check it, or ask at the desk.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    field.fill("?")
    screen.press("Continue")
    screen.sees_refusal("Enter your enrolment number, for example CS2021001.")


def test_pins_that_will_not_do(library: Library, phone: NewScreen) -> None:
    student = library.person()
    screen = phone().open("/sign-in")
    for first, second, sentence in (
        ("1234", "4321", "The two PINs are not the same."),
        ("7777", "7777", "harder to guess"),
    ):
        screen.page.get_by_label("Enrolment number").fill(library.number(student))
        screen.press("Continue")
        screen.page.get_by_label("Choose a PIN").fill(first)
        screen.page.get_by_label("The same PIN again").fill(second)
        screen.press("Choose this PIN")
        screen.sees_refusal(sentence).is_live()
        screen.page.get_by_role("button", name="Change").click()


def test_one_goes_on_to_where_one_was_going(library: Library, phone: NewScreen) -> None:
    bank_id, student = library.bank(), library.person()
    _has_pin(library, student, "2580")
    screen = phone().open(f"/sign-in?next=/lockers/{bank_id}")
    screen.page.get_by_label("Enrolment number").fill(library.number(student))
    screen.press("Continue")
    screen.page.get_by_label("Your PIN").fill("1111")
    screen.press("Sign in").sees_refusal("Wrong PIN.").is_live()
    screen.page.get_by_label("Your PIN").fill("2580")
    screen.press("Sign in")
    screen.page.wait_for_url(f"**/lockers/{bank_id}")


def test_wrong_pins_lock_the_number(library: Library, phone: NewScreen) -> None:
    student = library.person()
    _has_pin(library, student, "2580")
    screen = phone().open("/sign-in")
    screen.page.get_by_label("Enrolment number").fill(library.number(student))
    screen.press("Continue")
    for left in range(WRONG_TRIES_BEFORE_LOCK - 1, 0, -1):
        screen.page.get_by_label("Your PIN").fill("1111")
        screen.press("Sign in")
        tries = "1 try" if left == 1 else f"{left} tries"
        screen.sees_refusal(f"Wrong PIN. {tries} left before this number is locked").is_live()
    for pin in ("1111", "2580"):  # now the right one does not help either
        screen.page.get_by_label("Your PIN").fill(pin)
        screen.press("Sign in")
        screen.page.wait_for_url("**refused=number_locked*")
        screen.sees_refusal("locked").is_live()


def _has_pin(library: Library, student: Actor, pin: str) -> None:
    whose = update(person).where(person.c.id == student.id)
    library.change(whose.values(pin_hash=hash_secret(pin)))
