"""Files for spreadsheets: CSV that they read as it is meant, and reckon nothing in."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

MEDIA_TYPE = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = "\ufeff"
"""Without it some spreadsheets take the letters for others."""
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")


def written(rows: Iterable[Iterable[Any]]) -> str:
    """The rows as lines of a file."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def harmless(text: str) -> str:
    """The text so that a spreadsheet shows it and reckons nothing: what it would take for a
    formula begins with an apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text


def file_name(name: str, otherwise: str) -> str:
    """A name in letters that every system takes in a file's name; `otherwise` when none is left."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or otherwise
