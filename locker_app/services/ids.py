"""Argument types of commands: whatever a stranger sends is checked against these first."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from locker_app.domain.days import YEARS
from locker_app.domain.people import is_text


def _storable(text: str) -> str:
    if not is_text(text):
        raise ValueError("these characters can't be kept")
    return text


Id = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
"""The id of a row."""

Version = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
"""The claim on a door as somebody saw it: its id, or 0 when nobody had the door."""

Text = Annotated[str, Field(strict=True, max_length=2000), AfterValidator(_storable)]
"""Text from a form; the rule that it must meet is the domain's."""


def _moment(at: datetime) -> datetime:
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError("say in which time zone this is")
    # what is next to the first or last year that a date can have has no time in UTC
    if not YEARS[0] <= at.year <= YEARS[-1]:
        raise ValueError(f"choose a time from {YEARS[0]} to {YEARS[-1]}")
    return at.astimezone(UTC)


When = Annotated[datetime, Field(strict=True), AfterValidator(_moment)]
"""A moment, aware; whatever its zone, the command gets it in UTC."""

Flag = Annotated[bool, Field(strict=True)]
"""Yes or no."""
