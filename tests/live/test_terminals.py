"""What the panel is sent of terminals: what is in the database with what they said last."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, update

from edge.display.draw import png
from edge.display.screen import Screen
from edge.protocol import Shown, Telemetry
from locker_app.db.tables import person, terminal, terminal_alert
from locker_app.domain.terminals import CommandKind, TapMode, TerminalKind, TerminalPlan
from locker_app.live.kinds import KINDS
from locker_app.live.seen_terminals import Broker, SeenTerminals, seen
from locker_app.services.cards import ask_link
from locker_app.services.commands import tell
from locker_app.services.terminals import add_terminal, revoke_terminal
from tests.world import World


@pytest.fixture
def known() -> Iterator[SeenTerminals]:
    """What terminals said, and nothing afterwards."""
    seen.clear()
    yield seen
    seen.clear()


def project(world: World, kind: str, key: int) -> dict[str, Any]:
    sent = world.db.read(lambda conn: KINDS[kind].project(conn, key, world.clock.now))
    assert sent is not None
    return sent


def test_a_terminal_with_all_that_is_known_of_it(world: World, known: SeenTerminals) -> None:
    site_id, admin = world.site(), world.staff()
    plan = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE)
    gate = world.run(admin, add_terminal, site_id=site_id, plan=plan)
    (new,) = project(world, "terminals", site_id)["terminals"]
    assert (new["state"], new["provisioned"], new["says"]) == ("new", False, "")
    now = world.clock.now
    there = {"state": "online", "password_hash": "x", "provisioned_at": now, "cfg_version": 2}
    world.change(update(terminal).where(terminal.c.id == gate).values(there))
    known.shown(site_id, gate, Shown(headline="Tap your card", lines=["<b>7</b> free"]), now)
    known.telemetry(site_id, gate, Telemetry(outbox=2, oldest_s=9, temperature=41.6), now)
    known.broker(Broker("embedded", connected=True))
    who = world.person()
    assert who.id is not None
    about = {"site_id": site_id, "terminal_id": gate, "kind": "too_fast", "subject": "x"}
    details = {"at": "2026-05-03T12:05:10+00:00", "before_at": gate}
    about |= {"person_id": who.id, "details": details}
    alert = {**about, "count": 2, "at": now, "last_at": now}
    world.change(insert(terminal_alert).values(alert))
    world.run(admin, tell, terminal_id=gate, kind=CommandKind.IDENTIFY)
    world.run(admin, ask_link, person_id=who.id, terminal_id=gate)
    sent = project(world, "terminals", site_id)
    assert (sent["broker"], sent["connected"]) == ("embedded", True)
    (row,) = sent["terminals"]
    expected = {"state": "online", "provisioned": True, "pending": True, "outbox": 2, "oldest_s": 9}
    assert expected.items() <= row.items()
    assert (row["says"], row["warm"], row["signal"]) == (
        "Tap your card. <b>7</b> free",
        "42 °C",
        "",
    )
    (name,) = (one.name for one in world.rows(person) if one.id == who.id)
    assert row["waits_for"] == row["alerts"][0]["who"] == name
    assert row["alerts"][0]["text"].startswith("here on 3 May at 14:05:10, at Gate.")
    assert [(one["kind"], one["status"]) for one in row["commands"]] == [("identify", "given")]
    picture = b64decode(sent["pictures"][str(gate)].removeprefix("data:image/png;base64,"))
    assert picture == png(Screen("Tap your card", ("<b>7</b> free",)))
    world.run(admin, revoke_terminal, terminal_id=gate, reason="stolen")
    (row,) = project(world, "terminals", site_id)["terminals"]
    assert (row["state"], row["provisioned"], row["commands"][0]["status"]) == (
        "revoked",
        False,
        "expired",
    )


@pytest.mark.parametrize("text", ["", "\x00\x1b[31m", "א" * 200, "‮evil", "😀" * 40])
def test_whatever_a_display_shows_has_a_picture(
    world: World, known: SeenTerminals, text: str
) -> None:
    site_id, admin = world.site(), world.staff()
    plan = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE)
    gate = world.run(admin, add_terminal, site_id=site_id, plan=plan)
    shown = Shown(headline=text, lines=[text], clock="25:99", tone="none", qr=text[:9])
    known.shown(site_id, gate, shown, world.clock.now)
    sent = project(world, "terminals", site_id)
    assert sent["pictures"][str(gate)].startswith("data:image/png;base64,")
    assert sent["terminals"][0]["says"]
