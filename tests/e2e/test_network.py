"""The network goes, the server dies: screens say so, keep what they show, and heal by themselves.

Nobody reloads anything in these tests.
"""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from locker_app.domain.actors import Actor
from locker_app.services.people import reset_pin
from tests import browser as chromium
from tests import running
from tests.e2e.conftest import NewScreen
from tests.e2e.library import SECRET_KEY, Library
from tests.e2e.proxy import Network, network
from tests.e2e.screens import Screen, Troubles
from tests.running import Server

AS_OF = re.compile(r"^Reconnecting.*as of \d\d:\d\d:\d\d$")

# Notes each moment in which something that was there is not.
WATCH = """selector => {
  window.missed = 0;
  const look = () => { if (!document.querySelector(selector)) window.missed += 1; };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
}"""


@pytest.fixture(autouse=True)
def _broken_connections_are_expected(troubles: Troubles) -> None:
    troubles.allow("WebSocket connection to", "net::ERR_")


@pytest.fixture
def line(server: Server) -> Iterator[Network]:
    """A network to the server that can fail."""
    with network(server.port) as made:
        yield made


def _is_lost(screen: Screen) -> None:
    mark = screen.page.locator(".freshness")
    expect(mark).to_have_attribute("data-state", "lost")
    expect(mark).to_have_text(AS_OF)


def _keeps(screen: Screen, test_id: str) -> None:
    """From now on this may never be missing, not for a moment."""
    screen.page.evaluate(WATCH, f'[data-testid="{test_id}"]')


def _has_kept(screen: Screen) -> None:
    assert screen.page.evaluate("window.missed") == 0


def test_a_phone_that_is_offline(library: Library, phone: NewScreen) -> None:
    bank_id, student = library.bank(count=3), library.person()
    library.take(student, bank_id)
    screen = phone(student).open(f"/lockers/{bank_id}")
    _keeps(screen, "my-locker")
    screen.page.context.set_offline(True)
    _is_lost(screen)
    expect(screen.number).to_have_text("A1")
    library.take(library.person(), bank_id)
    screen.page.context.set_offline(False)
    screen.is_live().shows_door(2, "h")
    expect(screen.number).to_have_text("A1")
    _has_kept(screen)


def test_a_network_that_goes_silent(library: Library, phone: NewScreen, line: Network) -> None:
    bank_id, student = library.bank(count=3), library.person()
    library.take(student, bank_id)
    screen = phone(student, base_url=line.url).open(f"/lockers/{bank_id}")
    _keeps(screen, "my-locker")
    line.silence()
    _is_lost(screen)
    expect(screen.number).to_have_text("A1")
    library.take(library.person(), bank_id)
    line.heal()
    screen.is_live().shows_door(2, "h")
    _has_kept(screen)


def test_a_network_that_breaks(
    library: Library, phone: NewScreen, desktop: NewScreen, line: Network
) -> None:
    bank_id, (student, other) = library.bank(count=3), library.people(2)
    taken = library.take(student, bank_id)
    screen = phone(student, base_url=line.url).open(f"/lockers/{bank_id}")
    board = desktop(library.staff(), base_url=line.url).open(f"/staff/board/{bank_id}")
    board.sees(library.name(student))
    _keeps(screen, "my-locker")
    line.cut()
    for lost in (screen, board):
        _is_lost(lost)
    expect(screen.number).to_have_text("A1")
    board.sees(library.name(student))
    library.take(other, bank_id)
    line.heal()
    board.is_live().shows_door(2, "h").sees(library.name(other))
    screen.is_live().shows_door(2, "h")
    _has_kept(screen)
    library.give_back(student, taken)  # and it is live again, not only up to date once
    expect(screen.number).to_have_count(0)
    board.shows_door(1, "f")


def test_signed_out_while_the_network_was_down(
    library: Library, phone: NewScreen, line: Network
) -> None:
    bank_id, student = library.bank(count=3), library.person()
    library.take(student, bank_id)
    screen = phone(student, base_url=line.url).open(f"/lockers/{bank_id}")
    line.cut()
    _is_lost(screen)
    number = library.number(student)
    library.run(library.staff(), reset_pin, number=number, reason="phone was stolen")
    line.heal()
    screen.is_live()
    expect(screen.number).to_have_count(0)
    screen.page.get_by_role("link", name="Sign in to get a locker").wait_for()
    screen.sees_no(library.name(student))


def test_a_dialog_outlives_a_broken_connection(
    library: Library, desktop: NewScreen, line: Network
) -> None:
    bank_id, student = library.bank(), library.person()
    library.take(student, bank_id)
    board = desktop(library.staff(), base_url=line.url).open(f"/staff/board/{bank_id}")
    board.press("A1, held").press("Force release")
    reason = board.page.get_by_label("Reason")
    reason.fill("left over night")
    line.cut()
    _is_lost(board)
    line.heal()
    board.is_live()
    expect(reason).to_have_value("left over night")
    board.press("Release it")
    expect(board.panel).to_contain_text("Nobody has this locker.")


def test_nothing_is_done_later_that_was_pressed_without_a_connection(
    library: Library, phone: NewScreen, line: Network
) -> None:
    bank_id = library.bank()
    screen = phone(library.person(), base_url=line.url).open(f"/lockers/{bank_id}")
    line.cut()
    _is_lost(screen)
    before = library.mark()
    for _ in range(3):
        screen.press("Get a locker")
    screen.sees("Not sent: there is no connection.")
    line.heal()
    screen.is_live().press("Get a locker")
    expect(screen.number).to_have_text("A1")
    assert library.kinds(before) == ["LockerAssigned"]


def test_a_pin_half_typed_outlives_a_broken_connection(
    library: Library, phone: NewScreen, line: Network
) -> None:
    student = library.person()
    screen = phone(base_url=line.url).open("/sign-in")
    screen.page.get_by_label("Enrolment number").fill(library.number(student))
    screen.press("Continue")
    field = screen.page.get_by_label("Choose a PIN")
    field.fill("2580")
    line.cut()
    _is_lost(screen)
    line.heal()
    screen.is_live()
    expect(field).to_have_value("2580")
    screen.sees(library.number(student))


@pytest.fixture
def mortal(_built_pages: None, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to be killed."""
    with running.running(tmp_path / "data", CUBBY_SECRET_KEY=SECRET_KEY) as started:
        yield started


def test_a_server_that_is_killed_and_started_again(
    mortal: Server,
    new_context: Callable[..., BrowserContext],
    new_tab: Callable[[BrowserContext], Screen],
) -> None:
    library = Library(mortal.data)
    bank_id, people = library.bank(count=2), library.people(3)
    holder, leaving, waiting = people
    library.take(holder, bank_id)
    going = library.take(leaving, bank_id)

    def screen_of(actor: Actor | None, path: str, **kind) -> Screen:
        context = new_context(base_url=mortal.url, **kind)
        if actor is not None:
            library.signs_in(actor, context, mortal.url)
        return new_tab(context).open(path)

    mine = screen_of(holder, f"/lockers/{bank_id}", **chromium.PHONE)
    mine.press("Give it back").sees("is given back").press("Get a locker")
    expect(mine.number).to_have_text("A1")
    library.join(waiting, bank_id)
    queue = screen_of(waiting, f"/lockers/{bank_id}", **chromium.PHONE)
    board = screen_of(library.staff(), f"/staff/board/{bank_id}", **chromium.DESKTOP)
    home = screen_of(None, "/", **chromium.DESKTOP)
    expect(mine.number).to_have_text("A1")
    expect(queue.place).to_have_text("1")
    board.sees(library.name(leaving))
    _keeps(mine, "my-locker")
    _keeps(board, "board-counts")
    _keeps(home, "free-count")
    screens = (mine, queue, board, home)

    mortal.stop(signal.SIGKILL)
    for screen in screens:
        _is_lost(screen)
    expect(mine.number).to_have_text("A1")
    expect(queue.place).to_have_text("1")
    library.give_back(leaving, going)
    again = running.start(mortal.data, mortal.port, CUBBY_SECRET_KEY=SECRET_KEY)
    try:
        for screen in screens:
            screen.is_live()
        expect(queue.held).to_have_text("A2")
        mine.shows_door(2, "r")
        board.shows_door(2, "r").sees(library.name(waiting))
        for screen in (mine, board, home):
            _has_kept(screen)
        mine.sees_no("is given back").press("Give it back")  # and all works as before
        expect(mine.number).to_have_count(0)
        mine.sees("Locker A1 is given back")
        board.shows_door(1, "f")
        assert "Traceback" not in again.output
    finally:
        again.stop(signal.SIGKILL)
        library.db.close()
