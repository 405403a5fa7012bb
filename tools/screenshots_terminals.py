"""Pictures of card terminals, for `tools.screenshots`: programs of terminals as on a Raspberry Pi,
simulated, with the broker that the server runs itself."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page
from sqlalchemy import update

from edge.identity import save as keep
from edge.settings import IDENTITY, PICTURE
from edge.web import provision
from locker_app.db.tables import person, terminal
from locker_app.demo.place import Place, set_up, shown_uid
from locker_app.demo.story import GATE
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.terminals import TapMode, TerminalKind, TerminalPlan
from locker_app.services.provisioning import make_code
from locker_app.services.sealing import Seal
from locker_app.services.secrets import hash_secret
from locker_app.services.terminals import add_terminal
from tests.broker import wait_until
from tests.e2e.library import SECRET_KEY, Library
from tests.e2e.screens import Screen
from tests.edge.stage import Process

PUBLIC_URL = "https://lockers.example.org"
"""The server's address in the command that a device gets."""
HOLDER = "CS2021001"
ENTRANCE, READING_ROOM = "entrance", "reading-room"
NEW = TerminalPlan("Side door", TerminalKind.GATE, TapMode.GATE, place="Court")


def take_pictures_of_terminals(
    day: Library,
    url: str,
    desktop: Callable[[str], Screen],
    phone: Callable[[Actor, str], Screen],
    save: Callable[[Page, str], None],
    folder: Path,
) -> None:
    """A code for a device, a display, the panel, and a tap that asks for the PIN on the phone.

    Args:
        day: the library of which they are.
        url: of its server.
        desktop: a page of staff.
        phone: a page of somebody.
        save: keeps a picture of a page.
        folder: where the display's picture is kept.
    """
    place = _set_up(day)
    setup = desktop(f"/staff/setup/terminals/{place.site_id}").press("Make a code Side door")
    setup.page.get_by_test_id("code").wait_for()
    save(setup.page, "desktop-terminal-code")
    with _devices(day, place, url) as at:
        _visit(day, place, at)
        panel = desktop(f"/staff/terminals/{place.site_id}").sees("3 of 4 connected")
        panel.page.get_by_alt_text("The display shows: Locker").wait_for()
        save(panel.page, "desktop-terminals")
        display = Image.open(at[ENTRANCE].folder / PICTURE)
        larger = display.resize((4 * display.width, 4 * display.height), Image.Resampling.NEAREST)
        larger.save(folder / "terminal-display.png", optimize=True)
        (holder,) = day.rows(person, number=HOLDER)
        mine = phone(Actor(ActorKind.PERSON, holder.id), "/").sees("Yours")
        at[READING_ROOM].tap(shown_uid(HOLDER))
        mine.page.get_by_test_id("confirm-tap").wait_for()
        save(mine.page, "phone-confirm")


def _set_up(day: Library) -> Place:
    """The demo's terminals and cards; one of them wants the PIN. And one that no device is yet."""
    place = set_up(day.db, Seal((SECRET_KEY,)), datetime.now(UTC))
    day.run(day.staff(), add_terminal, site_id=place.site_id, plan=NEW)
    careful = terminal.c.id == place.terminals[READING_ROOM]
    day.change(update(terminal).where(careful).values(pin_needed=True))
    own = update(person).where(person.c.number == HOLDER)
    day.change(own.values(pin_hash=hash_secret("2580")))
    return place


@contextlib.contextmanager
def _devices(day: Library, place: Place, url: str) -> Iterator[dict[str, Process]]:
    """The program of each of the demo's terminals; they end with the block."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ends:
        running: dict[str, Process] = {}
        for short, terminal_id in place.terminals.items():
            home = Path(folder) / short
            home.mkdir()
            code = day.run(day.staff(), make_code, terminal_id=terminal_id).code
            keep(home / IDENTITY, provision(url, code))
            running[short] = Process(home)
            ends.callback(running[short].close)
        for short in running:
            _until_shows(running[short], "Tap your card")
        yield running


def _visit(day: Library, place: Place, at: dict[str, Process]) -> None:
    """Some come in, and one of them gets a locker."""
    for number in place.people.values():
        at[GATE].tap(shown_uid(number))
        _until_shows(at[GATE], "Welcome")
        _until_shows(at[GATE], "Tap your card")
    holding = {row.person_id for row in day.open_claims()}
    who = next(number for id_, number in place.people.items() if id_ not in holding)
    at[ENTRANCE].tap(shown_uid(who))
    _until_shows(at[ENTRANCE], "Locker")


def _until_shows(device: Process, headline: str) -> None:
    def shows() -> bool:
        status: dict[str, Any] | None = device.try_status()
        return status is not None and status["screen"]["headline"].startswith(headline)

    wait_until(shows, headline)
