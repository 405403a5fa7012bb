"""The same request with the same key: one effect, one answer, however often and at once."""

from concurrent.futures import ThreadPoolExecutor

from locker_app.db.tables import event
from tests.api.clients import Library, code


def test_the_same_key_gets_the_same_answer(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank()
    program = library.program(world.person())

    first = program.command(f"/banks/{bank}/take", key="k")
    mark = world.mark()
    answers = [program.command(f"/banks/{bank}/take", key="k") for _ in range(3)]

    assert {answer.content for answer in answers} == {first.content}
    assert world.mark() == mark


def test_a_refusal_is_repeated_as_well(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=1)
    ((holder, taken),) = world.fill(bank)
    program = library.program(world.person())

    first = program.command(f"/banks/{bank}/take", key="k")
    world.give_back(holder, taken)
    second = program.command(f"/banks/{bank}/take", key="k")

    assert code(first) == "none_free"
    assert second.content == first.content
    assert second.status_code == first.status_code
    assert program.command(f"/banks/{bank}/take", key="another").status_code == 200


def test_a_key_belongs_to_who_sent_it(library: Library) -> None:
    bank = library.world.bank()
    one, other = (library.program(person) for person in library.world.people(2))

    assert one.command(f"/banks/{bank}/take", key="k").json()["label"] == "A1"
    assert other.command(f"/banks/{bank}/take", key="k").json()["label"] == "A2"


def test_a_key_is_not_for_another_request(library: Library) -> None:
    bank, another = library.world.bank(), library.world.bank()
    program = library.program(library.world.person())
    program.command(f"/banks/{bank}/take", key="k")

    for path, body in (
        (f"/banks/{another}/take", None),
        (f"/banks/{bank}/take", {"accessible": True}),
        (f"/banks/{bank}/waits", None),
    ):
        answer = program.command(path, body, key="k")
        assert (answer.status_code, code(answer)) == (422, "key_reused")


def test_duplicates_at_once_have_one_effect(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=30)
    someone = world.person()
    token = {"Authorization": f"Bearer {library.token(someone)}"}

    def send(_: int) -> bytes:
        client = library.program()
        answer = client.command(f"/banks/{bank}/take", key="double-click", **token)
        assert answer.status_code == 200, answer.text
        return answer.content

    with ThreadPoolExecutor(12) as pool:
        answers = set(pool.map(send, range(24)))

    assert len(answers) == 1
    assert len(world.open_claims()) == 1
    assert [row.kind for row in world.rows(event, kind="LockerAssigned")] == ["LockerAssigned"]


def test_clicks_with_keys_of_their_own_still_give_one_locker(any_library: Library) -> None:
    library, world = any_library, any_library.world
    bank = world.bank(count=30)
    token = {"Authorization": f"Bearer {library.token(world.person())}"}

    def send(_: int) -> int:
        return library.program().command(f"/banks/{bank}/take", **token).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = sorted(pool.map(send, range(24)))

    assert statuses == [200] + [409] * 23
    assert len(world.open_claims()) == 1
