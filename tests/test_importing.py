"""The worker of imports: what is sent is read by itself, and done once by however many."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from locker_app.db.tables import event, people_import, person
from locker_app.importing import Importer
from locker_app.services import import_work
from locker_app.services.import_work import look_at
from locker_app.services.people_import import confirm_import, discard_import, open_import
from locker_app.services.sealing import Seal
from tests.world import World

SEAL = Seal(("a key of the tests",))
PATIENCE = 30
ROWS = 1200


def sent(world: World, prefix: str, rows: int = ROWS) -> int:
    """A file that somebody has sent."""
    text = "number,name\n" + "".join(f"{prefix}{n},Person {n}\n" for n in range(rows))
    upload = look_at("people.csv", text.encode(), SEAL)
    return world.run(world.staff(), open_import, upload=upload)


async def until(moved: asyncio.Event, so: Callable[[], bool]) -> None:
    """Wait until it is so, looking whenever something moved."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(so):
            await moved.wait()
            moved.clear()


async def at_work(world: World, how_many: int, then: Callable[[asyncio.Event], Any]) -> list[int]:
    """Let so many workers run while something is done; the imports that they said moved."""
    moved, seen = asyncio.Event(), []

    def note(import_id: int) -> None:
        seen.append(import_id)
        moved.set()

    importers = [Importer(world.db, SEAL, note) for _ in range(how_many)]
    running = [asyncio.create_task(importer.run()) for importer in importers]
    try:
        await then(moved)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return seen


def status(world: World, import_id: int) -> str:
    return world.row(people_import, import_id).status


def test_several_workers_do_it_once(world: World) -> None:
    async def then(moved: asyncio.Event) -> None:
        ids = [await asyncio.to_thread(sent, world, prefix) for prefix in ("A", "B")]
        for import_id in ids:
            await until(moved, lambda one=import_id: status(world, one) == "ready")
            await asyncio.to_thread(world.run, world.staff(), confirm_import, import_id=import_id)
        for import_id in ids:
            await until(moved, lambda one=import_id: status(world, one) == "done")

    seen = asyncio.run(at_work(world, 3, then))

    assert len(set(seen)) == 2
    done = world.rows(event, kind="PeopleImported")
    assert [row.details["added"] for row in done] == [ROWS, ROWS]
    numbers = [row.number for row in world.rows(person)]
    assert len(numbers) == len(set(numbers)) == 2 * ROWS


def test_what_was_begun_goes_on_with_the_next(world: World) -> None:
    """Stopped in its middle, as when the server ends, it is let go at once."""
    import_id = sent(world, "A", 6_000)

    async def a_little(moved: asyncio.Event) -> None:
        await until(moved, lambda: world.row(people_import, import_id).progress > 0)

    async def the_rest(moved: asyncio.Event) -> None:
        await until(moved, lambda: status(world, import_id) == "ready")

    asyncio.run(at_work(world, 1, a_little))
    row = world.row(people_import, import_id)
    assert (row.status, row.process) == ("reading", "")
    assert 0 < row.progress < 6_000
    asyncio.run(at_work(world, 1, the_rest))
    assert world.row(people_import, import_id).new == 6_000


def test_one_that_fails_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("locker_app.importing.RETRY_SECONDS", 0.01)
    real = import_work.decode

    def decode(data: bytes, encoding: str) -> str:
        if b"POISON" in data:
            raise RuntimeError("a fault of ours")
        return real(data, encoding)

    bad = sent(world, "POISON", 1)
    good = sent(world, "A", 1)
    monkeypatch.setattr(import_work, "decode", decode)

    async def then(moved: asyncio.Event) -> None:
        await until(moved, lambda: status(world, good) == "ready")

    asyncio.run(at_work(world, 1, then))
    assert status(world, bad) == "reading"
    assert caplog.text.count("failed; it is tried again") == 1
    world.run(world.staff(), discard_import, import_id=bad)
