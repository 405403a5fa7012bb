"""Rules of taps: what a card that is put on a reader asks for, and what is done about it.

`decide` looks at nothing but what it is given; `services.taps` finds that out, does what is
decided, and says it with the words of `domain.tap_words`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from locker_app.domain.terminals import (
    ONE_TAP_WITHIN,
    SECOND_TAP_WITHIN,
    STALE_AFTER,
    TapMode,
)

WALK_WITHIN_SITE = timedelta(seconds=3)
"""Nobody is at two terminals of a site within less."""
WALK_TO_SITE = timedelta(seconds=60)
"""Nobody is at two sites within less."""


class TapVerdict(StrEnum):
    """What came of a tap. As `edge.protocol.Verdict` has it."""

    ASSIGNED = "assigned"
    YOURS = "yours"
    RELEASED = "released"
    IN = "in"
    OUT = "out"
    DENIED = "denied"
    FULL = "full"
    STALE = "stale"
    LINKED = "linked"
    CONFIRM = "confirm"


class Step(StrEnum):
    """What is to be done about a tap."""

    LINK = "link"
    """Staff wait here for somebody's card: it is this one."""
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    ARCHIVED = "archived"
    REPEAT = "repeat"
    """The same card at the same gate once more: it counts once."""
    CLOCKLESS = "clockless"
    """Nobody knows when it was, or it is said to be yet to come."""
    STALE = "stale"
    LATE_OUT = "late_out"
    LATE_RELEASE = "late_release"
    """The visit was ended without a tap meanwhile; what it had left behind is given back."""
    LATE_IN = "late_in"
    CONFLICT = "conflict"
    """It doesn't fit what has happened here since."""
    NO_BANK = "no_bank"
    GIVE_BACK = "give_back"
    NOT_INSIDE = "not_inside"
    NO_PIN = "no_pin"
    CONFIRM = "confirm"
    OPEN = "open"
    SHOW = "show"
    """Say where the locker is that they have elsewhere."""
    TAKE = "take"
    COME_IN = "come_in"
    WELCOME_AGAIN = "welcome_again"
    INSIDE_ALREADY = "inside_already"
    GO_OUT = "go_out"
    GO_ANYWAY = "go_anyway"
    """Out, without having been in as far as is known."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A card was put on a reader, and when that came to be known here."""

    mode: TapMode
    at: datetime | None
    """When it happened, if anybody knows."""
    now: datetime

    @property
    def is_fresh(self) -> bool:
        """Whether it is just happening: whoever tapped stands there and waits."""
        return self.at is not None and abs(self.now - self.at) <= STALE_AFTER

    @property
    def has_time(self) -> bool:
        """Whether it is known when it happened. What is yet to come is no time for that."""
        return self.at is not None and self.at - self.now <= STALE_AFTER


@dataclass(frozen=True, slots=True)
class Place:
    """Where: a terminal, and the rules there."""

    terminal_id: int
    site_id: int
    bank_id: int | None
    pin_needed: bool = False
    visit_needed: bool = False
    anti_passback: bool = True
    link_waits: bool = False
    """Staff wait here for the card of somebody."""


@dataclass(frozen=True, slots=True)
class LastTap:
    """What is known of a card's last tap."""

    terminal_id: int
    site_id: int
    at: datetime
    verdict: str
    assignment_id: int | None
    """Of the locker that it was about."""


@dataclass(frozen=True, slots=True)
class VisitThen:
    """The last visit that had begun when a late tap was made."""

    is_open: bool
    """Whether nothing has ended it yet."""
    by_tap: bool
    """Whether a tap out has ended it."""
    was_over: bool
    """Whether it was over when the tap was made."""


@dataclass(frozen=True, slots=True)
class Whose:
    """A card, and how it stands with whoever it belongs to."""

    person_id: int | None
    revoked: bool = False
    archived: bool = False
    has_pin: bool = False
    last: LastTap | None = None
    here: int | None = None
    """The locker that they have in this bank: its assignment."""
    elsewhere: int | None = None
    """One that they have at the site, where they may have no more."""
    inside: bool = False
    then: VisitThen | None = None
    later: bool = False
    """A visit of theirs began or ended after a late tap was made."""


def decide(tap: Tap, place: Place, card: Whose) -> Step:
    """What is to be done about a tap."""
    if place.link_waits and tap.is_fresh:
        return Step.LINK
    if card.person_id is None:
        return Step.UNKNOWN
    if card.revoked:
        return Step.REVOKED
    if card.archived:
        return Step.ARCHIVED
    if not tap.has_time:
        return Step.CLOCKLESS
    if tap.mode is TapMode.LOCKER:
        return _at_lockers(tap, place, card) if tap.is_fresh else Step.STALE
    if _is_repeat(tap, place, card.last):
        return Step.REPEAT
    return _at_gate(tap, place, card) if tap.is_fresh else _late_at_gate(tap, place, card)


def is_too_fast(tap: Tap, place: Place, last: LastTap | None) -> bool:
    """Whether nobody can have walked here from where the card was tapped last."""
    if last is None or tap.at is None or last.terminal_id == place.terminal_id:
        return False
    walk = WALK_WITHIN_SITE if last.site_id == place.site_id else WALK_TO_SITE
    return abs(tap.at - last.at) < walk


def _at_lockers(tap: Tap, place: Place, card: Whose) -> Step:
    if place.bank_id is None:
        return Step.NO_BANK
    if card.here is not None and _says_give_back(tap, place, card):
        return Step.GIVE_BACK
    has = card.here or card.elsewhere
    if place.visit_needed and not card.inside and not has:
        return Step.NOT_INSIDE
    if place.pin_needed:
        return Step.CONFIRM if card.has_pin else Step.NO_PIN
    return what_is_asked(card)


def what_is_asked(card: Whose) -> Step:
    """What somebody who may have a locker at this bank asks for."""
    if card.here is not None:
        return Step.OPEN
    return Step.TAKE if card.elsewhere is None else Step.SHOW


def _says_give_back(tap: Tap, place: Place, card: Whose) -> bool:
    """Whether this terminal has just shown them the locker that they have."""
    last = card.last
    return (
        last is not None
        and tap.at is not None
        and last.verdict == TapVerdict.YOURS
        and last.terminal_id == place.terminal_id
        and last.assignment_id == card.here
        and timedelta(0) <= tap.at - last.at <= SECOND_TAP_WITHIN
    )


_SAME_AGAIN = {
    TapMode.GATE: (TapVerdict.IN, TapVerdict.OUT, TapVerdict.LINKED),
    TapMode.IN: (TapVerdict.IN, TapVerdict.LINKED),
    TapMode.OUT: (TapVerdict.OUT, TapVerdict.LINKED),
}
"""What the last tap has come to be where another one soon after is the same."""


def _is_repeat(tap: Tap, place: Place, last: LastTap | None) -> bool:
    return (
        last is not None
        and tap.at is not None
        and last.terminal_id == place.terminal_id
        and last.verdict in _SAME_AGAIN[tap.mode]
        and abs(tap.at - last.at) < ONE_TAP_WITHIN
    )


def _at_gate(tap: Tap, place: Place, card: Whose) -> Step:
    goes_in = tap.mode is TapMode.IN or (tap.mode is TapMode.GATE and not card.inside)
    if not goes_in:
        return Step.GO_OUT if card.inside else Step.GO_ANYWAY
    if not card.inside:
        return Step.COME_IN
    return Step.INSIDE_ALREADY if place.anti_passback else Step.WELCOME_AGAIN


def _late_at_gate(tap: Tap, place: Place, card: Whose) -> Step:
    """Of a tap that the terminal could not tell in time. It is settled as of when it was, unless
    what has happened since says otherwise: that stands."""
    then = card.then
    was_inside = then is not None and not then.was_over
    if tap.mode is TapMode.OUT or (tap.mode is TapMode.GATE and was_inside):
        return _late_out(card, then, was_inside)
    if was_inside and not place.anti_passback:
        return Step.STALE
    return Step.CONFLICT if was_inside or card.later else Step.LATE_IN


def _late_out(card: Whose, then: VisitThen | None, was_inside: bool) -> Step:
    if then is None or (card.later and not was_inside):
        return Step.STALE
    if then.is_open:
        return Step.LATE_OUT
    return Step.STALE if then.by_tap else Step.LATE_RELEASE
