"""People over HTTP: a life from being added to being erased, and files of many."""

import csv
import io
from typing import Any

import httpx
import pytest

from locker_app.api.shell import MAX_BODY, MAX_UPLOAD
from locker_app.db.tables import people_import, person
from locker_app.domain.actors import Role
from locker_app.domain.people import ERASED_NAME
from locker_app.domain.people_import import MAX_BYTES
from locker_app.services.import_work import Worker
from tests.api.clients import Client, Library, code

SENT = "/api/v1/people/imports"


@pytest.fixture
def chief(any_library: Library) -> Client:
    """The admin of all sites."""
    return any_library.program(any_library.world.staff())


def put(client: Client, path: str, body: Any) -> httpx.Response:
    return client.put(f"/api/v1{path}", json=body)


def send(client: Client, data: bytes, key: str = "k", name: str = "people.csv") -> httpx.Response:
    return client.post(SENT, files={"file": (name, data)}, headers={"Idempotency-Key": key})


def work_off(library: Library, import_id: int) -> None:
    clock = library.world.clock
    Worker(library.world.db, library.runtime.seal, "p", lambda: clock.now).work_off(import_id)


def test_from_being_added_to_being_erased(any_library: Library, chief: Client) -> None:
    world = any_library.world
    added = chief.command("/people", {"number": " ab 1", "name": "Ada  Byron"}).json()["id"]
    assert code(chief.command("/people", {"number": "AB1", "name": "Other"})) == "number_taken"
    one = chief.ask(f"/people/{added}").json()
    assert (one["number"], one["name"], one["has_pin"], one["lockers"]) == (
        "AB1",
        "Ada Byron",
        False,
        [],
    )
    changed = {"number": "AB1", "name": "Ada Lovelace", "version": one["version"]}
    assert put(chief, f"/people/{added}", changed).json() == {"changed": True}
    assert code(put(chief, f"/people/{added}", changed)) == "person_moved"
    assert put(chief, f"/people/{added}", {**changed, "version": ""}).json() == {"changed": False}
    (found,) = chief.ask("/people", text="lovel").json()["people"]
    assert found["id"] == added
    data = chief.ask(f"/people/{added}/data")
    assert 'filename="AB1.json"' in data.headers["content-disposition"]
    assert data.json()["person"]["name"] == "Ada Lovelace"

    who = any_library.world.person()
    assert who.id is not None
    world.take(who, world.bank())
    assert code(chief.command(f"/people/{who.id}/archive", {})) == "still_holds"
    assert code(chief.command(f"/people/{who.id}/archive", {"release": True})) == "reason_needed"
    own = any_library.program(who)
    assert own.ask("/me/data").json()["lockers"][0]["locker"] == "A1"
    left = chief.command(f"/people/{who.id}/archive", {"release": True, "reason": "left"})
    assert left.json() == {"changed": True}
    assert code(own.ask("/me/data")) == "not_signed_in"
    assert [p["id"] for p in chief.ask("/people", shown="archived").json()["people"]] == [who.id]
    assert chief.command(f"/people/{who.id}/unarchive").json() == {"changed": True}

    wrong = chief.command(f"/people/{who.id}/erase", {"number": "AB1"})
    assert (code(wrong), wrong.json()["field"]) == ("bad_input", "number")
    number = any_library.number_of(who)
    assert chief.command(f"/people/{who.id}/erase", {"number": number}).status_code == 204
    assert world.row(person, who.id).name == ERASED_NAME
    assert code(chief.ask(f"/people/{who.id}")) == "not_found"
    assert code(chief.command(f"/people/{who.id}/erase", {"number": number})) == "not_found"


def test_pages_and_the_file_of_all(any_library: Library, chief: Client) -> None:
    any_library.world.people(5)
    first = chief.ask("/people", limit=3).json()
    rest = chief.ask("/people", limit=3, after=first["next_after"]).json()
    numbers = [p["number"] for p in first["people"] + rest["people"]]
    assert (len(numbers), numbers, rest["next_after"]) == (5, sorted(numbers), None)
    file = chief.ask("/people.csv")
    assert file.headers["x-rows"] == "5"
    rows = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert [row["number"] for row in rows] == numbers


def test_a_file_is_sent_read_confirmed(any_library: Library, chief: Client) -> None:
    data = "Nummer;Nachname;Vorname\nA1;Müller;Zoë\nA1;Doppelt;Dora\nA2;Li;=1+1\n".encode("cp1252")
    import_id = send(chief, data).json()["id"]
    assert send(chief, data).json()["id"] == import_id, "sent again it is the same request"
    assert code(send(chief, data + b"A9;N;V")) == "key_reused"
    assert len(any_library.world.rows(people_import)) == 1
    path = f"/people/imports/{import_id}"
    assert chief.ask(path).json()["status"] == "reading"
    early = chief.command(f"{path}/confirm", {})
    assert code(early) == "import_moved"
    work_off(any_library, import_id)
    one = chief.ask(path).json()
    assert (one["status"], one["new"], one["wrong"], one["encoding"]) == ("ready", 1, 2, "cp1252")
    assert one["columns"] == {"number": 0, "last": 1, "first": 2}
    wrong = chief.ask(f"{path}/rows").json()["rows"]
    assert [(row["line"], row["field"]) for row in wrong] == [(3, "number"), (4, "name")]
    assert "'=1+1" in chief.ask(f"{path}/report.csv").text
    bad = put(chief, f"{path}/columns", {"columns": {"number": 0}})
    assert (code(bad), bad.json()["field"]) == ("bad_input", "name")
    chosen = {"columns": {"number": 0, "name": 2}}
    assert put(chief, f"{path}/columns", chosen).json() == {"changed": True}
    work_off(any_library, import_id)
    assert code(chief.command(f"{path}/confirm", {})) == "import_has_errors"
    assert chief.command(f"{path}/confirm", {"good_only": True}).json() == {"changed": True}
    assert code(chief.command(f"{path}/confirm", {"good_only": True})) == "import_moved"
    work_off(any_library, import_id)
    assert chief.ask(path).json()["status"] == "done"
    assert [row.name for row in any_library.world.rows(person)] == ["Zoë"]
    assert code(chief.command(f"{path}/discard")) == "import_moved"
    assert chief.ask("/people/imports").json()["imports"][0]["id"] == import_id


@pytest.mark.parametrize(
    "data", [b"", b"  \n \n", b"PK\x03\x04 spreadsheet", b"%PDF-1.7", b"x," * 99 + b"\n"]
)
def test_what_is_no_table_is_refused_in_words(library: Library, data: bytes) -> None:
    chief = library.program(library.world.staff())
    refused = send(chief, data)
    assert (code(refused), refused.json()["field"]) == ("bad_input", "file")
    assert library.world.rows(people_import) == []


def test_who_may_send_much(library: Library) -> None:
    """Only who may import: others are not to fill the memory."""
    much = b"number,name\n" + b"A1,Anna\n" * (MAX_BODY // 8)
    world = library.world
    for client in (
        library.program(),
        library.browser(world.person()),
        library.program(world.staff(Role.ADMIN, world.site())),
    ):
        assert code(send(client, much)) == "body_too_large"
    for client in (library.program(world.staff()), library.browser(world.staff())):
        assert send(client, much).status_code == 200
    chief = library.program(world.staff())
    elsewhere = chief.post("/api/v1/people", content=much, headers={"Idempotency-Key": "x"})
    assert code(elsewhere) == "body_too_large"
    assert code(send(chief, b"A" * (MAX_BYTES + 1), "more")) == "bad_input"
    assert code(send(chief, b"A" * MAX_UPLOAD, "most")) == "body_too_large"


def test_another_sites_page_sends_nothing(library: Library) -> None:
    browser = library.browser(library.world.staff())
    browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert code(send(browser, b"number,name\nA1,Anna")) == "cross_site"
    assert library.world.rows(people_import) == []
