"""Everything can be done without a mouse, and one always sees where one is."""

from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen
from tests.running import ADMIN_PASSWORD

MOST_STOPS = 300
"""The tab of each site is one, and each test has a site of its own."""


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
    _tab_to(screen, screen.button("A1, held"))
    keys.press("Enter")
    _tab_to(screen, screen.panel.get_by_role("button", name="Force release"))
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
    keys.press("Enter")
    expect(screen.question).to_have_count(0)
    expect(screen.panel).to_contain_text("Nobody has this locker.")
    expect(screen.panel.get_by_role("heading", name="Locker A1")).to_be_focused()
    keys.press("Escape")
    expect(screen.panel).to_have_count(0)
    expect(screen.door(1)).to_be_focused()
    screen.shows_door(1, "f")


def test_escape_closes_a_question_and_nothing_has_happened(
    library: Library, desktop: NewScreen
) -> None:
    bank_id, student = library.bank(count=2), library.person()
    library.take(student, bank_id)
    screen = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    keys = screen.page.keyboard
    for _ in range(2):  # and it opens again, empty
        screen.door(1).press("Enter")
        screen.press("Force release")
        expect(screen.page.get_by_label("Reason")).to_have_value("")
        keys.type("no, wait")
        keys.press("Escape")
        expect(screen.question).to_have_count(0)
        expect(screen.button("Force release")).to_be_focused()
        keys.press("Escape")
        expect(screen.panel).to_have_count(0)
        expect(screen.door(1)).to_be_focused()
    assert library.claim(student).released_at is None


def test_the_board_by_arrows_slash_and_space(library: Library, desktop: NewScreen) -> None:
    """One stop for Tab; arrows go from door to door, across the banks."""
    site = library.site()
    for name in ("North", "South"):
        library.bank(site, count=30, name=name)
    screen = desktop(library.staff(site_id=site)).open("/staff")
    keys = screen.page.keyboard
    expect(screen.doors).to_have_count(60)
    _tab_to(screen, screen.door(1))
    keys.press("ArrowRight")
    expect(screen.door(2)).to_be_focused()
    keys.press("ArrowDown")
    below = screen.page.evaluate("document.activeElement.textContent")
    keys.press("ArrowUp")
    expect(screen.door(2)).to_be_focused()
    assert int(below) > 10
    keys.press("End")
    expect(screen.door(60)).to_be_focused()
    keys.press("ArrowRight")  # there is nothing beyond
    expect(screen.door(60)).to_be_focused()
    keys.press("Home")
    keys.press("Shift+Tab")
    keys.press("Tab")
    expect(screen.door(1)).to_be_focused()  # where one was
    keys.press("Space")
    keys.press("Shift+ArrowRight")
    keys.press("Shift+ArrowRight")
    screen.sees("3 selected")
    keys.press("Escape")
    screen.sees_no("3 selected")
    keys.press("Control+a")
    screen.sees("60 selected")
    keys.press("Escape")
    keys.press("/")
    find = screen.page.get_by_role("searchbox")
    expect(find).to_be_focused()
    keys.type("17")
    screen.sees("2 of 60 lockers")
    keys.press("ArrowDown")
    expect(screen.button("A17, free").first).to_be_focused()
    keys.press("Enter")
    expect(screen.panel).to_contain_text("Locker A17")
    keys.press("Escape")
    keys.press("/")
    keys.press("Escape")
    expect(find).to_have_value("")
    expect(screen.doors).to_have_count(60)


def test_many_are_taken_out_of_service_by_keys_alone(library: Library, desktop: NewScreen) -> None:
    bank_id = library.bank(count=5)
    screen = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    keys = screen.page.keyboard
    screen.door(2).focus()
    keys.press("Shift+ArrowRight")
    _tab_to(screen, screen.button("Out of service 2"))
    keys.press("Enter")
    expect(screen.page.get_by_label("Reason")).to_be_focused()
    keys.type("wet floor")
    keys.press("Enter")
    expect(screen.question).to_contain_text("Taken out of service: 2.")
    keys.press("Escape")
    expect(screen.question).to_have_count(0)
    expect(screen.page.locator(":focus")).to_have_count(1)
    for number, letter in enumerate("fxxff", 1):
        screen.shows_door(number, letter)
