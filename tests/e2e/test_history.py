"""The history with filters: in the address, live, by the keyboard, and as a file."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen


def rows(screen: Screen, text: str):
    return screen.page.get_by_role("row").filter(has_text=text)


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_filter_stands_in_the_address_and_is_live(
    library: Library, request: pytest.FixtureRequest, size: str
) -> None:
    new: NewScreen = request.getfixturevalue(size)
    bank_id, admin = library.bank(count=4, name=f"Attic {size}"), library.staff()
    one, other = library.person(), library.person()
    taken = library.take(one, bank_id)
    screen = new(admin).open("/staff/history")
    screen.page.get_by_label("Where").select_option(label=f"Attic {size}")
    screen.page.get_by_label("What").select_option(label="got a locker")
    screen.press("Filter")
    expect(screen.page).to_have_url(f"/staff/history?kind=LockerAssigned&place=bank-{bank_id}")
    expect(rows(screen, "got a locker")).to_have_count(1)
    expect(rows(screen, "bank set up")).to_have_count(0)

    library.take(other, bank_id)  # the newest comes by itself
    expect(rows(screen, "got a locker")).to_have_count(2)
    expect(rows(screen, "got a locker").first).to_contain_text(library.name(other))

    library.give_back(one, taken)
    screen.page.go_back()  # to everything
    expect(rows(screen, "locker released").first).to_contain_text(library.name(one))
    screen.page.go_forward()
    expect(rows(screen, "got a locker")).to_have_count(2)
    expect(screen.page.get_by_label("What")).to_have_value("LockerAssigned")

    shared = new(library.staff()).open(f"/staff/history?who={library.number(other)}")
    expect(rows(shared, "got a locker")).to_have_count(1)
    expect(shared.page.get_by_label("Whose")).to_have_value(library.number(other))


def test_by_the_keyboard(library: Library, desktop: NewScreen) -> None:
    library.take(library.person(), library.bank(count=1, name="Cellar"))
    screen = desktop(library.staff()).open("/staff/history")
    screen.page.get_by_label("Whose").focus()
    screen.page.keyboard.type("Nobody Atall")
    screen.page.keyboard.press("Enter")
    screen.sees_refusal("Nobody here is called")
    expect(screen.page.get_by_label("Whose")).to_have_attribute("aria-invalid", "true")


def test_the_file_has_what_is_shown(library: Library, desktop: NewScreen, tmp_path: Path) -> None:
    bank_id, student = library.bank(count=2, name="Loft"), library.person()
    library.give_back(student, library.take(student, bank_id))
    screen = desktop(library.staff()).open(f"/staff/history?place=bank-{bank_id}")
    expect(rows(screen, "locker released")).to_have_count(1)
    with screen.page.expect_download() as kept:
        screen.press("Download as CSV")
    screen.sees("The file is complete.")
    path = tmp_path / "events.csv"
    kept.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["what"] for row in found] == ["locker released", "got a locker", "bank set up"]
    assert {row["place"] for row in found} == {"Loft"}
