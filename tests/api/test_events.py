"""The log with filters and as a file: what is in it, whose it is, and that it is one moment's."""

import asyncio
import csv
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, update

from locker_app.api import exports
from locker_app.api.exports import MOST, send_file
from locker_app.api.refusals import TooManyFiles
from locker_app.db.tables import event, person
from locker_app.domain.actors import Role
from locker_app.domain.errors import NotAllowed
from locker_app.queries.events_file import HEAD
from locker_app.services.lockers import force_release, take_out_of_service
from tests.api.clients import Client, Library, code


def rows(client: Client, **asked: Any) -> list[dict[str, str]]:
    """The file, read as a spreadsheet would."""
    answer = client.ask("/events.csv", **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    found = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert answer.headers["x-rows"] == str(len(found))
    return found


def test_the_file_has_what_the_pages_have_in_words(any_library: Library) -> None:
    world = any_library.world
    site = world.site()
    bank_id = world.bank(site, name="Hall", prefix="H")
    student, admin = world.person(), world.staff(Role.ADMIN, site)
    taken = world.take(student, bank_id)
    world.clock.advance(minutes=5)
    world.run(admin, force_release, locker_id=taken.locker_id, reason="left open")
    client = any_library.program(admin)
    newest, before, *_ = rows(client, bank_id=bank_id)
    assert list(newest) == list(HEAD)
    assert (newest["what"], newest["why"], newest["by"]) == (
        "released by staff",
        "by staff",
        "Staff",
    )
    assert (newest["place"], newest["door"], newest["reason"]) == ("Hall", "H1", "left open")
    assert newest["person_number"] == any_library.number_of(student)
    here = world.clock.now.astimezone(ZoneInfo("Europe/Berlin"))
    assert newest["at"] == here.isoformat(" ", "seconds"), "in the site's zone"
    assert (before["what"], before["kind"]) == ("got a locker", "LockerAssigned")
    ids = [row["id"] for row in client.ask("/events", limit=500).json()["events"]]
    assert [int(row["id"]) for row in rows(client)] == ids


def test_filters_are_the_same_for_both(any_library: Library) -> None:
    world = any_library.world
    site = world.site()
    bank_id = world.bank(site, count=2)
    one, other = world.people(2)
    admin = world.staff(Role.ADMIN, site)
    first = world.take(one, bank_id)
    world.clock.advance(hours=1)
    between = (world.clock.now - timedelta(minutes=30)).isoformat()
    world.take(other, bank_id)
    world.run(admin, take_out_of_service, locker_id=first.locker_id, reason="x")
    client = any_library.program(admin)
    for asked, kinds in (
        ({"kind": "LockerAssigned"}, ["LockerAssigned"] * 2),
        (
            {"kind": ["LockerAssigned", "BankCreated"], "bank_id": bank_id},
            ["LockerAssigned", "LockerAssigned", "BankCreated"],
        ),
        ({"who": any_library.number_of(one)}, ["LockerAssigned"]),
        ({"by": "Staff"}, ["LockerTakenOutOfService"]),
        ({"door": "A1"}, ["LockerTakenOutOfService", "LockerAssigned"]),
        ({"door": "A1", "until": between}, ["LockerAssigned"]),
        ({"door": "A1", "since": between}, ["LockerTakenOutOfService"]),
        ({"door": "A1", "refused": True}, []),
        ({"queue_id": 7}, []),
    ):
        page = client.ask("/events", **asked).json()["events"]
        found = [row["kind"] for row in page]
        assert found == kinds, asked
        assert [row["kind"] for row in rows(client, **asked)] == found


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"who": "Nobody Atall"}, "who"),
        ({"by": "nobody atall"}, "by"),
        ({"door": "Z99"}, "door"),
        ({"kind": "LockerEaten"}, "kind"),
        ({"kind": ["LockerAssigned"] * 21}, "kind"),
        ({"since": "2026-03-02T08:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"until": "9999-12-31T23:00:00-12:00"}, "until"),
        ({"since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:00:00Z"}, "until"),
        ({"who": "x" * 201}, "who"),
        ({"who": "a\0b"}, "who"),
        ({"site_id": 0}, "site_id"),
    ],
)
@pytest.mark.parametrize("path", ["/events", "/events.csv"])
def test_odd_filters(library: Library, path: str, asked: dict[str, Any], field: str) -> None:
    answer = library.program(library.world.staff()).ask(path, **asked)
    assert (answer.status_code, code(answer)) == (422, "bad_input")
    assert answer.json()["field"] == field


@pytest.mark.parametrize("path", ["/events", "/events.csv"])
def test_whose_it_is(library: Library, path: str) -> None:
    world = library.world
    here, there = world.site(), world.site()
    for site in (here, there):
        world.take(world.person(), world.bank(site))
    admin = library.program(world.staff(Role.ADMIN, here))
    assert code(admin.ask(path, site_id=there)) == "not_allowed"
    assert code(library.program().ask(path)) == "not_signed_in"
    for role in (Role.VIEWER, Role.PROFESSOR):
        assert code(library.program(world.staff(role, here)).ask(path)) == "not_allowed"
    names = {row["site"] for row in rows(admin)}
    assert len(names) == 1, "of one site, and nothing of none"
    everything = rows(library.program(world.staff()))
    assert {row["kind"] for row in everything} >= {"PersonAdded", "LockerAssigned"}


def test_cells_are_text(library: Library) -> None:
    world = library.world
    bank_id = world.bank(name="=Hall", prefix="-")
    student = world.person()
    world.change(update(person).where(person.c.id == student.id).values(name="@SUM(1)"))
    taken = world.take(student, bank_id)
    world.run(world.staff(), force_release, locker_id=taken.locker_id, reason='=HYPERLINK("x")')
    newest, *_ = rows(library.program(world.staff()), bank_id=bank_id)
    shown = [newest[name] for name in ("place", "door", "person_name", "reason")]
    assert shown == ["'=Hall", "'-1", "'@SUM(1)", '\'=HYPERLINK("x")']


@dataclass
class Slow:
    """A file whose next piece comes when it is let."""

    go: threading.Event = field(default_factory=threading.Event)
    rows: int = 2
    breaks: bool = False
    ended: bool = False

    @property
    def pieces(self) -> Iterator[tuple[int, str]]:
        """Two of them."""
        try:
            yield 1, "one\n"
            assert self.go.wait(20)
            if self.breaks:
                raise OSError("the disk is full")
            yield 2, "two\n"
        finally:
            self.ended = True


def test_a_file_is_sent_while_it_is_made(library: Library) -> None:
    async def go() -> None:
        slow = Slow()
        sent = await send_file(library.world.db, lambda conn: slow, "x.csv")
        assert sent.headers["x-rows"] == "2"
        pieces = aiter(sent.body_iterator)
        assert await anext(pieces) == b"one\n"
        slow.go.set()
        assert [piece async for piece in pieces] == [b"two\n"]

    asyncio.run(go())


def test_a_file_that_breaks_off_is_no_whole_one(library: Library) -> None:
    async def go() -> None:
        slow = Slow(breaks=True)
        slow.go.set()
        sent = await send_file(library.world.db, lambda conn: slow, "x.csv")
        with pytest.raises(OSError, match="full"):
            _ = [piece async for piece in sent.body_iterator]

    asyncio.run(go())


def test_only_some_files_at_once_and_whoever_leaves_makes_room(library: Library) -> None:
    def refuse(_conn: Connection) -> Slow:
        raise NotAllowed

    async def go() -> None:
        for _ in range(MOST + 1):  # what is refused takes no place
            with pytest.raises(NotAllowed):
                await send_file(library.world.db, refuse, "x.csv")
        slow = [Slow() for _ in range(MOST)]
        tasks = [
            asyncio.create_task(send_file(library.world.db, lambda conn, s=s: s, "x.csv"))
            for s in slow
        ]
        await asyncio.sleep(0)
        with pytest.raises(TooManyFiles):
            await send_file(library.world.db, lambda conn: Slow(), "x.csv")
        for one in slow:
            one.go.set()
        for task in tasks:
            sent = await task
            pieces = aiter(sent.body_iterator)
            await anext(pieces)
            await pieces.aclose()  # pyright: ignore[reportAttributeAccessIssue]
        done = Slow()
        done.go.set()
        sent = await send_file(library.world.db, lambda conn: done, "x.csv")
        assert len([piece async for piece in sent.body_iterator]) >= 1

    asyncio.run(go())
    assert exports._free.acquire(blocking=False)
    exports._free.release()


def test_a_file_is_of_one_moment(any_library: Library) -> None:
    """What happens while it is made is not in it, and names are those of its beginning."""
    world = any_library.world
    site_id = world.site()
    one = {"kind": "PinChosen", "actor_kind": "system", "origin": "", "details": {}}
    many = [{**one, "at": world.clock.now, "site_id": site_id} for _ in range(500)]
    for _ in range(5):
        world.change(insert(event).values(many))
    before = len(world.rows(event))
    client = any_library.program(world.staff())
    before += 2  # the account and its session
    found = rows(client)
    assert abs(len(found) - before) <= 2
    world.take(world.person(), world.bank(site_id))
    assert len(rows(client)) > len(found)
