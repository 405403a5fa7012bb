"""Rooms: the only module that knows Reflex's wire.

A change is sent as one `StateUpdate` to all sockets that watch a topic, encoded once. That is
several times cheaper than one state update for each client, and never loses any
(docs/decisions/0001-rooms.md). Facts used here, all checked by tests/live/test_rooms.py against
the pinned version: the event namespace and its token map, Socket.IO's rooms and packet encoding,
Engine.IO's queue and ASGI scope for each socket, the names of states and vars in a delta, and what
a state keeps of its connection.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import reflex as rx
from engineio import packet as engine_packet
from reflex.state import StateUpdate
from reflex_base.constants import RouteVar
from reflex_base.constants.state import FIELD_MARKER
from socketio import packet as socket_packet

from locker_app.live.frames import text_frame, writer_of
from locker_app.live.projections.wire import Vars
from locker_app.live.topics import Topic

S = TypeVar("S", bound=rx.State)
EVERYONE = "everyone"
_SESSION = "session:"
NAMESPACE = "/_event"


class LiveState(rx.State, mixin=True):
    """Vars that a topic fills. The server keeps no copy for each client, so a hydration never
    sends the empty ones: what a reconnecting screen shows stays until the snapshot replaces it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Set rather than defined: Reflex takes every public function of a State for a handler.
        cls.dict = _values_of_build_only  # pyright: ignore[reportAttributeAccessIssue]


def _values_of_build_only(
    state: rx.State, include_computed: bool = True, initial: bool = False, **kwargs: Any
) -> dict[str, Any]:
    """The vars for the build, which begins with empty ones; none for a hydration."""
    if initial:
        return rx.State.dict(state, include_computed, initial, **kwargs)
    return {state.get_full_name(): {}}


def set_on_load(*names: str) -> Callable[[type[S]], type[S]]:
    """Decorates a page's State whose `on_load` sets these vars whenever the page is loaded or
    connects again. A hydration leaves them out: it comes first, and after a restart of the server
    it would empty the page for a moment."""
    left_out = {name + FIELD_MARKER for name in names}

    def decorate(state_class: type[S]) -> type[S]:
        def values(
            state: rx.State, include_computed: bool = True, initial: bool = False, **kwargs: Any
        ) -> dict[str, Any]:
            all_values = rx.State.dict(state, include_computed, initial, **kwargs)
            if not initial:
                own = all_values[state.get_full_name()]
                for name in left_out:
                    del own[name]
            return all_values

        state_class.dict = values  # pyright: ignore[reportAttributeAccessIssue]
        return state_class

    return decorate


def cookies_of(state: rx.State) -> str:
    """The cookies of the connection that an event came by, as its header has them.

    Every event asks. `state.router` would build all that is known of the page and the connection.
    """
    return state.router_data.get(RouteVar.HEADERS, {}).get("cookie", "")


def address_of(state: rx.State) -> str:
    """The address that the connection comes from, as far as trusted proxies say."""
    return state.router_data.get(RouteVar.CLIENT_IP, "")


def asking_sid(state: rx.State) -> str:
    """The socket that an event came by, which may be gone by now."""
    return state.router_data.get(RouteVar.SESSION_ID, "")


class Rooms:
    """Who watches what, and the sending to them. One for each process; on the event loop only."""

    def __init__(self, app: rx.App) -> None:
        self._app = app
        self._states: dict[str, list[type[rx.State]]] = {}
        self._pulse: type[rx.State] | None = None

    def bind(self, kind: str, state: type[rx.State], *besides: type[rx.State]) -> None:
        """Fill the vars of this State class from topics of the kind. What else stands on screens
        that watch one is in the classes `besides`."""
        self._states[kind] = [state, *besides]

    def bind_pulse(self, state: type[rx.State]) -> None:
        """Put what all screens hear into this State class: the time of each beat as `beat_at`, in
        milliseconds, and the `session` that they are in: its id, or 0 for none."""
        self._pulse = state

    def sid_of(self, state: rx.State) -> str | None:
        """The socket that the event came by which this state is handling, if it is still there.

        Not the one that the tab's token stands for now: who knows a token can take it over when
        its tab is offline, and must not get what another's cookie has the right to.
        """
        sid = state.router_data.get(RouteVar.SESSION_ID)
        return sid if sid in self._namespace.sid_to_token else None

    def enter(self, sid: str, session_id: int | None) -> None:
        """Let a socket hear the beat, and be found when its session ends."""
        self._leave_all(sid)
        self._enter(sid, EVERYONE)
        if session_id is not None:
            self._enter(sid, _session_room(session_id))

    def join(self, sid: str, topic: Topic) -> None:
        """Let a socket watch a topic. Who may is the caller's to know."""
        self._enter(sid, str(topic))

    def leave(self, sid: str, kind: str) -> bool:
        """Let a socket watch no topic of this kind any more; whether it watched any."""
        watched = [
            room
            for room in self._manager.get_rooms(sid, NAMESPACE)
            if room is not None and room.startswith(f"{kind}:")
        ]
        for room in watched:
            self._manager.basic_leave_room(sid, NAMESPACE, room)
        return bool(watched)

    def still_in(self, sid: str, session_id: int | None) -> bool:
        """Whether the socket is still in the rooms it entered, and so its session goes on."""
        room = EVERYONE if session_id is None else _session_room(session_id)
        return any(sid == member for member, _ in self._members(room))

    def watches(self, sid: str, topic: Topic) -> bool:
        """Whether this socket watches the topic."""
        return any(sid == member for member, _ in self._members(str(topic)))

    def send_to(self, sid: str, topic: Topic, values: Vars) -> None:
        """Send a snapshot of a topic to one socket."""
        self.show(sid, self._states[topic.kind][0], values)

    def show(self, sid: str, state: type[rx.State], values: Vars) -> None:
        """Send vars of a State class to one socket."""
        self._emit(sid, self._update({state: values}))

    def blank(self, sid: str, kinds: Iterable[str]) -> None:
        """Take what topics of these kinds have put on the screen of one socket off it again."""
        states = [state for kind in kinds for state in self._states[kind]]
        self._emit(sid, self._update({state: _empty(state) for state in states}))

    def watched(self, topic: Topic) -> bool:
        """Whether any socket watches the topic."""
        return any(True for _ in self._members(str(topic)))

    def send(self, topic: Topic, values: Vars) -> None:
        """Send vars of a topic to all sockets that watch it."""
        self._emit(str(topic), self._update({self._states[topic.kind][0]: values}))

    def beat(self, at: datetime) -> None:
        """Tell all sockets the time."""
        self._tell(EVERYONE, {"beat_at": _millis(at)})

    def greet(self, sid: str, at: datetime, session_id: int | None) -> None:
        """Tell one socket the time and in which session it is. A page that was shown in another,
        e.g. one that ended while the connection was down, starts anew."""
        self._tell(sid, {"beat_at": _millis(at), "session": session_id or 0})

    def sessions(self) -> set[int]:
        """The sessions whose sockets are here."""
        rooms = (room for room in self._manager.rooms.get(NAMESPACE, {}) if room is not None)
        named = (room.removeprefix(_SESSION) for room in rooms if room.startswith(_SESSION))
        return {int(session_id) for session_id in named}

    def evict(self, session_id: int) -> None:
        """Take a session's sockets out of all rooms and tell their pages to start anew."""
        room = _session_room(session_id)
        members = list(self._members(room))
        self._tell(room, {"session": 0})
        for sid, _ in members:
            self._leave_all(sid)

    def _tell(self, room: str, values: Vars) -> None:
        if self._pulse is not None:
            self._emit(room, self._update({self._pulse: values}))

    async def drop(self, sid: str) -> None:
        """Cut a socket's connection, as a broken network would: its client comes back and asks
        for everything anew."""
        eio_sid = self._manager.eio_sid_from_sid(sid, NAMESPACE)
        socket = self._namespace.server.eio.sockets.get(eio_sid)
        if socket is not None:
            await socket.close(wait=False, abort=True)

    @property
    def _namespace(self) -> Any:
        return self._app.event_namespace

    @property
    def _manager(self) -> Any:
        return self._namespace.server.manager

    def _members(self, room: str) -> Iterator[tuple[str, str]]:
        """The sockets in a room, by Socket.IO's and by Engine.IO's id."""
        rooms = self._manager.rooms.get(NAMESPACE, {})
        return iter(list(rooms.get(room, {}).items()))

    def _enter(self, sid: str, room: str) -> None:
        eio_sid = self._manager.eio_sid_from_sid(sid, NAMESPACE)
        if eio_sid is not None:
            self._manager.basic_enter_room(sid, NAMESPACE, room, eio_sid)

    def _leave_all(self, sid: str) -> None:
        """Leave every room but the two that Socket.IO itself keeps: all, and one's own."""
        for room in self._manager.get_rooms(sid, NAMESPACE):
            if room is not None and room != sid:
                self._manager.basic_leave_room(sid, NAMESPACE, room)

    def _update(self, changes: dict[type[rx.State], Vars]) -> StateUpdate:
        return StateUpdate(
            delta={
                state.get_full_name(): {
                    name + FIELD_MARKER: value for name, value in values.items()
                }
                for state, values in changes.items()
            }
        )

    def _emit(self, room: str, update: StateUpdate) -> None:
        """Encode once and write to each socket of the room (see `live.frames`)."""
        server = self._namespace.server
        data = ["event", update]
        packet = server.packet_class(socket_packet.EVENT, namespace=NAMESPACE, data=data)
        message = engine_packet.Packet(engine_packet.MESSAGE, packet.encode())
        frame = text_frame(str(message.encode()))
        for _, eio_sid in self._members(room):
            socket = server.eio.sockets.get(eio_sid)
            if socket is None or socket.closed:
                continue
            write = writer_of(server.environ[eio_sid]["asgi.scope"])
            if write is not None:
                write(frame)
            else:
                socket.queue.put_nowait(message)


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _empty(state: type[rx.State]) -> Vars:
    """The vars of a State class as a page begins with them."""
    fields = state.get_fields()
    return {name: fields[name].default_value() for name in state.base_vars}


def _session_room(session_id: int) -> str:
    return f"{_SESSION}{session_id}"
