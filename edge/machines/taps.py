"""From a card on the reader to an answer on the display, whether the server answers or not."""

from dataclasses import replace
from types import ModuleType

from edge.display.screen import Screen
from edge.machines import gate, locker, words
from edge.machines.doors import open_door
from edge.machines.effects import Effect, Flush, Record
from edge.machines.events import Answered, CardSeen, CardUnclear, Cause, Moment, NotStored
from edge.machines.state import (
    ANSWER_S,
    ANSWER_WITHIN_S,
    FRESH_S,
    SAME_CARD_S,
    Counted,
    Showing,
    State,
    Step,
    Waiting,
)
from edge.protocol import Config, FaultOf, Kind, Tap


def card_seen(state: State, event: CardSeen, now: Moment) -> Step:
    """A tap is recorded, and waits for its answer; each gets one, also what doesn't count."""
    state = replace(state, active_at=now.mono)
    config = state.config
    if state.refused:
        return say(state, words.REFUSED, now), ()
    if config is None:
        return say(state, words.NOT_SET_UP, now), ()
    if state.broken(FaultOf.STORAGE):
        return say(state, words.STORAGE_OUT, now), ()
    if _peculiar(config).repeated(state, event.card[0], now):
        return _said_again(state, event.card[0], now), ()
    tap = Waiting(event.tap, event.card, event.read_at)
    state = replace(
        state,
        waiting=(*state.waiting, tap),
        counted=(*_counted(state, now), Counted(event.card[0], event.read_at, event.tap)),
    )
    record = Record("evt/tap", Tap(card=list(event.card[:4]), mode=config.mode), event.tap)
    if state.online:
        return state, (record,)
    state, effects = _alone(state, config, tap, now)
    return state, (record, *effects)


def unclear(state: State, event: CardUnclear, now: Moment) -> Step:
    """Something was there, and no card could be read."""
    showing = Showing(words.unclear(event.why), now.mono + ANSWER_S)
    return replace(state, active_at=now.mono, showing=showing), ()


def not_stored(state: State, event: NotStored, now: Moment) -> Step:
    """The tap could not be recorded, so it is none."""
    state = replace(
        state,
        waiting=tuple(one for one in state.waiting if one.tap != event.tap),
        counted=tuple(one for one in state.counted if one.tap != event.tap),
    )
    return say(state, words.STORAGE_OUT, now), ()


def answered(state: State, event: Answered, now: Moment) -> Step:
    """The server answered. Only the answer to a fresh tap is shown, and opens a door, once."""
    if event.retained:
        return state, ()
    state, effects = server_heard(state, now)
    tap = next((one for one in state.waiting if one.tap == event.re), None)
    if tap is None:
        return state, effects
    state = replace(state, waiting=tuple(one for one in state.waiting if one is not tap))
    if now.mono - tap.read_at >= FRESH_S:
        return state, effects
    ack, late = event.ack, event.exp is not None and now.wall is not None and now.wall > event.exp
    if late and ack.open is not None:
        return _say_to(state, tap, words.TOO_LATE, ANSWER_S, now), effects
    state = _say_to(state, tap, words.answer(ack), ack.ttl_ms / 1000, now)
    if ack.open is None or tap.opened:
        return state, effects
    state, opening = open_door(
        state, ack.open, Cause(tap.tap, tap.read_at, label=ack.locker or ""), now
    )
    return state, (*opening, *effects)


def passed(state: State, now: Moment) -> Step:
    """Time went by: what has no answer by now is answered without the server."""
    effects: list[Effect] = []
    for tap in state.waiting:
        if state.config and not tap.told and now.mono - tap.read_at >= ANSWER_WITHIN_S:
            state, more = _alone(replace(state, server=False), state.config, tap, now)
            effects += more
    fresh = tuple(one for one in state.waiting if now.mono - one.read_at < FRESH_S)
    if fresh != state.waiting:
        state = replace(state, waiting=fresh)
    if state.showing and now.mono >= state.showing.until:
        state = replace(state, showing=None)
    return state, tuple(effects)


def server_heard(state: State, now: Moment) -> Step:
    """The server is there: it said something just now. If it was away, it gets what waits."""
    came_back = state.link and not state.server
    state = replace(state, server=state.link, server_at=now.mono)
    return state, (Flush(),) if came_back else ()


def say(state: State, screen: Screen, now: Moment, seconds: float = ANSWER_S) -> State:
    """Show something of the terminal itself for a while."""
    return replace(state, showing=Showing(screen, now.mono + seconds, now.mono))


def reading(state: State) -> bool:
    """Whether a tap waits for its answer that was read after what is shown."""
    shown = state.showing.read_at if state.showing else float("-inf")
    return any(not one.told and one.read_at > shown for one in state.waiting)


def _peculiar(config: Config) -> ModuleType:
    return gate if config.kind is Kind.GATE else locker


def _alone(state: State, config: Config, tap: Waiting, now: Moment) -> Step:
    screen, grant = _peculiar(config).alone(state, tap, now)
    if now.mono - tap.read_at >= FRESH_S:  # the program itself was held up
        screen, grant = words.TOO_LATE, None
    if state.refused:
        screen, grant = words.REFUSED, None
    after = replace(tap, told=True, opened=grant is not None)
    state = replace(state, waiting=tuple(after if one is tap else one for one in state.waiting))
    state = _say_to(state, tap, screen, ANSWER_S, now)
    if grant is None or state.grants is None:
        return state, ()
    cause = Cause(tap.tap, tap.read_at, grants=state.grants.version, card=tap.card[:4])
    return open_door(state, grant.locker, replace(cause, label=grant.label), now)


def _say_to(state: State, tap: Waiting, screen: Screen, seconds: float, now: Moment) -> State:
    """Show the answer to a tap, unless what is shown answers a later one."""
    state = replace(
        state,
        counted=tuple(
            replace(one, said=screen) if one.tap == tap.tap else one for one in state.counted
        ),
    )
    if state.showing and state.showing.read_at > tap.read_at:
        return state
    return replace(state, showing=Showing(screen, now.mono + seconds, tap.read_at))


def _said_again(state: State, card: str, now: Moment) -> State:
    """A card that doesn't count again gets the answer again that it got, if it got one."""
    said = next((one.said for one in reversed(state.counted) if one.card == card), None)
    return say(state, said, now) if said else state


def _counted(state: State, now: Moment) -> tuple[Counted, ...]:
    return tuple(one for one in state.counted if now.mono - one.read_at < SAME_CARD_S)
