"""Commands: people who get a locker and give it back as fast as they are answered."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.caller import Caller
from bench.check import check
from bench.figures import median, ms, p95
from bench.library import BANK, Library
from bench.person import PAGE, Answered, Person
from bench.screens import Screen, connect
from bench.server import Server

Client = Person | Caller


@dataclass
class Commands:
    """What was measured with one number of people, by one way in."""

    way: str
    people: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    answered: list[Answered] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Commands done and answered."""
        return sum(a.done for a in self.answered) / self.seconds

    def row(self) -> dict[str, object]:
        """For the table."""
        times = [a.seconds for a in self.answered]
        return {
            "by": self.way,
            "people": self.people,
            "commands/s": round(self.per_second),
            "p50, ms": ms(median(times)),
            "p95, ms": ms(p95(times)),
            "CPU/command, ms": ms(self.cpu_seconds / len(times), 2),
            "refused": sum(not a.done for a in self.answered),
            "checked": len(times),
        }


async def measure_commands(
    server: Server, library: Library, way: str, people: int, seconds: float
) -> Commands:
    """Let them, then look into the database.

    Raises:
        Broken: a locker was shared, or an answered command is not there.
    """
    clients = await WAYS[way](server, library.people[:people])
    result = Commands(way, people)
    await run_commands(server, clients, seconds, result)
    await asyncio.sleep(0.3)
    leave(clients)
    await asyncio.to_thread(check, server.data, result.answered)
    return result


async def run_commands(
    server: Server, clients: Sequence[Client], seconds: float, into: Commands
) -> None:
    """All of them for so long; each ends without a locker."""
    began, cpu = time.perf_counter(), server.cpu_seconds()
    done = await asyncio.gather(*(_in_turns(client, began + seconds) for client in clients))
    into.seconds += time.perf_counter() - began
    into.cpu_seconds += server.cpu_seconds() - cpu
    into.answered += [answer for each in done for answer in each]


async def by_websocket(server: Server, tokens: Sequence[str]) -> Sequence[Client]:
    """People with the bank's page open, where each also sees what all the others do."""
    people = [Person(Screen(PAGE, BANK, token)) for token in tokens]
    await connect(server.port, [person.screen for person in people])
    await asyncio.sleep(0.5)
    return people


async def by_http(server: Server, tokens: Sequence[str]) -> Sequence[Client]:
    """Programs with a connection each."""
    callers = [Caller(token) for token in tokens]
    loop = asyncio.get_running_loop()
    for caller in callers:
        await loop.create_connection(_always(caller), "127.0.0.1", server.port)
    return callers


WAYS = {"websocket": by_websocket, "HTTP API": by_http}


def leave(clients: Sequence[Client]) -> None:
    """Close their connections."""
    for client in clients:
        client.close()


async def _in_turns(client: Client, until: float) -> list[Answered]:
    answers: list[Answered] = []
    while time.perf_counter() < until:
        taken = await client.take()
        answers.append(taken)
        if taken.done:
            answers.append(await client.give_back())
            await client.until_shown(False)
    return answers


def _always(caller: Caller) -> Callable[[], Caller]:
    return lambda: caller
