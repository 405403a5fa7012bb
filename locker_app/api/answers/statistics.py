"""Answers about how a site was used. No names are in them."""

from datetime import date

from pydantic import Field

from locker_app.api.answers.after_class import TimesAnswer
from locker_app.api.answers.base import Answer
from locker_app.queries.charging_use import OVERSTAYS, Charging
from locker_app.queries.charging_use import STAYS as SPOT_STAYS
from locker_app.queries.charging_use import WAITS as SPOT_WAITS
from locker_app.queries.statistics import STAYS, WAITS, Statistics


class HourAnswer(Answer):
    """How many lockers were held in an hour, on average."""

    weekday: int | None = Field(description="From 0, Monday; null for all days together.")
    hour: int
    held: float


class DayAnswer(Answer):
    """What happened on a day."""

    day: date
    assigned: int
    given_back: int
    refused: int


class BankUseAnswer(Answer):
    """How much a bank was used."""

    bank_id: int
    name: str
    doors: int
    archived: bool
    assigned: int
    held: float = Field(description="Of its lockers, on average, day and night.")
    percent: float = Field(description="Of the doors that it had in this time.")


class LineUseAnswer(Answer):
    """How a line for help was used."""

    queue_id: int
    name: str
    joined: int = Field(description="Tickets taken; what follows is of those that ended.")
    done: int
    no_show: int
    left: int
    waits: TimesAnswer
    services: TimesAnswer


class LineDayAnswer(Answer):
    """A day in a line for help."""

    day: date
    queue_id: int
    name: str
    joined: int
    done: int
    no_show: int
    left: int
    mean_wait: int = Field(description="In seconds, of those called that day.")


class SpotDayAnswer(Answer):
    """A day at the charging spots."""

    day: date
    began: int
    ended: int
    overstayed: int = Field(description="Of those that ended.")
    no_shows: int
    refused: int


class SpotUseAnswer(Answer):
    """How much a charging spot was used."""

    charger_id: int
    name: str
    archived: bool
    stays: int = Field(description="That began.")
    percent: float = Field(description="Of the time in which there was this spot, day and night.")


class ForecastWeekAnswer(Answer):
    """How forecasts made as stays began came true, of stays that ended in a week."""

    monday: date
    stays: int
    typical_error: int = Field(description="Half of them were off by less, in seconds.")
    inside: float = Field(description="The share that ended within the range.")


class LengthAnswer(Answer):
    """How many took so long."""

    minutes_to: int | None = Field(description="Where the bar ends; null for the last.")
    count: int


class ChargingUseAnswer(Answer):
    """How the charging spots of a site were used."""

    spots: int
    began: int
    no_shows: int
    by_weekday: list[HourAnswer] = Field(description="`held` is how many spots were used.")
    by_day: list[SpotDayAnswer]
    ends: dict[str, int] = Field(description="Why bookings ended.", examples=[{"stopped": 40}])
    refusals: dict[str, int]
    stays: TimesAnswer = Field(description="Of stays that ended on these days.")
    stay_bars: list[LengthAnswer]
    overstays: TimesAnswer = Field(description="How long after the time said they ended.")
    overstay_bars: list[LengthAnswer]
    waits: TimesAnswer = Field(description="In line, until a spot was taken.")
    wait_bars: list[LengthAnswer]
    wait_outcomes: dict[str, int]
    by_spot: list[SpotUseAnswer]
    forecasts: list[ForecastWeekAnswer]

    @classmethod
    def of(cls, found: Charging) -> "ChargingUseAnswer":
        """All figures."""
        names = cls.model_fields.keys() - {"stay_bars", "overstay_bars", "wait_bars"}
        return cls(
            **{name: getattr(found, name) for name in names},
            stay_bars=_lengths(SPOT_STAYS, found.stay_bars),
            overstay_bars=_lengths(OVERSTAYS, found.overstay_bars),
            wait_bars=_lengths(SPOT_WAITS, found.wait_bars),
        )


class StatisticsAnswer(Answer):
    """How a site was used on some days, by its clocks."""

    site_id: int
    name: str
    time_zone: str
    first: date
    last: date
    assigned: int
    refused: int
    refusals: dict[str, int] = Field(description="By code.", examples=[{"none_free": 12}])
    open: int = Field(description="Held at the end of these days, or now.")
    held: float = Field(description="On average, day and night.")
    by_hour: list[HourAnswer]
    by_weekday: list[HourAnswer]
    by_day: list[DayAnswer]
    stays: TimesAnswer = Field(description="Of claims that ended on these days.")
    stay_bars: list[LengthAnswer]
    banks: list[BankUseAnswer]
    waits: TimesAnswer = Field(description="In waiting lists, until the locker was taken.")
    wait_bars: list[LengthAnswer]
    wait_outcomes: dict[str, int]
    lines: list[LineUseAnswer]
    line_days: list[LineDayAnswer]
    charging: ChargingUseAnswer

    @classmethod
    def of(cls, found: Statistics) -> "StatisticsAnswer":
        """All figures."""
        names = cls.model_fields.keys() - {"stay_bars", "wait_bars", "charging"}
        return cls(
            **{name: getattr(found, name) for name in names},
            stay_bars=_lengths(STAYS, found.stay_bars),
            wait_bars=_lengths(WAITS, found.wait_bars),
            charging=ChargingUseAnswer.of(found.charging),
        )


def _lengths(edges: tuple[int, ...], bars: list[int]) -> list[LengthAnswer]:
    return [
        LengthAnswer(minutes_to=edge, count=count)
        for edge, count in zip((*edges, None), bars, strict=True)
    ]
