"""Argument types of commands: whatever a stranger sends is checked against these first."""

from typing import Annotated

from pydantic import AfterValidator, Field

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

Flag = Annotated[bool, Field(strict=True)]
"""Yes or no."""
