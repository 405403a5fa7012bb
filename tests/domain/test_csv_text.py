"""Tables as text: encodings that are certain, delimiters, records with their lines, formulas."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.csv_text import (
    DELIMITERS,
    cell,
    certain_encoding,
    decode,
    delimiter_of,
    harmless,
    is_formula,
    records,
)
from locker_app.domain.headings import known_headings

TEXT = "Number;Name\r\nA1;Zoë Müller\r\n"
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("cp1252"), None),
        (b"", "utf-8"),
    ],
)
def test_what_the_bytes_say_for_certain(data: bytes, encoding: str | None) -> None:
    assert certain_encoding(data) == encoding
    if encoding is not None:
        assert decode(data, encoding) == (TEXT if data else "")


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16", "cp1252", "shift_jis"]))
def test_any_bytes_are_some_text(data: bytes, encoding: str) -> None:
    certain_encoding(data)
    text = decode(data, encoding)
    list(records(text, delimiter_of(text, known_headings)))


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=8),
    st.sampled_from(DELIMITERS),
)
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    cleaned = [[cell(one) for one in row] for row in rows]
    if text.getvalue().startswith("sep="):
        return
    assert [cells for _, cells in records(text.getvalue(), delimiter)] == [
        row for row in cleaned if any(row)
    ]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["Number", "Name", "Wheelchair"], ["A1", "Sharma, Rahul; jr.", "no"], ["A2", "B", ""]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    assert delimiter_of(text.getvalue(), known_headings) == delimiter


def test_the_delimiter_may_be_said() -> None:
    assert delimiter_of("sep=;\nNumber,Name\n", known_headings) == ";"
    assert list(records("sep=;\nA;B\n", ";")) == [(2, ["A", "B"])]


def test_records_know_their_lines() -> None:
    text = 'Number;Name\r\n\r\nA1;"two\nlines"\r\n;;\r\nA2;"a ""b"" c";more\r\n'
    assert list(records(text, ";")) == [
        (1, ["Number", "Name"]),
        (3, ["A1", "two\nlines"]),
        (6, ["A2", 'a "b" c', "more"]),
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('="00123"', "00123"),
        ("'00123", "00123"),
        ("'=1+1", "=1+1"),
        ("'t Hart", "'t Hart"),
        ("\xa0 A1\u200b", "A1"),
        ("\ufeffA1", "A1"),
    ],
)
def test_cells_mean_what_programs_put_something_around(text: str, meant: str) -> None:
    assert cell(text) == meant


@given(st.text(max_size=30))
def test_nothing_harmless_is_reckoned(text: str) -> None:
    assert not is_formula(harmless(text))
    assert harmless(text).endswith(text)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
def test_formulas_are_known(text: str) -> None:
    assert is_formula(text)
