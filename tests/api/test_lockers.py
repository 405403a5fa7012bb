"""Getting and giving back lockers, waiting, and preferences, over HTTP."""

import pytest

from tests.api.clients import Library, code


def test_get_a_locker_and_give_it_back(any_library: Library) -> None:
    library = any_library
    bank = library.world.bank(prefix="A", limit_minutes=60)
    program = library.program(library.world.person())

    taken = program.command(f"/banks/{bank}/take").json()

    assert (taken["label"], taken["bank_id"]) == ("A1", bank)
    assert taken["due_at"] is not None
    (mine,) = program.ask("/me").json()["lockers"]
    assert mine["assignment_id"] == taken["assignment_id"]
    assert (mine["label"], mine["status"], mine["wait_id"]) == ("A1", "held", None)
    back = program.command(f"/assignments/{taken['assignment_id']}/give-back")
    assert back.json() == {"label": "A1"}
    assert program.ask("/me").json()["lockers"] == []


@pytest.mark.parametrize("body", [None, {}, {"accessible": True}])
def test_a_locker_at_accessible_height(library: Library, body: object) -> None:
    bank = library.world.bank(count=2, accessible=1)

    answer = library.program(library.world.person()).command(f"/banks/{bank}/take", body)

    assert answer.json()["label"] == "A1"


def test_refusals_say_what_is(library: Library) -> None:
    world = library.world
    bank = world.bank(count=1, prefix="A", accessible=0)
    program = library.program(world.person())
    other = library.program(world.person())

    assert code(program.command("/banks/77/take")) == "not_found"
    assert (
        code(program.command(f"/banks/{bank}/take", {"accessible": True})) == "none_accessible_free"
    )
    assert code(program.command(f"/banks/{bank}/waits")) == "lockers_free"
    taken = program.command(f"/banks/{bank}/take").json()
    again = program.command(f"/banks/{bank}/take")
    assert (again.status_code, code(again)) == (409, "already_holds")
    assert "A1" in again.json()["detail"]
    assert code(program.command(f"/banks/{bank}/waits")) == "already_holds"
    assert code(other.command(f"/banks/{bank}/take")) == "none_free"
    theirs = other.command(f"/assignments/{taken['assignment_id']}/give-back")
    assert code(theirs) == "not_holding"
    assert code(library.program().command(f"/banks/{bank}/take")) == "not_signed_in"
    staff = library.program(world.staff()).command(f"/banks/{bank}/take")
    assert (staff.status_code, code(staff)) == (403, "not_allowed")


def test_waiting_and_being_held_a_locker(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=1)
    holder, first, second = (library.program(person) for person in world.people(3))
    taken = holder.command(f"/banks/{bank}/take").json()

    place = first.command(f"/banks/{bank}/waits").json()["wait_id"]
    assert code(first.command(f"/banks/{bank}/waits")) == "already_waiting"
    second.command(f"/banks/{bank}/waits", {"accessible": False})
    (waiting,) = second.ask("/me").json()["waits"]
    assert waiting["ahead"] == 1
    assert code(second.command(f"/waits/{place}/leave")) == "not_waiting"

    holder.command(f"/assignments/{taken['assignment_id']}/give-back")
    (held,) = first.ask("/me").json()["lockers"]
    assert (held["status"], held["wait_id"]) == ("reserved", place)
    assert held["held_until"] is not None
    assert code(second.command(f"/banks/{bank}/take")) == "none_free"
    assert first.command(f"/banks/{bank}/take").json()["label"] == held["label"]


def test_declining_what_was_held(any_library: Library) -> None:
    """Who was offered a locker finds in `/me` what to decline it with."""
    library, world = any_library, any_library.world
    bank = world.bank(count=1)
    holder, first, second = (library.program(person) for person in world.people(3))
    taken = holder.command(f"/banks/{bank}/take").json()
    first.command(f"/banks/{bank}/waits")
    second.command(f"/banks/{bank}/waits")
    holder.command(f"/assignments/{taken['assignment_id']}/give-back")
    (held,) = first.ask("/me").json()["lockers"]

    assert first.command(f"/waits/{held['wait_id']}/leave").json() == {"declined": True}

    assert first.ask("/me").json()["lockers"] == []
    assert second.ask("/me").json()["lockers"][0]["status"] == "reserved"
    assert code(first.command(f"/waits/{held['wait_id']}/leave")) == "not_waiting"


def test_leaving_the_list_before_ones_turn(library: Library) -> None:
    bank = library.world.bank(count=1)
    library.world.fill(bank)
    program = library.program(library.world.person())
    place = program.command(f"/banks/{bank}/waits").json()["wait_id"]

    assert program.command(f"/waits/{place}/leave").json() == {"declined": False}


def test_preferences(any_library: Library) -> None:
    library = any_library
    program = library.program(library.world.person())
    wanted = {"accessible": True, "near_last": True}

    answers = [program.put("/api/v1/me/preferences", json=wanted) for _ in range(2)]

    assert [answer.json() for answer in answers] == [wanted, wanted]
    me = program.ask("/me").json()["person"]
    assert (me["accessible"], me["near_last"]) == (True, True)
    staff = library.program(library.world.staff()).put("/api/v1/me/preferences", json=wanted)
    assert code(staff) == "not_allowed"
    assert code(library.program().put("/api/v1/me/preferences", json=wanted)) == "not_signed_in"
    for odd in ({}, {"accessible": 1, "near_last": 0}, {**wanted, "person_id": 1}, [], None, "x"):
        answer = program.put("/api/v1/me/preferences", json=odd)
        assert code(answer) == "bad_input", odd
