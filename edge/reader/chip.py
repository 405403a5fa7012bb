"""The MFRC522 by its driver `mfrc522`, used register by register.

The driver's own ways to read are not used: they take the first four bytes of a number for the
whole, check neither parity nor CRC of the last step, and wait for an answer by 2,000 reads of a
register. Here the chip's own timer ends the wait.

The words are those of ISO 14443-3: WUPA wakes all cards in the field, also those that sleep; each
cascade level gives up to four bytes of the number and is confirmed by SELECT; HLTA lets the card
sleep until the next WUPA.
"""

import contextlib
import importlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.reader.sightings import ReaderDead, Sighting, Trouble, judged

RESET_PIN = 25
"""GPIO number. The display must use another one, although its driver's default is the same."""
TRIES = 3
"""In each poll: one frame of six is lost where a card is held a bit too far away."""
GAINS_DB = {18: 0x00, 23: 0x10, 33: 0x40, 38: 0x50, 43: 0x60, 48: 0x70}
"""Of the receiver, and the bits for RFCfgReg. More reaches further and hears more noise."""
DEFAULT_GAIN_DB = 38

TIMER_S = 0.001
"""How long the chip waits for an answer to begin. Cards begin 91 µs after the frame."""
LOOK_EVERY_S = 0.0003
MOST_LOOKS = 60
"""Until the chip is dead: its timer ends the wait after five of them."""
RESET_S, START_S = 0.001, 0.05

_IDLE, _TRANSCEIVE = 0x00, 0x0C
_WUPA, _HLTA = 0x52, 0x50
_LEVELS = (0x93, 0x95, 0x97)
_CASCADE_TAG = 0x88
_MORE_LEVELS = 0x04
_TIMER, _ERROR, _RECEIVED = 0x01, 0x02, 0x20
_BAD_FRAME = 0x17  # protocol, parity, CRC, buffer overflow
_COLLISION = 0x08
_ANTENNA = 0x03
_AUTOMATIC_TIMER = 0x80
_TIMER_STEP_S, _PRESCALER = 0.000025, 0xA9  # (2 · 169 + 1) / 13.56 MHz


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back to a frame."""

    data: bytes = b""
    bits: int = 0
    collided: bool = False


_SILENCE = _Answer()


class _Spoilt(Exception):
    """A card answered, but this try can't be brought to its end. It has to be begun anew."""


class _Collided(Exception):
    """More than one card answered."""


def open_driver() -> Any:
    """The driver at SPI 0, CE0, with our reset pin. Imported only here: only a Pi has it."""
    gpio = importlib.import_module("RPi.GPIO")
    gpio.setwarnings(False)  # that the pin is in use already, by ourselves before a reset
    driver = importlib.import_module("mfrc522").MFRC522(0, 0, pin_mode=gpio.BCM, pin_rst=RESET_PIN)
    # It adds a handler of its own each time, which writes what we say ourselves.
    logging.getLogger("mfrc522Logger").handlers.clear()
    return driver


class ChipReader:
    """Reads whole numbers of cards, with TRIES tries in each poll.

    Opening it doesn't fail: a chip that doesn't answer is dead until a reset works. Raises
    ValueError for a gain that the chip doesn't have.
    """

    name = "MFRC522"

    def __init__(
        self,
        make_driver: Callable[[], Any] = open_driver,
        *,
        gain_db: int = DEFAULT_GAIN_DB,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        if gain_db not in GAINS_DB:
            raise ValueError(f"The gain is one of {list(GAINS_DB)} dB, not {gain_db}.")
        self._make_driver = make_driver
        self._gain = GAINS_DB[gain_db]
        self._pause = pause
        self._driver: Any = None
        self._dead = ""
        self._scratch = 0x15
        with contextlib.suppress(ReaderDead):  # the first poll says it
            self.reset()

    def poll(self) -> Sighting:
        """What is there: about 5 ms for nothing, 10 ms for a card. Raises ReaderDead."""
        if self._driver is None:
            raise ReaderDead(self._dead)
        try:
            self._check_alive()
            return self._look()
        except OSError as error:
            raise ReaderDead(f"The SPI bus fails: {error}") from error

    def reset(self) -> None:
        """Begin anew: the bus, the chip by its reset pin, its registers. Raises ReaderDead."""
        self.close()
        try:
            driver = self._make_driver()
            self._driver = driver
            self._pull_reset()
            self._set_up()
            self._check_alive()
        except ReaderDead as dead:
            self._give_up(str(dead))
            raise
        except Exception as error:  # of libraries that raise what they like: no bus, pin in use
            self._give_up(f"The reader can't be opened: {error}")
            raise ReaderDead(self._dead) from error

    def close(self) -> None:
        """Switch the field off and give back the bus.

        The driver's own way to close would also set all pins free, those of the relays as well.
        """
        driver, self._driver = self._driver, None
        self._dead = "The reader is closed."
        if driver is not None:
            with contextlib.suppress(OSError):
                driver.AntennaOff()
            with contextlib.suppress(OSError):
                driver.spi.close()

    def _give_up(self, reason: str) -> None:
        self.close()
        self._dead = reason

    def _pull_reset(self) -> None:
        gpio = importlib.import_module("RPi.GPIO")
        gpio.output(RESET_PIN, 0)
        self._pause(RESET_S)
        gpio.output(RESET_PIN, 1)
        self._pause(START_S)
        self._driver.MFRC522_Init()

    def _set_up(self) -> None:
        """What the driver leaves as it is: the timer, the gain, and what happens to collisions."""
        chip = self._driver
        reload = round(TIMER_S / _TIMER_STEP_S)
        chip.Write_MFRC522(chip.TModeReg, _AUTOMATIC_TIMER)
        chip.Write_MFRC522(chip.TPrescalerReg, _PRESCALER)
        chip.Write_MFRC522(chip.TReloadRegH, reload >> 8)
        chip.Write_MFRC522(chip.TReloadRegL, reload & 0xFF)
        chip.Write_MFRC522(chip.RFCfgReg, self._gain)

    def _check_alive(self) -> None:
        """Whether it is there, and as it was set up: after a dip in its power the field is off."""
        chip = self._driver
        version = chip.Read_MFRC522(chip.VersionReg)
        if version in (0x00, 0xFF):
            raise ReaderDead(f"The reader doesn't answer (0x{version:02X}): look at its wires.")
        self._scratch ^= 0x3F
        chip.Write_MFRC522(chip.WaterLevelReg, self._scratch)  # means nothing here
        if chip.Read_MFRC522(chip.WaterLevelReg) != self._scratch:
            raise ReaderDead("The reader takes nothing in: look at its wires.")
        if chip.Read_MFRC522(chip.TModeReg) != _AUTOMATIC_TIMER:
            raise ReaderDead("The reader has lost its settings: look at its power.")
        if chip.Read_MFRC522(chip.TxControlReg) & _ANTENNA != _ANTENNA:
            raise ReaderDead("The reader's field is off: look at its power.")

    def _look(self) -> Sighting:
        """Try until something is sure."""
        found: Sighting = None
        for _ in range(TRIES):
            try:
                uid = self._number()
            except _Collided:
                self._halt()
                return Trouble.COLLISION
            except _Spoilt:
                found = Trouble.UNREADABLE
                self._halt()  # which a card that is in the middle of it takes for "begin anew"
            else:
                if uid is not None:
                    self._halt()
                    return judged(uid)
        return found

    def _number(self) -> bytes | None:
        """The whole number of the card in the field, None when nobody answers."""
        woken = self._exchange(bytes([_WUPA]), last_bits=7)
        if woken.bits != 16 and not woken.collided:
            return None
        uid = b""
        for level in _LEVELS:
            part = self._part(level)
            more = self._select(level, part)
            if more != (part[0] == _CASCADE_TAG):
                raise _Spoilt
            if not more:
                return uid + part
            uid += part[1:]
        raise _Spoilt  # a fourth level: no card has that

    def _part(self, level: int) -> bytes:
        """The four bytes of one cascade level."""
        answer = self._ask(bytes([level, 0x20]))
        part, check = answer.data[:4], answer.data[4:]
        if answer.bits != 40 or bytes([part[0] ^ part[1] ^ part[2] ^ part[3]]) != check:
            raise _Spoilt
        return part

    def _select(self, level: int, part: bytes) -> bool:
        """Choose the card with these four bytes. Return whether its number goes on."""
        check = part[0] ^ part[1] ^ part[2] ^ part[3]
        answer = self._ask(with_crc(bytes([level, 0x70, *part, check])))
        if answer.bits != 24 or with_crc(answer.data[:1]) != answer.data:
            raise _Spoilt
        return bool(answer.data[0] & _MORE_LEVELS)

    def _ask(self, frame: bytes) -> _Answer:
        """Send a frame that has to be answered, once more if need be. Raises _Collided."""
        answer = self._exchange(frame)
        if not answer.bits and not answer.collided:
            answer = self._exchange(frame)
        if answer.collided:
            raise _Collided
        return answer

    def _halt(self) -> None:
        """Let it sleep. No answer is the right answer."""
        self._exchange(with_crc(bytes([_HLTA, 0])))

    def _exchange(self, frame: bytes, last_bits: int = 0) -> _Answer:
        """Send a frame, of whose last byte only so many bits if any are given; wait and read."""
        chip = self._driver
        chip.Write_MFRC522(chip.CommandReg, _IDLE)
        chip.Write_MFRC522(chip.CommIrqReg, 0x7F)
        chip.Write_MFRC522(chip.FIFOLevelReg, 0x80)
        chip.spi.xfer2([chip.FIFODataReg << 1, *frame])  # one transfer takes them all
        chip.Write_MFRC522(chip.BitFramingReg, last_bits)
        chip.Write_MFRC522(chip.CommandReg, _TRANSCEIVE)
        chip.Write_MFRC522(chip.BitFramingReg, 0x80 | last_bits)
        if not self._wait() & (_RECEIVED | _ERROR):
            return _SILENCE
        errors = chip.Read_MFRC522(chip.ErrorReg)
        if errors & _COLLISION:
            return _Answer(collided=True)
        if errors & _BAD_FRAME:
            return _SILENCE
        return self._received()

    def _wait(self) -> int:
        """Until the answer is there or the timer has ended. Return the bits that say which."""
        chip = self._driver
        for _ in range(MOST_LOOKS):
            self._pause(LOOK_EVERY_S)
            happened = chip.Read_MFRC522(chip.CommIrqReg)
            if happened & (_RECEIVED | _TIMER | _ERROR):
                return happened
        raise ReaderDead("The reader's timer never ends.")

    def _received(self) -> _Answer:
        chip = self._driver
        count = chip.Read_MFRC522(chip.FIFOLevelReg) & 0x7F
        odd_bits = chip.Read_MFRC522(chip.ControlReg) & 0x07
        if not count:
            return _SILENCE
        read = (chip.FIFODataReg << 1) | 0x80
        data = bytes(chip.spi.xfer2([read] * count + [0])[1:])
        return _Answer(data, count * 8 - (8 - odd_bits if odd_bits else 0))


def with_crc(frame: bytes) -> bytes:
    """A frame with its CRC_A of ISO 14443-3: here it costs no transfer, as the chip's would."""
    crc = 0x6363
    for byte in frame:
        byte ^= crc & 0xFF
        byte = (byte ^ (byte << 4)) & 0xFF
        crc = (crc >> 8) ^ (byte << 8) ^ (byte << 3) ^ (byte >> 4)
    return frame + crc.to_bytes(2, "little")
