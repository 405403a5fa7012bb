"""Cards as ISO 14443-3 type A describes them: what they answer in which state.

Frames and answers are lists of bits, the lowest of each byte first, as they go through the air;
parity bits are left out.
"""

from collections.abc import Sequence
from enum import Enum

REQA, WUPA, HLTA = 0x26, 0x52, 0x50
LEVELS = (0x93, 0x95, 0x97)
CASCADE_TAG = 0x88


class State(Enum):
    IDLE = "idle"
    READY = "ready"
    ACTIVE = "active"
    HALT = "halt"


_BITS = [[byte >> place & 1 for place in range(8)] for byte in range(256)]


def bits_of(data: Sequence[int]) -> list[int]:
    return [bit for byte in data for bit in _BITS[byte]]


def bytes_of(bits: Sequence[int]) -> bytes:
    if not bits:
        return b""
    written = "".join("01"[bit] for bit in reversed(bits))
    return int(written, 2).to_bytes((len(bits) + 7) // 8, "little")


def crc_a(data: Sequence[int]) -> bytes:
    """Bit by bit, as the standard draws it; deliberately not as the program reckons it."""
    register = 0x6363
    for bit in bits_of(data):
        feedback = (register & 1) ^ bit
        register >>= 1
        if feedback:
            register ^= 0x8408
    return register.to_bytes(2, "little")


class SimulatedCard:
    """A card with a number of 4, 7 or 10 bytes."""

    def __init__(self, uid: bytes, *, kind: int = 0x08) -> None:
        self.uid = uid
        self._kind = kind
        self.state = State.IDLE
        self.woken_from = State.IDLE
        self._level = 0
        self.heard: list[bytes] = []

    @property
    def parts(self) -> list[bytes]:
        """Four bytes and a check for each cascade level."""
        pieces = {
            4: [self.uid],
            7: [bytes([CASCADE_TAG]) + self.uid[:3], self.uid[3:]],
            10: [
                bytes([CASCADE_TAG]) + self.uid[:3],
                bytes([CASCADE_TAG]) + self.uid[3:6],
                self.uid[6:],
            ],
        }[len(self.uid)]
        return [piece + bytes([piece[0] ^ piece[1] ^ piece[2] ^ piece[3]]) for piece in pieces]

    def lose_power(self) -> None:
        self.state = self.woken_from = State.IDLE

    def receive(self, frame: list[int]) -> list[int] | None:
        """What it sends back, if anything."""
        self.heard.append(bytes_of(frame))
        if len(frame) == 7:
            return self._short(bytes_of(frame)[0])
        return self._standard(bytes_of(frame))

    def _short(self, command: int) -> list[int] | None:
        asleep = self.state in (State.IDLE, State.HALT)
        woken = command == WUPA or (command == REQA and self.state is State.IDLE)
        if not asleep:
            return self._confused()
        if not woken:
            return None
        self.woken_from, self.state, self._level = self.state, State.READY, 0
        sizes = {4: 0x00, 7: 0x40, 10: 0x80}
        return bits_of([sizes[len(self.uid)] | 0x04, 0x00])

    def _standard(self, frame: bytes) -> list[int] | None:
        if self.state is State.READY and frame[0] in LEVELS[self._level : self._level + 1]:
            part = self.parts[self._level]
            if frame[1:] == b"\x20":
                return bits_of(part)
            if frame[1:2] == b"\x70" and frame[7:] == crc_a(frame[:7]) and frame[2:7] == part:
                return self._selected()
        elif self.state is State.ACTIVE and frame == bytes([HLTA, 0]) + crc_a([HLTA, 0]):
            self.state = State.HALT
            return None
        elif self.state in (State.IDLE, State.HALT):
            return None
        return self._confused()

    def _selected(self) -> list[int]:
        self._level += 1
        more = self._level < len(self.parts)
        self.state = State.READY if more else State.ACTIVE
        answer = [0x04 if more else self._kind]
        return bits_of([*answer, *crc_a(answer)])

    def _confused(self) -> None:
        """What it doesn't expect sends it back to where it was woken."""
        self.state = self.woken_from
