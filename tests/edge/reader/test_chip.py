"""The real driver over a simulated chip: whole numbers, and nothing else."""

import logging
from collections.abc import Callable

import pytest

from edge.reader.chip import GAINS_DB, RESET_PIN, ChipReader, with_crc
from edge.reader.presence import Presence
from edge.reader.sightings import Card, ReaderDead, Trouble
from edge.reader.watching import Back, Dead, Watch
from tests.edge.chip import RF_CFG, SimulatedChip
from tests.edge.iso14443 import SimulatedCard, State, crc_a
from tests.edge.reader.conftest import Bench

FOUR = bytes.fromhex("A1B2C3D4")
SEVEN = bytes.fromhex("04A22B1C3D4E80")
SEVEN_LIKE_IT = bytes.fromhex("04A22B99887766")
TEN = bytes.fromhex("04112233445566778899")
EACH_LENGTH = pytest.mark.parametrize("uid", [FOUR, SEVEN, TEN], ids=["4", "7", "10"])


@EACH_LENGTH
def test_the_whole_number_is_read(bench: Bench, uid: bytes) -> None:
    bench.chip.cards = [SimulatedCard(uid)]
    assert bench.reader().poll() == Card(uid)


@EACH_LENGTH
def test_a_card_that_stays_is_seen_in_every_poll_and_sleeps_between(
    bench: Bench, uid: bytes
) -> None:
    card = SimulatedCard(uid)
    bench.chip.cards = [card]
    reader = bench.reader()
    for _ in range(20):
        assert reader.poll() == Card(uid)
        assert card.state is State.HALT


def test_numbers_with_the_same_first_part_are_told_apart(bench: Bench) -> None:
    """The driver's own way gives one number for both."""
    simple = bench.driver.SimpleMFRC522()
    reader, theirs, ours = bench.reader(), [], []
    for uid in (SEVEN, SEVEN_LIKE_IT):
        bench.chip.cards = [SimulatedCard(uid)]
        theirs.append(simple.read_id_no_block())
        bench.chip.cards = [SimulatedCard(uid)]
        ours.append(reader.poll())
    assert theirs[0] == theirs[1] is not None
    assert ours == [Card(SEVEN), Card(SEVEN_LIKE_IT)]


def test_the_drivers_own_way_is_as_bad_as_the_guide_says(bench: Bench) -> None:
    """Or the guide would give reasons that are none, and the chip here would be another one."""
    simple = bench.driver.SimpleMFRC522()

    def reads(*cards: SimulatedCard) -> list[bool]:
        bench.chip.cards = list(cards)
        return [simple.read_id_no_block() is not None for _ in range(4)]

    assert reads(SimulatedCard(FOUR)) == [True, False, True, False]
    assert any(reads(SimulatedCard(bytes.fromhex("08123456"))))
    assert not any(reads(SimulatedCard(FOUR), SimulatedCard(bytes.fromhex("A1B2C3D5"))))
    bench.chip.power_up()
    assert not any(reads(SimulatedCard(FOUR)))


def test_an_empty_poll_makes_few_transfers(bench: Bench) -> None:
    """The driver's own way makes 2,013 for one try; this is three tries and a check of the chip."""
    reader = bench.reader()
    before, began = bench.chip.transfers, bench.chip.now
    assert reader.poll() is None
    assert bench.chip.transfers - before == 38
    assert bench.chip.now - began < 0.006
    simple = bench.driver.SimpleMFRC522()
    before = bench.chip.transfers
    assert simple.read_id_no_block() is None
    assert bench.chip.transfers - before == 2013


@EACH_LENGTH
def test_reading_a_card_takes_less_than_a_tenth_of_the_time_between_polls(
    bench: Bench, uid: bytes
) -> None:
    bench.chip.cards = [SimulatedCard(uid)]
    reader = bench.reader()
    before, began = bench.chip.transfers, bench.chip.now
    reader.poll()
    assert bench.chip.transfers - before <= 125
    assert bench.chip.now - began < 0.015


@pytest.mark.parametrize(
    "uids",
    [(FOUR, bytes.fromhex("A1B2C3D5")), (SEVEN, SEVEN_LIKE_IT), (FOUR, SEVEN), (SEVEN, TEN)],
    ids=["4 and 4", "7 and 7 that begin alike", "4 and 7", "7 and 10"],
)
def test_two_cards_at_once_are_a_collision_and_each_alone_is_read(
    bench: Bench, uids: tuple[bytes, bytes]
) -> None:
    first, second = SimulatedCard(uids[0]), SimulatedCard(uids[1])
    bench.chip.cards = [first, second]
    reader = bench.reader()
    assert [reader.poll() for _ in range(5)] == [Trouble.COLLISION] * 5
    bench.chip.cards = [first]
    assert reader.poll() == Card(uids[0])
    bench.chip.cards = [second]
    assert reader.poll() == Card(uids[1])


def test_a_number_that_is_made_up_each_time_is_no_card(bench: Bench) -> None:
    bench.chip.cards = [SimulatedCard(bytes.fromhex("08123456"))]
    assert bench.reader().poll() is Trouble.RANDOM_ID


def test_a_longer_number_may_begin_with_08(bench: Bench) -> None:
    uid = bytes.fromhex("08A22B1C3D4E80")
    bench.chip.cards = [SimulatedCard(uid)]
    assert bench.reader().poll() == Card(uid)


class _FallsSilent(SimulatedCard):
    """Its number can be asked for, but it is gone too soon to be chosen."""

    def receive(self, frame: list[int]) -> list[int] | None:
        return None if len(frame) > 16 else super().receive(frame)


class _NeverEnds(SimulatedCard):
    """Claims that its number goes on after every part."""

    @property
    def parts(self) -> list[bytes]:
        return [bytes.fromhex("88010203") + bytes([0x88 ^ 1 ^ 2 ^ 3])] * 4


@pytest.mark.parametrize("card", [_FallsSilent(SEVEN), _NeverEnds(TEN)], ids=["silent", "endless"])
def test_what_can_not_be_read_to_the_end_is_unreadable(bench: Bench, card: SimulatedCard) -> None:
    bench.chip.cards = [card]
    assert bench.reader().poll() is Trouble.UNREADABLE


@pytest.mark.parametrize(("uid", "polls"), [(FOUR, 500), (SEVEN, 1500), (TEN, 500)])
def test_noise_neither_removes_a_card_nor_makes_another(
    wire: Callable[[SimulatedChip], Bench], uid: bytes, polls: int
) -> None:
    chip = SimulatedChip(seed=len(uid), loss=0.15)
    chip.cards = [SimulatedCard(uid)]
    reader, presence, events, seen = wire(chip).reader(), Presence(), [], set()
    for _ in range(polls):
        sighting = reader.poll()
        seen.add(sighting)
        event = presence.saw(sighting)
        assert not presence.empty or not events, "a card that was never taken away"
        events += [event] if event else []
    assert events == [Card(uid)]
    assert seen <= {Card(uid), Trouble.UNREADABLE, None}
    assert len(seen) > 1, "the noise did nothing"


def test_two_cards_in_noise_are_two_taps_at_most(wire: Callable[[SimulatedChip], Bench]) -> None:
    """Now and then one of them is missed and the other is read alone."""
    chip = SimulatedChip(seed=3, loss=0.15)
    chip.cards = [SimulatedCard(SEVEN), SimulatedCard(SEVEN_LIKE_IT)]
    reader, presence, sightings, events = wire(chip).reader(), Presence(), [], []
    for _ in range(300):
        sightings.append(reader.poll())
        events.append(presence.saw(sightings[-1]))
    assert {Card(SEVEN), Card(SEVEN_LIKE_IT), Trouble.COLLISION} <= set(sightings)
    for what in (Card(SEVEN), Card(SEVEN_LIKE_IT), Trouble.COLLISION):
        assert events.count(what) <= 1


def test_a_card_taken_away_and_put_back_is_two_taps(bench: Bench) -> None:
    reader, presence = bench.reader(), Presence()

    def polls(count: int) -> list[object]:
        return [event for _ in range(count) if (event := presence.saw(reader.poll()))]

    bench.chip.cards = [SimulatedCard(SEVEN)]
    assert polls(10) == [Card(SEVEN)]
    bench.chip.cards = []
    assert polls(5) == []
    bench.chip.cards = [SimulatedCard(SEVEN)]
    assert polls(10) == [Card(SEVEN)]


@pytest.mark.parametrize("flaky", [0.01, 0.1, 0.5])
def test_a_loose_wire_makes_no_other_card(
    wire: Callable[[SimulatedChip], Bench], flaky: float
) -> None:
    chip = SimulatedChip(seed=5)
    chip.cards = [SimulatedCard(SEVEN)]
    reader = wire(chip).reader()
    chip.flaky = flaky
    seen: set[object] = set()
    for _ in range(150):
        try:
            seen.add(reader.poll())
        except ReaderDead:
            seen.add(ReaderDead)
    assert seen <= {Card(SEVEN), *Trouble, None, ReaderDead}
    assert len(seen) > 1


FAULTS = pytest.mark.parametrize(
    "fault", ["zeros", "ones", "stuck", OSError(5, "Input/output error")], ids=str
)


@FAULTS
def test_a_dead_reader_is_told_and_comes_back_by_itself(bench: Bench, fault: str | OSError) -> None:
    reader = bench.reader()
    watch = Watch(reader)
    bench.chip.cards = [SimulatedCard(SEVEN)]
    assert watch.step(0.0) == (Card(SEVEN),)
    bench.chip.fault = fault
    events = [event for tenth in range(1, 100) for event in watch.step(tenth / 10)]
    if fault == "stuck":  # its reset pin helps, so nobody has to know
        assert events == []
    else:
        (dead,) = events
        assert isinstance(dead, Dead) and dead.reason
        assert watch.dead
    bench.chip.fault = ""
    events = [event for tenth in range(100, 250) for event in watch.step(tenth / 10)]
    assert events == ([] if fault == "stuck" else [Back()])
    assert not watch.dead
    assert reader.poll() == Card(SEVEN)


def test_a_dip_in_its_power_is_noticed_and_mended_within_one_poll(bench: Bench) -> None:
    """It answers as before, but its field is off and no card would ever be seen again."""
    watch = Watch(bench.reader())
    bench.chip.cards = [SimulatedCard(SEVEN)]
    bench.chip.power_up()
    assert watch.step(0.0) == ()
    assert watch.step(0.1) == (Card(SEVEN),)


def test_a_timer_that_never_ends_is_a_dead_reader(bench: Bench) -> None:
    reader = bench.reader()
    bench.chip._timer_s = lambda: 3600.0  # type: ignore[method-assign]
    with pytest.raises(ReaderDead, match="timer"):
        reader.poll()


@FAULTS
def test_one_that_is_dead_from_the_start_opens_all_the_same(
    wire: Callable[[SimulatedChip], Bench], fault: str | OSError
) -> None:
    chip = SimulatedChip()
    chip.fault = fault
    reader = wire(chip).reader()
    if fault != "stuck":
        with pytest.raises(ReaderDead):
            reader.poll()
    chip.fault = ""
    reader.reset()
    assert reader.poll() is None


def test_a_library_that_fails_in_its_own_way_is_a_dead_reader(bench: Bench) -> None:
    class Busy(Exception):
        """As `lgpio.error`, which is nothing but an Exception."""

    def make() -> None:
        raise Busy("GPIO busy")

    with pytest.raises(ReaderDead, match="GPIO busy"):
        bench.reader(make_driver=make).poll()


def test_it_takes_its_own_bus_and_pin_and_leaves_the_other_pins(bench: Bench) -> None:
    reader = bench.reader()
    reader.reset()
    reader.close()  # the stand-in's `cleanup` would raise
    reader.close()
    assert set(bench.spidev.opened) == {(0, 0)}
    assert {pin for _, pin, _ in bench.gpio.log} == {RESET_PIN}
    assert not bench.chip.registers[0x14] & 0x03, "the field is off"
    with pytest.raises(ReaderDead, match="closed"):
        reader.poll()


def test_resets_leave_no_handlers_behind(bench: Bench) -> None:
    """The driver adds one each time, and its own messages would be written that often."""
    reader = bench.reader()
    for _ in range(3):
        reader.reset()
    assert logging.getLogger("mfrc522Logger").handlers == []


@pytest.mark.parametrize("gain", GAINS_DB)
def test_the_gain_is_set(bench: Bench, gain: int) -> None:
    bench.reader(gain_db=gain)
    assert bench.chip.registers[RF_CFG] == GAINS_DB[gain]


def test_a_gain_that_the_chip_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="dB"):
        ChipReader(lambda: None, gain_db=40)


def test_our_crc_is_the_chips_and_the_standards(bench: Bench) -> None:
    driver = bench.driver.MFRC522(0, 0, pin_mode=bench.gpio.BCM, pin_rst=RESET_PIN)
    for frame in (b"\x50\x00", b"\x93\x70" + FOUR + b"\x04", bytes(range(16)), b"\x00"):
        assert with_crc(frame)[-2:] == bytes(driver.CalulateCRC(list(frame))) == crc_a(frame)
    assert with_crc(b"\x50\x00") == bytes.fromhex("500057CD")  # as in the standard's example


def test_polls_go_on_when_the_bus_fails_only_once(bench: Bench) -> None:
    watch = Watch(bench.reader())
    bench.chip.cards = [SimulatedCard(FOUR)]
    bench.chip.fault = OSError(5, "Input/output error")
    assert watch.step(0.0) == ()
    bench.chip.fault = ""
    assert watch.step(0.1) == (Card(FOUR),)
