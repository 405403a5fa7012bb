"""Relays: the locks of a terminal's doors."""

from edge.relay.gpio import GpioRelays
from edge.relay.opening import OpenedRelays, open_relays
from edge.relay.pulses import LONGEST_S, BadPulse
from edge.relay.relays import Pulse, RelayDead, Relays, SimulatedRelays

__all__ = [
    "LONGEST_S",
    "BadPulse",
    "GpioRelays",
    "OpenedRelays",
    "Pulse",
    "RelayDead",
    "Relays",
    "SimulatedRelays",
    "open_relays",
]
