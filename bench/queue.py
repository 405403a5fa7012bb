"""The line for help: a press of "complete" until the last student's phone shows it, and a whole
class that takes tickets in the same second.

The press is measured as other changes are, beside the bare broadcast of the same bytes, with all
students in the line: the longest frames there can be. Joining is measured in bursts: everybody at
once, from the first request until the last has a number; then the line is cleared for the next.
"""

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from bench.caller import Caller
from bench.check import Broken
from bench.commands import by_http
from bench.fanout import (
    BATCH,
    PAUSE_SECONDS,
    FanOut,
    Samples,
    broadcast,
    idle_share_of,
    open_bare,
)
from bench.figures import median, ms, p95
from bench.library import Library, database_of
from bench.person import PATIENCE_SECONDS
from bench.screens import Crowd, Screen, connect, open_crowd
from bench.server import Server, bare_broadcast
from locker_app.db.tables import queue, request, ticket
from locker_app.domain.actors import SYSTEM, Actor, Role
from locker_app.services.command import Call, command
from locker_app.services.queues import QueuePlan, create_queue

PAGE = "/q"
_PAGES = "reflex___state____state.locker_app___web___pages___"
_PRESS = f"{_PAGES}helm____helm_page.press"
_JOIN = f"{_PAGES}queue____queue_page.join"
_SERVING = b'"serving_rx_state_"'
"""Stands in each frame that shows whose turn it is."""
_NUMBER = re.compile(rb'"rows_rx_state_":\[\{"ticket_id":\d+,.*?"number":(\d+),')


@dataclass(frozen=True)
class Line:
    """The queue that is measured."""

    queue_id: int
    code: str


def make_line(folder: Path, name: str) -> Line:
    """Set up a queue of this name in the library of this folder."""
    db = database_of(folder)
    try:
        admin = Actor(SYSTEM.kind, roles=((None, Role.ADMIN),))
        call = Call(datetime.now(UTC), "setup", actor=admin)
        plan = QueuePlan(name=name, tickets_per_group=2)
        queue_id = db.run(command(call, create_queue, site_id=1, plan=plan))
        code = db.read(lambda conn: conn.scalar(select(queue.c.code).where(queue.c.id == queue_id)))
        return Line(queue_id, str(code))
    finally:
        db.close()


async def measure_press(
    server: Server, library: Library, line: Line, screens: int, batches: int
) -> FanOut:
    """From a professor's press until the last of the students in the line sees it."""
    result = FanOut("press of “complete”", screens)
    students = library.people[:screens]
    callers = await by_http(server, students)
    await asyncio.gather(*(_taken(caller, line, at) for at, caller in enumerate(callers)))
    for caller in callers:
        caller.close()
    pages = [Screen(PAGE, line.code, token, segment="line_code") for token in students]
    crowd = await open_crowd(server.port, pages, _SERVING)
    desk = Screen("/staff/queues", line.queue_id, library.staff, segment="queue")
    await connect(server.port, [desk])
    await asyncio.sleep(0.5)
    frames = await _frames_of_a_press(crowd, desk, line)
    result.bytes_each = sum(len(frame) for frame in frames)
    result.idle_share = await idle_share_of(server)
    with bare_broadcast() as bare:
        bare_crowd = await open_bare(bare, screens, _SERVING, frames)
        for _ in range(batches):
            await _presses(server, crowd, desk, line, result)
            await broadcast(bare, bare_crowd, result.bare)
        bare_crowd.close()
    result.megabytes = server.megabytes()
    crowd.close()
    desk.close()
    return result


async def _presses(server: Server, crowd: Crowd, desk: Screen, line: Line, result: FanOut) -> None:
    into: Samples = result.ours
    began, cpu = time.perf_counter(), server.cpu_seconds()
    for _ in range(BATCH):
        heard, sent = crowd.expect(), time.perf_counter()
        desk.event(_PRESS, queue_id=line.queue_id, request_id=uuid.uuid4().hex)
        into.seconds.append(await asyncio.wait_for(heard, 20) - sent)
        await asyncio.sleep(PAUSE_SECONDS)
    idle = (time.perf_counter() - began) * result.idle_share
    into.cpu_seconds.append(max(0.0, server.cpu_seconds() - cpu - idle) / BATCH)


async def _frames_of_a_press(crowd: Crowd, desk: Screen, line: Line) -> list[bytes]:
    """What one of those who wait is sent for a press."""
    frames: list[bytes] = []
    screen = crowd.members[-1]
    assert isinstance(screen, Screen)
    before = screen.on_frame
    screen.on_frame = lambda frame: frames.append(frame) if b"____pulse" not in frame else None
    desk.event(_PRESS, queue_id=line.queue_id, request_id=uuid.uuid4().hex)
    await asyncio.sleep(0.5)
    screen.on_frame = before
    return frames


@dataclass
class Joins:
    """What was measured with one class, by one way in."""

    way: str
    people: int
    bursts: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    """How long each waited for the number."""

    def row(self) -> dict[str, object]:
        """For the table."""
        return {
            "by": self.way,
            "people": self.people,
            "joins/s": round(len(self.taken) / self.seconds),
            "p50, ms": ms(median(self.taken)),
            "p95, ms": ms(p95(self.taken)),
            "all have theirs, ms": ms(self.seconds / self.bursts),
            "CPU/join, ms": ms(self.cpu_seconds / len(self.taken), 2),
            "checked": len(self.taken),
        }


class Student:
    """Somebody with the page of the queue open, who takes a ticket by its form."""

    def __init__(self, line: Line, token: str) -> None:
        self.screen = Screen(PAGE, line.code, token, segment="line_code")
        self.screen.on_frame = self._on_frame
        self._given: asyncio.Future[int] | None = None

    async def join(self, group: str) -> int:
        """Take a ticket, and wait until the page shows it; its number."""
        self._given = asyncio.get_running_loop().create_future()
        form = {"group": group, "question": "", "room_pin": ""}
        self.screen.event(_JOIN, form=form, request_id=uuid.uuid4().hex)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._given

    def _on_frame(self, frame: bytes) -> None:
        if self._given is None or self._given.done() or b"____tickets" not in frame:
            return
        number = _NUMBER.search(frame)
        if number is not None and b'"status":"cleared"' not in frame:
            self._given.set_result(int(number[1]))


async def measure_joins(
    server: Server, library: Library, line: Line, way: str, people: int, bursts: int
) -> Joins:
    """Let the class take tickets, several times, each into an empty line.

    Raises:
        Broken: a number was given twice, or left out, or an answer is not in the database.
    """
    result = Joins(way, people, bursts)
    tokens = library.people[:people]
    staff, *callers = await by_http(server, [library.staff, *tokens])
    assert isinstance(staff, Caller)
    students = [Student(line, token) for token in tokens] if way == "websocket" else []
    await connect(server.port, [student.screen for student in students])
    await asyncio.sleep(0.5)
    for _ in range(bursts):
        await staff.reset(line.queue_id)
        await asyncio.sleep(0.3)
        began, cpu = time.perf_counter(), server.cpu_seconds()
        numbers = await asyncio.gather(
            *(_timed(result, _number(o, line, at)) for at, o in enumerate(students or callers))
        )
        result.seconds += time.perf_counter() - began
        result.cpu_seconds += server.cpu_seconds() - cpu
        await asyncio.to_thread(_check, server.data, line, numbers)
    for one in [*callers, staff, *(student.screen for student in students)]:
        one.close()
    await asyncio.sleep(0.3)
    return result


async def _number(one: object, line: Line, at: int) -> int:
    if isinstance(one, Student):
        return await one.join(_group(at))
    return await _taken(one, line, at)


def _group(at: int) -> str:
    """Two in each group."""
    return str(at // 2 + 1)


async def _taken(caller: object, line: Line, at: int) -> int:
    assert isinstance(caller, Caller)
    answered, number = await caller.join(line.queue_id, _group(at))
    assert answered.done, "the ticket was refused"
    return number


async def _timed(into: Joins, joining: Awaitable[int]) -> int:
    began = time.perf_counter()
    number = await joining
    into.taken.append(time.perf_counter() - began)
    return number


def _check(folder: Path, line: Line, numbers: Sequence[int]) -> None:
    """Whether these are the numbers from 1 on, once each, in the answers as in the tables."""
    db = database_of(folder)
    try:
        kept = db.read(
            lambda conn: conn.execute(
                select(ticket.c.number, ticket.c.holder)
                .join(queue, queue.c.id == ticket.c.queue_id)
                .where(queue.c.id == line.queue_id, ticket.c.round == queue.c.round)
            ).all()
        )
        answers = db.read(
            lambda conn: conn.scalars(
                select(request.c.answer).order_by(request.c.at.desc()).limit(len(numbers))
            ).all()
        )
    finally:
        db.close()
    wanted = list(range(1, len(numbers) + 1))
    if sorted(numbers) != wanted or sorted(row.number for row in kept) != wanted:
        raise Broken(f"the numbers given are not 1 to {len(numbers)}, once each")
    if len({row.holder for row in kept}) != len(kept) or None in answers:
        raise Broken("somebody has two tickets, or an answer was not kept")
