"""What became of a queue's tickets, as figures and as a file: who gets it, what is in it, and what
a spreadsheet makes of it."""

import csv
import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from locker_app.api.routes.after_class import HEAD
from locker_app.db.tables import person, staff, ticket
from locker_app.domain.actors import Actor, Role
from locker_app.domain.spreadsheets import harmless
from locker_app.queries.tickets_file import CHUNK
from locker_app.services.tickets import join_queue
from tests.api.clients import Client, Library, code

FORMULA = '=HYPERLINK("http://elsewhere.example","Click")'


def rows(client: Client, queue_id: int, **days: str) -> list[dict[str, str]]:
    """The file, read as a spreadsheet would."""
    today = datetime.now(UTC).date().isoformat()
    asked = {"first": today, "last": today, **days}
    answer = client.ask(f"/queues/{queue_id}/tickets.csv", **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def queue_id(library: Library) -> int:
    """A queue of a site in the zone in which the tests reckon days."""
    return library.world.queue()


@pytest.fixture
def professor(library: Library) -> Actor:
    return library.world.staff(Role.PROFESSOR)


def span() -> dict[str, str]:
    """Days that today is surely among, whichever zone it is reckoned in."""
    year = datetime.now(UTC).year
    return {"first": f"{year - 1}-12-31", "last": f"{year}-12-31"}


def test_each_ticket_that_ended_is_a_row(
    any_library: Library,
) -> None:
    world = any_library.world
    queue_id, professor = world.queue(name="Lab: 3/4"), world.staff(Role.PROFESSOR)
    student = world.person()
    world.run(student, join_queue, queue_id=queue_id, group="7", question="Why, and how?")
    world.tickets(queue_id, 2)
    world.press(professor, queue_id)
    client = any_library.program(professor)
    (row,) = rows(client, queue_id, **span())
    assert list(row) == list(HEAD)
    assert (row["number"], row["group"], row["status"]) == ("1", "7", "done")
    assert row["person_number"] == any_library.number_of(student)
    assert (row["question"], row["served_by"]) == ("Why, and how?", "Staff")
    assert int(row["wait_seconds"]) == 0
    joined = datetime.fromisoformat(row["joined_at"])
    assert joined.utcoffset() is not None
    assert joined == world.clock.now.replace(microsecond=0)
    today = span()
    answer = client.ask(f"/queues/{queue_id}/tickets.csv", **today)
    name = f"Lab-3-4-{today['first']}-{today['last']}.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_no_tickets_are_a_file_with_a_head(
    library: Library, queue_id: int, professor: Actor
) -> None:
    client = library.program(professor)
    assert rows(client, queue_id) == []
    answer = client.ask(f"/queues/{queue_id}/tickets.csv", **span())
    assert answer.content.decode("utf-8-sig").strip() == ",".join(HEAD)


def test_long_files_come_in_pieces(library: Library, queue_id: int, professor: Actor) -> None:
    world = library.world
    world.tickets(queue_id, 1)
    world.press(professor, queue_id)
    (one,) = world.rows(ticket, queue_id=queue_id)
    many = [
        {**one._asdict(), "id": one.id + n, "number": 1 + n, "holder": f"visitor:{n}"}
        for n in range(1, CHUNK + 3)
    ]
    for begin in range(0, len(many), 500):
        world.change(ticket.insert().values(many[begin : begin + 500]))
    found = rows(library.program(professor), queue_id, **span())
    assert [row["number"] for row in found] == [str(n) for n in range(1, CHUNK + 4)]


def test_formulas_are_text(library: Library, queue_id: int, professor: Actor) -> None:
    world = library.world
    student = world.person()
    world.change(update(person).where(person.c.id == student.id).values(name="+1234"))
    world.change(update(staff).where(staff.c.id == professor.id).values(name="@SUM(1)"))
    world.run(student, join_queue, queue_id=queue_id, group="7", question=FORMULA)
    world.press(professor, queue_id)
    (row,) = rows(library.program(professor), queue_id, **span())
    assert row["question"] == f"'{FORMULA}"
    assert (row["person_name"], row["served_by"]) == ("'+1234", "'@SUM(1)")


@pytest.mark.parametrize("text", ["=1", " =1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "\n=1"])
def test_whatever_begins_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "7", "LAB A", "a=b", "Why - and how?"])
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == text


def test_figures(any_library: Library) -> None:
    world = any_library.world
    queue_id, professor = world.queue(name="Lab"), world.staff(Role.PROFESSOR)
    client = any_library.program(professor)
    nothing = client.ask(f"/queues/{queue_id}/after", **span()).json()
    assert (nothing["tickets"], nothing["by_hour"], nothing["estimates"]) == (0, [], None)
    world.tickets(queue_id, 2)
    world.press(professor, queue_id)
    found = client.ask(f"/queues/{queue_id}/after", **span()).json()
    assert (found["name"], found["tickets"], found["counts"]) == ("Lab", 1, {"done": 1})
    assert found["waits"] == {"count": 1, "mean": 0, "median": 0, "p90": 0, "longest": 0}
    assert found["wait_bars"][0] == {"minutes_to": 5, "tickets": 1}
    assert found["wait_bars"][-1] == {"minutes_to": None, "tickets": 0}
    (helper,) = found["by_staff"]
    assert (helper["key"], helper["done"]) == ("Staff", 1)
    assert (found["first"], found["last"]) == (span()["first"], span()["last"])


@pytest.mark.parametrize("what", ["tickets.csv", "after"])
def test_whose_it_is(library: Library, what: str) -> None:
    world = library.world
    site_id = world.site()
    queue_id = world.queue(site_id)
    path = f"/queues/{queue_id}/{what}"
    days = span()
    for role in (Role.PROFESSOR, Role.ADMIN):
        client = library.browser(world.staff(role, site_id))
        assert client.ask(path, **days).status_code == 200
    assert code(library.program().ask(path, **days)) == "not_signed_in"
    strangers = [world.person(), world.staff(Role.VIEWER, site_id)]
    for stranger in [*strangers, world.staff(Role.PROFESSOR, world.site())]:
        assert code(library.program(stranger).ask(path, **days)) == "not_allowed"


@pytest.mark.parametrize("what", ["tickets.csv", "after"])
def test_what_is_asked_wrongly(
    library: Library, queue_id: int, professor: Actor, what: str
) -> None:
    client = library.program(professor)
    assert code(client.ask(f"/queues/999/{what}", **span())) == "not_found"
    path = f"/queues/{queue_id}/{what}"
    assert client.ask(path).status_code == 422
    assert client.ask(path, first="yesterday", last="2026-01-01").status_code == 422
    assert code(client.ask(path, first="2026-02-01", last="2026-01-01")) == "bad_input"
    assert code(client.ask(path, first="2020-01-01", last="2026-01-01")) == "bad_input"
    assert code(client.ask(path, first="0001-01-01", last="0001-01-02")) == "bad_input"
    assert code(client.ask(path, first="9999-12-31", last="9999-12-31")) == "bad_input"
