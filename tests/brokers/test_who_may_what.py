"""Both brokers, as they run: a terminal can only speak for itself, whatever it tries."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from locker_app.brokers.accounts import Account, new_password, password_hash
from locker_app.brokers.rights import HOME_ASSISTANT
from tests.broker import HOME_ASSISTANT_PASSWORD, PATIENCE, V5, V311, Client, TestBroker, wait_until

_OF_TERMINALS = ("avail", "info", "evt/tap", "evt/door", "res", "display", "tele")
_OF_SERVER = ("ack", "cmd/open", "cfg", "grants", "idle")
_FOREIGN = (
    "cubby/1/main/srv/state",
    "cubby/1/main/srv/avail",
    "cubby/1/main",
    "cubby/2/main/thief/avail",
    "cubby/ha/banks/1",
    "homeassistant/device/x/config",
    "homeassistant/status",
    "$CONTROL/dynamic-security/v1",
    "thief",
)


@dataclass
class _Place:
    """A thief, a victim, and the server."""

    broker: TestBroker
    server: Client
    thief: str
    victim: str

    def as_thief(self, version: MQTTProtocolVersion = V5, client_id: str = "thief") -> Client:
        return Client(self.broker, "thief", self.thief, version=version, client_id=client_id)

    def as_victim(self) -> Client:
        return Client(self.broker, "victim", self.victim)


@pytest.fixture(scope="module", params=["mosquitto", "embedded"])
def place(request: pytest.FixtureRequest) -> Iterator[_Place]:
    broker: TestBroker = request.getfixturevalue(f"{request.param}_broker")
    thief, victim = broker.add("thief"), broker.add("victim")
    with Client(broker) as server:
        server.subscribe("cubby/1/#", "homeassistant/#", "cubby/ha/#")
        yield _Place(broker, server, thief, victim)
    broker.remove("thief", "victim")


def _seen_by_server(place: _Place) -> list[str]:
    """All that came to the server until now: what it sends itself afterwards comes last."""
    mark = uuid4().bytes
    place.server.publish("cubby/1/main/srv/state", mark)
    seen = []
    while (message := place.server.next()).payload != mark:
        seen.append(message.topic)
    return seen


def test_a_message_that_expires_ends_nobodys_connection(place: _Place) -> None:
    """By MQTT 3.1.1 it can't be said that it does."""
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = 60
    topic = "cubby/1/main/thief/cmd/open"
    with place.as_thief(V311) as old:
        old.subscribe(topic)
        for _ in range(2):
            place.server.paho.publish(topic, b"now", 1, properties=properties)
            assert old.next().payload == b"now"
    with Client(place.broker, HOME_ASSISTANT, HOME_ASSISTANT_PASSWORD, version=V311):
        pass  # and who comes afterwards gets in
    assert set(_seen_by_server(place)) == {topic}


@pytest.mark.parametrize("version", [V5, V311])
def test_what_a_terminal_publishes_for_itself_arrives(
    place: _Place, version: MQTTProtocolVersion
) -> None:
    topics = [f"cubby/1/main/thief/{topic}" for topic in _OF_TERMINALS]
    with place.as_thief(version) as client:
        for topic in topics:
            client.publish(topic, b"mine")
    assert _seen_by_server(place) == topics


@pytest.mark.parametrize("version", [V5, V311])
def test_nothing_that_it_publishes_for_another_arrives(
    place: _Place, version: MQTTProtocolVersion
) -> None:
    topics = [f"cubby/1/main/victim/{topic}" for topic in (*_OF_TERMINALS, *_OF_SERVER)]
    topics += [f"cubby/1/main/thief/{topic}" for topic in _OF_SERVER]
    with place.as_thief(version) as client:
        for topic in (*topics, *_FOREIGN):
            client.publish(topic, b"stolen", retain=True)
    with Client(place.broker, place.broker.broker.user + "-3", place.broker.broker.password) as new:
        new.subscribe("cubby/1/#", "cubby/ha/#", "homeassistant/#")
        place.server.publish("cubby/1/main/srv/avail", b"the first of all")
        assert new.next().payload == b"the first of all"  # so nothing was retained
    assert place.server.next().payload == b"the first of all"
    assert _seen_by_server(place) == []


@pytest.mark.parametrize("version", [V5, V311])
def test_a_terminal_reads_what_is_for_itself(place: _Place, version: MQTTProtocolVersion) -> None:
    own = [f"cubby/1/main/thief/{topic}" for topic in _OF_SERVER]
    with place.as_thief(version) as client:
        client.subscribe("cubby/1/+/thief/ack", "cubby/1/+/thief/cmd/#", "cubby/1/+/thief/cfg")
        client.subscribe("cubby/1/+/thief/grants", "cubby/1/+/thief/idle", "cubby/1/+/srv/state")
        for topic in (*own, "cubby/1/main/srv/state"):
            place.server.publish(topic, b"for you")
        assert [client.next().topic for _ in range(6)] == [*own, "cubby/1/main/srv/state"]
    _seen_by_server(place)


@pytest.mark.parametrize("version", [V5, V311])
def test_a_terminal_reads_nothing_of_another(place: _Place, version: MQTTProtocolVersion) -> None:
    victims = [f"cubby/1/main/victim/{topic}" for topic in (*_OF_SERVER, *_OF_TERMINALS)]
    for topic in ("cubby/1/main/victim/cfg", "cubby/1/main/victim/avail"):
        place.server.publish(topic, b"retained", retain=True)
    wide = ["#", "+/#", "cubby/#", "cubby/1/+/+/cmd/#", "cubby/1/+/victim/#", "homeassistant/#"]
    wide += ["$SYS/#", "$share/all/#", "$share/all/cubby/1/main/victim/cmd/#"]
    with place.as_thief(version) as client:  # both brokers grant all of them, and deliver nothing
        client.subscribe(*wide, *victims, "cubby/1/+/thief/ack")
        for topic in victims:
            place.server.publish(topic, b"not for you")
        place.server.publish("cubby/1/main/thief/ack", b"for you")
        assert client.next().payload == b"for you"
        assert set(client.topics()) <= {"cubby/1/main/thief/ack"}  # by more than one of them
    for topic in ("cubby/1/main/victim/cfg", "cubby/1/main/victim/avail"):
        place.server.publish(topic, b"", retain=True)
    _seen_by_server(place)


def test_nobody_takes_over_the_connection_of_another(place: _Place) -> None:
    with place.as_victim() as victim:
        victim.subscribe("cubby/1/+/victim/ack")
        with place.as_thief(client_id="victim") as thief:
            place.server.publish("cubby/1/main/victim/ack", b"for the victim")
            assert victim.next().payload == b"for the victim"
            assert thief.topics() == []
        assert victim.connected.is_set()
        assert victim.reasons == ["Success"]
    _seen_by_server(place)


def test_nobody_inherits_the_session_of_another(place: _Place) -> None:
    with Client(place.broker, "victim", place.victim, clean=False) as victim:
        victim.subscribe("cubby/1/+/victim/ack")
    place.server.publish("cubby/1/main/victim/ack", b"kept for the victim")
    with Client(place.broker, "thief", place.thief, client_id="victim", clean=False) as thief:
        thief.subscribe("cubby/1/+/thief/ack")
        place.server.publish("cubby/1/main/thief/ack", b"mine")
        assert thief.next().payload == b"mine"
        assert thief.topics() == []
    _seen_by_server(place)


def test_who_joins_the_group_of_the_server_takes_nothing_from_it(place: _Place) -> None:
    """Which has a name that a terminal can't know; by a known one half of the taps would vanish."""
    shared = place.broker.broker.shared("cubby/1/+/+/evt/#")
    other = place.broker.broker.user + "-2"
    password = place.broker.broker.password
    with Client(place.broker, other, password) as worker, place.as_victim() as victim:
        worker.subscribe(shared)
        thief = place.as_thief()
        with thief:
            thief.paho.subscribe("$share/cubby/cubby/1/+/+/evt/#", 1)
            for _ in range(20):
                victim.publish("cubby/1/main/victim/evt/tap", b"tap")
            assert [worker.next().payload for _ in range(20)] == [b"tap"] * 20
    assert thief.topics() == []
    _seen_by_server(place)


def test_a_last_will_in_the_name_of_another_is_not_published(place: _Place) -> None:
    thief = place.as_thief()
    thief = Client(
        place.broker, "thief", place.thief, will=("cubby/1/main/victim/avail", b"lost")
    ).open()
    wait_until(lambda: thief.connected.is_set() or thief.ended.is_set(), "an answer of the broker")
    with Client(place.broker, "thief", place.thief) as again:  # which ends the other abruptly
        again.publish("cubby/1/main/thief/avail", b"online")
    thief.__exit__(None, None, None)
    assert _seen_by_server(place) == ["cubby/1/main/thief/avail"]


def test_the_own_last_will_is_published(place: _Place) -> None:
    with Client(
        place.broker, "thief", place.thief, will=("cubby/1/main/thief/avail", b"lost")
    ) as thief:
        thief.cut()
        assert place.server.next().payload == b"lost"
    place.server.publish("cubby/1/main/thief/avail", b"", retain=True)
    _seen_by_server(place)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("thief", "wrong"),
        ("thief", ""),
        ("nobody", "x"),
        ("cubby", "x"),
        ("thief\n", "x"),
        ("%u", ""),
    ],
)
def test_a_wrong_password_or_an_unknown_name_is_refused(
    place: _Place, name: str, password: str
) -> None:
    client = Client(place.broker, name, password).open()
    client.wait_end()
    assert not client.connected.is_set()
    assert client.reasons[0] != "Success"
    client.__exit__(None, None, None)


@pytest.mark.parametrize("version", [V5, V311])
def test_nobody_comes_in_without_a_name(place: _Place, version: MQTTProtocolVersion) -> None:
    client = Client(place.broker, "thief", version=version)
    client.paho.username_pw_set(None)
    client.open().wait_end()
    assert client.reasons[0] in ("Not authorized", "Not Authorized")
    client.__exit__(None, None, None)


def test_who_is_revoked_is_cut_off_and_others_stay(place: _Place) -> None:
    broker = place.broker
    password = broker.add("short-lived")
    with (
        Client(broker, "short-lived", password, again=True) as leaving,
        place.as_victim() as staying,
    ):
        broker.remove("short-lived")
        leaving.wait_end()
        wait_until(lambda: "Not authorized" in leaving.reasons, "the refusal of the next try")
        staying.publish("cubby/1/main/victim/avail", b"still here")
        assert staying.reasons == ["Success"]
        assert place.server.connected.is_set()
    assert _seen_by_server(place) == ["cubby/1/main/victim/avail"]


def test_another_password_ends_connections_with_the_old_one(place: _Place) -> None:
    old = place.broker.add("renewed")
    with Client(place.broker, "renewed", old) as client:
        new = new_password()
        kept = [Account(name, password_hash(word)) for name, word in _passwords(place, new)]
        place.broker.running.accounts.sync(kept)
        client.wait_end()
    with Client(place.broker, "renewed", new) as client:
        assert client.reasons == ["Success"]
    place.broker.remove("renewed")


def _passwords(place: _Place, new: str) -> list[tuple[str, str]]:
    return [("thief", place.thief), ("victim", place.victim), ("renewed", new)]


def test_who_is_added_comes_in_while_others_stay(place: _Place) -> None:
    with place.as_victim() as staying:
        password = place.broker.add("newcomer")
        with Client(place.broker, "newcomer", password) as newcomer:
            newcomer.publish("cubby/1/main/newcomer/info", b"hello")
        assert staying.reasons == ["Success"]
    place.broker.remove("newcomer")
    assert _seen_by_server(place) == ["cubby/1/main/newcomer/info"]


def test_home_assistant_reads_states_and_no_taps(place: _Place) -> None:
    broker, password = place.broker, HOME_ASSISTANT_PASSWORD
    with Client(broker, HOME_ASSISTANT, password) as reading:
        reading.subscribe("homeassistant/#", "cubby/ha/#")
        place.server.publish("cubby/1/main/victim/cmd/open", b"secret")
        place.server.publish("cubby/ha/bank/1", b"7")
        assert reading.next().payload == b"7"
        reading.publish("homeassistant/status", b"online")
        for topic in ("cubby/ha/bank/1", "cubby/1/main/victim/cmd/open"):
            reading.publish(topic, b"stolen")
    assert _seen_by_server(place) == [
        "cubby/1/main/victim/cmd/open",
        "cubby/ha/bank/1",
        "homeassistant/status",
    ]


def test_a_megabyte_is_refused_without_harm(place: _Place) -> None:
    with place.as_victim() as staying, place.as_thief() as client:
        client.paho.publish("cubby/1/main/thief/evt/tap", b"x" * 1_000_000, 1)
        client.wait_end()
        staying.publish("cubby/1/main/victim/avail", b"here")
    assert _seen_by_server(place) == ["cubby/1/main/victim/avail"]


def test_sixteen_kilobytes_arrive(place: _Place) -> None:
    with place.as_thief() as client:
        client.publish("cubby/1/main/thief/display", b"x" * 16 * 1024)
    assert len(place.server.next().payload) == 16 * 1024


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10\xff\xff\xff\xff\xff",
        b"\x10\x00",
        b"\x30\x03\x00\x01a",
        b"\0" * 99,
    ],
)
def test_garbage_ends_its_own_connection_only(place: _Place, garbage: bytes) -> None:
    with place.as_victim() as staying:
        with socket.create_connection((place.broker.host, place.broker.port), PATIENCE) as conn:
            conn.sendall(garbage)
            with contextlib.suppress(ConnectionResetError):
                while conn.recv(100):
                    pass
        staying.publish("cubby/1/main/victim/avail", b"here")
        assert staying.reasons == ["Success"]
    assert _seen_by_server(place) == ["cubby/1/main/victim/avail"]
