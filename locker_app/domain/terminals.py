"""Rules of card terminals: what they are for, how they are, and what is asked of them."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from locker_app.domain.errors import BadInput
from locker_app.domain.limits import Limits, check_limits
from locker_app.domain.queues import check_line

MAX_NAME_LENGTH = 40
MAX_PLACE_LENGTH = 100
MAX_TERMINALS = 200
"""Of one site."""
PINS = range(2, 28)
"""The GPIO lines (BCM) of a Raspberry Pi's header at which relays can be."""
TAKEN_PINS = frozenset({7, 8, 9, 10, 11, 24, 25, 27})
"""Those that the card reader and the display have."""

CODE_LIVES = timedelta(minutes=15)
"""How long the code by which a terminal is provisioned is good, once."""
STALE_AFTER = timedelta(seconds=10)
"""A tap that is older assigns and opens nothing. As `edge.protocol` has it."""
COMMAND_LIVES = timedelta(seconds=5)
"""After that nobody may begin with a command any more."""
ACCEPTED_WITHIN = timedelta(seconds=1)
"""What is sent is to be accepted by then, or counts as slow; it is given up with its life."""
DONE_WITHIN = timedelta(seconds=8)
"""What was given is done by then, or timed out."""
SECOND_TAP_WITHIN = timedelta(seconds=30)
"""After a terminal has said “yours”: a tap there within this time gives the locker back."""
ONE_TAP_WITHIN = timedelta(seconds=5)
"""At a gate the same card counts once within this time."""
LINK_WITHIN = timedelta(minutes=2)
"""How long a terminal waits for the card that is to be linked."""
CONFIRM_WITHIN = timedelta(seconds=60)
"""How long a tap waits for its holder's PIN."""
SEEN_EVERY = timedelta(seconds=5)
"""How exactly it is kept when a terminal was heard of last."""
GRANTS_LIVE = timedelta(hours=24)
"""How long grants are worth something without word from the server."""


class TerminalKind(StrEnum):
    """What a terminal is for."""

    LOCKER = "locker"
    GATE = "gate"


class TapMode(StrEnum):
    """What a tap asks for. `gate` is both ways."""

    LOCKER = "locker"
    IN = "in"
    OUT = "out"
    GATE = "gate"


class TerminalState(StrEnum):
    """How a terminal is, as far as the server knows."""

    NEW = "new"
    """Nobody has heard of it yet."""
    ONLINE = "online"
    OFFLINE = "offline"
    """Switched off in good order."""
    LOST = "lost"
    """The connection broke."""
    UPDATING = "updating"


class CommandKind(StrEnum):
    """What a terminal can be told."""

    OPEN = "open"
    IDENTIFY = "identify"
    SYNC = "sync"
    RESTART = "restart"
    TAP = "tap"
    """Put a card on its simulated reader."""


class CommandStatus(StrEnum):
    """How far a command has come. All from `done` on are ends."""

    GIVEN = "given"
    SENT = "sent"
    ACCEPTED = "accepted"
    DONE = "done"
    """For a door: opened."""
    REJECTED = "rejected"
    EXPIRED = "expired"
    """It came too late, and nothing was done."""
    TIMED_OUT = "timed_out"
    """Nothing was heard of it; whether it was done is not known."""


class AlertKind(StrEnum):
    """What about a terminal wants somebody's attention."""

    GAP = "gap"
    """Some of its facts never came."""
    CONFLICT = "conflict"
    """What happened while the server was away does not fit what happened here."""
    FAULT = "fault"
    """Something of it is broken."""
    BAD_MESSAGES = "bad_messages"
    """It says what nobody understands."""
    TOO_FAST = "too_fast"
    """The same card at two places faster than one can walk."""
    CLOCK = "clock"
    """Its clock is wrong."""
    STUCK = "stuck"
    """A door was to open and did not."""


@dataclass(frozen=True, slots=True)
class TerminalPlan:
    """What admins decide about a terminal."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }
    LIMITS: ClassVar[Limits] = {"open_ms": (100, 30_000), "dim_after_s": (5, 3600)}

    name: str
    kind: TerminalKind = TerminalKind.LOCKER
    mode: TapMode = TapMode.LOCKER
    bank_id: int | None = None
    """Whose doors it opens; a gate has none."""
    place: str = ""
    relays: dict[int, int] = field(default_factory=dict)
    """Number of a door to the GPIO line (BCM) of its relay."""
    active_low: bool = True
    open_ms: int = 3000
    dim_after_s: int = 60
    offline: bool = True
    pin_needed: bool = False


def check_terminal(plan: TerminalPlan) -> TerminalPlan:
    """What admins say about a terminal, tidied, when all of it can be.

    Raises:
        BadInput: something can't; its `field` says which.
    """
    name = check_line(plan.name, MAX_NAME_LENGTH, "name")
    if not name:
        raise BadInput("Give the terminal a name.", field="name")
    check_limits(plan)
    if plan.kind is TerminalKind.LOCKER:
        if plan.bank_id is None:
            raise BadInput("Choose the bank whose doors it opens.", field="bank_id")
        if plan.mode is not TapMode.LOCKER:
            raise BadInput("A terminal at lockers takes taps for lockers.", field="mode")
    else:
        if plan.bank_id is not None or plan.relays:
            raise BadInput("A gate has no lockers.", field="bank_id")
        if plan.mode is TapMode.LOCKER:
            raise BadInput("Choose what a tap at this gate means: in, out, or both.", field="mode")
    _check_relays(plan.relays)
    return replace(plan, name=name, place=check_line(plan.place, MAX_PLACE_LENGTH, "place"))


def _check_relays(relays: dict[int, int]) -> None:
    used: dict[int, int] = {}
    for number, pin in relays.items():
        if not 1 <= number <= 99_999:
            raise BadInput(f"There is no door {number}.", field="relays")
        if pin not in PINS:
            raise BadInput(f"Relays are at GPIO {PINS[0]} to {PINS[-1]}.", field="relays")
        if pin in TAKEN_PINS:
            what = f"GPIO {pin} belongs to the card reader and the display. Choose another one."
            raise BadInput(what, field="relays")
        if pin in used:
            what = f"GPIO {pin} can't be that of door {used[pin]} and of door {number}."
            raise BadInput(what, field="relays")
        used[pin] = number
