"""What one terminal says reaches the bridge in any order, again and again, or never: each fact that
came is applied once, in the order of their numbers, and answered alike every time."""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from edge.protocol import FROM_TERMINAL, Ack, Message, new_id, parse
from locker_app.bridge import voices
from locker_app.bridge.known import Speaker
from locker_app.bridge.voices import Voice
from locker_app.db.database import Database
from locker_app.db.tables import assignment, event, request, terminal, terminal_alert
from tests.taps import Readers, number
from tests.world import Clock, World

DOORS = 4
PEOPLE = ("ada", "bob", "eve")
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass
class Case:
    """What one terminal has recorded, and how it arrives."""

    taps: list[tuple[str, bool]]
    """Whose card, and whether that was long ago; numbered from 1."""
    arrivals: list[list[int]] = field(default_factory=list)
    """Numbers, in the order of their arrival; between two lists all is worked off."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    card, old = st.sampled_from([*PEOPLE, "nobody"]), st.sampled_from([False, False, True])
    taps = draw(st.lists(st.tuples(card, old), min_size=1, max_size=8))
    numbers = st.integers(1, len(taps))
    bursts = st.lists(st.lists(numbers, min_size=1, max_size=12), min_size=1, max_size=3)
    return Case(taps, draw(bursts))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[World]:
    """One library for all examples, each of which has a bank and a terminal of its own."""
    path = tmp_path_factory.mktemp("order") / "cubby.db"
    shutil.copy(migrated_file, path)
    with closing(Database(f"sqlite:///{path}")) as db:
        clock = Clock()
        clock.now = NOW
        yield World(db, clock)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(case=cases())
def test_each_fact_once_in_order_and_answered_alike(
    case: Case, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voices, "WAIT_SECONDS", 0.01)
    readers = Readers(world)
    site = world.site()
    at = readers.terminal(site, world.bank(site, count=DOORS), login=f"t-{new_id()[-12:]}")
    for name in PEOPLE:
        readers.link(world.person(), f"{name} {at.id}")
    messages = [
        _tap(n, f"{name} {at.id}", old=old) for n, (name, old) in enumerate(case.taps, start=1)
    ]
    answers = asyncio.run(_arrive(world, at.id or 0, case, messages))
    came = {messages[n - 1].id for burst in case.arrivals for n in burst}
    events = world.rows(event, terminal_id=at.id, kind="CardTapped")
    assert Counter(one.request_id for one in events) == Counter(came)
    # In a burst those that are there come one after the other, whatever was there first.
    order: list[str] = []
    for burst in case.arrivals:
        order += [m.id for m in messages if m.seq in burst and m.id not in order]
    assert [one.request_id for one in events] == order
    for message in messages:
        said = answers.get(message.id, [])
        assert len(said) >= (message.id in came)
        assert all(one == said[0] for one in said)
    verdicts = {one.request_id: one.details["verdict"] for one in events}
    for message, (_, old) in zip(messages, case.taps, strict=True):
        for one in answers.get(message.id, []):
            assert one.verdict == verdicts[message.id]
            assert not (old and one.open)
            assert not old or one.verdict in ("stale", "denied")
    _once(world, at.id or 0, verdicts)
    missed = bool(world.rows(terminal_alert, terminal_id=at.id, kind="gap"))
    assert missed == _leaves_a_gap(case)


def _leaves_a_gap(case: Case) -> bool:
    """Whether something was applied before all that comes before it had come. (What comes first
    tells nothing of what was before.)"""
    applied = 0
    for burst in case.arrivals:
        for n in sorted(set(burst)):
            if applied and n > applied + 1:
                return True
            applied = max(applied, n)
    return False


def _once(world: World, terminal_id: int, verdicts: dict[str, str]) -> None:
    """Each effect is there once for each tap that was answered so."""

    def read(conn: Any) -> tuple[list[Any], list[Any]]:
        ours = event.c.request_id.in_(verdicts)
        keys = select(request.c.key).where(request.c.actor == f"terminal:{terminal_id}")
        return list(conn.execute(select(event).where(ours))), list(conn.scalars(keys))

    events, keys = world.db.read(read)
    assert Counter(keys) == dict.fromkeys(verdicts, 1)
    kinds = {(one.kind, one.request_id) for one in events}
    for verdict, kind in (("assigned", "LockerAssigned"), ("released", "LockerReleased")):
        wanted = {(kind, tap) for tap, said in verdicts.items() if said == verdict}
        assert {one for one in kinds if one[0] == kind} == wanted
    assigned = [one for one in events if one.kind == "LockerAssigned"]
    held = [row for row in world.rows(assignment, released_at=None) if row.person_id is not None]
    assert len({row.locker_id for row in held}) == len(held)
    assert len(assigned) == list(verdicts.values()).count("assigned")


def _tap(n: int, name: str, *, old: bool) -> Message[Any]:
    at = NOW - timedelta(hours=1 if old else 0)
    said = {
        "v": 1,
        "id": new_id(),
        "boot": 1,
        "seq": n,
        "ts": int(at.timestamp() * 1000),
        "ts_q": "ntp",
        "data": {"card": [number(name)], "mode": "locker"},
    }
    return parse(json.dumps(said).encode(), FROM_TERMINAL["evt/tap"])


async def _arrive(
    world: World, terminal_id: int, case: Case, messages: list[Message[Any]]
) -> dict[str, list[Ack]]:
    """Let all of it arrive; what was answered, by the id of the fact."""
    answers: dict[str, list[Ack]] = {}
    changed = asyncio.Event()

    def answer(_speaker: Speaker, fact: str, said: Ack, _until: datetime) -> None:
        answers.setdefault(fact, []).append(said)
        changed.set()

    speaker = Speaker(world.row(terminal, terminal_id))
    voice = Voice(world.db, speaker, answer, lambda: NOW)
    try:
        for burst in case.arrivals:
            ids = [messages[n - 1].id for n in burst]
            before = {one: len(answers.get(one, [])) for one in ids}
            taken: list[str] = []
            for n, one in zip(burst, ids, strict=True):
                voice.hear("evt/tap", messages[n - 1], partial(taken.append, one))
            async with asyncio.timeout(20):
                while any(len(answers.get(one, [])) <= many for one, many in before.items()):
                    changed.clear()
                    await changed.wait()
            assert taken == ids
    finally:
        await voice.end()
    return answers
