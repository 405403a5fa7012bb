"""The terminal's own program and the bridge, with a real broker and a real database between."""

import base64
from pathlib import Path

import pytest
from sqlalchemy import insert

from edge.cards import card_id
from edge.control import ask
from edge.identity import Broker, CardKey, Identity, save
from edge.settings import IDENTITY
from locker_app.bridge import outbound
from locker_app.db.tables import assignment, card
from locker_app.domain.terminals import CommandKind
from locker_app.services.commands import tell
from locker_app.services.provisioning import Provisioned
from tests.bridge.stage import Stage
from tests.broker import TestBroker, lets_in, wait_until
from tests.edge.stage import CARD, Threaded


def _identity(given: Provisioned, broker: TestBroker) -> Identity:
    return Identity(
        terminal=given.terminal,
        password=given.password,
        site=given.site,
        name=given.name,
        broker=Broker(host=broker.host, port=broker.port),
        card_keys=[CardKey(kid=kid, key=key) for kid, key in given.card_keys],
        grant_key=given.grant_key,
        server="http://localhost:1",
    )


def _link(stage: Stage, given: Provisioned) -> None:
    """Let the card be somebody's."""
    kid, key = given.card_keys[0]
    number = card_id(kid, base64.b64decode(key), bytes.fromhex(CARD))
    now, person = stage.world.clock.now, stage.world.person()
    values = {"person_id": person.id, "linked_at": now, "created_at": now, "answer": {}}
    stage.world.change(insert(card).values(number=number, **values))


def test_a_card_gets_a_locker_and_the_display_says_so(stage: Stage, tmp_path: Path) -> None:
    world = stage.world
    terminal_id = stage.add(world.bank(count=3))
    given = stage.provision(terminal_id)
    _link(stage, given)
    who = _identity(given, stage.broker)
    save(tmp_path / IDENTITY, who)
    wait_until(lambda: lets_in(stage.broker.broker, given.terminal, given.password), "the account")
    device = Threaded(tmp_path, who)
    try:
        _shows(device, "Tap your card", "3 of 3 free")
        wait_until(lambda: stage.state(terminal_id) == "online", "the state")
        device.tap()
        wait_until(lambda: device.status()["opened"], "an open door")
        _shows(device, "A1")
        (held,) = world.rows(assignment)
        assert held.released_at is None
        ask(tmp_path, {"do": "take_away"})
        _shows(device, "Tap your card", "2 of 3 free")
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


def _shows(device: Threaded, *texts: str) -> None:
    """Wait until all of that is on the display."""
    seen: list[str] = []

    def looks() -> bool:
        screen = device.status()["screen"]
        shown = " ".join([screen["headline"], *screen["lines"]])
        if shown not in seen:
            seen.append(shown)
        return all(text in shown for text in texts)

    try:
        wait_until(looks)
    except AssertionError:
        raise AssertionError(f"{texts} was never shown, but {seen}") from None
