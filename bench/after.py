"""After class: how long the database and we take to sum up a queue's past."""

import random
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from bench.check import Broken
from bench.library import database_of
from bench.queue import Line
from locker_app.db.log import Trace
from locker_app.db.tables import staff, ticket
from locker_app.db.transaction import Work
from locker_app.domain.actors import SYSTEM, Actor, Role
from locker_app.queries.scoped import queue_looked_back

FIRST, DAYS = date(2025, 9, 1), 200
GROUPS = 300
_WAYS = {"done": 0.9, "no_show": 0.05, "withdrawn": 0.05}


def measure_after(folder: Path, line: Line, tickets: int, times: int) -> dict[str, object]:
    """Look back on so many tickets of 200 days, that often; a row with milliseconds."""
    admin = Actor(SYSTEM.kind, roles=((None, Role.ADMIN),))
    last = FIRST + timedelta(days=DAYS + 1)
    wall: list[float] = []
    cpu: list[float] = []
    db = database_of(folder)
    try:
        helper = db.read(lambda conn: conn.scalar(select(staff.c.id)))
        rows = list(_past(line.queue_id, helper, tickets))
        db.run(Work(lambda tx: _keep(tx, rows), Trace("bench")))
        for _ in range(times):
            began, used = time.perf_counter(), time.process_time()
            seen = db.read(
                lambda conn: queue_looked_back(
                    conn, admin, datetime.now(UTC), queue_id=line.queue_id, first=FIRST, last=last
                )
            )
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
            if seen.tickets != tickets:
                raise Broken(f"{seen.tickets} of {tickets} tickets were looked back on")
    finally:
        db.close()
    return {
        "tickets": tickets,
        "days": DAYS,
        "groups": GROUPS,
        "median, ms": round(statistics.median(wall) * 1000),
        "longest, ms": round(max(wall) * 1000),
        "CPU, ms": round(statistics.median(cpu) * 1000),
    }


def _keep(tx: Any, rows: list[dict[str, Any]]) -> None:
    tx.conn.execute(insert(ticket), rows)


def _past(queue_id: int, helper: int | None, count: int) -> Any:
    """Tickets of classes of four hours, the same each time."""
    chance = random.Random(count)
    begin = datetime(FIRST.year, FIRST.month, FIRST.day, 8, tzinfo=UTC)
    for n in range(count):
        day, at = divmod(n * DAYS / count, 1)
        joined = begin + timedelta(days=day, hours=4 * at)
        (status,) = chance.choices(list(_WAYS), list(_WAYS.values()))
        called = None
        if status != "withdrawn":
            called = joined + timedelta(seconds=chance.expovariate(1 / 900))
        left = timedelta(seconds=chance.expovariate(1 / 300))
        yield {
            "site_id": 1,
            "queue_id": queue_id,
            "round": 1 + int(day),
            "number": n + 1,
            "place": n + 1,
            "status": status,
            "holder": f"visitor:{n}",
            "slot": 0,
            "group_number": str(chance.randint(1, GROUPS)),
            "group_slot": 0,
            "question": "How does the second part go?",
            "note": "",
            "steps": 0,
            "staff_id": helper if called else None,
            "joined_at": joined,
            "called_at": called,
            "ended_at": (called or joined) + left,
            "ahead_at_join": 0,
        }
