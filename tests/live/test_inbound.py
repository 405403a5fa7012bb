"""What may come in over the websocket, and what Reflex never gets to see."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from locker_app.live.inbound import BURST, MAX_REPORT, MAX_TEXT, PER_SECOND, Inbound, shape_of

HYDRATE = "reflex___state____state.hydrate_and_load"
LOAD = "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal"
REPORT = (
    "reflex___state____state.reflex___state____frontend_event_exception_state"
    ".handle_frontend_exception"
)
SID = "a-socket"


def ours(self: Any, number: int, yes: bool, text: str = "", form: dict[str, Any] | None = None):
    """The kind of handler that a page of ours has."""


class Namespace:
    """Reflex's event namespace, as far as it matters here: it keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, ...]] = []
        self.connected = True
        manager = SimpleNamespace(is_connected=lambda sid, namespace: self.connected)
        self.server = SimpleNamespace(manager=manager)

    async def trigger_event(self, *args: Any) -> str:
        self.given.append(args)
        return "handled"


class Door:
    """An inbound door with a clock that moves only while somebody waits."""

    def __init__(self) -> None:
        self.namespace = Namespace()
        self.time = 0.0
        self.waited: list[float] = []
        shapes = {"page.go": shape_of(ours)}
        Inbound(self.namespace, shapes, lambda: self.time, self.pause).stand()

    async def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.time += seconds

    def send(self, *message: Any) -> list[tuple[Any, ...]]:
        """Send what a client sends; what Reflex then got."""
        self.namespace.given.clear()
        asyncio.run(self.namespace.trigger_event(message[0], SID, *message[1:]))
        return self.namespace.given

    def event(self, name: Any = "page.go", payload: Any = None, **more: Any) -> Any:
        """Send an event; what Reflex then got for it, or None."""
        given = self.send("event", {"name": name, "payload": payload, **more})
        return given[0][2] if given else None


@pytest.fixture
def door() -> Door:
    return Door()


GOOD = {"number": 1, "yes": True}


def test_an_event_of_ours_goes_through(door: Door) -> None:
    where = {"pathname": "/a", "asPath": "/a?b=c", "query": {"b": "c"}}
    got = door.event(payload=GOOD, router_data=where)
    assert got == {"name": "page.go", "payload": GOOD, "router_data": where}


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        [],
        [1, True],
        "x",
        {"number": 1},
        {**GOOD, "more": 1},
        {**GOOD, "self": 1},
        {**GOOD, "__proto__": {}},
        {**GOOD, "number": "1"},
        {**GOOD, "number": 1.0},
        {**GOOD, "number": True},
        {**GOOD, "number": None},
        {**GOOD, "yes": 1},
        {**GOOD, "text": ["x"]},
        {**GOOD, "text": "x" * (MAX_TEXT + 1)},
        {**GOOD, "text": "\ud800"},
        {**GOOD, "text": "\0"},
    ],
)
def test_arguments_of_another_shape_are_dropped(door: Door, payload: Any) -> None:
    assert door.event(payload=payload) is None


@pytest.mark.parametrize("name", ["page.GO", "page", "", None, 1, ["page.go"], {}, "page.setvar"])
def test_names_of_no_handler_of_ours_are_dropped(door: Door, name: Any) -> None:
    assert door.event(name, GOOD) is None


@pytest.mark.parametrize("sent", [None, [], "x", 1, '{"name": "page.go"}', [{"name": "page.go"}]])
def test_what_is_no_event_is_dropped(door: Door, sent: Any) -> None:
    assert door.send("event", sent) == []


@pytest.mark.parametrize(
    "where",
    [
        [],
        "x",
        {"pathname": 1},
        {"asPath": ["x"]},
        {"pathname": "x" * 3000},
        {"pathname": "\ud800"},
        {"query": []},
        {"query": {"a": 1}},
        {"query": {"a": {}}},
        {"query": {"a": "x" * 3000}},
        {"query": {str(n): "" for n in range(51)}},
    ],
)
def test_an_address_that_is_none_is_dropped(door: Door, where: Any) -> None:
    assert door.event(payload=GOOD, router_data=where) is None


def test_what_a_client_says_of_its_connection_is_not_believed(door: Door) -> None:
    claimed = {"headers": {"cookie": "x"}, "ip": "1.2.3.4", "token": "t", "sid": "s"}
    assert door.event(payload=GOOD, router_data=claimed)["router_data"] == {"query": {}}


def test_a_client_can_not_claim_to_connect_or_to_leave(door: Door) -> None:
    """Reflex would take the address for its rate limits, and the tab's token, from the message."""
    assert door.send("connect", {"REMOTE_ADDR": "9.9.9.9", "QUERY_STRING": "token=t"}, None) == []
    assert door.send("disconnect", "because") == []


def test_the_server_can(door: Door) -> None:
    door.namespace.connected = False
    environ = {"REMOTE_ADDR": "127.0.0.1"}
    assert door.send("connect", environ, None) == [("connect", SID, environ, None)]
    assert door.send("disconnect", "left") == [("disconnect", SID, "left")]


def test_the_first_event_comes_with_the_connection(door: Door) -> None:
    door.namespace.connected = False
    first = {"name": HYDRATE, "payload": {"hashes": ["a"], "vars": {"x": 1}}, "router_data": {}}
    (got,) = door.send("connect", {}, {"event": first, "state_schema": "s", "more": 1})
    clean = {"name": HYDRATE, "payload": {"hashes": ["a"]}, "router_data": {"query": {}}}
    assert got[3] == {"event": clean, "state_schema": "s"}


@pytest.mark.parametrize("greeting", ["x", [], {"event": 1}, {"event": {}}, {"state_schema": []}])
def test_a_greeting_of_another_shape_is_cut(door: Door, greeting: Any) -> None:
    door.namespace.connected = False
    (got,) = door.send("connect", {}, greeting)
    assert not got[3]


def test_nothing_is_set_from_browser_storage(door: Door) -> None:
    assert door.event(HYDRATE, {"vars": {"page.x": 1}})["payload"] == {}
    assert door.event(HYDRATE, {"hashes": [1]})["payload"] == {}
    assert door.event(LOAD)["payload"] == {}
    assert door.event(LOAD, {"x": 1}) is None


def test_a_report_of_an_error_is_cut(door: Door) -> None:
    got = door.event(REPORT, {"info": "x" * 100_000, "component_stack": "y"})["payload"]
    assert got == {"info": "x" * MAX_REPORT, "component_stack": "y"}
    assert door.event(REPORT, {"info": 1, "component_stack": "y"}) is None
    assert door.event(REPORT, {"info": "x"}) is None


@pytest.mark.parametrize("name", ["ping", "emit", "event_", "", None, 1, [], "__init__"])
def test_other_messages_are_dropped(door: Door, name: Any) -> None:
    assert door.send(name, {}) == []


def test_reports_of_mismatches_go_through(door: Door) -> None:
    assert door.send("client_error", {"a": 1}, 2) == [("client_error", SID, {"a": 1})]


def test_a_flood_waits_for_its_turn(door: Door) -> None:
    for _ in range(BURST + PER_SECOND):
        assert door.event(payload=GOOD) is not None
    assert sum(door.waited) == pytest.approx(1)
    assert len(door.waited) == PER_SECOND


def test_nobody_waits_for_another(door: Door) -> None:
    for _ in range(BURST):
        door.event(payload=GOOD)
    asyncio.run(door.namespace.trigger_event("event", "another", {"name": "page.go"}))
    assert door.waited == []


def test_a_connection_that_ends_is_forgotten(door: Door) -> None:
    for _ in range(BURST):
        door.event(payload=GOOD)
    door.namespace.connected = False
    door.send("disconnect", "left")
    door.namespace.connected = True
    for _ in range(BURST):
        door.event(payload=GOOD)
    assert door.waited == []


def test_the_log_says_so_once_in_a_while_and_not_what(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        door.event("secret", {"cookie": "secret"})
    assert [record.getMessage() for record in caplog.records] == [
        "dropped 1 events that no page of ours sends"
    ]
    door.time += 60
    door.event("secret")
    assert caplog.records[-1].getMessage() == "dropped 100 events that no page of ours sends"
    assert "secret" not in caplog.text
