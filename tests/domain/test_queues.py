"""The rules of queues and tickets, by themselves."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.errors import BadInput, GroupNotAllowed
from locker_app.domain.queues import (
    MOVES,
    SPACING,
    InLine,
    Move,
    Part,
    QueueRules,
    TicketStatus,
    after,
    check_group_allowed,
    check_groups,
    check_line,
    check_rules,
    first_free,
    line_order,
    normalise_group,
    place_between,
    same_pin,
)

W, S, D, N, L, C = "waiting", "serving", "done", "no_show", "withdrawn", "cleared"
R = "removed"
ALLOWED = {
    Move.CALL: {W: S},
    Move.COMPLETE: {S: D},
    Move.NO_SHOW: {S: N},
    Move.PUT_BACK: {S: W, N: W},
    Move.REMOVE: {W: R},
    Move.LEAVE: {W: L, S: L},
    Move.STEP_BACK: {W: W},
    Move.ASK: {W: W, S: S},
    Move.NOTE: {W: W, S: S, D: D, N: N, L: L, R: R, C: C},
    Move.CLEAR: {W: C, S: C},
}
"""The table, written out once more: a move allowed by mistake has to be allowed twice."""
OF_HOLDERS = {Move.LEAVE, Move.STEP_BACK, Move.ASK}


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("status", TicketStatus)
def test_what_may_become_what(move: Move, status: TicketStatus) -> None:
    assert after(move, status) == ALLOWED[move].get(status.value)


@pytest.mark.parametrize("move", Move)
def test_who_moves_what(move: Move) -> None:
    assert MOVES[move][0] is (Part.HOLDER if move in OF_HOLDERS else Part.STAFF)


@pytest.mark.parametrize(
    ("text", "group"),
    [("7", "7"), (" 007 ", "7"), ("0", "0"), ("000", "0"), ("lab  a", "LAB A"), ("a-1/b", "A-1/B")],
)
def test_a_group_is_stored_in_one_way(text: str, group: str) -> None:
    assert normalise_group(text) == group == normalise_group(group)


@pytest.mark.parametrize("text", ["", "  ", "-1", "ü", "<b>", "1" * 21, "a\x00b", "٣", "1,2"])
def test_what_is_no_group(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        normalise_group(text)
    assert refused.value.field == "group"


def test_which_groups_may_join() -> None:
    groups = check_groups(" 1 - 40,051 , lab a,, ")
    assert groups == "1-40, 51, LAB A"
    for group in ("1", "40", "51", "LAB A"):
        assert check_group_allowed(group, groups) == group
    for group in ("0", "41", "050", "LAB", "A"):
        with pytest.raises(GroupNotAllowed):
            check_group_allowed(group, groups)
    assert check_group_allowed("ANY", "") == "ANY"


@pytest.mark.parametrize("text", ["9-1", "a b c d e f g h i j k l m", "1;2", "<"])
def test_groups_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_groups(text)
    assert refused.value.field == "groups"


@given(st.text(alphabet="0123456789-, ABab/", max_size=30))
def test_tidied_groups_are_tidy(text: str) -> None:
    try:
        tidy = check_groups(text)
    except BadInput:
        return
    assert check_groups(tidy) == tidy


def test_a_line_of_text() -> None:
    assert check_line("  what   is\nthis? ", 20, "question") == "what is this?"
    for text in ("שלום 3", "مرحبا", "👩\u200d🔧", "\u200fא1"):
        assert check_line(text, 20, "question") == text
    turned = [f"a{chr(code)}b" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
    for text in ("x" * 21, "a\x00b", "\ud800", *turned):
        with pytest.raises(BadInput) as refused:
            check_line(text, 20, "question")
        assert refused.value.field == "question"


LINE = st.lists(
    st.builds(
        InLine,
        st.integers(1, 99),
        st.integers(1, 99),
        st.integers(0, 5 * SPACING),
        st.sampled_from("ABC"),
    ),
    unique_by=lambda one: one.number,
)


@given(LINE, st.frozensets(st.sampled_from("ABC")))
def test_the_order_of_the_line(waiting: list[InLine], helped: frozenset[str]) -> None:
    line = line_order(waiting, helped)
    assert set(line) == set(waiting)
    fresh = [one for one in line if one.group not in helped]
    assert line == fresh + [one for one in line if one.group in helped]
    for part in (fresh, line[len(fresh) :]):
        assert part == sorted(part, key=lambda one: (one.place, one.number))


@given(st.integers(-(10**12), 10**12), st.integers(2, 10**9))
def test_a_place_between(before: int, gap: int) -> None:
    assert before < place_between(before, before + gap) < before + gap
    assert place_between(before, None) > before
    assert place_between(None, before) < before


@given(st.sets(st.integers(0, 5)), st.integers(1, 4))
def test_the_first_free_slot(taken: set[int], limit: int) -> None:
    slot = first_free(taken, limit)
    free = [slot for slot in range(limit) if slot not in taken]
    assert slot == (free[0] if free else None)
    assert first_free(taken) == min(set(range(10)) - taken)


RULES = QueueRules(name="Lab")


def test_rules_are_tidied() -> None:
    rules = QueueRules(
        name="  Physics   lab ",
        place=" Room  204",
        groups="1 - 9",
        room_pin=" ab 1 ",
        hours=((1, "09:00", "10:00"), (0, "09:00", "10:00")),
        reset_at=" 04:00",
    )
    tidy = check_rules(rules)
    assert (tidy.name, tidy.place, tidy.groups) == ("Physics lab", "Room 204", "1-9")
    assert (tidy.room_pin, tidy.reset_at) == ("AB1", "04:00")
    assert tidy.hours == [[0, "09:00", "10:00"], [1, "09:00", "10:00"]]
    assert check_rules(tidy) == tidy
    assert same_pin("a B1") == tidy.room_pin


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("name", "a\x00"),
        ("place", "x" * 101),
        ("tickets_per_person", 0),
        ("tickets_per_person", 21),
        ("tickets_per_group", 0),
        ("tickets_per_group", 1001),
        ("groups", "9-1"),
        ("groups", "1," * 300),
        ("room_pin", "12"),
        ("room_pin", "12-34"),
        ("capacity", 0),
        ("capacity", 10_001),
        ("steps_back", -1),
        ("steps_back", 21),
        ("hours", [[0, "10:00", "09:00"]]),
        ("reset_at", "later"),
    ],
)
def test_rules_that_cannot_be(field: str, value: Any) -> None:
    with pytest.raises(BadInput) as refused:
        check_rules(replace(RULES, **{field: value}))
    assert refused.value.field == field
