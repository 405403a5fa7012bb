"""The relays that the configuration names, and what was asked of them."""

import logging
from collections import deque
from typing import Any

from edge.clock import Clock
from edge.machines.effects import Pulse
from edge.machines.events import Pulsed
from edge.protocol import Config
from edge.relay import BadPulse, RelayDead, Relays, SimulatedRelays, open_relays

log = logging.getLogger(__name__)

READY_WITHIN_S = 5.0
"""For so long relays that are being set up are not called broken."""
REMEMBERED = 50


class Doors:
    """All off until they are wired, and again when they are closed."""

    def __init__(self, kind: str, clock: Clock) -> None:
        self._kind, self._clock = kind, clock
        self._relays: Relays = SimulatedRelays()
        self._wired: tuple[frozenset[int], bool] | None = None
        self._wired_at = clock.mono()
        self.opened: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        """The last pulses: which door, for which tap or command (`re`), and when."""

    def wire(self, config: Config | None) -> None:
        """Have the relays that are named now; nothing happens if they are the same."""
        if config is None:
            return
        wanted = (frozenset(config.relays.values()), config.active_low)
        if wanted == self._wired:
            return
        self._relays.close()
        try:
            self._relays, why = open_relays(self._kind, wanted[0], active_low=wanted[1])
            log.info("%s", why)
        except ValueError as error:
            log.error("The relays can't be set up: %s", error)
            self._relays = SimulatedRelays(())
            self._relays.trouble = str(error)
        self._wired, self._wired_at = wanted, self._clock.mono()

    def pulse(self, pulse: Pulse) -> Pulsed:
        """Open a door; how that went."""
        try:
            self._relays.open(pulse.pin, pulse.seconds)
        except (RelayDead, BadPulse, OSError) as error:
            log.error("Door %d could not be opened: %s", pulse.door, error)
            return Pulsed(pulse.door, pulse.cause, str(error) or "relay")
        at = self._clock.mono()
        self.opened.append({"door": pulse.door, "re": pulse.cause.id, "at": at})
        return Pulsed(pulse.door, pulse.cause)

    @property
    def trouble(self) -> str:
        """Why none can be opened; empty while all is well, and while they are being set up."""
        if self._clock.mono() - self._wired_at <= READY_WITHIN_S:
            return ""
        return self._relays.trouble

    def all_off(self) -> None:
        """End all pulses now."""
        self._relays.all_off()

    def close(self) -> None:
        """All off, for good."""
        self._relays.close()
