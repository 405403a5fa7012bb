"""Importing people: which column is what in several languages, and what is wrong with a row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.errors import BadInput
from locker_app.domain.headings import Columns, check_columns, recognise
from locker_app.domain.people_import import Row, Wrong, read_row

ALL = Columns({"number": 0, "name": 1, "pin": 2, "accessible": 3})


@pytest.mark.parametrize(
    ("head", "where"),
    [
        (["Enrolment No.", "Full Name"], {"number": 0, "name": 1}),
        (["STUDENT_ID", "First-Name", "Surname"], {"number": 0, "first": 1, "last": 2}),
        (["Name", "Vorname", "Matrikel-Nr."], {"last": 0, "first": 1, "number": 2}),
        (["N° étudiant", "Nom", "Prénom"], {"number": 0, "last": 1, "first": 2}),
        (["Nº de matrícula", "Nombre", "Apellidos"], {"number": 0, "first": 1, "last": 2}),
        (["Matricola", "Cognome e nome", "Codice PIN"], {"number": 0, "name": 1, "pin": 2}),
        (["Nr albumu", "Imię i nazwisko"], {"number": 0, "name": 1}),
        (["ÖĞRENCİ NO", "AD SOYAD"], {"number": 0, "name": 1}),
        (["Номер", "ФИО"], {"number": 0, "name": 1}),
        (["学号", "姓名"], {"number": 0, "name": 1}),
        (["नामांकन संख्या", "नाम"], {"number": 0, "name": 1}),
        (["Number", "Name", "Number", "barrierefrei"], {"number": 0, "name": 1, "accessible": 3}),
        (["Shoe size", "Colour"], {}),
    ],
)
def test_headings_are_known(head: list[str], where: dict[str, int]) -> None:
    found = recognise(head)
    assert (dict(found.where), found.head) == (where, True)


def test_a_person_is_no_head() -> None:
    assert recognise(["CS2021001", "Rahul", "no"]) == Columns({}, head=False)


@given(st.lists(st.text(max_size=20), max_size=8))
def test_any_head_is_some_columns(head: list[str]) -> None:
    where = recognise(head).where
    assert all(0 <= index < len(head) for index in where.values())
    assert len({*where.values()}) == len(where)


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({"name": 0}, "number"),
        ({"number": 0}, "name"),
        ({"number": 0, "name": 0}, "columns"),
        ({"number": 0, "name": 9}, "columns"),
        ({"number": 0, "name": -1}, "columns"),
        ({"number": 0, "shoe": 1}, "columns"),
    ],
)
def test_columns_by_hand_are_checked(where: dict[str, int], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_columns(where, 3, head=True)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        (["cs 1", "Rahul  Sharma"], Row(7, "CS1", "Rahul Sharma")),
        (["A1", "Zoë", "0815", "ja"], Row(7, "A1", "Zoë", "0815", True)),
        (["A1", "Zoë", "", "NEIN", "", ""], Row(7, "A1", "Zoë", "", False)),
        (["A1", "d'Arc, Jeanne\nX"], Row(7, "A1", "d'Arc, Jeanne X")),
    ],
)
def test_good_rows(cells: list[str], row: Row) -> None:
    assert read_row(7, cells, ALL, 4) == row


@pytest.mark.parametrize(
    ("cells", "column", "why"),
    [
        (["", "Rahul"], "number", "missing"),
        (["A1"], "name", "missing"),
        (["A1", ""], "name", "missing"),
        (["A", "Rahul"], "number", "2 to 32"),
        (["Ä1", "Rahul"], "number", "2 to 32"),
        (["=1+1", "Rahul"], "number", "formula"),
        (["A1", "=HYPERLINK(1)"], "name", "formula"),
        (["A1", "@Rahul"], "name", "formula"),
        (["A1", "x" * 201], "name", "200 characters"),
        (["A1", "x" * 1_000_000], "", "1000 characters"),
        (["A1", "y\n" * 1000], "", "quotation mark"),
        (["A1", "Rah\0ul"], "", "can't be kept"),
        (["A1", "Rah\x07ul"], "name", "can't be kept"),
        (["A1", "M\ufffdller"], "", "encoding"),
        (["A1", "Rahul", "12"], "pin", "4 to 8 digits"),
        (["A1", "Rahul", "1234"], "pin", "harder"),
        (["A1", "Rahul", "", "perhaps"], "accessible", "yes or no"),
        (["A1", "Rahul", "", "", "more"], "", "more cells"),
    ],
)
def test_wrong_rows(cells: list[str], column: str, why: str) -> None:
    wrong = read_row(7, cells, ALL, 4)
    assert isinstance(wrong, Wrong)
    assert (wrong.line, wrong.column) == (7, column)
    assert why in wrong.why


def test_a_pin_is_in_no_report() -> None:
    wrong = read_row(7, ["A1", "Rahul", "99"], ALL, 4)
    assert isinstance(wrong, Wrong)
    assert wrong.said == ""


@given(st.lists(st.text(max_size=30), max_size=6))
def test_every_row_is_good_or_wrong(cells: list[str]) -> None:
    row: Any = read_row(1, cells, ALL, 4)
    assert isinstance(row, Row | Wrong)
    if isinstance(row, Row):
        assert row.name == row.name.strip() != ""
        row.name.encode()
