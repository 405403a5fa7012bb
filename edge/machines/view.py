"""What is on the display, as far as the machine knows: clock and outbox are added outside."""

from dataclasses import replace

from edge.display.screen import Screen, Tone
from edge.machines import words
from edge.machines.events import Moment
from edge.machines.granted import usable
from edge.machines.state import CONNECTING_S, State
from edge.machines.taps import reading
from edge.protocol import FaultOf

STARTING_S = 0.5
BLINKS_A_SECOND = 2


def screen(state: State, now: Moment) -> Screen:
    """What to show now. There is always something."""
    return replace(_content(state, now), link=state.online, dim=_is_dim(state, now))


def _content(state: State, now: Moment) -> Screen:
    showing = state.showing
    if showing is not None and showing.identify:
        return _blinking(showing.screen, now)
    if reading(state):
        return words.READING
    if showing is not None:
        return showing.screen
    return _at_rest(state, now)


def _at_rest(state: State, now: Moment) -> Screen:
    if state.broken(FaultOf.STORAGE):
        return words.STORAGE_OUT
    if state.broken(FaultOf.READER):
        return words.READER_OUT
    if state.refused:
        return words.REFUSED
    if not state.ever_linked and now.mono - state.started_at < CONNECTING_S:
        young = now.mono - state.started_at < STARTING_S
        return words.STARTING if young else words.CONNECTING
    if state.config is None:
        return words.NOT_SET_UP if state.link else words.CONNECTING
    if not state.online:
        return words.at_rest_offline(state.config.kind, usable(state, now))
    return words.at_rest(state.config.kind, state.idle)


def _blinking(shown: Screen, now: Moment) -> Screen:
    tone = Tone.GOOD if int(now.mono * BLINKS_A_SECOND) % 2 else Tone.WARN
    return replace(shown, tone=tone)


def _is_dim(state: State, now: Moment) -> bool:
    if state.showing is not None or reading(state):
        return False
    after = state.config.dim_after_s if state.config else 60
    return now.mono - max(state.active_at, state.started_at) >= after
