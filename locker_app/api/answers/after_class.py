"""Answers about what became of a queue's tickets, for its staff."""

from datetime import date

from pydantic import Field

from locker_app.api.answers.base import Answer
from locker_app.api.answers.queues import PaceAnswer
from locker_app.queries.after_class import BUCKETS, AfterClass


class TimesAnswer(Answer):
    """How long something took, in seconds; all 0 when `count` is."""

    count: int
    mean: int
    median: int
    p90: int = Field(description="Nine of ten took no longer.")
    longest: int


class BarAnswer(Answer):
    """How many waited for so long."""

    minutes_to: int | None = Field(description="Where the bar ends; null for the last.")
    tickets: int


class PartAnswer(Answer):
    """Those of one hour, day, group or staff member; times are means, in seconds."""

    key: str = Field(examples=["09:00"])
    tickets: int
    done: int
    no_show: int
    mean_wait: int
    mean_service: int


class AfterClassAnswer(Answer):
    """What became of the tickets that ended on some days, by the clocks of the site."""

    queue_id: int
    name: str
    time_zone: str
    first: date
    last: date
    tickets: int
    counts: dict[str, int] = Field(
        description="How many ended in each way.", examples=[{"done": 41, "no_show": 2}]
    )
    waits: TimesAnswer
    services: TimesAnswer
    wait_bars: list[BarAnswer]
    by_hour: list[PartAnswer] = Field(description="By the hour in which they were taken.")
    by_day: list[PartAnswer] = Field(description="By the day on which they ended.")
    by_group: list[PartAnswer] = Field(description="Those that came most often, first.")
    groups: int = Field(description="How many there were; `by_group` may have fewer.")
    by_staff: list[PartAnswer] = Field(
        description="Those whom each helped, and those who did not come to them."
    )
    estimates: PaceAnswer | None = Field(
        description="How good the queue's last estimates were, whatever days are asked for."
    )

    @classmethod
    def of(cls, found: AfterClass) -> "AfterClassAnswer":
        """All figures."""
        names = cls.model_fields.keys() - {"wait_bars", "estimates"}
        ends = (*BUCKETS, None)
        return cls(
            **{name: getattr(found, name) for name in names},
            wait_bars=[
                BarAnswer(minutes_to=end, tickets=count)
                for end, count in zip(ends, found.wait_bars, strict=True)
            ],
            estimates=PaceAnswer.model_validate(found.pace) if found.pace.known else None,
        )
