"""Card terminals on screens: the panel, set-up, cards on a person's page, a tap that asks for the
PIN on the phone, and a door that is opened from afar. What the terminal and the bridge do is done
by their services: both for real are in tests of their own."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, update

from locker_app.db.tables import card, person, terminal, terminal_alert, terminal_command, visit
from locker_app.domain.actors import SYSTEM, Actor, ActorKind, Role
from locker_app.domain.terminals import (
    CommandStatus,
    TapMode,
    TerminalKind,
    TerminalPlan,
    TerminalState,
)
from locker_app.services.commands import claim
from locker_app.services.secrets import hash_secret
from locker_app.services.taps import take_tap
from locker_app.services.terminal_reports import heard, result
from locker_app.services.terminals import add_terminal
from tests.e2e.conftest import NewScreen
from tests.e2e.inspection import Inspector
from tests.e2e.library import Library


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """Fails the test when anything was found on any page."""
    made = Inspector()
    yield made
    assert not made.found, "\n".join(made.found)


def set_up(library: Library, site_id: int, name: str, **plan: Any) -> Actor:
    """A terminal that is there; as the one who acts."""
    kind = TerminalKind.LOCKER if plan.get("bank_id") else TerminalKind.GATE
    mode = TapMode.LOCKER if plan.get("bank_id") else TapMode.GATE
    made = TerminalPlan(name, kind, mode, **plan)
    terminal_id = library.run(library.staff(), add_terminal, site_id=site_id, plan=made)
    there = {"state": "online", "password_hash": "x", "provisioned_at": library.clock.now}
    library.change(update(terminal).where(terminal.c.id == terminal_id).values(**there))
    return Actor(ActorKind.TERMINAL, terminal_id)


def tap(library: Library, at: Actor, number: str, mode: TapMode = TapMode.LOCKER) -> Any:
    """Somebody taps there."""
    now = library.clock.now
    return library.run(at, take_tap, card=[number], mode=mode, at=now, boot=1, seq=1)


def number(library: Library) -> str:
    """What a terminal makes of a card that nobody has seen."""
    letters = f"{len(library.rows(card)):026}".translate(str.maketrans("0123456789", "ABCDEFGHIJ"))
    return f"k1.{letters}"


def linked(library: Library, who: Actor) -> str:
    """A card of theirs."""
    made, now = number(library), library.clock.now
    values = {"number": made, "person_id": who.id, "label": "student card", "answer": {}}
    library.change(insert(card).values(**values, created_at=now, linked_at=now, verdict=""))
    return made


def told(library: Library, at: Actor) -> Any:
    """What the terminal was told last."""
    return library.rows(terminal_command, terminal_id=at.id)[-1]


def test_a_tap_asks_for_the_pin_on_the_phone_and_opens(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    site_id = library.site()
    bank_id = library.bank(site_id)
    hall = set_up(library, site_id, "Hall", bank_id=bank_id, relays={1: 17}, pin_needed=True)
    student = library.person()
    library.change(
        update(person).where(person.c.id == student.id).values(pin_hash=hash_secret("2580"))
    )
    own = linked(library, student)
    mine, board = phone(student), desktop(library.staff(Role.ADMIN, site_id))
    mine.open("/")
    board.open(f"/staff/board/{bank_id}").shows_door(1, "f")
    assert tap(library, hall, own).verdict == "confirm"
    asked = mine.page.get_by_test_id("confirm-tap")
    expect(asked).to_contain_text("Hall")
    mine.page.get_by_label("Your PIN").fill("1111")
    mine.press("Confirm").sees_refusal("Wrong PIN")
    expect(asked).to_be_visible()
    mine.page.get_by_label("Your PIN").fill("2580")
    mine.press("Confirm").sees("Locker A1 is open.")
    expect(asked).to_have_count(0)
    board.shows_door(1, "h")
    assert told(library, hall).kind == "open"
    # the same at a bank's page, and it was somebody else
    tap(library, hall, own)
    mine.open(f"/lockers/{bank_id}").press("It was not me").sees("Nothing was opened.")
    expect(asked).to_have_count(0)


def test_a_door_is_opened_from_afar(library: Library, desktop: NewScreen) -> None:
    site_id = library.site()
    bank_id = library.bank(site_id)
    hall = set_up(library, site_id, "Hall", bank_id=bank_id, relays={1: 17, 2: 22})
    library.take(library.person(), bank_id)
    admin = library.staff(Role.ADMIN, site_id)
    screen = desktop(admin).open(f"/staff/board/{bank_id}")
    screen.door(3).click()
    expect(screen.panel).to_contain_text("No terminal opens this door")
    expect(screen.panel.get_by_role("button", name="Open the door…")).to_have_count(0)
    screen.panel.get_by_role("button", name="Close").click()
    screen.door(1).click()
    screen.press("Open the door…").question.get_by_role("button", name="Open it now").click()
    expect(screen.question.get_by_role("alert")).to_contain_text("Please give a reason")
    screen.question.get_by_label("Reason").fill("their bag is in it")
    screen.press("Open it now")
    opening = screen.panel.get_by_test_id("opening")
    expect(opening).to_contain_text("about to be sent")
    given = told(library, hall)
    library.run(SYSTEM, claim, command_ids=[given.id])
    expect(opening).to_contain_text(": sent")
    for status, words in ((CommandStatus.ACCEPTED, "acknowledged"), (CommandStatus.DONE, "opened")):
        library.run(hall, result, uid=given.uid, status=status)
        expect(opening).to_contain_text(words)
    # it goes away while one looks: what can't be done is not offered
    library.run(hall, heard, state=TerminalState.LOST, boot=1)
    expect(screen.panel).to_contain_text("It is not connected now")
    expect(screen.panel.get_by_role("button", name="Open the door…")).to_have_count(0)


def test_a_card_is_linked_by_a_tap_and_revoked(library: Library, desktop: NewScreen) -> None:
    site_id = library.site()
    gate = set_up(library, site_id, f"Gate {site_id}")
    student, stray = library.person(), number(library)
    screen = desktop(library.staff()).open(f"/staff/people/{student.id}")
    screen.page.get_by_text("Link a card by a tap").click()
    where = f"Gate {site_id}, Library {site_id}"
    screen.page.get_by_label("Terminal").select_option(label=where)
    screen.press("Wait for the tap").sees(f"Tap the card at Gate {site_id} now.")
    assert tap(library, gate, stray, TapMode.GATE).verdict == "linked"
    screen.sees("The card is linked.")
    cards = screen.page.get_by_test_id("person-card")
    expect(cards).to_contain_text(f"…{stray[-4:]}")
    screen.press("Revoke card").dialog.get_by_role("button", name="Revoke it").click()
    expect(cards).to_contain_text("revoked")
    assert tap(library, gate, stray, TapMode.GATE).verdict == "denied"


def test_pages_of_terminals(
    library: Library, desktop: NewScreen, phone: NewScreen, inspector: Inspector
) -> None:
    site_id = library.site()
    bank_id = library.bank(site_id, count=8)
    admin, student = library.staff(Role.ADMIN, site_id), library.person()
    screen = desktop(library.staff())
    screen.open(f"/staff/terminals/{site_id}").sees("No terminal has been set up here yet")
    gate = set_up(library, site_id, "Llanfairpwllgwyngyllgogerychwyrndrobwll")
    set_up(library, site_id, "Hall", bank_id=bank_id, relays={1: 17}, place="Ground floor")
    screen.sees("2 of 2 connected")
    own, now = linked(library, student), library.clock.now
    assert tap(library, gate, own, TapMode.GATE).verdict == "in"
    expect(screen.page.get_by_test_id("inside-count")).to_contain_text("1")
    tap(library, gate, number(library), TapMode.GATE)
    about = {"site_id": site_id, "terminal_id": gate.id, "kind": "fault", "subject": "reader"}
    said = {"details": {"text": "the reader does not answer " * 3}, "count": 3}
    library.change(insert(terminal_alert).values(**about, **said, at=now, last_at=now))
    screen.reload().sees("Something of it is broken", "Whose is it?…")
    inspector.inspect(screen.page, "terminals")
    screen.press("Whose is card").page.get_by_label("Name or enrolment").fill(
        library.number(student)
    )
    screen.press("Find").button("It is a card of").wait_for()
    inspector.inspect(screen.page, "terminals, whose is it")
    screen.press("It is a card of")
    expect(screen.page.get_by_test_id("nobodys-card")).to_have_count(0)
    screen.press("Seen to")
    expect(screen.page.locator(".alerts-list")).to_have_count(0)
    screen.press("Revoke… Llanfair").press("Revoke it").sees_refusal("Please give a reason")
    inspector.inspect(screen.page, "terminals, reason refused")
    screen.page.keyboard.press("Escape")
    screen.press("End the visit").dialog.get_by_label("Reason").fill("has gone home")
    screen.dialog.get_by_role("button", name="End the visit").click()
    screen.sees("Nobody is inside.")
    assert library.rows(visit, person_id=student.id)[0].end_cause == "ended_by_staff"
    screen = desktop(admin).open(f"/staff/setup/terminals/{site_id}")
    screen.page.get_by_text("Add a terminal").click()
    screen.press("Add it").sees_refusal("Give the terminal a name.")
    screen.page.locator("#add-name").fill("Attic")
    screen.page.locator("#add-bank_id").select_option(str(bank_id))
    screen.page.locator("#add-relays").fill("1=8")
    screen.press("Add it").sees_refusal("belongs to the card reader")
    inspector.inspect(screen.page, "set-up of terminals, relays refused")
    screen.page.locator("#add-relays").fill("1-3")
    screen.press("Add it").sees("relays 1=4, 2=5, 3=6")
    screen.page.locator("#add-name").fill("Back door")
    screen.page.locator("#add-mode").select_option("gate")
    screen.page.locator("#add-bank_id").select_option("0")
    screen.press("Add it")
    expect(screen.page.get_by_test_id("setup-terminal")).to_contain_text(["Back door"])
    screen.press("Make a code Attic").sees("python -m edge").page.get_by_test_id("code").wait_for()
    inspector.inspect(screen.page, "set-up of terminals, a code")
    screen.press("Done")
    expect(screen.page.get_by_test_id("code")).to_have_count(0)
    mine = phone(student).open("/me").sees("My cards", "student card", "My visits")
    inspector.inspect(mine.page, "account, cards and visits")


def test_everybody_sees_how_many_are_inside_and_not_who(
    library: Library, desktop: NewScreen
) -> None:
    site_id = library.site()
    gate = set_up(library, site_id, "Gate")
    student = library.person()
    tap(library, gate, linked(library, student), TapMode.GATE)
    home = desktop().open("/")
    expect(home.page.get_by_role("region", name=f"Library {site_id}")).to_contain_text(
        "1 person is inside"
    )
    viewer = desktop(library.staff(Role.VIEWER, site_id))
    viewer.open(f"/staff/terminals/{site_id}").sees("This page is not for your account")
    assert library.name(student) not in "".join(home.frames + viewer.frames)
