"""Opening hours as staff write them: a line for each weekday, such as `9:00-12:00, 14:00-16:30`."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from locker_app.domain.errors import BadInput
from locker_app.domain.hours import Hours, check_hours

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?:[:.](\d{2}))?")


def field_of(day: int) -> str:
    """What the field of a weekday is called, 0 being Monday."""
    return f"hours_{day}"


def written(hours: Hours | None) -> list[str]:
    """The hours as lines to edit, one for each weekday; an empty one when it stays closed."""
    spans = [(int(day), f"{begins}-{ends}") for day, begins, ends in hours or ()]
    return [", ".join(text for at, text in spans if at == day) for day in range(len(WEEKDAYS))]


def read(lines: Sequence[str]) -> list[list[int | str]]:
    """The hours that the lines say, sorted.

    Raises:
        BadInput: a line can't be read; its `field` says which.
    """
    return [span for day, line in enumerate(lines) for span in _day(day, line)]


def when_it_opens(opens_at: datetime, now: datetime, zone: str) -> str:
    """When it opens next, for somebody who stands there now: `today at 14:00`."""
    there, here = (at.astimezone(ZoneInfo(zone)) for at in (opens_at, now))
    days = (there.date() - here.date()).days
    if days > 6:
        day = f"on {there.day} {there:%B}"
    else:
        day = {0: "today", 1: "tomorrow"}.get(days, f"on {WEEKDAYS[there.weekday()]}")
    return f"{day} at {there:%H:%M}"


def _day(day: int, line: str) -> list[list[int | str]]:
    parts = [part.strip() for part in line.split(",") if part.strip()]
    try:
        return check_hours([_span(day, part) for part in parts])
    except BadInput as refusal:
        raise BadInput(str(refusal), field=field_of(day)) from None


def _span(day: int, text: str) -> list[int | str]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadInput(f"“{text}” can't be read. Write hours like 9:00-12:00, 14:00-16:30.")
    first, first_minutes, last, last_minutes = found.groups()
    return [day, f"{first:0>2}:{first_minutes or '00'}", f"{last:0>2}:{last_minutes or '00'}"]
