"""A line for help on a student's phone: from the code on the wall to "done", and all between."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import update

from locker_app.db.tables import person, queue, ticket
from locker_app.domain.queues import QueueMode
from locker_app.services.desks import label_desk
from locker_app.services.queues import announce, pause, reset_queue, set_mode
from locker_app.services.secrets import hash_secret
from locker_app.services.serving import complete, no_show, remove
from locker_app.services.tickets import ask
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen, Troubles

SPIES = """() => {
  window.heard = {tones: 0, shakes: 0, notes: []};
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    window.heard.tones += 1;
    return make.call(this);
  };
  navigator.vibrate = () => { window.heard.shakes += 1; return true; };
  window.Notification = class {
    static permission = "default";
    static async requestPermission() { return (this.permission = "granted"); }
    constructor(title) { window.heard.notes.push(title); }
  };
}"""


def code_of(library: Library, queue_id: int) -> str:
    """What stands in the queue's short address."""
    return library.row(queue, queue_id).code


def number(screen: Screen) -> Locator:
    """The large number of one's own ticket."""
    return screen.page.get_by_test_id("my-number")


def ahead(screen: Screen) -> Locator:
    """How many are ahead."""
    return screen.page.get_by_test_id("ahead")


def verdict(screen: Screen) -> Locator:
    """How one's last ticket ended."""
    return screen.page.get_by_test_id("verdict")


def until(screen: Screen, script: str) -> None:
    """Wait until this is true in the page, whose policy lets nothing there evaluate it."""
    for _ in range(300):
        if screen.page.evaluate(script):
            return
        screen.page.wait_for_timeout(100)
    raise AssertionError(script)


def take(screen: Screen, group: str, **fields: str) -> Screen:
    """Fill in the form and take a ticket."""
    screen.page.get_by_label("Group number").fill(group)
    for label, text in fields.items():
        screen.page.get_by_label(label).fill(text)
    return screen.press("Take a ticket").is_live()


def test_from_the_code_on_the_wall_to_done(
    library: Library, phone: NewScreen, new_tab: Any
) -> None:
    queue_id, staff = library.queue(name="Optics", place="Room 7"), library.staff()
    library.tickets(queue_id, 3)
    mine = phone().open(f"/q/{code_of(library, queue_id).lower()}").sees("Optics", "Room 7")
    assert mine.page.get_by_label("Group number").get_attribute("inputmode") == "numeric"
    take(mine, "12", question="Why?")
    expect(number(mine)).to_have_text("4")
    assert number(mine).evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 72
    expect(ahead(mine)).to_have_text("2")
    expect(mine.page.get_by_test_id("now-serving")).to_have_text("1")
    mine.sees("Why?")
    expect(mine.page).to_have_title("2 ahead · number 4")
    (cookie,) = mine.page.context.cookies()
    assert cookie["httpOnly"]  # pyright: ignore[reportTypedDictNotRequiredAccess]

    mine.reload()
    tab = new_tab(mine.page.context).open(f"/q/{code_of(library, queue_id)}")
    for screen in (mine, tab):
        expect(number(screen)).to_have_text("4")
    stranger = phone().open(f"/q/{code_of(library, queue_id)}").sees("Take a ticket")
    expect(number(stranger)).to_have_count(0)

    library.run(staff, label_desk, queue_id=queue_id, label="Desk 3")
    library.press(staff, queue_id)
    expect(ahead(mine)).to_have_text("1")
    library.press(staff, queue_id)
    for screen in (mine, tab):
        screen.sees("You're next")
        expect(screen.page).to_have_title("● You're next · number 4")
    library.press(staff, queue_id)
    for screen in (mine, tab):
        screen.sees("It's your turn", "Desk 3")
        expect(screen.page).to_have_title("● Your turn · number 4")
    library.run(staff, complete, queue_id=queue_id)
    for screen in (mine, tab):
        expect(verdict(screen)).to_have_text("done")
        expect(screen.page).not_to_have_title(re.compile("4"))
    ended = mine.page.get_by_test_id("ended-number").locator("s")
    assert ended.evaluate("e => getComputedStyle(e).textDecorationLine") == "line-through"
    assert ended.evaluate("e => getComputedStyle(e).color") == "rgb(185, 28, 28)"
    stranger.sees("done")

    take(mine, "12")  # another, and now without loading the page anew
    for screen in (mine, tab):
        expect(number(screen)).to_have_text("5")
        expect(verdict(screen)).to_have_count(0)


def test_a_first_ticket_is_served_at_once_and_there_in_all_tabs(
    library: Library, phone: NewScreen, new_tab: Any
) -> None:
    """The browser has no session until then: tabs that were open before learn of it."""
    path = f"/q/{code_of(library, library.queue())}"
    first = phone().open(path).sees("it's your turn at once")
    tabs = [new_tab(first.page.context).open(where) for where in (path, "/")]
    tabs[0].button("Take a ticket").wait_for()
    take(first, "7").sees("It's your turn")
    expect(first.page).to_have_title("● Your turn · number 1")
    for screen in (first, tabs[0]):
        expect(number(screen)).to_have_text("1")
    tabs[1].sees("Yours")
    for screen in (first, *tabs):
        screen.page.evaluate("window.old = true")
    take(phone().open(path), "8")
    for screen in (first, *tabs):
        screen.is_live()
        assert screen.page.evaluate("window.old"), "nobody else's ticket loads a page anew"


@pytest.mark.usefixtures("whole_browser")
def test_it_is_heard_in_a_pocket(library: Library, phone: NewScreen) -> None:
    queue_id, staff = library.queue(), library.staff()
    library.tickets(queue_id, 2)
    screen = phone()
    screen.page.add_init_script(f"({SPIES})()")
    screen.open(f"/q/{code_of(library, queue_id)}")
    take(screen, "1")
    screen.press("Turn on alerts").sees("It rings and sends a notification")
    heard = screen.page.evaluate("window.heard")
    assert (heard["tones"] > 0, heard["notes"]) == (True, [])  # a try of the sound
    library.press(staff, queue_id)
    until(screen, "window.heard.notes.length === 1")
    library.press(staff, queue_id)
    until(screen, "window.heard.notes.length === 2")
    later = screen.page.evaluate("window.heard")
    assert later["notes"] == ["You're next: number 3.", "It's your turn: number 3."]
    assert later["tones"] > heard["tones"] + 4
    assert later["shakes"] > heard["shakes"]
    status = screen.page.locator("p.unseen[role=status]")
    expect(status).to_have_text("It's your turn: number 3.")
    rung = later["tones"]
    until(screen, f"window.heard.tones > {rung}")  # it goes on
    screen.page.mouse.click(5, 5)  # until somebody touches it
    rung = screen.page.evaluate("window.heard.tones")
    screen.page.wait_for_timeout(5000)
    assert screen.page.evaluate("window.heard.tones") == rung


def test_letting_one_by_asking_and_leaving(library: Library, phone: NewScreen) -> None:
    queue_id, staff = library.queue(steps_back=2), library.staff()
    library.tickets(queue_id, 2)
    screen = take(phone().open(f"/q/{code_of(library, queue_id)}"), "9")
    expect(number(screen)).to_have_text("3")
    expect(screen.button("Let the next one by")).to_be_disabled()  # nobody is there
    library.tickets(queue_id, 2)
    library.press(staff, queue_id)
    status = screen.page.locator("p.unseen[role=status]")
    expect(status).to_have_text("You're next: number 3.")
    screen.press("Let the next one by").sees("You let number 4 by", "(1 left)")
    expect(status).to_have_text("")  # nobody is said to be next who is not
    expect(ahead(screen)).to_have_text("1")
    screen.page.wait_for_timeout(800)  # for as long as a second press is taken for half of a double
    screen.press("Let the next one by").sees("You let number 5 by", "(0 left)")
    expect(screen.button("Let the next one by")).to_be_disabled()
    expect(ahead(screen)).to_have_text("2")

    screen.press("Add a question").page.get_by_label("Your question").fill("What is  light?")
    screen.press("Save")
    asked = screen.page.get_by_test_id("my-question")
    expect(asked).to_have_text("What is light?")
    screen.press("Edit your question").page.get_by_label("Your question").fill("")
    screen.page.keyboard.press("Enter")
    expect(asked).to_have_count(0)

    screen.press("Leave the line")
    expect(screen.dialog).to_contain_text("Your place is gone then")
    screen.press("Stay")
    expect(screen.dialog).to_have_count(0)
    expect(number(screen)).to_have_text("3")
    screen.press("Leave the line")
    screen.dialog.get_by_role("button", name="Leave the line").click()
    expect(verdict(screen)).to_have_text("left")
    expect(screen.page.get_by_label("Group number")).to_have_value("")


def test_refusals_stand_beside_the_field(library: Library, phone: NewScreen) -> None:
    queue_id = library.queue(groups="1-9, LAB A", room_pin="4711", tickets_per_person=1)
    screen = phone().open(f"/q/{code_of(library, queue_id)}").sees("1-9, LAB A")
    assert screen.page.get_by_label("Group number").get_attribute("inputmode") == "text"
    pin = {"Code of the room": "4711"}
    take(screen, "10", **pin).sees_refusal("not on the list")
    group = screen.page.get_by_label("Group number")
    expect(group).to_have_value("10")  # what was typed is not lost, and stands in no address
    assert "10" not in screen.page.url.partition("?")[2]
    expect(group).to_be_focused()
    take(screen, "lab a", **{"Code of the room": "0815"}).sees_refusal("not the code of the room")
    code = screen.page.get_by_label("Code of the room")
    expect(code).to_be_focused()
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(code).to_have_accessible_description(re.compile("not the code of the room"))
    expect(group).not_to_have_attribute("aria-invalid", "true")
    take(screen, "lab a", **pin)
    expect(number(screen)).to_have_text("1")
    other = phone(library.person()).open(f"/q/{code_of(library, queue_id)}")
    take(other, "10", **pin).sees_refusal("not on the list")  # with a session: no new page
    expect(other.page.get_by_label("Group number")).to_be_focused()
    take(other, "LAB A", **{"Code of the room": "0815"}).sees_refusal("not the code of the room")
    expect(other.page.get_by_label("Code of the room")).to_be_focused()
    take(other, "LAB A", **pin).sees_refusal("Your group is in line already, with number 1")
    expect(other.page.get_by_label("Group number")).to_be_focused()


def test_a_ticket_that_the_browser_lost_and_one_that_is_left(
    library: Library, phone: NewScreen
) -> None:
    queue_id, staff = library.queue(), library.staff()
    library.tickets(queue_id, 1)
    before = phone().open(f"/q/{code_of(library, queue_id)}")
    take(before, "12")
    expect(number(before)).to_have_text("2")
    screen = phone().open(f"/q/{code_of(library, queue_id)}")  # the same group, without its cookie
    take(screen, "12").sees_refusal("Your group is in line already, with number 2.")
    screen.sees_refusal("Ask the staff to remove it.")
    (lost,) = library.rows(ticket, queue_id=queue_id, number=2)
    library.run(staff, remove, ticket_id=lost.id)
    expect(verdict(before)).to_have_text("removed")
    take(screen, "12")
    expect(number(screen)).to_have_text("3")

    screen.press("Leave the line")
    expect(screen.dialog).to_be_visible()
    library.press(staff, queue_id)
    screen.sees("It's your turn")  # who wants to leave is told
    expect(screen.dialog).to_be_hidden()
    screen.press("Leave the line")  # even so
    screen.dialog.get_by_role("button", name="Leave the line").click()
    expect(verdict(screen)).to_have_text("left")


def test_a_line_that_takes_nobody(library: Library, phone: NewScreen) -> None:
    queue_id, staff = library.queue(), library.staff()
    library.tickets(queue_id, 1)
    inside, outside = (phone().open(f"/q/{code_of(library, queue_id)}") for _ in range(2))
    take(inside, "1")
    outside.page.get_by_label("Group number").fill("7")
    for mode, words in (
        (QueueMode.CLOSED, "The line is closed"),
        (QueueMode.DRAINING, "No more tickets"),
    ):
        library.run(staff, set_mode, queue_id=queue_id, mode=mode)
        outside.sees(words)
        expect(outside.button("Take a ticket")).to_have_count(0)
        expect(number(inside)).to_have_text("2")
        library.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.OPEN)
        outside.button("Take a ticket").wait_for()


def test_what_staff_say_a_break_and_a_full_line(library: Library, phone: NewScreen) -> None:
    queue_id, staff = library.queue(capacity=1), library.staff()
    library.tickets(queue_id, 1)
    screen = phone().open(f"/q/{code_of(library, queue_id)}")
    take(screen, "1")
    outside = phone().open(f"/q/{code_of(library, queue_id)}").sees("The line is full")
    library.run(staff, announce, queue_id=queue_id, text="Bring your table")
    library.run(staff, pause, queue_id=queue_id, paused=True)
    screen.sees("Bring your table", "You keep your place")
    library.run(staff, pause, queue_id=queue_id, paused=False)
    library.run(staff, announce, queue_id=queue_id, text="")
    screen.sees("You're next").sees_no("Bring your table", "You keep your place")
    library.press(staff, queue_id)
    outside.button("Take a ticket").wait_for()
    given = library.rows(ticket, queue_id=queue_id)[-1]
    library.run(staff, no_show, ticket_id=given.id)
    expect(verdict(screen)).to_have_text("missed")


def test_a_reset_says_so_and_what_can_be_done_now(library: Library, phone: NewScreen) -> None:
    queue_id, staff = library.queue(capacity=1), library.staff()
    library.tickets(queue_id, 1)
    screen = take(phone().open(f"/q/{code_of(library, queue_id)}"), "5")
    expect(number(screen)).to_have_text("2")
    library.run(staff, reset_queue, queue_id=queue_id)
    screen.sees("The line was reset")
    expect(verdict(screen)).to_have_text("cleared")
    expect(screen.page.get_by_label("Group number")).to_have_value("")
    take(screen, "5").sees("It's your turn")  # numbers begin at 1 again
    expect(number(screen)).to_have_text("1")

    library.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.CLOSED)
    library.run(staff, reset_queue, queue_id=queue_id)
    screen.sees("all tickets were cleared", "The line is closed").sees_no("Enter your group")
    library.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.OPEN)
    screen.sees("Enter your group to take a new one").button("Take a ticket").wait_for()
    library.tickets(queue_id, 2)
    screen.sees("The line is full").sees_no("Enter your group")


def test_signing_in_keeps_the_ticket_and_shows_it_on_every_device(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    queue_id, student = library.queue(), library.person()
    whose = update(person).where(person.c.id == student.id)
    library.change(whose.values(pin_hash=hash_secret("2580")))
    library.tickets(queue_id, 2)
    address = f"/q/{code_of(library, queue_id)}"
    screen = phone().open(address)
    take(screen, "8")
    expect(number(screen)).to_have_text("3")
    screen.page.goto(f"/sign-in?next={address}")
    screen.is_live().page.get_by_label("Enrolment number").fill(library.number(student))
    screen.press("Continue").page.get_by_label("Your PIN").fill("2580")
    screen.press("Sign in").page.wait_for_url(f"**{address}")
    expect(number(screen.is_live())).to_have_text("3")
    device = desktop(student).open("/").sees("Yours")
    device.page.get_by_test_id("my-ticket").click()
    expect(number(device)).to_have_text("3")
    library.press(library.staff(), queue_id)
    library.press(library.staff(), queue_id)
    for one in (screen, device):
        one.sees("It's your turn")


def test_a_line_for_people_who_are_signed_in(library: Library, phone: NewScreen) -> None:
    queue_id = library.queue(sign_in_needed=True)
    address = f"/q/{code_of(library, queue_id)}"
    nobody = phone().open(address)
    link = nobody.page.get_by_role("link", name="Sign in to take a ticket")
    expect(link).to_have_attribute("href", f"/sign-in?next={address}")
    somebody = phone(library.person()).open(address)
    take(somebody, "1").sees("It's your turn")
    phone(library.staff()).open(address).sees("You are signed in as staff")


def test_a_turn_that_came_while_the_phone_was_offline(
    library: Library, phone: NewScreen, troubles: Troubles
) -> None:
    troubles.allow("net::ERR_INTERNET_DISCONNECTED", "WebSocket connection to")
    troubles.allow("when fetching the script")  # of the service worker, looked for anew
    queue_id, staff = library.queue(), library.staff()
    library.tickets(queue_id, 1)
    screen = phone()
    screen.page.add_init_script(f"({SPIES})()")
    screen.open(f"/q/{code_of(library, queue_id)}")
    take(screen, "1").press("Turn on alerts")
    screen.page.context.set_offline(True)
    screen.sees("Reconnecting")
    expect(number(screen)).to_have_text("2")  # what was known stays
    library.press(staff, queue_id)
    screen.page.context.set_offline(False)
    screen.is_live().sees("It's your turn")
    until(screen, "window.heard.notes.length === 1")
    expect(screen.page).to_have_title("● Your turn · number 2")


def test_nothing_of_others_is_sent(library: Library, phone: NewScreen, desktop: NewScreen) -> None:
    queue_id, staff = library.queue(room_pin="SESAME9"), library.staff()
    address = f"/q/{code_of(library, queue_id)}"
    lookers = [
        phone().open(address),
        phone(library.person()).open(address),
        desktop().open(f"/queues/{queue_id}/display"),
        desktop().open("/"),
    ]
    secrets = ["SESAME9", "GORGON", "medusa"]
    for who in library.people(3):
        row = phone(who).open(address)
        take(row, f"GORGON {who.id}", **{"Code of the room": "sesame9"})
        expect(number(row)).to_be_visible()
        (given,) = library.rows(ticket, queue_id=queue_id, person_id=who.id)
        library.run(who, ask, ticket_id=given.id, question="where is medusa")
        secrets += [library.name(who), library.number(who)]
    library.press(staff, queue_id)
    for looker in lookers[:2]:
        expect(looker.page.get_by_label("The line, in the order").locator("li")).to_have_count(3)
    for looker in lookers:
        told = [*looker.frames, looker.page.content()]
        assert [secret for secret in secrets if any(secret in text for text in told)] == []


def test_without_a_mouse(library: Library, desktop: NewScreen) -> None:
    queue_id = library.queue()
    library.tickets(queue_id, 1)
    screen = desktop().open(f"/q/{code_of(library, queue_id)}")
    keys = screen.page.keyboard
    _tab_to(screen, screen.page.get_by_label("Group number"))
    keys.type("31")
    keys.press("Enter")
    expect(number(screen)).to_have_text("2")
    screen.is_live()
    _tab_to(screen, screen.button("Add a question"))
    keys.press("Enter")
    expect(screen.page.get_by_label("Your question")).to_be_focused()
    keys.type("Why?")
    keys.press("Enter")
    expect(screen.page.get_by_test_id("my-question")).to_have_text("Why?")
    _tab_to(screen, screen.button("Leave the line"))
    keys.press("Enter")
    expect(screen.dialog).to_be_visible()
    keys.press("Escape")
    expect(screen.page.locator("dialog button")).to_have_count(0)  # also by what the server knows
    keys.press("Enter")
    _tab_to(screen, screen.dialog.get_by_role("button", name="Leave the line"))
    keys.press("Enter")
    expect(verdict(screen)).to_have_text("left")


def _tab_to(screen: Screen, wanted: Locator) -> None:
    wanted.wait_for()
    for _ in range(40):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        screen.page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} was not reached by the keyboard")


def test_an_address_of_no_line(phone: NewScreen) -> None:
    screen = phone()
    for path in ("/q/ZZZZZZ", "/q/x'--"):
        screen.open(path).sees("There is no line at this address")


def test_the_home_page_says_how_busy_it_is(library: Library, desktop: NewScreen) -> None:
    site_id = library.site()
    queue_id = library.queue(site_id, name=f"Acoustics {site_id}")
    screen = desktop().open("/")
    card = screen.page.get_by_test_id("queue-card").filter(has_text=f"Acoustics {site_id}")
    expect(card).to_contain_text("nobody is here right now")
    library.tickets(queue_id, 3)
    expect(card).to_contain_text("2 waiting")
    library.run(library.staff(), set_mode, queue_id=queue_id, mode=QueueMode.CLOSED)
    expect(card).to_contain_text("closed")
    card.click()
    screen.sees("The line is closed")
