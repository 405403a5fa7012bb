"""Every page in each of its states: axe in both themes, what is to be tapped, narrow screens,
large text, no motion."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from locker_app.db.tables import person
from locker_app.domain.actors import Role
from locker_app.services.doors import note_locker
from locker_app.services.lockers import take_out_of_service
from locker_app.services.queues import announce
from locker_app.services.secrets import hash_secret
from locker_app.services.tickets import join_queue
from tests.e2e.conftest import NewScreen
from tests.e2e.inspection import Inspector
from tests.e2e.library import Library
from tests.e2e.screens import Troubles


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """Fails the test when anything was found on any page."""
    made = Inspector()
    yield made
    assert not made.found, "\n".join(made.found)


def test_pages_of_a_visitor(
    library: Library, desktop: NewScreen, inspector: Inspector, troubles: Troubles
) -> None:
    bank_id, new, known = library.bank(accessible=1), library.person(), library.person()
    whose = update(person).where(person.c.id == known.id)
    library.change(whose.values(pin_hash=hash_secret("2580")))
    screen = desktop()
    page = screen.page

    def look(name: str) -> None:
        inspector.inspect(page, name)

    screen.open("/")
    look("home")
    screen.open(f"/lockers/{bank_id}")
    expect(screen.doors).to_have_count(3)
    look("bank, nobody")
    screen.open("/lockers/999999").sees("There are no lockers at this address")
    look("bank that is not there")
    screen.open("/sign-in")
    look("sign in, number")
    page.get_by_label("Enrolment number").fill("XX1")
    screen.press("Continue").sees_refusal("not known here")
    look("sign in, number refused")
    page.get_by_label("Enrolment number").fill(library.number(new))
    screen.press("Continue").button("Choose this PIN").wait_for()
    look("sign in, choose a PIN")
    screen.press("Change")
    page.get_by_label("Enrolment number").fill(library.number(known))
    screen.press("Continue")
    page.get_by_label("Your PIN").fill("1111")
    screen.press("Sign in").sees_refusal("Wrong PIN").is_live()
    look("sign in, wrong PIN")
    screen.open("/me").sees("You are not signed in")
    look("account, nobody")
    screen.open("/staff/sign-in?refused=wrong_password").sees_refusal("Wrong name or password")
    look("staff sign in, refused")
    screen.open("/staff").sees("This page is for staff")
    look("board, nobody")
    troubles.allow("404")
    screen.page.goto("/nowhere/at/all")
    screen.page.get_by_role("heading", level=1).wait_for()
    look("an address that leads nowhere")


def test_pages_of_a_student(
    library: Library, desktop: NewScreen, inspector: Inspector, troubles: Troubles
) -> None:
    site_id = library.site()
    limited = library.bank(site_id, count=12, accessible=2, limit_minutes=60)
    full = library.bank(site_id, count=1)
    ((holder, taken),) = library.fill(full)
    student = library.person()
    screen = desktop(student)

    def look(name: str) -> None:
        inspector.inspect(screen.page, name)

    screen.open(f"/lockers/{limited}").button("Get a locker").wait_for()
    look("bank, free")
    screen.open(f"/lockers/{full}").press("Join the waiting list")
    expect(screen.place).to_have_text("1")
    look("bank, waiting, and a notice")
    screen.open(f"/lockers/{limited}").sees("You are waiting for a locker in")
    look("bank, waiting elsewhere")
    library.give_back(holder, taken)
    screen.open(f"/lockers/{full}")
    expect(screen.held).to_have_text("A1")
    look("bank, held for one")
    screen.press("Let it go").button("Get a locker").wait_for()
    library.take(student, limited)
    screen.open("/").sees("Yours")
    look("home, with a locker")
    screen.open(f"/lockers/{full}").sees("is yours")
    look("bank, with a locker elsewhere")
    screen.open(f"/lockers/{limited}")
    expect(screen.number).to_have_text("A1")
    look("bank, one's own")
    library.is_due(student, "remind_at")
    screen.page.locator(".box").wait_for()
    look("bank, reminded")
    library.is_due(student, "due_at")
    screen.sees("overdue", "Please give it back")
    look("bank, overdue")
    troubles.allow("net::ERR_INTERNET_DISCONNECTED")
    screen.page.context.set_offline(True)
    screen.sees("Reconnecting")
    look("bank, without a connection")
    screen.page.context.set_offline(False)
    screen.is_live().open("/me").sees(library.number(student))
    look("account")
    screen.open("/sign-in").sees("You are signed in as")
    look("sign in, when one is")


def test_pages_of_staff(library: Library, desktop: NewScreen, inspector: Inspector) -> None:
    bank_id, admin = library.bank(count=12, accessible=3, limit_minutes=60), library.staff()
    student, overdue = library.people(2)
    library.take(student, bank_id)
    library.take(overdue, bank_id)
    library.is_due(overdue, "due_at")
    library.run(admin, take_out_of_service, locker_id=library.door(bank_id, 4), reason="stuck")
    screen = desktop(admin)

    def look(name: str) -> None:
        inspector.inspect(screen.page, name)

    note = "belongs to " + "Llanfairpwllgwyngyll" * 4
    library.run(admin, note_locker, locker_id=library.door(bank_id, 5), note=note)
    screen.open(f"/staff/board/{bank_id}").sees(library.name(overdue))
    look("board")
    screen.press("List").sees(note)
    look("board, list")
    screen.press("List").door(7).click(modifiers=["Control"])
    screen.door(1).click(modifiers=["Control"])
    screen.sees("2 selected")
    look("board, selected")
    screen.press("Release 1").page.get_by_label("Reason").wait_for()
    look("board, reason for some")
    screen.press("Cancel").press("Clear")
    screen.page.set_viewport_size({"width": 1440, "height": 900})
    screen.press("A1, held")
    expect(screen.panel).to_contain_text(library.name(student))
    look("door")
    screen.press("Force release").page.get_by_label("Reason").wait_for()
    look("door, reason asked")
    screen.press("Release it").sees_refusal("Please give a reason")
    look("door, reason refused")
    screen.page.keyboard.press("Escape")
    screen.panel.get_by_role("button", name="Close").click()
    screen.press("A2, overdue").press("Give longer")
    look("door, how much longer")
    screen.page.keyboard.press("Escape")
    screen.panel.get_by_role("button", name="Close").click()
    screen.press("A4, out of service").button("Back in service").wait_for()
    look("door out of service")
    screen.panel.get_by_role("button", name="Close").click()
    screen.page.get_by_role("searchbox").fill("nobody is called that")
    screen.sees("No locker is like that.")
    look("board, nothing found")
    screen.open("/staff/account").sees("Signed in as")
    look("staff account")


def test_pages_that_look_back(library: Library, desktop: NewScreen, inspector: Inspector) -> None:
    bank_id = library.bank(count=3)
    for student in library.people(2):
        library.take(student, bank_id)
    screen = desktop(library.staff())

    def look(name: str) -> None:
        inspector.inspect(screen.page, name)

    site_id = library.site_of_bank(bank_id)  # elsewhere are the many rows of other tests
    screen.open(f"/staff/history?site={site_id}").page.get_by_role("row").nth(1).wait_for()
    look("history")
    screen.open("/staff/history?who=Nobody").sees("Nobody here is called")
    look("history, nobody meant")
    screen.open("/staff/history?refused=only&kind=PinReset").sees("Nothing like that happened")
    look("history, nothing found")
    screen.open(f"/staff/statistics?site={site_id}").sees("Lockers given: 2")
    for table in screen.page.get_by_text("Table", exact=True).all():
        table.click()
    look("statistics")
    screen.open(f"/staff/statistics?site={library.site()}&first=x").sees_refusal("check the days")
    look("statistics, days refused and nothing yet")


def test_pages_of_people(
    library: Library, desktop: NewScreen, inspector: Inspector, troubles: Troubles
) -> None:
    bank_id, admin, student = library.bank(), library.staff(), library.person()
    whose = update(person).where(person.c.id == student.id)
    library.change(whose.values(name="Llanfairpwllgwyngyll " * 4, pin_hash="x"))
    library.take(student, bank_id)
    screen = desktop(admin)
    page = screen.page

    def look(name: str) -> None:
        inspector.inspect(page, name)

    screen.open("/staff/people").page.get_by_text("Add a person").click()
    screen.press("Add this person").sees_refusal("Enter a name.")
    look("people, one refused")
    screen.open("/staff/people?text=nobody+is+called+that").sees("Nobody is found")
    look("people, nobody found")
    screen.open(f"/staff/people/{student.id}").sees("Locker A1", "What happened last")
    look("person")
    for button, words in (
        ("Change…", "Keep this"),
        ("Archive…", "come back"),
        ("Erase…", "Erase for good"),
    ):
        screen.press(button)
        expect(screen.dialog).to_contain_text(words)
        look(f"person, {button}")
        page.keyboard.press("Escape")
        expect(screen.dialog).to_have_count(0)
    screen.press("Reset the PIN…")
    screen.dialog.get_by_role("button", name="Reset the PIN").click()
    screen.sees_refusal("Please give a reason")
    look("person, reason refused")
    screen.open("/staff/people/999999").sees("There is nobody at this address")
    look("nobody there")
    screen.open("/staff/people/import").press("Send").sees_refusal("Choose a file first.")
    look("imports, one refused")
    text = "number,name\nAX1,Anna\nAX1,Anna\nAX2,=1+1\n"
    page.get_by_label("A file of people").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    screen.press("Send").sees("2 wrong").page.get_by_text("Columns and letters").click()
    look("import, to be confirmed")
    screen.press("Import only the one that is right").sees("1 added")
    look("import, done")
    screen.open("/staff/people/import").sees("1 added, 0 changed")
    look("imports")
    screen.open("/staff/people/import/99999").sees("There is no such import")
    look("no such import")
    desk = desktop(library.staff(Role.ADMIN, library.site()))
    desk.open("/staff/people").sees("Enter at least 3 letters")
    inspector.inspect(desk.page, "people, for the desk")


def test_pages_of_a_professor(library: Library, desktop: NewScreen, inspector: Inspector) -> None:
    site_id = library.site()
    queue_id, professor = library.queue(site_id), library.staff(Role.PROFESSOR, site_id)
    screen = desktop(professor)
    page = screen.page

    def look(name: str) -> None:
        inspector.inspect(page, name)

    screen.open("/staff/queues").sees("Set up a queue").page.get_by_text("Set up a queue").click()
    screen.press("Set it up").sees("Give the queue a name.")
    look("queues, one refused")
    screen.open(f"/staff/queues/{queue_id}").sees("Nobody is waiting")
    look("dashboard, nobody")
    student = library.person()
    library.tickets(queue_id, 3)
    library.run(student, join_queue, queue_id=queue_id, group="LAB 7", question="Why? " * 39)
    library.run(professor, announce, queue_id=queue_id, text="Bring your lab book. " * 5)
    library.press(professor, queue_id)
    screen.sees("LAB 7").page.get_by_text("Ended lately").click()
    look("dashboard")
    screen.press("Reset…")
    expect(screen.dialog).to_contain_text("lose their place")
    look("dashboard, reset asked")
    page.keyboard.press("Escape")
    page.locator(".in-line").last.get_by_role("button", name="Note").click()
    expect(screen.dialog).to_contain_text("LAB 7")
    look("dashboard, a note")
    page.keyboard.press("Escape")
    screen.open(f"/staff/queues/{queue_id}/settings").page.get_by_label("Steps back").fill("many")
    screen.press("Keep these settings").sees("Enter a whole number")
    look("settings, one refused")
    screen.open(f"/staff/queues/{queue_id}/after").sees("By group").page.get_by_text(
        "Table"
    ).first.click()
    look("after class")
    screen.open(f"/staff/queues/{library.queue()}").sees("There is no such queue")
    look("somebody else's queue")


def test_pages_of_an_admin(library: Library, desktop: NewScreen, inspector: Inspector) -> None:
    site_id = library.site()
    bank_id = library.bank(site_id, count=12, accessible=3)
    library.queue(site_id, name="Llanfairpwllgwyngyll" * 3)
    library.take(library.person(), bank_id)
    screen = desktop(library.staff())
    page = screen.page

    def look(name: str) -> None:
        inspector.inspect(page, name)

    screen.open("/staff/setup").sees("Set up a site").page.get_by_text("Set up a site").click()
    screen.press("Set it up").sees_refusal("Give the site a name")
    look("set-up, a site refused")
    screen.open(f"/staff/setup/{site_id}").sees("Banks of lockers")
    page.get_by_text("Set up a bank", exact=True).click()
    screen.press("Set it up").sees_refusal("A bank has at least one door")
    look("set-up of a site, a bank refused")
    screen.press("Archive this site…").press("Archive", exact=True).sees_refusal("A1")
    look("set-up of a site, archiving refused")
    screen.open(f"/staff/setup/bank/{bank_id}").page.get_by_text("Sizes").click()
    page.locator("#numbers").fill("1-x")
    screen.press("Keep these doors").sees_refusal("can't be read")
    look("set-up of a bank, doors refused")
    screen.open(f"/staff/sheets/{site_id}").sees("Get a locker here:").press("Two on a page")
    page.get_by_text("Which ones").click()
    look("sheets")
    screen.open("/staff/accounts").press("Invite somebody…")
    screen.press("Make the account and a link").sees_refusal("A login has")
    look("staff, an invitation refused")
    screen.dialog.get_by_label("Name", exact=True).fill("Ada Lovelace")
    screen.dialog.get_by_label("Sign-in name").fill(f"axe{site_id}")
    screen.dialog.get_by_role("group", name="All sites").get_by_label("viewer").check()
    screen.press("Make the account and a link")
    link = screen.dialog.get_by_label("The link")
    link.wait_for()
    look("staff, a link")
    path = "/invite/" + link.input_value().rpartition("/")[2]
    screen.press("Done").sees("Ada Lovelace")
    look("staff")
    screen.open("/staff/account?refused=wrong_password").sees_refusal("old password")
    look("staff account, a password refused")
    screen.open(path).sees("choose a password")
    look("invitation")
    screen.open("/invite/nobody").sees("This link works no more")
    look("invitation that is over")
    screen.open("/go/nothing").sees("Nothing has this code")
    look("a code of nothing")


def test_nothing_moves_for_who_wants_no_motion(library: Library, desktop: NewScreen) -> None:
    bank_id = library.bank()
    moving = "document.getAnimations().length"
    still = desktop(reduced_motion="reduce")
    still.page.route_web_socket("**/_event/**", lambda _socket: None)  # stays a skeleton
    still.page.goto(f"/lockers/{bank_id}")
    still.page.locator(".wait").first.wait_for()
    assert still.page.evaluate(moving) == 0
    usual = desktop()
    usual.page.route_web_socket("**/_event/**", lambda _socket: None)
    usual.page.goto(f"/lockers/{bank_id}")
    usual.page.locator(".wait").first.wait_for()
    assert usual.page.evaluate(moving) > 0
