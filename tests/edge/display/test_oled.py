"""The real driver of the SSD1331 over simulated wires: the picture arrives, pixel by pixel."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.display.draw import draw
from edge.display.oled import BRIGHT, DIM, RETRY_SECONDS, OledDisplay
from edge.display.screen import Screen
from tests.edge.display.golden import SCREENS
from tests.edge.display.panel import DC, READER_RESET, RESET, Panel, wire

READY, LOCKER, NONE_FREE = SCREENS["ready"], SCREENS["locker"], SCREENS["none-free"]

# luma.oled asks Pillow by a name that the next one will not have.
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata is deprecated")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Panel:
    return wire(monkeypatch)


def shows(panel: Panel, screen: Screen) -> bool:
    return panel.on and panel.image().tobytes() == draw(screen).tobytes()


def test_every_screen_arrives_pixel_by_pixel(panel: Panel) -> None:
    display = OledDisplay()
    for name, screen in SCREENS.items():
        display.show(screen)
        assert shows(panel, screen), name
    assert display.fault == ""


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(list(SCREENS.values())), min_size=2, max_size=6))
def test_after_any_way_there_it_shows_the_last(panel: Panel, way: list[Screen]) -> None:
    display = OledDisplay()
    for screen in way:
        display.show(screen)
    assert shows(panel, way[-1])
    assert panel.contrast == [DIM if way[-1].dim else BRIGHT] * 3


def test_it_uses_its_own_wires_and_leaves_the_readers_alone(panel: Panel) -> None:
    display = OledDisplay()
    display.show(READY)
    display.close()
    assert panel.opened == [(0, 1)]
    assert panel.pins_used == {DC, RESET}
    assert READER_RESET not in panel.pins_used
    assert panel.speed <= 6_600_000


def test_the_same_screen_sends_nothing(panel: Panel) -> None:
    display = OledDisplay()
    display.show(READY)
    sent = panel.transfers
    display.show(READY)
    display.show(Screen(READY.headline, READY.lines, clock=READY.clock))
    assert panel.transfers == sent


def test_only_what_differs_is_sent(panel: Panel) -> None:
    display = OledDisplay()
    display.show(READY)
    before = panel.pixels_written
    later = Screen(READY.headline, READY.lines, clock="14:04")
    display.show(later)
    assert shows(panel, later)
    assert 0 < panel.pixels_written - before < 100  # the last figure of the clock


def test_dimming_lowers_the_contrast_and_comes_back(panel: Panel) -> None:
    display = OledDisplay()
    display.show(READY)
    assert panel.contrast == [BRIGHT] * 3
    display.show(SCREENS["dimmed"])
    assert panel.contrast == [DIM] * 3
    display.show(READY)
    assert panel.contrast == [BRIGHT] * 3


@pytest.mark.parametrize("good", [0, 1, 2])
def test_a_broken_wire_is_told_once_and_tried_again_later(
    panel: Panel, caplog: pytest.LogCaptureFixture, good: int
) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    display = OledDisplay(clock=clock)
    display.show(READY)
    panel.break_after = good
    display.show(NONE_FREE)
    assert "Input/output error" in display.fault

    tried = panel.transfers
    display.show(NONE_FREE)
    assert panel.transfers == tried, "not again at once"
    clock.now += RETRY_SECONDS
    display.show(NONE_FREE)
    assert display.fault != ""

    panel.break_after = None
    clock.now += RETRY_SECONDS
    display.show(NONE_FREE)
    assert shows(panel, NONE_FREE)
    assert display.fault == ""
    told = [record.levelname for record in caplog.records]
    assert told == ["WARNING", "INFO"]


def test_what_was_on_the_way_when_it_broke_is_sent_again_though_it_is_the_same(
    panel: Panel,
) -> None:
    clock = Clock()
    display = OledDisplay(clock=clock)
    display.show(READY)
    panel.break_after = 0
    display.show(LOCKER)
    panel.break_after = None
    clock.now += RETRY_SECONDS
    display.show(READY)  # as before the fault; but who knows what is left of it
    assert shows(panel, READY)


def test_a_dimmed_display_that_broke_comes_back_as_bright_as_it_is_meant(panel: Panel) -> None:
    clock = Clock()
    display = OledDisplay(clock=clock)
    display.show(SCREENS["dimmed"])
    panel.break_after = 0
    display.show(READY)
    panel.break_after = None
    clock.now += RETRY_SECONDS
    display.show(SCREENS["dimmed"])
    assert panel.contrast == [DIM] * 3


def test_pins_that_somebody_else_gave_back_are_taken_again(panel: Panel) -> None:
    clock = Clock()
    display = OledDisplay(clock=clock)
    display.show(READY)
    panel.clean()
    display.show(LOCKER)
    assert "not been set up" in display.fault
    clock.now += RETRY_SECONDS
    display.show(LOCKER)
    assert shows(panel, LOCKER)


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "no such device"), RuntimeError("no access"), ImportError("x")]
)
def test_a_display_that_is_not_there_is_a_fault_and_no_exception(error: Exception) -> None:
    def nothing() -> None:
        raise error

    display = OledDisplay(wires=nothing)
    display.show(READY)
    assert str(error) in display.fault
    display.close()


def test_on_a_machine_without_the_libraries_it_says_so() -> None:
    display = OledDisplay()
    display.show(READY)
    assert "RPi" in display.fault or "spidev" in display.fault


def test_closing_switches_it_off_and_can_be_repeated(panel: Panel) -> None:
    display = OledDisplay()
    display.show(READY)
    display.close()
    display.close()
    assert not panel.on
    assert panel.outputs == set()
    display.show(LOCKER)
    assert not panel.on


def test_closing_a_broken_display_is_no_exception(panel: Panel) -> None:
    display = OledDisplay()
    display.show(READY)
    panel.break_after = 0
    display.close()
