"""Whose time it is, and that a clock that jumps decides nothing."""

from edge.clock import LISTENED, Clock, mono, set_by_network


class Machine:
    """Its clocks, set by hand."""

    def __init__(self, synchronised: bool = False) -> None:
        self.now = 50.0
        self.ahead = 1_000_000.0
        """Seconds that the system's clock is ahead of the monotonic one."""
        self.synchronised = synchronised
        self.clock = Clock(
            lambda: self.now, lambda: self.now + self.ahead, lambda: self.synchronised
        )

    def server_says(self, seconds: float, late: float = 0.0, *, live: bool = True) -> None:
        """The server's clock is so far ahead; its word took so long."""
        self.clock.heard(int((self.now - late + seconds) * 1000), self.now, live=live)

    @property
    def wall(self) -> float | None:
        wall = self.clock.moment().wall
        return None if wall is None else wall / 1000 - self.now


def test_nobodys_time_is_none() -> None:
    machine = Machine()
    assert machine.wall is None
    assert machine.clock.stamp(machine.now) == (0, "none")


def test_the_systems_time_counts_once_the_network_has_set_it() -> None:
    machine = Machine()
    assert machine.wall is None
    machine.synchronised = True
    machine.now += 5
    assert machine.wall == machine.ahead
    assert machine.clock.stamp(60)[1] == "ntp"


def test_the_servers_time_comes_first_and_the_quickest_word_counts() -> None:
    machine = Machine(synchronised=True)
    machine.server_says(2_000_000, late=3)
    assert machine.wall == 1_999_997
    machine.server_says(2_000_000, late=0.5)
    machine.server_says(2_000_000, late=9)
    assert machine.wall == 1_999_999.5
    assert machine.clock.stamp(machine.now) == (int((machine.now + 1_999_999.5) * 1000), "srv")


def test_jumps_of_the_systems_clock_change_nothing() -> None:
    machine = Machine(synchronised=True)
    assert machine.wall == 1_000_000
    for jump in (-3600.0, -1e9):
        machine.ahead = 1_000_000 + jump
        machine.now += 6
        assert machine.wall == 1_000_000, "not back"
    machine.server_says(2_000_000)
    machine.ahead = 9e9
    machine.now += 6
    assert machine.wall == 2_000_000


def test_what_the_broker_had_kept_is_no_time_to_decide_by() -> None:
    machine = Machine()
    machine.server_says(2_000_000, late=400, live=False)
    assert machine.wall is None
    stamp, quality = machine.clock.stamp(machine.now)
    assert quality == "srv"
    assert stamp / 1000 - machine.now == 1_999_600, "older than it is, never newer"
    machine.server_says(2_000_000)
    assert machine.wall == 2_000_000


def test_a_servers_clock_that_was_set_back_is_followed_after_a_while() -> None:
    machine = Machine()
    machine.server_says(2_000_000)
    for _ in range(LISTENED - 1):
        machine.now += 10
        machine.server_says(1_990_000)
        assert machine.wall == 2_000_000
    machine.server_says(1_990_000)
    assert machine.wall == 1_990_000


def test_the_real_clocks_answer() -> None:
    assert mono() <= mono()
    assert set_by_network() in (True, False)
