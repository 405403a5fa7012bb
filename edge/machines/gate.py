"""What is peculiar to a terminal at a gate, which opens nothing by itself and blocks nobody."""

from edge.display.screen import Screen
from edge.machines import words
from edge.machines.events import Moment
from edge.machines.state import SAME_CARD_S, State, Waiting
from edge.protocol import Grant, Mode


def repeated(state: State, card: str, now: Moment) -> bool:
    """The same card within five seconds counts once: nobody comes and goes that quickly."""
    return any(one.card == card and now.mono - one.read_at < SAME_CARD_S for one in state.counted)


def alone(state: State, _tap: Waiting, _now: Moment) -> tuple[Screen, Grant | None]:
    """The answer without the server: the tap is kept, and settled later."""
    return words.kept(state.config.mode if state.config else Mode.GATE), None
