"""How the relays of a terminal are written down: doors and the GPIO lines that open them.

`1=17, 2=22` says it in full. Doors alone, `1-8`, get the lines that are free, in an order that
leaves those with other uses for last. Which lines there are is in `domain.terminals`.
"""

import re
from collections.abc import Mapping

from locker_app.domain.errors import BadInput
from locker_app.domain.terminals import PINS, TAKEN_PINS

MAX_TEXT = 2000
_LAST = (18, 14, 15, 2, 3)
"""Lines with other uses: sound, the serial port, and two that are pulled up."""
ORDER = (
    *[pin for pin in PINS if pin not in TAKEN_PINS and pin not in _LAST],
    *[pin for pin in _LAST if pin in PINS and pin not in TAKEN_PINS],
)
"""All lines that a relay can have, those that are best for it first."""

_PAIR = re.compile(r"([0-9]{1,5})\s*[=:]\s*(?:GPIO\s*)?([0-9]{1,3})", re.ASCII | re.IGNORECASE)
_SPAN = re.compile(r"([0-9]{1,5})(?:\s*[-–]\s*([0-9]{1,5}))?", re.ASCII)


def read_relays(text: str) -> dict[int, int]:
    """Which line opens which door.

    Raises:
        BadInput: it can't be read, a door is named twice, or there are more doors than lines.
    """
    if len(text) > MAX_TEXT:
        raise _bad(f"At most {len(ORDER)} doors have a relay at one terminal.")
    relays: dict[int, int] = {}
    bare: list[int] = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;\n]", text))):
        if pair := _PAIR.fullmatch(part):
            _once(relays, bare, number := int(pair[1]))
            relays[number] = int(pair[2])
        elif span := _SPAN.fullmatch(part):
            first, last = int(span[1]), int(span[2] or span[1])
            if last < first or last - first >= len(ORDER):
                raise _bad(f"At most {len(ORDER)} doors have a relay at one terminal.")
            for number in range(first, last + 1):
                _once(relays, bare, number)
                bare.append(number)
        else:
            raise _bad(f"“{part[:40]}” can't be read. Write it as 1=17, or doors alone, as 1-8.")
    free = [pin for pin in ORDER if pin not in relays.values()]
    if len(bare) > len(free):
        raise _bad(f"At most {len(ORDER)} doors have a relay at one terminal.")
    return dict(sorted({**relays, **dict(zip(bare, free, strict=False))}.items()))


def written_relays(relays: Mapping[int, int] | Mapping[str, int] | None) -> str:
    """The same in full, by the number of the door, as `read_relays` reads it."""
    pairs = sorted((int(number), pin) for number, pin in (relays or {}).items())
    return ", ".join(f"{number}={pin}" for number, pin in pairs)


def _once(relays: dict[int, int], bare: list[int], number: int) -> None:
    if number in relays or number in bare:
        raise _bad(f"Door {number} is named twice.")


def _bad(why: str) -> BadInput:
    return BadInput(why, field="relays")
