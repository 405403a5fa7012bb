"""What a replay of past sessions comes to: errors beside those of simpler ways, and ranges.

All are judged by the same sessions: those of the later half of which something was known at
arrival. Where a simpler way has nothing to go by (nothing stated, a holder who is new), the median
of all stays stands in for it. How it did only where it had something is told apart, beside the
forecast on just these sessions.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from bench.replay import Baselines, Replayed
from locker_app.domain.forecast import Forecast

ENOUGH = 20
"""Sessions to judge by, below which nothing is said."""
REACH_BETTER, REACH_INSIDE = 0.10, (0.75, 0.85)


class TooFew(Exception):
    """Not enough sessions to say anything; the message says how many there are."""


@dataclass(frozen=True)
class Way:
    """How far off a simpler way was, on average, and the forecast on the same sessions."""

    name: str
    sessions: int
    """Of so many it could say something."""
    error_minutes: float
    forecast_error_minutes: float
    better: float
    """By which share of the former the latter is less."""


@dataclass(frozen=True)
class Range:
    """How the ranges did that were given when a stay had lasted so many hours."""

    after_hours: int
    sessions: int
    """Still going on then."""
    inside: float
    """The share of stays that ended within the range."""
    mean_width_minutes: float
    error_minutes: float
    """Of the likely end, on average."""


@dataclass(frozen=True)
class Verdict:
    """All of it."""

    sessions: int
    judged: int
    error_minutes: float
    ways: list[Way]
    ranges: list[Range]
    """At arrival first."""

    @property
    def best(self) -> Way:
        """The simpler way that was off least, of those that say something of every session."""
        every = [way for way in self.ways if way.sessions == self.judged]
        return min(every, key=lambda way: way.error_minutes)

    @property
    def reached(self) -> bool:
        """Whether it is as good as it is meant to be."""
        low, high = REACH_INSIDE
        return self.best.better >= REACH_BETTER and low <= self.ranges[0].inside <= high

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            **asdict(self),
            "best_baseline": self.best.name,
            "better_than_best_by": self.best.better,
            "inside_at_arrival": self.ranges[0].inside,
            "reached": self.reached,
        }


def judge(replayed: Sequence[Replayed]) -> Verdict:
    """The later half of a replay.

    Raises:
        TooFew: there is not enough to judge by.
    """
    later = replayed[len(replayed) // 2 :]
    judged = [one for one in later if _known(one)]
    if len(judged) < ENOUGH:
        raise TooFew(
            f"Too few sessions: {len(replayed)} in all, and {len(judged)} in the later half with "
            f"anything before them; at least {ENOUGH} of these are needed."
        )
    error = _mean([_off(one, said.likely) for one, said in _said(judged)])
    return Verdict(len(replayed), len(judged), error, _ways(judged), _ranges(judged))


def _known(one: Replayed) -> bool:
    said = one.said
    return said is not None and said.low is not None and one.baselines.overall is not None


def _ways(judged: Sequence[Replayed]) -> list[Way]:
    found = [
        _way("stated time, else overall median", judged, lambda base: base.stated or base.overall),
        _way("overall median", judged, lambda base: base.overall),
        _way("holder's median, else overall", judged, lambda base: base.holder or base.overall),
        _way("stated time, where stated", judged, lambda base: base.stated),
        _way("holder's median, where known", judged, lambda base: base.holder),
    ]
    return [way for way in found if way is not None]


def _way(
    name: str, judged: Sequence[Replayed], guess: Callable[[Baselines], datetime | None]
) -> Way | None:
    """None where it never had anything to go by."""
    said = [(one, likely) for one in judged if (likely := guess(one.baselines)) is not None]
    if not said:
        return None
    error = _mean([_off(one, likely) for one, likely in said])
    ours = _mean([_off(one, its.likely) for one, its in _said([one for one, _ in said])])
    return Way(name, len(said), error, ours, 1 - ours / error if error else 0.0)


def _ranges(judged: Sequence[Replayed]) -> list[Range]:
    hours = max(len(one.later) for one in judged)
    at_arrival = _range(0, _said(judged))
    return [
        at_arrival,
        *(
            _range(hour + 1, [(one, one.later[hour]) for one in judged if len(one.later) > hour])
            for hour in range(hours)
        ),
    ]


def _range(after_hours: int, said: Sequence[tuple[Replayed, Forecast]]) -> Range:
    widths = [(s.high - s.low).total_seconds() / 60 for _, s in said if s.high and s.low]
    held = [bool(s.low and s.high and s.low <= one.session.departure <= s.high) for one, s in said]
    errors = [_off(one, s.likely) for one, s in said]
    return Range(after_hours, len(said), _mean(held), _mean(widths), _mean(errors))


def _said(judged: Sequence[Replayed]) -> list[tuple[Replayed, Forecast]]:
    return [(one, one.said) for one in judged if one.said is not None]


def _off(one: Replayed, likely: datetime) -> float:
    """In minutes."""
    return abs((likely - one.session.departure).total_seconds()) / 60


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
