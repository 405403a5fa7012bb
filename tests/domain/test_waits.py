"""The estimate of a wait: what it must always be, and how often it comes true."""

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heapify, heapreplace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.waits import (
    ENOUGH_CALLS,
    ENOUGH_PROMISES,
    LOOK_BACK,
    Pace,
    PastCall,
    Wait,
    estimate,
    learn,
)

START = datetime.fromtimestamp(0, UTC)


def at(seconds: float) -> datetime:
    """So long after the start."""
    return START + timedelta(seconds=seconds)


def steady(count: int, every: float = 60.0, waited: float = 300.0) -> list[PastCall]:
    """Calls that come like a clock's ticks, of people who waited this long."""
    return [PastCall(i * every, waited, 4) for i in range(count)]


@st.composite
def histories(draw: st.DrawFn) -> list[PastCall]:
    """Anything that the table of tickets may hold."""
    seconds = st.integers(0, 10**6)
    waits = st.tuples(st.integers(0, 10**5), st.integers(0, 10**5), st.integers(0, 10**5))

    def call(made: tuple[int, int, int, tuple[int, int, int] | None]) -> PastCall:
        called, waited, ahead, promised = made
        wait = None if promised is None else Wait(*sorted(promised))
        return PastCall(called, waited, ahead, wait)

    one = st.tuples(seconds, seconds, st.integers(0, 300), st.none() | waits).map(call)
    return draw(st.lists(one, max_size=150))


@given(histories(), st.integers(0, 500), st.integers(0, 500), st.integers(-100, 10**6))
def test_who_is_further_back_is_promised_no_less(
    calls: list[PastCall], one: int, other: int, now: int
) -> None:
    pace = learn(calls)
    nearer, further = (estimate(pace, ahead, at(now)) for ahead in sorted((one, other)))

    assert (nearer is None) == (further is None) == (not pace.known)
    if nearer is not None and further is not None:
        assert nearer.low <= further.low
        assert nearer.likely <= further.likely
        assert nearer.high <= further.high


@given(histories(), st.integers(0, 500), st.integers(-100, 10**6))
def test_the_range_has_the_likely_in_it(calls: list[PastCall], ahead: int, now: int) -> None:
    pace = learn(calls)
    wait = estimate(pace, ahead, at(now))

    assert 0 <= pace.low_ratio <= 1 <= pace.high_ratio
    assert 0 <= pace.inside <= 1
    assert pace.typical_error >= 0
    if wait is not None:
        assert 0 <= wait.low <= wait.likely <= wait.high
        assert wait.likely >= 5


@given(histories(), st.randoms())
def test_the_order_of_rows_is_all_the_same(calls: list[PastCall], chance: random.Random) -> None:
    once = {call.called: call for call in calls}
    shuffled = list(once.values())
    chance.shuffle(shuffled)

    assert learn(shuffled) == learn(list(once.values()))


@given(histories(), st.integers(0, 50), st.lists(st.integers(0, 10**6), min_size=2, max_size=2))
def test_waiting_longer_never_raises_it(
    calls: list[PastCall], ahead: int, times: list[int]
) -> None:
    pace = learn(calls)
    before, after = (estimate(pace, ahead, at(now)) for now in sorted(times))

    assert before is None or after is None or after.likely <= before.likely


def test_with_little_to_go_by_nothing_is_promised() -> None:
    few, enough = steady(ENOUGH_CALLS), steady(ENOUGH_CALLS + 1)

    assert learn([]) == Pace()
    assert not learn(few).known
    assert estimate(learn(few), 3, at(900)) is None
    assert learn(enough).known


def test_a_steady_line_is_foretold_to_the_second() -> None:
    calls = steady(40)
    pace = learn(calls)

    assert pace.seconds_per_ticket == 60
    wait = estimate(pace, 4, at(calls[-1].called))
    assert wait is not None
    assert wait.likely == 300


def test_what_has_passed_since_the_last_call_is_taken_off_up_to_half() -> None:
    calls = steady(40)
    last = at(calls[-1].called)

    def likely(seconds: float) -> int:
        wait = estimate(learn(calls), 1, last + timedelta(seconds=seconds))
        assert wait is not None
        return wait.likely

    assert [likely(0), likely(20), likely(30), likely(59), likely(10**6)] == [120, 100, 90, 90, 90]


def test_a_break_is_no_pace_and_idle_times_count_not_at_all() -> None:
    morning, lunch, slow = steady(40), 3600.0, 100.0
    broken = [*morning, PastCall(39 * 60 + lunch, lunch, 0)]
    idle = [*morning, PastCall(39 * 60 + lunch + slow, slow, 0)]

    assert learn(broken).seconds_per_ticket < 80
    assert 60 < learn(idle).seconds_per_ticket < 63


def test_who_was_served_at_once_did_not_wait() -> None:
    at_once = [PastCall(i * 60, 0, 0) for i in range(50)]

    assert not learn(at_once).known


def test_the_newest_calls_weigh_most() -> None:
    calls = [*steady(40), *(PastCall(2340 + i * 180, 2340 + i * 180, 4) for i in range(1, 41))]

    assert 140 < learn(calls).seconds_per_ticket < 180


def test_only_so_many_calls_are_looked_at() -> None:
    new = [PastCall(10**6 + i * 60, 1000, 3) for i in range(LOOK_BACK + 1)]

    assert learn([*steady(50, every=500), *new]) == learn(new)


def promised(count: int, waited: float, wait: Wait) -> list[PastCall]:
    """Calls of people who were all promised the same, and all waited as long."""
    return [PastCall(i * 60, waited, 4, wait) for i in range(count)]


def test_it_says_how_good_it_has_been() -> None:
    held, failed = Wait(200, 290, 400), Wait(310, 390, 600)
    pace = learn([*promised(30, 300, failed), *steady(3)][:30] + promised(60, 300, held)[30:])

    assert pace.of == 50
    assert (pace.inside, pace.typical_error) == (0.6, 10)


def test_the_range_is_a_wide_guess_until_promises_are_known() -> None:
    exact = Wait(300, 300, 300)
    few, enough = (learn(promised(n, 300, exact)) for n in (ENOUGH_PROMISES - 1, ENOUGH_PROMISES))

    assert (few.low_ratio, few.high_ratio) == (0.4, 2.2)
    assert (enough.low_ratio, enough.high_ratio) == (1.0, 1.0)


def test_promises_that_failed_widen_the_range() -> None:
    chance = random.Random(6)
    waits = [chance.uniform(200, 400) for _ in range(90)]

    def width(wait: Wait) -> float:
        pace = learn([PastCall(i * 60, w, 4, wait) for i, w in enumerate(waits)])
        return pace.high_ratio - pace.low_ratio

    assert width(Wait(299, 300, 301)) > 1.15 * width(Wait(100, 300, 500))


Service = Callable[[random.Random, float], float]


def constant(_chance: random.Random, _now: float) -> float:
    """Help takes as long for everybody."""
    return 300.0


def exponential(chance: random.Random, _now: float) -> float:
    """Help takes any time."""
    return chance.expovariate(1 / 300)


def usual(chance: random.Random, _now: float) -> float:
    """Mostly short, sometimes long: as measured at help desks."""
    return chance.lognormvariate(math.log(250), 0.7)


def changing(chance: random.Random, now: float) -> float:
    """Two hours of quick questions, two of slow ones."""
    return chance.lognormvariate(math.log(180 if (now // 7200) % 2 else 350), 0.5)


def outcomes(service: Service, desks: int, seed: int, tickets: int = 400) -> list[PastCall]:
    """A line from its first day: everybody is promised what was known when they came."""
    chance, now = random.Random(seed), 0.0
    free_at = [0.0] * desks
    heapify(free_at)
    called: list[PastCall] = []
    for _ in range(tickets):
        busy = 1.25 if (now // 3600) % 2 else 0.75
        now += chance.expovariate(desks / 300 * busy)
        call_at = max(now, free_at[0])
        heapreplace(free_at, call_at + service(chance, call_at))
        past = [call for call in called if call.called <= now]
        ahead = len(called) - len(past)
        wait = None if call_at == now else estimate(learn(past), ahead, at(now))
        called.append(PastCall(call_at, call_at - now, ahead, wait))
    return [call for call in called[60:] if call.promised and call.waited > 0]


@pytest.mark.parametrize("desks", [1, 3])
@pytest.mark.parametrize(
    ("service", "least"), [(constant, 0.78), (exponential, 0.77), (usual, 0.76), (changing, 0.68)]
)
def test_eight_of_ten_promises_hold(service: Service, least: float, desks: int) -> None:
    """Where the pace jumps without warning no past can tell, and it is some fewer."""
    calls = [call for seed in range(3) for call in outcomes(service, desks, seed)]
    held = [
        call.promised.low <= call.waited <= call.promised.high for call in calls if call.promised
    ]
    errors = [abs(call.promised.likely / call.waited - 1) for call in calls if call.promised]

    assert len(held) > 300
    assert least <= sum(held) / len(held) <= 0.95
    assert median(errors) < 0.5
