"""Argument types of commands: whatever a stranger sends is checked against these first."""

from typing import Annotated

from pydantic import Field

Id = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
"""The id of a row."""

Text = Annotated[str, Field(strict=True, max_length=2000)]
"""Text from a form; the rule that it must meet is the domain's."""

Flag = Annotated[bool, Field(strict=True)]
"""Yes or no."""
