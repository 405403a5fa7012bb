"""Terminals and commands, with a real broker and a real database between."""

from tests.bridge.stage import Stage


def test_a_tap_gets_a_locker_once_and_its_door_is_opened(stage: Stage) -> None:
    world = stage.world
    bank = world.bank(count=3)
    terminal = stage.terminal(bank)
    person = world.person()
    number = stage.card_of(person)
    tap = terminal.tap(number)
    answer = terminal.answer(tap)
    assert (answer.verdict, answer.locker, answer.open) == ("assigned", "A1", 1)
