"""Set-up, staff accounts and sheets, by clicks, some on a phone and some on a laptop: what is
changed is live on all screens, and what would strand somebody is refused."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect
from sqlalchemy import update

from locker_app.db.tables import bank, queue, staff
from locker_app.domain.actors import Actor
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen
from tests.world import PASSWORD


def fill(screen: Screen, **fields: str) -> Screen:
    """Type into the fields with these ids."""
    for name, text in fields.items():
        screen.page.locator(f"#{name}").fill(text)
    return screen


def test_a_place_from_nothing(library: Library, phone: NewScreen) -> None:
    admin, student = library.staff(), library.person()
    named = f"Pool {student.id}"
    screen = phone(admin).open("/staff/setup")
    screen.page.get_by_text("Set up a site").click()
    fill(screen, name=named, time_zone="Berlin").press("Set it up")
    screen.sees_refusal("Write a time zone like")
    fill(screen, time_zone="Europe/Berlin").press("Set it up")
    screen.page.get_by_role("heading", name=named, level=1).wait_for()
    site_id = int(screen.page.url.rpartition("/")[2])
    screen.page.get_by_text("Set up a bank", exact=True).click()
    fill(screen, bank_name="Hall", prefix="H", numbers="1-x").press("Set it up")
    screen.sees_refusal("can't be read")
    fill(screen, numbers="1-20", accessible="1-4").press("Set it up")
    screen.page.get_by_test_id("stands").filter(has_text="20 doors, 0 taken").wait_for()
    bank_id = int(screen.page.url.rpartition("/")[2])

    watching = phone(student).open(f"/lockers/{bank_id}").sees("20 of 20 free")
    board = phone(admin).open(f"/staff?site={site_id}").sees("Hall")
    watching.press("Get a locker")
    expect(watching.number).to_have_text("H1")
    screen.page.get_by_test_id("stands").filter(has_text="1 taken (number 1)").wait_for()

    # its doors: more, then fewer, but not the one that somebody has
    fill(screen, numbers="1-60").press("Keep these doors").sees("40 added")
    expect(board.doors).to_have_count(60)
    fill(screen, numbers="2-30").press("Keep these doors").sees_refusal("1 door is held")
    board.door(60).click()
    expect(board.panel).to_contain_text("Locker H60")
    fill(screen, numbers="1-3").press("Keep these doors").sees("57 removed")
    expect(board.doors).to_have_count(3)
    expect(board.panel).to_contain_text("not there any more")
    board.panel.get_by_role("button", name="Close").click()

    # its numbers, its prefix: what stands on a door that somebody has stays
    screen.page.get_by_label("The first door is number").fill("101")
    screen.press("Number them anew").sees_refusal("H1")
    fill(screen, name="Great hall", prefix="G").press("Keep these settings").sees_refusal("H1")
    fill(screen, prefix="H", limit_minutes="90").press("Keep these settings")
    screen.sees("The settings are kept.")
    tabs = board.page.get_by_role("navigation", name="Banks")
    expect(tabs).to_contain_text("Great hall 2/3")
    watching.press("Give it back").sees("3 of 3 free")
    screen.press("Number them anew").sees("The doors are numbered anew.")
    expect(board.doors.first).to_have_text("101")
    expect(watching.doors.first).to_contain_text("101")

    # out of use and back
    screen.press("Archive this bank…").press("Archive", exact=True).sees("This bank is archived")
    watching.sees("There are no lockers at this address")
    expect(board.doors).to_have_count(0)
    screen.press("Take it back into use").sees("3 doors, 0 taken")
    expect(board.doors).to_have_count(3)

    # the site: its hours close it for all, at once
    screen.open(f"/staff/setup/{site_id}").page.get_by_label("Monday").fill("late")
    screen.press("Keep these settings").sees_refusal("can't be read")
    minute = "03:00-03:01"  # of the week, which it is hardly just now
    fill(screen, hours_0="", hours_6=minute).press("Keep these settings")
    screen.sees("The settings are kept.")
    watching.open(f"/lockers/{bank_id}")
    expect(watching.page.get_by_test_id("closed")).to_contain_text("Closed now")
    expect(watching.button("Get a locker")).to_have_count(0)
    fill(screen, hours_6="").press("Keep these settings")
    watching.button("Get a locker").wait_for()
    watching.press("Get a locker")
    screen.press("Archive this site…").press("Archive", exact=True).sees_refusal("H101")
    screen.press("Keep it in use")
    expect(screen.dialog).to_have_count(0)


def test_somebody_is_invited_and_comes_and_goes(
    library: Library, desktop: NewScreen, phone: NewScreen
) -> None:
    admin = library.staff()
    screen = desktop(admin).open("/staff/accounts")
    login = f"ada{library.person().id}"
    screen.press("Invite somebody…")
    screen.dialog.get_by_label("Name", exact=True).fill(login.title())
    screen.dialog.get_by_label("Sign-in name").fill(login)
    screen.press("Make the account and a link").sees_refusal("Choose at least one role")
    screen.dialog.get_by_role("group", name="All sites").get_by_label("admin").check()
    screen.press("Make the account and a link")
    link = screen.dialog.get_by_label("The link")
    expect(link).to_have_value(re.compile("/invite/[0-9a-f]{64}$"))
    path = "/invite/" + link.input_value().rpartition("/")[2]
    screen.press("Done")

    guest = phone().open(path).sees(login)
    fill(guest, password="a good password", again="another password")
    guest.press("Choose it and sign in").sees_refusal("not the same")
    fill(guest, password="a good password", again="a good password")
    guest.press("Choose it and sign in").page.wait_for_url("**/staff")
    guest.is_live()
    phone().open(path).sees("This link works no more")

    # another role ends what the old one opened, at once
    guest.open("/staff/setup").sees("Set up a site")
    screen.press(f"Change {login.title()}")
    everywhere = screen.dialog.get_by_role("group", name="All sites")
    everywhere.get_by_label("admin").uncheck()
    everywhere.get_by_label("viewer").check()
    with guest.page.expect_event("load"):  # it begins anew, with what it may still show
        screen.press("Keep this").sees("The account is kept.")
    guest.is_live().sees("This page is for staff")
    guest.open("/staff/sign-in")
    fill(guest, login=login, password="a good password").press("Sign in").is_live()
    guest.open("/staff/setup").sees("This page is not for your account")

    # the last admin stays one
    with only_admin(library, admin):
        mine = screen.page.get_by_test_id("account").filter(has_text=library_login(library, admin))
        mine.get_by_role("button", name=re.compile("^Change")).click()
        everywhere.get_by_label("admin").uncheck()
        everywhere.get_by_label("viewer").check()
        screen.press("Keep this").sees_refusal("last admin")
        screen.press("Leave it")
        mine.get_by_role("button", name=re.compile("^Disable")).click()
        screen.press("Disable the account").sees_refusal("last admin")
        screen.press("Leave it enabled")

    screen.press(f"Disable {login.title()}")
    with guest.page.expect_event("load"):
        screen.press("Disable the account").sees("The account is disabled.")
    guest.open("/staff/sign-in")
    fill(guest, login=login, password="a good password").press("Sign in")
    guest.sees_refusal("Wrong name or password")


@contextmanager
def only_admin(library: Library, admin: Actor) -> Iterator[None]:
    """As long as this lasts, all other accounts are disabled."""
    at = library.clock.now
    others = (staff.c.id != admin.id) & staff.c.disabled_at.is_(None)
    library.change(update(staff).where(others).values(disabled_at=at))
    yield
    library.change(update(staff).where(staff.c.disabled_at == at).values(disabled_at=None))


def library_login(library: Library, who: Actor) -> str:
    """What this member of staff signs in with."""
    assert who.id is not None
    return library.row(staff, who.id).login


def test_ones_own_account(library: Library, desktop: NewScreen, phone: NewScreen) -> None:
    who = library.staff()
    login = library_login(library, who)
    elsewhere = phone(who).open("/staff/account").sees("Signed in as")
    screen = desktop().open("/staff/sign-in")
    fill(screen, login=login, password=PASSWORD).press("Sign in").page.wait_for_url("**/staff")
    screen.open("/staff/account").sees("Last sign-ins", "from 127.0.0.1")
    new = "a password of my own"
    fill(screen, old="not this one", password=new, again=new).press("Change it")
    screen.sees_refusal("The old password is not right")
    fill(screen, old=PASSWORD, password=new, again=new).press("Change it")
    screen.sees_refusal("Your password is changed").sees("Signed in as")
    elsewhere.page.get_by_role("link", name="Sign in").first.wait_for()
    second = phone().open("/staff/sign-in")
    fill(second, login=login, password=new).press("Sign in").page.wait_for_url("**/staff")
    screen.press("Sign out on all devices").page.wait_for_url(re.compile("/$"))
    second.sees("This page is for staff")


def test_codes_on_paper_lead_to_what_they_stand_for(
    library: Library, desktop: NewScreen, phone: NewScreen
) -> None:
    site_id = library.site()
    long = {"name": "W" * 60, "place": "W" * 100}
    banks = [library.bank(site_id, count=2, name=f"Hall {n}") for n in range(8)]
    banks.append(library.bank(site_id, count=2, **long))
    queue_id = library.queue(site_id, **long)
    screen = desktop(library.staff()).open(f"/staff/setup/{site_id}")
    screen.page.get_by_role("link", name="QR codes to print").click()
    page, row = screen.page, library.row(bank, banks[0])
    sheets = page.locator(".sheet")
    expect(sheets).to_have_count(10)
    first = page.get_by_label(f"Sheet for {row.name}", exact=True)
    expect(first).to_contain_text(f"/go/{row.code}")
    sizes = [("One on a page", "page", 10), ("Two on a page", "post", 5)]
    sizes.append(("Eight on a page", "door", 2))
    too_much = "e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1"
    own_size = page.viewport_size
    assert own_size is not None
    for choice, size, pages in sizes:
        screen.press(choice)
        expect(page.locator(".sheets")).to_have_attribute("data-size", size)
        for paper in ("A4", "Letter"):
            printed = page.pdf(format=paper)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == pages, (paper, choice)
        page.set_viewport_size({"width": 688, "height": 1000})  # A4 less its margins
        page.emulate_media(media="print")
        expect(page.locator(".side")).to_be_hidden()
        for n in (0, 8, 9):
            assert not sheets.nth(n).evaluate(too_much), (choice, n)
        page.emulate_media(media="null")  # as it was: pdf() prints for paper
        page.set_viewport_size(own_size)
    page.get_by_text("Which ones").click()
    page.get_by_label(row.name, exact=True).click()  # it is the server that unticks it
    expect(first).to_have_count(0)
    camera = phone().open(f"/go/{row.code.lower()}")
    camera.page.wait_for_url(f"**/lockers/{banks[0]}")
    code = library.row(queue, queue_id).code
    camera.open(f"/go/{code}").page.wait_for_url(f"**/q/{code}")
    camera.open("/go/nothing").sees("Nothing has this code")
