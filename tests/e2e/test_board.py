"""The board: staff see all doors, find one, step in at one or many, and are told the truth."""

import re

from playwright.sync_api import expect

from locker_app.domain.actors import SYSTEM, Actor, ActorKind
from locker_app.domain.doors import MAX_NOTE_LENGTH
from locker_app.services.banks import archive_bank, restore_bank
from locker_app.services.doors import note_locker
from locker_app.services.lockers import force_release
from locker_app.services.people import add_person
from locker_app.services.setup import BankPlan, create_bank
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library


def test_force_release_needs_a_reason_and_reaches_the_phone(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    bank_id, student = library.bank(count=2), library.person()
    library.take(student, bank_id)
    mine = phone(student).open(f"/lockers/{bank_id}")
    expect(mine.number).to_have_text("A1")
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    board.press("A1, held")
    expect(board.panel).to_contain_text(library.name(student))
    expect(board.panel).to_contain_text("No terminal opens this door")
    board.press("Force release").press("Release it")
    board.sees_refusal("Please give a reason")
    expect(mine.number).to_have_text("A1")
    board.press("Cancel").press("Force release")
    board.page.get_by_label("Reason").wait_for()
    expect(board.question.get_by_role("alert")).to_have_count(0)  # a new question: not refused yet
    board.page.get_by_label("Reason").fill("left over night")
    board.press("Release it")
    expect(mine.number).to_have_count(0)
    mine.sees("2 of 2 free")
    board.shows_door(1, "f")
    expect(board.question).to_have_count(0)
    expect(board.panel).to_contain_text("Nobody has this locker.")
    expect(board.panel).to_contain_text("left over night")
    said = board.panel.get_by_role("status").first
    expect(said).to_have_text("A1 released.")  # not that somebody else has changed it
    library.take(student, bank_id)
    expect(said).to_have_text("This locker has changed while you looked.")


def test_a_question_stays_true_while_its_door_changes_hands(
    library: Library, desktop: NewScreen
) -> None:
    bank_id = library.bank(count=1)
    before, after = library.people(2)
    taken = library.take(before, bank_id)
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}").press("A1, held")
    board.press("Force release")
    board.page.get_by_label("Reason").fill("has gone home")
    expect(board.question).to_contain_text(f"taken from {library.name(before)}")
    library.give_back(before, taken)
    expect(board.question).to_contain_text("Locker A1 has changed meanwhile. Now: free.")
    library.take(after, bank_id)
    expect(board.question).to_contain_text(f"Now: held, {library.name(after)}")
    # What was asked was about somebody else: nothing is done before it is asked anew.
    expect(board.button("Release it")).to_be_disabled()
    assert library.claim(after).released_at is None
    board.press("Ask about it as it is now")
    expect(board.question).to_contain_text(f"taken from {library.name(after)}")
    expect(board.page.get_by_label("Reason")).to_have_value("")
    board.page.set_viewport_size({"width": 390, "height": 844})  # it stays above all
    board.press("Cancel")
    expect(board.panel).to_contain_text("This locker has changed while you looked.")
    expect(board.panel).to_contain_text(library.name(after))
    assert board.panel.evaluate("element => element.matches(':modal')")


def test_two_admins_at_one_door(library: Library, desktop: NewScreen, hold_back) -> None:
    """The second has not seen yet what the first did, and is told."""
    bank_id = library.bank(count=1)
    before, after = library.people(2)
    taken = library.take(before, bank_id)
    board = desktop(library.staff())
    held = hold_back(board)
    board.open(f"/staff/board/{bank_id}").press("A1, held").press("Force release")
    board.page.get_by_label("Reason").fill("has gone home")
    held.begin()
    library.run(library.staff(), force_release, locker_id=taken.locker_id, reason="evening")
    library.take(after, bank_id)
    board.press("Release it")
    board.sees("0 of 1 done")
    held.end()
    board.sees_refusal("This locker has changed meanwhile, and nothing was done.")
    assert library.claim(after).released_at is None


def test_a_door_is_pressed_before_it_is_known_who_has_it(
    library: Library, desktop: NewScreen, hold_back
) -> None:
    """Doors come with their ids, so each opens as soon as it is there. Nothing is offered at it
    before it is known whose it is."""
    bank_id, student = library.bank(count=2), library.person()
    library.take(student, bank_id)
    board = desktop(library.staff())
    held = hold_back(board)
    held.begin(only="____holders")
    board.page.goto(f"/staff/board/{bank_id}")
    board.press("A1, held")
    expect(board.panel).to_contain_text(library.name(student))
    expect(board.panel.get_by_role("button", name="Force release")).to_have_count(0)
    expect(board.panel.get_by_role("button", name="Note on the door")).to_have_count(0)
    held.end()
    board.panel.get_by_role("button", name="Force release").click()
    expect(board.question).to_contain_text(f"taken from {library.name(student)}")


def test_out_of_service_and_back(library: Library, phone: NewScreen, desktop: NewScreen) -> None:
    bank_id = library.bank(count=2)
    student = phone(library.person()).open(f"/lockers/{bank_id}")
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}").press("A1, free")
    board.press("Out of service…").press("Take out of service")
    board.sees_refusal("Please give a reason")
    board.page.get_by_label("Reason").fill("the lock is stuck")
    board.press("Take out of service")
    expect(board.panel).to_contain_text("Out of service: the lock is stuck")
    board.shows_door(1, "x")
    student.shows_door(1, "x").sees("1 of 2 free").press("Get a locker")
    expect(student.number).to_have_text("A2")
    assert not [frame for frame in student.frames if "stuck" in frame]
    board.press("Back in service").press("Put it back")
    student.shows_door(1, "f")
    board.panel.get_by_role("button", name="Close").click()
    expect(board.panel).to_have_count(0)


def test_given_longer_the_phone_says_so(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    bank_id, student = library.bank(count=1, limit_minutes=60), library.person()
    library.take(student, bank_id)
    library.is_due(student, "due_at")
    mine = phone(student).open(f"/lockers/{bank_id}").shows_door(1, "o")
    board = phone(library.staff()).open(f"/staff/board/{bank_id}").press("A1, overdue")
    board.press("Give longer…")
    board.question.get_by_role("radio", name="2 h").check()
    board.question.get_by_role("button", name="Give longer").click()
    expect(board.question).to_have_count(0)
    mine.shows_door(1, "h")
    board.shows_door(1, "h")
    left = library.claim(student).due_at - library.clock.now
    assert 115 * 60 < left.total_seconds() <= 120 * 60


def test_a_hold_is_made_longer_and_ended(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    bank_id = library.bank(count=1)
    before, waiting = library.people(2)
    taken = library.take(before, bank_id)
    library.join(waiting, bank_id)
    library.give_back(before, taken)
    mine = phone(waiting).open(f"/lockers/{bank_id}")
    expect(mine.held).to_have_text("A1")
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    board.press("A1, held for someone").press("Give longer…")
    board.question.get_by_role("radio", name="30 min").check()
    board.question.get_by_role("button", name="Give longer").click()
    expect(board.question).to_have_count(0)
    left = library.claim(waiting).held_until - library.clock.now
    assert left.total_seconds() > 35 * 60
    board.press("End the hold")
    expect(board.question).to_contain_text(f"held for {library.name(waiting)} no longer")
    board.page.get_by_label("Reason").fill("did not come")
    board.press("End it")
    expect(mine.held).to_have_count(0)
    board.shows_door(1, "f")


def test_a_note_is_for_staff_alone_and_not_written_over(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    bank_id = library.bank(count=2)
    student = phone(library.person()).open(f"/lockers/{bank_id}")
    other = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}").press("A2, free")
    board.press("Note on the door").question.get_by_role("textbox").fill("key at the desk")
    board.press("Keep the note")
    expect(board.panel).to_contain_text("key at the desk")
    other.press("A2, free, with a note")
    expect(other.panel).to_contain_text("key at the desk")
    assert not [frame for frame in student.frames if "key at" in frame]
    board.press("Note on the door")
    note = board.question.get_by_role("textbox")
    expect(note).to_have_value("key at the desk")
    note.fill("key is lost")
    door = library.door(bank_id, 2)
    library.run(library.staff(), note_locker, locker_id=door, note="key is in the safe")
    expect(other.panel).to_contain_text("safe")
    board.press("Keep the note")
    board.sees_refusal("Somebody else has changed this note meanwhile.")
    expect(note).to_have_value("key is lost")
    library.run(library.staff(), note_locker, locker_id=door, note="x" * MAX_NOTE_LENGTH)
    expect(other.panel).to_contain_text("x" * MAX_NOTE_LENGTH)
    other.press("List")
    for width in (1440, 390):
        other.page.set_viewport_size({"width": width, "height": 844})
        for place in (other.panel, other.page.locator(".founds")):
            box = place.locator(".noted").bounding_box()
            assert box and box["height"] < 150 and box["x"] + box["width"] <= width
        expect(other.panel.get_by_role("button", name="Note on the door")).to_be_in_viewport()


def test_all_banks_of_a_site_found_and_filtered(library: Library, desktop: NewScreen) -> None:
    site = library.site()
    north = library.bank(site, count=30, name="North", prefix="N")
    library.bank(site, count=30, name="South", prefix="S")
    students = library.people(3)
    for who in students:
        library.take(who, north)
    board = desktop(library.staff(site_id=site)).open("/staff")
    expect(board.doors).to_have_count(60)
    lines = """door => { const all = document.createRange(); all.selectNodeContents(door);
        return all.getClientRects().length }"""
    assert board.door(30).evaluate(lines) == 1, "its number stands in one line"
    expect(board.chip("held").first).to_contain_text("3")
    find = board.page.get_by_role("searchbox")
    for text in (library.name(students[1]), library.number(students[1]).lower(), "N2 person"):
        find.fill(text)
        board.sees("1 of 60 lockers")
        expect(board.doors).to_have_count(1)
        expect(board.page.locator(".found")).to_contain_text(library.number(students[1]))
    find.fill("12")
    expect(board.doors).to_have_count(2)
    find.fill("nobody has this")
    board.sees("No locker is like that.")
    find.fill("")
    board.chip("held").first.click()
    expect(board.doors).to_have_count(3)
    board.sees("3 of 60 lockers")
    library.take(library.person(), north)  # and it is live
    expect(board.doors).to_have_count(4)
    board.press("List")
    board.sees(library.name(students[0]))
    board.page.get_by_role("link", name=re.compile("South")).click()
    board.sees("South")
    expect(board.doors).to_have_count(30)
    board.page.set_viewport_size({"width": 320, "height": 700})
    board.page.evaluate("document.documentElement.style.fontSize = '200%'")
    bar = board.page.get_by_role("navigation", name="Main").bounding_box()
    assert bar and bar["height"] < 700 / 4, "of a small screen with large text, most is the page's"
    expect(board.button("More")).to_be_in_viewport()
    board.page.get_by_role("link", name="All banks").click()
    expect(board.doors).to_have_count(60)
    each = """tab => { const walk = document.createTreeWalker(tab, NodeFilter.SHOW_TEXT);
        let lines = 0;
        while (walk.nextNode()) { const all = document.createRange();
            all.selectNodeContents(walk.currentNode); lines += all.getClientRects().length }
        return lines }"""
    for tab in board.page.get_by_role("navigation", name="Banks").get_by_role("link").all():
        assert tab.evaluate(each) <= len(tab.inner_text().split()), "a line is a word at least"


def test_enter_opens_whom_one_asked_for(library: Library, desktop: NewScreen) -> None:
    """A word is the beginning of one of the name or number. What is asked for exactly is first."""
    bank_id = library.bank(count=8)
    names = ("Ole Zero 07", "Zero 08", "Zero 0 Jones", "Anna-Lena Zero", "Zero 0", "Zoë Zero")
    for place, name in enumerate(names):
        number = f"Z{place}08"
        person_id = library.run(SYSTEM, add_person, number=number, name=name)
        library.take(Actor(ActorKind.PERSON, person_id), bank_id)
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    find = board.page.get_by_role("searchbox")
    for asked, opened, how_many in (
        ("zero 0", "Zero 0 Z408", 4),
        ("lena", "Anna-Lena Zero", 1),
        ("zoe", "Zoë Zero", 1),
        ("z208", "Zero 0 Jones", 1),
        ("A2", "Zero 08", 1),
        ("jones zero", "Zero 0 Jones", 1),
    ):
        find.fill(asked)
        board.sees(f"{how_many} of 8 lockers")
        find.press("Enter")
        expect(board.panel).to_contain_text(opened)
    find.fill("ero")
    board.sees("0 of 8 lockers")


def test_a_bank_that_is_set_up_appears(library: Library, desktop: NewScreen) -> None:
    site = library.site()
    admin = library.staff(site_id=site)
    board = desktop(admin).open("/staff")
    board.sees("No lockers have been set up yet")
    tabs = board.page.get_by_role("navigation", name="Banks").get_by_role("link")
    banks = []
    for number, name in enumerate(("First", "Second"), 1):
        plan = BankPlan(name=name, place="", prefix=name[0], count=4, accessible=0)
        banks.append(library.run(SYSTEM, create_bank, site_id=site, plan=plan))
        expect(board.doors).to_have_count(4 * number)
        expect(tabs.last).to_have_text(f"{name} 4/4")
    before = len(board.frames)
    taken = library.take(library.person(), banks[0])
    expect(tabs.nth(1)).to_have_text("First 3/4")
    board.sees("F1 got a locker")
    changed = "".join(board.frames[before:])
    named = set(re.findall(r'____(\w+)"', changed)) - {"pulse"}
    assert named == {"doors", "holders", "feed"}, "nothing of the other banks is sent"
    assert str(taken.locker_id) in changed
    library.run(admin, archive_bank, bank_id=banks[1])
    expect(tabs).to_have_text(["All banks", "First 3/4"])
    expect(board.doors).to_have_count(4)
    library.run(admin, restore_bank, bank_id=banks[1])
    expect(tabs).to_have_text(["All banks", "First 3/4", "Second 4/4"])
    tabs.nth(1).click()
    expect(board.doors).to_have_count(4)
    expect(tabs).to_have_text(["All banks", "First", "Second"])  # of others there are no doors


def test_many_at_once_say_what_became_of_each(
    library: Library, phone: NewScreen, desktop: NewScreen, hold_back
) -> None:
    bank_id = library.bank(count=40)
    people = library.people(35)
    taken = [library.take(who, bank_id) for who in people]
    mine = phone(people[0]).open(f"/lockers/{bank_id}")
    board = desktop(library.staff())
    held = hold_back(board)
    board.open(f"/staff/board/{bank_id}")
    board.door(1).click(modifiers=["Control"])
    board.door(38).click(modifiers=["Shift"])
    board.sees("38 selected")
    board.press("Release 35")
    expect(board.question).to_contain_text("35 lockers are taken from whoever has them")
    expect(board.question).to_contain_text("3 more that you selected are left out")
    board.page.get_by_label("Reason").fill("end of term")
    held.begin()
    library.give_back(people[3], taken[3])
    board.press("Release 35 lockers")
    held.end()
    expect(board.question).to_contain_text("Released: 34. Refused: 1.")
    expect(board.question).to_contain_text("A4 Nobody holds this locker right now.")
    expect(mine.number).to_have_count(0)
    board.question.get_by_role("button", name="Close").click()
    expect(board.chip("free").first).to_contain_text("40")
    assert library.doors(bank_id) == "f" * 40


def test_all_that_are_shown_are_selected(library: Library, phone: NewScreen) -> None:
    """On a phone: by a button, and taps select."""
    bank_id = library.bank(count=6)
    library.fill(bank_id)
    board = phone(library.staff()).open(f"/staff/board/{bank_id}")
    board.page.get_by_role("button", name="Select", exact=True).click()
    board.door(2).tap()
    board.sees("1 selected")
    expect(board.panel).to_have_count(0)
    board.press("All 6 shown").sees("6 selected")
    board.door(2).tap()
    board.sees("5 selected").press("Clear")
    board.door(2).tap()
    expect(board.panel).to_contain_text("Locker A2")
    assert board.panel.evaluate("element => element.matches(':modal')")
    board.page.keyboard.press("Escape")
    expect(board.panel).to_have_count(0)


def test_the_feed_and_the_past_of_a_door(library: Library, desktop: NewScreen) -> None:
    bank_id, student = library.bank(count=2), library.person()
    for _ in range(8):
        library.give_back(student, library.take(student, bank_id))
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    feed = board.page.get_by_role("region", name="Latest activity")
    expect(feed.get_by_role("listitem")).to_have_count(12)
    library.take(student, bank_id)
    expect(feed.get_by_role("listitem").first).to_contain_text("A1 got a locker")
    board.press("A1, held")
    past = board.panel.get_by_role("listitem")
    expect(past).to_have_count(10)
    board.press("Show older")
    expect(past).to_have_count(17)
    board.panel.get_by_text("That is all.").wait_for()
    board.press("A2, free")
    expect(past).to_have_count(0)


def test_a_site_is_chosen_when_there_are_several(library: Library, desktop: NewScreen) -> None:
    banks = [library.bank(count=n) for n in (3, 5)]
    sites = [library.site_of_bank(bank) for bank in banks]
    board = desktop(library.staff()).open("/staff")
    for site, count in zip(sites, (3, 5), strict=True):
        board.page.get_by_role("link", name=f"Library {site}", exact=True).click()
        expect(board.doors).to_have_count(count)
    board.reload()
    expect(board.doors).to_have_count(5)
