"""What somebody with a card sees, and which doors open."""

from dataclasses import replace

import pytest

from edge.display.screen import Tone
from edge.machines.events import (
    Broken,
    CardSeen,
    CardUnclear,
    Configured,
    Granted,
    LinkDown,
    LinkUp,
    Mended,
    Rests,
    ServerSaid,
    Tick,
)
from edge.protocol import FaultOf, Idle, OfflineOpen, Opened, new_id
from tests.edge.machines.bench import (
    Workbench,
    card,
    config,
    gate,
    grants,
    offline,
    online,
)


def _after(bench: Workbench, seconds: float) -> None:
    bench.now += seconds
    bench.feed(Tick())


def test_it_says_what_it_waits_for_from_the_start_on() -> None:
    bench = Workbench()
    assert bench.screen.headline == "Starting"
    _after(bench, 1)
    assert bench.screen.headline == "Connecting"
    bench.feed(LinkUp(), ServerSaid(True, "e1", live=False))
    assert bench.screen.headline == "Not set up"
    bench.feed(Configured(config()))
    assert bench.screen.headline == "Tap your card"
    bench.feed(Rests(Idle(free=7, total=24)))
    assert bench.screen.lines == ("7 of 24 free",)
    bench.feed(Rests(Idle(line="Opens at 8:00")))
    assert bench.screen.lines == ("Opens at 8:00",)
    bench.feed(LinkDown())
    assert (bench.screen.headline, bench.screen.tone) == ("Offline", Tone.OFFLINE)
    bench.feed(LinkDown(refused=True))
    assert bench.screen.headline == "Not admitted"


def test_a_tap_opens_the_door_that_the_server_names() -> None:
    bench = online()
    tap = bench.tap("a")
    assert bench.screen.headline == "Reading"
    bench.ack(tap, locker="A17", open=17)
    assert [(one.door, one.pin, one.seconds) for one in bench.pulses] == [(17, 5, 3.0)]
    assert bench.screen.headline == "Locker A17"
    assert bench.recorded[-1].data == Opened(locker=17)
    assert bench.recorded[-1].re == tap
    _after(bench, 5)
    assert bench.screen.headline == "Tap your card"


def test_the_servers_words_come_before_the_terminals() -> None:
    bench = online()
    bench.ack(bench.tap("a"), "denied", show={"headline": "Closed", "tone": "bad"}, ttl_ms=9000)
    _after(bench, 8)
    assert (bench.screen.headline, bench.screen.tone) == ("Closed", Tone.BAD)


def test_a_refusal_is_an_answer() -> None:
    bench = online()
    bench.ack(bench.tap("a"), "denied", reason="unknown_card")
    assert bench.screen.headline == "Unknown card"
    assert bench.screen.lines == ("Please see the desk",)
    bench.ack(bench.tap("b"), "full")
    assert bench.screen.headline == "No lockers free"


def test_an_answer_opens_once() -> None:
    bench = online()
    tap = bench.tap("a")
    for _ in range(3):
        bench.ack(tap, open=17)
    assert len(bench.pulses) == 1


@pytest.mark.parametrize("late", ["tap", "exp", "retained"])
def test_a_late_answer_opens_nothing(late: str) -> None:
    bench = online()
    tap = bench.tap("a")
    if late == "tap":
        _after(bench, 10)
        bench.ack(tap, open=17)
    elif late == "exp":
        bench.ack(tap, open=17, exp=bench.wall - 1)
        assert bench.screen.headline == "Too late"
    else:
        bench.ack(tap, open=17, retained=True)
        assert bench.screen.headline == "Reading"
    assert not bench.pulses


def test_an_answer_after_its_time_is_not_shown_as_if_it_were_new() -> None:
    bench = online()
    tap = bench.tap("a")
    _after(bench, 2.5)
    _after(bench, 8)
    before = bench.screen
    bench.ack(tap, locker="A17", open=17)
    assert bench.screen.headline == "Tap your card"
    assert before.headline == "Offline"  # and the answer shows that the server is there again


def test_an_answer_does_not_take_the_place_of_one_to_a_later_tap() -> None:
    bench = online()
    first = bench.tap("a")
    bench.now += 0.5
    second = bench.tap("b")
    bench.ack(second, locker="A18")
    bench.ack(first, locker="A17")
    assert bench.screen.headline == "Locker A18"


def test_without_an_answer_the_terminal_gives_one() -> None:
    bench = online()
    bench.tap("a")
    _after(bench, 2.4)
    assert bench.screen.headline == "Reading"
    _after(bench, 0.1)
    assert bench.screen.headline == "Offline"
    assert "No new lockers" in bench.screen.lines
    assert bench.tails() == ["tap"]


def test_an_answer_that_comes_late_but_in_time_is_shown_and_opens() -> None:
    bench = online()
    tap = bench.tap("a")
    _after(bench, 3)
    assert bench.screen.headline == "Offline"
    bench.ack(tap, locker="A17", open=17)
    assert bench.screen.headline == "Locker A17"
    assert len(bench.pulses) == 1


def test_a_holder_opens_the_own_door_while_the_server_is_away() -> None:
    bench = offline()
    bench.feed(Granted(grants(bench.wall + 60_000, (card("b"), 18), (card("a"), 17))))
    tap = bench.tap("a")
    assert [one.door for one in bench.pulses] == [17]
    assert bench.screen.headline == "Locker A17"
    assert bench.recorded[-1].data == OfflineOpen(card=[card("a")], locker=17, grants=1)
    assert bench.recorded[-1].re == tap
    bench.tap("x")
    assert bench.screen.headline == "Offline"
    assert len(bench.pulses) == 1


def test_an_answer_does_not_open_again_what_a_grant_has_opened() -> None:
    bench = online()
    bench.feed(Granted(grants(bench.wall + 60_000, (card("a"), 17))))
    tap = bench.tap("a")
    _after(bench, 2.5)
    assert len(bench.pulses) == 1
    bench.ack(tap, "yours", locker="A17", open=17)
    assert len(bench.pulses) == 1


@pytest.mark.parametrize("why", ["over", "whole over", "no time", "switched off", "other card"])
def test_a_grant_that_is_worth_nothing_opens_nothing(why: str) -> None:
    bench = offline(config(offline=why != "switched off"))
    held = grants(bench.wall + 60_000, (card("a"), 17))
    if why == "over":
        rows = [one.model_copy(update={"until": bench.wall}) for one in held.grants]
        held = held.model_copy(update={"grants": rows})
    elif why == "whole over":
        held = held.model_copy(update={"until": bench.wall})
    bench.knows_time = why != "no time"
    bench.feed(Granted(held))
    bench.tap("b" if why == "other card" else "a")
    assert not bench.pulses
    assert bench.screen.headline == "Offline"


def test_a_clock_that_is_set_back_makes_no_grant_last_longer() -> None:
    bench = offline()
    bench.feed(Granted(grants(bench.wall + 60_000, (card("a"), 17))))
    bench.now += 61
    from_before = replace(bench.moment, wall=bench.wall - 3_600_000)
    bench.__class__ = type("SetBack", (Workbench,), {"moment": from_before})
    bench.tap("a")
    assert not bench.pulses


def test_older_grants_than_are_known_change_nothing() -> None:
    bench = offline()
    bench.feed(Granted(grants(bench.wall + 60_000, version=8)))
    bench.feed(Granted(grants(bench.wall + 60_000, (card("a"), 17), version=7)))
    bench.tap("a")
    assert not bench.pulses
    bench.feed(Granted(None))
    assert bench.state.grants is None


def test_a_gate_without_server_lets_everybody_pass_and_keeps_the_tap() -> None:
    bench = offline(gate())
    bench.tap("a")
    assert bench.screen.headline == "Noted"
    assert bench.screen.lines[0] == "You can go"
    assert bench.tails() == ["tap"]


def test_the_same_card_within_five_seconds_counts_once_at_a_gate() -> None:
    bench = online(gate())
    bench.ack(bench.tap("a"), "in")
    bench.now += 4.9
    bench.tap("a")
    assert bench.tails() == ["tap"]
    assert bench.screen.headline == "Welcome"
    bench.now += 0.1
    bench.tap("a")
    bench.tap("b")
    assert bench.tails() == ["tap"] * 3


def test_a_second_tap_at_a_locker_terminal_counts_after_the_answer() -> None:
    bench = online()
    tap = bench.tap("a")
    bench.tap("a")
    assert bench.tails() == ["tap"]
    bench.ack(tap, "yours", locker="A17", open=17)
    bench.now += 0.3
    bench.ack(bench.tap("a"), "released", locker="A17")
    assert bench.screen.headline == "Given back"


def test_a_door_without_a_relay_or_with_a_dead_one_is_stuck_and_told_once() -> None:
    bench = online()
    bench.ack(bench.tap("a"), locker="99", open=99)
    assert bench.screen.headline == "Locker 99 stuck"
    bench.relays_work = False
    for name in "bc":
        bench.ack(bench.tap(name), locker="A17", open=17)
    assert bench.screen.headline == "Locker A17 stuck"
    assert bench.tails().count("fault") == 2
    bench.relays_work = True
    bench.ack(bench.tap("d"), locker="A17", open=17)
    assert bench.recorded[-1].data.model_dump()["over"] is True


def test_what_is_no_card_gets_an_answer_and_is_no_tap() -> None:
    bench = online()
    for why, headline in [
        ("collision", "One card"),
        ("random_id", "Not a card"),
        ("unreadable", "Not read"),
    ]:
        bench.feed(CardUnclear(why))
        assert bench.screen.headline == headline
    assert not bench.recorded


def test_with_a_full_disk_no_tap_is_taken_and_it_says_so() -> None:
    bench = online()
    bench.stores = False
    bench.tap("a")
    assert bench.screen.headline == "Out of service"
    assert not bench.state.waiting
    bench.feed(Broken(FaultOf.STORAGE, "disk full"))
    _after(bench, 10)
    assert bench.screen.headline == "Out of service"
    bench.stores = True
    bench.tap("a")
    assert "tap" not in bench.tails()
    bench.feed(Mended(FaultOf.STORAGE))
    bench.tap("a")
    assert bench.tails()[-1] == "tap"


def test_without_a_tap_on_disk_no_grant_opens() -> None:
    bench = offline()
    bench.feed(Granted(grants(bench.wall + 60_000, (card("a"), 17))))
    bench.stores = False
    bench.tap("a")
    assert not bench.pulses


def test_a_tap_before_it_is_configured_says_so() -> None:
    bench = Workbench(LinkUp())
    bench.tap("a")
    assert bench.screen.headline == "Not set up"
    assert not bench.recorded


def test_a_terminal_that_is_not_let_in_takes_no_tap_and_opens_nothing() -> None:
    bench = offline()
    bench.feed(Granted(grants(bench.wall + 60_000, (card("a"), 17))))
    bench.feed(LinkUp(), ServerSaid(True, "e1", live=True))
    bench.tap("a")
    bench.feed(LinkDown(refused=True))
    _after(bench, 3)  # without an answer: else the grant would open by now
    _after(bench, 10)
    bench.feed(LinkDown())  # the broker's last word holds while it can't be asked
    recorded = len(bench.recorded)
    bench.tap("a")
    assert bench.screen.headline == "Not admitted"
    assert (len(bench.recorded), bench.pulses) == (recorded, [])
    bench.feed(LinkUp(), ServerSaid(True, "e1", live=True))
    bench.tap("a")
    assert len(bench.recorded) == recorded + 1


def test_the_server_is_away_when_it_is_silent_or_says_so() -> None:
    bench = online()
    _after(bench, 30)
    assert bench.screen.headline == "Tap your card"
    _after(bench, 0.5)
    assert bench.screen.headline == "Offline"
    bench.feed(ServerSaid(True, "e1", True))
    assert bench.state.online
    assert [type(one).__name__ for one in bench.others] == ["Flush"]
    bench.feed(ServerSaid(False, "e1", True))
    assert not bench.state.online


def test_what_the_broker_had_kept_of_the_server_is_believed_for_a_while() -> None:
    bench = Workbench(Configured(config()), LinkUp(), ServerSaid(True, "e1", live=False))
    assert bench.state.online
    _after(bench, 13)
    assert not bench.state.online


def test_a_new_epoch_is_told_everything_again() -> None:
    bench = online()
    bench.feed(ServerSaid(True, "e1", True))
    assert not bench.others
    bench.feed(ServerSaid(True, "e2", True))
    assert [type(one).__name__ for one in bench.others] == ["Announce", "Flush"]


def test_a_program_that_was_held_up_opens_nothing_for_an_old_tap() -> None:
    bench = offline()
    bench.feed(Granted(grants(bench.wall + 60_000, (card("a"), 17))))
    bench.feed(CardSeen(new_id(), (card("a"),), bench.now - 11))
    assert not bench.pulses


def test_it_gets_dark_when_nobody_comes() -> None:
    bench = online(config(dim_after_s=10))
    _after(bench, 10)
    assert bench.screen.dim
    bench.tap("a")
    assert not bench.screen.dim
