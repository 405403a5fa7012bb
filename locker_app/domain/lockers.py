"""Rules of lockers: what a door shows, how long it may be kept, what follows when time is up."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum


class LockerStatus(StrEnum):
    """The one word for a door, the same on every screen. The value is its letter on the wire."""

    FREE = "f"
    HELD = "h"
    RESERVED = "r"
    OVERDUE = "o"
    OUT_OF_SERVICE = "x"


class OverdueAction(StrEnum):
    """What happens when a bank's time limit has passed."""

    NOTHING = "nothing"
    NOTIFY = "notify"
    RELEASE = "release"


class ReleaseCause(StrEnum):
    """Why an assignment or a hold ended."""

    GIVEN_BACK = "given_back"
    FORCED = "forced"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    DECLINED = "declined"
    LEFT_SITE = "left_site"
    """Whoever had it tapped out."""


class WaitOutcome(StrEnum):
    """How somebody's time on the waiting list ended."""

    TOOK_LOCKER = "took_locker"
    LEFT = "left"
    LAPSED = "lapsed"


def due_at(assigned_at: datetime, limit_minutes: int | None) -> datetime | None:
    """When an assignment becomes overdue; None in a bank without a time limit."""
    return None if limit_minutes is None else assigned_at + timedelta(minutes=limit_minutes)


def remind_at(
    assigned_at: datetime, due: datetime | None, reminder_minutes: int
) -> datetime | None:
    """When to remind the holder: some minutes before it is due, unless that is at once."""
    if due is None:
        return None
    reminder = due - timedelta(minutes=reminder_minutes)
    return reminder if reminder > assigned_at else None


def free_slot(taken: Collection[int], limit: int) -> int | None:
    """The lowest of the slots 1 to `limit` that a person has not taken; None when all are."""
    return next((slot for slot in range(1, limit + 1) if slot not in taken), None)


def label(prefix: str, number: int) -> str:
    """What stands on the door, e.g. `A17`, or `17` in a bank without a prefix."""
    return f"{prefix}{number}"
