"""A terminal's rules on a workbench: its time is set by hand, and its effects are written down."""

from collections.abc import Sequence
from typing import Any

from edge.display.screen import Screen
from edge.machines.effects import Effect, Pulse, Record
from edge.machines.events import (
    Answered,
    CardSeen,
    Configured,
    Event,
    Granted,
    LinkUp,
    Moment,
    NotStored,
    Pulsed,
    ServerSaid,
    Told,
)
from edge.machines.machine import step
from edge.machines.state import State
from edge.machines.view import screen
from edge.protocol import Ack, CmdOpen, Config, Grants, new_id

EPOCH_MS = 1_767_225_600_000


def card(name: str) -> str:
    """A card's id."""
    return "k1." + (name.upper() * 26)[:26]


def config(**changed: Any) -> Config:
    """A locker terminal with doors 17 and 18."""
    plain: dict[str, Any] = {
        "version": 1,
        "kind": "locker",
        "mode": "locker",
        "name": "Lockers",
        "time_zone": "UTC",
        "relays": {"17": 5, "18": 6},
        "kids": ["k1"],
    }
    return Config.model_validate(plain | changed)


def gate(**changed: Any) -> Config:
    return config(kind="gate", mode="gate", relays={}, **changed)


def grants(until: int, *holders: tuple[str, int], version: int = 1) -> Grants:
    """Grants for cards and doors, all until the same moment in milliseconds."""
    rows = [
        {"card": [one], "locker": door, "label": f"A{door}", "until": until}
        for one, door in holders
    ]
    said = {"version": version, "until": until, "grants": rows, "sig": "0" * 64}
    return Grants.model_validate(said)


class Workbench:
    """One terminal and what it did."""

    def __init__(self, *events: Event, now: float = 1000.0, wall: bool = True) -> None:
        self.now = now
        self.knows_time = wall
        self.stores = True
        self.relays_work = True
        self.state = State(name="Door", started_at=now)
        self.recorded: list[Record] = []
        self.pulses: list[Pulse] = []
        self.others: list[Effect] = []
        for event in events:
            self.feed(event)

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.wall if self.knows_time else None)

    @property
    def wall(self) -> int:
        return EPOCH_MS + int(self.now * 1000)

    @property
    def screen(self) -> Screen:
        return screen(self.state, self.moment)

    def feed(self, *events: Event) -> None:
        """Let it happen, and do what the machine wants."""
        for event in events:
            self.state, effects = step(self.state, event, self.moment)
            self._do(effects)

    def _do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Record(tail="evt/tap", id=str(tap)) if not self.stores:
                    self.feed(NotStored(tap))
                    return
                case Record():
                    self.recorded.append(effect)
                case Pulse(door=door, cause=cause):
                    if self.relays_work:
                        self.pulses.append(effect)
                    self.feed(Pulsed(door, cause, "" if self.relays_work else "dead"))
                case _:
                    self.others.append(effect)

    def tap(self, name: str) -> str:
        """Put a card there; the id of the tap."""
        tap = new_id()
        self.feed(CardSeen(tap, (card(name),), self.now))
        return tap

    def ack(self, tap: str, verdict: str = "assigned", **more: Any) -> None:
        exp, retained = more.pop("exp", self.wall + 10_000), more.pop("retained", False)
        said = Ack.model_validate({"verdict": verdict} | more)
        self.feed(Answered(tap, said, exp, retained))

    def command(self, door: int = 17, **more: Any) -> str:
        """Tell it to open a door; the id of the command."""
        told: dict[str, Any] = {"id": new_id(), "exp": self.wall + 5000, "received": self.now}
        order = CmdOpen(locker=door, label=f"A{door}")
        told |= more
        self.feed(Told(order=order, **told))
        return told["id"]

    def tails(self) -> list[str]:
        """What was recorded, by the ends of the topics."""
        return [one.tail.removeprefix("evt/") for one in self.recorded]


def online(used: Config | None = None, **more: Any) -> Workbench:
    """One that is connected and configured."""
    bench = Workbench(**more)
    bench.feed(Configured(used or config()), LinkUp(), ServerSaid(True, "e1", True))
    bench.others.clear()
    return bench


def offline(used: Config | None = None, held: Grants | None = None) -> Workbench:
    """One that has no connection and knows the time."""
    bench = Workbench(Configured(used or config()))
    bench.now += 60
    if held is not None:
        bench.feed(Granted(held))
    bench.others.clear()
    return bench
