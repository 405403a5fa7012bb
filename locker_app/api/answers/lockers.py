"""Answers to commands on lockers and waiting lists."""

from datetime import datetime

from pydantic import Field

from locker_app.api.answers.base import Answer


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


class JoinedAnswer(Answer):
    """A place in a waiting list that was just taken."""

    wait_id: int


class LeftAnswer(Answer):
    """A place in a waiting list that was just given up."""

    declined: bool = Field(description="Whether a locker had already been held.")
