"""An import of people through the real server, from the upload to the last of them, and what it
leaves to students who get and give back lockers meanwhile."""

import asyncio
import http.client
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from bench.check import Broken, check
from bench.commands import Commands, by_http, leave, run_commands
from bench.figures import median, ms, p95
from bench.library import Plan, database_of, make_library
from bench.server import Server, new_folder, serving, use_database
from locker_app.db.log import Trace
from locker_app.db.tables import person, staff_role
from locker_app.db.transaction import Work
from locker_app.domain.actors import Role

STUDENTS = 50
PATIENCE_SECONDS = 600.0
_BOUNDARY = "a-line-that-stands-in-no-name"
_KINDS = ("SQLite", "PostgreSQL")


@dataclass(frozen=True)
class Took:
    """When each step was done, in seconds from the beginning of the upload."""

    sent: float
    read: float
    done: float


async def measure_imports(rows: int, seconds: float) -> list[dict[str, object]]:
    """On either database: alone, then beside students; a row for each database.

    Raises:
        Broken: not all are there, or a student's command is lost.
    """
    return [await _measure(kind, rows, seconds) for kind in _KINDS]


async def _measure(kind: str, rows: int, seconds: float) -> dict[str, object]:
    with _place(kind) as folder:
        library = make_library(folder, Plan(people=STUDENTS))
        _give_right(folder)
        with serving(folder) as server:
            alone = await asyncio.to_thread(_import, server, library.staff, "A", rows)
            clients = await by_http(server, library.people)
            usual, meanwhile = (Commands("HTTP API", STUDENTS) for _ in range(2))
            await run_commands(server, clients, seconds, usual)
            beside = asyncio.create_task(
                asyncio.to_thread(_import, server, library.staff, "B", rows)
            )
            while not beside.done():
                await run_commands(server, clients, 1.0, meanwhile)
            took = await beside
            leave(clients)
            await asyncio.to_thread(check, folder, usual.answered + meanwhile.answered)
            await asyncio.to_thread(_all_are_there, folder, rows)
    times = [answered.seconds for answered in meanwhile.answered]
    return {
        "on": kind,
        "rows": rows,
        "sent, s": round(alone.sent, 1),
        "read, s": round(alone.read, 1),
        "all there, s": round(alone.done, 1),
        "beside students, s": round(took.done, 1),
        "commands/s before": round(usual.per_second),
        "meanwhile": round(meanwhile.per_second),
        "p50, ms": ms(median(times)),
        "p95, ms": ms(p95(times)),
        "longest, ms": ms(max(times)),
    }


@contextmanager
def _place(kind: str) -> Iterator[Path]:
    folder = new_folder(f"import-{kind.lower()}")
    if kind == "SQLite":
        yield folder
        return
    from tests.postgresql import Cluster  # only here: it wants the server's programs

    cluster = Cluster(durable=True)
    try:
        use_database(folder, cluster.url(cluster.create()))
        yield folder
    finally:
        cluster.stop()


def _give_right(folder: Path) -> None:
    """Imports need the right at all sites."""
    row = {"staff_id": 1, "site_id": None, "role": Role.ADMIN.value}
    db = database_of(folder)
    try:
        db.run(Work(lambda tx: tx.conn.execute(insert(staff_role), row) and None, Trace("setup")))
    finally:
        db.close()


def _import(server: Server, token: str, prefix: str, rows: int) -> Took:
    file = "number,name,accessible\n" + "".join(
        f"{prefix}{n:06},Vorname{n % 997} Nachname{n},{'yes' if n % 50 == 0 else 'no'}\n"
        for n in range(rows)
    )
    began = time.perf_counter()
    import_id = _send(server, token, file)["id"]
    sent = time.perf_counter()
    _until(server, token, import_id, "ready")
    read = time.perf_counter()
    path = f"/api/v1/people/imports/{import_id}/confirm"
    _ask(server, token, "POST", path, json.dumps({"good_only": False}), "application/json")
    _until(server, token, import_id, "done")
    return Took(sent - began, read - began, time.perf_counter() - began)


def _send(server: Server, token: str, file: str) -> dict[str, Any]:
    head = 'Content-Disposition: form-data; name="file"; filename="people.csv"'
    body = f"--{_BOUNDARY}\r\n{head}\r\n\r\n{file}\r\n--{_BOUNDARY}--\r\n"
    kind = f"multipart/form-data; boundary={_BOUNDARY}"
    return _ask(server, token, "POST", "/api/v1/people/imports", body, kind)


def _until(server: Server, token: str, import_id: int, status: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        one = _ask(server, token, "GET", f"/api/v1/people/imports/{import_id}")
        if one["status"] == status:
            return
        if one["status"] in ("stopped", "discarded") or time.monotonic() > end:
            raise Broken(f"the import is {one['status']}: {one['why']}")
        time.sleep(0.1)


def _ask(
    server: Server, token: str, method: str, path: str, body: str = "", kind: str = ""
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        given = {"Content-Type": kind} if kind else {}
        connection.request(method, path, body.encode() or None, headers | given)
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise Broken(f"{method} {path}: {answer.status} {said[:300]!r}")
    return json.loads(said)


def _all_are_there(folder: Path, rows: int) -> None:
    db = database_of(folder)
    try:
        for prefix in ("A", "B"):
            those = select(func.count()).where(person.c.number.like(f"{prefix}______"))
            count = db.read(lambda conn, those=those: conn.scalar(those))
            if count != rows:
                raise Broken(f"{count} of {rows} people are there")
    finally:
        db.close()
