"""Devices with the terminal's own program, which are terminals of a stage."""

import base64

from sqlalchemy import insert

from edge.cards import card_id
from edge.identity import Broker, CardKey, Identity
from locker_app.db.tables import card
from locker_app.services.provisioning import Provisioned
from tests.bridge.stage import Stage
from tests.broker import TestBroker, wait_until
from tests.edge.stage import CARD, Threaded


def identity(given: Provisioned, broker: TestBroker) -> Identity:
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


def link(stage: Stage, given: Provisioned) -> None:
    """Let the card be somebody's."""
    kid, key = given.card_keys[0]
    number = card_id(kid, base64.b64decode(key), bytes.fromhex(CARD))
    now, person = stage.world.clock.now, stage.world.person()
    values = {"person_id": person.id, "linked_at": now, "created_at": now, "answer": {}}
    stage.world.change(insert(card).values(number=number, **values))


def shows(device: Threaded, *texts: str) -> None:
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
