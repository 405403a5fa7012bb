"""Whatever happens in whatever order: no door opens without a fresh cause, or twice for one; and
every tap gets an answer in time."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.machines.events import (
    Broken,
    Configured,
    Granted,
    LinkDown,
    LinkUp,
    Mended,
    ServerSaid,
    Tick,
)
from edge.machines.words import READING
from edge.protocol import FaultOf
from tests.edge.machines.bench import Workbench, card, config, gate, grants

CARDS = st.sampled_from("abc")
DOORS = st.sampled_from([17, 18, 99])


class Terminal(RuleBasedStateMachine):
    """Knows by itself, and simply, which openings are allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Workbench()
        self.read: dict[str, tuple[float, str]] = {}
        """When each tap was read that was recorded, and which card."""
        self.unanswered: dict[str, float] = {}
        self.commands: set[str] = set()
        self.granted: tuple[int, dict[str, int]] = (0, {})
        """Until when by the true time, and which doors."""
        self.latest_wall = 0
        self.seen_pulses = 0

    @initialize(at_gate=st.booleans(), there=st.booleans())
    def begins(self, at_gate: bool, there: bool) -> None:
        self.bench.feed(Configured(gate() if at_gate else config()))
        if there:
            self.bench.feed(LinkUp(), ServerSaid(True, "e1", True))

    @rule(seconds=st.sampled_from([0.05, 0.5, 1.0, 2.4, 2.6, 5.0, 9.0, 11.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.now += seconds
        self._do(Tick())

    @rule(known=st.booleans())
    def the_time_is_known_or_not(self, known: bool) -> None:
        self.bench.knows_time = known

    @rule(name=CARDS)
    def somebody_taps(self, name: str) -> None:
        before = len(self.bench.recorded)
        tap = self.bench.tap(name)
        shown = self.bench.screen
        assert self.bench.state.showing is not None or shown.headline == READING.headline
        taps = [one for one in self.bench.recorded[before:] if one.tail == "evt/tap"]
        assert len(taps) <= 1
        if taps:
            self.read[tap] = (self.bench.now, name)
            self.unanswered[tap] = self.bench.now
        self._judge({tap: None})

    @rule(
        data=st.data(),
        door=st.none() | DOORS,
        exp=st.sampled_from([None, -1, 0, 5000]),
        retained=st.booleans(),
    )
    def an_answer_comes(
        self, data: st.DataObject, door: int | None, exp: int | None, retained: bool
    ) -> None:
        if not self.read:
            return
        tap = data.draw(st.sampled_from(sorted(self.read)))
        past = exp is not None and exp < 0 and self.bench.knows_time
        fresh = self.bench.now - self.read[tap][0] < 10 and not retained and not past
        more: dict[str, Any] = {"exp": None if exp is None else self.bench.wall + exp}
        if not retained:
            self.unanswered.pop(tap, None)
        self.bench.ack(tap, open=door, retained=retained, **more)
        self._judge({tap: door} if fresh and door else {})

    @rule(
        data=st.data(),
        door=DOORS,
        exp=st.sampled_from([None, -1, 0, 5000]),
        ago=st.sampled_from([0.0, 4.9, 5.0, 60.0]),
        retained=st.booleans(),
        again=st.booleans(),
    )
    def a_command_comes(
        self, data: st.DataObject, door: int, exp: int | None, ago: float, retained: bool,
        again: bool,
    ) -> None:  # fmt: skip
        more: dict[str, Any] = {"exp": None if exp is None else self.bench.wall + exp}
        if again and self.commands:
            more["id"] = data.draw(st.sampled_from(sorted(self.commands)))
        past = exp is None or (exp < 0 and self.bench.knows_time) or ago >= 5
        received = self.bench.now - ago
        command = self.bench.command(door, received=received, retained=retained, **more)
        new = command not in self.commands
        if not retained:  # what was retained is not even looked at
            self.commands.add(command)
        self._judge({command: door} if new and not past and not retained else {})

    @rule(held=st.dictionaries(CARDS, st.sampled_from([17, 18])), lasts=st.sampled_from([0, 3, 60]))
    def grants_come(self, held: dict[str, int], lasts: int) -> None:
        until = self.bench.wall + lasts * 1000
        rows = [(card(name), door) for name, door in held.items()]
        self.granted = (until, held)
        self._do(Granted(grants(until, *rows)))

    @rule(how=st.sampled_from(["up", "down", "refused", "here", "kept", "stopping", "new"]))
    def the_connection_changes(self, how: str) -> None:
        events = {
            "up": LinkUp(),
            "down": LinkDown(),
            "refused": LinkDown(refused=True),
            "here": ServerSaid(True, "e1", True),
            "kept": ServerSaid(True, "e1", False),
            "stopping": ServerSaid(False, "e1", True),
            "new": ServerSaid(True, "e2", True),
        }
        self._do(events[how])

    @rule(works=st.booleans())
    def the_relays_work_or_not(self, works: bool) -> None:
        self.bench.relays_work = works

    @rule(works=st.booleans())
    def the_disk_works_or_not(self, works: bool) -> None:
        self.bench.stores = works
        self._do(Mended(FaultOf.STORAGE) if works else Broken(FaultOf.STORAGE))

    @rule(at_gate=st.booleans(), version=st.integers(0, 3))
    def it_is_configured(self, at_gate: bool, version: int) -> None:
        self._do(Configured((gate if at_gate else config)(version=version)))

    @invariant()
    def every_tap_is_answered_in_time(self) -> None:
        self.bench.feed(Tick())
        self._judge({})
        for tap, read_at in list(self.unanswered.items()):
            if self.bench.now - read_at >= 2.5:
                waiting = [one for one in self.bench.state.waiting if one.tap == tap]
                assert all(one.told for one in waiting)
                del self.unanswered[tap]
        if self.bench.screen.headline == READING.headline:
            assert any(self.bench.now - at < 2.5 for at in self.unanswered.values())

    def _do(self, event: Any) -> None:
        self.bench.feed(event)
        self._judge({})

    def _judge(self, allowed: dict[str, int | None]) -> None:
        """Look at the openings since the last look: each by the event just now, or by a grant."""
        new = self.bench.pulses[self.seen_pulses :]
        self.seen_pulses = len(self.bench.pulses)
        for pulse in new:
            if pulse.cause.grants is None:
                assert allowed.get(pulse.cause.id) == pulse.door
                continue
            until, held = self.granted
            read_at, name = self.read[pulse.cause.id]
            assert self.bench.knows_time
            assert self.bench.wall < until
            assert held.get(name) == pulse.door
            assert self.bench.now - read_at < 10
        causes = [one.cause.id for one in self.bench.pulses]
        assert len(causes) == len(set(causes)), "one cause opened twice"


Terminal.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestTerminal = Terminal.TestCase
