"""Rules about banks: what can be set, which doors there are, and whom a change would strand."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

from locker_app.domain.errors import BadInput, WouldStrand
from locker_app.domain.limits import Limits, check_limits
from locker_app.domain.lockers import OverdueAction, label
from locker_app.domain.queues import check_line
from locker_app.domain.sites import digest

MAX_NAME_LENGTH = 60
MAX_PLACE_LENGTH = 100
MAX_DOORS = 5000
MAX_NUMBER = 99_999
SIZES = ("S", "M", "L")
_NAMED = 5
"""How many doors a refusal names before it only counts them."""
_PREFIX = re.compile(r"(?:[A-Z0-9](?:[A-Z0-9 ._/-]{0,6})?)?")
_SPAN = re.compile(r"([0-9]{1,5})(?:\s*[-–]\s*([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class BankRules:
    """What admins decide about a bank, its doors aside."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }
    LIMITS: ClassVar[Limits] = {"limit_minutes": (1, 525_600), "reminder_minutes": (0, 10_080)}

    name: str
    place: str = ""
    prefix: str = ""
    """Stands before the number on each door, such as the A of A17."""
    limit_minutes: int | None = None
    """How long a locker may be kept; without it, as long as wanted."""
    reminder_minutes: int = 15
    overdue_action: OverdueAction = OverdueAction.NOTIFY


@dataclass(frozen=True, slots=True)
class DoorPlan:
    """Which doors a bank has, as numbers and ranges: `1-50, 61-80`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }

    numbers: str
    accessible: str = ""
    """Those at a height that can be reached from a wheelchair."""
    small: str = ""
    medium: str = ""
    large: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """One door, as far as set-up goes."""

    number: int
    accessible: bool = False
    size: str = ""


def check_bank(rules: BankRules) -> BankRules:
    """The rules, tidied, when all of them can be.

    Raises:
        BadInput: one can't; its `field` says which.
    """
    check_limits(rules)
    name = check_line(rules.name, MAX_NAME_LENGTH, "name")
    if not name:
        raise BadInput("Give the bank a name.", field="name")
    prefix = rules.prefix.strip().upper()
    if not _PREFIX.fullmatch(prefix):
        raise BadInput("A prefix has up to 7 letters and digits, such as A.", field="prefix")
    return replace(
        rules, name=name, place=check_line(rules.place, MAX_PLACE_LENGTH, "place"), prefix=prefix
    )


def doors_of(plan: DoorPlan, there: Collection[int] = ()) -> dict[int, Door]:
    """The doors by number. What is said of those that are `there` until now and go is left aside:
    whoever takes doors away need not take them out of every list.

    Raises:
        BadInput: a list can't be read, or names a door that there is not.
    """
    numbers = read_numbers(plan.numbers, "numbers")
    if not numbers:
        raise BadInput("A bank has at least one door. Write numbers like 1-50.", field="numbers")
    gone = set(there) - numbers
    low = _among(numbers, plan.accessible, "accessible", gone)
    sizes: dict[int, str] = {}
    for size, field in zip(SIZES, ("small", "medium", "large"), strict=True):
        for number in _among(numbers, getattr(plan, field), field, gone):
            if sizes.setdefault(number, size) != size:
                raise BadInput(f"Door {number} has two sizes.", field=field)
    return {n: Door(n, n in low, sizes.get(n, "")) for n in sorted(numbers)}


def plan_of(doors: Iterable[Any]) -> DoorPlan:
    """How these doors are written."""
    rows = list(doors)
    small, medium, large = (
        written_numbers(row.number for row in rows if row.size == size) for size in SIZES
    )
    return DoorPlan(
        written_numbers(row.number for row in rows),
        written_numbers(row.number for row in rows if row.accessible),
        *(small, medium, large),
    )


def doors_version(doors: Iterable[Any]) -> str:
    """What stands for these doors: another as soon as one of them is another."""
    return digest(sorted([row.number, bool(row.accessible), row.size] for row in doors))


def read_numbers(text: str, field: str) -> set[int]:
    """The numbers that are written as `1-50, 61`.

    Raises:
        BadInput: it can't be read, or there are too many.
    """
    numbers: set[int] = set()
    for part in (part.strip() for part in text.split(",")):
        if not part:
            continue
        span = _SPAN.fullmatch(part)
        if span is None:
            raise BadInput(f"“{part}” can't be read. Write numbers like 1-50, 61.", field=field)
        low, high = int(span[1]), int(span[2] or span[1])
        if not 1 <= low <= high:
            raise BadInput(
                f"“{part}” is no range: numbers begin at 1, the smaller one first.", field=field
            )
        numbers.update(range(low, high + 1))
        if len(numbers) > MAX_DOORS:
            raise BadInput(f"A bank has {MAX_DOORS} doors at most.", field=field)
    return numbers


def written_numbers(numbers: Iterable[int]) -> str:
    """The numbers as `1-50, 61`."""
    ordered = sorted(set(numbers))
    if not ordered:
        return ""
    ends = [n for n, after in pairwise(ordered) if after != n + 1]
    begins = [after for n, after in pairwise(ordered) if after != n + 1]
    spans = zip([ordered[0], *begins], [*ends, ordered[-1]], strict=True)
    return ", ".join(f"{low}-{high}" if low != high else f"{low}" for low, high in spans)


def check_first(first: int, doors: int) -> int:
    """The number with which a bank of so many doors is to begin.

    Raises:
        BadInput: its last one would be too high.
    """
    if not 1 <= first <= MAX_NUMBER - doors + 1:
        raise BadInput(f"Numbers go from 1 to {MAX_NUMBER}.", field="first")
    return first


def refuse_to_strand(prefix: str, taken: Sequence[int], waiting: int) -> None:
    """Let a change pass only when the doors in question are nobody's and nobody waits in vain.
    `taken` are the numbers of those that are held, or on hold for somebody.

    Raises:
        WouldStrand: how many there are, and which.
    """
    if taken:
        shown = [label(prefix, number) for number in sorted(taken)]
        count, more = len(shown), len(shown) - _NAMED
        named = ", ".join(shown[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        doors, they, them = "door is", "it is", "it"
        if count > 1:
            doors, they, them = "doors are", "they are", "them"
        raise WouldStrand(
            f"{count} {doors} held, or on hold for somebody: {named}. "
            f"Change this when {they} given back, or release {them} on the board."
        )
    if waiting:
        people = "1 person waits" if waiting == 1 else f"{waiting} people wait"
        raise WouldStrand(f"{people} here for a locker that there would not be any more.")


def stranded_waiters(wanting_low: Collection[bool], doors: Iterable[Any]) -> int:
    """How many of those who wait, each with whether only low doors will do, could get none of
    these doors, were they free."""
    lows = [bool(door.accessible) for door in doors]
    if not lows:
        return len(wanting_low)
    return 0 if any(lows) else sum(wanting_low)


def _among(numbers: set[int], text: str, field: str, gone: set[int]) -> set[int]:
    some = read_numbers(text, field) - gone
    if some - numbers:
        raise BadInput(f"The bank has no door {min(some - numbers)}.", field=field)
    return some
