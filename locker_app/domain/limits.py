"""Numbers among rules: from which to which each may be, in the same words wherever it is refused.

A class of rules says it in `LIMITS`, by the names of its fields.
"""

from typing import Any, ClassVar, Protocol

from locker_app.domain.errors import BadInput

Limits = dict[str, tuple[int, int]]
"""The smallest and the largest of each number, both allowed."""


class Limited(Protocol):
    """Rules whose numbers have limits."""

    LIMITS: ClassVar[Limits]


def number_needed(limits: tuple[int, int] | None) -> str:
    """What to enter where something else was."""
    return (
        "Enter a whole number."
        if limits is None
        else "Enter a whole number from {} to {}.".format(*limits)
    )


def check_limits(rules: Limited) -> None:
    """Let pass only rules whose numbers are within their limits; none is within any.

    Raises:
        BadInput: one isn't; its `field` says which.
    """
    for field, (low, high) in rules.LIMITS.items():
        value: Any = getattr(rules, field)
        if value is not None and not low <= value <= high:
            raise BadInput(number_needed((low, high)), field=field)
