"""Answers to commands on lockers and waiting lists."""

from datetime import datetime

from pydantic import Field

from locker_app.api.answers.base import Answer
from locker_app.services.many import Became


class TakenAnswer(Answer):
    """The locker that the person has got."""

    assignment_id: int
    locker_id: int
    bank_id: int
    label: str = Field(examples=["A17"])
    due_at: datetime | None


class LabelAnswer(Answer):
    """The locker that it was about."""

    label: str = Field(description="What stands on the door.", examples=["A17"])


class BecameAnswer(Answer):
    """What became of one of many doors."""

    locker_id: int
    done: bool
    label: str | None = Field(description="What stands on the door, when it was done.")
    code: str | None = Field(description="Of the refusal.", examples=["door_changed"])
    message: str | None


class ManyAnswer(Answer):
    """What became of each door, in the order in which they were named."""

    done: int
    refused: int
    doors: list[BecameAnswer]

    @classmethod
    def of(cls, became: list[Became]) -> "ManyAnswer":
        """Each with what there is to say of it."""
        doors = [
            BecameAnswer(
                locker_id=one.locker_id,
                done=one.done,
                label=one.label or None,
                code=one.code or None,
                message=one.message or None,
            )
            for one in became
        ]
        done = sum(one.done for one in became)
        return cls(done=done, refused=len(became) - done, doors=doors)


class JoinedAnswer(Answer):
    """A place in a waiting list that was just taken."""

    wait_id: int


class LeftAnswer(Answer):
    """A place in a waiting list that was just given up."""

    declined: bool = Field(description="Whether a locker had already been held.")
