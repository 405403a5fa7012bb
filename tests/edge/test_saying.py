"""When a terminal says how it is."""

from pathlib import Path
from typing import cast

from edge.link import Link
from edge.outbox import Outbox
from edge.saying import Parts, Saying
from edge.store import Store
from tests.edge.test_outbox import FACT, Time


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
        saying.measure(outbox, time.moment)
        return len(heard.tails) - before

    fact = outbox.record("evt/opened", FACT)
    assert said_after(0) == 1
    assert said_after(5) == 0  # it still waits
    outbox.answered(fact)
    assert [said_after(0), said_after(5), said_after(5)] == [1, 0, 0]
