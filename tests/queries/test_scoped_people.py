"""Who may look up whom, and what of them is shown; files that spreadsheets reckon nothing in."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import insert, update

from locker_app.db.tables import card, person
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, Role
from locker_app.domain.errors import BadInput, DomainError, NotAllowed, NotFound, NotSignedIn
from locker_app.domain.people_import import RowKind
from locker_app.domain.terminals import TapMode, TerminalKind, TerminalPlan
from locker_app.live.kinds import KINDS
from locker_app.queries import scoped_people as scoped
from locker_app.services.cards import ask_link
from locker_app.services.import_work import Worker, look_at
from locker_app.services.leaving import archive_person
from locker_app.services.people import add_person
from locker_app.services.people_import import open_import
from locker_app.services.sealing import Seal
from locker_app.services.terminals import add_terminal
from tests.world import World

SEAL = Seal(("a key of the tests",))


def ask(world: World, actor: Actor, query: Any, **arguments: Any) -> Any:
    return world.db.read(lambda conn: query(conn, actor, world.clock.now, **arguments))


def test_a_desk_finds_whom_it_looks_for_and_has_no_list(world: World) -> None:
    desk, chief = world.staff(Role.ADMIN, world.site()), world.staff()
    world.people(3)
    assert len(ask(world, chief, scoped.people)) == 3
    assert len(ask(world, desk, scoped.people, text="CS0")) == 3
    for text in ("", "C", "  C  "):
        with pytest.raises(BadInput):
            ask(world, desk, scoped.people, text=text)
    for text in ("x" * 201, "a\0b"):
        with pytest.raises(BadInput):
            ask(world, chief, scoped.people, text=text)


def test_who_may_not_is_refused(world: World) -> None:
    who = world.person()
    person_id = who.id
    site = world.site()
    upload = look_at("people.csv", b"number,name\nA1,Anna", SEAL)
    import_id = world.run(world.staff(), open_import, upload=upload)
    looked_up: list[tuple[Any, dict[str, Any]]] = [
        (scoped.people, {"text": "CS00"}),
        (scoped.person, {"person_id": person_id}),
        (scoped.past_of_person, {"person_id": person_id}),
    ]
    managed: list[tuple[Any, dict[str, Any]]] = [
        (scoped.data_of_person, {"person_id": person_id}),
        (scoped.people_file, {}),
        (scoped.imports, {}),
        (scoped.one_import, {"import_id": import_id}),
        (scoped.import_rows, {"import_id": import_id, "kind": RowKind.NEW}),
        (scoped.import_report, {"import_id": import_id}),
    ]
    refused: list[tuple[Actor, type[DomainError]]] = [
        (NOBODY, NotSignedIn),
        (who, NotAllowed),
        (world.staff(Role.VIEWER), NotAllowed),
        (world.staff(Role.PROFESSOR), NotAllowed),
    ]
    for query, arguments in looked_up + managed:
        for actor, refusal in refused:
            with pytest.raises(refusal):
                ask(world, actor, query, **arguments)
    for query, arguments in managed:
        with pytest.raises(NotAllowed):
            ask(world, world.staff(Role.ADMIN, site), query, **arguments)
        assert ask(world, world.staff(), query, **arguments) is not None


def test_what_somebody_has_is_shown_where_one_may_see_names(world: World) -> None:
    here, there = world.site(), world.site()
    bank, full, elsewhere = world.bank(here), world.bank(here, count=1), world.bank(there)
    who, chief, desk = world.person(), world.staff(), world.staff(Role.ADMIN, here)
    world.take(who, elsewhere)
    world.take(world.person(), full)
    world.join(who, full)
    world.ticket(who, world.queue(there))
    assert bank
    assert who.id is not None
    all_of_it = ask(world, chief, scoped.person, person_id=who.id)
    assert [c.bank_id for c in all_of_it.claims] == [elsewhere]
    assert len(all_of_it.tickets) == 1
    seen = ask(world, desk, scoped.person, person_id=who.id)
    assert (seen.claims, seen.tickets) == ([], [])
    assert [w.bank_id for w in seen.waits] == [full]
    assert {e.site_id for e in ask(world, desk, scoped.past_of_person, person_id=who.id)} == {here}
    kinds = [e.kind for e in ask(world, chief, scoped.past_of_person, person_id=who.id)]
    assert kinds == ["TicketCalled", "TicketTaken", "WaitJoined", "LockerAssigned", "PersonAdded"]
    with pytest.raises(NotFound):
        ask(world, chief, scoped.person, person_id=99)


def test_where_a_card_was_tapped_is_seen_by_who_sees_names_there(world: World) -> None:
    here, there, now = world.site(), world.site(), world.clock.now
    who, chief = world.person(), world.staff()
    plan = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE)
    gate = world.run(chief, add_terminal, site_id=there, plan=plan)
    times = dict.fromkeys(("created_at", "linked_at", "seen_at"), now)
    said = {"number": "k1." + "A" * 26, "person_id": who.id, "terminal_id": gate, "answer": {}}
    world.change(insert(card).values(**times, **said))
    assert who.id is not None
    world.run(chief, ask_link, person_id=who.id, terminal_id=gate)
    for actor, where in (
        (chief, ["Gate"]),
        (world.staff(Role.ADMIN, there), ["Gate"]),
        (world.staff(Role.ADMIN, here), []),
    ):
        seen = ask(world, actor, scoped.person, person_id=who.id)
        assert [one.seen_where for one in seen.tapped] == where
        assert [one.terminal_name for one in (seen.link,) if one] == where
    key = who.id
    sent = world.db.read(lambda conn: KINDS["person_card"].project(conn, key, now))
    assert "Gate" not in str(sent), "to everybody who looks this person up"


def test_ones_own_data_is_ones_own(world: World) -> None:
    who, other = world.people(2)
    world.take(who, world.bank())
    mine = ask(world, who, scoped.own_data)
    assert mine["person"]["number"] == f"CS{who.id:07}"
    assert [row["locker"] for row in mine["lockers"]] == ["A1"]
    assert ask(world, other, scoped.own_data)["lockers"] == []
    with pytest.raises(NotAllowed):
        ask(world, world.staff(), scoped.own_data)
    with pytest.raises(NotSignedIn):
        ask(world, NOBODY, scoped.own_data)


def test_pages_by_the_id_of_the_last(world: World) -> None:
    chief = world.staff()
    for name in ("Cleo", "Anna", "Bert", "anna", "Dora"):
        world.run(SYSTEM, add_person, number=f"N{name}{len(name)}{world.mark()}", name=name)
    whole = [row.id for row in ask(world, chief, scoped.people)]
    found: list[int] = []
    after = None
    while page := ask(world, chief, scoped.people, after=after, limit=2):
        found += [row.id for row in page]
        after = found[-1]
    assert found == whole
    assert len(whole) == 5


def rows_of(world: World, query: Any, **arguments: Any) -> tuple[int, list[list[str]]]:
    """How many rows a file says that it has, and its lines: read in one snapshot."""
    chief = world.staff()

    def read(conn: Any) -> tuple[int, str]:
        file = query(conn, chief, world.clock.now, **arguments)
        return file.rows, "".join(piece for _, piece in file.pieces)

    count, text = world.db.read(read)
    assert text.startswith("\ufeff")
    return count, list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_all_people_as_a_file(world: World) -> None:
    ids = [
        world.run(SYSTEM, add_person, number=f"N{n:03}", name=name)
        for n, name in enumerate(["Somebody", "Else", "Zoë; Müller", 'say "hi"', "Gone"])
    ]
    for person_id, name in zip(ids, ["@SUM(A1)", "-1+1"], strict=False):  # before it was a rule
        world.change(update(person).where(person.c.id == person_id).values(name=name))
    for n in range(250):
        world.run(SYSTEM, add_person, number=f"M{n:03}", name=f"Person {n:03}")
    world.run(SYSTEM, archive_person, person_id=ids[-1])
    count, rows = rows_of(world, scoped.people_file)
    assert rows[0] == ["number", "name", "accessible", "pin"]
    assert count == len(rows) - 1 == 254
    names = {row[1] for row in rows}
    assert {"'@SUM(A1)", "'-1+1", "Zoë; Müller", 'say "hi"'} <= names
    assert "Gone" not in names
    _, archive = rows_of(world, scoped.people_file, archived=True)
    assert [row[1] for row in archive] == ["name", "Gone"]


def test_the_rows_of_an_import_in_pages_and_its_report(world: World) -> None:
    chief = world.staff()
    text = "number,name,pin\n" + "".join(f"A{n},Anna {n},\n" for n in range(70))
    text += "A1,Anna again,\nB1,=1+1,\nB2,Bert,74918264\nB3,,\n"
    upload = look_at("people.csv", text.encode(), SEAL)
    import_id = world.run(chief, open_import, upload=upload)
    Worker(world.db, SEAL, "p", lambda: world.clock.now).work_off(import_id)

    def page(kind: RowKind, **more: int) -> Any:
        return ask(world, chief, scoped.import_rows, import_id=import_id, kind=kind, **more)

    first = page(RowKind.NEW)
    second = page(RowKind.NEW, after=first[-1].line)
    assert [len(first), len(second)] == [50, 21]
    assert (second[-1].number, second[-1].has_pin) == ("B2", True)
    assert [(row.line, row.field) for row in page(RowKind.WRONG)] == [
        (72, "number"),
        (73, "name"),
        (75, "name"),
    ]
    count, rows = rows_of(world, scoped.import_report, import_id=import_id)
    assert count == 3
    refusal = "A name can't begin with = + - or @, as a formula does."
    assert rows[2] == ["73", "name", refusal, "'=1+1"]
    assert "74918264" not in str(rows) + str(first) + str(second)
    view = ask(world, chief, scoped.one_import, import_id=import_id)
    assert (view.status, view.total, view.new, view.wrong, view.pins) == ("ready", 74, 71, 3, 1)
    (card,) = ask(world, chief, scoped.imports)
    assert (card.file_name, card.by, card.wrong) == ("people.csv", "Staff", 3)
