"""People, by clicks: found, added, changed, archived, erased, and many at once from a file."""

import re

from playwright.sync_api import Download, expect
from sqlalchemy import update

from locker_app.db.tables import event, people_import, person
from locker_app.domain.actors import SYSTEM, Actor, ActorKind
from locker_app.domain.people import ERASED_NAME
from locker_app.services.people import add_person
from tests.browser import DESKTOP, PHONE
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen, Troubles

MIXED = """Matrikelnummer;Name;Barrierefrei
{0}1;Zoë Müller;ja
{0}2;Grünwald, Jörg;nein
{0}1;Zoë Müller noch einmal;
{0}3;=HYPERLINK("http://example.org");
{0}4;"Straße; Kai";
"""


def fits(screen: Screen) -> None:
    """Nothing stands outside of the screen, be it a phone's or a laptop's."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    own = screen.page.viewport_size
    assert own is not None
    other = DESKTOP if own == PHONE["viewport"] else PHONE
    assert screen.page.evaluate(wide) <= 0
    screen.page.set_viewport_size(other["viewport"])
    assert screen.page.evaluate(wide) <= 0
    screen.page.set_viewport_size(own)


def saved(download: Download) -> str:
    """What is in a file that was downloaded."""
    return download.path().read_text("utf-8-sig")


def test_somebody_comes_is_changed_and_goes(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank()
    number = f"ZZ{library.mark()}"
    screen = phone(library.staff()).open("/staff/people")
    screen.page.get_by_text("Add a person").click()
    screen.page.get_by_label("Enrolment number", exact=True).fill("?")
    screen.press("Add this person").sees_refusal("Enter a name.")
    screen.page.get_by_label("Enrolment number", exact=True).fill(number.lower())
    screen.page.get_by_label("Name", exact=True).press_sequentially("x" * 201, delay=0)
    screen.press("Add this person").sees_refusal("A name has up to 200 characters.")
    screen.page.get_by_label("Name", exact=True).fill("Zenobia  Fairweather")
    screen.press("Add this person").page.wait_for_url(re.compile(r"/people/\d+$"))
    person_id = int(screen.page.url.rpartition("/")[2])
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Zenobia Fairweather")
    screen.sees("none yet", "Nothing just now.")
    fits(screen)

    screen.open("/staff/people").page.get_by_role("searchbox").fill("fairw")
    found = screen.page.get_by_role("list", name="People").get_by_role("link")
    expect(found.filter(has_text=number)).to_be_visible()
    fits(screen)
    screen.page.get_by_role("searchbox").fill("nobody is called that")
    screen.sees("Nobody is found")
    screen.page.get_by_role("searchbox").fill(number)
    expect(found).to_have_count(1)
    found.click()
    screen.page.wait_for_url("**/staff/people/*")
    screen.page.go_back()
    expect(screen.page.get_by_role("searchbox")).to_have_value(number)
    expect(found).to_have_count(1)
    found.click()

    whose = Actor(ActorKind.PERSON, person_id)
    library.take(whose, bank_id)
    screen.sees("Locker A1")
    student = phone(whose).open("/me").sees("Zenobia Fairweather")
    screen.press("Change…")
    screen.dialog.get_by_label("Name", exact=True).fill("Zenobia Quill")
    screen.press("Keep this")
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Zenobia Quill")
    student.sees("Zenobia Quill")

    screen.press("Reset the PIN…")
    screen.dialog.get_by_role("button", name="Reset the PIN").click()
    screen.sees_refusal("Please give a reason")
    screen.dialog.get_by_label("Reason").fill("forgotten, showed the card")
    screen.dialog.get_by_role("button", name="Reset the PIN").click()
    screen.sees("The PIN is reset.")
    student.sees("You are not signed in.")

    with screen.page.expect_download() as download:
        screen.page.get_by_role("link", name="All that is known").click()
    assert number in saved(download.value)
    screen.press("Archive…")
    screen.dialog.get_by_role("button", name="Archive").click()
    screen.sees_refusal("This person still has A1.")
    screen.dialog.get_by_label("Reason").fill("has left")
    screen.dialog.get_by_role("button", name="Archive").click()
    screen.sees("In the archive since").sees_no("Locker A1")
    assert person_id not in {claim.person_id for claim in library.open_claims()}
    screen.press("Back from the archive").button("Archive…").wait_for()

    screen.press("Erase…")
    screen.dialog.get_by_label("Their enrolment number").fill("another one")
    screen.press("Erase for good").sees_refusal(f"Type {number}")
    screen.dialog.get_by_label("Their enrolment number").fill(number.lower())
    screen.press("Erase for good").sees("There is nobody at this address")
    assert library.row(person, person_id).name == ERASED_NAME
    screen.open("/staff/people").page.get_by_role("searchbox").fill(number)
    screen.sees("Nobody is found")


def test_the_list_is_live_filtered_and_in_pages(library: Library, desktop: NewScreen) -> None:
    screen = desktop(library.staff()).open("/staff/people?text=PG")
    screen.sees("Nobody is found")
    for n in range(51):
        library.run(SYSTEM, add_person, number=f"PG{n:03}", name=f"Pageant {n:03}")
    rows = screen.page.get_by_role("list", name="People").get_by_role("link")
    expect(rows).to_have_count(50)
    screen.page.get_by_role("link", name="Further").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Pageant 050")
    library.change(update(person).where(person.c.number == "PG000").values(pin_hash="x"))
    screen.page.get_by_role("link", name="Without a PIN").click()
    expect(rows.first).to_contain_text("PG001")
    screen.page.get_by_role("link", name="Archive", exact=True).click()
    screen.sees("Nobody is found")


def send(screen: Screen, text: str | bytes, name: str = "students.csv") -> int:
    """Send a file; the import's id."""
    data = text.encode() if isinstance(text, str) else text
    screen.open("/staff/people/import").page.get_by_label("A file of people").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": data}
    )
    screen.press("Send")
    screen.page.wait_for_url(re.compile(r"/import/\d+$"))
    return int(screen.page.url.rpartition("/")[2])


def test_a_file_is_looked_through_then_all_are_there(
    library: Library, desktop: NewScreen, troubles: Troubles
) -> None:
    key = f"IM{library.mark()}X"
    data = MIXED.format(key).encode("cp1252")  # tests of the services read the other encodings
    screen = desktop(library.staff())
    screen.open("/staff/people/import").press("Send").sees_refusal("Choose a file first.")
    screen.page.get_by_label("A file of people").set_input_files(
        {"name": "picture.csv", "mimeType": "text/csv", "buffer": b"PK\x03\x04 no text"}
    )
    troubles.allow("422")
    screen.press("Send").sees_refusal("This is no text file.")
    import_id = send(screen, data)
    status = screen.page.get_by_test_id("status")
    expect(status).to_have_text("to be confirmed")
    screen.sees("2 wrong", "The same number is on line 2 already.", "as a formula does.")
    fits(screen)
    screen.reload().sees("2 wrong").press("3 new").sees("Zoë Müller", "Grünwald, Jörg")
    with screen.page.expect_download() as download:
        screen.press("What is wrong, as CSV")
    assert "'=HYPERLINK" in saved(download.value)

    screen.page.get_by_text("Columns and letters").click()
    screen.page.get_by_label("Name", exact=True).select_option("in no column")
    screen.press("Read it so").sees_refusal("Choose the column that has the name.")
    screen.page.get_by_label("Name", exact=True).select_option("Name")
    between = screen.page.get_by_label("Between the cells stands")
    expect(between).to_have_value("semicolon")
    between.select_option("a comma")
    screen.press("Read it so").sees("5 wrong", "There is nothing in it")
    between.select_option("a semicolon")
    screen.page.get_by_label("Accessible height").select_option("in no column")
    screen.press("Read it so").button("Import only the 3 that are right").wait_for()
    assert library.rows(person, number=f"{key}1") == []
    screen.press("Import only the 3 that are right")
    expect(screen.page.get_by_test_id("done")).to_have_text(
        "3 added, 0 changed, 0 as they were, 2 left out."
    )
    assert library.row(people_import, import_id).status == "done"
    screen.open("/staff/people").page.get_by_role("searchbox").fill("straße")
    screen.sees(f"{key}4")
    (kai,) = library.rows(person, number=f"{key}4")
    assert (kai.name, kai.accessible) == ("Straße; Kai", False)
    screen.open("/staff/people/import").sees("3 added, 0 changed, 2 left out")


def test_two_at_once(library: Library, desktop: NewScreen, phone: NewScreen, hold_back) -> None:
    """Another file while one is worked on, and two who confirm the same one."""
    key = f"TW{library.mark()}X"
    pins = "number,name,pin\n" + "".join(f"{key}{n},Tweedle {n},{n}5283\n" for n in range(60))
    one, other = desktop(library.staff()), phone(library.staff())
    held = hold_back(other)
    import_id = send(one, pins)
    one.button("Import 60 people").wait_for()
    other.open(f"/staff/people/import/{import_id}").button("Import 60 people").wait_for()
    held.begin()
    one.press("Import 60 people").sees("Making PINs unreadable")
    progress = one.page.get_by_test_id("progress")
    expect(progress).to_have_text(re.compile("[1-9][0-9]? of 60"))
    other.press("Import 60 people")
    held.end()
    other.sees_refusal("This import has moved on meanwhile.")
    second = send(other, f"number,name\n{key}A,Alice\n")
    expect(other.page.get_by_test_id("status")).to_have_text(re.compile("being read|confirmed"))
    expect(one.page.get_by_test_id("done")).to_contain_text("60 added")
    other.button("Import 1 person").wait_for()
    other.press("Discard the file").sees("It was discarded, and nobody was changed.")
    assert library.row(people_import, second).status == "discarded"
    assert len(library.rows(event, kind="PeopleImported")) >= 1
    assert library.rows(person, number=f"{key}A") == []
