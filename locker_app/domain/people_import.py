"""Rules of importing people from a table: which column is what, and what is wrong with a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from locker_app.domain.csv_text import MAX_CELL_LENGTH, UNREADABLE, is_formula
from locker_app.domain.errors import BadInput
from locker_app.domain.headings import Columns, Field
from locker_app.domain.people import check_name, check_pin, is_text, normalise_number

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 200_000
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Western European (Windows-1252)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "mac_roman": "Mac Roman",
    "cp850": "DOS (code page 850)",
    "gb18030": "Chinese (GB 18030)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_kr": "Korean (EUC-KR)",
}
"""What can be chosen by hand when the guess was wrong."""
_FOUND = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32"}
"""What is only found by the bytes, and differs in a mark that is nobody's concern."""


def encoding_name(encoding: str) -> str:
    """How an encoding is called for those who sent the file."""
    return ENCODINGS.get(encoding) or _FOUND.get(encoding) or encoding.upper()


class ImportStatus(StrEnum):
    """Where an import stands."""

    READING = "reading"
    CHOOSING = "choosing"
    """The columns have to be chosen by hand."""
    READY = "ready"
    """Read and looked through: somebody says whether it is done."""
    HASHING = "hashing"
    APPLYING = "applying"
    DONE = "done"
    DISCARDED = "discarded"
    STOPPED = "stopped"


WORKING = (ImportStatus.READING, ImportStatus.HASHING, ImportStatus.APPLYING)
"""States in which the server works on it."""
OPEN = (*WORKING, ImportStatus.CHOOSING, ImportStatus.READY)


class RowKind(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


_YES = frozenset(
    [
        "1",
        "y",
        "yes",
        "true",
        "t",
        "x",
        "on",
        "ja",
        "j",
        "wahr",
        "oui",
        "o",
        "vrai",
        "si",
        "s",
        "sì",
        "sí",
        "verdadero",
        "sim",
        "verdadeiro",
        "vero",
        "tak",
        "evet",
        "да",
        "是",
        "はい",
        "예",
        "✓",
        "✔",
        "☑",
    ]
)
_NO = frozenset(
    [
        "0",
        "n",
        "no",
        "false",
        "f",
        "off",
        "nein",
        "falsch",
        "non",
        "faux",
        "nao",
        "não",
        "falso",
        "nee",
        "nie",
        "hayır",
        "нет",
        "否",
        "いいえ",
        "아니요",
        "-",
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """A person as a record of the file says."""

    line: int
    number: str
    name: str
    pin: str = ""
    accessible: bool | None = None
    """None where the file doesn't say."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a record can't be taken."""

    line: int
    column: str
    """Which of the fields it is about; empty when it is the record as a whole."""
    why: str
    said: str = ""
    """What stands there, cut short."""
    row: Row | None = None
    """It can be taken so, if the person is called that way already: from before names had rules."""


def read_row(line: int, cells: Sequence[str], columns: Columns, width: int) -> Row | Wrong:
    """The person in a record, or what is wrong with it."""
    wrong = _not_readable(line, cells, width)
    if wrong is not None:
        return wrong

    def at(field: Field) -> str:
        index = columns.where.get(field.value, -1)
        return cells[index] if 0 <= index < len(cells) else ""

    said, field = "", Field.NUMBER
    try:
        said = at(field)
        number = _number(said)
        field, said = Field.NAME, _name_of(at)
        name, refused, called = *_name(said), said
        field, said = Field.PIN, ""  # which is nobody's to read in a report
        pin = check_pin(at(field)) if at(field) else ""
        field, said = Field.ACCESSIBLE, at(Field.ACCESSIBLE)
        row = Row(line, number, name, pin, _flag(said))
        if refused is not None:
            return Wrong(line, Field.NAME.value, str(refused), called[:80], row)
        return row
    except BadInput as refusal:
        return Wrong(line, field.value, str(refusal), said[:80])


def _not_readable(line: int, cells: Sequence[str], width: int) -> Wrong | None:
    for text in cells:
        if len(text) > MAX_CELL_LENGTH:
            hint = " A quotation mark without its end?" if "\n" in text else ""
            return Wrong(line, "", f"A cell has more than {MAX_CELL_LENGTH} characters.{hint}")
        if UNREADABLE in text:
            return Wrong(line, "", "Letters can't be read: is it another encoding?", text[:80])
        if not is_text(text):
            return Wrong(line, "", "There are characters in it that can't be kept.")
    if any(cells[width:]):
        return Wrong(
            line, "", "It has more cells than there are columns: a separator inside of one?"
        )
    return None


def _number(text: str) -> str:
    if not text:
        raise BadInput("The number is missing.")
    if is_formula(text):
        raise BadInput("This is a formula, not a number.")
    try:
        return normalise_number(text)
    except BadInput:
        raise BadInput("A number has 2 to 32 letters or digits, and . _ / - in it.") from None


def _name_of(at: Callable[[Field], str]) -> str:
    whole = at(Field.NAME)
    return whole or " ".join(filter(None, (at(Field.FIRST), at(Field.LAST))))


def _name(text: str) -> tuple[str, BadInput | None]:
    """The name, and why only somebody who is called so already may be."""
    if not text:
        raise BadInput("The name is missing.")
    try:
        return check_name(text), None
    except BadInput as refusal:
        if not is_formula(text):
            raise
        return " ".join(text.split()), refusal


def _flag(text: str) -> bool | None:
    plain = text.casefold()
    if not plain:
        return None
    if plain in _YES or plain in _NO:
        return plain in _YES
    raise BadInput("Write yes or no here, or nothing.")
