"""How values of the database are written into vars: what all projections share."""

from datetime import datetime
from typing import Any

Vars = dict[str, Any]
"""Values by the names of the vars that they fill."""


def millis(at: datetime | None) -> int:
    """A time as milliseconds since 1970; 0 for none."""
    return 0 if at is None else int(at.timestamp() * 1000)


def flat(row: Any) -> Vars:
    """The fields of a row class; `asdict` would look for more inside of each."""
    return {name: getattr(row, name) for name in row.__slots__}
