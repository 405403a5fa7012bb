"""Opening doors, and what is known to be broken."""

from dataclasses import replace

from edge.machines import words
from edge.machines.effects import Finish, Pulse, Record, Reply
from edge.machines.events import Broken, Cause, Mended, Moment, Pulsed
from edge.machines.state import ANSWER_S, Showing, State, Step
from edge.protocol import Fault, FaultOf, OfflineOpen, Opened, Status


def open_door(state: State, door: int, cause: Cause, now: Moment) -> Step:
    """Pulse the relay of a door; one that has none is told like one that is stuck."""
    config = state.config
    if config is None or str(door) not in config.relays:
        return pulsed(state, Pulsed(door, cause, "no relay for this door"), now)
    pin = config.relays[str(door)]
    return state, (Pulse(door, pin, config.open_s, cause),)


def pulsed(state: State, event: Pulsed, now: Moment) -> Step:
    """A relay was pulsed: that is a fact. Or it could not be."""
    door, cause = event.door, event.cause
    if event.failed:
        label = cause.label or str(door)
        stuck = Showing(words.stuck(label), now.mono + ANSWER_S, cause.read_at)
        state, said = broken(
            replace(state, showing=stuck), Broken(FaultOf.RELAY, event.failed, door)
        )
        return _finished(state, said, cause, Status.REJECTED, event.failed)
    state, said = mended(state, Mended(FaultOf.RELAY, door))
    if cause.grants is not None:
        opened = OfflineOpen(card=list(cause.card), locker=door, grants=cause.grants)
        return state, (Record("evt/offline_open", opened, re=cause.id), *said)
    said = (Record("evt/opened", Opened(locker=door), re=cause.id), *said)
    return _finished(state, said, cause, Status.DONE, "")


def broken(state: State, event: Broken) -> Step:
    """Something doesn't work: told once."""
    if state.broken(event.of, event.door):
        return state, ()
    state = replace(state, faults=(*state.faults, (event.of, event.door)))
    fault = Fault(of=event.of, locker=event.door, text=event.text[:200])
    return state, (Record("evt/fault", fault),)


def mended(state: State, event: Mended) -> Step:
    """Something works again: told once, if it was told to be broken."""
    if not state.broken(event.of, event.door):
        return state, ()
    left = tuple(fault for fault in state.faults if fault != (event.of, event.door))
    over = Fault(of=event.of, locker=event.door, over=True)
    return replace(state, faults=left), (Record("evt/fault", over),)


def _finished(
    state: State, said: tuple[Record, ...] | tuple, cause: Cause, status: Status, reason: str
) -> Step:
    if not cause.command:
        return state, said
    state = replace(
        state,
        begun=tuple(one for one in state.begun if one != cause.id),
        done=(*state.done, (cause.id, status)),
    )
    return state, (*said, Finish(cause.id, status), Reply(cause.id, status, reason))
