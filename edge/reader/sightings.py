"""What a reader may see, and what every reader can do, whatever it is made of.

A number of a card (`uid`) has 4, 7 or 10 bytes. It is no secret and stays in the terminal all the
same: see `edge.cards`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

UID_LENGTHS = (4, 7, 10)
"""Bytes of a card's number by ISO 14443-3: single, double and triple size."""
RANDOM_FIRST = 0x08
"""With it begin the numbers of 4 bytes that a device makes up anew each time: phones, passports."""


class ReaderDead(Exception):
    """The reader doesn't answer, or not as one that works. The message says how that showed."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card whose whole number was read. Raises ValueError if no card has numbers that long."""

    uid: bytes

    def __post_init__(self) -> None:
        if len(self.uid) not in UID_LENGTHS:
            raise ValueError(f"A card's number has 4, 7 or 10 bytes, not {len(self.uid)}.")


class Trouble(StrEnum):
    """Something is there, but no card that can be taken."""

    COLLISION = "collision"
    """More than one card."""
    RANDOM_ID = "random_id"
    """Its number is another one each time: a phone, a passport."""
    UNREADABLE = "unreadable"
    """It answers, but its number can't be read to the end."""


Sighting = Card | Trouble | None
"""What one poll has seen. None is: nothing there."""


def judged(uid: bytes) -> Card | Trouble:
    """What a number that was read to the end is worth. Raises ValueError for other lengths."""
    card = Card(uid)
    if len(uid) == UID_LENGTHS[0] and uid[0] == RANDOM_FIRST:
        return Trouble.RANDOM_ID
    return card


class Reader(Protocol):
    """Asked for what is there ten times a second, by one thread."""

    @property
    def name(self) -> str:
        """For people: what it is made of."""
        ...

    def poll(self) -> Sighting:
        """What is there now, in some milliseconds. Raises ReaderDead."""
        ...

    def reset(self) -> None:
        """Begin anew from nothing. Raises ReaderDead."""
        ...

    def close(self) -> None:
        """Give back what it holds. May be called twice, also when it is dead."""
        ...
