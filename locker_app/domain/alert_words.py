"""What an alert about a card terminal says, so that who reads it knows what to do.

What is in it comes from a device in part: it is cut and cleaned here, and escaped where it is
shown. Whose card it was, and on which door, stands beside it, not in it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from locker_app.domain.terminals import AlertKind

MAX_TEXT = 400
_MAX_SAID = 200
_PARTS = {
    "reader": "the card reader",
    "display": "the display",
    "relay": "the relay",
    "storage": "its storage",
    "door": "a door",
}
_PROGRAM = "Update its program; if that does not help, revoke it and look at the device."

Details = Mapping[str, Any]


def alert_text(
    kind: AlertKind, details: Details, *, zone: str, terminals: Mapping[int, str] | None = None
) -> str:
    """What happened and what to do about it, in at most `MAX_TEXT` characters of one line.

    Args:
        kind: of the alert.
        details: what it was raised with.
        zone: that of the site, for times.
        terminals: names of those that who reads it may know, by id.
    """
    when = lambda name: _moment(details.get(name), zone)  # noqa: E731
    if kind is AlertKind.TOO_FAST:
        text = _too_fast(details, when, terminals or {})
    elif kind is AlertKind.CONFLICT:
        text = _conflict(details, when)
    else:
        text = _PLAIN[kind](details)
    return text[:MAX_TEXT]


def clean(said: object) -> str:
    """What a device said, as one line that can't hide or turn what stands around it."""
    line = "".join(c if c.isprintable() else " " for c in str(said or ""))
    return " ".join(line.split())[:_MAX_SAID]


def _gap(details: Details) -> str:
    after, before = _whole(details.get("after")), _whole(details.get("before"))
    if after is None or before is None or before - after < 2:
        return ""
    lost = before - after - 1
    which = f"number {after + 1} is" if lost == 1 else f"numbers {after + 1} to {before - 1} are"
    return f"{which} missing, and taps may be among them. What comes late still counts."


def _conflict(details: Details, when: Callable[[str], str]) -> str:
    if details.get("what") == "offline_open":
        door = clean(details.get("locker")) or "a door"
        return (
            f"{door} was opened without the server{when('at')}, and was not the locker of whose"
            " card that was. See who has it now, and look inside."
        )
    return (
        f"a tap{when('at')} came late and does not fit what was recorded meanwhile, so it changed"
        " nothing. See whether they are inside."
    )


def _fault(details: Details) -> str:
    part = _PARTS.get(clean(details.get("of")), "a part")
    door, said = _whole(details.get("door")), clean(details.get("text"))
    where = "" if door is None else f" of door {door}"
    return f"{part}{where} does not work" + (f": {said}" if said else "")


def _bad_messages(details: Details) -> str:
    why = clean(details.get("why"))
    return f"{why}. {_PROGRAM}" if why else _PROGRAM


def _too_fast(details: Details, when: Callable[[str], str], terminals: Mapping[int, str]) -> str:
    before = terminals.get(_whole(details.get("before_at")) or 0, "a terminal of another site")
    return (
        f"here{when('at')}, at {before}{when('before')}. Ask its holder; revoke the card if it was"
        " copied or lent."
    )


def _clock(details: Details) -> str:
    off = _whole(details.get("off_seconds"))
    if off is None:
        return "it does not know the time. Connect it to a time server."
    how = "ahead" if off > 0 else "behind"
    return f"{_long(abs(off))} {how}. Taps count as late until it is right."


def _stuck(details: Details) -> str:
    said = clean(details.get("text"))
    return f"{said}. Try its door by hand." if said else "Try it by hand."


_PLAIN: dict[AlertKind, Callable[[Details], str]] = {
    AlertKind.GAP: _gap,
    AlertKind.FAULT: _fault,
    AlertKind.BAD_MESSAGES: _bad_messages,
    AlertKind.CLOCK: _clock,
    AlertKind.STUCK: _stuck,
}


def _moment(said: object, zone: str) -> str:
    """` on 3 May at 14:05:10`; empty where the time is not known."""
    try:
        at = datetime.fromisoformat(str(said)).astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        return ""
    return f" on {at.day} {at:%b} at {at:%H:%M:%S}"


def _whole(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) else None


def _long(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
