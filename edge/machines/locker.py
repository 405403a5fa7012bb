"""What is peculiar to a terminal that opens lockers."""

from edge.display.screen import Screen
from edge.machines import words
from edge.machines.events import Moment
from edge.machines.granted import door_for
from edge.machines.state import State, Waiting
from edge.protocol import Grant


def repeated(state: State, card: str, _now: Moment) -> bool:
    """A card whose tap isn't answered yet is meant as the same tap.

    After the answer a second tap has a meaning of its own: giving the locker back.
    """
    return any(one.card[0] == card and not one.told for one in state.waiting)


def alone(state: State, tap: Waiting, now: Moment) -> tuple[Screen, Grant | None]:
    """The answer without the server: the own door by a grant, or that there are no new lockers."""
    grant = door_for(state, tap.card, now)
    if grant is None:
        return words.NO_NEW_OFFLINE, None
    return words.opened_offline(grant.label), grant
