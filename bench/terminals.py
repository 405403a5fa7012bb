"""Terminals: from a card on the reader to the answer, alone and with many others, and to screens.

Both ends are on disk before they say anything: the tap in the terminal's outbox, what came of it in
the database. Afterwards each tap is in the log once.
"""

import asyncio
import itertools
import json
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.check import check
from bench.doors import Given, Light, Whole, check_taps, in_turn, make_terminals
from bench.fanout import watching
from bench.figures import median, ms, p95
from bench.library import BANK, Plan, make_library
from bench.person import PAGE
from bench.server import cpu_seconds_of, free_port, new_folder, serving

KINDS = ("mosquitto", "embedded")
_BANKS = 10
_CARDS = 9
_PAUSE_SECONDS = 0.05
"""Between two taps at one terminal, so that what the last one left to do is done."""
_SETTLE_SECONDS = 1.0
_DISKS = 10
"""Threads that wait for the disk for the light terminals."""
_WARM = 12
"""Taps that are not counted."""


async def measure_alone(kind: str, taps: int) -> dict[str, object]:
    """One terminal, the real program, whose taps come one after the other."""
    folder, given, port = _library("alone", kind, 1)
    with serving(folder, _broker(kind, port)) as server:
        terminal = Whole(folder / "terminal", given[0], port)
        await terminal.until_ready()
        turns = itertools.cycle(in_turn(given[0].cards))
        for uid in itertools.islice(turns, _WARM):
            await terminal.tap(uid)
            await asyncio.sleep(_PAUSE_SECONDS)
        seconds, cpu = [], server.cpu_seconds()
        for uid in itertools.islice(turns, taps):
            seconds.append(await terminal.tap(uid))
            await asyncio.sleep(_PAUSE_SECONDS)
        cpu = server.cpu_seconds() - cpu
        await terminal.leave()
    await asyncio.to_thread(check_taps, folder, taps + _WARM)
    return {
        "broker": kind,
        "taps": taps,
        "p50, ms": ms(median(seconds), 2),
        "p95, ms": ms(p95(seconds), 2),
        "p99, ms": ms(p99(seconds), 2),
        "longest, ms": ms(max(seconds), 1),
        "CPU/tap, ms": ms(cpu / taps, 2),
        "verdicts": _words(terminal.verdicts),
    }


async def measure_many(
    kind: str, terminals: int, per_second: int, seconds: float
) -> dict[str, object]:
    """Many terminals at which cards are read at fixed times, answered or not."""
    folder, given, port = _library("many", kind, terminals)
    with serving(folder, _broker(kind, port)) as server:
        doors = await _light(folder, given, port)
        await _tap_at_fixed_times(doors, given, per_second, 2)
        for door in doors:
            door.seconds.clear()
        before = sum(door.taps for door in doors)
        broker = _pid(folder)
        cpu, broker_cpu, began = server.cpu_seconds(), cpu_seconds_of(broker), time.perf_counter()
        mine = time.process_time()
        await _tap_at_fixed_times(doors, given, per_second, seconds)
        took = time.perf_counter() - began
        cpu, broker_cpu = server.cpu_seconds() - cpu, cpu_seconds_of(broker) - broker_cpu
        mine = time.process_time() - mine
        for door in doors:
            door.leave()
    sent = sum(door.taps for door in doors)
    await asyncio.to_thread(check_taps, folder, sent)
    await asyncio.to_thread(check, folder, [])
    times = [one for door in doors for one in door.seconds]
    return {
        "broker": kind,
        "terminals": terminals,
        "cards/s": per_second,
        "taps/s": round(len(times) / took),
        "answered": f"{len(times)} of {sent - before}",
        "sent again": sum(door.repeated for door in doors),
        "p50, ms": ms(median(times)),
        "p95, ms": ms(p95(times)),
        "p99, ms": ms(p99(times)),
        "server CPU, %": round(100 * cpu / took),
        "broker CPU, %": round(100 * broker_cpu / took),
        "bench CPU, %": round(100 * mine / took),
        "verdicts": _words(sum((door.verdicts for door in doors), Counter())),
    }


async def measure_screens(screens: int, rounds: int) -> dict[str, object]:
    """From a tap that gives a locker, or gives it back, until screens of the bank show it."""
    folder = new_folder("tap-screens")
    library = make_library(folder, Plan(people=max(screens + 1, _CARDS)))
    given, port = make_terminals(folder, 1, 1, _CARDS), free_port()
    answered, middle, last = [], [], []
    with serving(folder, _broker("mosquitto", port)) as server:
        (door,) = await _light(folder, given, port)
        async with watching(server, library, PAGE, screens, BANK) as (crowd, _):
            for n in range(rounds):
                uid = given[0].cards[n % _CARDS]
                for changes in (True, False, True):
                    heard, began = crowd.expect() if changes else None, time.perf_counter()
                    answered.append(await asyncio.wait_for(door.tap(uid), 20) - began)
                    if heard is not None:
                        last.append(await asyncio.wait_for(heard, 20) - began)
                        middle.append(statistics.median(crowd.heard_at) - began)
                    await asyncio.sleep(_PAUSE_SECONDS)
        door.leave()
    return {
        "screens": screens,
        "taps": len(last),
        "answer, ms": ms(median(answered)),
        "median screen, ms": ms(median(middle)),
        "last screen, ms": ms(median(last)),
        "p95, ms": ms(p95(last)),
    }


def p99(samples: list[float]) -> float:
    """What 99 of 100 do not exceed."""
    return sorted(samples)[max(0, -(-len(samples) * 99 // 100) - 1)]


def _library(name: str, kind: str, terminals: int) -> tuple[Path, list[Given], int]:
    folder = new_folder(f"{name}-{kind}")
    make_library(folder, Plan(people=terminals * _CARDS, banks=_BANKS))
    return folder, make_terminals(folder, _BANKS, terminals, _CARDS), free_port()


def _broker(kind: str, port: int) -> dict[str, str]:
    return {"CUBBY_MQTT": kind, "CUBBY_MQTT_PORT": str(port)}


async def _light(folder: Path, given: list[Given], port: int) -> list[Light]:
    disks = [ThreadPoolExecutor(1) for _ in given[:_DISKS]]
    doors = [
        Light(folder / f"terminal-{one.id}", one, disks[n % _DISKS]) for n, one in enumerate(given)
    ]
    for door in doors:
        await door.connect(port)
    await asyncio.sleep(_SETTLE_SECONDS)
    return doors


async def _tap_at_fixed_times(
    doors: list[Light], given: list[Given], per_second: int, seconds: float
) -> None:
    turns = [itertools.cycle(in_turn(one.cards)) for one in given]
    begin = time.perf_counter() + 0.1
    for n in range(int(per_second * seconds)):
        at = begin + n / per_second
        # Also when it is late itself: what was answered is to be seen.
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        which = n % len(doors)
        doors[which].tap(next(turns[which]), at)
    await asyncio.gather(*(door.until_answered() for door in doors))


def _pid(folder: Path) -> int:
    return json.loads((folder / "broker" / "running.json").read_text())["pid"]


def _words(verdicts: Counter[str]) -> str:
    return " ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
