"""Signing out reaches every tab and device that it should, and no other."""

from playwright.sync_api import expect

from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Troubles
from tests.running import Server


def test_signing_out_in_one_tab_signs_the_other_out(
    library: Library, phone: NewScreen, new_tab
) -> None:
    bank_id, student = library.bank(), library.person()
    library.take(student, bank_id)
    first = phone(student).open(f"/lockers/{bank_id}")
    other_device = phone(student).open(f"/lockers/{bank_id}")
    second = new_tab(first.page.context).open("/me")
    second.press("Sign out", exact=True)
    second.page.wait_for_url("**/")
    first.page.get_by_role("link", name="Sign in to get a locker").wait_for()
    expect(first.number).to_have_count(0)
    first.sees_no(library.name(student))
    expect(other_device.number).to_have_text("A1")

    second.is_live().page.go_back()
    second.is_live().sees("You are not signed in.").sees_no(library.number(student))


def test_signing_in_in_one_tab_signs_the_other_in(
    library: Library, phone: NewScreen, new_tab, server: Server
) -> None:
    bank_id, student = library.bank(), library.person()
    first = phone().open(f"/lockers/{bank_id}")
    first.page.get_by_role("link", name="Sign in to get a locker").wait_for()
    library.signs_in(student, first.page.context, server.url)
    new_tab(first.page.context).open("/me").sees(library.number(student))
    first.button("Get a locker").wait_for()


def test_a_session_ended_from_another_device(library: Library, phone: NewScreen) -> None:
    bank_id, student = library.bank(), library.person()
    library.take(student, bank_id)
    lost_phone = phone(student).open(f"/lockers/{bank_id}")
    expect(lost_phone.number).to_have_text("A1")
    phone(student).open("/me").press("Sign out on all devices")
    lost_phone.page.get_by_role("link", name="Sign in to get a locker").wait_for()
    expect(lost_phone.number).to_have_count(0)
    assert library.claim(student).released_at is None  # signing out gives nothing back


def test_the_next_person_on_a_shared_screen_sees_nothing_of_the_last(
    library: Library, desktop: NewScreen, server: Server
) -> None:
    bank_id = library.bank()
    last, following = library.people(2)
    library.take(last, bank_id)
    screen = desktop(last).open(f"/lockers/{bank_id}")
    expect(screen.number).to_have_text("A1")
    screen.open("/me").press("Sign out", exact=True)
    screen.page.wait_for_url("**/")
    screen.is_live()
    library.signs_in(following, screen.page.context, server.url)
    screen.frames.clear()
    screen.open(f"/lockers/{bank_id}").button("Get a locker").wait_for()
    screen.open("/me").sees(library.number(following))
    for secret in (library.name(last), library.number(last)):
        assert not [frame for frame in screen.frames if secret in frame]


def test_an_address_that_leads_nowhere_still_knows_who_is_there(
    library: Library, phone: NewScreen, troubles: Troubles
) -> None:
    troubles.allow("404")
    student = library.person()
    screen = phone(student)
    screen.page.goto("/nowhere/at/all")
    screen.is_live().sees("There is nothing at this address").sees(library.name(student))
