"""Growth: does a change cost more with a long history, or in a large library?

Three servers side by side, measured in turns, so that what else the machine does hits all three.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

from bench.commands import Commands, by_websocket, leave, run_commands
from bench.fanout import Samples, act, watching
from bench.figures import median, ms, p95
from bench.library import Library, Plan, make_library
from bench.person import PAGE
from bench.server import Server, new_folder, serving

SCREENS = 200
PEOPLE = 50
PLANS = {
    "150 lockers": Plan(SCREENS + 1),
    "100,000 past events": Plan(SCREENS + 1, past_events=100_000),
    "15,000 lockers in 100 banks": Plan(SCREENS + 1, banks=100),
}


@dataclass
class Growth:
    """What was measured in one library."""

    name: str
    server: Server
    library: Library
    fan_out: Samples = field(default_factory=Samples)
    commands: Commands = field(default_factory=lambda: Commands("websocket", PEOPLE))

    def row(self, first: "Growth") -> dict[str, object]:
        """For the table, with how much more it is than in the first library."""
        last, last_first = median(self.fan_out.seconds), median(first.fan_out.seconds)
        cpu, cpu_first = median(self.fan_out.cpu_seconds), median(first.fan_out.cpu_seconds)
        each, each_first = _cpu_each(self.commands), _cpu_each(first.commands)
        return {
            "library": self.name,
            f"last of {SCREENS} has it, ms": ms(last),
            "p95, ms": ms(p95(self.fan_out.seconds)),
            "x": round(last / last_first, 2),
            "CPU/action, ms": ms(cpu),
            "x ": round(cpu / cpu_first, 2),
            f"commands/s of {PEOPLE}": round(self.commands.per_second),
            "x  ": round(self.commands.per_second / first.commands.per_second, 2),
            "CPU/command, ms": ms(each, 2),
            "x   ": round(each / each_first, 2),
        }


async def measure_growth(batches: int, rounds: int, seconds: float) -> list[Growth]:
    """Measure all plans in turns."""
    with contextlib.ExitStack() as running:
        grown: list[Growth] = []
        for number, (name, plan) in enumerate(PLANS.items()):
            folder = new_folder(f"growth{number}")
            library = make_library(folder, plan)
            grown.append(Growth(name, running.enter_context(serving(folder)), library))
        async with contextlib.AsyncExitStack() as open_pages:
            crowds = [
                await open_pages.enter_async_context(
                    watching(each.server, each.library, PAGE, SCREENS)
                )
                for each in grown
            ]
            for _ in range(batches):
                for each, (crowd, person) in zip(grown, crowds, strict=True):
                    await act(each.server, crowd, person, each.fan_out, 0.0)
        for _ in range(rounds):
            for each in grown:
                people = await by_websocket(each.server, each.library.people[:PEOPLE])
                await run_commands(each.server, people, seconds, each.commands)
                leave(people)
                await asyncio.sleep(0.2)
    return grown


def _cpu_each(commands: Commands) -> float:
    return commands.cpu_seconds / len(commands.answered)
