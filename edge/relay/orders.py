"""What a program and the keeper of its relays say to each other, a line each. Pure."""

from dataclasses import dataclass

READY = "ready"
"""The keeper's first line: all relays are off, and orders are taken."""
STALE_AFTER_S = 1.0
"""An order that waited longer is refused: nobody stands at that door any more."""


class BadOrder(ValueError):
    """A line that is no order, or one that came too late."""


@dataclass(frozen=True, slots=True)
class Open:
    """Switch a relay on for so long; `at` is when that was asked for, by `time.monotonic`."""

    pin: int
    seconds: float
    at: float

    def line(self) -> str:
        """As it is sent."""
        return f"open {self.pin} {self.seconds!r} {self.at!r}"

    def check(self, now: float) -> None:
        """Raise BadOrder when it waited too long. Linux has one such clock for all processes."""
        if not -STALE_AFTER_S <= now - self.at <= STALE_AFTER_S:
            raise BadOrder(f"it came after {now - self.at:.1f} s")


@dataclass(frozen=True, slots=True)
class Off:
    """End all pulses."""

    def line(self) -> str:
        """As it is sent."""
        return "off"


def parse(line: str) -> Open | Off:
    """Raises BadOrder for all else."""
    match line.split():
        case ["open", pin, seconds, at]:
            try:
                return Open(int(pin), float(seconds), float(at))
            except ValueError as error:
                raise BadOrder(str(error)) from error
        case ["off"]:
            return Off()
        case _:
            raise BadOrder("no such order")
