"""The terminal's own program and the bridge, with a real broker and a real database between."""

from pathlib import Path

import pytest

from edge.control import ask
from edge.identity import save
from edge.settings import IDENTITY
from locker_app.bridge import outbound
from locker_app.db.tables import assignment
from locker_app.domain.terminals import CommandKind
from locker_app.services.commands import tell
from tests.bridge.devices import identity, link, shows
from tests.bridge.stage import Stage
from tests.broker import lets_in, wait_until
from tests.edge.stage import Threaded


def test_a_card_gets_a_locker_and_the_display_says_so(stage: Stage, tmp_path: Path) -> None:
    world = stage.world
    terminal_id = stage.add(world.bank(count=3))
    given = stage.provision(terminal_id)
    link(stage, given)
    who = identity(given, stage.broker)
    save(tmp_path / IDENTITY, who)
    wait_until(lambda: lets_in(stage.broker.broker, given.terminal, given.password), "the account")
    device = Threaded(tmp_path, who)
    try:
        shows(device, "Tap your card", "3 of 3 free")
        wait_until(lambda: stage.state(terminal_id) == "online", "the state")
        device.tap()
        wait_until(lambda: device.status()["opened"], "an open door")
        shows(device, "A1")
        (held,) = world.rows(assignment)
        assert held.released_at is None
        ask(tmp_path, {"do": "take_away"})
        shows(device, "Tap your card", "2 of 3 free")
        world.run(world.staff(), tell, terminal_id=terminal_id, kind=CommandKind.RESTART)
        assert device.wait_end() == "restart"
    finally:
        device.close()


def test_a_terminal_that_comes_is_told_the_time_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.stop(stage.bridges[0])
    monkeypatch.setattr(outbound, "STATE_SECONDS", 3600.0)
    stage.start()
    terminal = stage.terminal(stage.world.bank(count=1))
    for _ in range(2):
        said = len(terminal.told("state"))
        terminal.say("avail", {"state": "online"}, retain=True)
        wait_until(lambda said=said: len(terminal.told("state")) > said, "the time")
    assert not [one for one in terminal.heard if one.tail == "state"][-1].retained
