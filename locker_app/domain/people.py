"""Rules about persons and staff who sign in: numbers, PINs, passwords, and when to lock."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from string import whitespace

from locker_app.domain.csv_text import is_formula
from locker_app.domain.errors import BadInput, ReasonNeeded

WRONG_TRIES_BEFORE_LOCK = 5
LOCK_FOR = timedelta(minutes=15)
MIN_PASSWORD_LENGTH = 10
MAX_SECRET_LENGTH = 200
MAX_NAME_LENGTH = 200
ERASED_NAME = "Erased person"
"""What stands where the name of a person was who has been erased."""

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9._/-]{1,31}")
_PIN = re.compile(r"[0-9]{4,8}")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_TURNS = "\u202a-\u202e\u2066-\u2069"
"""What turns the direction of what comes after it, and is not seen itself."""
_NOT_IN_A_LINE = re.compile(f"[{_TURNS}]")
_NOT_IN_A_NAME = re.compile(f"[\0-\x1f\x7f-\x9f{_TURNS}\ud800-\udfff]")
"""Control characters, and those that turn the direction."""
_SPACE = f"{whitespace}\u200b\ufeff"
"""Around a name: also what nobody sees, which a cell of a table loses."""


def is_text(text: str) -> bool:
    """Whether this can be stored and hashed: no NUL, no half of a surrogate pair, which JSON and
    Python's `str` let through and databases don't."""
    return _NOT_TEXT.search(text) is None


def is_line(text: str) -> bool:
    """Whether this can stand in a line beside other text: it can be kept, and doesn't turn round
    what others read after it. Letters that run from right to left are as good as any."""
    return is_text(text) and _NOT_IN_A_LINE.search(text) is None


def normalise_number(text: str) -> str:
    """The enrolment number as it is stored: upper case, no spaces.

    Raises:
        BadInput: it can't be an enrolment number.
    """
    number = re.sub(r"\s+", "", text).upper()
    if not _NUMBER.fullmatch(number):
        raise BadInput("Enter your enrolment number, for example CS2021001.", field="number")
    return number


def check_name(text: str) -> str:
    """A person's name with single spaces, as it is kept.

    Raises:
        BadInput: there is none, it is too long, has characters that no name has, or begins as what
            spreadsheets take for a formula, into which lists of people go.
    """
    name = " ".join(text.strip(_SPACE).split())
    if not name:
        raise BadInput("Enter a name.", field="name")
    if len(name) > MAX_NAME_LENGTH:
        raise BadInput(f"A name has up to {MAX_NAME_LENGTH} characters.", field="name")
    if _NOT_IN_A_NAME.search(name):
        raise BadInput("There are characters in this name that can't be kept.", field="name")
    if is_formula(name):
        raise BadInput("A name can't begin with = + - or @, as a formula does.", field="name")
    return name


def search_key(text: str) -> str:
    """A name as it is looked for and ordered by: small letters without accents, single spaces."""
    bare = text.casefold()
    if not bare.isascii():
        plain = unicodedata.normalize("NFKD", bare)
        bare = "".join(letter for letter in plain if not "\u0300" <= letter <= "\u036f")
    return " ".join(bare.replace("\0", " ").split())


def tombstone(person_id: int) -> str:
    """What stands where the number of an erased person was: it can be nobody's number."""
    return f"~{person_id}"


def check_pin(pin: str) -> str:
    """The PIN, when it has 4 to 8 digits and is not among the first that anybody would try: one
    digit repeated, or digits in a row, up or down.

    Raises:
        BadInput: it does not.
    """
    if not _PIN.fullmatch(pin):
        raise BadInput("A PIN has 4 to 8 digits.", field="pin")
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise BadInput("Choose a PIN that is harder to guess than 1111 or 1234.", field="pin")
    return pin


def version_of(number: str, name: str, accessible: bool, near_last: bool) -> str:
    """Names what is known of a person: changed from what was seen, it is another."""
    known = repr((number, name, accessible, near_last))
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def check_typed(typed: str | None, number: str) -> None:
    """Let pass whoever typed the number of the one who is meant, or was not asked to.

    Raises:
        BadInput: it is another.
    """
    if typed is not None and "".join(typed.split()).upper() != number:
        raise BadInput(f"Type {number} to say that this person is meant.", field="number")


def check_password(password: str) -> str:
    """The password, when it is long enough to be kept.

    Raises:
        BadInput: it is shorter than ten characters, or absurdly long.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_SECRET_LENGTH:
        raise BadInput(
            f"A password has {MIN_PASSWORD_LENGTH} to {MAX_SECRET_LENGTH} characters.",
            field="password",
        )
    return password


def check_reason(reason: str) -> str:
    """The reason with outer spaces removed.

    Raises:
        ReasonNeeded: there is none.
        BadInput: it is longer than 500 characters.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise ReasonNeeded
    if len(reason) > 500:
        raise BadInput("Keep the reason under 500 characters.", field="reason")
    return reason


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong secrets in a row, and until when no more are accepted."""

    failed: int = 0
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Whether tries are refused at `now`, right or wrong."""
        return self.locked_until is not None and now < self.locked_until

    def after_wrong(self, now: datetime) -> "Tries":
        """The state after one more wrong secret; the fifth in a row locks, and counts anew."""
        failed = self.failed + 1
        if failed >= WRONG_TRIES_BEFORE_LOCK:
            return Tries(0, now + LOCK_FOR)
        return Tries(failed, None)

    @property
    def left(self) -> int:
        """How many wrong secrets may still follow before the lock."""
        return WRONG_TRIES_BEFORE_LOCK - self.failed
