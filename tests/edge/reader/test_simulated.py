"""Cards put on a reader that isn't there, also by other threads."""

import threading

import pytest

from edge.reader.presence import Presence
from edge.reader.sightings import Card, ReaderDead, Trouble
from edge.reader.simulated import SimulatedReader

A, B = bytes.fromhex("A1B2C3D4"), bytes.fromhex("04A22B1C3D4E80")


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def reader(clock: _Clock) -> SimulatedReader:
    return SimulatedReader(clock)


def taps(reader: SimulatedReader, clock: _Clock, polls: int, every: float = 0.1) -> list[object]:
    """What a terminal makes of so many polls."""
    presence, told = Presence(), []
    for _ in range(polls):
        if event := presence.saw(reader.poll()):
            told.append(event)
        clock.now += every
    return told


def test_a_card_lies_there_for_so_long(reader: SimulatedReader, clock: _Clock) -> None:
    reader.put(A, seconds=0.25)
    seen = []
    for _ in range(5):
        seen.append(reader.poll())
        clock.now += 0.1
    assert seen == [Card(A)] * 3 + [None] * 2


def test_a_card_is_seen_however_seldom_it_is_looked(reader: SimulatedReader, clock: _Clock) -> None:
    reader.put(A, seconds=0.01)
    reader.put(B, seconds=0.01)
    assert taps(reader, clock, 5, every=60.0) == [Card(A), Card(B)]


def test_each_put_is_one_tap_also_of_the_same_card(reader: SimulatedReader, clock: _Clock) -> None:
    for uid in (A, A, B, A, A, B):
        reader.put(uid)
    assert taps(reader, clock, 100) == [Card(uid) for uid in (A, A, B, A, A, B)]


def test_a_card_that_was_taken_away_is_gone_at_once(reader: SimulatedReader, clock: _Clock) -> None:
    reader.put(A, seconds=3600)
    reader.put(B)
    assert reader.poll() == Card(A)
    reader.take_away()
    assert reader.poll() is None
    reader.put(A)
    assert taps(reader, clock, 10) == [Card(A)]


@pytest.mark.parametrize("trouble", Trouble)
def test_troubles_can_be_shown_and_are_told(
    reader: SimulatedReader, clock: _Clock, trouble: Trouble
) -> None:
    reader.put(trouble)
    assert taps(reader, clock, 40) == [trouble]


def test_a_phones_number_is_judged_as_by_the_chip(reader: SimulatedReader) -> None:
    reader.put(bytes.fromhex("08123456"))
    assert reader.poll() is Trouble.RANDOM_ID


def test_a_number_that_no_card_has_is_refused_where_it_is_put(reader: SimulatedReader) -> None:
    with pytest.raises(ValueError, match="4, 7 or 10"):
        reader.put(b"12345")
    assert reader.poll() is None


def test_it_fails_when_it_is_told_to(reader: SimulatedReader) -> None:
    reader.fail("no bus")
    with pytest.raises(ReaderDead, match="no bus"):
        reader.poll()
    with pytest.raises(ReaderDead, match="no bus"):
        reader.reset()
    reader.mend()
    reader.reset()
    assert reader.poll() is None


def test_other_threads_may_put_cards_there_while_it_is_polled(
    reader: SimulatedReader, clock: _Clock
) -> None:
    uids = [bytes([thread, number, 1, 1]) for thread in range(16, 20) for number in range(25)]

    def put(some: list[bytes]) -> None:
        for uid in some:
            reader.put(uid, seconds=0.05)

    threads = [threading.Thread(target=put, args=(uids[part::4],)) for part in range(4)]
    for thread in threads:
        thread.start()
    seen: set[object] = set()
    while any(thread.is_alive() for thread in threads):
        seen.add(reader.poll())
    seen.update(taps(reader, clock, 150))
    assert seen - {None} == {Card(uid) for uid in uids}
