"""Which relays a terminal has."""

import importlib.util
from collections.abc import Iterable
from typing import NamedTuple

from edge.relay.gpio import GpioRelays
from edge.relay.relays import Relays, SimulatedRelays

KINDS = ("auto", "gpio", "simulated")


class OpenedRelays(NamedTuple):
    """Relays, and a sentence that says why they are these."""

    relays: Relays
    why: str


def open_relays(kind: str, pins: Iterable[int], *, active_low: bool = True) -> OpenedRelays:
    """The relays of this machine, for `auto`, `gpio` or `simulated`.

    Without pins they are simulated: a gate terminal has none. Raises ValueError for other kinds,
    and where there are GPIO pins also for pins that can't have a relay.
    """
    wanted = frozenset(pins)
    if kind not in KINDS:
        raise ValueError(f"Relays are one of {', '.join(KINDS)}, not {kind!r}.")
    if kind == "simulated":
        return OpenedRelays(SimulatedRelays(), "Simulated relays, as asked for.")
    if not wanted:
        return OpenedRelays(SimulatedRelays(), "Simulated relays: no pins are set.")
    if kind == "gpio":
        return OpenedRelays(GpioRelays(wanted, active_low=active_low), "Relays, as asked for.")
    if importlib.util.find_spec("RPi") is None:
        return OpenedRelays(SimulatedRelays(), "Simulated relays: this machine has no GPIO pins.")
    return OpenedRelays(GpioRelays(wanted, active_low=active_low), "Relays at GPIO pins.")
