"""Commands: once each, soon or never."""

import pytest

from edge.machines.effects import Announce, Begin, Finish, PutCard, Reply, Restart
from edge.machines.events import Told
from edge.protocol import CmdRestart, CmdShow, CmdSync, CmdTap, Opened, Show, Status, new_id
from tests.edge.machines.bench import Workbench, online


def _replies(bench: Workbench) -> list[tuple[Status, str]]:
    return [(one.status, one.reason) for one in bench.others if isinstance(one, Reply)]


def test_a_door_is_opened_and_each_step_is_told() -> None:
    bench = online()
    command = bench.command(17)
    assert [one.door for one in bench.pulses] == [17]
    assert _replies(bench) == [(Status.ACCEPTED, ""), (Status.DONE, "")]
    assert isinstance(bench.others[0], Begin), "on disk before anything is done"
    assert Finish(command, Status.DONE) in bench.others
    assert (bench.recorded[-1].data, bench.recorded[-1].re) == (Opened(locker=17), command)
    assert bench.screen.headline == "Locker A17"


def test_what_was_done_is_told_again_and_not_done_again() -> None:
    bench = online()
    command = bench.command(17)
    bench.now += 1
    bench.command(17, id=command)
    assert len(bench.pulses) == 1
    assert _replies(bench)[2:] == [(Status.DONE, "")]


def test_what_a_crash_interrupted_is_not_begun_again() -> None:
    bench = online()
    command = new_id()
    bench.state = type(bench.state)(
        name="Door", started_at=0, config=bench.state.config, link=True, begun=(command,)
    )
    bench.command(17, id=command)
    assert not bench.pulses
    assert _replies(bench) == [(Status.REJECTED, "interrupted")]


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"exp": -1}, [(Status.EXPIRED, "")]),
        ({"received": -5.0}, [(Status.EXPIRED, "")]),
        ({"exp": None}, [(Status.REJECTED, "no_exp")]),
        ({"retained": True}, []),
        ({"door": 99}, [(Status.REJECTED, "no_such_door")]),
    ],
)
def test_what_is_old_or_wrong_opens_nothing(more: dict, answer: list) -> None:
    bench = online()
    if isinstance(more.get("exp"), int):
        more = more | {"exp": bench.wall + more["exp"]}
    if "received" in more:
        more = more | {"received": bench.now + more["received"]}
    bench.command(**more)
    assert not bench.pulses
    assert _replies(bench) == answer


def test_a_relay_that_does_not_work_is_told() -> None:
    bench = online()
    bench.relays_work = False
    command = bench.command(17)
    assert _replies(bench) == [(Status.ACCEPTED, ""), (Status.REJECTED, "dead")]
    bench.relays_work = True
    bench.command(17, id=command)
    assert not bench.pulses, "what ended badly has ended"
    assert _replies(bench)[-1] == (Status.REJECTED, "")


def test_the_other_commands() -> None:
    bench = online()
    orders = [
        CmdShow(show=Show(headline="Hello"), ttl_ms=8000, identify=True),
        CmdSync(),
        CmdTap(uid="04A22B1C"),
        CmdRestart(),
    ]
    for order in orders:
        bench.feed(Told(new_id(), order, bench.wall + 5000, bench.now))
    done, real = (Status.DONE, ""), (Status.REJECTED, "reader_is_real")
    assert _replies(bench) == [done, done, real, done]
    assert bench.screen.headline == "Hello"
    tones = set()
    for _ in range(4):
        tones.add(bench.screen.tone)
        bench.now += 0.5
    assert len(tones) == 2, "it blinks"
    kinds = [type(one) for one in bench.others]
    assert Announce in kinds
    assert PutCard not in kinds
    assert kinds[-1] is Restart
    assert kinds.index(Finish) < kinds.index(Restart)
