"""Fan-out: from one person's click until the last of many screens shows it.

Beside it, in turns, the same bytes to as many connections of a bare broadcast server, heard by
the same client: what it takes longer than that is ours.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.figures import median, ms, p95
from bench.library import BANK, Library
from bench.person import PAGE, Person
from bench.screens import Crowd, Screen, connect, open_crowd
from bench.server import Server, bare_broadcast
from bench.wire import Wire

BATCH = 10
PAUSE_SECONDS = 0.06
"""Between two actions: longer than the hub's interval, so that each is sent at once."""
_IDLE_SECONDS = 2.0
_MARKS = {PAGE: b'"doors_rx_state_"', "/staff/board": b'"rows_'}
"""What stands in the frame that shows a change on a page."""


@dataclass
class Samples:
    """Times of actions, and what CPU each took the server on average over a batch."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


@dataclass
class FanOut:
    """What was measured on one page at one number of screens."""

    page: str
    screens: int
    bytes_each: int = 0
    ours: Samples = field(default_factory=Samples)
    bare: Samples = field(default_factory=Samples)
    idle_share: float = 0.0
    megabytes: float = 0.0

    def row(self) -> dict[str, object]:
        """For the table."""
        ours, bare = median(self.ours.seconds), median(self.bare.seconds)
        return {
            "page": self.page,
            "screens": self.screens,
            "bytes": self.bytes_each,
            "last has it, ms": ms(ours),
            "p95, ms": ms(p95(self.ours.seconds)),
            "bare, ms": ms(bare),
            "bare p95, ms": ms(p95(self.bare.seconds)),
            "ratio": round(ours / bare, 2),
            "CPU/action, ms": ms(median(self.ours.cpu_seconds)),
            "bare CPU, ms": ms(median(self.bare.cpu_seconds)),
            "idle CPU, %": round(self.idle_share * 100, 1),
            "memory, MB": round(self.megabytes),
        }


async def measure_fan_out(
    server: Server, library: Library, page: str, screens: int, batches: int
) -> FanOut:
    """Measure at this number of screens, in turns with a bare server of its own."""
    result = FanOut(page, screens)
    async with watching(server, library, page, screens) as (crowd, person):
        frames = await _frames_of_one_action(crowd, person)
        result.bytes_each = sum(len(frame) for frame in frames)
        result.idle_share = await idle_share_of(server)
        with bare_broadcast() as bare:
            bare_crowd = await open_bare(bare, screens, _MARKS[page], frames)
            for _ in range(batches):
                await act(server, crowd, person, result.ours, result.idle_share)
                await broadcast(bare, bare_crowd, result.bare)
            bare_crowd.close()
        result.megabytes = server.megabytes()
    return result


@asynccontextmanager
async def watching(server: Server, library: Library, page: str, screens: int, bank: int = BANK):
    """That many screens on the page, and one person more who acts."""
    tokens = library.people[1:] if page == PAGE else [library.staff] * screens
    crowd = await open_crowd(
        server.port, [Screen(page, bank, token) for token in tokens[:screens]], _MARKS[page]
    )
    person = Person(Screen(PAGE, BANK, library.people[0]))
    try:
        await connect(server.port, [person.screen])
        await asyncio.sleep(0.5)  # the last snapshots are on their way
        yield crowd, person
    finally:
        crowd.close()
        person.screen.close()
        await asyncio.sleep(0.2)


async def act(
    server: Server, crowd: Crowd, person: Person, into: Samples, idle_share: float
) -> None:
    """A batch of actions; what the server does anyway is taken off its CPU time."""
    began, cpu = time.perf_counter(), server.cpu_seconds()
    for _ in range(BATCH // 2):
        for action in (person.take, person.give_back):
            heard, sent = crowd.expect(), time.perf_counter()
            done, at = await asyncio.gather(action(), asyncio.wait_for(heard, 20))
            assert done.done, "the action was refused"
            into.seconds.append(at - sent)
            await person.until_shown(action == person.take)
            await asyncio.sleep(PAUSE_SECONDS)
    idle = (time.perf_counter() - began) * idle_share
    into.cpu_seconds.append(max(0.0, server.cpu_seconds() - cpu - idle) / BATCH)


async def broadcast(bare: Server, crowd: Crowd, into: Samples) -> None:
    """A batch of broadcasts by the bare server."""
    cpu = bare.cpu_seconds()
    for _ in range(BATCH):
        heard, sent = crowd.expect(), time.perf_counter()
        crowd.members[0].send(b"go")
        into.seconds.append(await asyncio.wait_for(heard, 20) - sent)
        await asyncio.sleep(PAUSE_SECONDS)
    into.cpu_seconds.append((bare.cpu_seconds() - cpu) / BATCH)


async def _frames_of_one_action(crowd: Crowd, person: Person) -> list[bytes]:
    """What one screen is sent for an action."""
    frames: list[bytes] = []
    screen = crowd.members[0]
    assert isinstance(screen, Screen)
    before = screen.on_frame
    screen.on_frame = lambda frame: frames.append(frame) if b"____pulse" not in frame else None
    await person.take()
    await asyncio.sleep(0.3)
    screen.on_frame = before
    await person.give_back()
    await asyncio.sleep(0.3)
    return frames


async def idle_share_of(server: Server) -> float:
    """What share of a core the server takes when nothing happens."""
    cpu = server.cpu_seconds()
    await asyncio.sleep(_IDLE_SECONDS)
    return (server.cpu_seconds() - cpu) / _IDLE_SECONDS


class _BareScreen(Wire):
    def __init__(self, hear: Callable[[Wire, bytes], None]) -> None:
        super().__init__("/")
        self._hear = hear

    def heard(self, text: bytes) -> None:
        self._hear(self, text)


async def open_bare(bare: Server, screens: int, mark: bytes, frames: list[bytes]) -> Crowd:
    """Connections to the bare server, which is to send them these frames."""
    crowd = Crowd(mark)
    for _ in range(screens):
        crowd.add(_BareScreen(crowd.hear))
    await connect(bare.port, crowd.members)
    for frame in frames:
        crowd.members[0].keep(frame)
    return crowd
