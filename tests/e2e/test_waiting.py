"""A full bank: waiting, being offered the next locker, and what becomes of the offer."""

import re

from playwright.sync_api import expect

from locker_app.domain.actors import Actor
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen

COUNTDOWN = re.compile(r"^(10:00|9:\d\d)$")


def _wait_for_one(
    library: Library, bank_id: int, phone: NewScreen
) -> tuple[Actor, Screen, Actor, Screen]:
    """Two people wait in a full bank; the first gets an offer, and both are returned."""
    first, second = library.people(2)
    screens = [phone(person).open(f"/lockers/{bank_id}") for person in (first, second)]
    for place, screen in enumerate(screens, start=1):
        screen.press("Join the waiting list")
        expect(screen.place).to_have_text(str(place))
    return first, screens[0], second, screens[1]


def test_the_next_locker_is_held_and_taken(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank(count=2, name="Busy")
    (holder, _), _ = library.fill(bank_id)
    _first, one, _second, two = _wait_for_one(library, bank_id, phone)
    home = phone().open("/")
    card = home.page.get_by_role("link", name=re.compile("Busy"))
    expect(card).to_contain_text("2 waiting")

    leaving = phone(holder).open(f"/lockers/{bank_id}").press("Give it back")
    expect(leaving.number).to_have_count(0)
    expect(one.held).to_have_text("A1")
    expect(one.page.get_by_role("timer")).to_have_text(COUNTDOWN)
    expect(two.place).to_have_text("1")
    expect(card).to_contain_text("1 waiting")
    leaving.sees("0 of 2 free").shows_door(1, "r")

    one.press("Take this locker")
    expect(one.number).to_have_text("A1")
    leaving.shows_door(1, "h")


def test_an_offer_let_go_passes_to_the_next(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank(count=1)
    ((holder, taken),) = library.fill(bank_id)
    _first, one, _second, two = _wait_for_one(library, bank_id, phone)
    library.give_back(holder, taken)
    expect(one.held).to_have_text("A1")
    one.press("Let it go").page.locator(".notice").wait_for()
    expect(two.held).to_have_text("A1")
    expect(one.held).to_have_count(0)
    one.button("Join the waiting list").wait_for()


def test_an_offer_lapses_and_passes_to_the_next(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank(count=1)
    ((holder, taken),) = library.fill(bank_id)
    first, one, _second, two = _wait_for_one(library, bank_id, phone)
    library.give_back(holder, taken)
    expect(one.held).to_have_text("A1")
    library.is_due(first, "held_until")
    expect(two.held).to_have_text("A1")
    expect(one.held).to_have_count(0)
    one.button("Join the waiting list").wait_for()


def test_leaving_the_waiting_list(library: Library, phone: NewScreen) -> None:
    bank_id = library.bank(count=1)
    library.fill(bank_id)
    _first, one, _second, two = _wait_for_one(library, bank_id, phone)
    one.press("Leave the waiting list")
    one.button("Join the waiting list").wait_for()
    expect(two.place).to_have_text("1")


def test_waiting_here_while_a_door_is_free_elsewhere(library: Library, phone: NewScreen) -> None:
    site_id = library.site()
    full = library.bank(site_id, count=1, name="Full one")
    other = library.bank(site_id, count=1, name="Other one")
    library.fill(full)
    student = library.person()
    library.join(student, full)
    screen = phone(student).open(f"/lockers/{other}")
    screen.sees("You are waiting for a locker in Full one").press("Get a locker")
    expect(screen.number).to_have_text("A1")
    assert library.view(full).line == []
