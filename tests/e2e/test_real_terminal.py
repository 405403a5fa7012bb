"""A real terminal in front of a real server: the program of terminals, the broker that the server
runs itself, phones and the panel in a browser. Nothing is loaded anew."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from locker_app.domain.actors import Role
from locker_app.settings import ROOT
from tests import running
from tests.broker import wait_until
from tests.e2e.conftest import NewScreen
from tests.e2e.library import SECRET_KEY, Library
from tests.e2e.screens import Screen
from tests.edge.stage import Process
from tests.running import Server


@pytest.fixture(scope="module")
def server(_built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The running server, with a broker as its child."""
    folder = tmp_path_factory.mktemp("with-broker")
    port = str(running.free_port())
    settings: dict[str, Any] = {"CUBBY_MQTT": "auto", "CUBBY_MQTT_PORT": port}
    settings["CUBBY_SECRET_KEY"] = SECRET_KEY
    with running.running(folder, **settings) as started:
        yield started
        assert "Traceback" not in started.output, started.output


@pytest.fixture(scope="module")
def library(server: Server) -> Iterator[Library]:
    """The library that the server shows."""
    opened = Library(server.data)
    yield opened
    opened.db.close()


def test_a_card_from_its_first_tap_to_the_end_of_its_terminal(
    server: Server, library: Library, phone: NewScreen, desktop: NewScreen, tmp_path: Path
) -> None:
    site_id = library.site()
    bank_id, student = library.bank(site_id, count=3), library.person()
    admin = library.staff(Role.ADMIN, site_id)
    panel = desktop(library.staff()).open(f"/staff/setup/terminals/{site_id}")
    _provision(tmp_path, server.url, _code(panel, bank_id))
    panel.open(f"/staff/terminals/{site_id}").sees("0 of 1 connected")
    display = panel.page.get_by_alt_text("The display shows:")
    device = Process(tmp_path)
    try:
        panel.sees("1 of 1 connected")
        _shows(device, "Tap your card", "3 of 3 free")
        expect(display).to_have_attribute("alt", re.compile("Tap your card.*3 of 3 free"))

        desk = desktop(library.staff()).open(f"/staff/people/{student.id}")
        desk.page.get_by_text("Link a card by a tap").click()
        desk.page.get_by_label("Terminal").select_option(label=f"Hall, Library {site_id}")
        desk.press("Wait for the tap").sees("Tap the card at Hall now.")
        device.tap()
        desk.sees("The card is linked.")
        _shows(device, "Tap your card")

        mine = phone(student).open(f"/lockers/{bank_id}").sees("3 of 3 free")
        board = desktop(admin).open(f"/staff/board/{bank_id}").shows_door(1, "f")
        for screen in (mine, board, panel):
            screen.page.evaluate("window.same = true")
        device.tap()
        expect(mine.number).to_have_text("A1")
        board.shows_door(1, "h")
        expect(board.page.locator('.chip[data-status="h"]')).to_contain_text("1")
        wait_until(lambda: _opened(device) == [1], "the open door")
        _shows(device, "Tap your card", "2 of 3 free")
        mine.press("Give it back")
        _shows(device, "Tap your card", "3 of 3 free")
        expect(display).to_have_attribute("alt", re.compile("3 of 3 free"))
        board.shows_door(1, "f")

        board.door(2).click()
        board.press("Open the door…").question.get_by_role("button", name="Open it now").click()
        expect(board.panel.get_by_test_id("opening")).to_contain_text("opened")
        expect(display).to_have_attribute("alt", re.compile("Locker A2.*Opened for you"))
        assert _opened(device) == [1, 2]
        told = panel.page.get_by_test_id("terminal").locator(".told li").filter(has_text="Open A2")
        expect(told.locator(".progress")).to_have_attribute("data-status", "done")
        expect(told.locator('.steps [data-done="true"]')).to_have_count(3)

        boot = device.boot
        panel.press("Restart… Hall").press("Restart it")
        wait_until(lambda: device.boot > boot, "another start")
        panel.sees("1 of 1 connected")
        _shows(device, "Tap your card", "3 of 3 free")
        for screen in (mine, board, panel):
            assert screen.page.evaluate("window.same"), "it was loaded anew"

        panel.press("Revoke… Hall").dialog.get_by_label("Reason").fill("was stolen")
        panel.press("Revoke it").sees("0 of 1 connected")
        wait_until(lambda: not (device.try_status() or {"link": True})["link"], "the end of it")
        _shows(device, "Not admitted")
        before = _taps(device)
        device.tap()
        wait_until(lambda: _taps(device) > before, "a look at the card")
        _shows(device, "Not admitted")
        assert _opened(device) == []
    finally:
        device.close()
    assert library.doors(bank_id) == "fff"


def _code(panel: Screen, bank_id: int) -> str:
    """Set up a terminal, and make a code for its device."""
    panel.page.get_by_text("Add a terminal", exact=True).click()
    panel.page.locator("#add-name").fill("Hall")
    panel.page.locator("#add-bank_id").select_option(str(bank_id))
    panel.page.locator("#add-relays").fill("1-3")
    panel.press("Add it").press("Make a code Hall")
    code = panel.page.get_by_test_id("code").inner_text()
    panel.press("Done")
    return code


def _provision(folder: Path, url: str, code: str) -> None:
    """Become that terminal, as people do it."""
    subprocess.run(
        [sys.executable, "-m", "edge", "--dir", str(folder), "provision", url, code],
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        check=True,
        timeout=60,
    )


def _shows(device: Process, *texts: str) -> None:
    """Wait until all of this is on the display."""
    seen = ""

    def shown() -> bool:
        nonlocal seen
        screen = (device.try_status() or {"screen": {"headline": "", "lines": []}})["screen"]
        seen = " / ".join([screen["headline"], *screen["lines"]])
        return all(text in seen for text in texts)

    try:
        wait_until(shown)
    except AssertionError:
        raise AssertionError(f"the display shows {seen}, not {texts}") from None


def _taps(device: Process) -> int:
    """How many cards it has read since it began."""
    status = device.try_status()
    assert status is not None
    return status["counters"].get("taps", 0)


def _opened(device: Process) -> list[int]:
    status = device.try_status()
    assert status is not None
    return [one["door"] for one in status["opened"]]
