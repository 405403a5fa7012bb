"""Rate limits for strangers: tries to sign in, and commands of nobody in particular.

Pages and routes use the same limiter, so that who is refused here is refused there as well. The
counts are in this process's memory: with several workers each allows as much.

A library with 300 students behind one address must be able to sign in at nine o'clock. So what
an address may do is bounded by its *failures* only; what counts every try is the pair of address
and account. The figures, and what they don't stop: docs/decisions/0010-limits-count-failures.md.
"""

import ipaddress
import math
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from locker_app.domain.errors import (
    BadInput,
    DomainError,
    NotSignedIn,
    PinNotChosen,
    TooManyTries,
    WrongRoomPin,
)

FORGIVEN = (BadInput, PinNotChosen)
"""Refusals that count against no address: nothing was tried, and on the first day that is what
everybody is told."""

_SWEEP_EVERY = 1000
_MAX_ACCOUNT = 100


@dataclass(frozen=True, slots=True)
class Rates:
    """How much is allowed in what time, as the `limits` library writes it; `;` separates."""

    account: str = "10/minute;100/hour"
    """Tries to sign in, right or wrong, with one number or login from one address."""
    failures: str = "60/minute;300/hour"
    """Failed tries from one address, whatever the number or login."""
    room: str = "300/minute;1000/hour"
    """Wrong codes of one queue's room from one address. A class is behind one, and first-comers
    there have nothing else by which they are known: one who guesses must not shut them out."""
    room_session: str = "10/minute;60/hour"
    """Wrong codes of one queue's room in one session: whoever is there reads the right one."""
    visits: str = "600/minute;6000/hour"
    """Tickets for browsers without a session from one address: a lecture hall of them comes from
    one, and all at once."""
    nobody: str = "30/minute"
    """Commands from one address without a session. Each leaves a refusal in the history."""


USUAL = Rates()
UNLIMITED = Rates("", "", "", "", "", "")
"""For load tests."""


class Limiter:
    """Counts what strangers do."""

    def __init__(self, rates: Rates = USUAL) -> None:
        self._account, self._failures, self._visits, self._nobody = (
            parse_many(text) if text else []
            for text in (rates.account, rates.failures, rates.visits, rates.nobody)
        )
        self._room, self._room_session = (
            parse_many(text) if text else [] for text in (rates.room, rates.room_session)
        )
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
        self._counted = 0
        self._lock = threading.Lock()

    @contextmanager
    def sign_in(self, address: str, account: str) -> Generator[None]:
        """Around one try to sign in, to choose a PIN, or to ask whether a number has one.

        To be entered in the thread that checks the secret: tries that wait for their turn have
        then been counted before the next one begins.

        Raises:
            TooManyTries: from this address, or for this account from this address.
        """
        address = network_of(address)
        self._check(self._failures, "failures", address)
        self._count(self._account, "account", address, _normal(account))
        try:
            yield
        except DomainError as refusal:
            if not isinstance(refusal, FORGIVEN):
                self._count(self._failures, "failures", address, refuse=False)
            raise

    @contextmanager
    def command(self, address: str, session_key: str | None) -> Generator[None]:
        """Around one command from outside. What signed-in people do is not limited.

        A session that has ended is known only afterwards: it counts by itself, not against
        everybody at the address.

        Raises:
            TooManyTries: too many commands by nobody from this address.
        """
        if session_key is None:
            self._count(self._nobody, "nobody", network_of(address))
            yield
            return
        self._check(self._nobody, "ended", session_key)
        try:
            yield
        except NotSignedIn:
            self._count(self._nobody, "ended", session_key, refuse=False)
            raise

    @contextmanager
    def joining(
        self,
        address: str,
        queue_id: int | None = None,
        *,
        session_key: str | None = None,
        new: bool = False,
    ) -> Generator[None]:
        """Around one try to join a queue; `new` from a browser that has no session yet.

        Raises:
            TooManyTries: too many wrong codes of this queue's room in this session, or many more
                from this address, or new visitors from there. Other queues are not closed by that.
        """
        address, place = network_of(address), str(queue_id)
        who = [(self._room, ("room", address, place))]
        if session_key is not None:
            who.append((self._room_session, ("room session", session_key, place)))
        for items, key in who:
            self._check(items, *key)
        if new:
            self._count(self._visits, "visits", address)
        try:
            yield
        except WrongRoomPin:
            for items, key in who:
                self._count(items, *key, refuse=False)
            raise

    def _check(self, items: list[RateLimitItem], *who: str) -> None:
        with self._lock:
            for item in items:
                if not self._window.test(item, *who):
                    raise self._refusal(item, *who)

    def _count(self, items: list[RateLimitItem], *who: str, refuse: bool = True) -> None:
        with self._lock:
            self._sweep()
            for item in items:
                if not self._window.hit(item, *who) and refuse:
                    raise self._refusal(item, *who)

    def _refusal(self, item: RateLimitItem, *who: str) -> TooManyTries:
        frees_at = self._window.get_window_stats(item, *who).reset_time
        return TooManyTries(max(1, math.floor(frees_at - time.time()) + 1))

    def _sweep(self) -> None:
        """Forget who has not come back: the storage keeps an empty list for each for ever."""
        self._counted += 1
        if self._counted % _SWEEP_EVERY == 0:
            for key, entries in list(self._storage.events.items()):
                if not entries:
                    self._storage.clear(key)


def network_of(address: str) -> str:
    """What an address counts as: itself, or the /64 that one IPv6 subscriber has to choose from."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def _normal(account: str) -> str:
    return "".join(account.split()).upper()[:_MAX_ACCOUNT]
