"""Pictures of the pages for README and guides: `make screenshots`, into docs/screenshots/.

They are of a throw-away library on an ordinary afternoon, which is made before its server starts.
"""

import io
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import update

from bench.past import Past, write_past
from locker_app.db.tables import bank, charger, locker, person, queue, site
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind
from locker_app.services.bookings import book, stop
from locker_app.services.charger_line import join_line
from locker_app.services.command import Call
from locker_app.services.desks import label_desk
from locker_app.services.lockers import force_release, give_back, take_out_of_service
from locker_app.services.people import add_person
from locker_app.services.serving import complete_and_call_next
from locker_app.services.tickets import join_queue
from locker_app.settings import ROOT
from tests import browser as chromium
from tests.e2e.library import SECRET_KEY, Library
from tests.e2e.screens import Screen
from tests.running import ADMIN_PASSWORD, clean_environment, free_port, running
from tests.world import Clock
from tools.screenshots_terminals import PUBLIC_URL, take_pictures_of_terminals

FOLDER = ROOT / "docs" / "screenshots"
SEED = 11
TERM = 60
"""Days that the statistics look back on."""
AFTERNOON = 15  # the hour that it is in the pictures, whenever they are taken

_FIRST = ("Aarav", "Aditi", "Arjun", "Diya", "Farhan", "Gauri", "Isha", "Kiran", "Leela", "Nisha")
_LAST = (
    "Bansal",
    "Bhat",
    "Bose",
    "Chopra",
    "Das",
    "Desai",
    "Ghosh",
    "Iyer",
    "Joshi",
    "Khan",
    "Menon",
    "Rao",
    "Sen",
)


class Day(Library):
    """A library in which people have come and gone all day, as the pages and the timer do it."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, Clock())
        self.now = datetime.now(UTC)
        self.clock.now = self.now - timedelta(days=1)
        self._chance = random.Random(SEED)  # noqa: S311 - nothing secret
        names = [f"{first} {last}" for first in _FIRST for last in _LAST]
        self._new_names = iter(self._chance.sample(names, len(names)))
        self._new_numbers = iter(self._chance.sample(range(2100, 2999), len(names)))
        self._plan: list[tuple[float, Callable[[], object]]] = []
        self.banks: dict[str, int] = {row.name: row.id for row in self.rows(bank)}
        self.admin = self.staff()

    def call(self, actor: Actor = NOBODY) -> Call:
        """A call of the pages; of the timer for the system."""
        origin = "timer" if actor == SYSTEM else "web"
        return Call(self.clock.now, origin, actor=actor)

    def student(self, number: str) -> Actor:
        """One of the sample's students."""
        (row,) = self.rows(person, number=number)
        return Actor(ActorKind.PERSON, row.id)

    def anybody(self) -> Actor:
        """Somebody new."""
        number = f"{self._chance.choice(('CS', 'EC', 'ME'))}202{next(self._new_numbers)}"
        made = self.run(SYSTEM, add_person, number=number, name=next(self._new_names))
        return Actor(ActorKind.PERSON, made)

    def plan(self, minutes_ago: float, what: Callable[..., object], *args: Any, **kw: Any) -> None:
        """Let something happen so many minutes ago."""
        self._plan.append((minutes_ago, partial(what, *args, **kw)))

    def come(self, name: str, how_many: int, between: tuple[int, int], leave: int = 0) -> None:
        """Let so many new people get a locker in the bank, and some leave within half an hour."""
        times = sorted(self._chance.sample(range(*between), how_many))
        going = set(self._chance.sample(times, leave))
        for minutes_ago in times:
            who = self.anybody()
            self.plan(minutes_ago, self.take, who, self.banks[name])
            if minutes_ago in going:
                self.plan(self._chance.uniform(2, 20), self.leave, who)

    def leave(self, who: Actor) -> None:
        """The person gives their locker back."""
        self.run(who, give_back, assignment_id=self.claim(who).id)

    def turn_out(self, bank_id: int, reason: str) -> None:
        """Staff release the highest door in use."""
        number = self.doors(bank_id).rindex("h") + 1
        locker_id = self.door(bank_id, number)
        self.run(self.admin, force_release, locker_id=locker_id, reason=reason)

    def happen(self) -> None:
        """Let all that is planned happen, one after the other, and the timer in between."""
        for minutes_ago, what in sorted(self._plan, key=lambda step: -step[0]):
            self.clock.now = self.now - timedelta(minutes=minutes_ago)
            self.run_due()
            what()
        self.clock.now = self.now
        self.run_due()


def make_class(day: Day) -> None:
    """A lab that has been going for an hour: who was helped, who is, and who waits."""
    (lab,) = day.rows(queue)

    def join(who: Actor, group: str, question: str) -> None:
        day.run(who, join_queue, queue_id=lab.id, group=group, question=question)

    def press() -> None:
        day.run(day.admin, complete_and_call_next, queue_id=lab.id)

    day.plan(70, day.run, day.admin, label_desk, queue_id=lab.id, label="Desk 1")
    for place, minutes_ago in enumerate(range(66, 2, -5)):
        day.plan(minutes_ago, join, day.anybody(), str(11 + place), "")
    for minutes_ago in range(62, 8, -6):
        day.plan(minutes_ago + 0.5, press)
    question = "Why is the lens upside down in part 2?"
    day.plan(2.5, join, day.student("CS2021004"), "7", question)
    day.plan(1.5, join, day.anybody(), "30", "")


def make_day(day: Day) -> None:
    """Many lockers in use, some overdue, two out of service, and one bank full."""
    hall, reading = day.banks["Entrance hall"], day.banks["Reading room"]
    for number, minutes_ago, why in ((23, 350, "The lock sticks"), (37, 90, "Hinge is bent")):
        door = day.door(hall, number)
        day.plan(minutes_ago, day.run, day.admin, take_out_of_service, locker_id=door, reason=why)
    day.come("Entrance hall", 38, (25, 330), leave=9)
    day.come("Night study", 11, (30, 400))
    day.come("Reading room", 49, (15, 248))
    day.plan(100, day.take, day.student("CS2021001"), reading)
    why = "Stood open; the bag is at the desk"
    day.plan(1.5, day.turn_out, hall, reason=why)
    for minutes_ago, number in ((9, "EC2021001"), (6, "CS2021002"), (3, "ME2021001")):
        day.plan(minutes_ago, day.join, day.student(number), reading)
    make_class(day)
    day.happen()


def take_pictures(browser: Browser, day: Day, url: str) -> None:
    """All the pictures."""
    hall, reading = day.banks["Entrance hall"], day.banks["Reading room"]
    mine, waiting, new = (day.student(n) for n in ("CS2021001", "CS2021002", "CS2021003"))

    def screen(actor: Actor, path: str, kind: dict[str, Any], **options: Any) -> Screen:
        context = browser.new_context(base_url=url, **(kind | options))
        day.signs_in(actor, context, url)
        return Screen(context.new_page()).open(path)

    phone, desktop = chromium.PHONE, chromium.DESKTOP
    save(screen(mine, "/", phone).sees("Yours").page, "phone-home")
    bank_page = screen(new, f"/lockers/{hall}", phone)
    bank_page.button("Get a locker").wait_for()
    save(bank_page.page, "phone-bank")
    for name, colours in (("phone-my-locker", "light"), ("phone-my-locker-dark", "dark")):
        own = screen(mine, f"/lockers/{reading}", phone, color_scheme=colours)
        own.number.wait_for()
        save(own.page, name)
    place = screen(waiting, f"/lockers/{reading}", phone)
    place.place.wait_for()
    save(place.page, "phone-waiting")
    number = day.number_of(day.claim(mine).locker_id)
    for name, colours in (("desktop-board", "light"), ("desktop-board-dark", "dark")):
        board = screen(day.admin, "/staff", desktop, color_scheme=colours)
        board.button(f"B{number}, held").click()
        board.panel.get_by_role("listitem").first.wait_for()
        save(board.page, name)
    panel = screen(day.admin, f"/staff/board/{reading}", phone).press(f"B{number}, held")
    panel.panel.get_by_role("listitem").first.wait_for()
    save(panel.page, "phone-door")
    board = screen(day.admin, f"/staff/board/{reading}", desktop).press(f"B{number}, held")
    board.press("Force release").page.get_by_label("Reason").fill("Closing for the holidays")
    save(board.page, "desktop-door")
    (lab,) = day.rows(queue)
    ticket = screen(day.student("CS2021004"), f"/q/{lab.code}", phone)
    ticket.sees("ahead of you")
    save(ticket.page, "phone-ticket")
    take_pictures_of_charging(day, screen)
    helm = screen(day.admin, f"/staff/queues/{lab.id}", desktop).sees("Complete")
    save(helm.page, "desktop-queue")
    display = screen(day.admin, f"/queues/{lab.id}/display", desktop).sees("Now serving")
    save(display.page, "display-queue")
    take_pictures_of_people(
        screen(day.admin, "/staff/people/import", desktop),
        screen(day.admin, "/staff/people", phone),
    )
    history = screen(day.admin, "/staff/history", desktop)
    history.page.get_by_role("row").nth(10).wait_for()
    save(history.page, "desktop-history")


def take_pictures_of_charging(day: Day, screen: Callable[..., Screen]) -> None:
    """A spot that is free, one's own while others charge, and an offer to the next in line."""
    spots, now = day.rows(charger), datetime.now(UTC)
    mine, next_one, *others = (day.student(row.number) for row in day.rows(person)[2:10])
    new = screen(day.student("CS2021001"), f"/c/{spots[2].code}", chromium.PHONE)
    new.button("Book spot").wait_for()
    save(new.page, "phone-charger")
    stays = [
        day.run(who, book, charger_id=spot.id, leaves_at=now + timedelta(minutes=50 + 35 * n))
        for n, (who, spot) in enumerate(
            zip([mine, *others, day.anybody(), day.anybody()], spots, strict=False)
        )
    ]
    own = screen(mine, f"/c/{spots[0].code}", chromium.PHONE).sees("Your spot")
    save(own.page, "phone-charging")
    if len(stays) == len(spots):
        day.run(next_one, join_line, site_id=spots[0].site_id)
        day.run(mine, stop, booking_id=stays[0].booking_id)
        offer = screen(next_one, f"/c/{spots[0].code}", chromium.PHONE).sees("A spot for you")
        save(offer.page, "phone-charger-offer")


def take_pictures_with_cards(browser: Browser, day: Day, url: str) -> None:
    """Terminals, and who taps there."""

    def screen(actor: Actor, path: str, kind: dict[str, Any]) -> Screen:
        context = browser.new_context(base_url=url, **kind)
        day.signs_in(actor, context, url)
        return Screen(context.new_page()).open(path)

    take_pictures_of_terminals(
        day,
        url,
        lambda path: screen(day.admin, path, chromium.DESKTOP),
        lambda who, path: screen(who, path, chromium.PHONE),
        save,
        FOLDER,
    )


def take_pictures_of_people(desktop: Screen, phone: Screen) -> None:
    """A file of people that was looked through, and the people themselves."""
    desktop.open("/staff/people/import").page.get_by_label("A file of people").set_input_files(
        {"name": "students-autumn.csv", "mimeType": "text/csv", "buffer": a_file().encode("cp1252")}
    )
    desktop.press("Send").sees("5 wrong", "Row by row")
    save(desktop.page, "desktop-import")
    phone.open("/staff/people").page.get_by_role("searchbox").fill("sha")
    phone.sees("Rahul Sharma")
    save(phone.page, "phone-people")


def a_file() -> str:
    """A term's file as a registry writes it: semicolons, and some rows that can't be right."""
    chance = random.Random(SEED)  # noqa: S311 - nothing secret
    names = [f"{last};{first}" for first in _FIRST for last in _LAST]
    rows = [f"EC2026{n:03};{name};" for n, name in enumerate(chance.sample(names, 118), 1)]
    rows[7] += "yes"
    rows[11:11] = ["EC2026003;Bose;Diya;", "=A1+1;Rao;Isha;", "EC2026301;;;"]
    rows[40:40] = ["EC2026302;Leela;=SUM(A1:A9);", "EC2026303;Sen;José;perhaps"]
    return "\n".join(["Student number;Last name;First name;Accessible", *rows, ""])


def save(page: Page, name: str) -> None:
    """Write a picture of the page, with a palette so that it is small."""
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    path = FOLDER / f"{name}.png"
    picture.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KB")


def take_pictures_of_a_term(browser: Browser, day: Day, url: str) -> None:
    """The statistics of a site where people have come and gone for two months."""
    (site_id,) = {row.site_id for row in day.rows(bank)}
    for name, kind in (
        ("desktop-statistics", chromium.DESKTOP),
        ("phone-statistics", chromium.PHONE),
    ):
        context = browser.new_context(base_url=url, **kind)
        day.signs_in(day.admin, context, url)
        screen = Screen(context.new_page()).open(f"/staff/statistics?site={site_id}")
        screen.sees("The fullest hour of the week is").page.locator(".heat").wait_for()
        save(screen.page, name)


def make_term(day: Day) -> None:
    """Two months up to now, straight into the tables."""
    people = [day.anybody().id or 0 for _ in range(100)]
    banks = {
        row.id: [door.id for door in day.rows(locker, bank_id=row.id)] for row in day.rows(bank)
    }
    (lab,) = day.rows(queue)
    past = Past(lab.site_id, zone(), banks, people, [lab.id], [day.admin.id or 0], SEED)
    first = (day.now - timedelta(days=TERM)).date()
    day.change(update(site).values(created_at=day.now - timedelta(days=TERM)))
    write_past(day.db, past, first, TERM + 1, 260 * (TERM + 1), until=day.now)
    day.clock.now = day.now


def zone() -> str:
    """A time zone in which it is afternoon now. Those of Etc have their signs the other way."""
    east = (AFTERNOON - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "UTC"


def main() -> None:
    """Make them all anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    _picture(make_day, take_pictures)
    _picture(make_term, take_pictures_of_a_term)
    more = {"CUBBY_MQTT": "auto", "CUBBY_MQTT_PORT": str(free_port())}
    _picture(make_day, take_pictures_with_cards, more | {"CUBBY_PUBLIC_URL": PUBLIC_URL})


def _picture(
    make: Callable[[Day], None],
    take: Callable[[Browser, Day, str], None],
    more: Mapping[str, str] | None = None,
) -> None:
    """Make a library, serve it, and take its pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder)
        settings = {"CUBBY_SECRET_KEY": SECRET_KEY, "CUBBY_TIME_ZONE": zone()}
        init = settings | {"CUBBY_DATA_DIR": folder, "CUBBY_ADMIN_PASSWORD": ADMIN_PASSWORD}
        command = [sys.executable, "-m", "locker_app.cli", "init"]
        subprocess.run(command, cwd=ROOT, env=clean_environment(**init), check=True)
        day = Day(data)
        make(day)
        with running(data, None, anew=False, **settings, **(more or {})) as server:
            browser = chromium.launch(playwright)
            take(browser, day, server.url)
            browser.close()
        day.db.close()


if __name__ == "__main__":
    main()
