"""When a reader is dead, how long it is left alone, and when it is well again."""

from hypothesis import given
from hypothesis import strategies as st

from edge.reader.sightings import Card
from edge.reader.simulated import SimulatedReader
from edge.reader.watchdog import FIRST_PAUSE_S, LONGEST_PAUSE_S, WELL_AFTER, Watchdog
from edge.reader.watching import Back, Dead, Event, Watch

UID = bytes.fromhex("04A22B1C3D4E80")


def test_one_failure_is_a_glitch_that_nobody_hears_of() -> None:
    watchdog = Watchdog()
    assert not watchdog.failed(10.0)
    assert watchdog.reset_due(10.0) and not watchdog.resting(10.0)
    watchdog.was_reset()
    assert not any(watchdog.worked() for _ in range(20))
    assert not watchdog.dead


def test_it_is_told_dead_once_and_back_once() -> None:
    watchdog = Watchdog()
    assert [watchdog.failed(float(now)) for now in range(5)] == [False, True, False, False, False]
    assert watchdog.dead
    assert [watchdog.worked() for _ in range(9)] == [
        *[False] * (WELL_AFTER - 1),
        True,
        *[False] * 4,
    ]
    assert not watchdog.dead


def test_the_pauses_grow_up_to_half_a_minute_and_begin_small_after_it_was_well() -> None:
    watchdog, now, pauses = Watchdog(), 100.0, []
    for _ in range(3000):  # a day of it: no number grows too large
        watchdog.failed(now)
        after = now
        while watchdog.resting(after):
            after += 0.5
        pauses.append(after - now)
        now = after
    assert pauses[:9] == [0, FIRST_PAUSE_S, 1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert max(pauses) == LONGEST_PAUSE_S
    for _ in range(WELL_AFTER):
        watchdog.worked()
    watchdog.failed(now)
    assert watchdog.reset_due(now)


def test_one_that_works_for_an_instant_only_is_left_alone_for_longer_and_longer() -> None:
    watchdog, now = Watchdog(), 0.0
    for failures in range(8):
        watchdog.failed(now)
        assert not watchdog.worked()
        now += 1000
        assert watchdog.dead == (failures > 0)
    watchdog.failed(now)
    assert watchdog.resting(now + LONGEST_PAUSE_S - 1)


@given(st.lists(st.booleans(), max_size=200))
def test_dead_and_back_are_told_in_turn(polls: list[bool]) -> None:
    watchdog, told = Watchdog(), []
    for now, works in enumerate(polls):
        if works and watchdog.worked():
            told.append("back")
        elif not works and watchdog.failed(float(now)):
            told.append("dead")
    assert told == (["dead", "back"] * 100)[: len(told)]
    assert watchdog.dead == (len(told) % 2 == 1)


class _Counting(SimulatedReader):
    """Counts how often it is begun anew."""

    resets = 0

    def reset(self) -> None:
        self.resets += 1
        super().reset()


def _events(watch: Watch, start: float, polls: int) -> list[Event]:
    return [event for tenth in range(polls) for event in watch.step(start + tenth / 10)]


def test_a_watch_tells_dead_and_back_and_the_tap_that_was_made_meanwhile() -> None:
    reader = _Counting(clock=lambda: 0.0)
    watch = Watch(reader)
    reader.fail("no bus")
    assert _events(watch, 0.0, 50) == [Dead("no bus")]
    assert reader.resets <= 5, "a dead reader is left alone for most of the time"
    reader.put(UID)
    reader.mend()
    assert _events(watch, 5.0, 100) == [Card(UID), Back()]


def test_a_card_that_lies_there_is_no_new_tap_when_the_reader_is_back() -> None:
    reader = _Counting(clock=lambda: 0.0)
    watch = Watch(reader)
    reader.put(UID)
    assert _events(watch, 0.0, 3) == [Card(UID)]
    reader.fail()
    assert [type(event) for event in _events(watch, 1.0, 20)] == [Dead]
    reader.mend()
    assert _events(watch, 3.0, 100) == [Back()]
