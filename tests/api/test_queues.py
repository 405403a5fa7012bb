"""The line for help by HTTP: the predecessor's example, visitors, staff, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from locker_app.db.tables import ticket
from locker_app.domain.actors import Role
from tests.api.clients import Client, Library, code


def line(library: Library, queue_id: int) -> dict[str, Any]:
    """The queue as everybody sees it."""
    return library.program().ask(f"/queues/{queue_id}").json()


def take(client: Client, queue_id: int, group: str) -> dict[str, Any]:
    """A ticket for the group."""
    answer = client.command(f"/queues/{queue_id}/tickets", {"group": group})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_predecessors_example(any_library: Library) -> None:
    library = any_library
    queue = library.world.queue()
    professor = library.program(library.world.staff(Role.PROFESSOR))
    visitors = [library.visitor() for _ in range(3)]

    def shown() -> tuple[int, list[int], list[int]]:
        view = line(library, queue)
        return view["shown"], view["line"], view["done"]

    first = take(visitors[0], queue, "7")
    assert (first["number"], first["serving"], shown()) == (1, True, (1, [], []))
    second = take(visitors[1], queue, "8")
    assert (second["number"], second["serving"], shown()) == (2, False, (1, [2], []))
    assert professor.command(f"/queues/{queue}/next").json() == {"ended": 1, "called": 2}
    assert shown() == (2, [], [1])
    assert professor.command(f"/queues/{queue}/next").json() == {"ended": 2, "called": 0}
    assert shown() == (2, [], [1, 2])
    third = take(visitors[2], queue, "9")
    assert (third["serving"], shown()) == (False, (2, [3], [1, 2]))
    assert professor.command(f"/queues/{queue}/next").json() == {"ended": 0, "called": 3}
    assert shown() == (3, [], [1, 2])


def test_one_finds_ones_ticket_again(any_library: Library) -> None:
    library = any_library
    queue = library.world.queue()
    take(library.visitor(), queue, "1")
    waiting, mine = library.visitor(), library.visitor()
    take(waiting, queue, "2")
    given = take(mine, queue, "3")

    (own,) = mine.ask("/me/tickets").json()
    assert (own["number"], own["group"], own["status"]) == (3, "3", "waiting")
    assert (own["ahead"], own["wait"], own["steps_left"]) == (1, None, 2)
    path = f"/api/v1/tickets/{given['ticket_id']}/question"
    assert mine.put(path, json={"question": "Why?"}).json() == {"changed": True}
    assert mine.put(path, json={"question": "Why?"}).json() == {"changed": False}
    assert mine.ask("/me/tickets").json()[0]["question"] == "Why?"
    assert code(mine.command(f"/tickets/{given['ticket_id']}/step-back")) == "last_in_line"
    assert mine.command(f"/tickets/{given['ticket_id']}/leave").json() == {"number": 3}
    (own,) = mine.ask("/me/tickets").json()
    assert (own["status"], own["ahead"]) == ("withdrawn", None)
    assert code(mine.command(f"/tickets/{given['ticket_id']}/leave")) == "not_your_ticket"
    (other,) = waiting.ask("/me/tickets").json()
    step = waiting.command(f"/tickets/{other['ticket_id']}/leave")
    assert step.json() == {"number": 2}


def test_letting_the_next_one_by(library: Library) -> None:
    queue = library.world.queue(steps_back=1)
    take(library.visitor(), queue, "1")
    mine = library.visitor()
    ticket_id = take(mine, queue, "2")["ticket_id"]
    for group in ("3", "4"):
        take(library.visitor(), queue, group)

    assert mine.command(f"/tickets/{ticket_id}/step-back").json() == {"number": 3}
    assert line(library, queue)["line"] == [3, 2, 4]
    assert code(mine.command(f"/tickets/{ticket_id}/step-back")) == "no_steps_left"


def test_each_visit_is_somebody_else_also_under_the_same_key(any_library: Library) -> None:
    stranger = any_library.program()

    tokens = [stranger.command("/visits", key="1").json() for _ in range(2)]

    assert tokens[0]["kind"] == "visitor"
    assert tokens[0]["token"] != tokens[1]["token"]


def test_a_ticket_taken_twice_under_one_key_is_one(any_library: Library) -> None:
    library = any_library
    queue, visitor = library.world.queue(), library.visitor()

    answers = [
        visitor.command(f"/queues/{queue}/tickets", {"group": "1"}, key="k") for _ in range(3)
    ]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(library.world.rows(ticket)) == 1


@pytest.mark.parametrize(
    ("rules", "body", "refusal"),
    [
        ({}, {"group": ""}, "bad_input"),
        ({}, {"group": "x" * 50}, "bad_input"),
        ({"groups": "1-5"}, {"group": "6"}, "group_not_allowed"),
        ({"sign_in_needed": True}, {"group": "6"}, "not_signed_in"),
        ({"room_pin": "1234"}, {"group": "6", "room_pin": "4321"}, "wrong_room_pin"),
        ({"tickets_per_person": 1}, {"group": "9"}, "has_ticket"),
        ({"tickets_per_person": 2}, {"group": "1"}, "group_has_ticket"),
        ({"capacity": 1, "tickets_per_person": 9}, {"group": "3"}, "queue_full"),
    ],
)
def test_who_can_not_join(
    library: Library, rules: dict[str, Any], body: dict[str, str], refusal: str
) -> None:
    queue, visitor = library.world.queue(**rules), library.visitor()
    if refusal in ("has_ticket", "group_has_ticket", "queue_full"):
        take(visitor, queue, "1")
    if refusal == "queue_full":
        take(visitor, queue, "2")

    assert code(visitor.command(f"/queues/{queue}/tickets", body)) == refusal


def test_staff_hold_no_tickets_and_students_serve_nobody(library: Library) -> None:
    queue, world = library.world.queue(), library.world
    staff = library.program(world.staff(Role.PROFESSOR))
    assert code(staff.command(f"/queues/{queue}/tickets", {"group": "1"})) == "not_allowed"
    assert staff.ask("/me/tickets").json() == []
    assert code(library.program().ask("/me/tickets")) == "not_signed_in"
    assert code(library.program().ask("/queues/99")) == "not_found"
    assert code(library.program().ask("/sites/99/queues")) == "not_found"
    for client, refusal in (
        (library.visitor(), "not_signed_in"),
        (library.program(world.person()), "not_allowed"),
        (library.program(world.staff(Role.PROFESSOR, world.site())), "not_allowed"),
    ):
        assert code(client.command(f"/queues/{queue}/next")) == refusal
        assert code(client.command(f"/queues/{queue}/reset")) == refusal
        assert code(client.ask(f"/queues/{queue}/line")) == refusal
        assert code(client.ask(f"/queues/{queue}/rules")) == refusal


def test_working_off_a_line(any_library: Library) -> None:
    library = any_library
    queue, person = library.world.queue(), library.world.person()
    staff, helper = (library.program(library.world.staff(Role.PROFESSOR)) for _ in range(2))
    ids = [take(library.visitor(), queue, str(n))["ticket_id"] for n in range(1, 4)]
    student = library.program(person)
    ids.append(take(student, queue, "4")["ticket_id"])

    assert staff.put(f"/api/v1/queues/{queue}/desk", json={"label": "Desk 1"}).json()["changed"]
    assert staff.command(f"/queues/{queue}/next").json() == {"ended": 1, "called": 2}
    assert helper.command(f"/tickets/{ids[3]}/call").json() == {"ended": 0, "called": 4}
    assert code(helper.command(f"/tickets/{ids[2]}/call")) == "at_work"
    assert student.ask("/me/tickets").json()[0]["status"] == "serving"
    view = line(library, queue)
    assert view["serving"] == [{"number": 2, "desk": "Desk 1"}, {"number": 4, "desk": ""}]
    assert staff.put(f"/api/v1/tickets/{ids[3]}/note", json={"note": "again"}).json()["changed"]
    at_work = helper.ask(f"/queues/{queue}/line").json()
    assert [row["number"] for row in at_work["line"]] == [3]
    assert [row["who"] for row in at_work["serving"]] == [
        "",
        f"Person {library.number_of(person)} {library.number_of(person)}",
    ]
    assert at_work["serving"][1]["note"] == "again"
    assert staff.command(f"/tickets/{ids[1]}/no-show").json() == {"ended": 2, "called": 3}
    assert staff.command(f"/queues/{queue}/undo").json() == {"ended": 2, "called": 3}
    assert code(staff.command(f"/queues/{queue}/undo")) == "nothing_to_undo"
    assert staff.command(f"/tickets/{ids[1]}/put-back").json() == {"number": 2}
    assert line(library, queue)["line"] == [2, 3]
    assert code(helper.command(f"/tickets/{ids[3]}/remove")) == "ticket_moved"
    assert helper.command(f"/queues/{queue}/complete").json() == {"ended": 4, "called": 0}
    assert helper.command(f"/tickets/{ids[2]}/remove").json() == {"number": 3}
    assert staff.command(f"/queues/{queue}/reset").json() == {"cleared": 1}
    assert (line(library, queue)["round"], line(library, queue)["given"]) == (2, 0)


def test_modes_breaks_and_announcements(library: Library) -> None:
    queue = library.world.queue()
    staff, visitor = library.program(library.world.staff(Role.PROFESSOR)), library.visitor()

    def put(what: str, **body: Any) -> bool:
        return staff.put(f"/api/v1/queues/{queue}/{what}", json=body).json()["changed"]

    assert put("announcement", text=" Back  at ten ")
    assert put("paused", paused=True)
    assert not put("paused", paused=True)
    view = line(library, queue)
    assert (view["announcement"], view["paused"], view["mode"]) == ("Back at ten", True, "open")
    for mode, refusal in (("draining", "queue_draining"), ("closed", "queue_closed")):
        assert put("mode", mode=mode)
        answer = visitor.command(f"/queues/{queue}/tickets", {"group": "1"})
        assert code(answer) == refusal
    odd = staff.put(f"/api/v1/queues/{queue}/mode", json={"mode": "ajar"})
    assert code(odd) == "bad_input"


def test_setting_up(any_library: Library) -> None:
    library = any_library
    site = library.world.site()
    staff = library.program(library.world.staff(Role.PROFESSOR, site))
    asked = {"name": "Chemistry", "groups": "1-40,51", "hours": [[0, "09:00", "12:00"]]}

    queue = staff.command(f"/sites/{site}/queues", asked).json()["queue_id"]

    rules = staff.ask(f"/queues/{queue}/rules").json()
    assert (rules["groups"], rules["hours"]) == ("1-40, 51", [[0, "09:00", "12:00"]])
    (card,) = library.program().ask(f"/sites/{site}/queues").json()
    assert (card["name"], card["waiting"], len(card["code"])) == ("Chemistry", 0, 6)
    path = f"/api/v1/queues/{queue}/rules"
    assert staff.put(path, json=rules).json() == {"changed": False}
    assert staff.put(path, json={**rules, "capacity": 20}).json() == {"changed": True}
    assert code(staff.put(path, json={**rules, "capacity": 30})) == "rules_changed"
    rules = staff.ask(f"/queues/{queue}/rules").json()
    overlapping = [[0, "09:00", "12:00"], [0, "11:00", "14:00"]]
    for odd in (
        {"capacity": 0},
        {"hours": [[9, "a", 1]]},
        {"hours": overlapping},
        {"groups": "9-1"},
        {"name": ""},
    ):
        assert code(staff.put(path, json={**rules, **odd})) == "bad_input", odd
    assert code(staff.command(f"/sites/{site}/queues", asked)) == "bad_input"


def test_the_wait_that_is_promised(library: Library) -> None:
    """After some calls, a minute apart, of people who were there."""
    queue, world = library.world.queue(tickets_per_group=99), library.world
    staff = library.program(world.staff(Role.PROFESSOR))
    for _ in range(8):
        take(library.visitor(), queue, "1")
    assert line(library, queue)["wait"] is None
    for _ in range(7):
        staff.command(f"/queues/{queue}/next")
    begin = world.clock.now - timedelta(hours=1)
    for row in world.rows(ticket):
        called = begin + timedelta(minutes=row.number)
        values = {"joined_at": begin, "called_at": called}
        world.change(update(ticket).where(ticket.c.id == row.id).values(**values))

    view = line(library, queue)

    assert view["pace"]["seconds_per_ticket"] == 60
    assert view["wait"] == {"low": 12, "likely": 30, "high": 66}
    mine = library.visitor()
    take(mine, queue, "2")
    kept = world.rows(ticket)[-1]
    assert (kept.low_seconds, kept.likely_seconds, kept.high_seconds) == (12, 30, 66)
    assert mine.ask("/me/tickets").json()[0]["wait"] == view["wait"]
