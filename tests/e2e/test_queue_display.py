"""The screen of a room: read from the last row, by nobody's name, alive for days."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Response, expect

from locker_app.db.tables import queue
from locker_app.domain.actors import Role
from locker_app.domain.queues import MAX_ANNOUNCEMENT_LENGTH, QueueMode
from locker_app.services.desks import label_desk
from locker_app.services.queues import announce, pause, set_mode
from locker_app.services.serving import complete
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen, Troubles
from tests.running import Server

PROJECTOR = {"viewport": {"width": 1920, "height": 1080}}
FITS = """() => {
  const page = document.scrollingElement;
  const out = [...document.querySelectorAll(".wall *")].filter((e) => e.checkVisibility())
    .filter((e) => e.getBoundingClientRect().bottom > innerHeight + 1
      || e.getBoundingClientRect().right > innerWidth + 1);
  const cut = [...document.querySelectorAll(".wall-now, .wall-side, .wall-numbers, .wall-next")]
    .filter((e) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1);
  out.push(...cut);
  return [page.scrollHeight <= innerHeight, ...out.map((e) => e.outerHTML.slice(0, 80))];
}"""


def serving(screen: Screen) -> Locator:
    """The numbers whose turn it is."""
    return screen.page.get_by_test_id("serving")


def size(one: Locator) -> float:
    """Pixels of its letters."""
    return one.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")


def test_whose_turn_it_is_and_who_is_next(library: Library, desktop: NewScreen) -> None:
    queue_id, staff = library.queue(name="Optics", place="Room 7"), [library.staff() for _ in "12"]
    screen = desktop(**PROJECTOR).open(f"/queues/{queue_id}/display").sees("Optics", "Nobody yet")
    library.tickets(queue_id, 9)
    expect(serving(screen)).to_have_text(["1"])
    assert size(serving(screen).first) > 300
    for one, label in zip(staff, ("Desk 1", "Desk 2"), strict=True):
        library.run(one, label_desk, queue_id=queue_id, label=label)
        library.press(one, queue_id)
    expect(serving(screen)).to_have_text(["2", "3"])
    screen.sees("Desk 1", "Desk 2", "6 waiting")
    expect(screen.page.get_by_test_id("next")).to_have_text(["4", "5", "6", "7", "8", "9"])
    assert size(serving(screen).first) > 200
    assert size(screen.page.get_by_test_id("next").first) > 75
    for one in staff:
        library.run(one, complete, queue_id=queue_id)
    expect(screen.page.get_by_test_id("last-called")).to_have_text("3")
    screen.sees("Called last")


def test_it_fits_the_screen(library: Library, desktop: NewScreen) -> None:
    queue_id, staff = library.queue(), [library.staff() for _ in range(8)]
    library.tickets(queue_id, 17)
    said = "Bring your measurements. " * 4
    library.run(staff[0], announce, queue_id=queue_id, text=said)
    screen = desktop(**PROJECTOR).open(f"/queues/{queue_id}/display").sees(said.strip())
    screen.page.locator(".wall-qr").wait_for()
    for desks, one in enumerate(staff, 1):
        library.run(one, label_desk, queue_id=queue_id, label=f"Desk {desks}")
        library.press(one, queue_id)
        screen.sees(f"Desk {desks}")
        expect(serving(screen)).to_have_count(desks)
        for width, height in ((1920, 1080), (1366, 768)):
            screen.page.set_viewport_size({"width": width, "height": height})
            assert screen.page.evaluate(FITS) == [True], (desks, width)


@pytest.mark.parametrize("desks", [1, 8])
def test_the_longest_announcement_can_be_read_whole(
    library: Library, desktop: NewScreen, desks: int
) -> None:
    queue_id = library.queue(name="Physics lab " * 4, place="Building 7, second floor")
    staff = [library.staff() for _ in range(desks)]
    library.tickets(queue_id, desks + 9)
    for number, one in enumerate(staff, 1):
        library.run(one, label_desk, queue_id=queue_id, label=f"Desk {number}")
        library.press(one, queue_id)
    library.run(staff[0], pause, queue_id=queue_id, paused=True)
    screen = desktop(**PROJECTOR).open(f"/queues/{queue_id}/display").sees("A short break")
    screen.page.locator(".wall-qr").wait_for()
    shown = screen.page.get_by_test_id("announcement")
    for said, smallest in (
        ("Bring your measurements. ", (1024, 600)),
        ("BRING TABLES, PLEASE. ", (1366, 768)),
    ):
        sizes = []
        for length in (40, 100, MAX_ANNOUNCEMENT_LENGTH):
            text = (said * 25)[: length - 1].rstrip(" .") + "."
            library.run(staff[0], announce, queue_id=queue_id, text=text)
            expect(shown).to_have_text(text)
            for width, height in (smallest, (1366, 768), (1920, 1080)):
                screen.page.set_viewport_size({"width": width, "height": height})
                assert screen.page.evaluate(FITS) == [True], (length, width)
                assert shown.evaluate("e => e.scrollHeight <= e.clientHeight + 1"), (length, width)
            sizes.append(size(shown))
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] > 32
        assert size(serving(screen).first) > 50


def test_how_to_join(library: Library, desktop: NewScreen, server: Server) -> None:
    queue_id = library.queue()
    code = library.row(queue, queue_id).code
    screen = desktop().open(f"/queues/{queue_id}/display")
    address = screen.page.get_by_test_id("address")
    expect(address).to_have_text(f"localhost:{server.port}/q/{code}")
    picture = screen.page.locator(".wall-qr")
    assert picture.evaluate("async e => { await e.decode(); return e.naturalWidth; }") > 20
    answer = httpx.get(f"{server.url}/qr/q/{code.lower()}.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in answer.content
    for wrong in ("ZZZZZZ", "..%2F", "x" * 30):
        assert httpx.get(f"{server.url}/qr/q/{wrong}.svg").status_code in (404, 422)


def test_the_code_of_the_room_is_for_the_room(library: Library, desktop: NewScreen) -> None:
    """Whoever opens the display from afar must not read it there."""
    site_id = library.site()
    queue_id = library.queue(site_id, room_pin="SESAME9")
    address = f"/queues/{queue_id}/display"
    room = desktop(library.staff(Role.PROFESSOR, site_id)).open(address)
    expect(room.page.get_by_test_id("room-pin")).to_have_text("SESAME9")
    for who in (None, library.person(), library.staff(Role.PROFESSOR, library.site())):
        afar = desktop(who).open(address).sees("You also need the code of the room")
        assert not any("SESAME9" in text for text in [*afar.frames, afar.page.content()])


def test_what_the_line_does_not_do(library: Library, desktop: NewScreen) -> None:
    queue_id, staff = library.queue(), library.staff()
    library.tickets(queue_id, 2)
    screen = desktop().open(f"/queues/{queue_id}/display")
    state = screen.page.get_by_test_id("state")
    expect(state).to_have_count(0)
    library.run(staff, announce, queue_id=queue_id, text="Lights off in ten minutes")
    screen.sees("Lights off in ten minutes")
    library.run(staff, pause, queue_id=queue_id, paused=True)
    expect(state).to_contain_text("A short break")
    library.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.DRAINING)
    expect(state).to_contain_text("No more tickets")
    expect(screen.page.locator(".wall-qr")).to_have_count(0)
    library.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.CLOSED)
    expect(state).to_contain_text("The line is closed")
    desktop().open("/queues/999999/display").sees("There is no line at this address")


def _looks(answer: Response) -> bool:
    return answer.url.endswith("/display") and answer.request.resource_type == "fetch"


def test_it_looks_after_itself(library: Library, desktop: NewScreen, troubles: Troubles) -> None:
    """A new build, noticed by the names of its scripts, is loaded by itself."""
    troubles.allow("WebSocket connection to")  # the page is left while it connects
    queue_id = library.queue()
    screen = desktop()
    screen.page.clock.install()
    with screen.page.expect_response(_looks):
        screen.open(f"/queues/{queue_id}/display")
    screen.page.evaluate("window.old = true")
    with screen.page.expect_response(_looks):  # else this look could see the new build as well
        screen.page.clock.run_for(65_000)
    assert screen.page.evaluate("window.old") is True
    old = re.compile(r"/assets/([^\"']+)\.js")
    screen.page.route(
        "**/display",
        lambda route: (
            route.fulfill(body=old.sub(r"/assets/\1-new.js", route.fetch().text()))
            if route.request.resource_type == "fetch"
            else route.continue_()
        ),
    )
    with screen.page.expect_event("load"):
        screen.page.clock.run_for(65_000)
    screen.page.unroute_all(behavior="wait")
    screen.is_live()
    assert screen.page.evaluate("window.old") is None
