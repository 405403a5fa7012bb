"""What a terminal knows at a moment."""

from dataclasses import dataclass, field

from edge.display.screen import Screen
from edge.machines.effects import Effect
from edge.protocol import STALE_AFTER_S, Config, FaultOf, Grants, Idle, Status

ANSWER_WITHIN_S = 2.5
"""Without an answer of the server by then the terminal answers a tap itself."""
FRESH_S = STALE_AFTER_S
"""An older tap opens nothing, and its answer isn't shown any more."""
SERVER_SILENT_S = 30.0
"""The server says every ten seconds that it is there; after so long without, it isn't."""
CONNECTING_S = 10.0
"""How long a terminal that starts says "Connecting" before it says "Offline"."""
SAME_CARD_S = 5.0
"""The same card within that counts once at a gate."""
ANSWER_S = 4.0
"""How long an answer of the terminal itself is shown."""
KEPT_COMMANDS = 500
"""Commands whose ids are remembered."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A tap that the server has not answered."""

    tap: str
    card: tuple[str, ...]
    read_at: float
    told: bool = False
    """The terminal has answered it by itself."""
    opened: bool = False
    """A door was opened for it."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What is shown for a while."""

    screen: Screen
    until: float
    read_at: float = float("-inf")
    """When the tap was read that this answers."""
    identify: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """A card that was counted at a gate just now, and what was said to it."""

    card: str
    read_at: float
    tap: str
    said: Screen | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that a terminal's decisions depend on."""

    name: str
    started_at: float
    simulated: bool = False
    config: Config | None = None
    grants: Grants | None = None
    grants_end: float | None = None
    """When the grants end, on the monotonic clock; never put off again."""
    idle: Idle | None = None
    link: bool = False
    ever_linked: bool = False
    refused: bool = False
    """The broker's last word was that it doesn't let this terminal in: it was revoked."""
    server: bool = False
    server_at: float = float("-inf")
    epoch: str = ""
    waiting: tuple[Waiting, ...] = ()
    counted: tuple[Counted, ...] = ()
    showing: Showing | None = None
    faults: tuple[tuple[FaultOf, int | None], ...] = ()
    begun: tuple[str, ...] = ()
    done: tuple[tuple[str, Status], ...] = ()
    active_at: float = field(default=float("-inf"))

    @property
    def online(self) -> bool:
        """Whether the server is thought to be there."""
        return self.link and self.server

    def broken(self, of: FaultOf, door: int | None = None) -> bool:
        """Whether this part is known not to work."""
        return (of, door) in self.faults


Step = tuple[State, tuple[Effect, ...]]
"""What becomes of a state, and what is to be done."""
