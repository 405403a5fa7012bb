"""Devices that become terminals by a code, and ask for the card keys."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from edge.identity import CardKeys, Provisioned
from locker_app.db.tables import event, terminal
from locker_app.domain.terminals import TapMode, TerminalKind, TerminalPlan
from locker_app.services.limiter import Rates
from locker_app.services.provisioning import make_code
from locker_app.services.terminals import add_terminal, archive_terminal, revoke_terminal
from locker_app.settings import get_settings
from tests.api.clients import Client, Library

PROVISION, KEYS = "/api/v1/terminals/provision", "/api/v1/terminals/keys"


def a_gate(library: Library) -> int:
    world = library.world
    plan = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE)
    return world.run(world.staff(), add_terminal, site_id=world.site(), plan=plan)


def code_of(library: Library, terminal_id: int) -> str:
    world = library.world
    return world.run(world.staff(), make_code, terminal_id=terminal_id).code


def keys(client: Client, name: str, password: str) -> Any:
    return client.post(KEYS, json={}, auth=(name, password))


def test_a_code_makes_a_device_the_terminal_once(library: Library) -> None:
    gate, device = a_gate(library), library.program()
    code = code_of(library, gate)
    answer = device.post(PROVISION, json={"code": code.lower().replace("-", " ")})
    assert answer.status_code == 200
    given = Provisioned.model_validate_json(answer.content)  # as the terminal reads it
    row = library.world.row(terminal, gate)
    assert (given.terminal, given.site) == (row.login, str(row.site_id))
    assert given.broker.host == "testserver"
    assert given.password not in str(row), "only its hash is kept"
    assert given.grant_key not in row.grant_key
    assert len(base64.b64decode(given.card_keys[0].key)) == 32
    again = device.post(PROVISION, json={"code": code})
    assert (again.status_code, again.json()["code"]) == (403, "code_over")
    assert [row.kind for row in library.world.rows(event, terminal_id=gate)] == [
        "TerminalCreated",
        "TerminalCodeMade",
        "TerminalProvisioned",
    ]


def test_each_time_it_is_another_device_with_the_same_card_keys(library: Library) -> None:
    gate, device = a_gate(library), library.program()
    first, second = (
        device.post(PROVISION, json={"code": code_of(library, gate)}).json() for _ in range(2)
    )
    assert first["terminal"] == second["terminal"]
    assert first["password"] != second["password"]
    assert first["card_keys"] == second["card_keys"]
    assert keys(device, first["terminal"], first["password"]).status_code == 403
    answer = keys(device, second["terminal"], second["password"])
    assert CardKeys.model_validate_json(answer.content).card_keys[0].kid


@pytest.mark.parametrize("spoilt", ["old", "other", "archived", "revoked"])
def test_codes_that_are_over(library: Library, spoilt: str) -> None:
    world, gate = library.world, a_gate(library)
    code = code_of(library, gate)
    if spoilt == "old":
        world.change(terminal.update().values(code_until=world.clock.now - timedelta(seconds=1)))
    elif spoilt == "other":
        code_of(library, gate)
    elif spoilt == "archived":
        world.run(world.staff(), archive_terminal, terminal_id=gate)
    else:
        world.run(world.staff(), revoke_terminal, terminal_id=gate, reason="x")
    answer = library.program().post(PROVISION, json={"code": code})
    assert (answer.status_code, answer.json()["code"]) == (403, "code_over")
    assert world.row(terminal, gate).password_hash is None


def test_revoked_it_gets_no_keys(library: Library) -> None:
    world, gate, device = library.world, a_gate(library), library.program()
    given = device.post(PROVISION, json={"code": code_of(library, gate)}).json()
    world.run(world.staff(), revoke_terminal, terminal_id=gate, reason="stolen")
    for name, password in (
        (given["terminal"], given["password"]),
        (given["terminal"], ""),
        ("t-nobody", "x"),
        ("x" * 5000, "x" * 5000),
        ("\0", "\0"),
    ):
        assert keys(device, name, password).status_code == 403
    assert device.post(KEYS, json={}).status_code == 403


def test_who_tries_too_often_has_to_wait(library: Library) -> None:
    guarded = Library(library.world, Rates(account="2/minute", failures="3/minute"))
    device = guarded.program()
    codes = [f"{n}AAA-BBBB-CCCC-DDDD" for n in range(5)]
    answers = [device.post(PROVISION, json={"code": code}).status_code for code in codes]
    assert answers == [403, 403, 403, 429, 429]


@pytest.mark.parametrize("body", [{}, {"code": 1}, {"code": "x" * 61}, {"code": "x", "y": 1}, []])
def test_odd_requests_are_refused(library: Library, body: Any) -> None:
    assert library.program().post(PROVISION, json=body).status_code == 422


def test_where_the_broker_is_can_be_said(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    told = get_settings().model_copy(update={"mqtt_public_url": "mqtt://broker.example.org:1884"})
    monkeypatch.setattr("locker_app.api.routes.terminals.get_settings", lambda: told)
    gate, device = a_gate(library), library.program()
    answer = device.post(PROVISION, json={"code": code_of(library, gate)}).json()
    assert answer["broker"] == {
        "host": "broker.example.org",
        "port": 1884,
        "tls": False,
        "ca": None,
    }


def test_switched_off_no_code_is_used_up(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    off = get_settings().model_copy(update={"mqtt": "off"})
    gate, device = a_gate(library), library.program()
    code = code_of(library, gate)
    with monkeypatch.context() as patch:
        patch.setattr("locker_app.api.routes.terminals.get_settings", lambda: off)
        answer = device.post(PROVISION, json={"code": code})
        assert (answer.status_code, answer.json()["code"]) == (503, "terminals_off")
    assert device.post(PROVISION, json={"code": code}).status_code == 200
