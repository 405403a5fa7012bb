"""Past facts about terminals, cards and visits, as `domain.facts` has the others."""

from dataclasses import dataclass
from datetime import datetime

from locker_app.domain.facts import Fact
from locker_app.domain.terminals import AlertKind, CommandKind, CommandStatus, TerminalState
from locker_app.domain.visits import VisitEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalFact(Fact):
    """Something about one terminal."""

    terminal_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalCreated(TerminalFact):
    """A terminal was set up."""

    bank_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalChanged(TerminalFact):
    """What a terminal is for, or how it works, was changed."""

    bank_id: int | None
    cfg_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalCodeMade(TerminalFact):
    """A code was made by which a device becomes this terminal."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalProvisioned(TerminalFact):
    """A device became this terminal. What was it before is it no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalRevoked(TerminalFact):
    """A terminal may speak no more."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalArchived(TerminalFact):
    """A terminal was taken down, and may speak no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalRestored(TerminalFact):
    """A terminal that had been taken down is there again, to be provisioned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalHeard(TerminalFact):
    """A terminal came, went, or was lost; or started again, or said that it is another one now."""

    state: TerminalState
    boot: int
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGiven(TerminalFact):
    """A terminal is to be told something."""

    command_id: int
    command: CommandKind
    bank_id: int | None = None
    locker_id: int | None = None
    person_id: int | None = None
    """Who has the door."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandMoved(TerminalFact):
    """A command was sent, accepted, done, or is over without."""

    command_id: int
    command: CommandKind
    status: CommandStatus
    bank_id: int | None = None
    locker_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOpened(TerminalFact):
    """A terminal has opened a door, after a tap or a command."""

    bank_id: int | None
    locker_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorMoved(TerminalFact):
    """The contact of a door says that it was opened or shut."""

    bank_id: int | None
    locker_id: int
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedOffline(TerminalFact):
    """Somebody opened the own door while the server was away."""

    bank_id: int | None
    locker_id: int
    person_id: int | None
    happened_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(TerminalFact):
    """Something about a terminal wants somebody's attention."""

    alert_id: int
    alert: AlertKind
    bank_id: int | None = None
    locker_id: int | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCleared(TerminalFact):
    """Somebody has seen to it, or it is over by itself."""

    alert_id: int
    alert: AlertKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTapped(TerminalFact):
    """A card was tapped, and what came of it. Which card it was is not kept: whose is."""

    verdict: str
    """`edge.protocol.Verdict`."""
    code: str | None = None
    """Why it was denied."""
    person_id: int | None = None
    """None for a card that is nobody's."""
    bank_id: int | None = None
    locker_id: int | None = None
    happened_at: datetime | None = None
    """When, if that was long before it came here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapToConfirm(TerminalFact):
    """A tap waits for its holder's PIN."""

    person_id: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TapConfirmEnded(TerminalFact):
    """It was confirmed, or declined, or nobody did in time."""

    person_id: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLinked(Fact):
    """A card is somebody's now."""

    person_id: int
    terminal_id: int | None = None
    """Where it was tapped for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRevoked(Fact):
    """A card is nobody's any more, at once."""

    person_id: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChanged(Fact):
    """What a card is called was changed."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAsked(TerminalFact):
    """The next card at this terminal is to be this person's."""

    person_id: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEnded(TerminalFact):
    """The terminal waits for that card no more."""

    person_id: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKeyMade(Fact):
    """Cards are hashed by a new key; older ones are taken over as they are tapped."""

    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRulesChanged(Fact):
    """The rules of visits to a site are others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitBegan(Fact):
    """Somebody went in."""

    visit_id: int
    person_id: int
    terminal_id: int | None
    came_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEnded(Fact):
    """Somebody went out, or is taken to have."""

    visit_id: int
    person_id: int
    terminal_id: int | None
    left_at: datetime
    cause: VisitEnd
    reason: str | None = None
