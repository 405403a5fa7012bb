"""Nothing that a terminal has read is lost or counts twice, whatever is killed or cut meanwhile.

A server, a broker and ten terminals at work; they are killed (kill -9) and their lines cut,
silent or slow in turn, while cards are tapped and staff open doors. Afterwards each tap that a
terminal has recorded has had one effect, and no door was opened by anything old.

For longer runs: `CUBBY_CHAOS_TAPS=20000 python -m pytest -s tests/chaos/test_terminals.py`; also
`CUBBY_CHAOS_SEED`.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from locker_app.db.tables import event, request, terminal, terminal_command
from tests import folding, folding_visits
from tests.chaos.devices import Fact
from tests.chaos.hall import Crowd, Hall, Staff, hall_of
from tests.invariants import check_at

SEED = int(os.environ.get("CUBBY_CHAOS_SEED", "20210004"))
TAPS = int(os.environ.get("CUBBY_CHAOS_TAPS", "2000"))
FRESH_S = 10.0
SLACK_S = 0.5
"""From when a terminal decides until what it did is written down, on a busy machine."""
_OPENS = ("assigned", "yours")
_MET = {"assigned", "yours", "released", "full", "in", "out", "denied"}
"""Answers without which all this would show little."""


@dataclass(frozen=True)
class Load:
    """How much is done to whom."""

    kind: str
    taps: int
    troubles: int
    every_s: float
    """Between two taps at one terminal."""
    outage: bool = False
    """Whether it begins with one that is so long that taps are too old after it."""


LOADS = [
    Load("mosquitto", TAPS * 4 // 5, TAPS * 17 // 2000, 0.12, outage=True),
    Load("embedded", TAPS // 5, TAPS * 8 // 2000, 0.2),
]


@pytest.mark.timeout(240 + TAPS // 5)
@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.kind)
def test_each_tap_counts_once(load: Load, tmp_path: Path) -> None:
    with hall_of(load.kind, tmp_path, SEED) as hall:
        cards = hall.cards
        began = monotonic()
        crowds = [
            Crowd(device, cards, SEED + n, load.every_s)
            for n, device in enumerate(hall.devices.values())
        ]
        staff = Staff(hall, SEED, 0.3)
        busy = [*crowds, staff]
        for one in busy:
            one.start()
        met = _trouble(hall, load)
        worked = monotonic() - began
        for one in busy:
            one.stop()
            one.join(20)
        assert [one.failure for one in busy if one.failure] == []
        assert staff.said["given"] > load.troubles
        hall.until_settled()
        hall.until_online()
        settled = monotonic() - began - worked
        assert hall.server.stop() == 0
        for text in (hall.server.output, hall.log.read_text()):
            assert "Traceback" not in text, text
        ledgers = {one: device.ledger for one, device in hall.devices.items()}
        verdicts = check(hall, ledgers)
    sent = hall.deliveries.times
    print(
        f"{load.kind}: {sum(verdicts.values())} taps under {sum(met.values())} troubles"
        f" ({dict(met)}): {dict(verdicts)}; {sum(sent.values()) - len(sent)} duplicate deliveries"
        f" absorbed; remote openings: {dict(staff.said)}; {worked:.0f} s, settled {settled:.1f} s"
        " later"
    )
    assert sum(verdicts.values()) >= load.taps
    assert sum(sent.values()) > len(sent)
    assert verdicts.keys() >= (_MET | {"stale"} if load.outage else _MET)


def _trouble(hall: Hall, load: Load) -> Counter[str]:
    """One trouble after the other, so many taps apart; which."""
    kinds: dict[str, Callable[[Hall, random.Random], None]] = {
        "broker killed": lambda hall, _: hall.broker.kill(),
        "server killed": _kill_server,
        "terminals killed": _kill_terminals,
        "terminals' line cut": lambda hall, _: _broken(hall, hall.near.cut, hall.near.heal, 5),
        "server's line cut": lambda hall, _: _broken(hall, hall.far.cut, hall.far.heal, 5),
        "terminals' line silent": lambda hall, _: _broken(
            hall, hall.near.silence, hall.near.heal, 60
        ),
        "server's line silent": lambda hall, _: _broken(hall, hall.far.silence, hall.far.heal, 60),
        "lines slow": _slow,
    }
    usual = ["broker killed", "server killed", "terminals killed"]
    met: Counter[str] = Counter()
    bag: list[str] = []
    if load.outage:
        hall.until_taps(50)
        hall.near.cut()
        hall.until_waits(FRESH_S + 1)
        hall.near.heal()
        met["long outage"] += 1
    for n in range(load.troubles):
        if not bag:
            bag, first = list(kinds), list(usual)
            hall.chance.shuffle(bag)
            hall.chance.shuffle(first)
            bag += first
        name = bag.pop()
        kinds[name](hall, hall.chance)
        met[name] += 1
        rest = load.taps * (n + 1) // (load.troubles + 1) - hall.taps
        hall.until_taps(max(rest, 10))
    hall.until_taps(max(load.taps - hall.taps, 10))
    return met


def _kill_server(hall: Hall, chance: random.Random) -> None:
    hall.server.stop(signal.SIGKILL)
    assert "Traceback" not in hall.server.output, hall.server.output
    hall.until_taps(chance.randint(1, 40))
    hall.start_server()


def _kill_terminals(hall: Hall, chance: random.Random) -> None:
    group = chance.choice(hall.groups)
    group.kill()
    hall.until_taps(chance.randint(1, 40))
    group.start()


def _broken(hall: Hall, spoil: Callable[[], None], mend: Callable[[], None], taps: int) -> None:
    spoil()
    hall.until_taps(taps)
    mend()


def _slow(hall: Hall, chance: random.Random) -> None:
    for line in hall.lines:
        line.slow(chance.uniform(0.05, 0.3))
    hall.until_taps(60)
    for line in hall.lines:
        line.slow(0)


def check(hall: Hall, ledgers: dict[int, list[Fact]]) -> Counter[str]:
    """What terminals have recorded against what the server has done; the answers to taps."""
    library = hall.library
    events = library.rows(event)
    taps = {fact.id: fact for facts in ledgers.values() for fact in facts if fact.tail == "evt/tap"}
    known = {one.login: one for one in library.rows(terminal)}
    for row in known.values():
        facts = ledgers[row.id]
        assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
        answered = library.rows(request, actor=f"terminal:{row.id}")
        assert {one.key for one in answered} == {fact.id for fact in facts}
        assert row.seq == len(facts)
    tapped = [one for one in events if one.kind == "CardTapped"]
    assert Counter(one.request_id for one in tapped) == dict.fromkeys(taps, 1)
    verdicts = {one.request_id: _answer(one) for one in tapped}
    _check_effects(events, verdicts)
    _check_openings(hall, ledgers, taps, verdicts)
    _check_tables(hall)
    return Counter(verdicts.values())


def _answer(tapped: Any) -> str:
    """What was answered; `again` at a gate to somebody who has just been let in or out there."""
    return "again" if tapped.details.get("code") == "again" else tapped.details["verdict"]


def _check_effects(events: list[Any], verdicts: dict[str, str]) -> None:
    """Each tap has done what it was answered, once, and nothing else was done by taps."""
    done: dict[str, Counter[str]] = {}
    for one in events:
        if one.origin == "mqtt" and one.request_id in verdicts:
            done.setdefault(one.request_id, Counter())[one.kind] += 1
    for tap, verdict in verdicts.items():
        kinds = done[tap]
        assert kinds["CardTapped"] == 1
        assert kinds["LockerAssigned"] == (verdict == "assigned")
        assert kinds["VisitBegan"] == (verdict == "in"), (verdict, kinds)
        if verdict == "released":
            assert kinds["LockerReleased"] == 1
        elif verdict != "out":
            assert not kinds["LockerReleased"] + kinds["VisitEnded"], (verdict, kinds)
    moved = {"LockerAssigned", "LockerReleased", "VisitBegan", "VisitEnded"}
    assert all(one.request_id in verdicts for one in events if one.kind in moved)


def _check_openings(
    hall: Hall, ledgers: dict[int, list[Fact]], taps: dict[str, Fact], verdicts: dict[str, str]
) -> None:
    """Every door was opened by a fresh tap or a command that had not expired, once for each."""
    commands = {row.uid: row for row in hall.library.rows(terminal_command)}
    facts = [fact for facts in ledgers.values() for fact in facts]
    opened = [fact for fact in facts if fact.tail == "evt/opened"]
    causes = Counter(fact.re for fact in opened)
    assert not causes or max(causes.values()) == 1
    for fact in opened:
        assert fact.re is not None
        if fact.re in taps:
            assert verdicts[fact.re] in _OPENS
            assert fact.mono - taps[fact.re].mono < FRESH_S + SLACK_S
        else:
            assert fact.ts / 1000 <= commands[fact.re].expires_at.timestamp() + SLACK_S
    for row in commands.values():
        if row.status == "done":
            assert causes[row.uid] == 1
        elif row.status in ("expired", "rejected"):
            assert causes[row.uid] == 0
    statuses = Counter(row.status for row in commands.values())
    assert statuses["done"]
    assert statuses.keys() <= {"done", "expired", "rejected", "timed_out"}


def _check_tables(hall: Hall) -> None:
    """Nobody has two lockers, no locker two holders, nobody is inside twice; the log says so."""
    now = hall.library.clock.now
    hall.library.db.read(lambda conn: check_at(conn, now))
    read = hall.library.db.read
    assert read(folding.folded) == read(folding.stored)
    assert read(folding_visits.folded) == read(folding_visits.stored)
