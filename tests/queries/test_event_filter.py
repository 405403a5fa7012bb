"""Filters of the log: each combination finds what a slow look at every row finds, in its order, on
both databases, and reads no more of the log than a stretch of an index."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Connection, insert, select, update

from locker_app.db.database import Database
from locker_app.db.tables import bank, event, locker, person, staff
from locker_app.domain.errors import BadInput
from locker_app.domain.terminals import TapMode, TerminalKind, TerminalPlan
from locker_app.queries.event_filter import Asked, Filter, resolve, strands
from locker_app.queries.events import SOMEBODY, filtered_page, older
from locker_app.queries.events_file import CHUNK, HEAD, events_file
from locker_app.services.terminals import add_terminal
from tests.world import World

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KINDS = ("LockerAssigned", "LockerReleased", "Refused", "PersonSignedIn", "PinReset", "TicketTaken")
SOME = 300


def _terminal(world: World, site_id: int) -> int:
    plan = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE)
    return world.run(world.staff(), add_terminal, site_id=site_id, plan=plan)


@pytest.fixture
def log(world: World) -> list[Any]:
    """A log of everything in any order, at two sites and none; its rows."""
    chance = random.Random(4)
    sites = [world.site(), world.site()]
    banks = [world.bank(site, count=2, prefix="A") for site in sites for _ in range(2)]
    queues = [world.queue(site) for site in sites]
    spots = [world.chargers(site, 1)[0] for site in sites]
    terminals = [_terminal(world, site) for site in sites]
    doors = {row.id: row.bank_id for row in world.rows(locker)}
    people, members = [world.person().id for _ in range(4)], [world.staff().id for _ in range(2)]
    at_site = {row.id: row.site_id for row in world.rows(bank)}
    rows = []
    for _ in range(SOME):
        places = ("bank_id", "locker_id", "queue_id", "charger_id", "terminal_id")
        about: dict[str, Any] = dict.fromkeys(places)
        place = chance.choice(["door", "bank", "queue", "charger", "site", "none"])
        site = chance.choice(sites)
        if place == "door":
            about["locker_id"] = chance.choice(list(doors))
            about["bank_id"] = doors[about["locker_id"]]
        elif place == "bank":
            about["bank_id"] = chance.choice(banks)
        elif place == "queue":
            about["queue_id"] = queues[sites.index(site)]
        elif place == "charger":
            about["charger_id"] = spots[sites.index(site)]
        if about["bank_id"] is not None:
            site = at_site[about["bank_id"]]
        if about["bank_id"] is not None or place == "site":
            about["terminal_id"] = chance.choice([None, terminals[sites.index(site)]])
        actor = chance.choice(
            [
                *[("person", who) for who in people],
                *[("staff", who) for who in members],
                *[("system", None), ("nobody", None), ("person", None), ("visitor", 7)],
            ]
        )
        rows.append(
            {
                **about,
                # out of order, and often at the same moment
                "at": START + timedelta(minutes=chance.randrange(60)),
                "kind": chance.choice(KINDS),
                "actor_kind": actor[0],
                "actor_id": actor[1],
                "origin": "test",
                "site_id": None if place == "none" else site,
                "person_id": chance.choice([*people, None, actor[1] or None]),
                "staff_id": None,
                "reason": None,
                "details": {},
                "request_id": None,
            }
        )
    world.change(insert(event).values(rows))
    return world.rows(event)


def slowly(rows: list[Any], wanted: Filter) -> list[int]:
    """The ids of what the filter lets through, by looking at every row."""

    def fits(row: Any) -> bool:
        return all(
            (
                wanted.sites is None or row.site_id in wanted.sites,
                wanted.since is None or row.at >= wanted.since,
                wanted.until is None or row.at < wanted.until,
                wanted.kinds is None or row.kind in wanted.kinds,
                wanted.refused is None or wanted.refused == (row.kind == "Refused"),
                wanted.actors is None or (row.actor_kind, row.actor_id) in wanted.actors,
                wanted.people is None or row.person_id in wanted.people,
                wanted.lockers is None or row.locker_id in wanted.lockers,
                wanted.bank_id is None or row.bank_id == wanted.bank_id,
                wanted.queue_id is None or row.queue_id == wanted.queue_id,
                wanted.charger_id is None or row.charger_id == wanted.charger_id,
                wanted.terminal_id is None or row.terminal_id == wanted.terminal_id,
            )
        )

    found = [row for row in rows if fits(row)]
    return [row.id for row in sorted(found, key=lambda row: (row.at, row.id), reverse=True)]


def paged(conn: Connection, wanted: Filter, size: int) -> list[int]:
    """The ids of all pages."""
    ids: list[int] = []
    while page := filtered_page(conn, wanted, before=ids[-1] if ids else None, limit=size):
        assert len(page) <= size
        ids += [one.id for one in page]
    return ids


def _actor(row: Any) -> tuple[str, int | None]:
    """Who did it; nobody can ask for those who were forgotten."""
    forgotten = row.actor_kind == "person" and row.actor_id is None
    return ("system", None) if forgotten else (row.actor_kind, row.actor_id)


def any_filter(chance: random.Random, rows: list[Any]) -> Filter:
    """A filter of a few things that are in the log together, or not."""
    one, other = chance.choice(rows), chance.choice(rows)
    parts: dict[str, Any] = {
        "since": START + timedelta(minutes=chance.randrange(-5, 60)),
        "until": START + timedelta(minutes=chance.randrange(5, 70)),
        "kinds": frozenset({one.kind, other.kind}),
        "refused": chance.random() < 0.5,
        "actors": (_actor(one), ("staff", 1))[: chance.randint(1, 2)],
        "people": tuple({one.person_id or 1, other.person_id or 2}),
        "lockers": tuple({one.locker_id or 1, other.locker_id or 2}),
        "bank_id": one.bank_id or other.bank_id,
        "queue_id": one.queue_id,
        "charger_id": one.charger_id,
        "terminal_id": one.terminal_id,
        "sites": chance.choice([frozenset({1}), frozenset({2}), frozenset({1, 2}), frozenset()]),
    }
    chosen = chance.sample(sorted(parts), chance.choice([0, 1, 1, 2, 2, 3, 4]))
    wanted = Filter(**{name: parts[name] for name in chosen})
    if wanted.actors is not None:
        wanted = replace(wanted, actors=tuple(dict.fromkeys(wanted.actors)))
    return wanted


def test_every_filter_finds_what_a_look_at_every_row_finds(world: World, log: list[Any]) -> None:
    chance = random.Random(9)

    def compare(conn: Connection) -> int:
        found = 0
        for _ in range(60):
            wanted = any_filter(chance, log)
            expected = slowly(log, wanted)
            assert paged(conn, wanted, chance.choice([17, 500])) == expected, wanted
            found += len(expected) > 0
        return found

    assert world.db.read(compare) > 20, "filters that find nothing show little"


def test_a_file_has_what_the_pages_have(world: World, log: list[Any]) -> None:
    chance = random.Random(2)

    def compare(conn: Connection) -> None:
        for _ in range(25):
            wanted = any_filter(chance, log)
            file = events_file(conn, wanted, "UTC")
            text = "".join(piece for _, piece in file.pieces).removeprefix("\ufeff")
            head, *lines = text.splitlines()
            assert head == ",".join(HEAD)
            ids = [int(line.split(",")[0]) for line in lines]
            assert ids == slowly(log, wanted)
            assert file.rows == len(ids)

    world.db.read(compare)


def test_a_long_file_loses_nothing_between_its_pieces(world: World) -> None:
    site_id = world.site()
    one = {"kind": "PinChosen", "actor_kind": "system", "origin": "", "details": {}}
    times = [START + timedelta(seconds=n // 7) for n in range(2 * CHUNK + 5)]
    for begin in range(0, len(times), 500):
        some = [{**one, "at": at, "site_id": site_id} for at in times[begin : begin + 500]]
        world.change(insert(event).values(some))
    count = len(world.rows(event))

    def read(conn: Connection) -> tuple[int, list[int], int]:
        file = events_file(conn, Filter(), "UTC")
        pieces = list(file.pieces)
        lines = "".join(text for _, text in pieces).splitlines()[1:]
        return file.rows, [int(line.split(",")[0]) for line in lines], pieces[-1][0]

    rows, ids, said = world.db.read(read)
    assert rows == len(ids) == len(set(ids)) == said == count


def find(world: World, scope: frozenset[int] | None = None, **asked: Any) -> Filter:
    return world.db.read(lambda conn: resolve(conn, scope, Asked(**asked)))


def test_people_are_meant_by_number_or_name(world: World) -> None:
    ann, bob = world.person(), world.person()
    for who, name in ((ann, "Ann Lee"), (bob, "Bob 100% Lee")):
        world.change(update(person).where(person.c.id == who.id).values(name=name))
    number = world.row(person, ann.id or 0).number
    assert find(world, who=f" {number.lower()} ").people == (ann.id,)
    assert find(world, who="ann").people == (ann.id,)
    assert set(find(world, who="LEE").people or ()) == {ann.id, bob.id}
    assert find(world, who="0% l").people == (bob.id,)
    with pytest.raises(BadInput, match="Nobody here"):
        find(world, who="%")  # no name has a percent sign alone: a joker it is not
        find(world, who="_nn")
    with pytest.raises(BadInput):
        find(world, who="x\0y")


def test_who_did_it_is_a_person_staff_or_nobody(world: World) -> None:
    ann, desk = world.person(), world.staff()
    world.change(update(person).where(person.c.id == ann.id).values(name="Ann Desk"))
    world.change(update(staff).values(name="Desk", login="desk"))
    assert find(world, by="desk").actors == (("staff", desk.id), ("person", ann.id))
    assert find(world, by="System").actors == (("system", None),)
    assert find(world, by="nobody").actors == (("nobody", None),)
    with pytest.raises(BadInput, match="Nobody here"):
        find(world, by="elsewhere")


def test_too_many_are_not_searched_for(world: World) -> None:
    many = [
        {"number": f"M{n}", "name": f"Many {n}", "created_at": START, "failed_tries": 0}
        for n in range(60)
    ]
    world.change(insert(person).values(many))
    with pytest.raises(BadInput, match="More than 50"):
        find(world, who="many")


def test_doors_are_meant_by_what_stands_on_them(world: World) -> None:
    one, other = world.site(), world.site()
    first = world.bank(one, prefix="A")
    second, third = world.bank(one, prefix="B"), world.bank(other, prefix="A")
    a2, b2, c2 = (world.locker_ids(bank_id)[1] for bank_id in (first, second, third))
    assert set(find(world, door="a2").lockers or ()) == {a2, c2}
    assert set(find(world, door="2").lockers or ()) == {a2, b2, c2}
    assert set(find(world, frozenset({one}), door="2").lockers or ()) == {a2, b2}
    assert find(world, door="2", bank_id=second).lockers == (b2,)
    with pytest.raises(BadInput, match="no door"):
        find(world, frozenset({other}), door="B2")


def test_what_is_elsewhere_is_not_found(world: World, log: list[Any]) -> None:
    """Whatever is asked for, nothing of another site comes out."""

    def look(conn: Connection) -> None:
        asked = [
            *[Asked(bank_id=id_) for id_ in (1, 3, 99)],
            *[Asked(queue_id=id_) for id_ in (1, 2, 99)],
            *[Asked(charger_id=id_) for id_ in (1, 2, 99)],
            *[Asked(terminal_id=id_) for id_ in (1, 2, 99)],
            *[Asked(locker_id=id_) for id_ in (1, 8, 99)],
            *[Asked(door="1"), Asked(who="Person"), Asked(by="Staff"), Asked(by="nobody")],
        ]
        for scope, one in product((frozenset({1}), frozenset({2})), asked):
            for row in filtered_page(conn, resolve(conn, scope, one), limit=500):
                assert row.site_id in scope, one

    world.db.read(look)


def test_who_was_forgotten_is_somebody(world: World) -> None:
    bank_id = world.bank()
    who = world.person()
    world.take(who, bank_id)
    one = {
        "at": world.clock.now,
        "kind": "LockerAssigned",
        "actor_kind": "person",
        "origin": "web",
        "actor_id": None,
        "person_id": None,
        "bank_id": bank_id,
        "details": {},
    }
    world.change(insert(event).values(one))
    newest, before, *_ = world.db.read(lambda conn: filtered_page(conn, Filter()))
    assert (newest.actor, newest.person_name, newest.person_number) == (SOMEBODY, SOMEBODY, None)
    assert before.person_name is not None
    text = world.db.read(
        lambda conn: "".join(text for _, text in events_file(conn, Filter(), "UTC").pieces)
    )
    assert ",,somebody,somebody,web," in text


@pytest.fixture
def database(new_database_url: Callable[[str], str]) -> Iterator[Database]:
    opened = Database(new_database_url("sqlite"))
    yield opened
    opened.close()


ONE = frozenset({1})


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filter(), "COVERING INDEX event_of_site (site_id=?"),
        (Filter(sites=ONE), "COVERING INDEX event_of_site (site_id=?"),
        (Filter(sites=ONE, since=START), "event_of_site (site_id=? AND at>?"),
        (Filter(sites=ONE, until=START), "event_of_site (site_id=? AND at<?"),
        (Filter(sites=ONE, refused=False), "INDEX event_of_site (site_id=?"),
        (Filter(sites=ONE, refused=True), "COVERING INDEX event_of_kind (site_id=? AND kind=?"),
        (Filter(kinds=frozenset({"PinReset"})), "COVERING INDEX event_of_kind (site_id=? AND kind"),
        (Filter(bank_id=1), "COVERING INDEX event_of_bank (bank_id=? AND kind=?"),
        (Filter(bank_id=1, refused=False), "COVERING INDEX event_of_bank (bank_id=? AND kind=?"),
        (Filter(terminal_id=1), "COVERING INDEX event_of_terminal (terminal_id=? AND kind=?"),
        (Filter(terminal_id=1, bank_id=1), "INDEX event_of_terminal (terminal_id=? AND kind=?"),
        (Filter(charger_id=1), "COVERING INDEX event_of_charger (charger_id=? AND kind=?"),
        (Filter(queue_id=1, since=START), "event_of_queue (queue_id=? AND kind=? AND at>?"),
        (
            Filter(actors=(("system", None),), kinds=frozenset({"PinReset"}), sites=ONE),
            "COVERING INDEX event_of_actor (actor_kind=? AND actor_id=?",
        ),
        (
            Filter(actors=(("staff", 1),), bank_id=1, refused=False),
            "COVERING INDEX event_of_actor (actor_kind=? AND actor_id=?",
        ),
        (
            Filter(people=(1,), kinds=frozenset({"PinReset"}), sites=ONE, bank_id=1),
            "event_of_person (person_id=?",
        ),
        (Filter(lockers=(1,), actors=(("staff", 1),), bank_id=1), "event_of_locker (locker_id=?"),
        (Filter(people=(1,), lockers=(1,)), "event_of_person (person_id=?"),
    ],
)
def test_a_page_is_a_stretch_of_an_index(database: Database, wanted: Filter, index: str) -> None:
    one = {"at": START, "kind": "PinReset", "actor_kind": "system", "origin": "", "details": {}}
    where = {"site_id": 1, "bank_id": 1, "queue_id": 1, "charger_id": 1, "terminal_id": 1}

    def plans(conn: Connection) -> list[str]:
        e = event.c
        return [
            plan(
                conn,
                select(e.at, e.id)
                .where(*strand, older((START, 5)))
                .order_by(e.at.desc(), e.id.desc())
                .limit(50),
            )
            for strand in strands(conn, wanted)
        ]

    with database._write_engine.begin() as conn:
        conn.execute(insert(event).values({**one, **where}))
    found = database.read(plans)
    assert found
    assert any(index in each for each in found), found
    for each in found:
        assert "USE TEMP B-TREE" not in each
        assert "SCAN" not in each


def plan(conn: Connection, statement: ClauseElement) -> str:
    """How SQLite would go about it."""
    compiled = statement.compile(dialect=conn.dialect, compile_kwargs={"render_postcompile": True})
    nothing = tuple(None for _ in compiled.positiontup or [])  # pyright: ignore
    rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", nothing)
    return " | ".join(row.detail for row in rows)
