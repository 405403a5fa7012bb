"""When a terminal says how it is."""

from pathlib import Path
from typing import cast

from edge.link import Link
from edge.machines.events import Moment
from edge.outbox import Outbox
from edge.saying import Parts, Saying
from edge.store import Store
from tests.edge.test_outbox import FACT, Time

WALL = 1_795_000_000_000


class Heard:
    """A connection that only writes down what is said."""

    up = True

    def __init__(self) -> None:
        self.tails: list[str] = []

    def publish(self, tail: str, _body: bytes) -> bool:
        self.tails.append(tail)
        return True


def test_that_nothing_waits_any_more_is_said_soon_and_not_often(tmp_path: Path) -> None:
    time, heard = Time(), Heard()
    outbox = Outbox(Store(tmp_path), time.clock())
    saying = Saying(cast(Link, heard), time.clock(), 1, Parts("none", "none"), tmp_path)

    def said_after(seconds: float) -> int:
        time.now += seconds
        before = len(heard.tails)
        saying.measure(outbox, Moment(time.now, WALL))
        return len(heard.tails) - before

    fact = outbox.record("evt/opened", FACT)
    assert said_after(0) == 1
    assert said_after(5) == 0  # it still waits
    outbox.answered(fact)
    assert [said_after(0), said_after(5), said_after(5)] == [1, 0, 0]


def test_nothing_is_said_by_a_time_that_may_be_old(tmp_path: Path) -> None:
    """After a start there is only what the broker had kept of the server's words, of whenever it
    said them: by that the terminal's clock would be wrong."""
    time, heard = Time(), Heard()
    outbox = Outbox(Store(tmp_path), time.clock())
    saying = Saying(cast(Link, heard), time.clock(), 1, Parts("none", "none"), tmp_path)
    saying.measure(outbox, Moment(time.now, None))
    assert heard.tails == []
    saying.measure(outbox, Moment(time.now, WALL))
    assert heard.tails == ["tele"]
