"""Rooms against Reflex, Socket.IO and Engine.IO as they are pinned: what we know of their insides.

When one of these fails after an upgrade, `live.rooms` and `live.inbound` have to learn it anew.
"""

import inspect
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import reflex as rx
from reflex.state import StateUpdate
from reflex_base.constants import RouteVar
from reflex_base.registry import RegistrationContext

from locker_app.live import inbound
from locker_app.live.inbound import Inbound
from locker_app.live.kinds import KINDS
from locker_app.live.rooms import LiveState, set_on_load
from locker_app.live.topics import Topic
from locker_app.web.live_states import Bank, Door, Holders, Me, OlderEvents, Pulse
from tests.live.reflex_app import ReflexApp, run

BANK, DOOR, PERSON = Topic("bank", 1), Topic("door", 2), Topic("person", 3)
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def name(state: type[rx.State]) -> str:
    return state.get_full_name()


def test_a_frame_is_what_reflex_itself_would_send() -> None:
    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect()
        app.rooms.join(sid, BANK)
        app.rooms.send(BANK, {"name": "Hall <b>ü</b> \u2028", "free": 3, "line": [1, 2]})
        ours = connection.queued()
        values = {"name": "Hall <b>ü</b> \u2028", "free": 3, "line": [1, 2]}
        delta = {name(Bank): {f"{key}_rx_state_": value for key, value in values.items()}}
        await app.namespace.emit("event", StateUpdate(delta=delta), to=sid)
        assert ours == connection.queued()
        assert len(ours) == 1

    run(main)


def test_a_frame_written_whole_says_the_same() -> None:
    async def main(app: ReflexApp) -> None:
        queued, first = await app.connect()
        whole, second = await app.connect()
        whole.take_whole_frames()
        for sid in (first, second):
            app.rooms.join(sid, BANK)
        app.rooms.send(BANK, {"free": 3})
        (text,) = queued.queued()
        (frame,) = whole.written
        assert frame.endswith(text.encode())
        assert whole.queued() == []

    run(main)


def test_frames_come_in_the_order_of_their_sending() -> None:
    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect()
        app.rooms.enter(sid, 1)
        app.rooms.greet(sid, AT, 1)
        app.rooms.blank(sid, ["door"])
        app.rooms.join(sid, BANK)
        app.rooms.send_to(sid, BANK, {"free": 1})
        for free in (2, 3):
            app.rooms.send(BANK, {"free": free})
        app.rooms.beat(AT)
        states = [next(iter(delta)) for delta in connection.deltas()]
        assert states == [name(s) for s in (Pulse, Door, Bank, Bank, Bank, Pulse)]

    run(main)


def test_who_is_in_no_room_hears_nothing_of_it() -> None:
    async def main(app: ReflexApp) -> None:
        (inside, sid), (outside, other) = await app.connect(), await app.connect()
        app.rooms.enter(sid, 1)
        app.rooms.enter(other, 2)
        app.rooms.join(sid, BANK)
        app.rooms.send(BANK, {"free": 1})
        app.rooms.send_to(sid, BANK, {"free": 1})
        app.rooms.send(DOOR, {"label": "A1"})
        app.rooms.beat(AT)
        assert len(inside.deltas()) == 3
        assert [next(iter(delta)) for delta in outside.deltas()] == [name(Pulse)]

    run(main)


def test_entering_again_leaves_all_rooms_but_reflexs_own() -> None:
    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect()
        app.rooms.enter(sid, 1)
        for topic in (BANK, DOOR):
            app.rooms.join(sid, topic)
        app.rooms.enter(sid, 2)
        assert not app.rooms.watched(BANK)
        assert not app.rooms.watches(sid, DOOR)
        assert app.rooms.sessions() == {2}
        await app.namespace.emit("event", StateUpdate(delta={}), to=sid)
        assert len(connection.queued()) == 1

    run(main)


def test_an_evicted_session_is_in_no_room_and_told_so() -> None:
    async def main(app: ReflexApp) -> None:
        (gone, first), (also, second), (stays, third) = [await app.connect() for _ in range(3)]
        for sid, session_id in ((first, 7), (second, 7), (third, 8)):
            app.rooms.enter(sid, session_id)
            app.rooms.join(sid, PERSON)
        app.rooms.evict(7)
        assert not app.rooms.still_in(first, 7)
        assert not app.rooms.still_in(first, None)
        assert app.rooms.still_in(third, 8)
        assert app.rooms.sessions() == {8}
        for told in (gone, also):
            assert told.deltas() == [{name(Pulse): {"session_rx_state_": 0}}]
        app.rooms.send(PERSON, {"name": "Rahul"})
        app.rooms.beat(AT)
        assert gone.queued() == also.queued() == []
        assert len(stays.queued()) == 2

    run(main)


def test_who_disconnects_is_in_no_room() -> None:
    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect("a tab")
        app.rooms.enter(sid, 1)
        app.rooms.join(sid, BANK)
        await connection.leave()
        assert not app.rooms.watched(BANK)
        assert app.rooms.sessions() == set()
        assert not app.rooms.still_in(sid, 1)
        await app.forgets()
        app.rooms.enter(sid, 1)  # a handler that still runs
        app.rooms.join(sid, BANK)
        assert not app.rooms.watched(BANK)
        app.rooms.send(BANK, {"free": 1})
        assert connection.queued() == []

    run(main)


def test_a_dropped_socket_is_gone() -> None:
    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect()
        app.rooms.enter(sid, 1)
        await app.rooms.drop(sid)
        assert connection.socket.closed
        assert app.rooms.sessions() == set()

    run(main)


def handling(sid: str) -> Any:
    """A State while it handles an event that came by this socket."""
    return SimpleNamespace(router_data={RouteVar.SESSION_ID: sid})


def fresh(state: Any) -> Any:
    """A State as the server makes one for a new tab."""
    return state(_reflex_internal_init=True)


def test_the_socket_is_that_of_the_event_not_that_of_the_token() -> None:
    """Who takes over the token of a tab must not get what that one's handlers still show."""

    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect("a tab")
        event = handling(sid)
        assert app.rooms.sid_of(event) == sid
        await connection.leave()
        await app.forgets()
        _, thief = await app.connect("a tab")
        assert app.namespace.token_to_sid["a tab"] == thief
        assert app.rooms.sid_of(event) is None

    run(main)


def test_a_token_that_is_in_use_is_given_to_nobody_else() -> None:
    async def main(app: ReflexApp) -> None:
        _, sid = await app.connect("a tab")
        _, other = await app.connect("a tab")
        tokens = app.namespace.sid_to_token
        assert tokens[sid] == "a tab"
        assert tokens[other] != "a tab"

    run(main)


def test_a_hydration_brings_no_vars_of_a_topic() -> None:
    """They would empty a screen that comes back until the snapshot is there; the build begins with
    empty ones."""
    assert fresh(Bank).dict() == {name(Bank): {}}
    at_first = fresh(Bank).dict(initial=True)
    assert set(at_first[name(Bank)]) == {f"{var}_rx_state_" for var in Bank.base_vars}


def test_a_hydration_brings_none_of_what_loading_sets() -> None:
    class Page(rx.State):
        shown: int = 0
        typed: str = "x"

    Page = set_on_load("shown")(Page)  # noqa: N806
    page = fresh(Page)
    assert page.dict()[name(Page)] == {"typed_rx_state_": "x"}
    assert page.dict(initial=True)[name(Page)] == {"shown_rx_state_": 0, "typed_rx_state_": "x"}


def test_all_states_that_topics_fill_are_live() -> None:
    async def main(app: ReflexApp) -> None:
        for states in app.rooms._states.values():
            for state in states:
                assert issubclass(state, LiveState)
                assert fresh(state).dict() == {name(state): {}}

    run(main)


def test_blanking_sets_all_vars_to_what_a_page_begins_with() -> None:
    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect()
        private = [kind for kind, known in KINDS.items() if known.private]
        app.rooms.blank(sid, private)
        (delta,) = connection.deltas()
        for state in (Holders, Door, Me, OlderEvents):
            begins = fresh(state).dict(initial=True)[name(state)]
            assert delta[name(state)] == json.loads(json.dumps(begins))

    run(main)


def test_what_reflexs_front_end_sends_is_known() -> None:
    """The handlers that `inbound` lets in beside ours are there, and take what it gives them."""
    handlers = RegistrationContext.get().event_handlers
    functions = [handlers[full_name].handler.fn for full_name in inbound._OF_REFLEX]
    arguments = {fn.__name__: list(inspect.signature(fn).parameters)[1:] for fn in functions}
    assert arguments == {
        "hydrate_and_load": ["vars", "hashes"],
        "on_load_internal": [],
        "handle_frontend_exception": ["info", "component_stack"],
    }


def test_reflex_believes_what_the_guard_of_inbound_drops() -> None:
    """As long as this holds, the guard is needed: a client's own `connect` is handled."""

    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect("a tab")
        forged = ["connect", {"REMOTE_ADDR": "9.9.9.9", "QUERY_STRING": "token=stolen"}, None]
        await app.server._handle_event(connection.eio_sid, inbound.NAMESPACE, None, forged)
        assert app.namespace.sid_to_token[sid] == "stolen"

    async def guarded(app: ReflexApp) -> None:
        Inbound(app.namespace, {}).stand()
        connection, sid = await app.connect("a tab")
        for event in ("connect", "disconnect"):
            forged = [event, {"REMOTE_ADDR": "9.9.9.9", "QUERY_STRING": "token=stolen"}, None]
            await app.server._handle_event(connection.eio_sid, inbound.NAMESPACE, None, forged)
        assert app.namespace.sid_to_token[sid] == "a tab"
        await connection.leave()
        await app.forgets()

    run(main)
    run(guarded)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_topic_fills_a_state(kind: str) -> None:
    async def main(app: ReflexApp) -> None:
        connection, sid = await app.connect()
        app.rooms.send_to(sid, Topic(kind, 1), {"x": 1})
        (delta,) = connection.deltas()
        assert list(delta) == [name(app.rooms._states[kind][0])]

    run(main)
