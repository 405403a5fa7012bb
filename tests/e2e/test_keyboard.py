"""Everything can be done without a mouse, and one always sees where one is."""

from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen
from tests.running import ADMIN_PASSWORD

MOST_STOPS = 60


def _tab_to(screen: Screen, wanted: Locator) -> None:
    """Press Tab until this has the focus, and shows that it has."""
    wanted.wait_for()
    for _ in range(MOST_STOPS):
        screen.page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            outline = wanted.evaluate("element => getComputedStyle(element).outlineStyle")
            assert outline == "solid", f"no visible focus on {wanted}"
            return
    raise AssertionError(f"{wanted} was not reached by the keyboard")


def _type(screen: Screen, label: str, text: str) -> None:
    field = screen.page.get_by_label(label)
    field.wait_for()
    if not field.evaluate("element => element === document.activeElement"):
        _tab_to(screen, field)
    screen.page.keyboard.type(text)


def test_a_student_gets_a_locker_and_gives_it_back(library: Library, desktop: NewScreen) -> None:
    bank_id, student = library.bank(count=2), library.person()
    screen = desktop().open(f"/lockers/{bank_id}")
    keys = screen.page.keyboard
    _tab_to(screen, screen.page.get_by_role("link", name="Skip to content"))
    keys.press("Enter")
    keys.press("Tab")
    expect(screen.page.get_by_role("link", name="Sign in to get a locker")).to_be_focused()
    keys.press("Enter")
    _type(screen, "Enrolment number", library.number(student))
    keys.press("Enter")
    _type(screen, "Choose a PIN", "2580")
    _type(screen, "The same PIN again", "2580")
    keys.press("Enter")
    screen.page.wait_for_url(f"**/lockers/{bank_id}")
    screen.is_live()
    _tab_to(screen, screen.button("Get a locker"))
    keys.press("Enter")
    expect(screen.number).to_have_text("A1")
    _tab_to(screen, screen.button("Give it back"))
    keys.press("Space")
    expect(screen.number).to_have_count(0)


def test_staff_release_a_locker(library: Library, desktop: NewScreen) -> None:
    bank_id, student = library.bank(count=2), library.person()
    library.take(student, bank_id)
    screen = desktop().open("/staff/sign-in")
    keys = screen.page.keyboard
    _type(screen, "Name", "admin")
    _type(screen, "Password", ADMIN_PASSWORD)
    keys.press("Enter")
    screen.page.wait_for_url("**/staff")
    screen.open(f"/staff/board/{bank_id}")
    door = screen.button("A1, held")
    _tab_to(screen, door)
    keys.press("Enter")
    _tab_to(screen, screen.button("Force release"))
    keys.press("Enter")
    reason = screen.page.get_by_label("Reason")
    expect(reason).to_be_focused()
    for _ in range(8):
        keys.press("Tab")
        inside = "() => document.activeElement.closest('dialog, body > :focus') !== null"
        body = (
            "() => document.activeElement === document.body"  # then the browser's own bar is next
        )
        assert screen.page.evaluate(inside) or screen.page.evaluate(body)
    reason.focus()
    keys.type("end of term")
    _tab_to(screen, screen.button("Release it"))
    keys.press("Enter")
    expect(screen.dialog).to_contain_text("Nobody has this locker.")
    keys.press("Escape")
    expect(screen.dialog).to_have_count(0)
    expect(screen.door(1)).to_be_focused()
    screen.shows_door(1, "f")


def test_escape_closes_a_question_and_nothing_has_happened(
    library: Library, desktop: NewScreen
) -> None:
    bank_id, student = library.bank(count=2), library.person()
    library.take(student, bank_id)
    screen = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    for _ in range(2):  # and it opens again, empty
        screen.door(1).press("Enter")
        screen.press("Force release")
        expect(screen.page.get_by_label("Reason")).to_have_value("")
        screen.page.keyboard.type("no, wait")
        screen.page.keyboard.press("Escape")
        expect(screen.dialog).to_have_count(0)
        expect(screen.door(1)).to_be_focused()
    assert library.claim(student).released_at is None
