"""The forecast on made-up sessions, and how long it takes with a long past."""

import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from bench.check import Broken
from bench.figures import median, ms
from bench.habits import Population, sessions
from bench.replay import going, replay, stay
from bench.report import Row
from bench.verdict import Verdict, judge
from locker_app.domain.forecast import Model, Stay

SPOTS = 50
_SEED = 1
_LIMIT = 0.050
"""In seconds: forecasts for all spots are to take less."""
_BUSY = Population(
    by_clock=40, by_length=25, part_timers=15, overnight=10, visitors=40, spots=SPOTS
)


def replay_made_up(days: int) -> Verdict:
    """How good it is on sessions of so many days."""
    who = Population(days=days)
    made = sessions(who, _SEED)
    return judge(replay(made, ZoneInfo(who.zone), judged_from=len(made) // 2))


def measure_forecasts(stays: int, times: int) -> Row:
    """Learn so many past stays, then forecast for 50 spots that often; a row.

    Raises:
        Broken: a spot has no forecast.
    """
    zone = ZoneInfo(_BUSY.zone)
    made = sessions(_BUSY, _SEED)
    shift = made[-1].arrival - made[0].arrival + timedelta(days=7)
    weeks = timedelta(days=shift.days // 7 * 7)
    past = [
        stay(one, later=weeks * round_) for round_ in range(stays // len(made) + 1) for one in made
    ][-stays:]
    model = Model(zone)
    began = time.perf_counter()
    model.load(past)
    loaded = time.perf_counter() - began
    there = [going(one, later=weeks * (stays // len(made) + 1)) for one in made[:SPOTS]]
    took: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        said = [model.forecast(one, one.began_at + timedelta(hours=1)) for one in there]
        took.append(time.perf_counter() - began)
        if None in said:
            raise Broken("a spot has no forecast")
    return {
        "past stays": len(past),
        "to load all, s": round(loaded, 1),
        "one more, µs": round(_one_more(model, past[-1000:]) * 1e6),
        "forecasts": SPOTS,
        "median, ms": ms(median(took)),
        "longest, ms": ms(max(took)),
        "under 50 ms": "yes" if median(took) < _LIMIT else "no",
    }


def _one_more(model: Model, past: list[Stay]) -> float:
    began = time.perf_counter()
    for one in past:
        model.learn(one)
    return (time.perf_counter() - began) / len(past)
