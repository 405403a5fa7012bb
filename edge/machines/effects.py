"""What a terminal is to do, as data. `edge.terminal` does it."""

from dataclasses import dataclass

from edge.machines.events import Cause
from edge.protocol import Part, Status


@dataclass(frozen=True, slots=True)
class Record:
    """Put a fact into the outbox."""

    tail: str
    data: Part
    id: str | None = None
    """None: a new one."""
    re: str | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """Open a door, and say by `Pulsed` how it went."""

    door: int
    pin: int
    seconds: float
    cause: Cause


@dataclass(frozen=True, slots=True)
class Begin:
    """Keep on disk that this command was begun with, before anything else is done for it."""

    command: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Keep on disk that this command came to its end, and to which: it is never begun again."""

    command: str
    status: Status


@dataclass(frozen=True, slots=True)
class Reply:
    """Say how far a command has come."""

    command: str
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Announce:
    """Say who this is and what it shows."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Send all that waits in the outbox again, now."""


@dataclass(frozen=True, slots=True)
class FetchKeys:
    """Ask the server for the card keys."""


@dataclass(frozen=True, slots=True)
class PutCard:
    """Put a card on the simulated reader."""

    uid: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Restart:
    """Begin anew."""


Effect = Record | Pulse | Begin | Finish | Reply | Announce | Flush | FetchKeys | PutCard | Restart
