"""A simulated MFRC522: registers, FIFO, timer, CRC unit and antenna behind the SPI bus.

It speaks `xfer2` as `spidev` does, so that the real driver works with it. What isn't simulated it
refuses with an AssertionError, so that nothing is shown by accident.
"""

from random import Random
from types import ModuleType

from tests.edge.iso14443 import SimulatedCard, bits_of, bytes_of, crc_a
from tests.edge.pins import FakeGpio

COMMAND, COMM_IRQ, DIV_IRQ, ERROR = 0x01, 0x04, 0x05, 0x06
FIFO_DATA, FIFO_LEVEL, CONTROL, BIT_FRAMING, COLL = 0x09, 0x0A, 0x0C, 0x0D, 0x0E
TX_MODE, RX_MODE, TX_CONTROL, RF_CFG = 0x12, 0x13, 0x14, 0x26
CRC_HIGH, CRC_LOW, VERSION = 0x21, 0x22, 0x37
T_MODE, T_PRESCALER, T_RELOAD_HIGH, T_RELOAD_LOW = 0x2A, 0x2B, 0x2C, 0x2D
AFTER_RESET = {COMMAND: 0x20, COLL: 0x80, TX_CONTROL: 0x80, RF_CFG: 0x48, VERSION: 0x92}
READ_ONLY = (ERROR, VERSION, CRC_HIGH, CRC_LOW)

IDLE, CALC_CRC, TRANSCEIVE, SOFT_RESET = 0x00, 0x03, 0x0C, 0x0F
TIMER, ERR, IDLE_IRQ, RECEIVED, SENT = 0x01, 0x02, 0x10, 0x20, 0x40
PROTOCOL_ERROR, PARITY_ERROR, COLLISION = 0x01, 0x02, 0x08

BYTE_S = 8 / 1_000_000
TRANSFER_S = 20e-6
"""What Linux takes for a transfer besides its bits."""
BIT_S = 128 / 13.56e6
ANSWERS_AFTER_S = 1236 / 13.56e6


class SimulatedChip:
    """One chip with its antenna. `transfers` counts what goes over the bus."""

    def __init__(self, *, seed: int = 0, loss: float = 0.0) -> None:
        self.cards: list[SimulatedCard] = []
        self.loss = loss
        """The share of exchanges with a card of which a frame is lost or spoilt."""
        self.fault: str | OSError = ""
        """`zeros`, `ones`, `stuck` (until its reset pin is pulled), or what the bus raises."""
        self.flaky = 0.0
        """The share of bytes that arrive over the bus with a bit turned over."""
        self.transfers = 0
        self.now = 0.0
        self.resets = 0
        self._random = Random(seed)
        self._in_reset = False
        self._due: list[tuple[float, int, bytes]] = []
        self._timer_at: float | None = None
        self.power_up()

    def power_up(self) -> None:
        """As after power on or a dip in it: nothing of what was set is left."""
        self.registers = bytearray(64)
        for register, value in AFTER_RESET.items():
            self.registers[register] = value
        self._fifo = bytearray()
        self._stop()
        self._power_cards()

    def reset_pin(self, level: int) -> None:
        """NRSTPD: low holds the chip, the rising edge starts it."""
        if level and self._in_reset:
            self.resets += 1
            if self.fault == "stuck":
                self.fault = ""
            self.power_up()
        self._in_reset = not level

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        if self._timer_at is not None and self.now >= self._timer_at:
            self._timer_at = None
            self.registers[COMM_IRQ] |= TIMER
        while self._due and self.now >= self._due[0][0]:
            _, irq, data = self._due.pop(0)
            self.registers[COMM_IRQ] |= irq
            self._fifo += data

    def xfer2(self, data: list[int]) -> list[int]:
        """One transfer: an address and bytes for it, or addresses and what stands there."""
        assert isinstance(data, list)
        bytes(data)  # raises for what is none, as the real one does
        self.transfers += 1
        self.pass_time(TRANSFER_S + len(data) * BYTE_S)
        if isinstance(self.fault, OSError):
            raise self.fault
        if self.fault in ("zeros", "ones") or self._in_reset:
            return [0xFF if self.fault == "ones" else 0x00] * len(data)
        if data[0] & 0x80:
            assert data[-1] == 0
            return [0, *[self._arrived(self._read(address >> 1 & 0x3F)) for address in data[:-1]]]
        for value in data[1:]:
            self._write(data[0] >> 1, value)
        return [0] * len(data)

    def _arrived(self, value: int) -> int:
        if self.flaky and self._random.random() < self.flaky:
            return value ^ 1 << self._random.randrange(8)
        return value

    def _read(self, register: int) -> int:
        if register == FIFO_DATA:
            return self._fifo.pop(0) if self._fifo else 0
        if register == FIFO_LEVEL:
            return len(self._fifo)
        return self.registers[register]

    def _write(self, register: int, value: int) -> None:
        if self.fault == "stuck":
            return
        if register == FIFO_DATA:
            assert len(self._fifo) < 64, "the FIFO has 64 bytes"
            self._fifo.append(value)
        elif register == FIFO_LEVEL:
            if value & 0x80:
                self._fifo.clear()
        elif register in (COMM_IRQ, DIV_IRQ):
            marked = value & 0x7F
            kept = self.registers[register] & ~marked
            self.registers[register] = kept | marked if value & 0x80 else kept
        elif register == COMMAND:
            self._command(value & 0x0F)
        elif register == BIT_FRAMING:
            assert not value & 0x70, "answers that begin within a byte aren't simulated"
            self.registers[register] = value
            if value & 0x80 and self.registers[COMMAND] & 0x0F == TRANSCEIVE:
                self._send()
        elif register not in READ_ONLY:
            assert register not in (TX_MODE, RX_MODE) or not value, "its own CRC isn't simulated"
            self.registers[register] = value
            if register == TX_CONTROL and not value & 0x03:
                self._power_cards()

    def _command(self, command: int) -> None:
        self._stop()
        self.registers[COMMAND] = command
        if command == SOFT_RESET:
            self.power_up()
        elif command == CALC_CRC:
            low, high = crc_a(self._fifo)
            self._fifo.clear()
            self.registers[CRC_LOW], self.registers[CRC_HIGH] = low, high
            self.registers[DIV_IRQ] |= 0x04
        else:
            assert command in (IDLE, TRANSCEIVE), f"command {command:#x} isn't simulated"

    def _stop(self) -> None:
        self._due.clear()
        self._timer_at = None

    def _power_cards(self) -> None:
        for card in self.cards:
            card.lose_power()

    @property
    def _field_is_on(self) -> bool:
        return self.registers[TX_CONTROL] & 0x03 == 0x03

    def _send(self) -> None:
        """Send what is in the FIFO; when and what comes back is known from then on."""
        bits = bits_of(self._fifo)
        last = self.registers[BIT_FRAMING] & 0x07
        if last:
            bits = bits[: len(bits) - 8 + last]
        self._fifo.clear()
        self.registers[ERROR] = 0
        sent_at = self.now + len(bits) * 9 / 8 * BIT_S
        self._due.append((sent_at, SENT, b""))
        answers = self._answers(bits) if self._field_is_on else []
        answer, error = _merged(answers)
        if not answers:
            if self.registers[T_MODE] & 0x80:
                self._timer_at = sent_at + self._timer_s()
            return
        if not error and self._random.random() < self.loss / 3:
            answer, error = self._spoilt(answer)
        self.registers[ERROR] = error
        self.registers[CONTROL] = len(answer) % 8
        irq = RECEIVED | ERR if error else RECEIVED
        received_at = sent_at + ANSWERS_AFTER_S + len(answer) * 9 / 8 * BIT_S
        self._due.append((received_at, irq, bytes_of(answer)))

    def _answers(self, bits: list[int]) -> list[list[int]]:
        """What the cards send back. Two thirds of what is lost is a whole frame, to or fro."""
        answers = []
        for card in self.cards:
            lost = self._random.random()
            if lost < self.loss / 3:
                continue
            answer = card.receive(bits)
            if answer is not None and lost >= self.loss * 2 / 3:
                answers.append(answer)
        return answers

    def _spoilt(self, answer: list[int]) -> tuple[list[int], int]:
        """A disturbance turns bits over. Parity finds half of those; the rest is for who reads."""
        turned = list(answer)
        for place in self._random.sample(range(len(answer)), k=2):
            turned[place] ^= 1
        return turned, self._random.choice([0, PARITY_ERROR, PROTOCOL_ERROR, 0])

    def _timer_s(self) -> float:
        prescaler = (self.registers[T_MODE] & 0x0F) << 8 | self.registers[T_PRESCALER]
        reload = self.registers[T_RELOAD_HIGH] << 8 | self.registers[T_RELOAD_LOW]
        return (reload + 1) * (2 * prescaler + 1) / 13.56e6


def _merged(answers: list[list[int]]) -> tuple[list[int], int]:
    """What arrives when cards answer at once: what they agree on, then a collision."""
    if not answers:
        return [], 0
    if all(answer == answers[0] for answer in answers):
        return answers[0], 0
    columns = list(zip(*answers, strict=False))
    agreed = next((at for at, bits in enumerate(columns) if len(set(bits)) > 1), len(columns))
    return [bits[0] if at < agreed else 0 for at, bits in enumerate(columns)], COLLISION


class FakeSpidev(ModuleType):
    """A stand-in for `spidev` whose only bus leads to this chip."""

    def __init__(self, chip: SimulatedChip) -> None:
        super().__init__("spidev")
        self.opened: list[tuple[int, int]] = []
        spidev = self

        class SpiDev:
            max_speed_hz = 0
            _open = False

            def open(self, bus: int, device: int) -> None:
                if isinstance(chip.fault, OSError):
                    raise chip.fault
                spidev.opened.append((bus, device))
                self._open = True

            def xfer2(self, data: list[int]) -> list[int]:
                assert self._open, "the bus is closed"
                return chip.xfer2(data)

            def close(self) -> None:
                self._open = False

        self.SpiDev = SpiDev


def wired(chip: SimulatedChip, reset_pin: int) -> FakeGpio:
    """Pins of which one resets the chip."""
    gpio = FakeGpio()

    def on_output(pin: int, level: int) -> None:
        if pin == reset_pin:
            chip.reset_pin(level)

    gpio.on_output = on_output
    return gpio
