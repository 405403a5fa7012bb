"""Tables that people export as text: what the bytes say of their encoding, which character stands
between the cells, and the records with the lines on which they begin.

What can only be guessed, an encoding without a mark, is the caller's to guess.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

MAX_CELL_LENGTH = 1_000
"""What is longer is no cell of a list of people: a picture, or a quotation mark without its end."""
DELIMITERS = (",", ";", "\t", "|")
UNREADABLE = "\ufffd"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 4096
_RECORDS_LOOKED_AT = 50
_SAMPLE = 64 * 1024
_SEP_LINE = re.compile(r"sep=(.)\r?\n")
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_APOSTROPHE = re.compile(r"'(?='*[\d=+\-@＝＋－＠])")
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")


def certain_encoding(data: bytes) -> str | None:
    """The encoding that the bytes leave no doubt about: by their mark, by zeros in every second
    place, or because only UTF-8 reads so by chance never. None when it has to be guessed."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    even, odd = (data[start:_LOOKED_AT:2] for start in (0, 1))
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) * 3 > len(zeros) and others.count(0) * 3 <= len(others):
            return name
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    return "utf-8"


def decode(data: bytes, encoding: str) -> str:
    """The text; what can't be read is `UNREADABLE`, so that its row can say so.

    Raises:
        LookupError: Python knows no such encoding.
    """
    return data.decode(encoding, errors="replace").removeprefix("\ufeff")


def delimiter_of(text: str, knows: Callable[[Sequence[str]], int] = lambda _cells: 0) -> str:
    """What stands between the cells: where more of the head is known (`knows` counts that), then
    where more records are of one width, then where they are wider."""
    said = _SEP_LINE.match(text)
    if said is not None:
        return said[1]
    sample = text if len(text) <= _SAMPLE else text[: text.rfind("\n", 0, _SAMPLE) + 1] or text
    scores = {delimiter: _score(sample, delimiter, knows) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: scores[delimiter])


def _score(
    sample: str, delimiter: str, knows: Callable[[Sequence[str]], int]
) -> tuple[int, float, int]:
    first = [cells for _, cells in islice(records(sample, delimiter), _RECORDS_LOOKED_AT)]
    if not first:
        return 0, 0.0, 0
    width, count = Counter(len(cells) for cells in first).most_common(1)[0]
    return knows(first[0]), count / len(first) if width > 1 else 0.0, width


def records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank: the number of the line on which it begins, and its cells as
    they are meant (see `cell`). A record may have fewer or more of them than the first."""
    csv.field_size_limit(max(len(text) + 1, 131_072))  # of this process; ours are checked by row
    said = _SEP_LINE.match(text)
    before = 1 if said is not None else 0
    reader = csv.reader(
        io.StringIO(text[said.end() :] if said else text, newline=""), delimiter=delimiter
    )
    while True:
        line = before + reader.line_num + 1
        try:
            cells = [cell(text) for text in next(reader)]
        except StopIteration:
            return
        if any(cells):
            yield line, cells


def cell(text: str) -> str:
    """What a cell means, without what programs put around it: outer space, `="…"` around digits
    that must not become a number, an apostrophe before them."""
    text = text.strip().strip("\ufeff\u200b").strip()
    as_text = _AS_TEXT.fullmatch(text)
    if as_text is not None:
        text = as_text[1].replace('""', '"').strip()
    return text[1:] if _APOSTROPHE.match(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would reckon with this instead of showing it."""
    return _FORMULA.match(text) is not None


def harmless(text: str) -> str:
    """The text so that a spreadsheet shows it and reckons nothing: what it would take for a
    formula begins with an apostrophe, and so does what would lose its own as a `cell`."""
    return f"'{text}" if is_formula(text) or _APOSTROPHE.match(text) else text
