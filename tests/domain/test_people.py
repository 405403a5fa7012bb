from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.errors import BadInput, ReasonNeeded
from locker_app.domain.people import (
    LOCK_FOR,
    WRONG_TRIES_BEFORE_LOCK,
    Tries,
    check_name,
    check_password,
    check_pin,
    check_reason,
    normalise_number,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["CS2021001", "cs2021001", " cs 2021 001\n", "Cs2021001"])
def test_a_number_is_the_same_however_it_is_typed(typed: str) -> None:
    assert normalise_number(typed) == "CS2021001"


@pytest.mark.parametrize(
    "typed", ["", " ", "A", "-A1", "A" * 33, "CS2021001;", "CS\x002021", "<b>", "ÄB12", "１２３"]
)
def test_what_cannot_be_a_number_is_refused(typed: str) -> None:
    with pytest.raises(BadInput) as refusal:
        normalise_number(typed)
    assert refusal.value.field == "number"


@given(st.text())
def test_a_normal_number_stays_as_it_is(text: str) -> None:
    try:
        number = normalise_number(text)
    except BadInput:
        return
    assert normalise_number(number) == number
    assert number.isascii()


@pytest.mark.parametrize("typed", ["=1+1", " +49 30", "-", "@Anna", "\t=1", "＝1", "\u200b=1"])
def test_no_name_begins_like_a_formula(typed: str) -> None:
    with pytest.raises(BadInput, match="formula") as refusal:
        check_name(typed)
    assert refusal.value.field == "name"


@pytest.mark.parametrize("name", ["Anna = Ännchen", "d'Arc", "'t Hooft", "Jean-Luc", "7 of 9"])
def test_signs_inside_of_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("pin", ["1235", "00001", "13572468", "1212"])
def test_pins_of_4_to_8_digits(pin: str) -> None:
    assert check_pin(pin) == pin


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "123",
        "123456789",
        "12a4",
        "12 34",
        "1111",
        "1234",
        "987654",
        "00000000",
        "١٢٣٤",
        "1234\n",
        "-1234",
    ],
)
def test_other_pins_are_refused(pin: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_pin(pin)
    assert refusal.value.field == "pin"


@pytest.mark.parametrize("length", [10, 200])
def test_passwords_of_10_to_200_characters(length: int) -> None:
    assert check_password("x" * length) == "x" * length


@pytest.mark.parametrize("length", [0, 9, 201])
def test_other_passwords_are_refused(length: int) -> None:
    with pytest.raises(BadInput):
        check_password("x" * length)


def test_a_reason_is_kept_without_outer_and_double_spaces() -> None:
    assert check_reason("  lock \n is   stuck ") == "lock is stuck"
    assert check_reason("x" * 500) == "x" * 500


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_a_reason_is_needed(reason: str) -> None:
    with pytest.raises(ReasonNeeded):
        check_reason(reason)


def test_a_reason_is_not_a_novel() -> None:
    with pytest.raises(BadInput):
        check_reason("x" * 501)


def test_the_fifth_wrong_try_in_a_row_locks_for_a_while() -> None:
    tries = Tries()
    for left in range(WRONG_TRIES_BEFORE_LOCK - 1, 0, -1):
        tries = tries.after_wrong(NOON)
        assert tries.left == left
        assert not tries.locked(NOON)
    tries = tries.after_wrong(NOON)
    assert tries.locked(NOON)
    assert tries.locked(NOON + LOCK_FOR - timedelta(microseconds=1))
    assert not tries.locked(NOON + LOCK_FOR)


def test_after_a_lock_five_more_tries() -> None:
    later = NOON + LOCK_FOR
    tries = Tries(0, later).after_wrong(later)
    assert tries.left == WRONG_TRIES_BEFORE_LOCK - 1
    assert not tries.locked(later)
