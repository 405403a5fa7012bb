"""What time does by itself, on screens that nobody touches."""

import re

from playwright.sync_api import expect

from locker_app.domain.lockers import OverdueAction
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library


def test_reminded_and_then_overdue(library: Library, phone: NewScreen, desktop: NewScreen) -> None:
    bank_id = library.bank(count=2, limit_minutes=240)
    student = library.person()
    library.take(student, bank_id)
    mine = phone(student).open(f"/lockers/{bank_id}")
    notice = mine.page.locator(".box")
    mine.sees("Give it back by")
    board = desktop(library.staff()).open(f"/staff/board/{bank_id}").shows_door(1, "h")
    expect(notice).to_have_count(0)

    library.is_due(student, "remind_at")
    expect(notice).to_contain_text("nearly over: give it back by", ignore_case=True)
    library.is_due(student, "due_at")
    mine.sees("Please give it back", "overdue")
    expect(mine.number).to_have_text("A1")
    board.shows_door(1, "o")
    expect(board.page.get_by_test_id("board-counts")).to_contain_text(re.compile(r"overdue\s*1"))
    mine.press("Give it back")
    board.shows_door(1, "f")


def test_a_bank_that_takes_lockers_back(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank(count=1, limit_minutes=60, overdue_action=OverdueAction.RELEASE)
    student, waiting = library.people(2)
    library.take(student, bank_id)
    library.join(waiting, bank_id)
    mine = phone(student).open(f"/lockers/{bank_id}")
    expect(mine.number).to_have_text("A1")
    next_one = phone(waiting).open(f"/lockers/{bank_id}")
    expect(next_one.place).to_have_text("1")
    library.is_due(student, "due_at")
    expect(next_one.held).to_have_text("A1")
    expect(mine.number).to_have_count(0)
