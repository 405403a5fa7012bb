"""Rules about charging spots: how names are written."""

import pytest

from locker_app.domain.chargers import read_names
from locker_app.domain.errors import BadInput


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1-3", ["1", "2", "3"]),
        ("7 – 8, North  2 ,,1", ["7", "8", "North 2", "1"]),
        ("A-1", ["A-1"]),
        ("1-500", [str(n) for n in range(1, 501)]),
    ],
)
def test_names_are_read(text: str, names: list[str]) -> None:
    assert read_names(text) == names


@pytest.mark.parametrize(
    "text",
    ["", " , ", "3-1", "1-501", "1-9999, 1-9999", "1, 1", "a, A", "1-3, 2", "x" * 21, "12\u202e3"],
)
def test_names_that_can_not_be_read(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_names(text)
    assert refused.value.field == "names"


@pytest.mark.parametrize("text", ["1-99999", "00001-99999", f"1 – {'9' * 5000}", "1-3, 10-509"])
def test_a_long_span_is_no_name(text: str) -> None:
    with pytest.raises(BadInput, match="500 charging spots at most"):
        read_names(text)
