"""Rate limits: whom they stop, and whom they must not."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from locker_app.domain.errors import (
    BadInput,
    DomainError,
    NotSignedIn,
    PinNotChosen,
    TooManyTries,
    UnknownNumber,
    WrongPin,
    WrongRoomPin,
)
from locker_app.services.limiter import UNLIMITED, Limiter, Rates, network_of

RATES = Rates(account="3/minute;5/hour", failures="4/minute", nobody="2/minute")


class Time:
    """A clock for the limits library."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        monkeypatch.setattr("time.time", lambda: self.now)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time stands still until it is moved."""
    return Time(monkeypatch)


def sign_in(
    limiter: Limiter, address: str, account: str, refusal: DomainError | None = None
) -> str:
    """One try that ends so; the code, or `in`."""
    try:
        with limiter.sign_in(address, account):
            if refusal is not None:
                raise refusal
    except DomainError as error:
        return error.code
    return "in"


def test_tries_for_one_account_from_one_address(time: Time) -> None:
    limiter = Limiter(RATES)

    assert [sign_in(limiter, "1.1.1.1", "CS1") for _ in range(4)] == ["in"] * 3 + ["too_many_tries"]
    assert sign_in(limiter, "1.1.1.1", " cs 1 ") == "too_many_tries"
    assert sign_in(limiter, "1.1.1.1", "CS2") == "in"
    assert sign_in(limiter, "2.2.2.2", "CS1") == "in"
    time.now += 61
    assert [sign_in(limiter, "1.1.1.1", "CS1") for _ in range(3)] == ["in"] * 2 + ["too_many_tries"]
    time.now += 3600
    assert sign_in(limiter, "1.1.1.1", "CS1") == "in"


def test_a_refusal_says_when_to_come_back(time: Time) -> None:
    limiter = Limiter(RATES)
    sign_in(limiter, "1.1.1.1", "CS1")
    time.now += 20
    sign_in(limiter, "1.1.1.1", "CS1")
    sign_in(limiter, "1.1.1.1", "CS1")

    with pytest.raises(TooManyTries) as refused, limiter.sign_in("1.1.1.1", "CS1"):
        pass

    assert 39 <= refused.value.retry_after_seconds <= 42
    time.now += refused.value.retry_after_seconds
    assert sign_in(limiter, "1.1.1.1", "CS1") == "in"


def test_failures_of_one_address_whatever_the_account(time: Time) -> None:
    limiter = Limiter(RATES)

    refusals = [UnknownNumber(), WrongPin(4), UnknownNumber(), WrongPin(3)]
    for i, refusal in enumerate(refusals):
        assert sign_in(limiter, "1.1.1.1", f"CS{i}", refusal) == refusal.code

    assert sign_in(limiter, "1.1.1.1", "CS9") == "too_many_tries"
    assert sign_in(limiter, "2.2.2.2", "CS9") == "in"
    time.now += 61
    assert sign_in(limiter, "1.1.1.1", "CS9") == "in"


def test_three_hundred_students_behind_one_address_at_nine_o_clock(time: Time) -> None:
    limiter = Limiter()

    for i in range(300):
        time.now += 1.0
        mistyped = [WrongPin(4)] if i % 10 == 0 else []
        for refusal in [PinNotChosen(), BadInput(), *mistyped, None]:
            outcome = sign_in(limiter, "192.0.2.1", f"CS{i}", refusal)
            assert outcome == (refusal.code if refusal else "in")


def test_guessing_from_one_address_stops_soon(time: Time) -> None:
    limiter = Limiter()
    tried = 0

    for i in range(2000):
        time.now += 0.5
        tried += sign_in(limiter, "192.0.2.1", f"CS{i}", WrongPin(4)) == "wrong_pin"

    assert tried <= 300


def test_tries_at_once_do_not_run_ahead_of_their_limit() -> None:
    """Each is counted in the thread that checks it, before the next one there begins."""
    limiter, threads = Limiter(Rates("1000/minute", "4/minute", "")), 2

    def guess(i: int) -> str:
        return sign_in(limiter, "1.1.1.1", f"CS{i}", WrongPin(4))

    with ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(guess, range(100)))

    assert outcomes.count("wrong_pin") <= 4 + threads - 1


def test_commands_of_nobody(time: Time) -> None:
    limiter = Limiter(RATES)

    def command(address: str, session_key: str | None) -> str:
        try:
            with limiter.command(address, session_key):
                if session_key != "good":
                    raise NotSignedIn
        except DomainError as error:
            return error.code
        return "done"

    nobody = [command("1.1.1.1", None) for _ in range(3)]
    assert nobody == ["not_signed_in"] * 2 + ["too_many_tries"]
    assert command("2.2.2.2", None) == "not_signed_in"
    ended = [command("1.1.1.1", "ended") for _ in range(3)]
    assert ended == ["not_signed_in"] * 2 + ["too_many_tries"]
    assert [command("1.1.1.1", "good") for _ in range(50)] == ["done"] * 50


def test_without_limits_everything_is_allowed() -> None:
    limiter = Limiter(UNLIMITED)

    assert {sign_in(limiter, "1.1.1.1", "CS1") for _ in range(500)} == {"in"}


def test_who_does_not_come_back_is_forgotten(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locker_app.services.limiter._SWEEP_EVERY", 50)
    limiter = Limiter(Rates("2/second", "", ""))
    for i in range(400):
        sign_in(limiter, f"10.0.{i // 250}.{i % 250}", "CS1")

    time.now += 10
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    for _ in range(100):
        sign_in(limiter, "1.1.1.1", "CS1")
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()

    assert len(limiter._storage.events) < 100


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_what_an_address_counts_as(address: str, network: str) -> None:
    assert network_of(address) == network


def join(
    limiter: Limiter,
    address: str,
    refusal: DomainError | None = None,
    *,
    session_key: str | None = None,
    new: bool = False,
) -> str:
    """One try to join a queue that ends so; the code, or `in`."""
    try:
        with limiter.joining(address, session_key=session_key, new=new):
            if refusal is not None:
                raise refusal
    except DomainError as error:
        return error.code
    return "in"


def test_wrong_codes_of_a_room_from_one_address(time: Time) -> None:
    limiter = Limiter(Rates(room="2/minute"))

    assert [join(limiter, "1.1.1.1") for _ in range(50)] == ["in"] * 50
    wrong = [join(limiter, "1.1.1.1", WrongRoomPin()) for _ in range(3)]
    assert wrong == ["wrong_room_pin"] * 2 + ["too_many_tries"]
    assert join(limiter, "1.1.1.1") == "too_many_tries"  # or the right one would be found
    with limiter.joining("1.1.1.1", 8):
        pass  # another queue is not closed by that
    assert join(limiter, "2.2.2.2") == "in"
    time.now += 61
    assert join(limiter, "1.1.1.1") == "in"


def test_wrong_codes_of_a_room_in_one_session(time: Time) -> None:
    limiter = Limiter(Rates(room="9/minute", room_session="2/minute"))

    wrong = [join(limiter, "1.1.1.1", WrongRoomPin(), session_key="a") for _ in range(3)]
    assert wrong == ["wrong_room_pin"] * 2 + ["too_many_tries"]
    assert join(limiter, "9.9.9.9", session_key="a") == "too_many_tries"
    assert join(limiter, "1.1.1.1", session_key="b") == "in"
    assert join(limiter, "1.1.1.1") == "in"
    for i in range(7):  # each in a session of its own: at the address they are all counted
        assert join(limiter, "1.1.1.1", WrongRoomPin(), session_key=f"c{i}") == "wrong_room_pin"
    assert join(limiter, "1.1.1.1", session_key="b") == "too_many_tries"


def test_one_who_guesses_does_not_shut_out_the_class(time: Time) -> None:
    """Behind one address: a right code counts as right, whatever wrong ones came before."""
    limiter = Limiter()

    for i in range(240):
        time.now += 0.25
        assert join(limiter, "192.0.2.1", WrongRoomPin(), new=True) == "wrong_room_pin"
        if i % 4 == 0:
            assert join(limiter, "192.0.2.1", new=True) == "in"
            assert join(limiter, "192.0.2.1", session_key=f"student {i}") == "in"


def test_guessing_the_code_of_a_room_from_one_address_takes_long(time: Time) -> None:
    limiter = Limiter()
    tried = 0

    for _ in range(3600 * 2):
        time.now += 0.5
        tried += join(limiter, "192.0.2.1", WrongRoomPin()) == "wrong_room_pin"

    assert tried <= 1000  # in an hour: of ten thousand codes of four digits, a tenth


def test_a_lecture_hall_may_join_at_once(time: Time) -> None:
    limiter = Limiter()

    assert {join(limiter, "1.1.1.1", new=True) for _ in range(500)} == {"in"}


def test_new_visitors_from_one_address(time: Time) -> None:
    limiter = Limiter(Rates(visits="3/minute"))

    joined = [join(limiter, "1.1.1.1", new=True) for _ in range(4)]
    assert joined == ["in"] * 3 + ["too_many_tries"]
    assert join(limiter, "1.1.1.1") == "in"  # who has a session is no new visitor
