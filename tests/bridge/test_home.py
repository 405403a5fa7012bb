"""Home Assistant hears of what happens, by a real broker, and of nothing more once it is off."""

import json
from typing import Any

import pytest

from locker_app.bridge import home
from locker_app.bridge.home_assistant import Address
from locker_app.brokers.rights import BRIDGES
from tests.bridge.stage import eventually, stage_of
from tests.broker import Client, TestBroker
from tests.world import World


def test_figures_follow_and_all_is_removed_when_switched_off(
    sqlite_world: World, real_mosquitto: TestBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "EVERY_SECONDS", 0.05)
    address = Address(instance="tests")
    said: dict[str, bytes] = {}
    broker = real_mosquitto.broker

    def listen(client: Client) -> None:
        for _ in range(client.messages.qsize()):
            came = client.messages.get_nowait()
            said[came.topic] = bytes(came.payload)

    with (
        stage_of(sqlite_world, real_mosquitto) as stage,
        Client(broker, BRIDGES[2], broker.password) as assistant,
    ):
        assistant.subscribe("homeassistant/#", "cubby/ha/#")
        bank = sqlite_world.bank(count=3)
        on = stage.start(home=address, home_on=True)
        figures = address.state_topic(f"bank_{bank}")

        def free() -> Any:
            listen(assistant)
            return json.loads(said.get(figures) or b"{}").get("free")

        eventually(lambda: free() == 3)
        assert said[address.config_topic(f"bank_{bank}")]
        assert said[address.status_topic] == b"online"
        terminal = stage.terminal(bank)
        person = sqlite_world.person()
        terminal.answer(terminal.tap(stage.card_of(person)))
        eventually(lambda: free() == 2)
        states = address.state_topic(f"terminal_{terminal.login}")
        eventually(lambda: free() and json.loads(said.get(states) or b"{}").get("online") == "ON")
        assert not any(str(person.id).encode() == part for part in said.values())
        stage.stop(on)
        eventually(lambda: free() == 2 and said[address.status_topic] == b"offline")
        stage.start(home=address, home_on=False)
        eventually(
            lambda: (
                free() is None
                and not any(body for topic, body in said.items() if address.is_own(topic))
            )
        )
