"""The colour display on the wall: an SSD1331 of 96 by 64 pixels, by the real driver of luma.oled.

The wires (numbers of the Broadcom chip, not of the pin header): SPI port 0 with chip enable 1, DC
on 24, reset on 27. The card reader has chip enable 0 and its reset on 25, which stays untouched.

A display can't answer, and a terminal without one still lends lockers: what fails here is told
once in the log and in `fault`, and tried again later. Nothing is raised.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from edge.display.draw import draw
from edge.display.screen import Screen

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
BRIGHT, DIM = 0xFF, 0x30
_WIRING: dict[str, Any] = {
    "port": 0,
    "device": 1,
    "gpio_DC": 24,
    "gpio_RST": 27,
    # The controller takes a bit in no less than 150 ns; of the driver's speeds, this one.
    "bus_speed_hz": 4_000_000,
    "reset_hold_time": 0.01,
    "reset_release_time": 0.01,
}
_NOTHING = 0xE3
# What Linux, the two GPIO libraries, the driver and a missing library answer.
_FAULTS = (OSError, RuntimeError, ValueError, ImportError)


def connect(spi: Any = None, gpio: Any = None) -> Any:
    """The driver's wires, by `spidev` and `RPi.GPIO` if not given; resets the display.

    Raises what these do: OSError, RuntimeError, ValueError, ImportError.
    """
    from luma.core.error import Error
    from luma.core.interface import serial

    try:
        wires = serial.spi(spi=spi, gpio=gpio, **_WIRING)
    except Error as error:
        raise OSError(str(error)) from error
    # Fails here if it fails at all: a driver's object would stay in memory until the program ends.
    wires.command(_NOTHING)
    return wires


class OledDisplay:
    """Shows screens on the SSD1331. Call `show` again, also with the same screen, once a second."""

    name = "ssd1331"

    def __init__(
        self, wires: Callable[[], Any] = connect, clock: Callable[[], float] = monotonic
    ) -> None:
        self.fault = ""
        """Why nothing is shown at the moment, or empty."""
        self._wires = wires
        self._clock = clock
        self._device: Any = None
        self._shown: Screen | None = None
        self._light = BRIGHT
        self._retry_at: float | None = None
        self._closed = False

    def show(self, screen: Screen) -> None:
        """Sends what differs from what is shown; after a fault all of it, at most every 5 s."""
        if self._closed or (self._device is not None and screen == self._shown):
            return
        if self._retry_at is not None and self._clock() < self._retry_at:
            return
        try:
            self._send(screen)
        except _FAULTS as error:
            self._lost(error)
        else:
            self._shown = screen
            if self._retry_at is not None:
                log.info("The display works again")
            self._retry_at, self.fault = None, ""

    def _send(self, screen: Screen) -> None:
        if self._device is None:
            from luma.oled.device import ssd1331

            self._device = ssd1331(self._wires())
            self._light = BRIGHT
        light = DIM if screen.dim else BRIGHT
        if light != self._light:
            self._device.contrast(light)
            self._light = light
        self._device.display(draw(screen))

    def _lost(self, error: Exception) -> None:
        self.fault = f"{type(error).__name__}: {error}"
        if self._retry_at is None:
            log.warning("The display doesn't work, and is tried again: %s", self.fault)
        self._retry_at = self._clock() + RETRY_SECONDS
        self._release()

    def _release(self) -> None:
        device, self._device, self._shown = self._device, None, None
        if device is not None:
            with suppress(*_FAULTS):
                device.cleanup()

    def close(self) -> None:
        """Switches the display off and gives its pins back, the reader's not; safe to repeat."""
        self._closed = True
        self._release()
