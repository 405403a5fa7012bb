"""What may happen to a terminal, as data; and when."""

from dataclasses import dataclass

from edge.protocol import (
    Ack,
    CmdOpen,
    CmdRestart,
    CmdShow,
    CmdSync,
    CmdTap,
    Config,
    FaultOf,
    Grants,
    Idle,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens. What is decided is decided by `mono`."""

    mono: float
    """Seconds of a clock that only goes on, and begins anew with the machine."""
    wall: int | None = None
    """Milliseconds since 1970, if anybody's clock is known."""


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card was put on the reader."""

    tap: str
    """The id that the tap has if it is recorded."""
    card: tuple[str, ...]
    """The card by each key, the newest first."""
    read_at: float
    """When, on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class CardUnclear:
    """Something was put on the reader, and no card could be read: see `edge.reader.Trouble`."""

    why: str


@dataclass(frozen=True, slots=True)
class NotStored:
    """A tap could not be recorded, so it doesn't count."""

    tap: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The server answered a fact."""

    re: str
    ack: Ack
    exp: int | None = None
    retained: bool = False


Order = CmdOpen | CmdShow | CmdSync | CmdRestart | CmdTap


@dataclass(frozen=True, slots=True)
class Told:
    """A command came."""

    id: str
    order: Order
    exp: int | None
    received: float
    """When, on the monotonic clock."""
    retained: bool = False


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker took us, and what is said to us comes."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection to the broker ended, or none could be made."""

    refused: bool = False
    """The broker is there and doesn't let us in."""


@dataclass(frozen=True, slots=True)
class ServerSaid:
    """The server told how it is."""

    online: bool
    epoch: str
    live: bool
    """It was said now, and not kept by the broker from before."""


@dataclass(frozen=True, slots=True)
class Configured:
    """How the terminal works from now on."""

    config: Config


@dataclass(frozen=True, slots=True)
class Granted:
    """Genuine grants; None when there are none any more."""

    grants: Grants | None


@dataclass(frozen=True, slots=True)
class Rests:
    """What the display says at rest."""

    idle: Idle | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a door is opened. One cause opens at most once."""

    id: str
    """Of the tap or the command."""
    read_at: float = float("-inf")
    """When the tap was read, on the monotonic clock."""
    command: bool = False
    grants: int | None = None
    """The version of the grants by which it was allowed without the server."""
    card: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Pulsed:
    """A relay was pulsed, or could not be."""

    door: int
    cause: Cause
    failed: str = ""


@dataclass(frozen=True, slots=True)
class DoorSensed:
    """A door's contact told that it moved."""

    door: int
    open: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """A part doesn't work."""

    of: FaultOf
    text: str = ""
    door: int | None = None


@dataclass(frozen=True, slots=True)
class Mended:
    """It works again."""

    of: FaultOf
    door: int | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went by."""


Event = (
    CardSeen
    | CardUnclear
    | NotStored
    | Answered
    | Told
    | LinkUp
    | LinkDown
    | ServerSaid
    | Configured
    | Granted
    | Rests
    | Pulsed
    | DoorSensed
    | Broken
    | Mended
    | Tick
)
