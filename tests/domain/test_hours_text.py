"""Opening hours as staff write them."""

import pytest

from locker_app.domain.errors import BadInput
from locker_app.domain.hours_text import WEEKDAYS, read, written

CLOSED = [""] * len(WEEKDAYS)


def test_what_is_written_is_what_was_read() -> None:
    lines = ["9:00-12:00, 14-16:30", "", " 8.15 – 9 ", "22:00 to 24:00", "", "", ""]
    hours = read(lines)
    assert hours == [
        [0, "09:00", "12:00"],
        [0, "14:00", "16:30"],
        [2, "08:15", "09:00"],
        [3, "22:00", "24:00"],
    ]
    assert written(hours)[:4] == ["09:00-12:00, 14:00-16:30", "", "08:15-09:00", "22:00-24:00"]
    assert read(written(hours)) == hours


def test_no_hours() -> None:
    assert read(CLOSED) == []
    assert written(None) == written([]) == CLOSED


@pytest.mark.parametrize(
    "line", ["nine to five", "9:00", "12:00-9:00", "9:00-25:00", "9-12 14-16", "9-12, 11-14"]
)
def test_what_cannot_be_read_says_on_which_day(line: str) -> None:
    with pytest.raises(BadInput) as refused:
        read([*CLOSED[:4], line, "", ""])
    assert refused.value.field == "hours_4"
