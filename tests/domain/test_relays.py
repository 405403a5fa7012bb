"""How relays are written down, and read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.errors import BadInput
from locker_app.domain.relays import ORDER, read_relays, written_relays
from locker_app.domain.terminals import PINS, TAKEN_PINS, TerminalKind, TerminalPlan, check_terminal


@pytest.mark.parametrize(
    ("text", "relays"),
    [
        ("", {}),
        (" , \n;", {}),
        ("1=17, 2=22", {1: 17, 2: 22}),
        ("2: GPIO22\n1 = 17", {1: 17, 2: 22}),
        ("1-3", {1: ORDER[0], 2: ORDER[1], 3: ORDER[2]}),
        (f"7={ORDER[0]}, 1-2", {1: ORDER[1], 2: ORDER[2], 7: ORDER[0]}),
        ("40", {40: ORDER[0]}),
    ],
)
def test_what_is_written_is_read(text: str, relays: dict[int, int]) -> None:
    assert read_relays(text) == relays


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("one=17", "can't be read"),
        ("1=", "can't be read"),
        ("1=17=18", "can't be read"),
        ("<b>", "can't be read"),
        ("1=17, 1=18", "named twice"),
        ("1-3, 2", "named twice"),
        ("5-1", "At most"),
        ("1-99999", "At most"),
        (", ".join(str(n) for n in range(1, len(ORDER) + 2)), "At most"),
        ("1" * 3000, "At most"),
        ("١=١٧", "can't be read"),
    ],
)
def test_what_can_not_be_is_refused_at_its_field(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        read_relays(text)
    assert refused.value.field == "relays"


def test_lines_that_are_given_by_themselves_are_never_those_of_reader_and_display() -> None:
    assert set(ORDER) == set(PINS) - TAKEN_PINS
    filled = read_relays(f"1-{len(ORDER)}")
    check_terminal(TerminalPlan("Hall", TerminalKind.LOCKER, bank_id=1, relays=filled))


@given(st.dictionaries(st.integers(1, 99_999), st.integers(0, 99), max_size=20))
def test_what_was_written_out_reads_the_same(relays: dict[int, int]) -> None:
    assert read_relays(written_relays(relays)) == dict(sorted(relays.items()))
    stored = {str(number): pin for number, pin in relays.items()}
    assert written_relays(stored) == written_relays(relays)
