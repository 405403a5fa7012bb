"""Sites, banks and doors: for everybody, and with names for staff."""

from typing import Any

from sqlalchemy import update

from locker_app.db.tables import locker
from locker_app.domain.actors import Role
from tests.api.clients import Library, code


def test_sites_and_their_banks(any_library: Library) -> None:
    library = any_library
    site = library.world.site(hold_minutes=7)
    bank = library.world.bank(site, count=3)
    library.world.take(library.world.person(), bank)
    program = library.program()

    sites = program.ask("/sites").json()
    (counts,) = program.ask(f"/sites/{site}/banks").json()

    assert [(s["id"], s["hold_minutes"]) for s in sites] == [(site, 7)]
    assert (counts["id"], counts["total"], counts["free"], counts["held"]) == (bank, 3, 2, 1)
    assert sum(counts[name] for name in ("free", "held", "reserved", "overdue")) == 3


def test_doors_of_every_status(any_library: Library) -> None:
    library = any_library
    world = library.world
    bank = world.bank(count=5, prefix="B", accessible=2, limit_minutes=60)
    world.clock.advance(minutes=-120)
    world.take(world.person(), bank)
    world.clock.advance(minutes=120)
    world.take(world.person(), bank)
    world.change(
        update(locker)
        .where(locker.c.id == world.locker_ids(bank)[4])
        .values(out_of_service_at=world.clock.now, out_of_service_reason="hinge")
    )

    answer = library.program().ask(f"/banks/{bank}/lockers").json()

    assert [door["label"] for door in answer["lockers"]] == ["B1", "B2", "B3", "B4", "B5"]
    assert [door["status"] for door in answer["lockers"]] == [
        "overdue", "held", "free", "free", "out_of_service"
    ]  # fmt: skip
    assert [door["accessible"] for door in answer["lockers"]] == [True, True, False, False, False]
    assert answer["holders"] is None


def test_a_locker_that_is_held_for_who_waits(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=1)
    ((holder, taken),) = world.fill(bank)
    waiting = world.person()
    world.join(waiting, bank)
    assert library.program().ask(f"/banks/{bank}/lockers").json()["waiting"] == 1

    world.give_back(holder, taken)

    answer = library.program().ask(f"/banks/{bank}/lockers").json()
    assert [door["status"] for door in answer["lockers"]] == ["reserved"]
    assert answer["waiting"] == 0


def test_who_holds_what_is_for_staff_of_that_site(any_library: Library) -> None:
    library, world = any_library, any_library.world
    site = world.site()
    bank = world.bank(site)
    holder = world.person()
    world.take(holder, bank)

    def holders(client: Any) -> Any:
        return client.ask(f"/banks/{bank}/lockers").json()["holders"]

    (seen,) = holders(library.program(world.staff(Role.ADMIN, site)))
    assert seen["person_number"] == library.number_of(holder)
    assert seen["status"] == "held"
    assert holders(library.program(world.staff())) == [seen]
    for role, at in ((Role.ADMIN, world.site()), (Role.VIEWER, site), (Role.PROFESSOR, site)):
        assert holders(library.program(world.staff(role, at))) is None
    assert holders(library.program(holder)) is None
    assert holders(library.program()) is None


def test_places_that_do_not_exist(library: Library) -> None:
    program = library.program()

    assert code(program.ask("/sites/77/banks")) == "not_found"
    assert code(program.ask("/banks/77/lockers")) == "not_found"
    for odd in ("0", "-1", "x", "1e3", "9" * 30, "%00", "1.5", "²"):
        answer = program.ask(f"/banks/{odd}/lockers")
        assert (answer.status_code, code(answer)) == (422, "bad_input")
        assert answer.json()["field"] == "bank_id"
