"""A student's pages of a queue and the room's display, in each of their states: axe in both themes,
what is to be tapped, narrow screens, large text."""

from collections.abc import Iterator
from typing import Any

import pytest

from locker_app.db.tables import queue
from locker_app.domain.queues import QueueMode
from locker_app.services.desks import label_desk
from locker_app.services.queues import announce, pause, reset_queue, set_mode
from locker_app.services.serving import complete
from locker_app.services.tickets import join_queue
from tests.e2e.conftest import NewScreen
from tests.e2e.inspection import Inspector
from tests.e2e.library import Library

_STILL = "() => Promise.allSettled(document.getAnimations().map((one) => one.finished))"
"""What was called pulses for a moment."""


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """Fails the test when anything was found on any page."""
    made = Inspector()
    yield made
    assert not made.found, "\n".join(made.found)


def test_pages_of_a_line(library: Library, desktop: NewScreen, inspector: Inspector) -> None:
    queue_id, staff = library.queue(room_pin="AB12", groups="1-99, LAB A"), library.staff()
    other, address = library.queue(), f"/q/{library.row(queue, queue_id).code}"
    screen = desktop()
    page = screen.page

    def look(name: str) -> None:
        inspector.inspect(page, name)

    def join(group: str) -> None:
        page.get_by_label("Group number").fill(group)
        page.get_by_label("Code of the room").fill("ab12")
        screen.press("Take a ticket").is_live()

    screen.open(f"/queues/{queue_id}/display").sees("Nobody yet")
    look("display, empty")
    for group in range(1, 5):
        who = library.visitor()
        given: dict[str, Any] = {"group": str(group), "room_pin": "AB12"}
        library.run(who, join_queue, queue_id=queue_id, **given)
    library.run(staff, label_desk, queue_id=queue_id, label="Desk 1")
    library.press(staff, queue_id)
    library.run(staff, announce, queue_id=queue_id, text="Bring your table, please")
    screen.sees("Desk 1").page.evaluate(_STILL)
    look("display, serving")
    screen.open("/q/ZZZZZZ").sees("There is no line")
    look("line that is not there")
    screen.open(address).button("Take a ticket").wait_for()
    look("line, form")
    join("100")
    screen.sees_refusal("not on the list")
    look("line, refused")
    join("7")
    page.get_by_test_id("my-number").wait_for()
    look("line, waiting")
    screen.press("Add a question").page.get_by_label("Your question").wait_for()
    look("line, question")
    screen.press("Cancel").press("Leave the line").dialog.wait_for()
    look("line, leave?")
    screen.press("Stay")
    library.run(staff, pause, queue_id=queue_id, paused=True)
    screen.sees("You keep your place")
    look("line, paused")
    library.run(staff, pause, queue_id=queue_id, paused=False)
    for _ in range(2):
        library.press(staff, queue_id)
    screen.sees("You're next")
    look("line, next")
    library.press(staff, queue_id)
    screen.sees("It's your turn")
    look("line, turn")
    screen.open("/").sees("Yours")
    look("home, with a ticket")
    screen.open(address)
    library.run(staff, complete, queue_id=queue_id)
    page.get_by_test_id("verdict").wait_for()
    look("line, done")
    library.run(staff, set_mode, queue_id=queue_id, mode=QueueMode.CLOSED)
    screen.sees("The line is closed")
    look("line, closed")
    library.run(staff, reset_queue, queue_id=queue_id)
    screen.open(f"/q/{library.row(queue, other).code}").sees("it's your turn at once")
    look("line, nobody there")


def test_the_sheet_to_print(library: Library, desktop: NewScreen, inspector: Inspector) -> None:
    queue_id = library.queue(name="Physics lab " * 5, place="Building 7, second floor " * 4)
    screen = desktop(library.staff()).open(f"/staff/queues/{queue_id}/sheet")
    screen.page.get_by_test_id("address").wait_for()
    inspector.inspect(screen.page, "sheet")
    screen.open("/staff/queues/999999/sheet").sees("There is no such queue")
    inspector.inspect(screen.page, "sheet, of nobody's queue")
