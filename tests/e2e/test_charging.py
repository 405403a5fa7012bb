"""Charging spots on phones: from the code on the post to the end of the stay, and the line."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from locker_app.db.tables import booking, charger, site
from locker_app.domain.actors import Actor
from locker_app.services.bookings import book, set_leave
from locker_app.services.charger_desk import move_booking
from locker_app.services.charger_line import join_line
from tests.e2e.conftest import NewScreen
from tests.e2e.inspection import Inspector
from tests.e2e.library import LONG_AGO, Library
from tests.e2e.screens import Screen
from tests.world import where_it_is_noon


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """Fails the test when anything was found on any page."""
    made = Inspector()
    yield made
    assert not made.found, "\n".join(made.found)


class Lot:
    """A site with charging spots."""

    def __init__(
        self, library: Library, count: int, zone: str = "Europe/Berlin", **rules: Any
    ) -> None:
        self.library, self.site = library, library.site(time_zone=zone)
        self.ids = library.chargers(self.site, count, **rules)

    def path(self, spot: int = 0) -> str:
        """What the code on a post leads to."""
        return f"/c/{self.library.row(charger, self.ids[spot]).code}"

    def take(
        self,
        spot: int,
        who: Actor | None = None,
        stays: timedelta = timedelta(hours=2),
        **fields: Any,
    ) -> int:
        """Somebody books a spot for two hours, or as long as is said; the booking."""
        until = self.library.clock.now + stays
        who = who or self.library.person()
        return self.library.run(
            who, book, charger_id=self.ids[spot], leaves_at=until, **fields
        ).booking_id

    def open_on(self, spot: int) -> Any:
        """The open booking of a spot."""
        (row,) = self.library.rows(booking, charger_id=self.ids[spot], ended_at=None)
        return row

    def is_over(self, spot: int, **otherwise: Any) -> None:
        """Let the time of the booking on a spot be over now: the server's timer finds it."""
        now = self.library.clock.now
        long_ago = now - timedelta(hours=3)
        over = {"starts_at": long_ago, "here_at": long_ago, "leaves_at": now - LONG_AGO}
        values = {**over, "due_at": now - LONG_AGO, "reminded_at": long_ago, **otherwise}
        which = update(booking).where(booking.c.id == self.open_on(spot).id)
        self.library.change(which.values(values))


def status(screen: Screen, spot: int) -> Any:
    """What stands at a spot in the list of all."""
    return screen.page.locator(".spots > li").nth(spot).locator(".status")


def test_from_the_code_on_the_post_to_the_next_in_line(
    library: Library, phone: NewScreen, inspector: Inspector
) -> None:
    lot = Lot(library, 1, at_end="end", grace_minutes=0)
    mine = phone().open(f"/go/{lot.path().removeprefix('/c/')}")
    expect(mine.page).to_have_url(re.compile(lot.path()))
    other = phone(viewport={"width": 1440, "height": 900}, is_mobile=False).open(lot.path())
    expect(status(other, 0)).to_have_text("free")
    inspector.inspect(other.page, "a free spot")

    mine.press("+30 min")
    mine.page.get_by_text("Show neighbours who you are").click()
    mine.page.get_by_label("Name or plate").fill("B-AB 12")
    mine.button("Book spot 1 until").click()
    expect(mine.is_live().page.get_by_test_id("my-spot")).to_have_text("1")
    expect(mine.page.get_by_test_id("left")).to_have_text(re.compile(r"^(30:00|2[89]:\d\d)$"))
    (cookie,) = mine.page.context.cookies()
    assert cookie["httpOnly"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
    expect(status(other, 0)).to_have_text("taken")
    other.sees("by B-AB 12")
    inspector.inspect(mine.page, "a booking of mine")

    first = lot.open_on(0).leaves_at
    mine.press("Stay longer")
    inspector.inspect(mine.page, "staying longer")
    mine.press("+15 min").button("Leave at").click()
    mine.sees("Your time to leave is changed")
    assert lot.open_on(0).leaves_at == first + timedelta(minutes=15)

    other.press("Join the line").is_live()
    expect(other.page.get_by_test_id("my-place")).to_have_text("1")
    inspector.inspect(other.page, "in line")
    mine.press("Stay longer").sees("Others wait for a spot, so you can’t stay longer now.")
    expect(mine.button("+15 min")).to_be_disabled()
    mine.press("Leave it as it is")

    lot.is_over(0)
    mine.sees("Your time on spot 1 was up at")
    expect(mine.page.get_by_test_id("my-spot")).to_have_count(0)
    expect(other.page.get_by_test_id("offered-spot")).to_have_text("1")
    expect(other.page).to_have_title("● Spot 1 is held for you")
    inspector.inspect(other.page, "an offer")
    other.page.keyboard.press("Tab")
    other.button("Take spot 1 until").focus()
    other.page.keyboard.press("Enter")
    expect(other.page.get_by_test_id("my-spot")).to_have_text("1")
    expect(other.page.get_by_role("heading", name="Your spot")).to_be_focused()
    inspector.inspect(mine.page, "news of the end")
    mine.page.get_by_test_id("news").get_by_role("button").click()
    mine.sees_no("was up at")
    mine.reload().sees_no("was up at")

    other.press("Stop").dialog.get_by_role("button", name="Stop").click()
    expect(status(mine, 0)).to_have_text("free")


def test_times_are_those_of_the_site(library: Library, phone: NewScreen) -> None:
    """Wherever the phone believes to be."""
    lot = Lot(library, 1, max_stay_minutes=7 * 24 * 60)
    library.change(update(site).where(site.c.id == lot.site).values(time_zone="Pacific/Kiritimati"))
    screen = phone(library.person(), timezone_id="America/Los_Angeles").open(lot.path())
    screen.sees("All times are those of the place")
    wall = library.clock.now + timedelta(hours=14)  # always ahead of UTC by that
    screen.page.get_by_label("or at").fill(f"{wall - timedelta(hours=1):%H:%M}")  # gone: tomorrow
    expect(screen.button("Book spot 1 until")).to_have_text(
        re.compile(r"until \d\d:\d\d( tomorrow)?$")
    )
    screen.button("Book spot 1 until").click()
    screen.page.get_by_test_id("my-spot").wait_for()
    stays = lot.open_on(0).leaves_at - library.clock.now
    assert timedelta(hours=22, minutes=58) < stays <= timedelta(hours=23)
    shown = lot.open_on(0).leaves_at + timedelta(hours=14)
    expect(screen.page.get_by_test_id("my-times")).to_contain_text(f"{shown:%H:%M}")


def test_what_is_not_allowed_is_said_before_it_is_pressed(
    library: Library, phone: NewScreen, inspector: Inspector
) -> None:
    lot = Lot(library, 2, max_stay_minutes=90, sign_in_needed=True)
    stranger = phone().open(lot.path()).sees("Sign in to book")
    inspector.inspect(stranger.page, "sign in to book")
    screen = phone(library.person()).open(lot.path())
    expect(screen.button("+2 h")).to_be_disabled()
    screen.sees("One may stay for 1 h 30 at the longest")
    expect(screen.button("+30 min")).to_be_enabled()
    here = ZoneInfo(library.row(site, lot.site).time_zone)
    late = library.clock.now.astimezone(here) + timedelta(hours=2)
    screen.page.get_by_label("or at").fill(f"{late:%H:%M}")
    expect(screen.button("Choose a time")).to_be_disabled()


def test_moved_by_staff_moved_by_oneself_and_overstayed(
    library: Library, phone: NewScreen, inspector: Inspector
) -> None:
    lot, me = Lot(library, 3), library.person()
    booking_id = lot.take(0, me)
    screen, other = phone(me).open(lot.path()), phone(library.person()).open(lot.path())
    library.run(
        library.staff(),
        move_booking,
        booking_id=booking_id,
        charger_id=lot.ids[1],
        reason="cable broken",
    )
    screen.sees("your booking was moved from spot 1 to spot 2: cable broken")
    screen.press("Move to 3").sees("Your spot is 3 now")
    expect(screen.page.get_by_test_id("my-spot")).to_have_text("3")
    inspector.inspect(screen.page, "after a move")

    now = library.clock.now
    lot.is_over(2, leaves_at=now - timedelta(minutes=10, seconds=1))
    screen.sees("You have overstayed")
    inspector.inspect(screen.page, "overstayed")
    expect(status(other, 2)).to_have_text("overstayed")
    other.page.locator(".spots > li").nth(2).get_by_role("link").click()
    other.press("It stands empty").sees("Thank you. The spot is free for others now.")
    expect(status(other, 2)).to_have_text("free")
    screen.sees("somebody found spot 3 empty")


def test_somebody_stands_there(library: Library, phone: NewScreen) -> None:
    lot, me = Lot(library, 2), library.person()
    lot.take(0, me)
    lot.take(1)
    screen = phone(me).open(lot.path())
    screen.page.get_by_text("Somebody stands here?").click()
    screen.press("Somebody stands here").sees("You are first in line")
    expect(screen.page.get_by_test_id("my-place")).to_have_text("1")
    expect(status(screen, 0)).to_have_text("reported as taken")


def test_home_shows_spots_and_what_is_mine(
    library: Library, phone: NewScreen, inspector: Inspector
) -> None:
    lot, me, waiting = Lot(library, 1), library.person(), library.person()
    booking_id = lot.take(0, me)
    library.run(waiting, join_line, site_id=lot.site)
    screen = phone(me).open("/")
    expect(screen.page.get_by_test_id("my-stay")).to_contain_text("Spot 1")
    card = screen.page.get_by_label(f"Library {lot.site}", exact=True).get_by_test_id(
        "chargers-card"
    )
    expect(card).to_contain_text("0 of 1 free")
    expect(card).to_contain_text("next about")
    inspector.inspect(screen.page, "home, with a charging spot")
    library.run(
        me, set_leave, booking_id=booking_id, leaves_at=library.clock.now + timedelta(minutes=20)
    )
    card.click()
    screen.sees("Your spot")
    phone().open("/c/ZZZZZZ").sees("There is no charging spot at this address")


def test_a_newcomer_is_told_before_and_after(
    library: Library, phone: NewScreen, inspector: Inspector
) -> None:
    lot = Lot(library, 1, where_it_is_noon(library.clock.now), day_minutes=90)
    late, other = phone().open(lot.path()), library.person()
    late.sees("one may book 1 h 30 in a day here")
    expect(late.button("+2 h")).to_be_disabled()
    here = ZoneInfo(library.row(site, lot.site).time_zone)
    wrong = library.clock.now.astimezone(here) + timedelta(hours=23)
    late.page.get_by_label("or at").fill(f"{wrong:%H:%M}")
    expect(late.page.get_by_text("one may book 1 h 30 in a day here")).to_have_count(1)

    lot.take(0, other, stays=timedelta(hours=1))
    late.sees("Join the line")
    late.page.goto(f"{late.page.url}?refused=spot_taken")
    alert = late.page.get_by_test_id("refused")
    expect(alert).to_contain_text("This spot is taken for that time")
    expect(alert).to_be_focused()
    inspector.inspect(late.page, "refused, as somebody was quicker")

    lot.is_over(0, leaves_at=library.clock.now - timedelta(minutes=10, seconds=1))
    late.press("It stands empty").is_live()
    expect(status(late, 0)).to_have_text("free")
    assert library.rows(booking, charger_id=lot.ids[0], end_cause="found_free")
