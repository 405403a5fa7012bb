"""Which door a card may open while the server is away."""

from dataclasses import replace

from edge.machines.events import Granted, Moment
from edge.machines.state import State
from edge.protocol import Grant


def granted(state: State, event: Granted, now: Moment) -> State:
    """New grants, whose signature was found genuine. Older ones than are known change nothing."""
    new, known = event.grants, state.grants
    if new is not None and known is not None and new.version < known.version:
        return state
    return judged(replace(state, grants=new, grants_end=None), now)


def judged(state: State, now: Moment) -> State:
    """Work out when the grants end, while the time is known. The end never moves later."""
    if state.grants is None or now.wall is None:
        return state
    end = now.mono + (state.grants.until - now.wall) / 1000
    if state.grants_end is not None and end >= state.grants_end:
        return state
    return replace(state, grants_end=end)


def usable(state: State, now: Moment) -> bool:
    """Whether grants are worth anything now."""
    return (
        state.config is not None
        and state.config.offline
        and state.grants is not None
        and now.wall is not None
        and now.wall < state.grants.until
        and state.grants_end is not None
        and now.mono < state.grants_end
    )


def door_for(state: State, card: tuple[str, ...], now: Moment) -> Grant | None:
    """The door that this card may open now, without the server."""
    if not usable(state, now) or state.grants is None or now.wall is None:
        return None
    for grant in state.grants.grants:
        if now.wall < grant.until and not set(card).isdisjoint(grant.card):
            return grant
    return None
