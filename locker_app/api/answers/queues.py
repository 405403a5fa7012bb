"""Answers about queues and tickets: what everybody sees of a line, what is one's own, and what
the staff of a queue see."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from locker_app.api.answers.base import Answer
from locker_app.domain.queues import TicketStatus
from locker_app.domain.waits import Pace, Wait, estimate
from locker_app.queries.helm import HelmView
from locker_app.queries.queues import LineView
from locker_app.queries.scoped import OwnTicket

ModeWord = Literal["open", "draining", "closed"]


class QueueCardAnswer(Answer):
    """How busy a queue is."""

    id: int
    site_id: int
    code: str = Field(description="Of the short address: `/q/<code>`.", examples=["K7MPQR"])
    name: str = Field(examples=["Physics lab"])
    place: str
    mode: ModeWord
    paused: bool
    shown: int = Field(description="The number that was called last; 0 before the first.")
    waiting: int
    serving: int


class EstimateAnswer(Answer):
    """A promised wait, in seconds: eight of ten are to end between low and high."""

    low: int
    likely: int
    high: int


class PaceAnswer(Answer):
    """What the estimate is learnt from, and how good the last ones have been."""

    seconds_per_ticket: float
    inside: float = Field(description="The share of the last promises that held.")
    typical_error: float = Field(description="Seconds by which half of them were off, or less.")
    of: int = Field(description="How many promises that is about.")


class DeskAnswer(Answer):
    """A number whose turn it is."""

    number: int
    desk: str = Field(description="Where; empty while no desk has it.")


class QueueAnswer(Answer):
    """A queue as everybody may see it: numbers, no groups, no people."""

    id: int
    site_id: int
    code: str
    name: str
    place: str
    time_zone: str
    mode: ModeWord
    paused: bool
    announcement: str
    announced_at: datetime | None
    round: int = Field(description="Rises with each reset; numbers begin at 1 again.")
    given: int = Field(description="The highest number given in this round.")
    shown: int = Field(description="The number that was called last; it stays when nobody is left.")
    serving: list[DeskAnswer]
    line: list[int] = Field(description="The numbers that wait, in the order of being called.")
    done: list[int] = Field(description="The last that were done in this round, newest last.")
    sign_in_needed: bool
    wants_room_pin: bool
    groups: str = Field(description="Which groups may join; empty for all.", examples=["1-40, 51"])
    capacity: int | None
    steps_back: int
    serve_at_once: bool
    wait: EstimateAnswer | None = Field(
        description="Of who joins now; null while nothing is known."
    )
    pace: PaceAnswer | None

    @classmethod
    def of(cls, view: LineView, pace: Pace, now: datetime) -> "QueueAnswer":
        """The line, with what is promised to who joins now."""
        names = cls.model_fields.keys() - {"serving", "wait", "pace"}
        return cls(
            **{name: getattr(view, name) for name in names},
            serving=[DeskAnswer(number=number, desk=desk) for number, desk in view.serving],
            wait=_wait(estimate(pace, len(view.line), now)),
            pace=PaceAnswer.model_validate(pace) if pace.known else None,
        )


class GivenAnswer(Answer):
    """The ticket that was just taken."""

    ticket_id: int
    queue_id: int
    number: int
    serving: bool = Field(description="Whether it is its holder's turn already.")


class NumberAnswer(Answer):
    """The number that it was about."""

    number: int


class ChangedAnswer(Answer):
    """Whether anything is different now."""

    changed: bool


class MyTicketAnswer(Answer):
    """A ticket, for its holder."""

    ticket_id: int
    queue_id: int
    queue_name: str
    code: str
    round: int
    number: int
    group: str
    status: TicketStatus
    question: str
    steps_left: int = Field(description="How often the holder may still let the next one by.")
    desk: str
    joined_at: datetime
    called_at: datetime | None
    ended_at: datetime | None
    ahead: int | None = Field(description="How many are called before it; null when it is over.")
    wait: EstimateAnswer | None

    @classmethod
    def of(cls, own: OwnTicket) -> "MyTicketAnswer":
        """The ticket, with those ahead."""
        names = cls.model_fields.keys() - {"ahead", "wait"}
        return cls(
            **{name: getattr(own.ticket, name) for name in names},
            ahead=own.ahead,
            wait=_wait(own.wait),
        )


class TicketAnswer(Answer):
    """A ticket, for the staff of its queue."""

    ticket_id: int
    number: int
    group: str
    status: TicketStatus
    who: str = Field(description="Name and number; empty for a visitor.")
    question: str
    note: str
    joined_at: datetime
    called_at: datetime | None
    ended_at: datetime | None
    staff_id: int | None
    staff_name: str
    steps: int
    visits: int = Field(description="How often this group was helped here today.")


class StaffDeskAnswer(Answer):
    """A staff member at a queue."""

    staff_id: int
    name: str
    label: str
    number: int = Field(description="Of the ticket that is served there; 0 for none.")


class LineAnswer(Answer):
    """A queue as its staff see it."""

    serving: list[TicketAnswer]
    line: list[TicketAnswer] = Field(description="The waiting, in the order of being called.")
    ended: list[TicketAnswer] = Field(description="The last of this round, newest first.")
    desks: list[StaffDeskAnswer]

    @classmethod
    def of(cls, helm: HelmView) -> "LineAnswer":
        """The whole line."""
        return cls.model_validate(helm)


class PressedAnswer(Answer):
    """What a press did: the number it ended and the number it called; 0 where there was none."""

    ended: int
    called: int


class ResetAnswer(Answer):
    """A new round."""

    cleared: int = Field(description="How many tickets were cleared.")


class CreatedAnswer(Answer):
    """A queue that was just set up."""

    queue_id: int


class RulesAnswer(Answer):
    """The rules of a queue, for those who may change them."""

    name: str
    place: str
    tickets_per_person: int
    tickets_per_group: int
    groups: str
    sign_in_needed: bool
    room_pin: str
    capacity: int | None
    steps_back: int
    serve_at_once: bool
    fresh_groups_first: bool
    hours: list[Any]
    reset_at: str
    version: str = Field(description="Stands for these rules: send it along with changed ones.")


def _wait(wait: Wait | None) -> EstimateAnswer | None:
    return None if wait is None else EstimateAnswer(**wait._asdict())
