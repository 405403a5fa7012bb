"""Imports of people: what a file does, all at once or not at all, whoever else is at work."""

import threading
from typing import Any

import pytest
from sqlalchemy import insert

from locker_app.db.tables import event, people_import, people_import_row, person
from locker_app.domain.actors import Role
from locker_app.domain.errors import (
    BadInput,
    ImportHasErrors,
    ImportMoved,
    NotAllowed,
    NothingToImport,
)
from locker_app.queries.people_file import people_file
from locker_app.queries.people_imports import imports
from locker_app.services import import_work
from locker_app.services.import_steps import drop_forgotten, sweep
from locker_app.services.import_work import Worker, look_at, open_work
from locker_app.services.people import reset_pin
from locker_app.services.people_import import (
    choose_columns,
    confirm_import,
    discard_import,
    open_import,
)
from locker_app.services.sealing import Seal
from locker_app.services.secrets import secret_matches
from tests.world import SYSTEM, World

SEAL = Seal(("a key of the tests",))
FILE = "Number,Name,Accessible\nA1,Anna Ahrens,no\nA2,Bela Bartók,yes\nA3,Çiğdem Öz,\n"


class Desk:
    """An admin who imports."""

    def __init__(self, world: World) -> None:
        self.world, self.admin = world, world.staff()
        self.process = 0

    def send(self, text: str | bytes, **more: Any) -> int:
        data = text.encode() if isinstance(text, str) else text
        upload = look_at("people.csv", data, SEAL)
        return self.world.run(self.admin, open_import, upload=upload)

    def worker(self, **more: Any) -> Worker:
        self.process += 1
        return Worker(self.world.db, SEAL, f"p{self.process}", lambda: self.world.clock.now, **more)

    def read(self, text: str | bytes) -> int:
        import_id = self.send(text)
        self.worker().work_off(import_id)
        return import_id

    def apply(self, import_id: int, *, good_only: bool = False) -> Any:
        self.world.run(self.admin, confirm_import, import_id=import_id, good_only=good_only)
        self.worker().work_off(import_id)
        return self.row(import_id)

    def row(self, import_id: int) -> Any:
        return self.world.row(people_import, import_id)

    def counts(self, import_id: int) -> dict[str, int]:
        row = self.row(import_id)
        return {name: getattr(row, name) for name in ("new", "changed", "same", "wrong")}

    def people(self) -> dict[str, str]:
        return {row.number: row.name for row in self.world.rows(person)}


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def test_a_file_is_looked_through_and_changes_nobody(desk: Desk) -> None:
    import_id = desk.read(FILE)
    row = desk.row(import_id)
    assert (row.status, row.total, row.progress) == ("ready", 3, 3)
    assert desk.counts(import_id) == {"new": 3, "changed": 0, "same": 0, "wrong": 0}
    assert desk.people() == {}


def test_then_all_people_are_there_at_once(desk: Desk) -> None:
    row = desk.apply(desk.read(FILE))
    assert (row.status, row.new, row.changed, row.data) == ("done", 3, 0, None)
    assert desk.people() == {"A1": "Anna Ahrens", "A2": "Bela Bartók", "A3": "Çiğdem Öz"}
    assert [r.accessible for r in desk.world.rows(person)] == [False, True, False]
    assert [r.name_key for r in desk.world.rows(person)][1] == "bela bartok"
    (fact,) = desk.world.rows(event, kind="PeopleImported")
    assert (fact.actor_kind, fact.actor_id) == ("staff", desk.admin.id)
    assert fact.details == {"import_id": row.id, "added": 3, "changed": 0, "left_out": 0}
    assert desk.world.rows(people_import_row) == []


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.apply(desk.read(FILE))
    again = desk.read(FILE)
    assert desk.counts(again) == {"new": 0, "changed": 0, "same": 3, "wrong": 0}
    with pytest.raises(NothingToImport):
        desk.world.run(desk.admin, confirm_import, import_id=again)


def test_names_and_heights_change_and_empty_cells_keep(desk: Desk) -> None:
    desk.apply(desk.read(FILE))
    changed = "Number;Name;Accessible\nA1;Anna Berger;\nA2;Bela Bartók;no\nA3;Çiğdem Öz;\n"
    import_id = desk.read(changed)
    assert desk.counts(import_id) == {"new": 0, "changed": 2, "same": 1, "wrong": 0}
    row = desk.apply(import_id)
    assert (row.new, row.changed) == (0, 2)
    assert desk.people()["A1"] == "Anna Berger"
    assert [r.accessible for r in desk.world.rows(person)] == [False, False, False]


def test_wrong_rows_stop_it_unless_they_are_left_out(desk: Desk) -> None:
    wrong = FILE + "A1,Twice,\n,Nobody,\nA4,=1+1,\n"
    import_id = desk.read(wrong)
    assert desk.counts(import_id) == {"new": 3, "changed": 0, "same": 0, "wrong": 3}
    with pytest.raises(ImportHasErrors):
        desk.world.run(desk.admin, confirm_import, import_id=import_id)
    assert desk.people() == {}
    row = desk.apply(import_id, good_only=True)
    assert (row.status, row.new) == ("done", 3)
    report = desk.world.rows(people_import_row, import_id=import_id)
    assert [(r.line, r.field) for r in report] == [(5, "number"), (6, "number"), (7, "name")]
    assert "line 2" in report[0].why


def test_a_name_from_before_the_rule_comes_back(desk: Desk) -> None:
    names = ["=1+1", "-", "＝1", "'=1", "''007", "'n'5", '="x"', "@ Anna", "+"]
    for at, name in enumerate(names):
        someone = insert(person).values(number=f"A{at}", name=name, created_at=desk.world.clock.now)
        desk.world.change(someone)
    text = desk.world.db.read(lambda c: "".join(piece for _, piece in people_file(c).pieces))
    import_id = desk.read(text)
    same = {"new": 0, "changed": 0, "same": len(names), "wrong": 0}
    assert desk.counts(import_id) == same
    for line in ("A0,=1+2,", "A99,'=1+1,", "A0,'=1+1,perhaps"):
        other = desk.read(f"Number,Name,Accessible\n{line}\n")
        assert desk.counts(other)["wrong"] == 1
    twice = desk.read("Number,Name\nA0,'=1+1\nA0,'=1+1\n")
    assert desk.counts(twice) == {"new": 0, "changed": 0, "same": 1, "wrong": 1}


def test_what_was_only_tried_at_the_shell_is_not_listed(desk: Desk) -> None:
    world, mine = desk.world, desk.read(FILE)
    world.run(desk.admin, discard_import, import_id=mine)
    upload = look_at("dry.csv", FILE.encode(), SEAL)
    tried = world.run(SYSTEM, open_import, upload=upload)
    assert [row.id for row in world.db.read(imports)] == [tried, mine]
    world.run(SYSTEM, discard_import, import_id=tried)
    assert [row.id for row in world.db.read(imports)] == [mine]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_odd_encodings(desk: Desk, encoding: str) -> None:
    text = "Matrikelnummer;Name;Vorname\r\nB1;Müller;Jürgen\r\nB2;García;José\r\n"
    desk.apply(desk.read(text.encode(encoding)))
    assert desk.people() == {"B1": "Jürgen Müller", "B2": "José García"}


def test_columns_that_nobody_knows_are_chosen_by_hand(desk: Desk) -> None:
    import_id = desk.send("one|two|three\nAnna|9|C1\n")
    assert desk.row(import_id).status == "choosing"
    with pytest.raises(BadInput):
        desk.world.run(
            desk.admin, choose_columns, import_id=import_id, columns={"number": 2}, has_head=True
        )
    columns = {"number": 2, "name": 0}
    desk.world.run(desk.admin, choose_columns, import_id=import_id, columns=columns, has_head=True)
    desk.worker().work_off(import_id)
    desk.apply(import_id)
    assert desk.people() == {"C1": "Anna"}


def test_a_wrong_guess_is_mended_by_hand(desk: Desk) -> None:
    import_id = desk.read("Number;Name\nP1;Łukasz Wąs\nP2;Józef Świę\n".encode("cp1250"))
    row = desk.row(import_id)
    for encoding, name in (("mac_roman", "¸"), ("cp1250", "Łukasz Wąs")):
        desk.world.run(
            desk.admin,
            choose_columns,
            import_id=import_id,
            columns=row.columns,
            has_head=True,
            encoding=encoding,
        )
        desk.worker().work_off(import_id)
        shown = desk.world.rows(people_import_row, import_id=import_id)[-2:]
        assert encoding == "mac_roman" or shown[0].name == name
    desk.apply(import_id)
    assert desk.people()["P1"] == "Łukasz Wąs"


def test_pins_are_hashed_for_those_only_who_have_none(desk: Desk) -> None:
    desk.apply(desk.read("Number,Name,PIN\nA1,Anna,4711\n"))
    import_id = desk.read("Number,Name,PIN\nA1,Anna,0815\nA2,Bela,2580\nA3,Cleo,\n")
    assert desk.row(import_id).pins == 1
    staged = desk.world.rows(people_import_row, import_id=import_id)
    assert not any("2580" in str(value) for value in staged[1])
    desk.apply(import_id)
    hashes = {row.number: row.pin_hash for row in desk.world.rows(person)}
    assert secret_matches(hashes["A1"], "4711")
    assert secret_matches(hashes["A2"], "2580")
    assert hashes["A3"] is None


def test_only_who_may_at_all_sites(desk: Desk) -> None:
    world = desk.world
    upload = look_at("x.csv", FILE.encode(), SEAL)
    mine = desk.read(FILE)
    for actor in (
        world.staff(Role.ADMIN, world.site()),
        world.staff(Role.VIEWER),
        world.staff(Role.PROFESSOR),
        world.person(),
    ):
        with pytest.raises(NotAllowed):
            world.run(actor, open_import, upload=upload)
        for fn in (confirm_import, discard_import):
            with pytest.raises(NotAllowed):
                world.run(actor, fn, import_id=mine)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"PK\x03\x04rest", b"%PDF-1.7"])
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        look_at("x", data, SEAL)


def test_discarded_is_over(desk: Desk) -> None:
    import_id = desk.read(FILE)
    desk.world.run(desk.admin, discard_import, import_id=import_id)
    with pytest.raises(ImportMoved):
        desk.world.run(desk.admin, confirm_import, import_id=import_id)
    while desk.world.run(SYSTEM, sweep):
        pass
    assert desk.world.rows(people_import_row) == []
    assert desk.row(import_id).data is None


def test_files_that_nobody_decides_on_are_dropped(desk: Desk) -> None:
    import_id = desk.read(FILE)
    desk.world.clock.advance(hours=23)
    assert desk.world.run(SYSTEM, drop_forgotten) == 0
    desk.world.clock.advance(hours=2)
    assert desk.world.run(SYSTEM, drop_forgotten) == 1
    assert desk.row(import_id).status == "discarded"


def many(how_many: int, name: str = "Person") -> str:
    return "Number,Name\n" + "".join(f"N{i},{name} {i}\n" for i in range(how_many))


class Killed(BaseException):
    """What no part of the worker expects."""


def kill_after(desk: Desk, import_id: int, pieces: int) -> None:
    """Work on the import, and be gone after so many pieces: it lets nothing go."""
    seen: list[int] = []

    def moved(import_id: int) -> None:
        seen.append(import_id)
        if len(seen) == pieces:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_work.steps, "let_go", import_work.steps.take_over)
        with pytest.raises(Killed):
            desk.worker(moved=moved).work_off(import_id)


def test_gone_in_the_middle_of_reading_another_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "ROWS_AT_ONCE", 10)
    import_id = desk.send(many(50))
    kill_after(desk, import_id, 3)
    assert desk.row(import_id).progress == 30
    desk.worker().work_off(import_id)
    assert desk.row(import_id).progress == 30, "the other one may still live"
    desk.world.clock.advance(seconds=20)
    assert desk.world.db.read(open_work) == [import_id]
    desk.worker().work_off(import_id)
    assert desk.counts(import_id)["new"] == 50
    assert desk.apply(import_id).new == 50
    assert len(desk.people()) == 50


def test_gone_in_the_middle_of_hashing_another_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "HASHES_AT_ONCE", 2)
    import_id = desk.read("Number,Name,PIN\n" + "".join(f"N{i},X,47{i}1\n" for i in range(10, 16)))
    desk.world.run(desk.admin, confirm_import, import_id=import_id)
    kill_after(desk, import_id, 1)
    assert (desk.row(import_id).progress, desk.people()) == (2, {})
    desk.world.clock.advance(seconds=20)
    desk.worker().work_off(import_id)
    assert (desk.row(import_id).status, len(desk.people())) == ("done", 6)


def test_another_key_stops_it_with_nothing_done(desk: Desk) -> None:
    import_id = desk.send(FILE)
    other = Worker(desk.world.db, Seal(("another",)), "p", lambda: desk.world.clock.now)
    other.work_off(import_id)
    row = desk.row(import_id)
    assert (row.status, row.data, desk.people()) == ("stopped", None, {})
    assert "Send the file again" in row.why


def test_two_imports_at_once(desk: Desk) -> None:
    one, two = desk.read(many(300, "One")), desk.read(many(400, "Two"))
    for import_id in (one, two):
        desk.world.run(desk.admin, confirm_import, import_id=import_id)
    threads = [
        threading.Thread(target=desk.worker().work_off, args=(import_id,))
        for import_id in (one, two, one, two)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [desk.row(one), desk.row(two)]
    assert {row.status for row in rows} == {"done"}
    assert len(desk.people()) == 400 == sum(row.new for row in rows)
    names = {name.split()[0] for number, name in desk.people().items() if int(number[1:]) < 300}
    assert len(names) == 1, "who comes last changes all that the first has made"
    assert len(desk.world.rows(event, kind="PeopleImported")) == 2


def test_who_was_added_meanwhile_is_changed_and_not_added(desk: Desk) -> None:
    first, second = desk.read(FILE), desk.read(FILE.replace("Ahrens", "Berger"))
    desk.apply(first)
    row = desk.apply(second)
    assert (row.new, row.changed, desk.people()["A1"]) == (0, 1, "Anna Berger")


def test_a_pin_that_is_reset_stays_reset(desk: Desk) -> None:
    desk.apply(desk.read("Number,Name,PIN\nA1,Anna,4711\n"))
    desk.world.run(desk.admin, reset_pin, number="A1", reason="forgotten")
    assert desk.read("Number,Name\nA1,Anna\n")
    assert desk.world.rows(person)[0].pin_hash is None
