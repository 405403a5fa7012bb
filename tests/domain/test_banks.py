"""What can be set for a bank, how doors are written, and whom a change would strand."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.banks import (
    MAX_DOORS,
    MAX_NUMBER,
    BankRules,
    DoorPlan,
    check_bank,
    check_first,
    doors_of,
    doors_version,
    plan_of,
    read_numbers,
    refuse_to_strand,
    stranded_waiters,
    written_numbers,
)
from locker_app.domain.errors import BadInput, WouldStrand

NUMBERS = st.sets(st.integers(1, MAX_NUMBER), max_size=60)


@given(NUMBERS)
def test_numbers_are_read_as_they_are_written(numbers: set[int]) -> None:
    assert read_numbers(written_numbers(numbers), "numbers") == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1-3, 7", {1, 2, 3, 7}),
        (" 3 - 4 ,, 3", {3, 4}),
        ("5–6", {5, 6}),
        ("", set()),
    ],
)
def test_how_they_may_be_written(text: str, numbers: set[int]) -> None:
    assert read_numbers(text, "numbers") == numbers


@pytest.mark.parametrize(
    "text",
    ["x", "1-", "-1", "0", "3-1", "1.5", "1;2", "100000", "1-2-3", "１-３", f"1-{MAX_NUMBER}"],
)
def test_what_can_not_be_read(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_numbers(text, "accessible")
    assert refused.value.field == "accessible"


def test_a_bank_has_so_many_doors_at_most() -> None:
    assert len(read_numbers(f"1-{MAX_DOORS}", "numbers")) == MAX_DOORS
    with pytest.raises(BadInput, match="5000"):
        read_numbers(f"1-{MAX_DOORS}, {MAX_DOORS + 1}", "numbers")


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (DoorPlan(""), "numbers"),
        (DoorPlan("1-3", accessible="4"), "accessible"),
        (DoorPlan("1-3", small="1", large="1"), "large"),
        (DoorPlan("1-3", medium="x"), "medium"),
    ],
)
def test_doors_that_can_not_be(plan: DoorPlan, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        doors_of(plan)
    assert refused.value.field == field


def test_doors_are_written_as_they_are() -> None:
    plan = DoorPlan("1-4, 9", "1-2", small="1", medium="2, 9", large="4")
    doors = doors_of(plan)
    assert plan_of(doors.values()) == plan
    assert doors_version(doors.values()) == doors_version(reversed(doors.values()))
    assert doors_version(doors.values()) != doors_version(doors_of(DoorPlan("1-4, 9")).values())


def test_of_doors_that_go_nothing_more_needs_to_be_said() -> None:
    kept = doors_of(DoorPlan("1-2", accessible="1-5", small="5"), there=range(1, 6))
    assert plan_of(kept.values()) == DoorPlan("1-2", accessible="1-2")
    with pytest.raises(BadInput, match="no door 6"):
        doors_of(DoorPlan("1-2", accessible="1-6"), there=range(1, 6))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\nb\0"}, "name"),
        ({"place": "x" * 101}, "place"),
        ({"prefix": "-A"}, "prefix"),
        ({"prefix": "ABCDEFGH"}, "prefix"),
        ({"limit_minutes": 0}, "limit_minutes"),
        ({"limit_minutes": 525_601}, "limit_minutes"),
        ({"reminder_minutes": -1}, "reminder_minutes"),
    ],
)
def test_rules_that_can_not_be(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_bank(BankRules(**{"name": "Hall", **change}))
    assert refused.value.field == field


def test_rules_are_tidied() -> None:
    assert check_bank(BankRules(" A  hall ", " left ", "a.1 ")) == BankRules(
        "A hall", "left", "A.1"
    )


@pytest.mark.parametrize(("first", "doors"), [(0, 1), (MAX_NUMBER, 2), (-5, 1)])
def test_numbers_that_no_door_has(first: int, doors: int) -> None:
    with pytest.raises(BadInput):
        check_first(first, doors)
    assert check_first(MAX_NUMBER - 1, 2) == MAX_NUMBER - 1


@pytest.mark.parametrize(
    ("taken", "waiting", "said"),
    [
        ([7], 0, "1 door is held, or on hold for somebody: A7. Change this when it is given back"),
        ([3, 1, 2], 0, "3 doors are held, or on hold for somebody: A1, A2, A3."),
        (list(range(1, 9)), 0, "A1, A2, A3, A4, A5 and 3 more."),
        ([], 1, "1 person waits here"),
        ([], 2, "2 people wait here"),
    ],
)
def test_what_would_strand_somebody_is_refused_and_says_whom(
    taken: list[int], waiting: int, said: str
) -> None:
    with pytest.raises(WouldStrand) as refused:
        refuse_to_strand("A", taken, waiting)
    assert said in str(refused.value)
    refuse_to_strand("A", [], 0)


@dataclass
class Low:
    accessible: bool


@pytest.mark.parametrize(
    ("wanting_low", "lows", "stranded"),
    [
        ([True, False], [], 2),
        ([True, False], [False], 1),
        ([True, False], [False, True], 0),
        ([], [], 0),
    ],
)
def test_who_would_wait_in_vain(wanting_low: list[bool], lows: list[bool], stranded: int) -> None:
    assert stranded_waiters(wanting_low, [Low(low) for low in lows]) == stranded
