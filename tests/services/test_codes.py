"""Codes of short addresses: one alphabet, and no two things share one."""

import pytest

from locker_app.db.tables import bank, queue, short_code
from locker_app.domain.codes import CODE_LENGTH, CODE_LETTERS, read_code
from locker_app.services import codes
from tests.world import World


def test_a_code_that_is_taken_is_not_given_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter("AAAAAA" + "AAAAAA" + "BBBBBB" + "BBBBBB" + "CCCCCC")
    monkeypatch.setattr(codes.secrets, "choice", lambda _: next(letters))
    site_id = world.site()
    line, here, there = world.queue(site_id), world.bank(site_id), world.bank(site_id)
    assert world.row(queue, line).code == "AAAAAA"
    assert [world.row(bank, bank_id).code for bank_id in (here, there)] == ["BBBBBB", "CCCCCC"]
    assert {(row.code, row.kind) for row in world.rows(short_code)} == {
        ("AAAAAA", "queue"),
        ("BBBBBB", "bank"),
        ("CCCCCC", "bank"),
    }


def test_codes_are_of_letters_that_nobody_confuses(world: World) -> None:
    world.queue()
    world.bank()
    for row in world.rows(short_code):
        assert len(row.code) == CODE_LENGTH
        assert set(row.code) <= set(CODE_LETTERS)
        assert read_code(f" {row.code.lower()} ") == row.code


@pytest.mark.parametrize("text", ["", "ABC", "ABCDEFG", "ABCDE0", "ABCDEI", "ÄBCDEF", "AB/DEF"])
def test_what_can_be_no_code(text: str) -> None:
    assert read_code(text) is None
