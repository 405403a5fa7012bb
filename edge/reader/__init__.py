"""Card readers: the real chip, a simulated one, and what both see turned into taps."""

from edge.reader.opening import NoReader, Opened, open_reader
from edge.reader.sightings import Card, Reader, ReaderDead, Sighting, Trouble, judged
from edge.reader.simulated import SimulatedReader
from edge.reader.watching import POLL_EVERY_S, Back, Dead, Event, Watch

__all__ = [
    "POLL_EVERY_S",
    "Back",
    "Card",
    "Dead",
    "Event",
    "NoReader",
    "Opened",
    "Reader",
    "ReaderDead",
    "Sighting",
    "SimulatedReader",
    "Trouble",
    "Watch",
    "judged",
    "open_reader",
]
