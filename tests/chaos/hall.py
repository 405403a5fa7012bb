"""A library with terminals, and all that can happen to it: the server, a broker, lines between
that fail, devices that are killed, people with cards, and staff who open doors from afar."""

import base64
import random
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from edge.cards import card_id
from edge.clock import mono
from edge.identity import Identity
from edge.web import provision
from locker_app.db.tables import card, locker, terminal, terminal_command
from locker_app.domain.actors import Actor
from locker_app.domain.errors import DomainError
from locker_app.domain.terminals import TapMode, TerminalKind, TerminalPlan, TerminalState
from locker_app.services.doors import open_door
from locker_app.services.provisioning import make_code
from locker_app.services.terminals import add_terminal
from tests import running
from tests.broker import TestBroker, wait_until
from tests.chaos.devices import Device, Devices
from tests.e2e.library import SECRET_KEY, Library
from tests.e2e.proxy import Network

PROCESSES = 3
DOORS = 12
PEOPLE = 40
NOBODYS = 3
"""Cards that are nobody's."""
_PINS = [pin for pin in range(2, 27) if pin not in (7, 8, 9, 10, 11, 24, 25)]
_FACT = re.compile(rb'/evt/\w+[^{]{1,12}\{"v":1,"id":"([0-9a-f-]{36})"')
_LOOK_EVERY_S = 0.05
"""To count taps is to ask ten databases."""
_LONGEST = 120
"""Bytes from the beginning of a topic to the end of the id, at least."""


class Deliveries:
    """How often each fact went over the line to the server."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    def connection(self) -> Callable[[bytes], None]:
        """Hears one connection, whose chunks may end anywhere."""
        kept = b""

        def hear(said: bytes) -> None:
            nonlocal kept
            kept += said
            end = 0
            for found in _FACT.finditer(kept):
                self.times[found[1].decode()] += 1
                end = found.end()
            kept = kept[max(end, len(kept) - _LONGEST) :]

        return hear


class Hall:
    """All of it. Two banks with four terminals each, and two gates."""

    def __init__(self, kind: str, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.deliveries = Deliveries()
        self.devices: dict[int, Device] = {}
        """By the id of the terminal."""
        self.groups: list[Devices] = []
        self.lines: list[Network] = []
        self.broker = TestBroker(kind, folder / "broker")
        self.near = self._line()
        self.far = self._line(self.deliveries)
        user, password = self.broker.broker.user, self.broker.broker.password
        self._settings: dict[str, Any] = {
            "CUBBY_SECRET_KEY": SECRET_KEY,
            "CUBBY_SAMPLE": "false",
            "CUBBY_MQTT": "auto",
            "CUBBY_MQTT_URL": f"mqtt://{user}:{password}@127.0.0.1:{self.far.port}",
            "CUBBY_MQTT_PUBLIC_URL": f"mqtt://127.0.0.1:{self.near.port}",
        }
        self.server = running.start(folder / "data", **self._settings)
        self.library = Library(self.server.data)
        self.staff = self.library.staff()
        self.site = self.library.site()
        self.banks = [self.library.bank(self.site, count=DOORS) for _ in range(2)]
        self.log = folder / "devices.log"

    def furnish(self) -> None:
        """Set the terminals up, by codes as people do, and give people cards."""
        folder = self.log.parent
        plans: list[int | None] = [*self.banks * 4, None, None]
        whos = {self._add(n, bank): n for n, bank in enumerate(plans)}
        rows = [self.library.row(terminal, one) for one in whos]
        self.broker.know({row.login: row.password_hash for row in rows})
        self.cards = [f"04{n:04X}C0FFEE{n:02X}" for n in range(PEOPLE + NOBODYS)]
        self.people = self._people()
        devices = list(self.devices.values())
        for n in range(PROCESSES):
            self.groups.append(Devices(folder / "devices.log", devices[n::PROCESSES]))
        self.until_online()

    def until_online(self) -> None:
        """Until the server knows that all of them are there."""
        wait_until(
            lambda: {row.state for row in self.library.rows(terminal)} == {TerminalState.ONLINE},
            "all terminals",
            _LOOK_EVERY_S,
        )

    @property
    def taps(self) -> int:
        """So many were recorded."""
        return sum(device.taps for device in self.devices.values())

    def until_taps(self, more: int) -> None:
        """Until so many more were recorded."""
        goal = self.taps + more
        wait_until(lambda: self.taps >= goal, f"{more} more taps", _LOOK_EVERY_S)

    def until_waits(self, seconds: float) -> None:
        """Until some fact has waited for so long."""
        began = mono()
        wait_until(lambda: self._oldest(began) < mono() - seconds, f"{seconds} s", _LOOK_EVERY_S)

    def _oldest(self, since: float) -> float:
        recorded = [device.oldest for device in self.devices.values()]
        return min((at for at in recorded if at is not None and at >= since), default=mono())

    def until_settled(self) -> None:
        """Until nothing lies on any reader, and nothing waits in any outbox."""
        for device in self.devices.values():
            device.clear()
        wait_until(
            lambda: not self.library.rows(terminal_command, ended_at=None),
            "the end of all commands",
            _LOOK_EVERY_S,
        )
        waits = lambda: sum(device.waiting for device in self.devices.values())  # noqa: E731
        for _ in range(3):  # a long outage takes a while to be made up for
            try:
                wait_until(lambda: not waits(), "the end", _LOOK_EVERY_S)
            except AssertionError:
                continue
            return
        raise AssertionError(f"{waits()} facts are not answered")

    def start_server(self) -> None:
        """Start it again."""
        self.server = running.start(self.server.data, self.server.port, **self._settings)

    def close(self) -> None:
        """End all of it."""
        for group in self.groups:
            group.kill()
        self.server.stop(signal.SIGKILL)
        for device in self.devices.values():
            device.close()
        for line in self.lines:
            line.close()
        self.broker.down()
        self.library.db.close()

    def _line(self, deliveries: Deliveries | None = None) -> Network:
        heard = {"overhears": deliveries.connection} if deliveries else {}
        self.lines.append(Network(self.broker.port, **heard))
        return self.lines[-1]

    def _add(self, n: int, bank: int | None) -> int:
        relays = dict(zip(range(1, DOORS + 1), _PINS, strict=False))
        gate = TerminalPlan(f"Gate {n}", kind=TerminalKind.GATE, mode=TapMode.GATE)
        plan = TerminalPlan(f"Terminal {n}", bank_id=bank, relays=relays) if bank else gate
        made = self.library.run(self.staff, add_terminal, site_id=self.site, plan=plan)
        code = self.library.run(self.staff, make_code, terminal_id=made).code
        self.who = provision(self.server.url, code)
        self.devices[made] = Device(self.log.parent / f"t{n}", self.who)
        return made

    def _people(self) -> list[Actor]:
        people, now = self.library.people(PEOPLE), self.library.clock.now
        for person, uid in zip(people, self.cards, strict=False):
            self.library.change(
                insert(card).values(
                    number=number_of(self.who, uid),
                    person_id=person.id,
                    linked_at=now,
                    created_at=now,
                    answer={},
                )
            )
        return people


class Crowd(threading.Thread):
    """Puts cards on one terminal's reader, again and again. Some do it twice, as the display asks
    them to."""

    def __init__(self, device: Device, cards: list[str], seed: int, every_s: float) -> None:
        super().__init__(daemon=True)
        self._device, self._cards, self._every_s = device, cards, every_s
        self._chance, self._enough = random.Random(seed), threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            uid = ""
            while not self._enough.wait(self._chance.uniform(0.5, 1.5) * self._every_s):
                again = uid and self._chance.random() < 0.2
                uid = uid if again else self._chance.choice(self._cards)
                self._device.tap(uid)
        except BaseException as error:
            self.failure = error

    def stop(self) -> None:
        self._enough.set()


class Staff(threading.Thread):
    """Opens doors from afar, also those whose terminal is not there."""

    def __init__(self, hall: Hall, seed: int, every_s: float) -> None:
        super().__init__(daemon=True)
        self._hall, self._every_s = hall, every_s
        self._chance, self._enough = random.Random(seed), threading.Event()
        self.said: Counter[str] = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        library = self._hall.library
        doors = [row.id for bank in self._hall.banks for row in library.rows(locker, bank_id=bank)]
        try:
            while not self._enough.wait(self._every_s):
                door = self._chance.choice(doors)
                try:
                    library.run(self._hall.staff, open_door, locker_id=door, reason="forgot it")
                    self.said["given"] += 1
                except DomainError as refusal:
                    self.said[refusal.code] += 1
        except BaseException as error:
            self.failure = error

    def stop(self) -> None:
        self._enough.set()


def number_of(who: Identity, uid: str) -> str:
    """The number of a card as a terminal tells it."""
    (key,) = who.card_keys
    return card_id(key.kid, base64.b64decode(key.key), bytes.fromhex(uid))


@contextmanager
def hall_of(kind: str, folder: Path, seed: int) -> Iterator[Hall]:
    """A hall in which everything runs."""
    hall = Hall(kind, folder, random.Random(seed))
    try:
        hall.furnish()
        yield hall
    finally:
        hall.close()
