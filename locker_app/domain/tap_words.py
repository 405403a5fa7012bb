"""What a terminal shows about a tap: a headline of up to 14 characters and two lines of up to 16,
which is what its display has room for. Names of people are in none of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from locker_app.domain.taps import TapVerdict

HEADLINE = 14
LINE = 16
_SHORT_MS, _LONG_MS, _WAIT_MS = 4_000, 6_000, 15_000

GOOD, WARN, BAD = "good", "warn", "bad"
"""Tones, as `edge.display` has them."""


@dataclass(frozen=True, slots=True)
class TapAnswer:
    """What a terminal is told about a tap."""

    verdict: TapVerdict
    code: str | None
    """Why it was denied: that of the refusal."""
    label: str | None
    """Of the locker that this is about."""
    open: int | None
    """The number of the door to open now."""
    headline: str
    lines: list[str]
    tone: str
    ttl_ms: int


_DESK = ["Please see", "the desk"]
_REFUSED: dict[str, tuple[str, list[str]]] = {
    "unknown_card": ("Unknown card", _DESK),
    "card_is_revoked": ("Card blocked", _DESK),
    "card_taken": ("Card is taken", _DESK),
    "person_archived": ("Not in use", _DESK),
    "not_signed_in": ("Not in use", _DESK),
    "visit_needed": ("Tap in first", ["at the entrance"]),
    "already_inside": ("Already inside", _DESK),
    "pin_not_chosen": ("No PIN yet", ["Choose one on", "your phone"]),
    "site_closed": ("Closed now", ["No lockers are", "given out"]),
    "hold_waiting": ("Held for you", ["at another bank:", "see your phone"]),
    "hold_lapsed": ("Too late", ["It was held for", "somebody else"]),
    "no_bank": ("No lockers", ["at this terminal"]),
    "not_found": ("Out of use", _DESK),
}
_NOT_NOW = ("Not possible", _DESK)
_EXIT = ["Exit is free.", "See the desk"]


def short(text: str, room: int = LINE) -> str:
    """The text, cut to what fits."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def assigned(label: str, door: int | None) -> TapAnswer:
    """A locker was given; `door` is its number if this terminal opens it."""
    lines = ["is yours now", "It is open" if door is not None else ""]
    return _good(TapVerdict.ASSIGNED, f"Locker {label}", lines, label=label, door=door)


def yours(label: str, door: int | None) -> TapAnswer:
    """They have this locker in the terminal's bank."""
    lines = ["Yours. Tap again", "to give it back"]
    return _good(TapVerdict.YOURS, f"Locker {label}", lines, label=label, door=door, ms=_LONG_MS)


def yours_elsewhere(label: str, bank: str) -> TapAnswer:
    """They have a locker, but in another bank, and may have no more."""
    return _answer(
        TapVerdict.YOURS, f"Locker {label}", ["is yours, at", bank], WARN, _LONG_MS, label=label
    )


def released(label: str) -> TapAnswer:
    """They gave the locker back."""
    return _good(TapVerdict.RELEASED, "Given back", [f"Locker {label}", "Thank you"], label=label)


def welcome() -> TapAnswer:
    """They went in."""
    return _good(TapVerdict.IN, "Welcome", [])


def goodbye(labels: Sequence[str] = ()) -> TapAnswer:
    """They went out, and these lockers were given back by it."""
    lines: list[str] = []
    if len(labels) == 1:
        lines = [f"Locker {labels[0]} is", "free again"]
    elif labels:
        lines = [f"{len(labels)} lockers are", "free again"]
    return _good(TapVerdict.OUT, "Goodbye", lines, label=labels[0] if labels else None)


def linked() -> TapAnswer:
    """The card is somebody's now."""
    return _good(TapVerdict.LINKED, "Card linked", ["You can use it", "from now on"], ms=_LONG_MS)


def confirm() -> TapAnswer:
    """The PIN is asked for on the phone."""
    return _answer(
        TapVerdict.CONFIRM, "Enter your PIN", ["on your phone,", "within a minute"], WARN, _WAIT_MS
    )


def full(code: str) -> TapAnswer:
    """There is no locker to give."""
    low = code == "none_accessible_free"
    lines = ["at low height.", "See your phone"] if low else ["right now. Wait", "on your phone"]
    return _answer(TapVerdict.FULL, "No locker free", lines, BAD, _LONG_MS, code=code)


def stale() -> TapAnswer:
    """It came too late to do anything about it."""
    return _answer(TapVerdict.STALE, "Too late", ["Please tap again"], WARN, _SHORT_MS)


def denied(code: str, *, at_exit: bool = False) -> TapAnswer:
    """It is not done, for the reason of this code. Nobody is kept from going out."""
    headline, lines = _REFUSED.get(code, _NOT_NOW)
    tone = WARN if at_exit else BAD
    return _answer(
        TapVerdict.DENIED, headline, _EXIT if at_exit else lines, tone, _LONG_MS, code=code
    )


def _good(
    verdict: TapVerdict,
    headline: str,
    lines: Sequence[str],
    *,
    label: str | None = None,
    door: int | None = None,
    ms: int = _SHORT_MS,
) -> TapAnswer:
    return _answer(verdict, headline, lines, GOOD, ms, label=label, door=door)


def _answer(
    verdict: TapVerdict,
    headline: str,
    lines: Sequence[str],
    tone: str,
    ms: int,
    *,
    code: str | None = None,
    label: str | None = None,
    door: int | None = None,
) -> TapAnswer:
    return TapAnswer(
        verdict=verdict,
        code=code,
        label=label,
        open=door,
        headline=short(headline, HEADLINE),
        lines=[short(line) for line in lines if line],
        tone=tone,
        ttl_ms=ms,
    )
