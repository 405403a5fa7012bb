"""A terminal whose system clock is set an hour on or back while it runs: taps are judged by when
they were, and nothing old opens a door."""

import time
from datetime import timedelta
from pathlib import Path

from edge.clock import Clock
from edge.identity import save
from edge.protocol import CmdOpen, CmdShow, Show, topic
from edge.settings import IDENTITY
from locker_app.bridge import words
from locker_app.db.tables import event, terminal_alert
from tests.bridge.devices import identity, link, shows
from tests.bridge.stage import Stage
from tests.broker import lets_in, wait_until
from tests.edge.stage import Threaded

HOUR = 3600.0


class SystemClock:
    """The system's clock, which the network has set, and somebody sets wrong."""

    wrong_by = 0.0

    def __call__(self) -> float:
        return time.time() + self.wrong_by


def test_taps_are_judged_right(stage: Stage, tmp_path: Path) -> None:
    world = stage.world
    terminal_id = stage.add(world.bank(count=2))
    given = stage.provision(terminal_id)
    link(stage, given)
    who = identity(given, stage.broker)
    save(tmp_path / IDENTITY, who)
    wait_until(lambda: lets_in(stage.broker.broker, given.terminal, given.password), "the account")
    system = SystemClock()
    clock = Clock(system=system, synchronised=lambda: True)
    device = Threaded(tmp_path, who, clock=clock)
    try:
        shows(device, "Tap your card", "2 of 2 free")
        wait_until(lambda: clock.stamp(clock.mono())[1] == "srv", "the server's time")
        for jump, verdict in ((HOUR, "assigned"), (-HOUR, "yours"), (0.0, "released")):
            system.wrong_by, clock._asked_at = jump, float("-inf")  # it looks at it at once
            before = len(_verdicts(stage))
            device.tap()
            wait_until(lambda before=before: len(_verdicts(stage)) > before, "the answer")
            assert _verdicts(stage)[before:] == [verdict]
        _command(stage, device)
        wait_until(lambda: device.status()["outbox"] == 0, "an empty outbox")
        assert [one["door"] for one in device.status()["opened"]] == [1, 1]
        assert device.status()["counters"].get("errors", 0) == 0
    finally:
        device.close()
    assert not world.rows(terminal_alert, kind="clock")


def _verdicts(stage: Stage) -> list[str]:
    return [one.details["verdict"] for one in stage.world.rows(event, kind="CardTapped")]


def _command(stage: Stage, device: Threaded) -> None:
    """A command to open that is over since a second, and one to see that it was heard."""
    now, bridge = stage.world.clock.now, stage.bridges[0]
    who = device.terminal.identity if device.terminal else None
    assert who is not None
    show = CmdShow(show=Show(headline="Heard"))
    for tail, said, left in (("open", CmdOpen(locker=2, label="A2"), -1), ("show", show, 5)):
        body = words.wrapped(said, now, exp=now + timedelta(seconds=left))
        bridge.call(bridge.bridge._publish, topic(who.site, who.terminal, f"cmd/{tail}"), body)
    shows(device, "Heard")
