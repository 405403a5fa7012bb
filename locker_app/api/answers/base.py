"""What answers have in common, and the words for a door's status."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from locker_app.domain.lockers import LockerStatus

StatusWord = Literal["free", "held", "reserved", "overdue", "out_of_service"]

STATUS_WORDS: dict[LockerStatus, StatusWord] = {
    LockerStatus.FREE: "free",
    LockerStatus.HELD: "held",
    LockerStatus.RESERVED: "reserved",
    LockerStatus.OVERDUE: "overdue",
    LockerStatus.OUT_OF_SERVICE: "out_of_service",
}
"""What the API says for the letters that screens get."""


class Answer(BaseModel):
    """The body of an answer, readable from the row class of a query or a command's result."""

    model_config = ConfigDict(from_attributes=True)


def in_words(row: Any) -> dict[str, Any]:
    """The fields of a row class, its status as a word."""
    fields = {name: getattr(row, name) for name in row.__slots__}
    return {**fields, "status": STATUS_WORDS[row.status]}
