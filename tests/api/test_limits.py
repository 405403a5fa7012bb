"""Rate limits as clients meet them: one for routes and forms, told with when to come back."""

import pytest

from locker_app.db.tables import queue
from locker_app.services.limiter import USUAL, Limiter, Rates
from locker_app.services.runtime import Runtime
from tests.api.clients import Library, code
from tests.world import World

FEW = Rates(account="3/minute", failures="6/minute", nobody="2/minute")


@pytest.fixture
def strict(sqlite: object, library: Library) -> Library:
    """A library that allows little."""
    return Library(library.world, FEW)


def test_by_default_there_are_limits(world: World) -> None:
    runtime = Runtime(world.db, Library(world).keys)

    assert isinstance(runtime.limiter, Limiter)
    assert runtime.limiter._failures


def test_too_many_tries_for_one_number(strict: Library) -> None:
    number = strict.number_of(strict.world.person())
    program = strict.program(address="192.0.2.1")
    guess = {"number": number, "pin": "0815"}

    for _ in range(3):
        assert code(program.command("/sign-in", guess)) == "pin_not_chosen"
    refused = program.command("/sign-in", guess)

    assert (refused.status_code, code(refused)) == (429, "too_many_tries")
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    pin = strict.program(address="192.0.2.1").command("/sign-in/pin", guess)
    assert code(pin) == "too_many_tries"
    form = strict.browser(address="192.0.2.1").submit("/auth/sign-in", **guess)
    assert form.headers["location"] == "/sign-in?refused=too_many_tries"
    elsewhere = strict.program(address="192.0.2.2").command("/sign-in", guess)
    assert code(elsewhere) == "pin_not_chosen"


def test_too_many_failures_from_one_address(strict: Library) -> None:
    browser = strict.browser(address="192.0.2.1")
    for i in range(3):
        browser.submit("/auth/sign-in", number=f"XX{i}", pin="0815")
        browser.submit("/auth/staff", login=f"xx{i}", password="0815")

    refused = strict.program(address="192.0.2.1").command(
        "/staff/sign-in", {"login": "admin", "password": "x"}
    )

    assert code(refused) == "too_many_tries"
    history = len(strict.world.refusals())
    browser.submit("/auth/sign-in", number="XX9", pin="0815")
    assert len(strict.world.refusals()) == history


def test_commands_of_nobody_fill_no_history(strict: Library) -> None:
    bank = strict.world.bank()
    program = strict.program(address="192.0.2.1")

    codes = [code(program.command(f"/banks/{bank}/take")) for _ in range(6)]

    assert codes == ["not_signed_in"] * 2 + ["too_many_tries"] * 4
    assert len(strict.world.refusals()) == 2
    signed_in = strict.program(strict.world.person(), address="192.0.2.1")
    assert signed_in.command(f"/banks/{bank}/take").status_code == 200


def test_commands_of_an_ended_session_fill_no_history_either(strict: Library) -> None:
    bank = strict.world.bank()
    program = strict.program(strict.world.person())
    program.command("/sign-out")

    codes = [code(program.command(f"/banks/{bank}/take")) for _ in range(5)]

    assert codes == ["not_signed_in"] * 2 + ["too_many_tries"] * 3


def test_an_address_made_up_by_the_client_counts_for_nothing(strict: Library) -> None:
    program = strict.program(address="192.0.2.1")
    guess = {"number": strict.number_of(strict.world.person()), "pin": "0815"}

    codes = [
        code(program.command("/sign-in", guess, **{"X-Forwarded-For": f"198.51.100.{i}"}))
        for i in range(4)
    ]

    assert codes[-1] == "too_many_tries"


def test_a_guesser_does_not_shut_out_those_behind_the_same_address(library: Library) -> None:
    usual = Library(library.world, USUAL)
    queue_id = usual.world.queue(room_pin="4711", tickets_per_group=99)
    (row,) = usual.world.rows(queue, id=queue_id)
    path = f"/queues/{queue_id}/tickets"
    guesser = usual.program(usual.world.person(), address="192.0.2.1")
    guess = {"group": "1", "room_pin": "0815"}

    codes = [code(guesser.command(path, guess)) for _ in range(12)]
    assert codes == ["wrong_room_pin"] * 10 + ["too_many_tries"] * 2
    for _ in range(60):
        form = usual.browser(address="192.0.2.1").submit("/auth/visit", queue=row.code, **guess)
        assert "wrong_room_pin" in form.headers["location"]

    right = {"group": "2", "room_pin": "4711"}
    person = usual.program(usual.world.person(), address="192.0.2.1")
    assert person.command(path, right).status_code == 200
    form = usual.browser(address="192.0.2.1").submit("/auth/visit", queue=row.code, **right)
    assert form.headers["location"] == f"/q/{row.code}"


def test_a_group_that_is_in_line_learns_its_number(library: Library) -> None:
    queue_id = library.world.queue()
    (row,) = library.world.rows(queue, id=queue_id)
    for expected in (f"/q/{row.code}", f"/q/{row.code}?refused=group_has_ticket&number=1"):
        form = library.browser().submit("/auth/visit", queue=row.code, group="7")
        assert form.headers["location"] == expected
