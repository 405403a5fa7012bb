"""Stand-ins for `RPi.GPIO`: the edge of the hardware, and nothing above it."""

from collections.abc import Callable
from types import ModuleType


class FakeGpio(ModuleType):
    """Pins that remember what was done to them, in order."""

    BOARD, BCM = 10, 11
    OUT, IN = 0, 1
    LOW, HIGH = 0, 1

    def __init__(self) -> None:
        super().__init__("RPi.GPIO")
        self.levels: dict[int, int] = {}
        self.log: list[tuple[str, int, int | None]] = []
        self.on_output: Callable[[int, int], None] = lambda _pin, _level: None
        self.broken: set[int] = set()
        self._mode: int | None = None

    def setwarnings(self, _wanted: bool) -> None: ...

    def getmode(self) -> int | None:
        return self._mode

    def setmode(self, mode: int) -> None:
        self._mode = mode

    def setup(self, pin: int, direction: int, initial: int | None = None) -> None:
        assert self._mode is not None, "no numbering of pins was chosen"
        assert direction == self.OUT
        self.log.append(("setup", pin, initial))
        # What a pin's level is when nobody said: whatever it was last, low after power on.
        self._set(pin, self.levels.get(pin, self.LOW) if initial is None else initial)

    def output(self, pin: int, level: int) -> None:
        assert pin in self.levels, "set up first"
        if pin in self.broken:
            raise OSError("the pin is gone")
        self.log.append(("output", pin, level))
        self._set(pin, level)

    def cleanup(self, *_pins: int) -> None:
        raise AssertionError("this would set the pins of relays free as well")

    def _set(self, pin: int, level: int) -> None:
        self.levels[pin] = level
        self.on_output(pin, level)
