"""What the display says. The server's own words (`Ack.show`) come before these."""

from edge.display.screen import Screen, Tone
from edge.protocol import Ack, Idle, Kind, Mode, Show, Verdict

DESK = "Please see the desk"

STARTING = Screen("Starting", tone=Tone.BUSY)
CONNECTING = Screen("Connecting", tone=Tone.BUSY)
READING = Screen("Reading", tone=Tone.BUSY)
NOT_SET_UP = Screen("Not set up", ("Waiting for its", "set-up in the panel"), Tone.WARN)
REFUSED = Screen("Not admitted", ("This terminal was", "switched off"), Tone.BAD)
STORAGE_OUT = Screen("Out of service", ("Storage full", DESK), Tone.BAD)
READER_OUT = Screen("Reader broken", (DESK,), Tone.BAD)
TOO_LATE = Screen("Too late", ("Please tap again",), Tone.WARN)
NO_NEW_OFFLINE = Screen("Offline", ("No new lockers", DESK), Tone.OFFLINE)

_UNCLEAR = {
    "collision": Screen("One card", ("at a time, please",), Tone.WARN),
    "random_id": Screen("Not a card", ("Phones don't work", "here: use a card"), Tone.WARN),
}
_UNREAD = Screen("Not read", ("Please tap again",), Tone.WARN)

_VERDICTS: dict[Verdict, tuple[str, tuple[str, ...], Tone]] = {
    Verdict.ASSIGNED: ("Locker {}", ("Yours now",), Tone.GOOD),
    Verdict.YOURS: ("Locker {}", ("Tap again to", "give it back"), Tone.GOOD),
    Verdict.RELEASED: ("Given back", ("Locker {}",), Tone.GOOD),
    Verdict.IN: ("Welcome", (), Tone.GOOD),
    Verdict.OUT: ("Goodbye", (), Tone.GOOD),
    Verdict.DENIED: ("Not possible", (DESK,), Tone.BAD),
    Verdict.FULL: ("No lockers free", (), Tone.BAD),
    Verdict.STALE: ("Too late", ("Please tap again",), Tone.WARN),
    Verdict.LINKED: ("Card linked", (), Tone.GOOD),
    Verdict.CONFIRM: ("Confirm", ("with your PIN", "on your phone"), Tone.WARN),
    Verdict.NOTED: ("Noted", (), Tone.GOOD),
}
_REASONS = {
    "unknown_card": Screen("Unknown card", (DESK,), Tone.BAD),
    "revoked": Screen("Card blocked", (DESK,), Tone.BAD),
}


def shown(show: Show) -> Screen:
    """What the server wants to be shown."""
    return Screen(show.headline, tuple(show.lines), _tone(show.tone), qr=show.qr)


def answer(ack: Ack) -> Screen:
    """An answer of the server, in its words or else in these."""
    if ack.show is not None:
        return shown(ack.show)
    if ack.verdict is Verdict.DENIED and ack.reason in _REASONS:
        return _REASONS[ack.reason]
    headline, lines, tone = _VERDICTS[ack.verdict]
    label = ack.locker or ""
    return Screen(headline.format(label), tuple(line.format(label) for line in lines), tone)


def unclear(why: str) -> Screen:
    """No card could be read."""
    return _UNCLEAR.get(why, _UNREAD)


def at_rest(kind: Kind, idle: Idle | None) -> Screen:
    """Nobody is there, and all is well."""
    return Screen("Tap your card", _figures(kind, idle))


def at_rest_offline(kind: Kind, grants: bool) -> Screen:
    """Nobody is there, and the server is away; `grants`: holders can open their doors."""
    if kind is Kind.GATE:
        return Screen("Offline", ("Tap all the same:", "it is kept"), Tone.OFFLINE)
    if grants:
        return Screen("Offline", ("Tap for your locker", "No new lockers"), Tone.OFFLINE)
    return NO_NEW_OFFLINE


def opened_offline(label: str) -> Screen:
    """A holder's own door, opened without the server."""
    return Screen(f"Locker {label}", ("Open", "Offline: still yours"), Tone.OFFLINE)


def kept(mode: Mode) -> Screen:
    """A tap at a gate while the server is away."""
    line = "Welcome" if mode is Mode.IN else "You can go"
    return Screen("Noted", (line, "Counted later"), Tone.OFFLINE)


def opened_by_staff(label: str) -> Screen:
    """A door, opened from the panel."""
    return Screen(f"Locker {label}", ("Opened for you",), Tone.GOOD)


def stuck(label: str) -> Screen:
    """A door that should have opened."""
    return Screen(f"Locker {label} stuck", (DESK,), Tone.BAD)


def _tone(code: str) -> Tone:
    try:
        return Tone(code)
    except ValueError:
        return Tone.READY


def _figures(kind: Kind, idle: Idle | None) -> tuple[str, ...]:
    if idle is None:
        return ()
    if idle.line:
        return (idle.line,)
    if kind is Kind.GATE:
        return () if idle.inside is None else (f"{idle.inside} inside",)
    if idle.free is None or idle.total is None:
        return ()
    return (f"{idle.free} of {idle.total} free",)
