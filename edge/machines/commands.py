"""What the server tells a terminal to do: once each, soon or never.

A command is worth nothing when it was kept by the broker, when its time is over by the server's
clock, or when more than five seconds have passed here since it came. One that ended, however, gets
the same answer again and is not done again; one that a crash interrupted is not begun anew.
"""

from dataclasses import replace

from edge.machines import words
from edge.machines.doors import open_door
from edge.machines.effects import (
    Announce,
    Begin,
    FetchKeys,
    Finish,
    Flush,
    PutCard,
    Reply,
    Restart,
)
from edge.machines.events import Cause, Moment, Told
from edge.machines.state import KEPT_COMMANDS, Showing, State, Step
from edge.protocol import (
    COMMAND_LIVES_S,
    CmdOpen,
    CmdRestart,
    CmdShow,
    CmdSync,
    CmdTap,
    Status,
)


def told(state: State, event: Told, now: Moment) -> Step:
    """Do a command, or say why not."""
    if event.retained:
        return state, ()
    if ended := next((status for one, status in state.done if one == event.id), None):
        return state, (Reply(event.id, ended),)
    if event.id in state.begun:
        return state, (Reply(event.id, Status.REJECTED, "interrupted"),)
    state = replace(state, done=state.done[-KEPT_COMMANDS:])
    if _expired(event, now):
        return _ended(state, event.id, Status.EXPIRED)
    if reason := _refused(state, event):
        return _ended(state, event.id, Status.REJECTED, reason)
    state = replace(state, active_at=now.mono)
    if isinstance(event.order, CmdOpen):
        return _open(state, event.id, event.order, now)
    return _do(state, event, now)


def _expired(event: Told, now: Moment) -> bool:
    if now.mono - event.received >= COMMAND_LIVES_S:
        return True
    return event.exp is not None and now.wall is not None and now.wall > event.exp


def _refused(state: State, event: Told) -> str:
    match event.order:
        case CmdOpen() if event.exp is None:
            return "no_exp"
        case CmdOpen(locker=door) if not state.config or str(door) not in state.config.relays:
            return "no_such_door"
        case CmdTap() if not state.simulated:
            return "reader_is_real"
        case _:
            return ""


def _open(state: State, command: str, order: CmdOpen, now: Moment) -> Step:
    state = replace(
        state,
        begun=(*state.begun, command),
        showing=Showing(words.opened_by_staff(order.label), now.mono + 4.0),
    )
    cause = Cause(command, command=True, label=order.label)
    state, effects = open_door(state, order.locker, cause, now)
    return state, (Begin(command), Reply(command, Status.ACCEPTED), *effects)


def _ended(state: State, command: str, status: Status, reason: str = "") -> Step:
    """However it ended: it is never begun again."""
    state = replace(state, done=(*state.done, (command, status)))
    return state, (Finish(command, status), Reply(command, status, reason))


def _do(state: State, event: Told, now: Moment) -> Step:
    command, order = event.id, event.order
    state, finish = _ended(state, command, Status.DONE)
    match order:
        case CmdShow(show=show, ttl_ms=ttl, identify=identify):
            until = now.mono + ttl / 1000
            showing = Showing(words.shown(show), until, identify=identify)
            return replace(state, showing=showing), finish
        case CmdSync():
            return state, (*finish, Announce(), Flush(), FetchKeys())
        case CmdTap(uid=uid, seconds=seconds):
            return state, (*finish, PutCard(uid, seconds))
        case CmdRestart():
            return state, (*finish, Restart())
        case CmdOpen():
            return state, finish
