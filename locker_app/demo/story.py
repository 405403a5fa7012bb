"""What the visitors of the demo do: who puts which card on which reader next, and when.

Pure: time is counted in beats, one card for each at most, and what somebody has is asked anew each
time. So the story goes on wherever it was left, also when somebody at the panel or at a phone took
a hand in it.
"""

import random
from dataclasses import dataclass, field
from enum import StrEnum

GATE = "gate"
UNKNOWN_EVERY = 9
"""Beats from one unknown card to the next."""
_FIRST_UNKNOWN = 8
TROUBLE_EVERY = 100
"""Beats from one time that a card reader breaks to the next."""
TROUBLE_FROM, TROUBLE_UNTIL = 10, 15
"""Within `TROUBLE_EVERY`: the beats in which it breaks, and in which it works again."""
_COMES_AND_GIVES = 7
"""Beats from coming back to giving back, at most."""
_MOST_ABOUT = 5
"""Visitors who are not at home at the same time."""


class Does(StrEnum):
    """What somebody does by putting a card on a reader, as people say it."""

    COME_IN = "comes in"
    TAKE = "gets a locker"
    COME_BACK = "comes back for the locker"
    GIVE_BACK = "gives it back"
    LEAVE = "leaves"
    BE_UNKNOWN = "tries a card that nobody knows"
    BREAK = "stops working, which the page of terminals says"
    MEND = "works again"


OF_READER = frozenset({Does.BREAK, Does.MEND})
"""What is done by the card reader of a terminal itself."""


_PAUSES = {
    Does.COME_IN: (2, 3),
    Does.TAKE: (3, 6),
    Does.COME_BACK: (2, 3),
    Does.GIVE_BACK: (2, 4),
    Does.LEAVE: (8, 14),
}
"""How many beats somebody waits at least and at most after having done something."""


@dataclass(frozen=True, slots=True)
class Has:
    """How it stands with a visitor."""

    inside: bool = False
    locker_at: str | None = None
    """The terminal of the bank in which they have a locker."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A card is put on a reader; `who` is None for somebody whom nobody knows, and where the
    reader itself does something."""

    who: str | None
    terminal: str
    does: Does


@dataclass(slots=True)
class _Visitor:
    who: str
    favourite: str
    """The terminal at which they get their locker."""
    due: int = 0
    last: Does = Does.LEAVE
    rounds: int = 0
    """By it some give their locker back, and some just leave."""


@dataclass(slots=True)
class Story:
    """All visitors, each with a place to go; told beat by beat."""

    people: list[str]
    terminals: list[str]
    """Those of lockers."""
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - a game
    beat: int = 0
    _cast: list[_Visitor] = field(default_factory=list)

    def __post_init__(self) -> None:
        places = self.terminals
        self._cast = [
            _Visitor(who, places[turn % len(places)], due=2 * turn, rounds=turn)
            for turn, who in enumerate(self.people)
        ]

    def next(self, have: dict[str, Has]) -> Tap | None:
        """What happens in this beat, if anything does, by what everybody has now."""
        beat, self.beat = self.beat, self.beat + 1
        since = beat % TROUBLE_EVERY
        if since in (TROUBLE_FROM, TROUBLE_UNTIL):
            does = Does.BREAK if since == TROUBLE_FROM else Does.MEND
            return Tap(None, self.terminals[-1], does)
        broken = self.terminals[-1] if TROUBLE_FROM < since < TROUBLE_UNTIL else None
        if beat % UNKNOWN_EVERY == _FIRST_UNKNOWN:
            places = [one for one in (GATE, *self.terminals) if one != broken]
            return Tap(None, self.chance.choice(places), Does.BE_UNKNOWN)
        away = [one for one in self._cast if not have.get(one.who, Has()).inside]
        about = len(self._cast) - len(away)
        due = [one for one in self._cast if one.due <= beat]
        due = [one for one in due if one not in away or about < _MOST_ABOUT]
        soon = TROUBLE_FROM - _COMES_AND_GIVES <= since < TROUBLE_UNTIL
        due = [one for one in due if not self._held_up(one, have, broken, soon=soon)]
        if not due:
            return None
        visitor = min(due, key=lambda one: one.due)
        return self._act(visitor, beat, have.get(visitor.who, Has()))

    def _held_up(
        self, visitor: _Visitor, have: dict[str, Has], broken: str | None, *, soon: bool
    ) -> bool:
        """Whether they wait because a reader is broken; or will be before they have given back what
        they come back for, as the display does not offer that for long."""
        has = have.get(visitor.who, Has())
        at = _at(visitor, has)
        comes_back = soon and _next(visitor, has) is Does.COME_BACK
        return at == broken or (comes_back and at == self.terminals[-1])

    def _act(self, visitor: _Visitor, beat: int, has: Has) -> Tap:
        does, terminal = _next(visitor, has), _at(visitor, has)
        visitor.last = does
        visitor.due = beat + self.chance.randint(*_PAUSES[does])
        visitor.rounds += does is Does.LEAVE
        return Tap(visitor.who, terminal, does)


def _at(visitor: _Visitor, has: Has) -> str:
    """The terminal at which they do what they do next."""
    if _next(visitor, has) in (Does.COME_IN, Does.LEAVE):
        return GATE
    return has.locker_at or visitor.favourite


def _next(visitor: _Visitor, has: Has) -> Does:
    if not has.inside:
        return Does.COME_IN
    if has.locker_at is None:
        return Does.TAKE if visitor.last is Does.COME_IN else Does.LEAVE
    if visitor.last is not Does.COME_BACK:
        return Does.COME_BACK
    return Does.GIVE_BACK if visitor.rounds % 2 == 0 else Does.LEAVE
