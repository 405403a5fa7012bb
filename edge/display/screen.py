"""What a terminal shows, as data: no pixels (`draw`), no hardware (`oled`), no files (`picture`).

A screen is safe to draw whatever it was made from: text is cleaned and cut on the way in.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from edge.display.text import clean

HEADLINE_LIMIT = 48
LINE_LIMIT = 48
LINES = 2
QR_LIMIT = 35
OUTBOX_LIMIT = 1_000_000
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_QR = re.compile(rf"[ -~]{{1,{QR_LIMIT}}}", re.ASCII)


class Tone(StrEnum):
    """How a screen is meant; each has its colour and its sign (`signs`)."""

    READY = "ready"
    """It waits for a card."""
    BUSY = "busy"
    """Something is on its way: starting, connecting, reading."""
    GOOD = "good"
    """It worked."""
    WARN = "warn"
    """It worked, but look: time is short, the door is stuck."""
    BAD = "bad"
    """It did not work: unknown card, none free."""
    OFFLINE = "offline"
    """The server is out of reach; only what works without it is offered."""


# The display always says something, also when nobody said what.
_WORDLESS = {
    Tone.READY: "Ready",
    Tone.BUSY: "One moment",
    Tone.GOOD: "Done",
    Tone.WARN: "Please look",
    Tone.BAD: "Not possible",
    Tone.OFFLINE: "Offline",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture's content. Equal screens look the same.

    `link` tells whether the server is reached, `clock` is local time as "14:03" or empty while
    the time isn't known, `outbox` counts taps that wait to be delivered. `qr` is printable ASCII
    of at most 35 characters, drawn as a QR code beside the words; anything else is left out.
    """

    headline: str
    lines: tuple[str, ...] = ()
    tone: Tone = Tone.READY
    link: bool = True
    clock: str = ""
    outbox: int = 0
    dim: bool = False
    qr: str = ""

    def __post_init__(self) -> None:
        tone = _tone(self.tone)
        lines = [clean(line, LINE_LIMIT) for line in _some(self.lines)]
        texts = [text for text in (clean(self.headline, HEADLINE_LIMIT), *lines) if text]
        headline, *rest = texts or [_WORDLESS[tone]]
        checked = {
            "headline": headline,
            "lines": tuple(rest[:LINES]),
            "tone": tone,
            "link": bool(self.link),
            "clock": _matching(_CLOCK, self.clock),
            "outbox": _count(self.outbox),
            "dim": bool(self.dim),
            "qr": _matching(_QR, self.qr),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


def fields_of(screen: Screen) -> dict[str, Any]:
    """`screen` as a message holds it: text, numbers, and a list of lines."""
    return {**asdict(screen), "tone": screen.tone.value, "lines": list(screen.lines)}


def screen_of(shown: Mapping[str, Any]) -> Screen:
    """The screen that a message tells of; what it leaves out, or has wrong, is as usual."""
    known = {field.name: shown[field.name] for field in fields(Screen) if field.name in shown}
    return Screen(**{"headline": "", **known})


def _tone(tone: object) -> Tone:
    try:
        return Tone(str(tone))
    except ValueError:
        return Tone.READY


def _some(lines: object) -> list[object]:
    """The first of `lines`, a few more than are shown, as some may be empty; one may come alone."""
    if isinstance(lines, str):
        return [lines]
    return list(lines)[: 4 * LINES] if isinstance(lines, (list, tuple)) else []


def _matching(pattern: re.Pattern[str], text: object) -> str:
    return text if isinstance(text, str) and pattern.fullmatch(text) else ""


def _count(number: object) -> int:
    return min(max(number, 0), OUTBOX_LIMIT) if isinstance(number, int) else 0
