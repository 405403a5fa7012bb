"""A terminal as one function: from what it knows and what happens to what it does."""

from dataclasses import replace

from edge.machines import doors, taps
from edge.machines.commands import told
from edge.machines.effects import Announce, FetchKeys, Flush, Record
from edge.machines.events import (
    Answered,
    Broken,
    CardSeen,
    CardUnclear,
    Configured,
    DoorSensed,
    Event,
    Granted,
    LinkDown,
    LinkUp,
    Mended,
    Moment,
    NotStored,
    Pulsed,
    Rests,
    ServerSaid,
    Tick,
    Told,
)
from edge.machines.granted import granted, judged
from edge.machines.state import SERVER_SILENT_S, State, Step
from edge.protocol import DoorMoved

PROVISIONAL_S = 12.0
"""For how long "the server is there" is believed that the broker had kept from before."""


def step(state: State, event: Event, now: Moment) -> Step:
    """What becomes of a terminal when something happens, and what is to be done."""
    state, early = taps.passed(_aged(state, now), now)
    state, effects = _react(state, event, now)
    return state, (*early, *effects)


def _react(state: State, event: Event, now: Moment) -> Step:
    match event:
        case CardSeen():
            return taps.card_seen(state, event, now)
        case CardUnclear():
            return taps.unclear(state, event, now)
        case NotStored():
            return taps.not_stored(state, event, now)
        case Answered():
            return taps.answered(state, event, now)
        case Told():
            return told(state, event, now)
        case Pulsed():
            return doors.pulsed(state, event, now)
        case Broken():
            return doors.broken(state, event)
        case Mended():
            return doors.mended(state, event)
        case DoorSensed():
            moved = DoorMoved(locker=event.door, open=event.open)
            return state, (Record("evt/door", moved),)
        case LinkUp() | LinkDown() | ServerSaid():
            return _connected(state, event, now)
        case Configured():
            return _configured(state, event)
        case Granted():
            return granted(state, event, now), ()
        case Rests():
            return replace(state, idle=event.idle), ()
        case Tick():
            return state, ()


def _aged(state: State, now: Moment) -> State:
    state = judged(state, now)
    if state.server and now.mono - state.server_at > SERVER_SILENT_S:
        return replace(state, server=False)
    return state


def _connected(state: State, event: LinkUp | LinkDown | ServerSaid, now: Moment) -> Step:
    match event:
        case LinkUp():
            state = replace(state, link=True, ever_linked=True, refused=False, server=False)
            return state, (Announce(), Flush())
        case LinkDown(refused=refused):
            refused = refused or state.refused  # until it lets us in, whether or not it is there
            return replace(state, link=False, refused=refused, server=False), ()
        case ServerSaid(online=False):
            return replace(state, server=False), ()
        case ServerSaid(epoch=epoch, live=live):
            anew = state.epoch not in ("", epoch)
            state = replace(state, epoch=epoch)
            if live:
                state, effects = taps.server_heard(state, now)
            else:
                state, effects = _believed(state, now), ()
            return state, (Announce(), Flush()) if anew else effects


def _believed(state: State, now: Moment) -> State:
    if state.server or not state.link:
        return state
    return replace(state, server=True, server_at=now.mono - SERVER_SILENT_S + PROVISIONAL_S)


def _configured(state: State, event: Configured) -> Step:
    if state.config is not None and event.config.version < state.config.version:
        return state, ()
    return replace(state, config=event.config), (FetchKeys(), Announce())
