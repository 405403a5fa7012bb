"""What staff do over HTTP: stepping in, resetting a PIN, reading the event log."""

import pytest

from locker_app.domain.actors import SYSTEM, Role
from locker_app.services.people import add_person
from tests.api.clients import Library, code


def test_force_release(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank()
    holder = world.person()
    taken = world.take(holder, bank)
    admin = library.program(world.staff())
    path = f"/lockers/{taken.locker_id}/force-release"

    for blank in ("", "  \n "):
        refused = admin.command(path, {"reason": blank})
        assert (refused.status_code, code(refused)) == (422, "reason_needed")
    stale = {"reason": "left", "assignment_id": taken.assignment_id + 1}
    assert code(admin.command(path, stale)) == "door_changed"
    meant = {"reason": "left", "assignment_id": taken.assignment_id}
    assert admin.command(path, meant).json() == {"label": taken.label}
    assert library.program(holder).ask("/me").json()["lockers"] == []
    assert code(admin.command(path, {"reason": "again"})) == "nothing_held"
    assert code(admin.command("/lockers/7777/force-release", meant)) == "not_found"


def test_out_of_service_and_back(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=2)
    door = world.locker_ids(bank)[0]
    admin = library.program(world.staff())

    assert admin.command(f"/lockers/{door}/out-of-service", {"reason": "hinge"}).json() == {
        "label": "A1"
    }
    again = admin.command(f"/lockers/{door}/out-of-service", {"reason": "hinge"})
    assert code(again) == "already_out_of_service"
    (shown,) = admin.ask(f"/banks/{bank}/lockers").json()["holders"]
    assert (shown["status"], shown["service_reason"]) == ("out_of_service", "hinge")
    assert admin.command(f"/lockers/{door}/in-service").json() == {"label": "A1"}
    assert code(admin.command(f"/lockers/{door}/in-service")) == "already_in_service"


def test_longer_and_notes_and_no_terminal(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=2, limit_minutes=60)
    taken = world.take(world.person(), bank)
    admin = library.program(world.staff())
    path = f"/lockers/{taken.locker_id}"

    assert taken.due_at is not None
    seen = {"assignment_id": taken.assignment_id, "seen_until": taken.due_at.isoformat()}
    assert admin.command(f"{path}/longer", {"minutes": 30, **seen}).json() == {"label": "A1"}
    again = admin.command(f"{path}/longer", {"minutes": 30, **seen})
    assert (again.status_code, code(again)) == (409, "door_changed")
    assert code(admin.command(f"{path}/longer", {"minutes": 0})) == "bad_input"
    naive = {"minutes": 5, "seen_until": "2026-03-02T09:00:00"}
    assert code(admin.command(f"{path}/longer", naive)) == "bad_input"

    assert admin.command(f"{path}/note", {"note": "hinge", "seen": ""}).json() == {"label": "A1"}
    assert code(admin.command(f"{path}/note", {"note": "x", "seen": ""})) == "door_changed"
    shown, *_ = admin.ask(f"/banks/{bank}/lockers").json()["holders"]
    assert shown["note"] == "hinge"

    assert code(admin.command(f"{path}/open", {})) == "reason_needed"
    refused = admin.command(f"{path}/open", {"reason": "lost the key"})
    assert (refused.status_code, code(refused)) == (409, "no_terminal")


def test_many_at_once(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=3)
    held = [taken for _, taken in world.fill(bank)]
    admin = library.program(world.staff())
    doors = [
        {"locker_id": one.locker_id, "assignment_id": one.assignment_id + (one is held[1])}
        for one in held
    ]
    asked = {"action": "force_release", "doors": doors, "reason": "end of term"}
    answer = admin.command("/lockers/many", asked, key="the-same")
    assert answer.json()["done"] == 2
    assert answer.json()["refused"] == 1
    assert [(one["label"], one["code"]) for one in answer.json()["doors"]] == [
        ("A1", None),
        (None, "door_changed"),
        ("A3", None),
    ]
    assert world.doors(bank) == "fhf"
    before = world.mark()
    assert admin.command("/lockers/many", asked, key="the-same").json() == answer.json()
    assert world.kinds(before) == []
    for odd in (
        {**asked, "action": "explode"},
        {**asked, "doors": []},
        {**asked, "doors": doors * 100},
        {**asked, "reason": ""},
        {**asked, "doors": [{"locker_id": "1"}]},
    ):
        assert admin.command("/lockers/many", odd).status_code == 422
    viewer = library.program(world.staff(Role.VIEWER))
    assert code(viewer.command("/lockers/many", asked)) == "not_allowed"
    assert code(library.program().command("/lockers/many", asked)) == "not_signed_in"


def test_reset_pin_signs_the_person_out(any_library: Library) -> None:
    library, world = any_library, any_library.world
    someone = world.person()
    phone = library.browser(someone)
    admin = library.program(world.staff())
    path = f"/people/{library.number_of(someone)}/reset-pin"

    answer = admin.command(path, {"reason": "forgotten"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert code(phone.ask("/me")) == "not_signed_in"
    unknown = admin.command("/people/XX1/reset-pin", {"reason": "forgotten"})
    assert code(unknown) == "not_found"
    assert code(library.program().command(path, {"reason": "x"})) == "not_signed_in"


@pytest.mark.parametrize("number", ["CS/2021/001", "CS.1-2_3"])
def test_a_number_may_have_slashes_in_it(library: Library, number: str) -> None:
    library.world.run(SYSTEM, add_person, number=number, name="Somebody")
    admin = library.program(library.world.staff())
    sent = number.replace("/", "%2F")

    assert admin.command(f"/people/{sent}/reset-pin", {"reason": "x"}).status_code == 204


def test_events_page_by_page(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=1)
    for person in world.people(4):
        world.give_back(person, world.take(person, bank))
    admin = library.program(world.staff())

    whole = admin.ask("/events", limit=500).json()
    assert whole["next_before"] is None
    pages, before = [], None
    while True:
        page = admin.ask("/events", limit=5, **({"before": before} if before else {})).json()
        pages += page["events"]
        before = page["next_before"]
        if before is None:
            break

    assert [e["id"] for e in pages] == [e["id"] for e in whole["events"]]
    newest_first = [e["id"] for e in pages]
    assert newest_first == sorted(newest_first, reverse=True)
    released = next(e for e in pages if e["kind"] == "LockerReleased")
    assert released["locker_label"] == "A1"
    assert released["person_number"]
    assert not released["refused"]


def test_events_of_a_locker_and_refused_ones(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=2)
    one, other = world.people(2)
    world.take(one, bank)
    taken = world.take(other, bank)
    late = library.program(world.person())
    assert code(late.command(f"/banks/{bank}/take")) == "none_free"
    admin = library.program(world.staff())

    of_door = admin.ask("/events", locker_id=taken.locker_id).json()["events"]
    refused = admin.ask("/events", refused=True).json()["events"]

    assert [event["kind"] for event in of_door] == ["LockerAssigned"]
    assert [event["details"]["code"] for event in refused] == ["none_free"]
    assert refused[0]["refused"]
    assert refused[0]["origin"] == "api"


def test_events_are_those_of_the_sites_where_one_may_see_them(any_library: Library) -> None:
    library, world = any_library, any_library.world
    here, there = world.site(), world.site()
    for site in (here, there):
        world.take(world.person(), world.bank(site))
    banks_here = {row.name for row in library.banks(here)}

    events = library.program(world.staff(Role.ADMIN, here)).ask("/events").json()["events"]

    assert events
    assert {event["bank_name"] for event in events} <= banks_here | {None}
    of_there = library.program(world.staff(Role.ADMIN, here)).ask(
        "/events", locker_id=world.locker_ids(library.banks(there)[0].id)[0]
    )
    assert of_there.json()["events"] == []
    for role in (Role.VIEWER, Role.PROFESSOR):
        refused = library.program(world.staff(role, here)).ask("/events")
        assert (refused.status_code, code(refused)) == (403, "not_allowed")
    assert code(library.program(world.person()).ask("/events")) == "not_allowed"
    assert code(library.program().ask("/events")) == "not_signed_in"


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "501"), ("limit", "x"), ("before", "0"), ("before", "9" * 40),
     ("locker_id", "-1"), ("refused", "perhaps")],
)  # fmt: skip
def test_odd_questions_to_the_log(library: Library, name: str, value: str) -> None:
    answer = library.program(library.world.staff()).ask("/events", **{name: value})

    assert (answer.status_code, code(answer)) == (422, "bad_input")
    assert answer.json()["field"] == name
