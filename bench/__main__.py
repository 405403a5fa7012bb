"""`python -m bench`: all benchmarks, or those named, as tables or (`JSON=1`) as JSON lines."""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import uvloop

from bench.after import measure_after
from bench.board import measure_board
from bench.charging import measure_bookings, measure_live_forecasts
from bench.check import Broken
from bench.commands import WAYS, measure_commands
from bench.fanout import measure_fan_out
from bench.forecast import print_verdict
from bench.forecasting import measure_forecasts, replay_made_up
from bench.growth import measure_growth
from bench.importing import measure_imports
from bench.library import Plan, make_library
from bench.lookback import measure_history, measure_statistics
from bench.machine import facts
from bench.person import PAGE
from bench.queue import make_line, measure_joins, measure_press
from bench.report import Report
from bench.server import NotStarted, new_folder, serving
from bench.start import measure_start
from bench.terminals import KINDS, measure_alone, measure_many, measure_screens
from bench.year import Year


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    screens: tuple[tuple[str, int], ...]
    batches: int
    people: tuple[int, ...]
    seconds: float
    growth_batches: int
    growth_rounds: int
    starts: int
    classes: tuple[int, ...]
    bursts: int
    looks: int
    boards: tuple[tuple[int, int], ...]
    """Banks, and lockers in each."""
    changes: int
    rows: int
    """Of a file of people."""
    year: Year
    days: int
    """Of made-up charging sessions."""
    taps: int
    """At one terminal."""
    tapping: float
    """Seconds with all terminals."""


FULL = Sizes(
    screens=((PAGE, 50), (PAGE, 200), (PAGE, 500), ("/staff/board", 500)),
    batches=8,
    people=(10, 50, 200),
    seconds=6,
    growth_batches=8,
    growth_rounds=4,
    starts=5,
    classes=(50, 200),
    bursts=10,
    looks=9,
    boards=((1, 150), (1, 2000), (14, 143)),
    changes=60,
    rows=50_000,
    year=Year(),
    days=100,
    taps=300,
    tapping=10,
)
QUICK = Sizes(
    ((PAGE, 200), (PAGE, 500)),
    3,
    (50,),
    3,
    1,
    1,
    2,
    (50, 200),
    3,
    3,
    ((1, 150), (1, 2000)),
    20,
    5_000,
    Year(banks=2, visits=240, stays=5_000, events=100_000),
    30,
    100,
    5,
)
STUDENTS = 500
"""In the line when "complete" is pressed."""
HOLDERS = 50
"""Who book at once."""
TICKETS = 100_000
"""Looked back on after class."""
STAYS = 100_000
"""At charging spots, that a forecast has learned from."""
TERMINALS = 50
TAPS_A_SECOND = (("mosquitto", 100), ("mosquitto", 200), ("mosquitto", 400), ("embedded", 100))
"""By which broker, and how many cards at all terminals together."""
TAP_SCREENS = 200


async def fan_out(sizes: Sizes, report: Report) -> None:
    """Time from a click until the last screen shows it."""
    folder = new_folder("fanout")
    library = make_library(folder, Plan(people=max(count for _, count in sizes.screens) + 1))
    rows = []
    with serving(folder) as server:
        for page, count in sizes.screens:
            measured = await measure_fan_out(server, library, page, count, sizes.batches)
            rows.append(measured.row())
    report.table("fan-out", "Fan-out: one action on a bank of 150 lockers, until all show it", rows)


async def start(sizes: Sizes, report: Report) -> None:
    """From the command to the first answer, with nothing to build: as after a kill."""
    measured = measure_start(sizes.starts)
    report.table("start", "Start: from the command until it answers, nothing changed", [measured])


async def commands(sizes: Sizes, report: Report) -> None:
    """Getting and giving back lockers as fast as it goes."""
    folder = new_folder("commands")
    library = make_library(folder, Plan(people=max(sizes.people)))
    rows = []
    with serving(folder) as server:
        for count in sizes.people:
            for way in WAYS:
                measured = await measure_commands(server, library, way, count, sizes.seconds)
                rows.append(measured.row())
    report.table("commands", "Commands: get and give back, durable, nothing shared or lost", rows)


async def growth(sizes: Sizes, report: Report) -> None:
    """The same with a long history and in a large library."""
    grown = await measure_growth(sizes.growth_batches, sizes.growth_rounds, sizes.seconds / 2)
    rows = [each.row(grown[0]) for each in grown]
    report.table("growth", "Growth: the same, and how many times the small library's", rows)


async def queue(sizes: Sizes, report: Report) -> None:
    """The line for help: a press until all see it, and a class that joins at once."""
    folder = new_folder("queue")
    library = make_library(folder, Plan(people=STUDENTS))
    lines = [make_line(folder, name) for name in ("Physics lab", "Chemistry lab")]
    rows = []
    with serving(folder) as server:
        pressed = await measure_press(server, library, lines[0], STUDENTS, sizes.batches)
        for count in sizes.classes:
            for way in WAYS:
                joins = await measure_joins(server, library, lines[1], way, count, sizes.bursts)
                rows.append(joins.row())
    title = "Queue: one press, with all students in the line, until all show it"
    report.table("queue", title, [pressed.row()])
    report.table("joins", "Joins: a whole class at once, durable, numbers 1 to n once each", rows)


async def after(sizes: Sizes, report: Report) -> None:
    """The figures after class, of more tickets than a queue has in years."""
    folder = new_folder("after")
    make_library(folder, Plan(people=1))
    measured = measure_after(folder, make_line(folder, "Physics lab"), TICKETS, sizes.looks)
    report.table("after", "After class: all figures of a queue's past, SQLite", [measured])


async def statistics(sizes: Sizes, report: Report) -> None:
    """A site's figures over a year with a million events, 300 doors, each given twice a day."""
    rows = await asyncio.to_thread(measure_statistics, sizes.year, sizes.looks)
    report.table("statistics", "Statistics: a year of a library, asked for in one go", rows)


async def history(sizes: Sizes, report: Report) -> None:
    """Pages of the log of the same year, as they are filtered."""
    rows = await asyncio.to_thread(measure_history, sizes.year, sizes.looks)
    report.table("history", "History: 50 of a million events, by filter", rows)


async def board(sizes: Sizes, report: Report) -> None:
    """The staff board in a browser: a change until it is in the DOM, its bytes, and scrolling."""
    measured = [await measure_board(*size, sizes.changes) for size in sizes.boards]
    title = "Board: one change until a browser's DOM has it, its bytes, and scrolling meanwhile"
    report.table("board", title, [each.row() for each in measured])


async def bookings(sizes: Sizes, report: Report) -> None:
    """Charging spots booked for later today and cancelled, at a site with 10,000 open bookings."""
    rows = await asyncio.to_thread(measure_bookings, HOLDERS, sizes.seconds)
    report.table("bookings", "Bookings: durable, and no two of a spot overlap", rows)


async def importing(sizes: Sizes, report: Report) -> None:
    """A file of people, from the upload until all of them are there."""
    measured = await measure_imports(sizes.rows, sizes.seconds)
    title = "Import: people from a file until all are there, alone and beside 50 busy students"
    report.table("import", title, measured)


async def forecast(sizes: Sizes, report: Report) -> None:
    """When charging spots come free: how good on made-up sessions, and how quick."""
    print_verdict(replay_made_up(sizes.days), report, "Forecast, made-up sessions")
    measured = measure_forecasts(STAYS, sizes.looks)
    report.table("forecast", "Forecast: when each of 50 spots comes free", [measured])
    live = await asyncio.to_thread(measure_live_forecasts, STAYS, sizes.looks)
    report.table("live", "Forecast: the same as the pages ask for it, by the bookings", live)


async def terminals(sizes: Sizes, report: Report) -> None:
    """Card terminals: from a tap to its answer, alone and with many others, and to screens."""
    alone = [await measure_alone(kind, sizes.taps) for kind in KINDS]
    report.table("taps", "Taps: one terminal, from the card until the answer is done", alone)
    many = [
        await measure_many(kind, TERMINALS, per_second, sizes.tapping)
        for kind, per_second in TAPS_A_SECOND
    ]
    report.table("many-taps", "Taps: many terminals at fixed times, durable, each once", many)
    shown = await measure_screens(TAP_SCREENS, sizes.batches * 5)
    report.table("tap-screens", "Taps: until screens of the bank show what came of it", [shown])


ALL: dict[str, Callable[[Sizes, Report], Awaitable[None]]] = {
    "fan-out": fan_out,
    "commands": commands,
    "growth": growth,
    "queue": queue,
    "after": after,
    "statistics": statistics,
    "history": history,
    "board": board,
    "bookings": bookings,
    "import": importing,
    "forecast": forecast,
    "terminals": terminals,
    "start": start,
}


async def run(names: list[str], sizes: Sizes, report: Report) -> None:
    """Run them one after the other."""
    began = time.monotonic()
    gc.freeze()
    report.facts(facts())
    for name in names:
        await ALL[name](sizes, report)
    report.say(f"\nTook {time.monotonic() - began:.0f} s.")


def main() -> int:
    """Read the command line; 1 when something is wrong with what was measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *ALL], metavar="|".join(ALL))
    parser.add_argument("--quick", action="store_true", help="in less than a minute, and rougher")
    asked = parser.parse_args()
    report = Report(as_json=os.environ.get("JSON", "") not in ("", "0"))
    try:
        uvloop.run(run(asked.names or list(ALL), QUICK if asked.quick else FULL, report))
    except (Broken, NotStarted) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
