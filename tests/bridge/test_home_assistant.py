"""What Home Assistant is told, against what its documentation asks of device-based discovery."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locker_app.bridge.home_assistant import (
    REMOVED,
    Address,
    BankFigures,
    Figures,
    SiteFigures,
    TerminalFigures,
    announcement,
    changes,
    configs,
    states,
)

ADDRESS = Address(instance="hall", version="0.1.0", url="https://lockers.example.org")
LIBRARY = SiteFigures(1, "Library")
POOL = SiteFigures(2, "Pool", inside=12)
BANK = BankFigures(7, 1, "Ground floor", total=24, free=6, held=15, out_of_service=2)
TERMINAL = TerminalFigures(
    "t-7f3k",
    2,
    "Gate by the café",
    "gate",
    online=True,
    version="1.2",
    outbox=3,
    last_seen_at=datetime(2026, 5, 4, 12, 30, 59, 999, tzinfo=timezone(timedelta(hours=2))),
)
FIGURES = Figures((LIBRARY, POOL), (BANK,), (TERMINAL,))

# What the documentation names, of what is used here or might be mistyped for it.
DEVICE_OPTIONS = {
    "configuration_url", "connections", "hw_version", "identifiers", "manufacturer", "model",
    "model_id", "name", "serial_number", "suggested_area", "sw_version", "via_device",
}  # fmt: skip
SHARED_OPTIONS = {
    "device", "origin", "components", "availability", "availability_mode", "state_topic",
    "command_topic", "qos", "encoding",
}  # fmt: skip
ENTITY_OPTIONS = {
    "platform", "name", "unique_id", "value_template", "state_topic", "availability",
    "device_class", "entity_category", "icon", "json_attributes_topic", "json_attributes_template",
    "enabled_by_default", "expire_after", "force_update",
}  # fmt: skip
OPTIONS = {
    "sensor": ENTITY_OPTIONS
    | {"state_class", "unit_of_measurement", "suggested_display_precision", "options"},
    "binary_sensor": ENTITY_OPTIONS | {"payload_on", "payload_off", "off_delay"},
}
CLASSES = {
    "sensor": {None, "timestamp"},
    "binary_sensor": {"connectivity", "problem"},
}
TOPIC = re.compile(r"homeassistant/device/[a-zA-Z0-9_-]+/config")

NAMES = st.text(max_size=30)
IDS = st.integers(1, 10**9) | st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)
COUNTS = st.integers(0, 10**6)
ANY = st.builds(
    Figures,
    sites=st.lists(
        st.builds(SiteFigures, id=st.integers(1, 4), name=NAMES, inside=st.none() | COUNTS),
        max_size=3,
        unique_by=lambda site: site.id,
    ).map(tuple),
    banks=st.lists(
        st.builds(
            BankFigures,
            id=st.integers(1, 4),
            site_id=st.integers(1, 4),
            name=NAMES,
            total=COUNTS,
            free=COUNTS,
            held=COUNTS,
            out_of_service=COUNTS,
        ),
        max_size=3,
        unique_by=lambda bank: bank.id,
    ).map(tuple),
    terminals=st.lists(
        st.builds(
            TerminalFigures,
            id=IDS.map(str),
            site_id=st.integers(1, 4),
            name=NAMES,
            kind=st.sampled_from(["locker", "gate"]),
            online=st.booleans(),
            version=st.sampled_from(["", "1.2"]),
            outbox=st.none() | COUNTS,
            last_seen_at=st.none() | st.datetimes(timezones=st.just(UTC)),
            faults=st.lists(st.sampled_from(["reader", "relay", "Ada"]), max_size=3).map(tuple),
        ),
        max_size=3,
        unique_by=lambda terminal: terminal.id,
    ).map(tuple),
)


def told(payloads: dict[str, bytes]) -> dict[str, Any]:
    return {topic: json.loads(payload) for topic, payload in payloads.items()}


def entities(config: Any) -> dict[str, Any]:
    return config["components"]


class Broker:
    """What a broker keeps, and what Home Assistant has made of the configurations it was sent."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.entities: set[tuple[str, str, str]] = set()

    def publish(self, topic: str, payload: bytes) -> None:
        self.kept[topic] = payload
        if not payload:
            del self.kept[topic]
            self.entities = {entity for entity in self.entities if entity[0] != topic}
        elif topic.endswith("/config"):
            # One that a later configuration leaves out stays; one with its platform only goes.
            for name, entity in json.loads(payload)["components"].items():
                known = (topic, name, entity["platform"])
                self.entities.discard(known)
                if len(entity) > 1:
                    self.entities.add(known)

    def named(self) -> set[tuple[str, str, str]]:
        """The entities of the configurations that are kept."""
        return {
            (topic, name, entity["platform"])
            for topic, payload in self.kept.items()
            if topic.endswith("/config")
            for name, entity in json.loads(payload)["components"].items()
        }


@settings(max_examples=30, deadline=None)
@given(ANY)
def test_every_configuration_is_as_the_documentation_asks(figures: Figures) -> None:
    known = told(states(figures, ADDRESS))
    seen: set[str] = set()
    for topic, config in told(configs(figures, ADDRESS)).items():
        assert TOPIC.fullmatch(topic)
        assert set(config) <= SHARED_OPTIONS
        assert {"device", "origin", "components"} <= set(config)
        assert set(config["origin"]) == {"name", "sw_version", "support_url"}
        assert set(config["device"]) <= DEVICE_OPTIONS
        assert config["device"]["identifiers"] == [topic.split("/")[2]]
        assert config["availability"] == [{"topic": ADDRESS.status_topic}]
        assert config["components"], "a device without entities is not shown"
        for name, entity in entities(config).items():
            platform = entity["platform"]
            assert set(entity) <= OPTIONS[platform], name
            assert entity.get("device_class") in CLASSES[platform]
            assert entity.get("entity_category") in (None, "diagnostic")
            assert entity["unique_id"] not in seen
            assert re.fullmatch(r"[A-Za-z0-9_-]+", entity["unique_id"])
            seen.add(entity["unique_id"])
            if "value_template" in entity:
                field = re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", entity["value_template"])
                assert field is not None
                assert field[1] in known[entity.get("state_topic", config["state_topic"])]


def test_switches_hold_what_home_assistant_takes_for_on_and_off() -> None:
    for payload in told(states(FIGURES, ADDRESS)).values():
        for field in ("online", "problem"):
            assert payload.get(field, "ON") in ("ON", "OFF")


def test_a_bank_is_a_device_with_its_counts() -> None:
    config = told(configs(FIGURES, ADDRESS))["homeassistant/device/hall_bank_7/config"]
    assert config["device"] == {
        "identifiers": ["hall_bank_7"],
        "manufacturer": "Cubby",
        "via_device": "hall_site_1",
        "suggested_area": "Library",
        "name": "Ground floor",
        "model": "Lockers",
        "configuration_url": "https://lockers.example.org",
    }
    assert set(entities(config)) == {"free", "held", "out_of_service", "total", "occupancy"}
    assert entities(config)["occupancy"]["unit_of_measurement"] == "%"
    assert told(states(FIGURES, ADDRESS))[config["state_topic"]] == {
        "total": 24,
        "free": 6,
        "held": 15,
        "out_of_service": 2,
        "occupancy": 73,
    }


@pytest.mark.parametrize(
    ("total", "free", "out", "percent"),
    [
        (10, 10, 0, 0),
        (10, 0, 0, 100),
        (10, 4, 2, 50),
        (5, 0, 5, None),
        (0, 0, 0, None),
        (3, 9, 0, 0),
    ],
)
def test_occupancy_is_of_the_lockers_that_can_be_used(
    total: int, free: int, out: int, percent: int | None
) -> None:
    assert BankFigures(1, 1, "x", total, free, 0, out).occupancy == percent


def test_a_terminal_tells_how_it_is() -> None:
    known = told(configs(FIGURES, ADDRESS))["homeassistant/device/hall_terminal_t-7f3k/config"]
    assert known["device"]["sw_version"] == "1.2"
    assert known["device"]["model"] == "Gate terminal"
    assert known["device"]["via_device"] == "hall_site_2"
    assert set(entities(known)) == {"online", "outbox", "last_seen", "version", "problem"}
    assert told(states(FIGURES, ADDRESS))[known["state_topic"]] == {
        "online": "ON",
        "outbox": 3,
        "last_seen": "2026-05-04T10:30:00+00:00",
        "version": "1.2",
        "problem": "OFF",
        "faults": [],
    }


def test_a_lost_terminal_has_an_outbox_that_nobody_knows() -> None:
    lost = replace(FIGURES, terminals=(replace(TERMINAL, online=False, faults=("reader",)),))
    state = told(states(lost, ADDRESS))["cubby/ha/hall/terminal/t-7f3k"]
    assert (state["online"], state["outbox"]) == ("OFF", None)
    assert (state["problem"], state["faults"]) == ("ON", ["reader"])


def test_a_fault_is_a_word_and_never_a_text() -> None:
    odd = replace(TERMINAL, faults=("reader", "reader", "Ada Lovelace's card", ""))
    state = told(states(Figures(terminals=(odd,)), ADDRESS))["cubby/ha/hall/terminal/t-7f3k"]
    assert state["faults"] == ["reader"]


def test_people_are_counted_where_there_is_a_gate_only() -> None:
    known = told(configs(FIGURES, ADDRESS))
    assert set(entities(known["homeassistant/device/hall_site_1/config"])) == {"server"}
    assert set(entities(known["homeassistant/device/hall_site_2/config"])) == {"server", "inside"}
    assert told(states(FIGURES, ADDRESS))["cubby/ha/hall/site/2"] == {"inside": 12}


def test_that_the_server_is_gone_is_told_also_when_it_is() -> None:
    config = told(configs(FIGURES, ADDRESS))["homeassistant/device/hall_site_1/config"]
    server = entities(config)["server"]
    assert server["state_topic"] == ADDRESS.status_topic == "cubby/ha/hall/status"
    assert server["availability"] == []
    assert (server["payload_on"], server["payload_off"]) == ("online", "offline")


def test_nothing_can_be_pressed_and_no_command_is_taken() -> None:
    for payload in announcement(FIGURES, ADDRESS).values():
        assert b"command" not in payload


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_sites_come_before_what_names_them_and_configurations_before_figures(
    figures: Figures,
) -> None:
    topics = [topic for topic, _ in changes({}, announcement(figures, ADDRESS))]
    order = ["_site_", "_bank_", "_terminal_"]
    ranks = [
        next((rank for rank, kind in enumerate(order) if kind in topic), 3)
        if topic.endswith("/config")
        else 3
        for topic in topics
    ]
    assert ranks == sorted(ranks)
    assert len(topics) == len(set(topics))


@settings(max_examples=40, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=4))
def test_changes_leave_at_the_broker_what_is_meant_and_no_entity_behind(
    steps: list[Figures],
) -> None:
    broker = Broker()
    for figures in steps:
        meant = announcement(figures, ADDRESS)
        for topic, payload in changes(dict(broker.kept), meant):
            broker.publish(topic, payload)
        assert broker.kept == meant
        assert broker.entities == broker.named()
        assert changes(broker.kept, meant) == []
    for topic, payload in changes(broker.kept, {}):
        assert payload == REMOVED
        broker.publish(topic, payload)
    assert broker.kept == {}
    assert broker.entities == set()


def test_only_what_changed_is_sent() -> None:
    later = replace(FIGURES, banks=(replace(BANK, free=5, held=16),))
    sent = changes(announcement(FIGURES, ADDRESS), announcement(later, ADDRESS))
    assert [topic for topic, _ in sent] == ["cubby/ha/hall/bank/7"]


def test_hearing_of_a_terminal_again_in_the_same_minute_is_no_news() -> None:
    heard = datetime(2026, 5, 4, 10, 30, 1, tzinfo=UTC)
    again = replace(FIGURES, terminals=(replace(TERMINAL, last_seen_at=heard),))
    assert announcement(again, ADDRESS) == announcement(FIGURES, ADDRESS)


def test_a_gate_that_went_takes_its_counter_with_it() -> None:
    before = announcement(FIGURES, ADDRESS)
    after = announcement(replace(FIGURES, sites=(LIBRARY, replace(POOL, inside=None))), ADDRESS)
    topic = "homeassistant/device/hall_site_2/config"
    sent = [json.loads(payload) for name, payload in changes(before, after) if name == topic]
    assert [set(entities(config)) for config in sent] == [{"server", "inside"}, {"server"}]
    assert entities(sent[0])["inside"] == {"platform": "sensor"}


@pytest.mark.parametrize(
    "left", [b"<html>", b"[]", b"7", b'{"components":7}', b'{"components":{"a":1}}', b"\xff"]
)
def test_whatever_lies_on_a_topic_is_replaced(left: bytes) -> None:
    meant = announcement(FIGURES, ADDRESS)
    broker = Broker()
    broker.kept = dict.fromkeys(meant, left)
    for topic, payload in changes(dict(broker.kept), meant):
        broker.publish(topic, payload)
    assert broker.kept == meant


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_what_an_earlier_run_left_is_known_again(figures: Figures) -> None:
    assert all(ADDRESS.is_own(topic) for topic in announcement(figures, ADDRESS))
    other = replace(ADDRESS, instance="hall-2")
    assert not any(other.is_own(topic) for topic in announcement(figures, ADDRESS))


@pytest.mark.parametrize(
    "topic",
    [
        "homeassistant/device/kitchen/config",
        "homeassistant/device/hall_bank_7/x/config",
        "homeassistant/device/other-hall_bank_7/config",
        "homeassistant/sensor/hall_bank_7/config",
        "cubby/ha/hall/status",
        "cubby/ha/other/bank/7",
        "cubby/1/hall/t-1/avail",
    ],
)
def test_what_others_keep_is_left_alone(topic: str) -> None:
    assert not ADDRESS.is_own(topic)


def test_it_hears_home_assistant_start_also_under_another_prefix() -> None:
    assert ADDRESS.birth_topics == {"homeassistant/status"}
    assert Address(prefix="ha/one").birth_topics == {"homeassistant/status", "ha/one/status"}
    assert Address(prefix="ha/one").config_topic("bank_1") == "ha/one/device/cubby_bank_1/config"


@pytest.mark.parametrize("prefix", ["", "/", "a/", "/a", "a/#", "+/a", "a\0b", "$SYS"])
def test_a_prefix_that_is_no_topic_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        Address(prefix=prefix)


@pytest.mark.parametrize("instance", ["", "a_b", "a/b", "+", "é", "x" * 33])
def test_a_name_of_an_instance_that_could_be_mistaken_is_refused(instance: str) -> None:
    with pytest.raises(ValueError, match="instance"):
        Address(instance=instance)


@pytest.mark.parametrize("part", ["", "a/b", "#", "+", "a b", "é"])
def test_an_id_that_is_no_part_of_a_topic_is_refused(part: str) -> None:
    for figures in (
        Figures(sites=(SiteFigures(part, "x"),)),
        Figures(terminals=(replace(TERMINAL, id=part),)),
    ):
        with pytest.raises(ValueError, match="id"):
            configs(figures, ADDRESS)
        with pytest.raises(ValueError, match="id"):
            states(figures, ADDRESS)
