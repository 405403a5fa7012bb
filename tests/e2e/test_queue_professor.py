"""The professor at a queue: by keyboard, with assistants, and while others come and go."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from locker_app.db.tables import queue, site, ticket
from locker_app.domain.actors import Actor, Role
from locker_app.domain.hours_text import WEEKDAYS
from locker_app.domain.queues import MAX_NAME_LENGTH, MAX_PLACE_LENGTH
from locker_app.services.serving import call, complete
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen

PROJECTOR = {"width": 1920, "height": 1080}
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class Helm:
    """A professor's screen with the dashboard of a queue on it."""

    def __init__(self, screen: Screen, queue_id: int) -> None:
        self.screen, self.page = screen, screen.page
        screen.open(f"/staff/queues/{queue_id}")
        self.number = self.page.get_by_test_id("current-number")
        self.rows = self.page.locator(".in-line")
        self.desks = self.page.get_by_test_id("desks")

    @property
    def big(self) -> Locator:
        """The big button."""
        return self.page.locator("button.big")

    def helps(self, number: int) -> "Helm":
        """Wait until this ticket is one's current one."""
        expect(self.number).to_have_text(str(number))
        return self

    def helps_nobody(self) -> "Helm":
        expect(self.page.get_by_test_id("current")).to_contain_text("Nobody is being helped")
        return self

    def waits(self, *numbers: int) -> "Helm":
        """Wait until these tickets are in the line, in this order."""
        expect(self.rows.locator(".ticket-number")).to_have_text(
            [re.compile(rf"\D{number}$") for number in numbers]
        )
        return self

    def key(self, name: str) -> "Helm":
        self.page.keyboard.press(name)
        return self

    def settles(self) -> "Helm":
        """Wait for as long as the big button takes no second press."""
        self.page.wait_for_timeout(800)
        return self

    def row(self, number: int) -> Locator:
        """The row of a waiting ticket."""
        return self.rows.filter(has=self.page.get_by_text(f"number {number}", exact=False)).filter(
            has_text=re.compile(rf"number {number}\D")
        )


@pytest.fixture
def helm(desktop: NewScreen) -> Callable[..., Helm]:
    """Opens the dashboard of a queue for a staff member."""

    def make(staff: Actor, queue_id: int, **options: object) -> Helm:
        return Helm(desktop(staff, **options), queue_id)

    return make


@pytest.fixture
def professor(library: Library) -> Actor:
    """A professor everywhere."""
    return library.staff(Role.PROFESSOR)


def test_a_class_by_keyboard_alone(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    """The predecessor's own example, with no mouse."""
    queue_id = library.queue()
    desk = helm(professor, queue_id).helps_nobody()
    expect(desk.big).to_have_attribute("aria-disabled", "true")
    library.tickets(queue_id, 2)
    desk.helps(1).waits(2)
    desk.settles().key("Space").helps(2).waits()
    desk.settles().key("Enter").helps_nobody()
    assert library.line(queue_id) == {1: "done", 2: "done"}
    assert library.shown(queue_id) == 2
    library.tickets(queue_id, 1)
    desk.waits(3).helps_nobody().settles().key("Space").helps(3)
    assert library.line(queue_id)[3] == "serving"


def test_one_press_that_is_held_or_doubled_counts_once(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 6)
    desk = helm(professor, queue_id).helps(1)
    for _ in range(6):
        desk.page.keyboard.down("Space")  # the keyboard repeats it
    desk.page.keyboard.up("Space")
    desk.helps(2)
    desk.settles().big.dblclick()
    desk.helps(3).waits(4, 5, 6)
    desk.settles().screen.button("No-show", exact=True).dblclick()  # one did not come; not two
    desk.helps(4)
    desk.settles().key("Space").helps(5)  # the key is the big button's, after a press of another
    ended = {1: "done", 2: "done", 3: "no_show", 4: "done"}
    assert library.line(queue_id) == ended | {5: "serving", 6: "waiting"}


def test_keys_are_left_to_fields_and_dialogs(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 3)
    desk = helm(professor, queue_id).helps(1)
    desk.page.get_by_label("Announcement").click()
    desk.page.keyboard.type("Bring your lab book")
    desk.key("Enter")
    expect(desk.page.get_by_test_id("announcement")).to_have_text("Bring your lab book")
    desk.screen.press("Reset…")
    expect(desk.screen.dialog).to_be_visible()
    expect(desk.screen.dialog.get_by_role("button", name="Keep the line")).to_be_focused()
    desk.page.keyboard.press("Space")  # neither the big button behind it, nor the reset
    expect(desk.screen.dialog).to_be_hidden()
    desk.helps(1).waits(2, 3)
    assert library.row(queue, queue_id).announcement == "Bring your lab book"


def test_undo_while_its_seconds_run(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 3)
    desk = helm(professor, queue_id).helps(1)
    undo = desk.screen.button("Undo")
    expect(undo).to_be_disabled()
    desk.big.click()
    desk.helps(2)
    expect(undo).to_have_text(re.compile(r"Undo \d+ s"))
    undo.click()
    desk.helps(1).waits(2, 3)
    expect(undo).to_be_disabled()
    desk.settles().big.click()
    desk.helps(2)
    expect(undo).to_be_disabled()
    assert library.line(queue_id) == {1: "done", 2: "serving", 3: "waiting"}


def test_a_note_and_undo_by_its_key(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 3)
    desk = helm(professor, queue_id).helps(1)
    desk.key("u")  # there is nothing to undo yet
    desk.key("Space").helps(2)
    expect(desk.screen.button("Undo")).to_contain_text("key U")
    desk.page.get_by_label("Announcement").click()
    desk.page.keyboard.type("Thursday and UV")
    desk.helps(2)
    desk.page.get_by_role("heading", level=1).click()
    desk.key("u").helps(1).waits(2, 3)
    assert library.line(queue_id) == {1: "serving", 2: "waiting", 3: "waiting"}

    desk.row(2).get_by_role("button", name="Note").click()
    desk.screen.dialog.get_by_label("Note", exact=True).fill("Bring the scope")
    desk.key("Enter")
    expect(desk.row(2)).to_contain_text("Bring the scope")
    expect(desk.screen.dialog).to_have_count(0)


def test_a_ticket_that_was_lost_is_removed(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 4)
    desk = helm(professor, queue_id).helps(1).waits(2, 3, 4)
    desk.row(3).get_by_role("button", name="Remove").click()
    expect(desk.screen.dialog).to_contain_text("Remove number 3 from the line?")
    expect(desk.screen.dialog.get_by_role("button", name="Keep it")).to_be_focused()
    desk.page.keyboard.press("Space")
    expect(desk.screen.dialog).to_be_hidden()
    desk.row(3).get_by_role("button", name="Remove").click()
    desk.screen.dialog.get_by_role("button", name="Remove it").click()
    expect(desk.screen.dialog).to_be_hidden()
    desk.page.mouse.move(5, 5)
    desk.helps(1).waits(2, 4)
    assert library.line(queue_id)[3] == "removed"


def test_no_show_and_put_back(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 3)
    desk = helm(professor, queue_id).helps(1)
    desk.screen.press("No-show", exact=True)
    desk.helps(2).waits(3)
    desk.page.get_by_text("Ended lately").click()
    ended = desk.page.get_by_test_id("ended")
    expect(ended).to_contain_text("did not come")
    ended.get_by_role("button", name="Put back").click()
    desk.waits(1, 3)
    desk.screen.press("Put back", exact=True)
    desk.helps_nobody().waits(2, 1, 3)


def test_out_of_order_and_a_refusal_in_words(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 4)
    desk = helm(professor, queue_id).helps(1)
    desk.key("Space").helps(2)
    desk.row(4).get_by_role("button", name="Call now").click()
    desk.screen.sees_refusal("You are serving somebody. Complete that ticket first.")
    desk.screen.press("Complete only")
    desk.helps_nobody()
    desk.row(4).get_by_role("button", name="Call now").click()
    desk.helps(4)
    desk.page.mouse.move(5, 5)
    desk.waits(3)


def test_several_assistants_and_who_helps_whom(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id, assistant = library.queue(), library.staff(Role.PROFESSOR)
    library.tickets(queue_id, 4)
    one, other = helm(professor, queue_id).helps(1), helm(assistant, queue_id).helps(1)
    one.key("Space").helps(2)
    other.helps_nobody().key("Space").helps(3)
    one.page.get_by_label("Your desk").fill("Desk 7")
    one.page.get_by_label("Your desk").press("Enter")
    one.page.get_by_role("heading", level=1).click()  # out of the field, which takes Space
    for desk in (one, other):
        expect(desk.desks).to_contain_text("Desk 7")
        expect(desk.desks.locator(".ticket-number")).to_have_text(["2", "3"])
        desk.waits(4)
    one.settles().key("Space").helps(4)
    other.helps(3).waits()


def test_nothing_moves_under_the_pointer(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    """Tickets come, go and are called by others; the row that is pointed at stays."""
    queue_id, assistant = library.queue(), library.staff(Role.PROFESSOR)
    taken = library.tickets(queue_id, 6)
    desk = helm(professor, queue_id).helps(1).waits(2, 3, 4, 5, 6)
    button = desk.row(4).get_by_role("button", name="Call now")
    button.hover()
    before, big = button.bounding_box(), desk.big.bounding_box()
    library.press(assistant, queue_id)  # 2 is called
    library.run(assistant, complete, queue_id=queue_id)
    library.run(assistant, call, ticket_id=taken[2].ticket_id)
    library.tickets(queue_id, 3)
    expect(desk.rows).to_have_count(8)
    expect(desk.rows.first).to_contain_text("no longer waiting")
    expect(desk.rows.last).to_contain_text("9")
    assert button.bounding_box() == before
    assert desk.big.bounding_box() == big
    desk.page.mouse.move(5, 5)
    desk.waits(4, 5, 6, 7, 8, 9)


def test_the_row_with_the_focus_stays(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id, assistant = library.queue(), library.staff(Role.PROFESSOR)
    library.tickets(queue_id, 4)
    desk = helm(professor, queue_id).helps(1).waits(2, 3, 4)
    button = desk.row(3).get_by_role("button", name="Call now")
    button.focus()
    before = button.bounding_box()
    library.press(assistant, queue_id)
    expect(desk.rows.first).to_contain_text("no longer waiting")
    expect(button).to_be_focused()
    assert button.bounding_box() == before
    desk.page.get_by_role("heading", level=1).click()
    desk.waits(3, 4)


def test_joins_while_the_reset_is_asked(
    library: Library, helm: Callable[..., Helm], professor: Actor, phone: NewScreen
) -> None:
    queue_id, student = library.queue(), library.person()
    library.tickets(queue_id, 2)
    theirs = phone(student).open(f"/q/{library.row(queue, queue_id).code}")
    library.ticket(student, queue_id)
    expect(theirs.page.get_by_test_id("my-number")).to_have_text("3")
    desk = helm(professor, queue_id).helps(1)
    desk.screen.press("Reset…")
    expect(desk.screen.dialog).to_contain_text("3 people lose their place")
    confirm = desk.screen.dialog.get_by_role("button", name="Reset the queue")
    place = confirm.bounding_box()
    library.tickets(queue_id, 4)
    expect(desk.screen.dialog).to_contain_text("7 people lose their place")
    assert confirm.bounding_box() == place
    confirm.click()
    desk.helps_nobody().waits()
    theirs.sees("The line was reset")
    assert {row.status for row in library.rows(ticket, queue_id=queue_id)} == {"cleared"}


def test_open_drain_close_and_a_break(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 2)
    desk = helm(professor, queue_id).helps(1)
    for name, mode in (("Finishing", "draining"), ("Closed", "closed"), ("Open", "open")):
        desk.screen.press(name, exact=True)
        expect(desk.screen.button(name, exact=True)).to_have_attribute("aria-pressed", "true")
        assert library.row(queue, queue_id).mode == mode
    desk.screen.press("Take a break")
    desk.screen.button("End the break").wait_for()
    desk.big.click()
    desk.helps_nobody().waits(2)
    expect(desk.big).to_have_text(re.compile("Paused"))
    desk.screen.press("End the break")
    expect(desk.big).to_have_text(re.compile("Call next"))


def test_settings_are_checked_beside_the_field(
    library: Library, desktop: NewScreen, professor: Actor
) -> None:
    queue_id = library.queue()
    zone = library.row(site, library.row(queue, queue_id).site_id).time_zone
    later = datetime.now(ZoneInfo(zone)) + timedelta(days=2)
    screen = desktop(professor).open(f"/staff/queues/{queue_id}/settings")
    page = screen.page
    field = page.get_by_label(WEEKDAYS[later.weekday()])
    field.fill("9-12, 11:30-14")
    screen.press("Keep these settings")
    expect(field).to_be_focused()
    screen.sees("Opening hours of one day can't overlap: 09:00-12:00 and 11:30-14:00.")
    field.fill("9-12")
    screen.press("Keep these settings").sees(f"The line is now closed until {later:%a} 09:00.")
    field.fill("")

    page.get_by_label("Groups", exact=True).fill("40-1")
    screen.press("Keep these settings")
    field = page.get_by_label("Groups", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    screen.sees("the smaller number first")
    field.fill("1-40, lab a")
    page.get_by_label("Wednesday").fill("nine to five")
    screen.press("Keep these settings")
    expect(page.get_by_label("Wednesday")).to_be_focused()
    page.get_by_label("Wednesday").fill("9-12, 14:00-16:30")
    page.get_by_label("How many may wait").fill("60")
    page.get_by_label("Only people who are signed in").check()
    screen.press("Keep these settings").sees("The settings are kept.")
    kept = library.row(queue, queue_id)
    assert (kept.groups, kept.capacity, kept.sign_in_needed) == ("1-40, LAB A", 60, True)
    assert kept.hours == [[2, "09:00", "12:00"], [2, "14:00", "16:30"]]
    expect(page.get_by_label("Wednesday")).to_have_value("09:00-12:00, 14:00-16:30")  # tidied
    expect(field).to_have_value("1-40, LAB A")
    field.fill("9-1")
    screen.press("Keep these settings").sees("the smaller number first")
    screen.sees_no("The settings are kept.")
    screen.reload()
    expect(page.get_by_label("Wednesday")).to_have_value("09:00-12:00, 14:00-16:30")
    expect(page.get_by_label("Only people who are signed in")).to_be_checked()


def test_set_up_a_queue_of_ones_own_site(library: Library, desktop: NewScreen) -> None:
    here, there = library.site(), library.site()
    elsewhere = library.queue(there, name="Somewhere else")
    screen = desktop(library.staff(Role.PROFESSOR, here)).open("/staff/queues")
    screen.sees("No queue has been set up here yet.").sees_no("Somewhere else")
    page = screen.page
    page.get_by_text("Set up a queue").click()
    screen.press("Set it up").sees("Give the queue a name.")
    page.get_by_label("Name", exact=True).fill("Chemistry lab")
    page.get_by_label("Place", exact=True).fill("Room 12")
    screen.press("Set it up")
    page.wait_for_url("**/staff/queues/*/settings")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Chemistry lab")
    screen.open(f"/staff/queues/{elsewhere}").sees("There is no such queue")


def test_two_who_change_settings_at_once(
    library: Library, desktop: NewScreen, professor: Actor
) -> None:
    queue_id = library.queue(name="Contested", place="Room 1")
    one, other = (desktop(professor) for _ in range(2))
    for screen in (one, other):
        screen.open(f"/staff/queues/{queue_id}/settings").sees("Keep these settings")
    other.page.get_by_label("Place", exact=True).fill("Room 3")
    for place in ("Room 2", "Room 22"):  # again from the same form: what was kept is one's own
        one.page.get_by_label("Place", exact=True).fill(place)
        one.press("Keep these settings")
        expect(other.page.locator(".helm-head")).to_contain_text(place)
    other.press("Keep these settings").sees("Somebody else has changed these settings meanwhile")
    assert library.row(queue, queue_id).place == "Room 22"
    other.page.reload()
    expect(other.page.get_by_label("Place", exact=True)).to_have_value("Room 22")
    other.page.get_by_label("Place", exact=True).fill("Room 3")
    other.press("Keep these settings").sees("The settings are kept.")
    assert library.row(queue, queue_id).place == "Room 3"


def test_a_sheet_is_one_page(library: Library, desktop: NewScreen, professor: Actor) -> None:
    screen = desktop(professor)
    page = screen.page
    for name, place in (
        ("Physics lab", "Room 204"),
        ("Physics " * 7, "Building 7, second floor " * 4),
        ("W" * MAX_NAME_LENGTH, "W" * MAX_PLACE_LENGTH),
    ):
        queue_id = library.queue(name=name, place=place)
        screen.open(f"/staff/queues/{queue_id}")
        page.get_by_role("link", name="QR code").click()
        code = library.row(queue, queue_id).code
        expect(page.get_by_test_id("address")).to_contain_text(f"/q/{code}")
        picture = page.locator(".sheet-qr")
        assert picture.evaluate("async e => { await e.decode(); return e.naturalWidth; }") > 20
        for paper in ("A4", "Letter"):
            printed = page.pdf(format=paper)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, (paper, name)
        page.emulate_media(media="print")
        expect(page.locator(".top")).to_be_hidden()
        expect(page.locator(".helm-head")).to_be_hidden()
        expect(picture).to_be_visible()
        for line in page.locator(".sheet p").all():
            assert line.evaluate("e => e.scrollHeight <= e.clientHeight + 1"), "nothing is cut"
        page.emulate_media(media="null")  # as it was


def test_after_class(library: Library, desktop: NewScreen, professor: Actor) -> None:
    queue_id = library.queue(name="Looked back on")
    screen = desktop(professor).open(f"/staff/queues/{queue_id}/after")
    screen.sees("Nobody was helped in this time")
    library.tickets(queue_id, 3)
    for _ in range(3):
        library.press(professor, queue_id)
    screen.press("7 days").sees("How long people waited", "By hour", "By group", "Who helped")
    page = screen.page
    screen.sees("How good they are is not known yet.")
    page.get_by_text("Table").first.click()
    expect(page.get_by_role("region", name="How long people waited, table")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    name = download.value.suggested_filename
    assert re.fullmatch(r"Looked-back-on-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv", name)
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 4


def test_a_long_line_at_every_size(
    library: Library, helm: Callable[..., Helm], professor: Actor
) -> None:
    """The button is in reach while the line is scrolled, the page ends where its content does, and
    on a phone all controls are one tap away."""
    queue_id = library.queue()
    library.tickets(queue_id, 56)
    desk = helm(professor, queue_id, viewport=LAPTOP).helps(1)
    page = desk.page
    expect(page.locator(".in-line")).to_have_count(55)
    below = "document.documentElement.scrollHeight - document.querySelector('main').offsetHeight"
    for helped, size in enumerate((LAPTOP, {"width": 1440, "height": 900}, PROJECTOR, PHONE), 1):
        page.set_viewport_size(size)  # pyright: ignore[reportArgumentType]
        desk.helps(helped)
        assert page.evaluate(below) < 300, size
        page.screenshot()
        desk.row(30).scroll_into_view_if_needed()
        expect(desk.big).to_be_in_viewport()
        desk.settles().key("Space").helps(helped + 1)
    desk.row(30).scroll_into_view_if_needed()
    page.get_by_role("link", name="Controls").click()
    for name in ("Take a break", "Open"):
        expect(desk.screen.button(name, exact=True)).to_be_in_viewport(ratio=1)
    desk.screen.press("Take a break")
    expect(desk.screen.button("End the break")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_role("link", name="Controls")).to_be_hidden()


def test_a_professor_who_signs_in_lands_on_the_queues(library: Library, desktop: NewScreen) -> None:
    from locker_app.db.tables import staff
    from tests.world import PASSWORD

    who = library.staff(Role.PROFESSOR)
    screen = desktop().open("/staff/sign-in")
    assert who.id is not None
    screen.page.get_by_label("Name").fill(library.row(staff, who.id).login)
    screen.page.get_by_label("Password").fill(PASSWORD)
    screen.press("Sign in")
    screen.page.wait_for_url("**/staff/queues")
    menu = screen.page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Queues")).to_be_visible()
    expect(menu.get_by_role("link", name="Board")).to_have_count(0)
